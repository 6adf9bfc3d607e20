//! Routes that give a conversation to an agent and take it back: claim, release, transfer and close.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use shared::access::permit::ReadPermit;
use shared::http::request::{Json, MaybeJson, Sealable, TranscriptPath};
use shared::http::response::Reply;
use shared::http::staff::{Agent as AgentRole, Allowed};
use shared::ids::StaffId;
use shared::problem::{Code, FieldCode, Problem};
use shared::store::body::{Body, CLOSING_REASONS, Claim, Closing, Release, Target, Why};
use shared::store::inbox::{Inbox, Row};
use shared::store::live::Side;
use shared::store::log::{Appended, Draft};
use shared::store::state::Status;
use shared::text::{RawText, Text, judge_optional};
use shared::values::site::Site;
use utoipa::ToSchema;

use crate::claimed::{
    Beside, Change, Changed, Deciding, change, change_with, find, held_by, row_of, state, status,
};
use crate::inbox::InboxItem;
use crate::presence;
use shared::http::staff_app::{App, trained};

/// How often a claim is tried on a log that grows meanwhile.
const ATTEMPTS: usize = 16;
/// Tags of one conversation at most.
const TAGS: usize = 10;

/// Nothing needs to be said.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClaimRequest {}

/// Where the conversation goes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GiveBackRequest {
    /// `queue` or `bot`.
    #[schema(value_type = String)]
    to: Option<String>,
}

/// The colleague who takes over.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HandOnRequest {
    /// Somebody who is there now.
    #[schema(value_type = String)]
    agent_id: Option<String>,
    /// A note for them, up to 1,000 characters.
    #[schema(value_type = Option<String>)]
    note: Option<RawText>,
}

/// How a conversation ended.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClosingRequest {
    /// `solved`, `no_answer`, `spam` or `other`.
    #[schema(value_type = String)]
    reason: Option<String>,
    /// At most 10 of 1 to 32 characters.
    #[schema(value_type = Vec<String>)]
    #[serde(default)]
    tags: Vec<RawText>,
}

#[utoipa::path(post, path = "/v1/inbox/{conversation_id}/claim",
    params(("conversation_id" = String, Path)), request_body(content = Option<ClaimRequest>),
    responses((status = 200, body = InboxItem)))]
pub(crate) async fn claim(
    State(app): State<App>,
    Sealable(Allowed(staff, ..)): Sealable<Allowed<AgentRole>>,
    TranscriptPath(id): TranscriptPath,
    headers: HeaderMap,
    MaybeJson(ClaimRequest {}): MaybeJson<ClaimRequest>,
) -> Result<Response, Problem> {
    // A claim lets its agent read: a lock is in force at once.
    Allowed::<AgentRole>::now(&headers, &app).await?;
    let agent = presence::agent(&app, &staff).await?;
    for _ in 0..ATTEMPTS {
        let live = find(&app, &staff, id).await?;
        let now_ms = app.clock.now_ms();
        let row = match status(&app, &live) {
            Status::Closed => return Err(Code::ConversationClosed.into()),
            Status::Erased => return Err(Code::Erased.into()),
            Status::WithAgent if held_by(&live, &staff).is_some() => {
                let item = InboxItem::new(&row_of(&live, now_ms), live.agent_side);
                return Ok(Reply(StatusCode::OK, item).into_response());
            }
            Status::WithAgent => {
                let item = InboxItem::new(&row_of(&live, now_ms), Side::default());
                let item = serde_json::to_value(item).map_err(|_| Code::Internal)?;
                return Err(Problem::new(Code::Claimed, "Another agent has it.").with_item(item));
            }
            Status::Open | Status::Waiting if live.row.is_some() => row_of(&live, now_ms),
            Status::Open | Status::Waiting => {
                let verified = app.store.is_customer(live.conversation.subject).await?;
                Row { verified, ..row_of(&live, now_ms) }
            }
        };
        trained(&app, (staff.id, staff.id), id).await?;
        // Somebody who takes a conversation is there, or they would lose it at once.
        presence::note(&app, &staff, agent.clone(), true).await?;
        let waited_ms = now_ms - row.waiting_since_ms;
        let waited = status(&app, &live) == Status::Waiting;
        let row = row.claimed(agent.clone(), now_ms);
        let draft = Draft {
            body: Body::Claimed(Claim { agent: agent.clone(), note: None, transferred_by: None }),
            state: state(&live.tail, now_ms, Status::WithAgent),
            idempotency: None,
            inbox: Inbox::Row(Box::new(row.clone())),
            asked: None,
        };
        let whose = (live.conversation.subject, id);
        let readers = (staff.id, staff.id);
        let recorded = ReadPermit::by_claim(&app.store, &app.events, readers, whose).await?;
        let conversation = &live.conversation;
        let appended = app.store.append_with(conversation, &live.tail, &draft, recorded).await?;
        if let Appended::Stored(..) = appended {
            if waited {
                app.store.note_wait(conversation.site, waited_ms).await?;
            }
            let item = InboxItem::new(&row, live.agent_side);
            return Ok(Reply(StatusCode::OK, item).into_response());
        }
    }
    Err(Problem::contended())
}

#[utoipa::path(post, path = "/v1/inbox/{conversation_id}/release",
    params(("conversation_id" = String, Path)), request_body = GiveBackRequest,
    responses((status = 200, body = InboxItem)))]
pub(crate) async fn release(
    State(app): State<App>,
    Sealable(Allowed(staff, ..)): Sealable<Allowed<AgentRole>>,
    TranscriptPath(id): TranscriptPath,
    Json(request): Json<GiveBackRequest>,
) -> Result<Reply<InboxItem>, Problem> {
    let to = request.to.ok_or_else(|| Problem::invalid("/to", FieldCode::Missing))?;
    let to = [Target::Queue, Target::Bot].into_iter().find(|target| target.as_str() == to);
    let to = to.ok_or_else(|| Problem::invalid("/to", FieldCode::NotAllowed))?;
    let changed = change(
        &app,
        &staff,
        id,
        |_| None,
        |_, row, _| {
            let (status, inbox) = match to {
                Target::Queue => (Status::Waiting, Inbox::Row(Box::new(row.requeued()))),
                Target::Bot => (Status::Open, Inbox::Left),
            };
            Ok(Change { body: Body::Released(Release { to, why: Why::Released }), status, inbox })
        },
    )
    .await?;
    Ok(behind(&app, &changed))
}

#[utoipa::path(post, path = "/v1/inbox/{conversation_id}/transfer",
    params(("conversation_id" = String, Path)), request_body = HandOnRequest,
    responses((status = 200, body = InboxItem)))]
pub(crate) async fn transfer(
    State(app): State<App>,
    Sealable(Allowed(staff, ..)): Sealable<Allowed<AgentRole>>,
    TranscriptPath(id): TranscriptPath,
    Json(request): Json<HandOnRequest>,
) -> Result<Reply<InboxItem>, Problem> {
    let to = request.agent_id.ok_or_else(|| Problem::invalid("/agent_id", FieldCode::Missing))?;
    let note: Option<Text<0, 1000>> = judge_optional(request.note, "/note")?;
    let note = note.as_ref().map(Text::reveal).filter(|note| !note.is_empty());
    // A colleague who is not there would lose it at once.
    let refused = || Problem::invalid("/agent_id", FieldCode::NotAllowed);
    let to = StaffId::parse(&to).filter(|to| *to != staff.id).ok_or_else(refused)?;
    let there = app.store.presence(Site::SHIPPED, to).await?;
    let there = there.filter(|there| app.clock.now_ms() < there.until_ms).ok_or_else(refused)?;
    // A colleague may read what they are given, by somebody who has it.
    if held_by(&find(&app, &staff, id).await?, &staff).is_some() {
        trained(&app, (to, staff.id), id).await?;
    }
    let (agent, note) = (there.agent, note.map(str::to_owned));
    let beside = Beside { reader: Some(agent.id), after: None };
    let decide = |Deciding { agent: by, .. }: Deciding<'_>, row: Row, now_ms| {
        let claim =
            Claim { agent: agent.clone(), note: note.clone(), transferred_by: Some(by.clone()) };
        let inbox = Inbox::Row(Box::new(row.claimed(agent.clone(), now_ms)));
        Ok(Change { body: Body::Claimed(claim), status: Status::WithAgent, inbox })
    };
    let changed = change_with(&app, &staff, id, beside, |_| None, decide).await?;
    Ok(behind(&app, &changed))
}

#[utoipa::path(post, path = "/v1/inbox/{conversation_id}/close",
    params(("conversation_id" = String, Path)), request_body = ClosingRequest,
    responses((status = 200, body = InboxItem)))]
pub(crate) async fn close(
    State(app): State<App>,
    Sealable(Allowed(staff, ..)): Sealable<Allowed<AgentRole>>,
    TranscriptPath(id): TranscriptPath,
    Json(request): Json<ClosingRequest>,
) -> Result<Reply<InboxItem>, Problem> {
    let reason = request.reason.ok_or_else(|| Problem::invalid("/reason", FieldCode::Missing))?;
    let reason = CLOSING_REASONS.into_iter().find(|known| *known == reason);
    let reason = reason.ok_or_else(|| Problem::invalid("/reason", FieldCode::NotAllowed))?;
    if request.tags.len() > TAGS {
        return Err(Problem::invalid("/tags", FieldCode::TooLong));
    }
    let mut tags = Vec::new();
    for tag in request.tags {
        let tag = Text::<1, 32>::judge(tag, "/tags")?.reveal().trim().to_owned();
        if tag.is_empty() {
            return Err(Problem::invalid("/tags", FieldCode::TooShort));
        }
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    let changed = change(
        &app,
        &staff,
        id,
        |_| None,
        |Deciding { agent, live, .. }, row, now_ms| {
            let (agent, reason) = (agent.clone(), reason.to_owned());
            let closing = Closing { agent, reason, tags: tags.clone() };
            let sealed = live.conversation.seal_tags(&tags)?;
            let inbox = Inbox::Row(Box::new(row.closed(sealed, now_ms)));
            Ok(Change { body: Body::Closed(Some(closing)), status: Status::Closed, inbox })
        },
    )
    .await?;
    let Reply(status, item) = behind(&app, &changed);
    Ok(Reply(status, item.with_tags(tags)))
}

/// The item as it is behind a change.
fn behind(app: &App, Changed { live, .. }: &Changed) -> Reply<InboxItem> {
    let row = row_of(live, app.clock.now_ms());
    let row = Row { status: live.tail.state.status, ..row };
    Reply(StatusCode::OK, InboxItem::new(&row, Side::default()))
}
