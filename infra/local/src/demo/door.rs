//! The links that sign somebody of the demo in: `/demo` lists them, `/demo/<number>` is one. Only
//! `cargo local --demo` has them; the staff that they lead to is made up.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;

use super::People;
use super::account::Signed;
use super::caller::Caller;
use crate::host;

/// The parts behind the links.
#[derive(Clone)]
pub(super) struct Door {
    pub(super) caller: Caller,
    /// The console's own origin.
    pub(super) console: Arc<str>,
    pub(super) people: People,
}

pub(super) fn router(door: Door) -> Router {
    Router::new().route("/demo", get(list)).route("/demo/{number}", get(sign_in)).with_state(door)
}

async fn list(State(door): State<Door>) -> Response {
    let people = door.people.lock().await;
    let links = people.iter().enumerate().map(|(number, Signed { account, .. })| {
        let (name, role, console) = (&account.name, &account.role, &door.console);
        format!("<li><a href=\"{console}/demo/{number}\">{name}, {role}</a></li>")
    });
    let links: String = links.collect();
    let page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>Sotto demo</title><h1>The demo</h1><p>Everything in it \
         is made up. Open the two sides in two windows, one beside the other.</p><h2>The visitor</h2>\
         <ul><li><a href=\"/\">The shop, with its chat</a></li></ul><h2>The staff: sign in as</h2>\
         <ul>{links}</ul>"
    );
    let policy = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
    ([(CONTENT_SECURITY_POLICY, policy), (CACHE_CONTROL, "no-store")], Html(page)).into_response()
}

/// Signs somebody in as the console would, and goes there with its cookies.
async fn sign_in(
    State(door): State<Door>,
    Path(number): Path<usize>,
    request: Request,
) -> Response {
    if !host::is_here(&request) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let mut people = door.people.lock().await;
    let Some(person) = people.get_mut(number) else { return StatusCode::NOT_FOUND.into_response() };
    let headers = [("sotto-console", "1".to_owned()), ("origin", door.console.to_string())];
    match person.sign_in(&door.caller, &headers).await {
        Ok((answered, _)) => {
            let mut headers = HeaderMap::new();
            for cookie in answered.get_all(SET_COOKIE) {
                headers.append(SET_COOKIE, cookie.clone());
            }
            let there = format!("{}/console", door.console).parse();
            let Ok(there) = there else { return StatusCode::NOT_FOUND.into_response() };
            headers.insert(LOCATION, there);
            (StatusCode::SEE_OTHER, headers).into_response()
        }
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, error).into_response(),
    }
}
