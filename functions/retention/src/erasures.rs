//! `GET /v1/erasures`, `POST /v1/erasures/{id}/approve` and `DELETE /v1/erasures/{id}`: erasures that no
//! case asks for. One officer asks, another approves; the same one may after a day, since a team may have
//! a single officer.

use axum::Extension;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::access::permit::Purpose;
use shared::clock::rfc3339;
use shared::http::erase::{Carried, carry_out};
use shared::http::metrics::{Metric, Noted};
use shared::http::request::{MaybePlainJson, PathId};
use shared::http::response::Reply;
use shared::http::staff::{Allowed, Privacy, SteppedUp};
use shared::ids::{ErasureId, StaffId, SubjectId};
use shared::problem::{Code, Problem};
use shared::store::asked_erasure::AskedErasure;
use shared::store::erasure::Request;
use shared::store::receipt::SignedReceipt;
use utoipa::ToSchema;

use shared::http::staff_app::App;

/// An erasure that waits for an approval.
#[derive(Serialize, ToSchema)]
pub struct ErasureResponse {
    #[schema(value_type = String)]
    id: ErasureId,
    /// Always `awaiting_approval`.
    status: &'static str,
    /// From when on the officer who has asked may approve it alone.
    not_before: String,
    #[schema(value_type = String)]
    subject_id: SubjectId,
    requested_at: String,
    /// The id of the officer who asked.
    #[schema(value_type = String)]
    by: StaffId,
    purpose: &'static str,
    reason: String,
}

/// Erasures that wait.
#[derive(Serialize, ToSchema)]
pub struct ErasuresResponse {
    items: Vec<ErasureResponse>,
    /// Always null: they are few.
    #[schema(value_type = Option<String>)]
    next_cursor: Option<&'static str>,
}

/// Nothing needs to be said.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApproveRequest {}

/// An erasure that somebody asks for without a case.
pub(crate) struct Asked {
    /// The erasure.
    pub(crate) request: Request,
    /// Why.
    pub(crate) why: Purpose,
    /// The officer who asks.
    pub(crate) by: StaffId,
}

impl Asked {
    /// Stores it until somebody approves it. The same request again gives the same answer.
    /// A new one rings an alarm: where there is a single officer, nobody else would look.
    pub(crate) async fn wait(self, app: &App) -> Result<Response, Problem> {
        let Self { request, why, by } = self;
        let subject = app.store.find_subject(request.subject).await?;
        let rows = app.store.count_of_subject(request.subject).await?;
        if rows == 0 && subject.erased.is_none() {
            return Err(Code::NotFound.into());
        }
        let waiting = app.store.asked_erasures().await?;
        let again =
            waiting.into_iter().find(|asked| asked.request.idempotency == request.idempotency);
        if let Some(asked) = again {
            let reply = Reply(StatusCode::ACCEPTED, ErasureResponse::from(&asked));
            return Ok(reply.into_response());
        }
        let reason = why.words().ok_or(Code::PurposeRequired)?.to_owned();
        let id = ErasureId::generate(&app.clock)?;
        let asked = AskedErasure { id, request, by, purpose: why.purpose(), reason };
        app.store.ask_for_erasure(&app.events, &asked).await?;
        let reply = Reply(StatusCode::ACCEPTED, ErasureResponse::from(&asked));
        Ok((Extension(Noted(Metric::ErasureAsked)), reply).into_response())
    }
}

impl From<&AskedErasure> for ErasureResponse {
    fn from(asked: &AskedErasure) -> Self {
        Self {
            id: asked.id,
            status: "awaiting_approval",
            not_before: rfc3339(asked.not_before_ms()),
            subject_id: asked.request.subject,
            requested_at: rfc3339(asked.request.requested_ms),
            by: asked.by,
            purpose: asked.purpose.as_str(),
            reason: asked.reason.clone(),
        }
    }
}

#[utoipa::path(get, path = "/v1/erasures", responses((status = 200, body = ErasuresResponse)))]
pub(crate) async fn list(
    State(app): State<App>,
    Allowed(..): Allowed<Privacy>,
) -> Result<Reply<ErasuresResponse>, Problem> {
    let mut asked = Vec::new();
    for waiting in app.store.asked_erasures().await? {
        // The row of one that was approved stays, so that approving again gives the same receipt.
        if app.store.find_subject(waiting.request.subject).await?.erased.is_none() {
            asked.push(waiting);
        }
    }
    asked.sort_by_key(|asked| (asked.request.requested_ms, asked.id));
    let items = asked.iter().map(ErasureResponse::from).collect();
    Ok(Reply(StatusCode::OK, ErasuresResponse { items, next_cursor: None }))
}

/// Erases. Approving again gives the same receipt.
#[utoipa::path(post, path = "/v1/erasures/{id}/approve", params(("id" = String, Path)),
    request_body(content = Option<ApproveRequest>),
    responses((status = 200, body = SignedReceipt)))]
pub(crate) async fn approve(
    State(app): State<App>,
    SteppedUp(staff, ..): SteppedUp<Privacy>,
    PathId(id): PathId,
    MaybePlainJson(ApproveRequest {}): MaybePlainJson<ApproveRequest>,
) -> Result<Carried, Problem> {
    let asked = find(&app, &id).await?;
    if staff.id == asked.by && app.clock.now_ms() < asked.not_before_ms() {
        return Err(Problem::new(
            Code::Forbidden,
            "Another privacy officer approves it, or you yourself after a day.",
        ));
    }
    let recorded = (&app.events, Some(staff.id));
    carry_out(&app.store, &app.issuer, &asked.request, recorded).await?.ok_or_else(held)
}

#[utoipa::path(delete, path = "/v1/erasures/{id}", params(("id" = String, Path)),
    responses((status = 204)))]
pub(crate) async fn withdraw(
    State(app): State<App>,
    SteppedUp(staff, ..): SteppedUp<Privacy>,
    PathId(id): PathId,
) -> Result<StatusCode, Problem> {
    let asked = find(&app, &id).await?;
    if app.store.find_subject(asked.request.subject).await?.erased.is_some() {
        return Err(Problem::new(Code::Conflict, "It was carried out."));
    }
    if !app.store.withdraw_erasure(&app.events, staff.id, &asked).await? {
        return Err(Code::NotFound.into());
    }
    Ok(StatusCode::NO_CONTENT)
}

/// The refusal of an erasure that a hold does not allow.
pub(crate) fn held() -> Problem {
    Problem::new(Code::LegalHold, "It is carried out when the hold is released.")
}

async fn find(app: &App, id: &str) -> Result<AskedErasure, Problem> {
    let id = ErasureId::parse(id).ok_or(Code::NotFound)?;
    app.store.find_asked_erasure(id).await?.ok_or_else(|| Code::NotFound.into())
}
