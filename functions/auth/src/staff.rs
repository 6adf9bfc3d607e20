//! `GET /v1/auth/staff`, `GET`, `PATCH`, `DELETE /v1/auth/staff/{id}`: people, for admins.

use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::access::staff::Staff;
use shared::clock::rfc3339;
use shared::http::request::{PageQuery, PathId, PlainJson};
use shared::http::response::Reply;
use shared::http::staff::{Admin, SteppedUp};
use shared::ids::StaffId;
use shared::problem::{Code, FieldCode, Problem};
use shared::store::security_event::{Action, SecurityEvent};
use shared::values::role::{Role, Roles};
use utoipa::ToSchema;

use crate::invitations::read_roles;
use crate::invite::{Invited, invite};
use crate::keys::Keys;
use crate::state::App;
use crate::store::Written;
use crate::store::invitation::Purpose;
use crate::store::login::PasswordThen;
use crate::store::person::{self, Ends, Person, Status};
use crate::store::throttle::Counter;

/// Somebody, as an admin sees them.
#[derive(Serialize, ToSchema)]
pub struct PersonItem {
    #[schema(value_type = String)]
    id: StaffId,
    name: String,
    email: String,
    #[schema(value_type = Vec<String>)]
    roles: Roles,
    /// `active` or `disabled`.
    #[schema(value_type = String)]
    status: Status,
    /// The second factors that there are.
    mfa: Vec<&'static str>,
    created_at: String,
    /// Until when attempts from devices that the account does not know have to wait.
    locked_until: Option<String>,
    /// To hand over, after a reset.
    #[serde(skip_serializing_if = "Option::is_none")]
    invitation_token: Option<String>,
    /// Until when that is good.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<String>,
}

/// People, in the order in which they were invited.
#[derive(Serialize, ToSchema)]
pub struct StaffResponse {
    items: Vec<PersonItem>,
    next_cursor: Option<String>,
}

/// What is changed; what is not named stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PatchRequest {
    /// All roles from now on; one at least.
    roles: Option<Vec<String>>,
    /// Whether they may not sign in.
    disabled: Option<bool>,
    /// True lets strangers' attempts begin at none again.
    unlock: Option<bool>,
    /// True ends all their sessions.
    end_sessions: Option<bool>,
    /// `second_factor` or `password`: takes it away and gives an invitation to a new one.
    reset: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Reset {
    SecondFactor,
    Password,
}

impl Reset {
    const fn as_str(self) -> &'static str {
        match self {
            Self::SecondFactor => "second_factor",
            Self::Password => "password",
        }
    }

    fn find(name: &str) -> Option<Self> {
        [Self::SecondFactor, Self::Password].into_iter().find(|reset| reset.as_str() == name)
    }
}

async fn find(app: &App, keys: &Keys, id: &str) -> Result<Person, Problem> {
    let id = StaffId::parse(id).ok_or(Code::NotFound)?;
    app.store.person(keys, id).await?.ok_or_else(|| Code::NotFound.into())
}

async fn item(app: &App, person: Person, invited: Option<Invited>) -> Result<PersonItem, Problem> {
    let counter = Counter::of_strangers(&person.account.login);
    let locked_until = app.store.waits_until(counter).await?.map(rfc3339);
    let mfa = person.factors();
    let account = person.account;
    let expires_at = invited.as_ref().map(Invited::expires_at);
    Ok(PersonItem {
        id: account.id,
        name: account.profile.name,
        email: account.profile.email,
        roles: account.roles,
        status: account.status,
        mfa,
        created_at: rfc3339(account.made_at_ms),
        locked_until,
        invitation_token: invited.map(|invited| invited.token),
        expires_at,
    })
}

#[utoipa::path(get, path = "/v1/auth/staff",
    params(("limit" = Option<u8>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = StaffResponse)))]
pub(crate) async fn list(
    State(app): State<App>,
    SteppedUp(..): SteppedUp<Admin>,
    page: PageQuery,
) -> Result<Reply<StaffResponse>, Problem> {
    let keys = app.store.keys().await?;
    let invalid = || Problem::invalid("/query/cursor", FieldCode::BadFormat);
    let after = match page.cursor {
        Some(cursor) => Some(StaffId::parse(&cursor).ok_or_else(invalid)?),
        None => None,
    };
    let found = app.store.people(page.limit, after).await?;
    let next_cursor = found.last().filter(|_| found.len() == page.limit).map(ToString::to_string);
    let mut items = Vec::new();
    for id in found {
        // Whoever is not there was deleted between the two reads.
        if let Some(person) = app.store.person(&keys, id).await? {
            items.push(item(&app, person, None).await?);
        }
    }
    Ok(Reply(StatusCode::OK, StaffResponse { items, next_cursor }))
}

#[utoipa::path(get, path = "/v1/auth/staff/{id}", params(("id" = String, Path)),
    responses((status = 200, body = PersonItem)))]
pub(crate) async fn get(
    State(app): State<App>,
    SteppedUp(..): SteppedUp<Admin>,
    PathId(id): PathId,
) -> Result<Reply<PersonItem>, Problem> {
    let keys = app.store.keys().await?;
    let person = find(&app, &keys, &id).await?;
    Ok(Reply(StatusCode::OK, item(&app, person, None).await?))
}

#[utoipa::path(patch, path = "/v1/auth/staff/{id}", params(("id" = String, Path)),
    request_body = PatchRequest, responses((status = 200, body = PersonItem)))]
pub(crate) async fn patch(
    State(app): State<App>,
    SteppedUp(admin, ..): SteppedUp<Admin>,
    PathId(id): PathId,
    PlainJson(request): PlainJson<PatchRequest>,
) -> Result<Reply<PersonItem>, Problem> {
    let roles = request.roles.map(|names| read_roles(Some(names))).transpose()?;
    let unknown = || Problem::invalid("/reset", FieldCode::NotAllowed);
    let reset = request.reset.as_deref();
    let reset = reset.map(|name| Reset::find(name).ok_or_else(unknown)).transpose()?;
    let keys = app.store.keys().await?;
    let person = find(&app, &keys, &id).await?;
    let status = match request.disabled {
        None => person.account.status,
        Some(true) => Status::Disabled,
        Some(false) => Status::Active,
    };
    let id = person.account.id;
    let roles = roles.unwrap_or(person.account.roles);
    keep_an_admin(&admin, &person, roles, status)?;
    // One's own is changed with what one has, and not by taking it away.
    if admin.id == id && reset.is_some() {
        return Err(Problem::new(Code::Conflict, "Another admin has to do this."));
    }
    let mut writes = Vec::new();
    if request.unlock == Some(true) {
        let counter = Counter::of_strangers(&person.account.login);
        writes.push(app.store.forget(&counter)?);
        let event = SecurityEvent::by(admin.id, Action::ThrottleEnded, id);
        writes.push(app.store.events.put(event)?);
    }
    let change = Change { roles, status, reset, ends: request.end_sessions == Some(true) };
    let invited = change.write(&app, &keys, &admin, &person, &mut writes)?;
    if !writes.is_empty() && app.store.write("change_person", writes).await? != Written::Whole {
        return Err(Problem::new(Code::Conflict, "The account was changed meanwhile."));
    }
    let changed = app.store.person(&keys, id).await?.ok_or(Code::NotFound)?;
    Ok(Reply(StatusCode::OK, item(&app, changed, invited).await?))
}

/// Nobody takes the admin's role from themselves, so there is always one who has it.
fn keep_an_admin(
    admin: &Staff,
    person: &Person,
    roles: Roles,
    status: Status,
) -> Result<(), Problem> {
    let stays = roles.has(Role::Admin) && status == Status::Active;
    if admin.id == person.account.id && !stays {
        return Err(Problem::new(Code::Conflict, "Another admin has to do this."));
    }
    Ok(())
}

/// What somebody may do changes, or what they are known by: every session of theirs ends with it.
struct Change {
    roles: Roles,
    status: Status,
    reset: Option<Reset>,
    ends: bool,
}

impl Change {
    fn write(
        self,
        app: &App,
        keys: &Keys,
        admin: &Staff,
        person: &Person,
        writes: &mut Vec<aws_sdk_dynamodb::types::TransactWriteItem>,
    ) -> Result<Option<Invited>, Problem> {
        let Self { roles, status, reset, ends } = self;
        let account = &person.account;
        let id = account.id;
        let mut actions = Vec::new();
        if roles != account.roles {
            actions.push(Action::RolesChanged);
        }
        match (account.status, status) {
            (Status::Active, Status::Disabled) => actions.push(Action::Disabled),
            (Status::Disabled, Status::Active) => actions.push(Action::Enabled),
            _ => {}
        }
        match reset {
            Some(Reset::SecondFactor) => actions.push(Action::FactorsReset),
            Some(Reset::Password) => actions.push(Action::PasswordReset),
            None => {}
        }
        if ends {
            actions.push(Action::SessionEnded);
        }
        if actions.is_empty() {
            return Ok(None);
        }
        let password = match reset {
            Some(Reset::Password) => PasswordThen::Goes,
            Some(Reset::SecondFactor) | None => PasswordThen::Stays,
        };
        let (account, changed) =
            app.store.change_account(keys, account, (Ends::Sessions, password), |account| {
                account.roles = roles;
                account.status = status;
                if let Some(reset) = reset {
                    let (what, at_ms) = (reset.as_str().to_owned(), app.clock.now_ms());
                    account.profile.reset = Some(person::Reset { what, at_ms });
                }
            })?;
        writes.extend(changed);
        let version = account.version;
        let invited = match reset {
            Some(Reset::SecondFactor) => {
                writes.extend(app.store.delete_factors(person)?);
                Some(invite(app, keys, id, Purpose::SecondFactor { version })?)
            }
            Some(Reset::Password) => Some(invite(app, keys, id, Purpose::Password { version })?),
            None => None,
        };
        for action in actions {
            writes.push(app.store.events.put(SecurityEvent::by(admin.id, action, id))?);
        }
        Ok(invited.map(|(invited, kept)| {
            writes.push(kept);
            invited
        }))
    }
}

#[utoipa::path(delete, path = "/v1/auth/staff/{id}", params(("id" = String, Path)),
    responses((status = 200, body = PersonItem)))]
pub(crate) async fn delete(
    State(app): State<App>,
    SteppedUp(admin, ..): SteppedUp<Admin>,
    PathId(id): PathId,
) -> Result<Reply<PersonItem>, Problem> {
    let keys = app.store.keys().await?;
    let person = find(&app, &keys, &id).await?;
    let id = person.account.id;
    keep_an_admin(&admin, &person, Roles::default(), Status::Disabled)?;
    let mut writes = app.store.delete_person(&person)?;
    writes.push(app.store.delete_login(&person.account.login)?);
    // A session that begins at this very moment finds the account changed.
    writes.push(app.store.settings.revoke_before(id, u64::from(u32::MAX))?);
    let event = SecurityEvent::by(admin.id, Action::Deleted, id);
    writes.push(app.store.events.put(event)?);
    let deleted = item(&app, person, None).await?;
    match app.store.write("delete_person", writes).await? {
        Written::Whole => Ok(Reply(StatusCode::OK, deleted)),
        Written::Refused(_) => {
            Err(Problem::new(Code::Conflict, "The account was changed meanwhile."))
        }
    }
}
