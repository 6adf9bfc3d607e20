//! `GET /.well-known/jwks.json`: what staff tokens and receipts are verified with (RFC 7517, 8037), by pages of
//! any origin.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};
use shared::problem::Problem;

use crate::state::App;

#[utoipa::path(get, path = "/.well-known/jwks.json",
    responses((status = 200, content_type = "application/jwk-set+json")))]
pub(crate) async fn get(State(app): State<App>) -> Result<Response, Problem> {
    let keys = app.staff_keys.get().await?;
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("application/jwk-set+json")),
        (ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*")),
    ];
    Ok((StatusCode::OK, headers, keys.jwks().to_owned()).into_response())
}
