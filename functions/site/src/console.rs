//! `GET /console`: where staff sign in.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

use crate::document::Rules;
use crate::page::Pages;

const RULES: Rules = Rules {
    // As the demo page, but stricter with scripts: no policy may turn text into one. The QR code of
    // an authenticator app is a picture in a `data:` address, where markup is inert.
    content: "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
        img-src 'self' data:; font-src 'none'; frame-ancestors 'none'; base-uri 'none'; \
        form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
    // Passkeys are made and used here, and in no frame.
    permissions: "accelerometer=(), autoplay=(), camera=(), display-capture=(), \
        encrypted-media=(), fullscreen=(), geolocation=(), gyroscope=(), magnetometer=(), \
        microphone=(), midi=(), payment=(), publickey-credentials-create=(self), \
        publickey-credentials-get=(self), usb=()",
};

/// The staff's console.
#[utoipa::path(
    get,
    path = "/console",
    params(("lang" = Option<String>, Query, description = "`en` or `de`; without it the browser's")),
    responses((status = 200, description = "The console", content_type = "text/html", body = String), (status = 304))
)]
pub(crate) async fn get(State(pages): State<Arc<Pages>>, request: HeaderMap) -> Response {
    pages.console.answer(&RULES, &request)
}
