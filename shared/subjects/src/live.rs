//! A poll of a conversation: what was said behind a message that the client has, and how things stand.

use std::sync::Arc;

use seal::suite;
use serde::Serialize;
use store::Store;
use store::claim::Live;
use store::conversation::Conversation;
use store::event::StoredEvent;
use store::glance::Told;
use store::inbox::Row;
use store::live::{Side, Who, estimate_seconds};
use store::log::Tail;
use store::state::Status;
use utoipa::ToSchema;
use values::clock::rfc3339;
use values::encoding::base64url;
use values::ids::ConversationId;
use values::problem::{FieldCode, Problem};

use crate::transcript::{Entries, Message, Page, Position, Reader, spoken};

/// How much of the hash of the state the client gets.
const STATE_LEN: usize = 9;

/// The request of a poll.
pub struct Since {
    /// The message that the client has; `None` from the beginning.
    pub after: Option<Position>,
    /// The state that it knows.
    pub state: Option<String>,
    /// Where the news go on that did not fit into the answer before: many events without text may lie between.
    pub cursor: Option<String>,
    /// How many messages at most.
    pub limit: usize,
}

/// The name that an agent works under.
#[derive(Serialize, ToSchema)]
pub struct AgentName {
    name: String,
}

/// A place among those who wait.
#[derive(Serialize, ToSchema)]
pub struct Queue {
    /// From 1.
    position: u64,
    /// The median of the last waits, less what this one has waited; null where that says nothing.
    estimated_wait_seconds: Option<u64>,
}

/// The news of a conversation.
#[derive(Serialize, ToSchema)]
pub struct News {
    items: Vec<Message>,
    /// Null unless there is more behind these.
    next_cursor: Option<String>,
    /// `ok`, or `broken` when an event of these was altered, moved or taken out.
    integrity: &'static str,
    status: &'static str,
    agent: Option<AgentName>,
    /// Whether the other side types.
    typing: bool,
    /// The visitor's last message that the agent has seen.
    seen: Option<String>,
    queue: Option<Queue>,
    /// Null unless the bot has the conversation.
    opening: Option<Opening>,
    /// Opaque; to be sent back as `state`.
    state: String,
}

/// When people answer, for a visitor who has none.
#[derive(Serialize, ToSchema)]
pub struct Opening {
    /// Whether it is within the opening hours of the site.
    open_now: bool,
    /// When a closed site opens next, if it does within 60 days.
    next_opening: Option<String>,
}

impl News {
    /// Whether every event of these is as it was stored.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.integrity == "ok"
    }
}

/// Reads the id of a message of this conversation.
///
/// # Errors
/// 422 for anything else.
pub fn position(conversation: ConversationId, id: &str) -> Result<Position, Problem> {
    let read = || {
        let (of, rest) = id.split_once('.')?;
        let (seq, part) = rest.split_once('.')?;
        let digits = |text: &str| {
            let canonical = text.bytes().all(|byte| byte.is_ascii_digit())
                && (text == "0" || !text.starts_with('0'));
            canonical.then(|| text.parse::<u64>().ok()).flatten()
        };
        let (seq, part) = (digits(seq)?, digits(part)?);
        let is_ours = ConversationId::parse(of)? == conversation && seq > 0 && part < 2;
        is_ours.then_some(Position { seq, part: usize::try_from(part).ok()? })
    };
    read().ok_or_else(|| Problem::invalid("/query/after", FieldCode::BadFormat))
}

/// The place of a waiting conversation, and how long it may take.
///
/// # Errors
/// 503.
pub async fn queue(
    store: &Store,
    conversation: &Conversation,
    row: Option<&Row>,
) -> Result<Queue, Problem> {
    Ok(Queue {
        position: position_of(store, conversation, row).await?,
        estimated_wait_seconds: estimate(store, conversation, row).await?,
    })
}

async fn position_of(
    store: &Store,
    conversation: &Conversation,
    row: Option<&Row>,
) -> Result<u64, Problem> {
    let since_ms = row.map_or(store.clock().now_ms(), |row| row.waiting_since_ms);
    Ok(store.place_lately(conversation, since_ms).await?)
}

async fn estimate(
    store: &Store,
    conversation: &Conversation,
    row: Option<&Row>,
) -> Result<Option<u64>, Problem> {
    let waits = store.waits(conversation.site).await?;
    let waited_ms = row.map_or(0, |row| store.clock().now_ms() - row.waiting_since_ms);
    Ok(estimate_seconds(waits, waited_ms))
}

/// How a conversation stands, as its reader sees it.
struct Standing<'a> {
    status: Status,
    agent: Option<&'a str>,
    typing: bool,
    seen_seq: u64,
    /// The place among those who wait, from 1; 0 for one that does not.
    position: u64,
}

impl<'a> Standing<'a> {
    async fn of(store: &Store, live: &'a Live, side: Side) -> Result<Self, Problem> {
        let now_ms = store.clock().now_ms();
        let status = live.conversation.status_at(live.tail.state, now_ms);
        let is_with_agent = status == Status::WithAgent;
        let last_message_ms = live.row.as_ref().map_or(0, |row| row.last_message_ms);
        Ok(Self {
            status,
            agent: live.agent.as_ref().filter(|_| is_with_agent).map(|agent| &*agent.name),
            typing: is_with_agent && side.is_typing(last_message_ms, now_ms),
            seen_seq: side.seen_seq,
            position: match status {
                Status::Waiting => {
                    position_of(store, &live.conversation, live.row.as_ref()).await?
                }
                _ => 0,
            },
        })
    }

    async fn news(&self, store: &Store, live: &Live, page: Page) -> Result<News, Problem> {
        let conversation = &live.conversation;
        let queue = match self.status {
            Status::Waiting => Some(Queue {
                position: self.position,
                estimated_wait_seconds: estimate(store, conversation, live.row.as_ref()).await?,
            }),
            _ => None,
        };
        let opening = match self.status {
            Status::Open => {
                let settings = store.site_settings(conversation.site).await?;
                let now_ms = store.clock().now_ms();
                Some(Opening {
                    open_now: settings.open_at(now_ms),
                    next_opening: settings.next_opening(now_ms).map(rfc3339),
                })
            }
            _ => None,
        };
        Ok(News {
            integrity: page.integrity(),
            items: page.items,
            next_cursor: page.next_cursor,
            status: self.status.as_str(),
            agent: self.agent.map(|name| AgentName { name: name.to_owned() }),
            typing: self.typing,
            seen: (self.seen_seq > 0).then(|| format!("{}.{}.0", conversation.id, self.seen_seq)),
            queue,
            opening,
            state: self.state(),
        })
    }

    /// Opaque, and the same as long as it stands so. The estimate runs down by itself, so it is no part of it.
    fn state(&self) -> String {
        let hash = suite::hash(&[
            self.status.as_str().as_bytes(),
            &[0, u8::from(self.typing)],
            &self.position.to_be_bytes(),
            &self.seen_seq.to_be_bytes(),
            self.agent.unwrap_or("").as_bytes(),
        ]);
        base64url(&hash[..STATE_LEN])
    }
}

fn told(after: Option<Position>) -> Told {
    after.map(|after| (after.seq, after.part))
}

impl Since {
    fn knows(&self, standing: &Standing<'_>) -> bool {
        self.state.as_ref().is_none_or(|known| *known == standing.state())
    }
}

/// The answer of a glance to a visitor's poll.
pub enum Glanced {
    /// Nothing is new.
    Quiet,
    /// No message is, but how things stand.
    Moved(Box<News>),
    /// It does not tell.
    Unclear,
}

/// Looks whether a visitor's poll has anything to say, without opening anything.
///
/// # Errors
/// 503.
pub async fn glance(
    store: &Store,
    conversation: &Arc<Conversation>,
    since: &Since,
) -> Result<Glanced, Problem> {
    let Some(live) = store.glance(conversation, told(since.after)).await? else {
        return Ok(Glanced::Unclear);
    };
    let standing = Standing::of(store, &live, live.agent_side).await?;
    if since.knows(&standing) {
        return Ok(Glanced::Quiet);
    }
    let nothing = Page { items: Vec::new(), next_cursor: None, is_sound: true };
    Ok(Glanced::Moved(Box::new(standing.news(store, &live, nothing).await?)))
}

/// The news behind a message of a visitor's own, which was appended now: nothing where something came
/// between it and what they have.
///
/// # Errors
/// 503.
pub async fn behind_own(
    store: &Store,
    conversation: &Arc<Conversation>,
    (event, tail): (&StoredEvent, &Tail),
    after: Option<Position>,
    entries: Entries<'_>,
) -> Result<Option<News>, Problem> {
    let Some(live) = store.behind_own(conversation, (event, tail), told(after)).await? else {
        return Ok(None);
    };
    let items = spoken(conversation, event, Reader::Visitor, entries)?;
    store.remember(&live, items.len().checked_sub(1).map(|part| (event.seq, part))).await;
    let standing = Standing::of(store, &live, live.agent_side).await?;
    let page = Page { items, next_cursor: None, is_sound: true };
    standing.news(store, &live, page).await.map(Some)
}

/// The news for this reader; nothing where neither a message nor the state is new. A visitor's next poll
/// can then tell by a glance.
///
/// # Errors
/// 422 for a message that is not there; 503.
pub async fn news(
    store: &Store,
    live: &Live,
    reader: Reader<'_>,
    since: &Since,
    entries: Entries<'_>,
) -> Result<Option<News>, Problem> {
    let Live { conversation, tail, agent: _, row: _, agent_side, was_taken: _ } = live;
    let now_ms = store.clock().now_ms();
    if since.after.is_some_and(|after| after.seq > tail.seq) {
        return Err(Problem::invalid("/query/after", FieldCode::BadFormat));
    }
    let status = conversation.status_at(tail.state, now_ms);
    let is_live = matches!(status, Status::Waiting | Status::WithAgent);
    let side = match reader {
        Reader::Visitor => *agent_side,
        Reader::Staff(_) if is_live => store.side(conversation.id, Who::Visitor).await?,
        Reader::Staff(_) => Side::default(),
    };
    let standing = Standing::of(store, live, side).await?;
    let start = match (&since.cursor, since.after) {
        (Some(cursor), _) => Position::of(conversation, reader, cursor)?,
        (None, None) => Position { seq: 1, part: 0 },
        (None, Some(after)) => Position { seq: after.seq, part: after.part + 1 },
    };
    let page = Page::read_from(store, conversation, reader, (start, since.limit), entries).await?;
    let is_whole = page.is_sound && page.next_cursor.is_none();
    let last = page.items.last().map(|message| position(conversation.id, message.id()));
    if reader == Reader::Visitor && is_whole {
        store.remember(live, told(last.transpose()?.or(since.after))).await;
    }
    if page.items.is_empty() && is_whole && since.knows(&standing) {
        return Ok(None);
    }
    standing.news(store, live, page).await.map(Some)
}
