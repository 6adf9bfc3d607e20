//! `GET /`: a made-up shop with the widget in it.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use http::header::{
    CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, REFERRER_POLICY,
};
use shared::values::pins::Pins;

use crate::dist::{DIST, Page};
use crate::files::is_known;

/// Only what comes from here, no inline script or style, nobody's frame, and no text as script but
/// through the widget's own policy, which passes its own two files.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
    img-src 'self'; font-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; \
    require-trusted-types-for 'script'; trusted-types sotto";
const PERMISSIONS: &str = "accelerometer=(), autoplay=(), camera=(), display-capture=(), \
    encrypted-media=(), fullscreen=(), geolocation=(), gyroscope=(), magnetometer=(), \
    microphone=(), midi=(), payment=(), publickey-credentials-get=(), usb=()";

/// The demo page with its pins filled in.
pub struct Pages([Rendered; 2]);

struct Rendered {
    language: &'static str,
    tag: String,
    html: String,
}

impl Pages {
    /// Fills in the one thing that the page must be told.
    #[must_use]
    pub fn new(pins: &Pins) -> Self {
        Self(DIST.pages.map(|Page { language, tag, html }| Rendered {
            language,
            tag: format!("\"{tag}.{}\"", pins.as_str().replace(' ', ".")),
            html: html.replace("{{root}}", pins.as_str()),
        }))
    }

    /// The page that `?lang=de` asks for, or the English one.
    fn find(&self, query: Option<&str>) -> &Rendered {
        let [english, german] = &self.0;
        let asked = query.unwrap_or_default().split('&').any(|pair| pair == "lang=de");
        if asked { german } else { english }
    }
}

/// The demo page.
#[utoipa::path(
    get,
    path = "/",
    tag = "site",
    params(("lang" = Option<String>, Query, description = "`de` for German")),
    responses((status = 200, description = "A page with the widget", content_type = "text/html", body = String))
)]
pub async fn get(
    State(pages): State<Arc<Pages>>,
    RawQuery(query): RawQuery,
    request: HeaderMap,
) -> Response {
    let page = pages.find(query.as_deref());
    let headers = [
        (CACHE_CONTROL, "no-cache"),
        (CONTENT_LANGUAGE, page.language),
        (CONTENT_SECURITY_POLICY, POLICY),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), PERMISSIONS),
        (REFERRER_POLICY, "no-referrer"),
    ];
    if is_known(&page.tag, &request) {
        return (StatusCode::NOT_MODIFIED, headers, [(ETAG, page.tag.clone())]).into_response();
    }
    let html = [(CONTENT_TYPE, "text/html; charset=utf-8")];
    (headers, [(ETAG, page.tag.clone())], html, page.html.clone()).into_response()
}
