//! `GET /console`: where staff sign in.

use axum::http::HeaderMap;
use axum::response::Response;

use crate::dist::{DIST, Page};
use crate::document::{Document, Rules};

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
pub(crate) async fn get(request: HeaderMap) -> Response {
    let Page { language, tag, html } = DIST.console;
    let page = Document { language, tag: format!("\"{tag}\""), html: html.to_owned() };
    page.answer(&RULES, &request)
}
