//! Deciding and appending: every change of a conversation passes here. A change that is decided on
//! the log's end is appended behind that end, or decided again on the new one.

use std::sync::Arc;

use shared::access::token::Visitor;
use shared::clock::UnixMillis;
use shared::http::app::App;
use shared::ids::ConversationId;
use shared::problem::{Code, Problem};
use shared::store::conversation::{Conversation, Found};
use shared::store::event::StoredEvent;
use shared::store::log::{Appended, Draft, Tail};
use shared::store::state::{State, Status, TooMany};

use crate::probing;

/// How often a decision is taken again before the caller is asked to come back: each time, another
/// writer of the same conversation has won.
const ATTEMPTS: usize = 64;

/// A conversation of the caller's, and the end of its log.
pub struct Located {
    /// The conversation.
    pub conversation: Arc<Conversation>,
    /// The end of its log.
    pub tail: Tail,
}

/// The result of a change.
pub enum Outcome {
    /// It was appended.
    Appended(StoredEvent, Tail),
    /// The same request had appended it before.
    Repeated(StoredEvent),
    /// There was nothing to change.
    Unneeded(State),
}

/// Finds the visitor's conversation and the end of its log; a cursor saves reading the log.
///
/// # Errors
/// 404 for what is not the visitor's, 410 for what was erased, 401 for a session that was ended, 503.
pub async fn locate(
    app: &App,
    visitor: &Visitor,
    id: ConversationId,
    cursor: Option<&str>,
) -> Result<Located, Problem> {
    let conversation = find(app, visitor, id).await?;
    let told = cursor.and_then(|cursor| Tail::from_cursor(&conversation, cursor));
    let tail = match told {
        Some(tail) => tail,
        None => end_of_log(app, &conversation).await?,
    };
    Ok(Located { conversation, tail })
}

/// Finds the visitor's conversation. A session that was ended elsewhere is noticed within a minute, as
/// long as its row is in this function's memory.
///
/// # Errors
/// As [`locate`].
pub async fn find(
    app: &App,
    visitor: &Visitor,
    id: ConversationId,
) -> Result<Arc<Conversation>, Problem> {
    let found = app.store.find_conversation((visitor.subject, Some(&visitor.session)), id).await?;
    match told(app, visitor, id, live(found)).await? {
        conversation if conversation.admits(&visitor.session) => Ok(conversation),
        // The copy in memory may be older than the session, so the stored one decides.
        _ => find_now(app, visitor, id).await,
    }
}

/// Finds the visitor's conversation as it is stored now, for a route that gives out what was said.
/// So an erasure or a shorter retention from elsewhere takes effect at once.
///
/// # Errors
/// As [`locate`].
pub async fn find_now(
    app: &App,
    visitor: &Visitor,
    id: ConversationId,
) -> Result<Arc<Conversation>, Problem> {
    let found =
        app.store.find_conversation_now((visitor.subject, Some(&visitor.session)), id).await?;
    let conversation = told(app, visitor, id, live(found)).await?;
    if !conversation.admits(&visitor.session) {
        return Err(Code::TokenRevoked.into());
    }
    Ok(conversation)
}

/// The same, once an id that is not the visitor's is counted.
async fn told<T>(
    app: &App,
    visitor: &Visitor,
    id: ConversationId,
    found: Result<T, Problem>,
) -> Result<T, Problem> {
    if found.as_ref().is_err_and(|problem| problem.code == Code::NotFound) {
        probing::refused(app, visitor, id).await;
    }
    found
}

/// Appends what `decide` makes of the state, which may be asked several times. A draft whose repetition
/// is in the log already is not appended again.
///
/// # Errors
/// Those of `decide`; 422 when the repetition's body was another; 503.
pub async fn commit(
    app: &App,
    located: Located,
    mut decide: impl FnMut(State) -> Result<Option<Draft>, Problem>,
) -> Result<Outcome, Problem> {
    let Located { conversation, mut tail } = located;
    for _ in 0..ATTEMPTS {
        let Some(draft) = decide(tail.state)? else { return Ok(Outcome::Unneeded(tail.state)) };
        match app.store.append(&conversation, &tail, &draft).await? {
            Appended::Stored(event, tail) => return Ok(Outcome::Appended(event, tail)),
            Appended::Taken(other) => {
                if let Some(idempotency) = draft.idempotency
                    && other.header.idempotency.is_some_and(|theirs| theirs.key == idempotency.key)
                {
                    return Ok(Outcome::Repeated(other));
                }
            }
            Appended::Contended => {}
        }
        tail = end_of_log(app, &conversation).await?;
        if let Some(idempotency) = draft.idempotency
            && let Some(event) =
                app.store.find_repeated(conversation.id, &tail, &idempotency.key).await?
        {
            return Ok(Outcome::Repeated(event));
        }
    }
    Err(Problem::contended())
}

/// The state at `now_ms` of a conversation that still takes messages, one message taken off its
/// allowance.
///
/// # Errors
/// 409 when it is closed, 410 when it was erased, 429 when there are too many messages.
pub fn speak(
    conversation: &Conversation,
    state: State,
    now_ms: UnixMillis,
) -> Result<State, Problem> {
    match conversation.status_at(state, now_ms) {
        Status::Closed => Err(Code::ConversationClosed.into()),
        Status::Erased => Err(Code::Erased.into()),
        Status::Open | Status::Waiting | Status::WithAgent => spend(state, now_ms),
    }
}

/// The state at `now_ms`, one message taken off the allowance.
///
/// # Errors
/// 429 when there are too many.
pub fn spend(state: State, now_ms: UnixMillis) -> Result<State, Problem> {
    state.at(now_ms).spend().map_err(|TooMany { retry_after_seconds }| {
        Problem::new(Code::RateLimited, "Too many messages in this conversation.")
            .retry_after(retry_after_seconds)
    })
}

/// The end of a conversation's log.
///
/// # Errors
/// As [`locate`].
pub async fn end_of_log(app: &App, conversation: &Conversation) -> Result<Tail, Problem> {
    let events = app.store.tail(conversation.id).await?;
    let tail = events.of(conversation)?.ok_or(Code::NotFound)?;
    if tail.state.status == Status::Erased {
        return Err(Code::Erased.into());
    }
    Ok(tail)
}

fn live(found: Found) -> Result<Arc<Conversation>, Problem> {
    match found {
        Found::Live(conversation) => Ok(conversation),
        Found::Erased => Err(Code::Erased.into()),
        Found::Absent => Err(Code::NotFound.into()),
    }
}
