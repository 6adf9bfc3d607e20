//! `GET /v1/sites/{id}/widget`: what anybody may know of a site, so that the widget can show it. A plain answer
//! is kept by browsers for a minute, and no other answer of the API is kept. The widget asks for a sealed one:
//! visitors agree to the notice in it.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, VARY};
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use shared::clock::rfc3339;
use shared::http::app::App;
use shared::http::request::{Anybody, PathId};
use shared::http::response::Reply;
use shared::problem::{Code, Problem};
use shared::values::look::{Colours, Look, Notice, Texts};
use shared::values::opening_hours::OpeningHours;
use shared::values::site::Site;
use utoipa::ToSchema;

use crate::conversations::SUPPORT;
use crate::keys::RetentionShown;

/// A site as its visitors see it.
#[derive(Serialize, ToSchema)]
pub struct WidgetResponse {
    id: &'static str,
    /// The name above the conversation.
    name: Option<String>,
    /// The first words in the window, by language.
    greeting: Texts,
    /// Questions to ask by a click, by language.
    suggested: BTreeMap<String, Vec<String>>,
    /// The colours of buttons and links, as `#rrggbb`.
    #[schema(value_type = Option<Object>)]
    colours: Option<Colours>,
    /// The words on the button that opens the window, by language.
    launcher: Texts,
    /// The operator's own privacy notice.
    privacy_url: Option<String>,
    consent: ConsentShown,
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

/// What visitors are asked to agree to.
#[derive(Serialize, ToSchema)]
pub struct ConsentShown {
    /// For `notice_version` of a consent.
    notice_version: String,
    /// The operator's own words, by language.
    text: Texts,
    /// `support`.
    purposes: [&'static str; 1],
}

#[utoipa::path(get, path = "/v1/sites/{id}/widget", params(("id" = String, Path)),
    responses((status = 200, body = WidgetResponse, headers(("Cache-Control" = String)))))]
pub(crate) async fn get(
    State(app): State<App>,
    _: Anybody,
    PathId(id): PathId,
) -> Result<Response, Problem> {
    let site = Site::find(&id).ok_or(Code::NotFound)?;
    let (settings, attendance, policy) = tokio::join!(
        app.store.site_settings(site),
        app.store.attendance(site),
        app.store.settings.policy_to_say(site),
    );
    let (settings, attendance, policy) = (settings?, attendance?, policy?);
    let Look { name, greeting, suggested, colours, launcher, privacy_url, consent } =
        settings.look.clone();
    let notice_version = consent.name();
    let Notice { text, .. } = consent;
    let response = WidgetResponse {
        id: site.id,
        name,
        greeting,
        suggested,
        colours,
        launcher,
        privacy_url,
        consent: ConsentShown { notice_version, text, purposes: [SUPPORT] },
        locales: site.locales,
        opening_hours: settings.opening_hours.clone(),
        open_now: attendance.open_now,
        available: attendance.available,
        next_opening: attendance.next_opening_ms.map(rfc3339),
        retention: RetentionShown::of(&policy),
    };
    let mut response = Reply(StatusCode::OK, response).into_response();
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("max-age=60"));
    headers.append(VARY, HeaderValue::from_static("sotto-reply-key"));
    Ok(response)
}
