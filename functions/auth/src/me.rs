//! `GET /v1/auth/me`: who is in.

use axum::extract::State;
use http::StatusCode;
use serde::Serialize;
use shared::clock::{UnixMillis, rfc3339};
use shared::http::response::Reply;
use shared::http::staff::{Allowed, Anybody};
use shared::ids::StaffId;
use shared::problem::Problem;
use shared::values::role::Roles;
use utoipa::ToSchema;

use crate::caller;
use crate::state::App;

/// For how long somebody is told of a reset.
const NOTICE_MS: UnixMillis = 30 * 24 * 60 * 60 * 1000;

/// Somebody, as they see themselves.
#[derive(Serialize, ToSchema)]
pub struct MeResponse {
    #[schema(value_type = String)]
    id: StaffId,
    name: String,
    email: String,
    #[schema(value_type = Vec<String>)]
    roles: Roles,
    /// The second factors that there are: `totp`, `passkey`.
    mfa: Vec<&'static str>,
    training: Training,
    /// What an admin took in the last 30 days; null when nothing was.
    reset: Option<ResetNotice>,
}

/// That an admin made somebody begin anew with something.
#[derive(Serialize, ToSchema)]
pub struct ResetNotice {
    /// `second_factor` or `password`.
    what: String,
    at: String,
}

/// Whether the courses that the roles ask for were passed.
#[derive(Serialize, ToSchema)]
pub struct Training {
    /// There are no courses in this release, so nobody has passed one.
    current: bool,
    expires_at: Option<String>,
}

#[utoipa::path(get, path = "/v1/auth/me", responses((status = 200, body = MeResponse)))]
pub(crate) async fn get(
    State(app): State<App>,
    Allowed(staff, ..): Allowed<Anybody>,
) -> Result<Reply<MeResponse>, Problem> {
    let keys = app.store.keys().await?;
    let person = caller::person(&app, &keys, &staff).await?;
    let mfa = person.factors();
    let account = person.account;
    let told_since_ms = app.clock.now_ms() - NOTICE_MS;
    let me = MeResponse {
        id: account.id,
        name: account.profile.name,
        email: account.profile.email,
        roles: account.roles,
        mfa,
        reset: account
            .profile
            .reset
            .filter(|reset| reset.at_ms > told_since_ms)
            .map(|reset| ResetNotice { what: reset.what, at: rfc3339(reset.at_ms) }),
        training: Training { current: false, expires_at: None },
    };
    Ok(Reply(StatusCode::OK, me))
}
