//! `GET /`: a made-up shop with the widget in it.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use values::problem::{Code, Problem};

use crate::Config;
use crate::dist::{DIST, Page};
use crate::document::{Document, Rules};

const RULES: Rules = Rules {
    // Only what comes from here, no inline script or style, nobody's frame, and no text as script
    // but through the widget's own policy, which passes its own files.
    content: "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
        img-src 'self'; font-src 'none'; frame-ancestors 'none'; base-uri 'none'; \
        form-action 'none'; require-trusted-types-for 'script'; trusted-types sotto",
    // The widget takes dictation where the device does it by itself.
    permissions: "accelerometer=(), autoplay=(), camera=(), display-capture=(), \
        encrypted-media=(), fullscreen=(), geolocation=(), gyroscope=(), magnetometer=(), \
        microphone=(self), midi=(), payment=(), publickey-credentials-get=(), usb=()",
};

/// The pages with the pins filled in.
pub struct Pages {
    demo: Option<[Document; 2]>,
    pub(crate) console: Document,
}

impl Pages {
    /// Fills in the one thing that the pages must be told. The demo page is none where the stack serves none.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        let pins = &config.root_pins;
        let filled = |Page { language, tag, html }| Document {
            language,
            tag: format!("\"{tag}.{}\"", pins.as_str().replace(' ', ".")),
            html: html.replace("{{root}}", pins.as_str()),
        };
        let demo = config.demo_page.then(|| DIST.pages.map(filled));
        Self { demo, console: filled(DIST.console) }
    }

    /// The page that `?lang=de` asks for, or the English one.
    fn find(&self, query: Option<&str>) -> Option<&Document> {
        let [english, german] = self.demo.as_ref()?;
        let asked = query.unwrap_or_default().split('&').any(|pair| pair == "lang=de");
        Some(if asked { german } else { english })
    }
}

/// The demo page.
///
/// # Errors
/// [`Code::NoSuchRoute`] where the stack serves none.
#[utoipa::path(
    get,
    path = "/",
    params(("lang" = Option<String>, Query, description = "`de` for German")),
    responses((status = 200, description = "A page with the widget", content_type = "text/html", body = String), (status = 304))
)]
pub async fn get(
    State(pages): State<Arc<Pages>>,
    RawQuery(query): RawQuery,
    request: HeaderMap,
) -> Result<Response, Problem> {
    let page = pages.find(query.as_deref()).ok_or(Code::NoSuchRoute)?;
    Ok(page.answer(&RULES, &request))
}
