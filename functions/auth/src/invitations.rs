//! `POST /v1/auth/invitations`: an admin invites somebody.

use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::http::request::PlainJson;
use shared::http::response::Reply;
use shared::http::staff::{Admin, SteppedUp};
use shared::ids::StaffId;
use shared::problem::{Code, FieldCode, Problem};
use shared::store::security_event::{Action, SecurityEvent};
use shared::text::RawText;
use shared::values::address::Address;
use shared::values::role::Roles;
use utoipa::ToSchema;

use crate::invite::invite;
use crate::state::App;
use crate::store::invitation::Purpose;
use crate::store::throttle::Attempt;

/// Who is invited, and to what.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InvitationRequest {
    /// The address by which they will sign in.
    #[schema(value_type = String)]
    email: Option<RawText>,
    /// `agent`, `privacy`, `security`, `admin`; one at least.
    roles: Option<Vec<String>>,
}

/// The invitation, to be handed over.
#[derive(Serialize, ToSchema)]
pub struct InvitationResponse {
    invitation_token: String,
    expires_at: String,
}

#[utoipa::path(post, path = "/v1/auth/invitations", request_body = InvitationRequest,
    responses((status = 201, body = InvitationResponse)))]
pub(crate) async fn post(
    State(app): State<App>,
    SteppedUp(admin, ..): SteppedUp<Admin>,
    PlainJson(request): PlainJson<InvitationRequest>,
) -> Result<Reply<InvitationResponse>, Problem> {
    let address = Address::judge(request.email, "/email")?;
    if !address.is_of_staff() {
        return Err(Problem::invalid("/email", FieldCode::BadFormat));
    }
    let roles = read_roles(request.roles)?;
    let keys = app.store.keys().await?;
    let none = Attempt::new(Vec::new(), app.clock.now_ms());
    let (login, _) = app.store.login(&keys, &keys.login(&address), none).await?;
    if login.is_some() {
        return Err(Problem::new(Code::Conflict, "There is an account with this address."));
    }
    let staff = StaffId::generate(&app.clock)?;
    let (invited, kept) =
        invite(&app, &keys, (staff, Some(admin.id)), Purpose::Join { address, roles })?;
    let event = SecurityEvent::by(admin.id, Action::Invited, staff);
    let writes = app.store.transaction().and(kept).and(app.store.events.put(event)?);
    writes.commit_patiently("invite").await?;
    let expires_at = invited.expires_at();
    let response = InvitationResponse { invitation_token: invited.token, expires_at };
    Ok(Reply(StatusCode::CREATED, response))
}

/// A set of roles that is not empty.
pub(crate) fn read_roles(names: Option<Vec<String>>) -> Result<Roles, Problem> {
    let names = names.ok_or_else(|| Problem::invalid("/roles", FieldCode::Missing))?;
    Roles::read(names.iter().map(String::as_str))
        .filter(|roles| !roles.is_empty())
        .ok_or_else(|| Problem::invalid("/roles", FieldCode::NotAllowed))
}
