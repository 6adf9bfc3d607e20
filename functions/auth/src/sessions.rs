//! `GET`, `DELETE /v1/auth/sessions` and `DELETE /v1/auth/sessions/{id}`: where somebody is in.

use axum::extract::State;
use http::StatusCode;
use serde::Serialize;
use shared::access::staff::{Method, Staff};
use shared::clock::rfc3339;
use shared::http::request::PathId;
use shared::http::response::Reply;
use shared::http::staff::{Allowed, Anybody, SteppedUp};
use shared::ids::SessionId;
use shared::problem::{Code, Problem};
use shared::store::security_event::{Action, SecurityEvent};
use utoipa::ToSchema;

use crate::caller;
use crate::state::App;
use crate::store::person::Person;

/// A session.
#[derive(Serialize, ToSchema)]
pub struct SessionItem {
    #[schema(value_type = String)]
    id: SessionId,
    /// Whether it is the one that asks.
    current: bool,
    created_at: String,
    last_used_at: String,
    /// How somebody signed in (RFC 8176).
    #[schema(value_type = Vec<String>)]
    amr: Vec<Method>,
}

/// All of somebody's sessions; there are ten at most.
#[derive(Serialize, ToSchema)]
pub struct SessionsResponse {
    items: Vec<SessionItem>,
    next_cursor: Option<String>,
}

async fn person(app: &App, staff: &Staff) -> Result<Person, Problem> {
    let keys = app.store.keys().await?;
    caller::person(app, &keys, staff).await
}

#[utoipa::path(get, path = "/v1/auth/sessions",
    responses((status = 200, body = SessionsResponse)))]
pub(crate) async fn get(
    State(app): State<App>,
    Allowed(staff, ..): Allowed<Anybody>,
) -> Result<Reply<SessionsResponse>, Problem> {
    let person = person(&app, &staff).await?;
    let items = person.sessions.into_iter().map(|session| SessionItem {
        id: session.id,
        current: session.id == staff.session,
        created_at: rfc3339(session.made_at_ms),
        last_used_at: rfc3339(session.used_at_ms),
        amr: session.methods,
    });
    let response = SessionsResponse { items: items.collect(), next_cursor: None };
    Ok(Reply(StatusCode::OK, response))
}

#[utoipa::path(delete, path = "/v1/auth/sessions", responses((status = 204)))]
pub(crate) async fn delete(
    State(app): State<App>,
    SteppedUp(staff, ..): SteppedUp<Anybody>,
) -> Result<StatusCode, Problem> {
    // As many at a time as a transaction takes.
    loop {
        let person = person(&app, &staff).await?;
        let ended = app.store.end_sessions(&person, Some(staff.session))?;
        if ended.is_empty() {
            return Ok(StatusCode::NO_CONTENT);
        }
        let event = SecurityEvent::by(staff.id, Action::SessionEnded, staff.id);
        let writes = app.store.transaction().and_all(ended).and(app.store.events.put(event).await?);
        writes.commit_patiently("end_others").await?;
    }
}

#[utoipa::path(delete, path = "/v1/auth/sessions/{id}", params(("id" = String, Path)),
    responses((status = 204)))]
pub(crate) async fn delete_one(
    State(app): State<App>,
    SteppedUp(staff, ..): SteppedUp<Anybody>,
    PathId(id): PathId,
) -> Result<StatusCode, Problem> {
    let person = person(&app, &staff).await?;
    let id = SessionId::parse(&id).ok_or(Code::NotFound)?;
    if !person.is_in(id) {
        return Err(Code::NotFound.into());
    }
    let ended = app.store.end_session(staff.id, id)?;
    let event = SecurityEvent::by(staff.id, Action::SessionEnded, id);
    let writes = app.store.transaction().and_all(ended).and(app.store.events.put(event).await?);
    writes.commit_patiently("end_session").await?;
    Ok(StatusCode::NO_CONTENT)
}
