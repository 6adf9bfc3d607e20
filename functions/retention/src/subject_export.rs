//! `POST /v1/subjects/{subject_id}/export`: all that is held about a subject, for the officer who
//! answers them. The access is recorded before any of it is opened.

use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;
use serde::Deserialize;
use shared::access::permit::{ReadPermit, SubjectRef};
use shared::access::subject_access::{Caller, SubjectAccess};
use shared::http::export::{Export, Holdings, Limits, Position, respond};
use shared::http::request::{MaybePlainJson, PageQuery, SubjectPath};
use shared::http::staff::{Privacy, SteppedUp};
use shared::problem::{Code, Problem};
use shared::store::case::What;
use shared::values::role::Role;
use shared::values::site::Site;
use utoipa::ToSchema;

use crate::grounds::{Grounds, takes};
use shared::http::staff_app::{App, not_frozen};

/// Nothing needs to be said.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SubjectExportRequest {}

/// JSON, or a page for people if `Accept` names `text/html`. It is given out in parts, each of which is
/// a reading of its own.
#[utoipa::path(post, path = "/v1/subjects/{subject_id}/export",
    params(("subject_id" = String, Path), ("cursor" = Option<String>, Query),
        ("Sotto-Case" = Option<String>, Header), ("Sotto-Purpose" = Option<String>, Header),
        ("Sotto-Reason" = Option<String>, Header)),
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
    not_frozen(&app, Site::SHIPPED).await?;
    let grounds = Grounds::read(&app, &headers).await?;
    let holdings = Holdings::look(&app.store, subject).await?;
    if holdings.are_none(&app.store, Site::SHIPPED).await? {
        return Err(Code::NotFound.into());
    }
    let bound = (Site::SHIPPED, subject, Caller::Staff(staff.id));
    let start = Position::read(&app.store, bound, query.cursor.as_deref()).await?;
    if let Grounds::Case(case) = &grounds {
        takes(case, What::Exported, subject, &staff, &app)?;
    }
    let (why, case) = grounds.into_purpose();
    let permit = ReadPermit::issue(
        &app.store,
        &app.events,
        (staff.id, Role::Privacy),
        &why,
        SubjectRef::Everything(subject),
    )
    .await?;
    let subject_access = SubjectAccess::permitted(&permit, staff.id).ok_or(Code::Internal)?;
    let part = holdings.gather(&app.store, &subject_access, start, &Limits::SHIPPED).await?;
    // With its last part, all has been given out.
    if let Some(case) = case.filter(|_| part.export.next_cursor.is_none()) {
        app.store.note_in_case(&app.events, staff.id, case, What::Exported, subject).await?;
    }
    respond(part, &headers)
}
