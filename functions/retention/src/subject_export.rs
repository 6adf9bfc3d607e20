//! `POST /v1/subjects/{subject_id}/export`: all that is held about a subject, for who answers them. It
//! is told who has it before any of it is opened.

use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;
use serde::Deserialize;
use shared::access::insight::{Caller, Insight};
use shared::access::permit::{Purposed, ReadPermit, Subjected};
use shared::access::staff::Staff;
use shared::http::export::{Export, Holdings, Limits, Position, respond};
use shared::http::request::{MaybePlainJson, PageQuery, SubjectPath};
use shared::http::staff::{Privacy, SteppedUp};
use shared::ids::{CaseId, SubjectId};
use shared::problem::{Code, FieldCode, Problem};
use shared::store::case::{Case, What};
use shared::values::role::Role;
use shared::values::site::Site;
use utoipa::ToSchema;

use crate::state::App;

/// Nothing needs to be said.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SubjectExportRequest {}

/// JSON, or a page for people if `Accept` names `text/html`. It is given out in parts, each of which is
/// a reading of its own.
#[utoipa::path(post, path = "/v1/subjects/{subject_id}/export",
    params(("subject_id" = String, Path), ("cursor" = Option<String>, Query),
        ("Sotto-Case" = Option<String>, Header)),
    request_body(content = Option<SubjectExportRequest>),
    responses((status = 200, content((Export = "application/json"), (String = "text/html")))))]
pub(crate) async fn post(
    State(app): State<App>,
    SteppedUp(staff, ..): SteppedUp<Privacy>,
    SubjectPath(subject): SubjectPath,
    query: PageQuery,
    headers: HeaderMap,
    MaybePlainJson(SubjectExportRequest {}): MaybePlainJson<SubjectExportRequest>,
) -> Result<Response, Problem> {
    let case = open_case(&app, &headers).await?;
    let holdings = Holdings::look(&app.store, subject).await?;
    if holdings.are_none(&app.store, Site::SHIPPED).await? {
        return Err(Code::NotFound.into());
    }
    let bound = (Site::SHIPPED, subject, Caller::Staff(staff.id));
    let start = Position::read(&app.store, bound, query.cursor.as_deref()).await?;
    if let Some(case) = &case {
        takes(case, What::Exported, subject, &staff, &app)?;
    }
    let permit = ReadPermit::issue(
        &app.store,
        &app.events,
        (staff.id, Role::Privacy),
        &Purposed::subject_request(),
        Subjected::Everything(subject),
    )
    .await?;
    let insight = Insight::permitted(&permit, staff.id).ok_or(Code::Internal)?;
    let part = holdings.gather(&app.store, &insight, start, &Limits::SHIPPED).await?;
    // With its last part, all has been given out.
    if let Some(case) = case.filter(|_| part.export.next_cursor.is_none()) {
        app.store.note_in_case(&app.events, staff.id, case.id, What::Exported, subject).await?;
    }
    respond(part, &headers)
}

/// The case that a request belongs to, if it names one. It has to be there before anything is done
/// for it.
pub(crate) async fn open_case(app: &App, headers: &HeaderMap) -> Result<Option<Case>, Problem> {
    let Some(id) = case_of(headers)? else { return Ok(None) };
    let refused = || Problem::invalid("/headers/sotto-case", FieldCode::NotAllowed);
    app.store.find_case(id).await?.ok_or_else(refused).map(Some)
}

/// That a case takes what is about to be done for it.
pub(crate) fn takes(
    case: &Case,
    what: What,
    subject: SubjectId,
    staff: &Staff,
    app: &App,
) -> Result<(), Problem> {
    let noted = case.clone().noting(what, subject, Some(staff.id), app.clock.now_ms());
    let refused =
        Problem::new(Code::Conflict, "The case does not ask for it, or not for this subject.");
    noted.map(drop).map_err(|_| refused)
}

fn case_of(headers: &HeaderMap) -> Result<Option<CaseId>, Problem> {
    let Some(value) = headers.get("sotto-case") else { return Ok(None) };
    let id = value.to_str().ok().and_then(CaseId::parse);
    let id = id.ok_or_else(|| Problem::invalid("/headers/sotto-case", FieldCode::BadFormat))?;
    Ok(Some(id))
}
