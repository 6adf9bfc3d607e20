//! `POST` and `GET /v1/conversations/{id}/messages`.

pub mod list;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};
use shared::access::token::Visitor;
use shared::http::app::App;
use shared::http::metrics::{Metric, Noted};
use shared::http::request::{ConversationPath, IdempotencyKey, Json};
use shared::http::response::{Reply, replayed};
use shared::http::transcript::{Message, spoken};
use shared::ids::ConversationId;
use shared::problem::{Code, Problem};
use shared::store::body::Body;
use shared::store::conversation::Conversation;
use shared::store::event::{Idempotency, Kind, Spoken, StoredEvent};
use shared::store::log::{Draft, Inbox, Tail};
use shared::store::state::{State as LogState, Status};
use shared::text::{RawText, Text};
use utoipa::ToSchema;

use crate::commit::{Outcome, commit, find_now, locate, repeated, speak};
use crate::responder;

/// Where the log ends, for the next message.
static CURSOR: HeaderName = HeaderName::from_static("sotto-cursor");

/// Characters of the longest message.
pub const LONGEST_CHARACTERS: usize = 4_000;

/// A message of the visitor.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MessageRequest {
    /// 1 to 4,000 characters.
    #[schema(value_type = String)]
    text: Option<RawText>,
}

/// The stored message, and the answer that is there at once.
#[derive(Serialize, ToSchema)]
pub struct ExchangeResponse {
    message: Message,
    reply: Option<Message>,
    status: &'static str,
}

#[utoipa::path(post, path = "/v1/conversations/{id}/messages", request_body = MessageRequest,
    params(("id" = String, Path), ("Sotto-Cursor" = Option<String>, Header,
        description = "That of the last response; saves a read.")),
    responses((status = 201, body = ExchangeResponse, headers(
        ("Sotto-Cursor" = String, description = "For the next message.")))))]
pub(crate) async fn post(
    State(app): State<App>,
    visitor: Visitor,
    ConversationPath(id): ConversationPath,
    IdempotencyKey(key): IdempotencyKey,
    headers: HeaderMap,
    Json(request): Json<MessageRequest>,
) -> Result<Response, Problem> {
    let text: Text<1, LONGEST_CHARACTERS> = Text::required(request.text, "/text")?;
    let cursor = headers.get(&CURSOR).and_then(|cursor| cursor.to_str().ok());
    let located = locate(&app, &visitor, id, cursor).await?;
    let conversation = located.conversation.clone();
    let idempotency = idempotency(&conversation, &key, text.reveal());
    if let Some(event) = repeated(&app, &conversation, &located.tail, &idempotency.key).await? {
        return replay(&app, &visitor, id, &event, &idempotency).await;
    }
    let now_ms = app.clock.now_ms();
    let outcome = commit(&app, located, |state| {
        let spent = speak(&conversation, state, now_ms)?;
        draft(&conversation, spent, idempotency, text.reveal()).map(Some)
    })
    .await?;
    match outcome {
        Outcome::Appended(event, tail) => first(&conversation, &event, &tail),
        Outcome::Repeated(event) => replay(&app, &visitor, id, &event, &idempotency).await,
        Outcome::Unneeded(_) => Err(Code::Internal.into()),
    }
}

/// A message and its instant answer are one event; while a person answers, a message stands alone.
fn draft(
    conversation: &Conversation,
    state: LogState,
    idempotency: Idempotency,
    text: &str,
) -> Result<Draft, Problem> {
    let message = text.to_owned();
    if state.status != Status::Open {
        let spoken = Spoken { message, reply: None };
        return Ok(Draft {
            body: Body::Said(spoken),
            state,
            idempotency: Some(idempotency),
            inbox: Inbox::Unchanged,
        });
    }
    let answer = responder::answer(conversation.site, &state, text)?;
    let sources = answer.source.into_iter().map(str::to_owned).collect();
    let spoken = Spoken { message, reply: Some((answer.text, sources)) };
    let (status, inbox) = if answer.hands_over {
        (Status::Waiting, Inbox::WaitingSince(state.at_ms))
    } else {
        (Status::Open, Inbox::Unchanged)
    };
    Ok(Draft {
        body: Body::Said(spoken),
        state: state.answered(answer.offers_person).with_status(status),
        idempotency: Some(idempotency),
        inbox,
    })
}

fn idempotency(conversation: &Conversation, key: &str, text: &str) -> Idempotency {
    let mac = |label, parts: &[&[u8]]| conversation.key.short_mac(label, parts);
    Idempotency {
        key: mac("idempotency key", &[key.as_bytes()]),
        body: mac("idempotency body", &[key.as_bytes(), text.as_bytes()]),
    }
}

fn first(
    conversation: &Conversation,
    event: &StoredEvent,
    tail: &Tail,
) -> Result<Response, Problem> {
    let mut response = exchange(conversation, event)?.into_response();
    let cursor = tail.to_cursor(conversation)?;
    let cursor = HeaderValue::from_str(&cursor).map_err(|_| Code::Internal)?;
    response.headers_mut().insert(CURSOR.clone(), cursor);
    // While somebody waits, messages stand alone: this exchange is the one that asked for a person.
    if event.header.kind == Kind::Exchange && event.header.state.status == Status::Waiting {
        response.extensions_mut().insert(Noted(Metric::HandedOver));
    }
    Ok(response)
}

/// Gives stored text out again, so it reads the conversation's row anew: the copy in memory may be of a
/// conversation that somebody has erased since, or whose time a shorter policy has ended.
async fn replay(
    app: &App,
    visitor: &Visitor,
    id: ConversationId,
    event: &StoredEvent,
    idempotency: &Idempotency,
) -> Result<Response, Problem> {
    if event.header.idempotency.as_ref() != Some(idempotency) {
        return Err(Code::IdempotencyMismatch.into());
    }
    let conversation = find_now(app, visitor, id).await?;
    Ok(replayed(exchange(&conversation, event)?.into_response()))
}

fn exchange(
    conversation: &Conversation,
    event: &StoredEvent,
) -> Result<Reply<ExchangeResponse>, Problem> {
    let mut messages = spoken(conversation, event, responder::entry)?.into_iter();
    let response = ExchangeResponse {
        message: messages.next().ok_or(Code::IntegrityFailed)?,
        reply: messages.next(),
        status: event.header.state.status.as_str(),
    };
    Ok(Reply(StatusCode::CREATED, response))
}
