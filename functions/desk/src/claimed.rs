//! A conversation that the caller has claimed: the only way of this function to what was said.

use shared::access::permit::ReadPermit;
use shared::access::staff::Staff;
use shared::clock::UnixMillis;
use shared::ids::{ConversationId, StaffId};
use shared::problem::{Code, FieldCode, Problem};
use shared::store::body::{Agent, Body};
use shared::store::claim::{AtDesk, Live};
use shared::store::event::{Idempotency, StoredEvent};
use shared::store::inbox::{Inbox, Row};
use shared::store::log::{Appended, Draft, Tail};
use shared::store::state::{State, Status};

use shared::http::staff_app::{App, not_locked_down};
use shared::values::site::Site;

/// How often a change is decided again before the caller is asked to come back.
const ATTEMPTS: usize = 64;

/// The conversation of that id, once an agent who is gone has lost it.
///
/// # Errors
/// 403 while the site is locked, 404 for none, 410 for one that was erased, 503.
pub async fn find(app: &App, staff: &Staff, id: ConversationId) -> Result<Live, Problem> {
    not_locked_down(app, staff, Site::SHIPPED).await?;
    match app.store.at_desk(id).await? {
        AtDesk::Held(held) => Ok(app.store.settle(*held).await?),
        AtDesk::Erased => Err(Code::Erased.into()),
        AtDesk::Absent => Err(Code::NotFound.into()),
    }
}

/// The status of a conversation now: it also ends by time.
#[must_use]
pub fn status(app: &App, live: &Live) -> Status {
    live.conversation.status_at(live.tail.state, app.clock.now_ms())
}

/// The agent who has it, if that is the caller.
#[must_use]
pub fn held_by(live: &Live, staff: &Staff) -> Option<Agent> {
    live.agent.clone().filter(|agent| agent.id == staff.id)
}

/// The conversation of that id, to read.
///
/// # Errors
/// 404 unless the caller has it; 410 for one that was erased, 503.
pub async fn claimed(app: &App, staff: &Staff, id: ConversationId) -> Result<Live, Problem> {
    let live = find(app, staff, id).await?;
    match status(app, &live) {
        Status::WithAgent if held_by(&live, staff).is_some() => Ok(live),
        _ => Err(Code::NotFound.into()),
    }
}

/// A change by the agent who has a conversation.
pub struct Change {
    /// The event.
    pub body: Body,
    /// The status behind it.
    pub status: Status,
    /// The row in the inbox behind it.
    pub inbox: Inbox,
}

/// Additions to a change.
#[derive(Default)]
pub struct Beside {
    /// Another agent, who may read it from then on: their reading is recorded with it.
    pub reader: Option<StaffId>,
    /// The last event that the agent has seen.
    pub after: Option<u64>,
}

/// The facts, beside the row, that decide a change.
pub struct Deciding<'a> {
    /// The agent who has the conversation.
    pub agent: &'a Agent,
    /// The conversation.
    pub live: &'a Live,
    /// When the visitor's messages came behind [`Beside::after`], the first one first.
    pub unseen: &'a [UnixMillis],
}

/// The result of a change.
pub struct Changed {
    /// The conversation with its new end.
    pub live: Live,
    /// The event.
    pub event: StoredEvent,
    /// Whether the same request had appended it before.
    pub repeated: bool,
}

/// Appends what `decide` makes of the row of a conversation that the caller has; it may be asked several
/// times, each time on the log's new end.
///
/// # Errors
/// 409 `not_claimed` where the caller does not have it, 409 `conversation_closed`, 410, 503.
pub async fn change(
    app: &App,
    staff: &Staff,
    id: ConversationId,
    idempotency: impl Fn(&Live) -> Option<Idempotency>,
    decide: impl Fn(Deciding<'_>, Row, UnixMillis) -> Result<Change, Problem>,
) -> Result<Changed, Problem> {
    change_with(app, staff, id, Beside::default(), idempotency, decide).await
}

/// The same, with what is read or recorded beside it.
///
/// # Errors
/// As [`change`].
pub async fn change_with(
    app: &App,
    staff: &Staff,
    id: ConversationId,
    beside: Beside,
    idempotency: impl Fn(&Live) -> Option<Idempotency>,
    decide: impl Fn(Deciding<'_>, Row, UnixMillis) -> Result<Change, Problem>,
) -> Result<Changed, Problem> {
    for _ in 0..ATTEMPTS {
        let live = find(app, staff, id).await?;
        let idempotency = idempotency(&live);
        if let Some(known) = idempotency
            && let Some(event) = repeated(app, &live, &known).await?
        {
            return Ok(Changed { live, event, repeated: true });
        }
        let agent = match status(app, &live) {
            Status::Closed => return Err(Code::ConversationClosed.into()),
            Status::Erased => return Err(Code::Erased.into()),
            Status::Open | Status::Waiting => return Err(Code::NotClaimed.into()),
            Status::WithAgent => held_by(&live, staff).ok_or(Code::NotClaimed)?,
        };
        let now_ms = app.clock.now_ms();
        let row = row_of(&live, now_ms);
        let unseen = match beside.after {
            Some(seq) if seq > live.tail.seq => {
                return Err(Problem::invalid("/after", FieldCode::BadFormat));
            }
            Some(seq) => app.store.messages_behind(id, seq).await?,
            None => Vec::new(),
        };
        let change = decide(Deciding { agent: &agent, live: &live, unseen: &unseen }, row, now_ms)?;
        let draft = Draft {
            body: change.body,
            state: state(&live.tail, now_ms, change.status),
            idempotency,
            inbox: change.inbox,
            asked: None,
        };
        let whose = (live.conversation.subject, id);
        let recorded = match beside.reader {
            Some(reader) => {
                ReadPermit::by_claim(&app.store, &app.events, (staff.id, reader), whose).await?
            }
            None => Vec::new(),
        };
        let appended =
            app.store.append_with(&live.conversation, &live.tail, &draft, recorded).await?;
        if let Appended::Stored(event, tail) = appended {
            let agent = (draft.state.status == Status::WithAgent).then_some(agent);
            let row = match draft.inbox {
                Inbox::Row(row) => Some(*row),
                Inbox::Unchanged | Inbox::Heard => live.row,
                Inbox::Left => None,
            };
            let live = Live { tail, agent, row, ..live };
            return Ok(Changed { live, event, repeated: false });
        }
    }
    Err(Problem::contended())
}

/// The state behind an event of the staff, which takes nothing off the visitor's allowance.
#[must_use]
pub fn state(tail: &Tail, now_ms: UnixMillis, status: Status) -> State {
    tail.state.at(now_ms).with_status(status)
}

/// The row of a conversation in the inbox; where it has none, because the bot has it, the row of one that
/// is taken now. It was read behind the log's end, so an append on that end proves it current.
#[must_use]
pub fn row_of(live: &Live, now_ms: UnixMillis) -> Row {
    let locale = live.tail.state.locale;
    let entering = || Row::entering(&live.conversation, locale, false, now_ms);
    live.row.clone().unwrap_or_else(entering)
}

async fn repeated(
    app: &App,
    live: &Live,
    known: &Idempotency,
) -> Result<Option<StoredEvent>, Problem> {
    let found = app.store.find_repeated(live.conversation.id, &live.tail, &known.key).await?;
    match found {
        Some(event) if event.header.idempotency.as_ref() != Some(known) => {
            Err(Code::IdempotencyMismatch.into())
        }
        found => Ok(found),
    }
}
