//! `GET` and `POST /v1/auth/invitations`, `DELETE /v1/auth/invitations/{id}`: an admin invites somebody,
//! sees who has not accepted yet, and withdraws what was not meant.

use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::clock::{UnixMillis, from_rfc3339, rfc3339};
use shared::http::request::{PageQuery, PathId, PlainJson};
use shared::http::response::Reply;
use shared::http::staff::{Admin, CoolingAdmin, SteppedUp};
use shared::ids::StaffId;
use shared::problem::{Code, FieldCode, Problem};
use shared::store::security_event::{Action, SecurityEvent};
use shared::text::RawText;
use shared::values::address::Address;
use shared::values::policy::DAY_MS;
use shared::values::role::{Role, Roles};
use utoipa::ToSchema;

use crate::invite::invite;
use crate::state::App;
use crate::store::invitation::{Invitation, LIFETIME_MS, Purpose};
use crate::store::throttle::Attempt;
use shared::store::write::Written;

/// How far ahead the end of an auditor's account may be.
const LONGEST_MS: UnixMillis = 30 * DAY_MS;

/// An invitation to make: the address and the roles.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InvitationRequest {
    /// The address by which they will sign in.
    #[schema(value_type = String)]
    email: Option<RawText>,
    /// `agent`, `privacy`, `security`, `admin`, one at least; or `auditor` alone.
    roles: Option<Vec<String>>,
    /// When the account ends by itself, RFC 3339: in 30 days at the latest. Required for an auditor, and refused
    /// for all others.
    ends_at: Option<String>,
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
    let ends_at_ms = read_end(request.ends_at.as_deref(), roles, app.clock.now_ms())?;
    let keys = app.store.keys().await?;
    let none = Attempt::new(Vec::new(), app.clock.now_ms());
    let (login, _) = app.store.login(&keys, &keys.login(&address), none).await?;
    if login.is_some() {
        return Err(Problem::new(Code::Conflict, "There is an account with this address."));
    }
    let staff = StaffId::generate(&app.clock)?;
    let purpose = Purpose::Join { address, roles, ends_at_ms };
    let (invited, kept) = invite(&app, &keys, (staff, Some(admin.id)), purpose)?;
    let event = SecurityEvent::by(admin.id, Action::Invited, staff);
    let writes = app.store.transaction().and_all(kept).and(app.store.events.put(event).await?);
    writes.commit_patiently("invite").await?;
    let expires_at = invited.expires_at();
    let response = InvitationResponse { invitation_token: invited.token, expires_at };
    Ok(Reply(StatusCode::CREATED, response))
}

/// An invitation that was not accepted yet. Its secret was shown once, to who made it.
#[derive(Serialize, ToSchema)]
pub struct InvitationItem {
    /// The id that the person will have.
    #[schema(value_type = String)]
    id: StaffId,
    email: String,
    #[schema(value_type = Vec<String>)]
    roles: Roles,
    invited_at: String,
    expires_at: String,
    /// When the account of an auditor will end by itself; null for all others.
    ends_at: Option<String>,
    /// The id of the admin who invited; null for the operator.
    #[schema(value_type = Option<String>)]
    by: Option<StaffId>,
}

/// Invitations, in the order in which they were made.
#[derive(Serialize, ToSchema)]
pub struct InvitationsResponse {
    items: Vec<InvitationItem>,
    next_cursor: Option<String>,
}

impl InvitationItem {
    fn of(invitation: Invitation) -> Option<Self> {
        let good_until_ms = invitation.good_until_ms();
        let Invitation { staff, purpose, by, ends_at_ms } = invitation;
        let Purpose::Join { address, roles, ends_at_ms: account_end_ms } = purpose else {
            return None;
        };
        Some(Self {
            id: staff,
            email: address.reveal().to_owned(),
            roles,
            invited_at: rfc3339(ends_at_ms - LIFETIME_MS),
            expires_at: rfc3339(good_until_ms),
            ends_at: account_end_ms.map(rfc3339),
            by,
        })
    }
}

#[utoipa::path(get, path = "/v1/auth/invitations",
    params(("limit" = Option<u8>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = InvitationsResponse)))]
pub(crate) async fn list(
    State(app): State<App>,
    SteppedUp(..): SteppedUp<CoolingAdmin>,
    page: PageQuery,
) -> Result<Reply<InvitationsResponse>, Problem> {
    let keys = app.store.keys().await?;
    let after = page.after(StaffId::parse)?;
    let (waiting, last) = app.store.invitations(&keys, page.limit, after).await?;
    let items = waiting.into_iter().filter_map(InvitationItem::of).collect();
    let next_cursor = last.map(|last| last.to_string());
    Ok(Reply(StatusCode::OK, InvitationsResponse { items, next_cursor }))
}

#[utoipa::path(delete, path = "/v1/auth/invitations/{id}", params(("id" = String, Path)),
    responses((status = 204)))]
pub(crate) async fn withdraw(
    State(app): State<App>,
    SteppedUp(admin, ..): SteppedUp<CoolingAdmin>,
    PathId(id): PathId,
) -> Result<StatusCode, Problem> {
    let id = StaffId::parse(&id).ok_or(Code::NotFound)?;
    let keys = app.store.keys().await?;
    let (name, invitation) = app.store.invitation_of(&keys, id).await?.ok_or(Code::NotFound)?;
    let event = SecurityEvent::by(admin.id, Action::InvitationWithdrawn, id);
    let writes = app
        .store
        .transaction()
        .and_all(app.store.spend_invitation(&name, &invitation)?)
        .and(app.store.events.put(event).await?);
    match writes.commit_patiently("withdraw_invitation").await? {
        Written::Whole => Ok(StatusCode::NO_CONTENT),
        // It was accepted, or withdrawn, at this very moment.
        Written::Refused(_) => Err(Code::NotFound.into()),
    }
}

/// When the account of somebody with these roles ends by itself.
fn read_end(
    text: Option<&str>,
    roles: Roles,
    now_ms: UnixMillis,
) -> Result<Option<UnixMillis>, Problem> {
    let refused = |code| Problem::invalid("/ends_at", code);
    match (roles.has(Role::Auditor), text) {
        (false, None) => Ok(None),
        (false, Some(_)) => Err(refused(FieldCode::NotAllowed)),
        (true, None) => Err(refused(FieldCode::Missing)),
        (true, Some(text)) => {
            match from_rfc3339(text).ok_or_else(|| refused(FieldCode::BadFormat))? {
                end_ms if end_ms <= now_ms => Err(refused(FieldCode::TooSmall)),
                end_ms if end_ms > now_ms + LONGEST_MS => Err(refused(FieldCode::TooLarge)),
                end_ms => Ok(Some(end_ms)),
            }
        }
    }
}

/// A set of roles that is not empty, and that one person may have.
pub(crate) fn read_roles(names: Option<Vec<String>>) -> Result<Roles, Problem> {
    let names = names.ok_or_else(|| Problem::invalid("/roles", FieldCode::Missing))?;
    Roles::read(names.iter().map(String::as_str))
        .filter(|roles| !roles.is_empty() && roles.go_together())
        .ok_or_else(|| Problem::invalid("/roles", FieldCode::NotAllowed))
}
