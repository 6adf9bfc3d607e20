//! The transcript of a conversation, page by page: for its visitor, and for staff who may read it.

use serde::Serialize;
use utoipa::ToSchema;

use access::bases::SiteBases;
use seal::envelope::Sealed;
use seal::place::Place;
use store::body::{Body, Claim, Words};
use store::chain::Chain;
use store::conversation::Conversation;
use store::event::{Answered, Spoken, StoredEvent};
use store::log::cursor_place;
use store::{Store, StoreError};
use values::clock::rfc3339;
use values::encoding::{base64url, from_base64url};
use values::ids::ConversationId;
use values::problem::{Code, FieldCode, Problem};

/// Events read at once. Those without text, such as ratings, fill no page, so a page may take several
/// reads; after these it ends early and says where it goes on.
const EVENTS_PER_READ: i32 = 64;
const READS_PER_PAGE: usize = 4;

/// The bases in which entries are looked up; `None` for a reader who sees their ids alone, since the role has
/// no right to read bases.
pub type Entries<'a> = Option<&'a SiteBases>;

/// A message of a conversation.
#[derive(Serialize, ToSchema)]
pub struct Message {
    /// Opaque.
    id: String,
    /// `visitor`, `bot` or `agent`; for agents also `note`.
    author: &'static str,
    /// The name that the agent works under.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    text: String,
    created_at: String,
    /// The entries that a bot's answer is taken from.
    #[serde(skip_serializing_if = "Option::is_none")]
    sources: Option<Vec<Source>>,
    /// The entries that the bot asks about: a visitor sends the id of one as `choice`.
    #[serde(skip_serializing_if = "Option::is_none")]
    choices: Option<Vec<Choice>>,
    /// Whether the bot offers a person; a yes accepts.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    offers_person: bool,
    /// Whether the bot asks for an address, because nobody is there.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    offers_contact: bool,
}

impl Message {
    /// Its id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }
}

/// An entry of the knowledge base.
#[derive(Serialize, ToSchema)]
pub struct Source {
    id: String,
    title: String,
    /// A path on the site that says more.
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

/// An entry that a visitor may have meant.
#[derive(Serialize, ToSchema)]
pub struct Choice {
    id: String,
    title: String,
}

/// The messages of an event that this reader sees, in order: none, one or two.
///
/// # Errors
/// [`StoreError::Corrupt`] when it is not what was stored there.
pub fn spoken(
    conversation: &Conversation,
    event: &StoredEvent,
    reader: Reader<'_>,
    entries: Entries<'_>,
) -> Result<Vec<Message>, StoreError> {
    let message = |part: u8, author, name, text| Message {
        id: format!("{}.{}.{part}", conversation.id, event.seq),
        author,
        name,
        text,
        created_at: rfc3339(event.header.state.at_ms),
        sources: None,
        choices: None,
        offers_person: false,
        offers_contact: false,
    };
    let note = |Words { agent, text }| message(0, "note", Some(agent.name), text);
    let for_staff = matches!(reader, Reader::Staff(_));
    Ok(match Body::decode(event.header.kind, &conversation.open(event)?)? {
        Body::Said(Spoken { message: said, reply }) => {
            let mut messages = vec![message(0, "visitor", None, said)];
            if let Some(Answered { text, sources, choices }) = reply {
                let locale = event.header.state.locale;
                let entry =
                    |id: &str| entries.and_then(|bases| bases.entry(conversation.site, locale, id));
                let choices: Vec<Choice> = choices
                    .into_iter()
                    .map(|id| {
                        let title =
                            entry(&id).map_or_else(|| id.clone(), |entry| entry.title.to_owned());
                        Choice { id, title }
                    })
                    .collect();
                let sources = sources.into_iter().map(|id| {
                    match entry(&id) {
                        Some(entry) => Source {
                            title: entry.title.to_owned(),
                            url: entry.url.map(str::to_owned),
                            id,
                        },
                        // It is not published, or not here; what it was called is not kept.
                        None => Source { title: id.clone(), id, url: None },
                    }
                });
                messages.push(Message {
                    sources: Some(sources.collect()),
                    choices: Some(choices).filter(|choices| !choices.is_empty()),
                    offers_person: event.header.state.offered,
                    offers_contact: bot::says_nobody(&text),
                    ..message(1, "bot", None, text)
                });
            }
            messages
        }
        Body::AgentMessage(Words { agent, text }) => {
            vec![message(0, "agent", Some(agent.name), text)]
        }
        Body::Annotated(words) if for_staff => vec![note(words)],
        Body::Claimed(Claim { agent: _, note: Some(text), transferred_by: Some(agent) })
            if for_staff =>
        {
            vec![note(Words { agent, text })]
        }
        _ => Vec::new(),
    })
}

/// A page of messages, oldest first.
pub struct Page {
    /// The messages.
    pub items: Vec<Message>,
    /// Where the next page begins; none on the last.
    pub next_cursor: Option<String>,
    /// Whether every event of this page is as it was stored, and none is missing.
    pub is_sound: bool,
}

/// The reader that a cursor is made for: it works for nobody else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader<'a> {
    /// The conversation's visitor.
    Visitor,
    /// Somebody of the staff, by id.
    Staff(&'a str),
}

impl Reader<'_> {
    fn place(self, conversation: &Conversation) -> Place {
        match self {
            Self::Visitor => cursor_place(conversation, "page"),
            Self::Staff(id) => cursor_place(conversation, "staff page").part(id.as_bytes()),
        }
    }
}

impl Page {
    /// Reads the page that a cursor says, or the first.
    ///
    /// # Errors
    /// 422 for a cursor of somebody else, 404 when the log is gone, 503.
    pub async fn read(
        store: &Store,
        conversation: &Conversation,
        reader: Reader<'_>,
        (cursor, limit): (Option<&str>, usize),
        entries: Entries<'_>,
    ) -> Result<Self, Problem> {
        let start = match cursor {
            None => Position { seq: 1, part: 0 },
            Some(cursor) => Position::of(conversation, reader, cursor)?,
        };
        Self::read_from(store, conversation, reader, (start, limit), entries).await
    }

    /// Reads the page that begins at a message.
    ///
    /// # Errors
    /// 404 when the log is gone, 503.
    pub async fn read_from(
        store: &Store,
        conversation: &Conversation,
        reader: Reader<'_>,
        (start, limit): (Position, usize),
        entries: Entries<'_>,
    ) -> Result<Self, Problem> {
        let mut draft = Draft::new(conversation, start, limit, (reader, entries));
        let mut goes_on = true;
        for _ in 0..READS_PER_PAGE {
            let events;
            (events, goes_on) =
                store.events_from(conversation.id, draft.chain.next_seq(), EVENTS_PER_READ).await?;
            if draft.chain.last().is_none() && events.is_empty() {
                // The key is there and its log is not: it is past its time.
                return Err(Code::NotFound.into());
            }
            draft.add_all(&events);
            if draft.rest.is_some() || !goes_on {
                break;
            }
        }
        if draft.rest.is_none() && goes_on {
            draft.rest = Some(Position { seq: draft.chain.next_seq(), part: 0 });
        }
        let next_cursor = draft.rest.map(|rest| rest.write(conversation, reader)).transpose()?;
        Ok(Self { items: draft.items, next_cursor, is_sound: draft.chain.is_sound() })
    }

    /// `ok`, or `broken` when an event of this page was altered, moved or taken out.
    #[must_use]
    pub const fn integrity(&self) -> &'static str {
        if self.is_sound { "ok" } else { "broken" }
    }
}

/// Where a page begins: an event, and the message in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The event.
    pub seq: u64,
    /// Which of its messages, from 0.
    pub part: usize,
}

impl Position {
    fn write(self, conversation: &Conversation, reader: Reader<'_>) -> Result<String, Problem> {
        let part = u8::try_from(self.part).map_err(|_| Code::Internal)?;
        let mut bytes = self.seq.to_be_bytes().to_vec();
        bytes.push(part);
        let place = reader.place(conversation);
        let sealed = conversation.key.cursors.seal(&place, &bytes).map_err(|_| Code::Internal)?;
        Ok(base64url(sealed.as_stored()))
    }

    /// The position that a cursor says.
    ///
    /// # Errors
    /// 422 for a cursor of somebody else, or none.
    pub(crate) fn of(
        conversation: &Conversation,
        reader: Reader<'_>,
        cursor: &str,
    ) -> Result<Self, Problem> {
        Self::read(conversation, reader, cursor)
            .ok_or_else(|| Problem::invalid("/query/cursor", FieldCode::BadFormat))
    }

    fn read(conversation: &Conversation, reader: Reader<'_>, cursor: &str) -> Option<Self> {
        let sealed = Sealed::from_stored(from_base64url(cursor)?);
        let place = reader.place(conversation);
        let opened = conversation.key.cursors.open(&place, &sealed).ok()?;
        let (seq, part) = opened.reveal().split_first_chunk::<8>()?;
        let [part] = part else { return None };
        Some(Self { seq: u64::from_be_bytes(*seq), part: usize::from(*part) })
    }
}

/// A page while it is read.
struct Draft<'a> {
    conversation: &'a Conversation,
    reader: Reader<'a>,
    entries: Entries<'a>,
    start: Position,
    limit: usize,
    items: Vec<Message>,
    rest: Option<Position>,
    chain: Chain<'a>,
}

impl<'a> Draft<'a> {
    fn new(
        conversation: &'a Conversation,
        start: Position,
        limit: usize,
        (reader, entries): (Reader<'a>, Entries<'a>),
    ) -> Self {
        Self {
            conversation,
            reader,
            entries,
            start,
            limit,
            items: Vec::new(),
            rest: None,
            // One event more at the beginning, so that the first of the page is held against it.
            chain: Chain::from(conversation, start.seq.saturating_sub(1)),
        }
    }

    /// Adds events in order, until the page is full.
    fn add_all(&mut self, events: &[StoredEvent]) {
        for event in events {
            self.chain.follow(event);
            if event.seq >= self.start.seq && !self.add(event) {
                return;
            }
        }
    }

    fn add(&mut self, event: &StoredEvent) -> bool {
        let read = spoken(self.conversation, event, self.reader, self.entries);
        let messages = read.unwrap_or_else(|_| {
            self.chain.did_not_open(event);
            Vec::new()
        });
        let first = if event.seq == self.start.seq { self.start.part } else { 0 };
        for (part, message) in messages.into_iter().enumerate().skip(first) {
            if self.items.len() == self.limit {
                self.rest = Some(Position { seq: event.seq, part });
                return false;
            }
            self.items.push(message);
        }
        true
    }
}

/// The conversation of a transcript, for the staff member who reads it.
#[derive(Serialize, ToSchema)]
pub struct ConversationRead {
    /// Its id.
    #[schema(value_type = String)]
    pub id: ConversationId,
    /// The subject it belongs to.
    pub subject_id: String,
    /// The status.
    pub status: &'static str,
    /// When it was opened.
    pub created_at: String,
    /// When it ends for its visitor.
    pub expires_at: String,
    /// Whether a legal hold is on it.
    pub held: bool,
}
