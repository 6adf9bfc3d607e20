//! `POST /v1/auth/logout`: this session ends, or all of them.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::SET_COOKIE;
use http::{HeaderValue, StatusCode};
use serde::Deserialize;
use shared::http::request::PlainJson;
use shared::http::staff::{Allowed, Anybody};
use shared::problem::{Code, Problem};
use shared::store::security_event::{Action, SecurityEvent};
use utoipa::ToSchema;

use crate::caller;
use crate::client::{Client, REFRESH, cookie};
use crate::state::App;
use crate::store::login::PasswordThen;
use crate::store::person::Ends;

/// Which sessions end.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LogoutRequest {
    /// All of them, not only this one.
    #[serde(default)]
    everywhere: bool,
}

#[utoipa::path(post, path = "/v1/auth/logout", request_body = LogoutRequest,
    responses((status = 204)))]
pub(crate) async fn post(
    State(app): State<App>,
    client: Client,
    Allowed(staff, ..): Allowed<Anybody>,
    PlainJson(request): PlainJson<LogoutRequest>,
) -> Result<Response, Problem> {
    let ended = app.store.end_session(staff.id, staff.session)?;
    let mut writes = app.store.transaction().and_all(ended);
    if request.everywhere {
        let keys = app.store.keys().await?;
        let person = caller::person(&app, &keys, &staff).await?;
        // By the account, so that a session which begins at this very moment ends as well.
        let change = (Ends::Sessions, PasswordThen::Stays);
        writes.extend(app.store.change_account(&keys, &person.account, change, |_| ())?.1);
    }
    let event = SecurityEvent::by(staff.id, Action::SessionEnded, staff.session);
    writes.push(app.store.events.put(event).await?);
    if !writes.commit_patiently("logout").await?.is_whole() {
        return Err(Problem::new(Code::Conflict, "The account was changed meanwhile: try again."));
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    if client.is_console {
        let headers = response.headers_mut();
        if let Some(line) = cookie(REFRESH, "", 0) {
            headers.append(SET_COOKIE, line);
        }
        headers.insert("clear-site-data", HeaderValue::from_static("\"cache\", \"storage\""));
    }
    Ok(response)
}
