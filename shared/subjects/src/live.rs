//! A poll of a conversation: what was said behind a message that the client has, and how things stand.

use seal::suite;
use serde::Serialize;
use store::Store;
use store::claim::Live;
use store::conversation::Conversation;
use store::inbox::{List, Row};
use store::live::{Side, Who, estimate_seconds};
use store::state::Status;
use utoipa::ToSchema;
use values::encoding::base64url;
use values::ids::ConversationId;
use values::problem::{FieldCode, Problem};

use crate::transcript::{Entries, Message, Page, Position, Reader};

/// How much of the hash of the state the client gets.
const STATE_LEN: usize = 9;

/// The request of a poll.
pub struct Since {
    /// The message that the client has; `None` from the beginning.
    pub after: Option<Position>,
    /// The state that it knows.
    pub state: Option<String>,
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
    /// Opaque; to be sent back as `state`.
    state: String,
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
    let site = conversation.site;
    let now_ms = store.clock().now_ms();
    let since_ms = row.map_or(now_ms, |row| row.waiting_since_ms);
    let before = store.count_inbox(site, List::Waiting, Some(since_ms)).await?;
    let waits = store.waits(site).await?;
    Ok(Queue {
        position: before + 1,
        estimated_wait_seconds: estimate_seconds(waits, now_ms - since_ms),
    })
}

/// The news for this reader; nothing where neither a message nor the state is new.
///
/// # Errors
/// 422 for a message that is not there; 503.
pub async fn news(
    store: &Store,
    live: &Live,
    reader: Reader<'_>,
    since: &Since,
    entries: Entries,
) -> Result<Option<News>, Problem> {
    let Live { conversation, tail, agent, row, agent_side, was_taken: _ } = live;
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
    let place = match status {
        Status::Waiting => Some(queue(store, conversation, row.as_ref()).await?),
        _ => None,
    };
    let typing = status == Status::WithAgent && now_ms < side.typing_until_ms;
    let agent = agent.as_ref().filter(|_| status == Status::WithAgent);
    let seen = (side.seen_seq > 0).then(|| format!("{}.{}.0", conversation.id, side.seen_seq));
    // The estimate runs down by itself, so it is no news.
    let position = place.as_ref().map_or(0, |queue| queue.position);
    let hash = suite::hash(&[
        status.as_str().as_bytes(),
        &[0, u8::from(typing)],
        &position.to_be_bytes(),
        &side.seen_seq.to_be_bytes(),
        agent.map_or("", |agent| &*agent.name).as_bytes(),
    ]);
    let state = base64url(&hash[..STATE_LEN]);
    let start = match since.after {
        None => Position { seq: 1, part: 0 },
        Some(after) => Position { seq: after.seq, part: after.part + 1 },
    };
    let page = Page::read_from(store, conversation, reader, (start, since.limit), entries).await?;
    let knows_state = since.state.as_ref().is_none_or(|known| *known == state);
    if page.items.is_empty() && page.is_sound && knows_state && page.next_cursor.is_none() {
        return Ok(None);
    }
    Ok(Some(News {
        integrity: page.integrity(),
        items: page.items,
        next_cursor: page.next_cursor,
        status: status.as_str(),
        agent: agent.map(|agent| AgentName { name: agent.name.clone() }),
        typing,
        seen,
        queue: place,
        state,
    }))
}
