//! The client: the console, which keeps its refresh token in a cookie that no script can read, or
//! a program, which keeps it as it likes.

use axum::extract::FromRequestParts;
use http::header::{COOKIE, ORIGIN};
use http::request::Parts;
use http::{HeaderMap, HeaderValue};
use shared::http::demands::{Demanding, Demands};
use shared::http::gateway::Gateway;
use shared::problem::{Code, Problem};

use crate::keys::Keys;
use crate::state::App;
use crate::store::session::RefreshToken;

/// The console's mark. A page of another origin cannot send it without a preflight, which is refused.
const MARK: &str = "sotto-console";
/// The cookie of the refresh token.
pub const REFRESH: &str = "__Host-sotto-refresh";
/// The cookie by which a device is known again.
pub const DEVICE: &str = "__Host-sotto-device";
/// Seconds that a device is known.
pub const DEVICE_SECONDS: i64 = 90 * 24 * 60 * 60;

/// The client of a request.
pub struct Client {
    /// Whether it is the console.
    pub is_console: bool,
    /// The origin of the console, if it is known.
    pub origin: Option<String>,
    /// The facts about the request that the gateway states.
    pub gateway: Gateway,
    cookies: Vec<(String, String)>,
}

impl Client {
    /// The value of a cookie. Only the console has any.
    #[must_use]
    pub fn cookie(&self, name: &str) -> Option<&str> {
        let mut found = self.cookies.iter().filter(|(known, _)| self.is_console && known == name);
        found.next().map(|(_, value)| &**value)
    }

    /// The session that this browser had until now.
    #[must_use]
    pub fn session_before(&self, keys: &Keys) -> Option<RefreshToken> {
        RefreshToken::open(keys, self.cookie(REFRESH)?)
    }

    /// The refresh token: of the body, or the console's cookie.
    #[must_use]
    pub fn refresh_token<'a>(&'a self, given: Option<&'a str>) -> Option<&'a str> {
        given.or_else(|| self.cookie(REFRESH))
    }
}

impl FromRequestParts<App> for Client {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let Ok(gateway) = Gateway::from_request_parts(parts, app).await;
        let called = gateway.domain.as_ref().map(|domain| format!("https://{domain}"));
        let origin = app.console_origin.clone().or(called);
        let is_console = parts.headers.get(MARK).is_some_and(|mark| mark.as_bytes() == b"1");
        if is_console && !is_own(&parts.headers, origin.as_deref()) {
            return Err(Problem::new(Code::Forbidden, "The console is served by this API itself."));
        }
        Ok(Self { is_console, origin, gateway, cookies: cookies(&parts.headers) })
    }
}

impl Demanding for Client {
    fn add_to(demands: &mut Demands) {
        demands.refusals.push(Code::Forbidden);
    }
}

/// Whether a request of the console comes from the console's own page: the mark alone would be enough
/// for a browser, this holds as well where a gateway answers preflights too kindly.
fn is_own(headers: &HeaderMap, own: Option<&str>) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    match headers.get(ORIGIN).map(HeaderValue::as_bytes) {
        Some(origin) => own.is_some_and(|own| own.as_bytes() == origin),
        None => text("sec-fetch-site") == Some("same-origin"),
    }
}

fn cookies(headers: &HeaderMap) -> Vec<(String, String)> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    lines
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// A cookie that no script reads, no other site sends and no other host sees; with no seconds it ends
/// at once.
#[must_use]
pub fn cookie(name: &str, value: &str, seconds: i64) -> Option<HeaderValue> {
    let line =
        format!("{name}={value}; Path=/; Max-Age={seconds}; Secure; HttpOnly; SameSite=Strict");
    HeaderValue::from_str(&line).ok()
}
