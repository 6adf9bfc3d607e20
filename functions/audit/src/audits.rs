//! `GET` and `POST /v1/audits` and `GET /v1/audits/{id}`: audits of the deployment, each with the result of every
//! control. The binary `examine` does them.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use futures_util::future::try_join_all;
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use shared::clock::rfc3339;
use shared::http::export::asks_for_page;
use shared::http::request::{AuditPath, MaybePlainJson, PageQuery};
use shared::http::response::Reply;
use shared::http::staff::{Allowed, Security, SecurityOrAuditor};
use shared::ids::AuditId;
use shared::problem::{Code, Problem};
use shared::store::StoreError;
use shared::store::audit::{Audit, Examined, Standing};
use shared::store::security_event::{Action, SecurityEvent};
use shared::values::control::{Control, Outcome};
use utoipa::ToSchema;

use crate::items::{AuditCounts, AuditItem, AuditsResponse, ControlItem};
use crate::page;
use crate::parts::App;

/// Audits of a page whose results are counted at the same time.
const AT_ONCE: usize = 8;

/// Nothing has to be said.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AuditRequest {}

/// An audit that has begun.
#[derive(Serialize, ToSchema)]
pub struct AuditBegun {
    id: String,
    /// `running`: it is done within a minute or two.
    status: &'static str,
}

#[utoipa::path(get, path = "/v1/audits",
    params(("limit" = Option<u8>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = AuditsResponse)))]
pub(crate) async fn list(
    State(app): State<App>,
    Allowed(..): Allowed<SecurityOrAuditor>,
    page: PageQuery,
) -> Result<Reply<AuditsResponse>, Problem> {
    let after = page.after(AuditId::parse)?;
    let limit = i32::try_from(page.limit).unwrap_or(i32::MAX);
    let found = app.audits.page(after, limit).await?;
    let now_ms = app.staff.clock.now_ms();
    let mut items = Vec::with_capacity(found.items.len());
    for some in found.items.chunks(AT_ONCE) {
        let standings = some.iter().map(|audit| app.audits.standings(audit.id));
        for (audit, standings) in some.iter().zip(try_join_all(standings).await?) {
            let counts = AuditCounts::of(&standings, now_ms);
            items.push(AuditItem::of(audit, counts, Vec::new()));
        }
    }
    let response = AuditsResponse {
        items,
        next_cursor: found.next.map(String::from),
        next_at: app.audits.next_due_ms().await?.map(rfc3339),
    };
    Ok(Reply(StatusCode::OK, response))
}

#[utoipa::path(post, path = "/v1/audits", request_body(content = Option<AuditRequest>),
    responses((status = 201, body = AuditBegun)))]
pub(crate) async fn begin(
    State(app): State<App>,
    Allowed(staff, ..): Allowed<Security>,
    MaybePlainJson(AuditRequest {}): MaybePlainJson<AuditRequest>,
) -> Result<Reply<AuditBegun>, Problem> {
    let previous = app.audits.last_finished().await?.map(|audit| audit.id);
    let clock = &app.staff.clock;
    let id = AuditId::generate(clock)?;
    let audit = Audit::begun(id, clock.now_ms(), Some(staff.id), previous);
    let told = SecurityEvent::by(staff.id, Action::AuditBegun, id);
    if !app.audits.begin(&audit, app.staff.events.put(told).await?).await? {
        return Err(Problem::new(Code::Conflict, "An audit is running already."));
    }
    Ok(Reply(StatusCode::CREATED, AuditBegun { id: id.to_string(), status: "running" }))
}

#[utoipa::path(get, path = "/v1/audits/{id}", params(("id" = String, Path)),
    responses((status = 200, content((AuditItem = "application/json"), (String = "text/html")))))]
pub(crate) async fn get(
    State(app): State<App>,
    Allowed(..): Allowed<SecurityOrAuditor>,
    AuditPath(id): AuditPath,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let found = app.audits.find(id).await?.ok_or(Code::NotFound)?;
    let examined = app.audits.examined(id).await?;
    let audit = Box::pin(report(&app, &found, examined)).await?;
    if asks_for_page(&headers) {
        return page::respond(&audit);
    }
    Ok(Reply(StatusCode::OK, audit).into_response())
}

/// An audit with all its controls, in the order of [`Control::ALL`].
///
/// # Errors
/// [`Code::NotFound`], or that it cannot be read.
pub(crate) async fn report(
    app: &App,
    audit: &Audit,
    examined: Vec<Examined>,
) -> Result<AuditItem, Problem> {
    let before = before(app, audit).await?;
    let now_ms = app.staff.clock.now_ms();
    let standings: Vec<_> = examined.iter().map(Standing::from).collect();
    let item = |examined: Examined| {
        let was = result_of(&before, examined.judged.control);
        ControlItem::of(examined, was, now_ms)
    };
    let controls = examined.into_iter().map(item).collect();
    Ok(AuditItem::of(audit, AuditCounts::of(&standings, now_ms), controls))
}

/// The results of the audit before.
///
/// # Errors
/// [`StoreError`].
pub(crate) async fn before(app: &App, audit: &Audit) -> Result<Vec<Standing>, StoreError> {
    match audit.previous {
        Some(previous) => app.audits.standings(previous).await,
        None => Ok(Vec::new()),
    }
}

/// The result of a control among those of an audit.
pub(crate) fn result_of(standings: &[Standing], control: Control) -> Option<Outcome> {
    standings.iter().find(|one| one.control == control).map(|one| one.outcome)
}
