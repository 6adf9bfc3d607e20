//! Routes inside a conversation that the caller has claimed: messages, notes, typing and seen marks.

use axum::Extension;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use shared::clock::rfc3339;
use shared::http::live::{News, Since, news, position};
use shared::http::metrics::{Metric, Noted};
use shared::http::request::{
    IdempotencyKey, Json, MaybeIdempotencyKey, MaybeJson, PageQuery, PollQuery, Sealable,
    TranscriptPath,
};
use shared::http::response::{Reply, replayed};
use shared::http::staff::{Agent as AgentRole, Allowed};
use shared::http::transcript::{Message, Reader, spoken};
use shared::problem::{Code, FieldCode, Problem};
use shared::store::body::{Body, Consent, Words};
use shared::store::claim::Live;
use shared::store::event::Idempotency;
use shared::store::inbox::{Inbox, Row};
use shared::store::live::Who;
use shared::store::state::Status;
use shared::text::{MESSAGE_CHARACTERS, RawText, Text, judge_optional};
use utoipa::ToSchema;

use crate::claimed::{Beside, Change, Changed, Deciding, change, change_with, claimed};
use shared::http::staff_app::App;

/// Dates of earlier conversations that an agent sees at most.
const EARLIER: usize = 20;

/// A message.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswerRequest {
    /// 1 to 4,000 characters.
    #[schema(value_type = String)]
    text: Option<RawText>,
    /// The last message that the client shows: what came behind it stays unread. Without it all is answered.
    #[schema(value_type = Option<String>)]
    after: Option<RawText>,
}

/// A note.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TextRequest {
    /// 1 to 4,000 characters.
    #[schema(value_type = String)]
    text: Option<RawText>,
}

/// A message that the agent has seen.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SeenRequest {
    /// Its id.
    #[schema(value_type = String)]
    message_id: Option<RawText>,
}

/// Nothing needs to be said.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AgentTypingRequest {}

/// The circumstances of a conversation.
#[derive(Serialize, ToSchema)]
pub struct Context {
    opened_at: String,
    /// When it ends for its visitor.
    expires_at: String,
    locale: String,
    verified: bool,
    /// The consent purposes that the visitor agreed to.
    purposes: Vec<String>,
    /// When the subject's other conversations began, the newest first.
    earlier: Vec<String>,
}

/// The news of a conversation, and on the first poll its circumstances.
#[derive(Serialize, ToSchema)]
pub struct ClaimedNews {
    #[serde(flatten)]
    news: News,
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<Context>,
}

#[utoipa::path(get, path = "/v1/inbox/{conversation_id}/messages",
    params(("conversation_id" = String, Path), ("limit" = Option<u8>, Query),
        ("after" = Option<String>, Query,
            description = "The last message that the client has; empty or missing: from the beginning."),
        ("state" = Option<String>, Query, description = "The `state` of the last answer."),
        ("cursor" = Option<String>, Query, description = "The `next_cursor` of the last answer, if it had one.")),
    responses((status = 200, body = ClaimedNews), (status = 204, description = "Nothing is new.")))]
pub(crate) async fn get(
    State(app): State<App>,
    Sealable(Allowed(staff, ..)): Sealable<Allowed<AgentRole>>,
    TranscriptPath(id): TranscriptPath,
    query: PollQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let after = query.after.filter(|after| !after.is_empty());
    let is_first = after.is_none();
    if is_first {
        // The first page has all that was said: a lock is in force at once.
        Allowed::<AgentRole>::now(&headers, &app).await?;
    }
    let live = claimed(&app, &staff, id).await?;
    let after = after.map(|after| position(id, &after)).transpose()?;
    let PageQuery { limit, cursor } = query.page;
    let since = Since { after, state: query.state, cursor, limit };
    let reader = staff.id.to_string();
    let reader = Reader::Staff(&reader);
    // In memory but once a minute: an agent reads what entries are called.
    let bases = app.bases.of(live.conversation.site).await?;
    let found = news(&app.store, &live, reader, &since, Some(&bases)).await?;
    let Some(news) = found else { return Ok(StatusCode::NO_CONTENT.into_response()) };
    let noted = (!news.is_sound()).then_some(Extension(Noted(Metric::Corrupt)));
    let context = if is_first { Some(context(&app, &live).await?) } else { None };
    Ok((noted, Reply(StatusCode::OK, ClaimedNews { news, context })).into_response())
}

async fn context(app: &App, live: &Live) -> Result<Context, Problem> {
    let conversation = &live.conversation;
    let first = app.store.find_event(conversation.id, 1).await?.ok_or(Code::IntegrityFailed)?;
    let body = Body::decode(first.header.kind, &conversation.open(&first)?)?;
    let Body::Opened(Consent { locale, notice_version: _, purposes }) = body else {
        return Err(Code::IntegrityFailed.into());
    };
    let since_ms = 0;
    let others = app.store.conversations_of_subject(conversation.subject, since_ms).await?;
    let earlier = others.into_iter().filter(|id| *id != conversation.id).take(EARLIER);
    Ok(Context {
        opened_at: rfc3339(conversation.opened_at_ms()),
        expires_at: rfc3339(conversation.end_ms()),
        locale,
        verified: live.row.as_ref().is_some_and(|row| row.verified),
        purposes,
        earlier: earlier.map(|id| rfc3339(id.made_at_ms())).collect(),
    })
}

#[utoipa::path(post, path = "/v1/inbox/{conversation_id}/messages",
    params(("conversation_id" = String, Path)), request_body = AnswerRequest,
    responses((status = 201, body = Message)))]
pub(crate) async fn post(
    State(app): State<App>,
    Sealable(Allowed(staff, ..)): Sealable<Allowed<AgentRole>>,
    TranscriptPath(id): TranscriptPath,
    IdempotencyKey(key): IdempotencyKey,
    Json(request): Json<AnswerRequest>,
) -> Result<Response, Problem> {
    let text: Text<1, MESSAGE_CHARACTERS> = Text::required(request.text, "/text")?;
    let after: Option<Text<0, 80>> = judge_optional(request.after, "/after")?;
    let after = after.as_ref().map(Text::reveal).filter(|after| !after.is_empty());
    let unknown = |_| Problem::invalid("/after", FieldCode::BadFormat);
    let after = after.map(|after| position(id, after).map_err(unknown)).transpose()?;
    let whose = staff.id.to_string();
    let idempotency =
        |live: &Live| Some(idempotency(live, "agent idempotency", (&whose, &key), &text));
    let beside = Beside { reader: None, after: after.map(|after| after.seq) };
    let decide = |Deciding { agent, unseen, .. }: Deciding<'_>, row: Row, now_ms| {
        let words = Words { agent: agent.clone(), text: text.reveal().to_owned() };
        let inbox = Inbox::Row(Box::new(row.answered(unseen, now_ms)));
        Ok(Change { body: Body::AgentMessage(words), status: Status::WithAgent, inbox })
    };
    let changed = change_with(&app, &staff, id, beside, idempotency, decide).await?;
    answer(&changed, &whose)
}

#[utoipa::path(post, path = "/v1/inbox/{conversation_id}/notes",
    params(("conversation_id" = String, Path),
        ("Idempotency-Key" = Option<String>, Header,
            description = "The same note again is stored once.")), request_body = TextRequest,
    responses((status = 201, body = Message)))]
pub(crate) async fn note(
    State(app): State<App>,
    Sealable(Allowed(staff, ..)): Sealable<Allowed<AgentRole>>,
    TranscriptPath(id): TranscriptPath,
    MaybeIdempotencyKey(key): MaybeIdempotencyKey,
    Json(request): Json<TextRequest>,
) -> Result<Response, Problem> {
    let text: Text<1, MESSAGE_CHARACTERS> = Text::required(request.text, "/text")?;
    let whose = staff.id.to_string();
    let idempotency = |live: &Live| {
        let key = key.as_ref()?;
        Some(idempotency(live, "note idempotency", (&whose, key), &text))
    };
    let changed = change(&app, &staff, id, idempotency, |Deciding { agent, .. }, _, _| {
        let words = Words { agent: agent.clone(), text: text.reveal().to_owned() };
        let (status, inbox) = (Status::WithAgent, Inbox::Unchanged);
        Ok(Change { body: Body::Annotated(words), status, inbox })
    })
    .await?;
    answer(&changed, &whose)
}

/// The response with a message, as its agent reads it.
fn answer(changed: &Changed, whose: &str) -> Result<Response, Problem> {
    let response = Reply(StatusCode::CREATED, message(changed, whose)?).into_response();
    Ok(if changed.repeated { replayed(response) } else { response })
}

/// The codes by which a request is known again: of its key, and of its body.
fn idempotency(
    live: &Live,
    label: &str,
    (whose, key): (&str, &str),
    text: &Text<1, MESSAGE_CHARACTERS>,
) -> Idempotency {
    let (whose, key) = (whose.as_bytes(), key.as_bytes());
    let mac = |what: &str, parts: &[&[u8]]| {
        live.conversation.key.short_mac(&format!("{label} {what}"), parts)
    };
    Idempotency {
        key: mac("key", &[whose, key]),
        body: mac("body", &[whose, key, text.reveal().as_bytes()]),
    }
}

fn message(changed: &Changed, reader: &str) -> Result<Message, Problem> {
    let conversation = &changed.live.conversation;
    let messages = spoken(conversation, &changed.event, Reader::Staff(reader), None)?;
    messages.into_iter().next().ok_or_else(|| Code::IntegrityFailed.into())
}

#[utoipa::path(post, path = "/v1/inbox/{conversation_id}/typing",
    params(("conversation_id" = String, Path)), request_body(content = Option<AgentTypingRequest>),
    responses((status = 204)))]
pub(crate) async fn typing(
    State(app): State<App>,
    Sealable(Allowed(staff, ..)): Sealable<Allowed<AgentRole>>,
    TranscriptPath(id): TranscriptPath,
    MaybeJson(AgentTypingRequest {}): MaybeJson<AgentTypingRequest>,
) -> Result<StatusCode, Problem> {
    let live = claimed(&app, &staff, id).await?;
    app.store.note_typing(live.conversation.id, Who::Agent).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[utoipa::path(post, path = "/v1/inbox/{conversation_id}/seen",
    params(("conversation_id" = String, Path)), request_body = SeenRequest,
    responses((status = 204)))]
pub(crate) async fn seen(
    State(app): State<App>,
    Sealable(Allowed(staff, ..)): Sealable<Allowed<AgentRole>>,
    TranscriptPath(id): TranscriptPath,
    Json(request): Json<SeenRequest>,
) -> Result<StatusCode, Problem> {
    let unknown = || Problem::invalid("/message_id", FieldCode::BadFormat);
    let message: Text<1, 80> = Text::required(request.message_id, "/message_id")?;
    let at = position(id, message.reveal()).map_err(|_| unknown())?;
    let live = claimed(&app, &staff, id).await?;
    if at.seq > live.tail.seq {
        return Err(unknown());
    }
    let row = live.row.ok_or(Code::NotFound)?;
    let later = app.store.messages_behind(id, at.seq).await?.len();
    let later = u64::try_from(later).unwrap_or(u64::MAX);
    let seen = (at.seq, row.heard.saturating_sub(later));
    app.store.note_seen(id, seen, row.claimed_ms).await?;
    Ok(StatusCode::NO_CONTENT)
}
