//! `GET /v1/sites/{id}/widget`: what anybody may know of a site, so that the widget can show it. Kept by
//! browsers for a minute; no other answer of the API is kept.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::CACHE_CONTROL;
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use shared::clock::rfc3339;
use shared::http::app::App;
use shared::http::request::PathId;
use shared::http::response::Reply;
use shared::problem::{Code, Problem};
use shared::values::opening_hours::OpeningHours;
use shared::values::site::Site;
use utoipa::ToSchema;

use crate::keys::RetentionShown;

/// A site as its visitors see it.
#[derive(Serialize, ToSchema)]
pub struct WidgetResponse {
    id: &'static str,
    /// Languages that the bot answers in, the site's own first.
    locales: &'static [&'static str],
    /// `null` for always: a time zone, spans of each day, days off.
    #[schema(value_type = Option<Object>)]
    opening_hours: Option<OpeningHours>,
    /// Whether it is within the opening hours.
    open_now: bool,
    /// Whether it is, and somebody is there who can answer.
    available: bool,
    /// When a closed site opens next, if it does within 60 days.
    next_opening: Option<String>,
    retention: RetentionShown,
}

#[utoipa::path(get, path = "/v1/sites/{id}/widget", params(("id" = String, Path)),
    responses((status = 200, body = WidgetResponse, headers(("Cache-Control" = String)))))]
pub(crate) async fn get(State(app): State<App>, PathId(id): PathId) -> Result<Response, Problem> {
    let site = Site::find(&id).ok_or(Code::NotFound)?;
    let (settings, attendance, policy) = tokio::join!(
        app.store.site_settings(site),
        app.store.attendance(site),
        app.store.settings.policy_to_say(site),
    );
    let (settings, attendance, policy) = (settings?, attendance?, policy?);
    let response = WidgetResponse {
        id: site.id,
        locales: site.locales,
        opening_hours: settings.opening_hours.clone(),
        open_now: attendance.open_now,
        available: attendance.available,
        next_opening: attendance.next_opening_ms.map(rfc3339),
        retention: RetentionShown::of(&policy),
    };
    let mut response = Reply(StatusCode::OK, response).into_response();
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("max-age=60"));
    Ok(response)
}
