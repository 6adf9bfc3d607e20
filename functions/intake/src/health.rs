//! `GET /v1/health`: that the function runs, and which version. Touches nothing else.

use http::StatusCode;
use serde::Serialize;
use shared::http::response::Reply;
use utoipa::ToSchema;

/// That the function runs.
#[derive(Serialize, ToSchema)]
#[schema(as = Health)]
pub struct Health {
    /// Always `ok`: what is not ok does not answer.
    status: &'static str,
    /// The version that answers.
    version: &'static str,
}

#[utoipa::path(get, path = "/v1/health", responses((status = 200, body = Health)))]
pub(crate) async fn get() -> Reply<Health> {
    Reply(StatusCode::OK, Health { status: "ok", version: env!("CARGO_PKG_VERSION") })
}
