//! The delivery of tokens: a program gets them in the body, the console in cookies.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::SET_COOKIE;
use serde::Serialize;
use shared::http::response::Reply;
use shared::problem::Problem;
use utoipa::ToSchema;

use crate::client::{Client, DEVICE, DEVICE_SECONDS, REFRESH, cookie};
use crate::device::Device;
use crate::gate::{EXPIRES_IN, Granted};
use crate::keys::Keys;
use crate::state::App;

/// Tokens.
#[derive(Serialize, ToSchema)]
pub struct Tokens {
    access_token: String,
    token_type: &'static str,
    /// Seconds.
    expires_in: i64,
    /// Gives the next tokens, once; the console has it in a cookie.
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    /// Seconds until the session ends at the latest.
    refresh_expires_in: i64,
    /// For the next sign-in on this device: strangers' attempts do not make it wait.
    #[serde(skip_serializing_if = "Option::is_none")]
    device_token: Option<String>,
    /// Each is good once in the place of a second factor; shown this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    recovery_codes: Option<Vec<String>>,
}

/// Answers with tokens. `device` is the one that signed in, if that is what happened.
///
/// # Errors
/// [`Problem`] when there is no randomness.
pub fn tokens(
    (app, keys, client): (&App, &Keys, &Client),
    granted: Granted,
    signed_in: bool,
    recovery_codes: Option<Vec<String>>,
) -> Result<Response, Problem> {
    let device_token = if signed_in {
        let known = client.cookie(DEVICE);
        let known = known.and_then(|token| Device::read(keys, &app.clock, &granted.login, token));
        let device = known.map_or_else(Device::generate, Ok)?;
        Some(device.token(keys, &app.clock, &granted.login))
    } else {
        None
    };
    let program = !client.is_console;
    let mut response = Reply(
        StatusCode::OK,
        Tokens {
            access_token: granted.access_token,
            token_type: "Bearer",
            expires_in: EXPIRES_IN,
            refresh_token: program.then(|| granted.refresh_token.clone()),
            refresh_expires_in: granted.refresh_seconds,
            device_token: device_token.clone().filter(|_| program),
            recovery_codes,
        },
    )
    .into_response();
    if client.is_console {
        let refresh = cookie(REFRESH, &granted.refresh_token, granted.refresh_seconds);
        let device = device_token.and_then(|token| cookie(DEVICE, &token, DEVICE_SECONDS));
        for line in refresh.into_iter().chain(device) {
            response.headers_mut().append(SET_COOKIE, line);
        }
    }
    Ok(response)
}
