//! `POST /v1/auth/refresh`: the next tokens of a session.

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use shared::http::request::PlainJson;
use shared::problem::{Code, Problem};
use utoipa::ToSchema;

use crate::answer::tokens;
use crate::client::Client;
use crate::gate;
use crate::state::App;

/// The refresh token; the console's is in its cookie.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefreshRequest {
    /// The token that was given last.
    refresh_token: Option<String>,
}

#[utoipa::path(post, path = "/v1/auth/refresh", request_body = RefreshRequest,
    responses((status = 200, body = crate::answer::Tokens)))]
pub(crate) async fn post(
    State(app): State<App>,
    client: Client,
    PlainJson(request): PlainJson<RefreshRequest>,
) -> Result<Response, Problem> {
    let token = client.refresh_token(request.refresh_token.as_deref());
    let token = token.ok_or(Code::TokenMissing)?;
    let keys = app.store.keys().await?;
    let granted = Box::pin(gate::renew(&app, &keys, token)).await?;
    tokens((&app, &keys, &client), granted, false, None)
}
