//! `GET`, `POST` and `DELETE /v1/holds`: what is under a legal hold is neither erased nor deleted when
//! its time is up.

use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::clock::{UnixMillis, from_rfc3339, rfc3339};
use shared::http::request::PlainJson;
use shared::http::response::Reply;
use shared::http::staff::{Allowed, Privacy, SteppedUp};
use shared::ids::{ConversationId, HoldId, StaffId, SubjectId};
use shared::problem::{Code, FieldCode, Problem};
use shared::store::StoreError;
use shared::store::hold::{Hold, Placed, Rest};
use shared::store::reason::Reasons;
use shared::text::{Named, RawText};
use shared::values::policy::DAY_MS;
use shared::values::site::Site;
use utoipa::ToSchema;

use crate::sweep::holds::{Left, carry_out_erasure_request, settle};
use shared::http::staff_app::App;

/// Days after which a hold is looked at again, if nobody says otherwise.
const REVIEW_DAYS: i64 = 90;
/// Items of a log whose TTL is changed before the request is answered; the sweep does the rest.
const AT_ONCE: usize = 500;

/// A hold to be placed, on one conversation or on all that is a subject's.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HoldRequest {
    /// The conversation.
    conversation_id: Option<String>,
    /// The subject.
    subject_id: Option<String>,
    /// Why, 8 to 200 characters.
    #[schema(value_type = String)]
    reason: Option<RawText>,
    /// When it is to be looked at again; in 90 days if missing.
    review_at: Option<String>,
    /// When it ends by itself, if it does.
    ends_at: Option<String>,
}

/// Which holds to release: one by its id, or all that are exactly on this.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReleaseRequest {
    /// The hold.
    id: Option<String>,
    /// The conversation.
    conversation_id: Option<String>,
    /// The subject.
    subject_id: Option<String>,
    /// Why, 8 to 200 characters.
    #[schema(value_type = Option<String>)]
    reason: Option<RawText>,
}

/// A hold.
#[derive(Serialize, ToSchema)]
pub struct HoldResponse {
    #[schema(value_type = String)]
    id: HoldId,
    #[schema(value_type = String)]
    subject_id: SubjectId,
    #[schema(value_type = Option<String>)]
    conversation_id: Option<ConversationId>,
    reason: String,
    #[schema(value_type = String)]
    placed_by: StaffId,
    placed_at: String,
    review_at: String,
    ends_at: Option<String>,
    released_at: Option<String>,
    release_reason: Option<String>,
}

/// Holds.
#[derive(Serialize, ToSchema)]
pub struct HoldsResponse {
    items: Vec<HoldResponse>,
    /// Always null: there are few.
    #[schema(value_type = Option<String>)]
    next_cursor: Option<&'static str>,
}

impl HoldResponse {
    /// The hold as the staff see it, its reason opened.
    ///
    /// # Errors
    /// 500 when the reason does not open.
    pub fn new(hold: &Hold, reasons: &Reasons) -> Result<Self, Problem> {
        let reason = reasons.open(&hold.id.to_string(), &hold.reason)?;
        let released = hold.released.as_ref();
        let release_reason = released.and_then(|released| released.reason.as_ref());
        let release_reason =
            release_reason.map(|sealed| reasons.open(&of_release(hold.id), sealed)).transpose()?;
        Ok(Self {
            id: hold.id,
            subject_id: hold.subject,
            conversation_id: hold.conversation,
            reason: reason.reveal_text().unwrap_or_default().to_owned(),
            placed_by: hold.placed_by,
            placed_at: rfc3339(hold.placed_ms),
            review_at: rfc3339(hold.review_ms),
            ends_at: hold.ends_ms.map(rfc3339),
            released_at: released.map(|released| rfc3339(released.at_ms)),
            release_reason: release_reason
                .map(|reason| reason.reveal_text().unwrap_or_default().to_owned()),
        })
    }
}

/// The name that the reason of a release is bound to.
fn of_release(id: HoldId) -> String {
    format!("{id} release")
}

#[utoipa::path(get, path = "/v1/holds", responses((status = 200, body = HoldsResponse)))]
pub(crate) async fn list(
    State(app): State<App>,
    Allowed(..): Allowed<Privacy>,
) -> Result<Reply<HoldsResponse>, Problem> {
    let holds: Vec<Hold> = app.store.holds().await?.into_iter().collect::<Result<_, _>>()?;
    respond(&app, holds.iter().filter(|hold| hold.released.is_none())).await
}

#[utoipa::path(post, path = "/v1/holds", request_body = HoldRequest,
    responses((status = 201, body = HoldResponse)))]
pub(crate) async fn post(
    State(app): State<App>,
    SteppedUp(staff, ..): SteppedUp<Privacy>,
    PlainJson(request): PlainJson<HoldRequest>,
) -> Result<Reply<HoldResponse>, Problem> {
    let reason: Named<8, 200> = Named::lines(request.reason, "/reason")?;
    let now_ms = app.clock.now_ms();
    let ends_ms = later(request.ends_at.as_deref(), now_ms, "/ends_at")?;
    let review_ms = later(request.review_at.as_deref(), now_ms, "/review_at")?
        .unwrap_or(now_ms + REVIEW_DAYS * DAY_MS);
    let target = Target::read(request.conversation_id.as_deref(), request.subject_id.as_deref())?;
    let (subject, conversation) = match target {
        Target::Subject(subject) => (subject, None),
        Target::Conversation(id) => {
            (app.store.owner_of(id).await?.ok_or(Code::NotFound)?, Some(id))
        }
    };
    let id = HoldId::generate(&app.clock)?;
    let site = Site::SHIPPED;
    let reasons = app.store.settings.reasons(site).await?;
    let hold = Hold {
        id,
        subject,
        conversation,
        site,
        reason: reasons.seal(&id.to_string(), reason.reveal())?,
        placed_by: staff.id,
        placed_ms: now_ms,
        review_ms,
        ends_ms,
        released: None,
        end_ms: 0,
        rest: Rest::Freeze,
    };
    let policy = app.store.settings.retention_policy(site).await?.policy;
    match app.store.place_hold(&app.events, &hold, &policy).await? {
        Placed::Holding => {}
        Placed::Erased => return Err(Code::Erased.into()),
        Placed::Absent => return Err(Code::NotFound.into()),
    }
    // Items that end within minutes must not be gone before the next sweep.
    at_once(settle(&app, &hold, &policy, &mut some()).await);
    Ok(Reply(StatusCode::CREATED, HoldResponse::new(&hold, &reasons)?))
}

#[utoipa::path(delete, path = "/v1/holds", request_body = ReleaseRequest,
    responses((status = 200, body = HoldsResponse)))]
pub(crate) async fn delete(
    State(app): State<App>,
    SteppedUp(staff, ..): SteppedUp<Privacy>,
    PlainJson(request): PlainJson<ReleaseRequest>,
) -> Result<Reply<HoldsResponse>, Problem> {
    let reason: Option<Named<8, 200>> =
        request.reason.map(|reason| Named::lines(Some(reason), "/reason")).transpose()?;
    let chosen: Vec<Hold> = match request.id {
        Some(id) if request.conversation_id.is_none() && request.subject_id.is_none() => {
            let id = HoldId::parse(&id).ok_or(Code::NotFound)?;
            app.store.find_hold(id).await?.into_iter().collect()
        }
        Some(_) => return Err(Problem::invalid("/id", FieldCode::NotAllowed)),
        None => {
            let target =
                Target::read(request.conversation_id.as_deref(), request.subject_id.as_deref())?;
            let holds: Vec<Hold> =
                app.store.holds().await?.into_iter().collect::<Result<_, _>>()?;
            holds.into_iter().filter(|hold| target.is_that_of(hold)).collect()
        }
    };
    let (policy, reasons) = tokio::try_join!(
        app.store.settings.retention_policy(Site::SHIPPED),
        app.store.settings.reasons(Site::SHIPPED)
    )?;
    let policy = policy.policy;
    let mut released = Vec::new();
    for hold in chosen.iter().filter(|hold| hold.released.is_none()) {
        let sealed = reason
            .as_ref()
            .map(|reason| reasons.seal(&of_release(hold.id), reason.reveal()))
            .transpose()?;
        let told = (Some(staff.id), sealed);
        released.push(app.store.release_hold(&app.events, hold, told, &policy).await?);
    }
    let first = released.first().ok_or(Code::NotFound)?;
    // An erasure that was requested meanwhile is carried out now or, if it is cut off, by the
    // next sweep.
    carry_out_erasure_request(&app, first.subject).await?;
    let mut left = some();
    for hold in &released {
        at_once(settle(&app, hold, &policy, &mut left).await);
    }
    respond(&app, released.iter()).await
}

/// The budget of a request; the sweep does the rest.
fn some() -> Left {
    Left { items: AT_ONCE, until_ms: UnixMillis::MAX }
}

/// Logs an error of [`settle`] and goes on: the hold stands or is gone in any case, and the sweep
/// does the rest. Somebody who was told of the error would place the hold twice.
fn at_once(settled: Result<(), StoreError>) {
    if let Err(error) = settled {
        tracing::warn!(?error, "the sweep does the rest of a hold");
    }
}

/// The target of a hold.
#[derive(Clone, Copy)]
enum Target {
    Conversation(ConversationId),
    Subject(SubjectId),
}

impl Target {
    fn read(conversation: Option<&str>, subject: Option<&str>) -> Result<Self, Problem> {
        match (conversation, subject) {
            (Some(id), None) => {
                Ok(Self::Conversation(ConversationId::parse(id).ok_or(Code::NotFound)?))
            }
            (None, Some(id)) => Ok(Self::Subject(SubjectId::parse(id).ok_or(Code::NotFound)?)),
            (Some(_), Some(_)) => Err(Problem::invalid("/subject_id", FieldCode::NotAllowed)),
            (None, None) => Err(Problem::invalid("/subject_id", FieldCode::Missing)),
        }
    }

    fn is_that_of(self, hold: &Hold) -> bool {
        match self {
            Self::Conversation(id) => hold.conversation == Some(id),
            Self::Subject(subject) => hold.conversation.is_none() && hold.subject == subject,
        }
    }
}

/// A time that has not come yet.
fn later(
    text: Option<&str>,
    now_ms: UnixMillis,
    pointer: &'static str,
) -> Result<Option<UnixMillis>, Problem> {
    let Some(text) = text else { return Ok(None) };
    let at_ms =
        from_rfc3339(text).ok_or_else(|| Problem::invalid(pointer, FieldCode::BadFormat))?;
    if at_ms <= now_ms {
        return Err(Problem::invalid(pointer, FieldCode::TooSmall));
    }
    Ok(Some(at_ms))
}

async fn respond<'a>(
    app: &App,
    holds: impl Iterator<Item = &'a Hold>,
) -> Result<Reply<HoldsResponse>, Problem> {
    let reasons = app.store.settings.reasons(Site::SHIPPED).await?;
    let items = holds.map(|hold| HoldResponse::new(hold, &reasons)).collect::<Result<_, _>>()?;
    Ok(Reply(StatusCode::OK, HoldsResponse { items, next_cursor: None }))
}
