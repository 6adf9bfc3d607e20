//! Gathers a part from what is stored: contact and readings first, then the conversations, the oldest
//! first, event by event. At most one page of DynamoDB and one part are in memory.
//!
//! Each record is taken apart without `..`: a field that is added to one does not compile here until
//! somebody has decided whether the subject is told of it (Art. 15 GDPR). This takes all fields of what
//! was agreed to, of a rating, of a message and of a reading:
//!
//! ```
//! # use store::{body::{Consent, Rating}, event::{Answered, Spoken}, read_record::ReadRecord};
//! fn agreed(Consent { locale: _, notice_version: _, purposes: _ }: Consent) {}
//! fn rated(Rating { comment: _, score: _ }: Rating) {}
//! fn said(Spoken { message: _, reply: _ }: Spoken) {}
//! fn answered(Answered { text: _, sources: _, choices: _ }: Answered) {}
//! fn read(record: ReadRecord) {
//!     let ReadRecord { event: _, at: _, staff: _, role: _, purpose: _, words: _, scope: _ } =
//!         record;
//! }
//! ```
//!
//! With one field left out, as if it had been added today, each of them is an error:
//!
//! ```compile_fail,E0027
//! # use store::body::Consent;
//! fn agreed(Consent { locale: _, notice_version: _ }: Consent) {}
//! ```
//!
//! ```compile_fail,E0027
//! # use store::body::Rating;
//! fn rated(Rating { score: _ }: Rating) {}
//! ```
//!
//! ```compile_fail,E0027
//! # use store::event::Spoken;
//! fn said(Spoken { message: _ }: Spoken) {}
//! ```
//!
//! ```compile_fail,E0027
//! # use store::event::Answered;
//! fn answered(Answered { text: _, sources: _ }: Answered) {}
//! ```
//!
//! ```compile_fail,E0027
//! # use store::read_record::{ReadRecord, ReadScope};
//! fn read(record: ReadRecord) {
//!     let ReadRecord { event: _, at: _, staff: _, role: _, purpose: _, scope: _ } = record;
//! }
//! ```

use super::cost;
use super::cursor::Position;
use super::document::{
    Author, Export, ExportedConsent, ExportedConversation, ExportedCustomer, ExportedEvent,
    ExportedLead, ExportedRead, ExportedSource, Form, Integrity,
};
use access::subject_access::SubjectAccess;
use store::body::{Body, Claim, Closing, Consent, Feedback, Rating, Release, Words};
use store::chain::Chain;
use store::conversation::{Conversation, Found};
use store::event::{Answered, Header, Spoken, StoredEvent};
use store::key_row::{Guarded, KeyRow, Term};
use store::read_record::{ReadRecord, ReadScope};
use store::reason::Reasons;
use store::{Store, StoreError};
use values::clock::rfc3339;
use values::ids::{ConversationId, SubjectId};
use values::problem::{Code, Problem};
use values::secret::Plaintext;
use values::site::Site;

/// When a part is full.
///
/// Lambda gives back 6 MB (6,291,456 bytes) at most, all of a response's JSON counted. In the clear, a
/// body that [`cost`] puts at N takes N bytes of it or less. Sealed, it is padded to the next power of two
/// and written in base64url: up to 4 MiB (4,194,304) it becomes 5,592,430 bytes with its frame, and one
/// byte more would make it twice that. So `most` is 4 MiB, less 64 KiB for headers.
///
/// A part ends earlier where it costs nothing: between two pages of DynamoDB, as soon as it has
/// `enough`, so that no page is read twice. The number of pages read of a log is then exactly its
/// bytes by 1 MB a page. `enough` is a page's size, because two pages in one part would take twice
/// the memory and save only requests of the caller.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// From this on, the part ends where the next page would have to be read.
    pub enough: usize,
    /// More than this is never in it; within it there is always one event.
    pub most: usize,
}

impl Limits {
    /// The limits in use.
    pub const SHIPPED: Self = Self { enough: 1024 * 1024, most: (4096 - 64) * 1024 };
}

/// The data about a subject, none of it opened yet.
pub struct Holdings {
    subject: SubjectId,
    keys: Vec<KeyRow>,
    sessions_ended: Option<i64>,
}

/// A part, and the figures to count about it.
pub struct Part {
    /// The document that is given out.
    pub export: Export,
    /// Whether all of it is what was stored.
    pub sound: bool,
    /// How much of [`Limits`] it takes.
    pub cost: usize,
}

impl Holdings {
    /// Looks up the data that there is.
    ///
    /// # Errors
    /// 410 for an erased subject; 503.
    pub async fn look(store: &Store, subject: SubjectId) -> Result<Self, Problem> {
        let rows = store.rows_of(subject).await?;
        if rows.subject.erased.is_some() {
            return Err(Problem::new(
                Code::Erased,
                "All of it was erased, and its receipt remains.",
            ));
        }
        Ok(Self { subject, keys: rows.keys, sessions_ended: rows.subject.ended })
    }

    /// Whether there is nothing.
    ///
    /// # Errors
    /// 503.
    pub async fn are_none(&self, store: &Store, site: &'static Site) -> Result<bool, Problem> {
        let policy = store.settings.retention_policy(site).await?.policy;
        let now_ms = store.clock().now_ms();
        if self.sessions_ended.is_some() || self.keys.iter().any(|row| row.is_kept(&policy, now_ms))
        {
            return Ok(false);
        }
        Ok(!store.is_customer(self.subject).await?)
    }

    /// Opens what there is, from `start` on, until a part is full.
    ///
    /// # Errors
    /// 500 `integrity_failed` when a key or the contact is damaged; 503.
    pub async fn gather(
        &self,
        store: &Store,
        subject_access: &SubjectAccess,
        start: Option<Position>,
        limits: &Limits,
    ) -> Result<Part, Problem> {
        if subject_access.subject() != self.subject {
            return Err(Code::Internal.into());
        }
        let mut draft = Draft::new(store, subject_access, *limits);
        if start.is_none() {
            let ended = self.sessions_ended.map(|second| rfc3339(second.saturating_mul(1_000)));
            draft.export.sessions_ended_at = ended;
        }
        let rest = draft.fill(&self.conversations(), start).await?;
        if let Some(rest) = rest {
            draft.export.next_cursor = Some(rest.write(store, subject_access.bound()).await?);
        }
        Ok(Part { export: draft.export, sound: draft.sound, cost: draft.cost })
    }

    /// The conversations, the oldest first.
    fn conversations(&self) -> Vec<ConversationId> {
        let id = |row: &KeyRow| match row.guarded {
            Guarded::Conversation(id) => Some(id),
            Guarded::Profile { .. } => None,
        };
        let mut ids: Vec<_> = self.keys.iter().filter_map(id).collect();
        ids.sort_unstable();
        ids
    }
}

/// A part while it is made.
struct Draft<'a> {
    store: &'a Store,
    subject_access: &'a SubjectAccess,
    limits: Limits,
    export: Export,
    cost: usize,
    sound: bool,
    /// Whether there is something in it, so that it leads on.
    begun: bool,
}

impl<'a> Draft<'a> {
    fn new(store: &'a Store, subject_access: &'a SubjectAccess, limits: Limits) -> Self {
        let export = Export {
            schema: Form::One,
            generated_at: rfc3339(store.clock().now_ms()),
            subject_id: subject_access.subject(),
            site: subject_access.site().id,
            customer: None,
            sessions_ended_at: None,
            lead: None,
            conversations: Vec::new(),
            reads: Vec::new(),
            next_cursor: None,
        };
        Self { store, subject_access, limits, export, cost: cost::FRAME, sound: true, begun: false }
    }

    /// Whether there is room for that much more; if so, it is taken.
    fn take(&mut self, more: usize) -> bool {
        if self.begun && self.cost + more > self.limits.most {
            return false;
        }
        self.cost += more;
        self.begun = true;
        true
    }

    fn has_enough(&self) -> bool {
        self.begun && self.cost >= self.limits.enough
    }

    /// Fills the part; gives what is next, if something is left.
    async fn fill(
        &mut self,
        ids: &[ConversationId],
        start: Option<Position>,
    ) -> Result<Option<Position>, Problem> {
        let (mut at, mut behind) = (None, None);
        match start {
            Some(Position::Conversation(id, link)) => (at, behind) = (Some(id), link),
            Some(Position::Reads(after)) => {
                if let Some(rest) = self.add_reads(after).await? {
                    return Ok(Some(rest));
                }
            }
            None => {
                self.add_person().await?;
                if let Some(rest) = self.add_reads(None).await? {
                    return Ok(Some(rest));
                }
            }
        }
        // The one of the cursor may be gone by now; then it goes on with the next.
        for id in ids.iter().copied().filter(|id| at.is_none_or(|at| at <= *id)) {
            if self.has_enough() {
                return Ok(Some(Position::Conversation(id, None)));
            }
            let subject = self.subject_access.subject();
            let found = self.store.find_conversation_now((subject, None), id).await?;
            let Found::Live(conversation) = found else { continue };
            let chain = match behind.take().filter(|_| at == Some(id)) {
                Some(link) => Chain::behind(&conversation, link),
                None => Chain::from(&conversation, 1),
            };
            if let Some(rest) = self.add_conversation(&conversation, chain).await? {
                return Ok(Some(rest));
            }
        }
        Ok(None)
    }

    /// Adds the customer and the contact.
    async fn add_person(&mut self) -> Result<(), Problem> {
        let subject = self.subject_access.subject();
        if self.store.is_customer(subject).await? {
            self.export.customer = Some(ExportedCustomer { verified: true });
        }
        if let Some(lead) = self.store.find_lead(subject).await? {
            let lead = ExportedLead::of(lead);
            self.take(cost::lead(&lead));
            self.export.lead = Some(lead);
        }
        Ok(())
    }

    async fn add_reads(&mut self, mut after: Option<String>) -> Result<Option<Position>, Problem> {
        let mut reasons = None;
        loop {
            let page = self.store.reads_of(self.subject_access.subject(), after.as_deref()).await?;
            let (records, next) = page;
            for record in &records {
                // The key is asked for only if somebody gave a reason, who has made it then.
                if record.words.is_some() && reasons.is_none() {
                    reasons = Some(self.store.settings.reasons(self.subject_access.site()).await?);
                }
                let read = self.read(record, reasons.as_ref());
                if !self.take(cost::read(&read)) {
                    return Ok(Some(Position::Reads(after)));
                }
                self.export.reads.push(read);
                after = Some(record.key());
            }
            match next {
                None => return Ok(None),
                Some(key) if self.has_enough() => return Ok(Some(Position::Reads(Some(key)))),
                next => after = next,
            }
        }
    }

    fn read(&mut self, record: &ReadRecord, reasons: Option<&Reasons>) -> ExportedRead {
        // The subject is told of the role, not of the person in it.
        let ReadRecord { event, at, staff: _, role, purpose, words, scope } = record;
        let opened = words.as_ref().zip(reasons).map(|(words, reasons)| {
            reasons.open(&event.to_string(), words).ok().and_then(|words| text(&words))
        });
        if let Some(None) = opened {
            self.sound = false;
            tracing::error!(event = %event, "a reason did not open");
        }
        ExportedRead {
            at: at.clone(),
            by_role: role.as_str(),
            purpose: purpose.as_str(),
            reason: opened.flatten(),
            conversation_id: match scope {
                ReadScope::Conversation(id) => Some(*id),
                ReadScope::Everything | ReadScope::Contact => None,
            },
            only: (*scope == ReadScope::Contact).then_some("contact"),
        }
    }

    /// Adds events until the part is full or the log is at its end; gives what is next, if it is not.
    async fn add_conversation(
        &mut self,
        conversation: &Conversation,
        mut chain: Chain<'_>,
    ) -> Result<Option<Position>, Problem> {
        let mut added = None;
        let rest = loop {
            let (events, goes_on) = self.store.page_from(conversation.id, chain.next_seq()).await?;
            if let Some(rest) = self.add_page(conversation, &mut chain, &mut added, &events) {
                break Some(rest);
            }
            if !goes_on {
                break None;
            }
            if self.has_enough() {
                break Some(Position::Conversation(conversation.id, chain.last()));
            }
        };
        self.sound &= chain.is_sound();
        if let Some(added) = added {
            let integrity = if chain.is_sound() { Integrity::Ok } else { Integrity::Broken };
            self.export.conversations.push(ExportedConversation { integrity, ..added });
        }
        Ok(rest)
    }

    /// Adds a page of events; gives what is next, if the part is full before its end.
    fn add_page(
        &mut self,
        conversation: &Conversation,
        chain: &mut Chain<'_>,
        added: &mut Option<ExportedConversation>,
        events: &[StoredEvent],
    ) -> Option<Position> {
        let now_ms = self.store.clock().now_ms();
        for event in events {
            let content = Content::of(conversation, event);
            let frame = if added.is_none() { cost::CONVERSATION } else { 0 };
            let more = content.as_ref().map_or(0, Content::cost);
            if !self.take(frame + more) {
                return Some(Position::Conversation(conversation.id, chain.last()));
            }
            chain.follow(event);
            let into = added.get_or_insert_with(|| frame_of(conversation));
            into.status = conversation.status_at(event.header.state, now_ms).as_str();
            match content {
                Ok(content) => {
                    into.consent = into.consent.take().or(content.consent);
                    into.events.extend(content.events);
                }
                Err(_) => chain.did_not_open(event),
            }
        }
        None
    }
}

/// A conversation before something has happened in it.
fn frame_of(conversation: &Conversation) -> ExportedConversation {
    // Subject and site stand at the head of the document; promise and policy give the end.
    // The limits are the subject's, and told of with the subject.
    let Conversation {
        id,
        subject: _,
        site: _,
        policy: _,
        promised_until_ms: _,
        term,
        key: _,
        limits: _,
    } = conversation;
    ExportedConversation {
        id: *id,
        status: "",
        created_at: rfc3339(conversation.opened_at_ms()),
        expires_at: rfc3339(conversation.end_ms()),
        held: *term == Term::Held,
        consent: None,
        events: Vec::new(),
        integrity: Integrity::Ok,
    }
}

/// The content of an event.
#[derive(Default)]
struct Content {
    consent: Option<ExportedConsent>,
    events: Vec<ExportedEvent>,
}

impl Content {
    fn of(conversation: &Conversation, event: &StoredEvent) -> Result<Self, StoreError> {
        // Links and hashes of keys hold the log together, and say nothing of anybody.
        let Header { kind, state, previous: _, idempotency: _ } = event.header;
        let at = rfc3339(state.at_ms);
        let events = match Body::decode(kind, &conversation.open(event)?)? {
            Body::Opened(Consent { notice_version, purposes, locale }) => {
                let consent = ExportedConsent { notice_version, purposes, locale };
                return Ok(Self { consent: Some(consent), events: Vec::new() });
            }
            Body::Said(spoken) => messages(spoken, &at),
            Body::Handover(reason) => {
                let reason = Some(reason).filter(|reason| !reason.is_empty());
                vec![ExportedEvent::Handover { at, reason }]
            }
            Body::Rated(Rating { score, comment }) => {
                vec![ExportedEvent::Rated { at, score, comment }]
            }
            Body::Closed(None) => {
                vec![ExportedEvent::Closed { at, reason: None, tags: Vec::new() }]
            }
            Body::Closed(Some(Closing { agent: _, reason, tags })) => {
                vec![ExportedEvent::Closed { at, reason: Some(reason), tags }]
            }
            Body::Claimed(Claim { agent, note, transferred_by }) => {
                let note = note.zip(transferred_by).map(|(text, by)| ExportedEvent::Note {
                    at: at.clone(),
                    name: by.name,
                    text,
                });
                let claimed = ExportedEvent::Claimed { at, name: agent.name };
                note.into_iter().chain([claimed]).collect()
            }
            Body::Released(Release { to, why: _ }) => {
                vec![ExportedEvent::Released { at, to: to.as_str().to_owned() }]
            }
            Body::AgentMessage(Words { agent, text }) => vec![ExportedEvent::Message {
                at,
                author: Author::Agent,
                name: Some(agent.name),
                text,
                sources: None,
                choices: None,
            }],
            Body::Annotated(Words { agent, text }) => {
                vec![ExportedEvent::Note { at, name: agent.name, text }]
            }
            Body::Feedback(Feedback { helpful, seq: _ }) => {
                vec![ExportedEvent::Feedback { at, helpful }]
            }
            Body::LeadOffered => vec![ExportedEvent::ContactLeft { at }],
            // Says nothing but that nothing is left.
            Body::Erased => Vec::new(),
        };
        Ok(Self { consent: None, events })
    }

    fn cost(&self) -> usize {
        let consent = self.consent.as_ref().map_or(0, cost::consent);
        consent + self.events.iter().map(cost::event).sum::<usize>()
    }
}

fn messages(Spoken { message: said, reply }: Spoken, at: &str) -> Vec<ExportedEvent> {
    let message = |author, text, sources, choices| {
        let at = at.to_owned();
        ExportedEvent::Message { at, author, name: None, text, sources, choices }
    };
    let mut messages = vec![message(Author::Visitor, said, None, None)];
    if let Some(Answered { text, sources, choices }) = reply {
        let told = |ids: Vec<String>| ids.into_iter().map(|id| ExportedSource { id }).collect();
        let choices = Some(choices).filter(|choices| !choices.is_empty());
        messages.push(message(Author::Bot, text, Some(told(sources)), choices.map(told)));
    }
    messages
}

fn text(body: &Plaintext) -> Option<String> {
    String::from_utf8(body.reveal().to_vec()).ok()
}
