//! `GET /v1/me/export`: all that is held about the visitor.

use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;
use shared::access::subject_access::SubjectAccess;
use shared::access::token::Visitor;
use shared::http::app::App;
use shared::http::export::{Export, Holdings, Limits, Position, respond};
use shared::http::request::PageQuery;
use shared::problem::Problem;

use crate::admission::admit;

/// JSON, or a page for people if `Accept` names `text/html`. It is given out in parts.
#[utoipa::path(get, path = "/v1/me/export", params(("cursor" = Option<String>, Query)),
    responses((status = 200, content((Export = "application/json"), (String = "text/html")))))]
pub(crate) async fn export(
    State(app): State<App>,
    visitor: Visitor,
    query: PageQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    admit(&app, &visitor).await?;
    let subject_access = SubjectAccess::of_oneself(&visitor);
    let holdings = Holdings::look(&app.store, visitor.subject).await?;
    let cursor = query.cursor.as_deref();
    let start = Position::read(&app.store, subject_access.bound(), cursor).await?;
    let part = holdings.gather(&app.store, &subject_access, start, &Limits::SHIPPED).await?;
    respond(part, &headers)
}
