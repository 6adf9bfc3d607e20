//! `GET /v1/auth/staff`, `GET`, `PATCH`, `DELETE /v1/auth/staff/{id}`: people, for admins.

use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::access::staff::Staff;
use shared::clock::rfc3339;
use shared::http::request::{PageQuery, PathId, PlainJson};
use shared::http::response::Reply;
use shared::http::staff::{Admin, CoolingAdmin, SteppedUp, cooling_down};
use shared::ids::StaffId;
use shared::problem::{Code, FieldCode, Problem};
use shared::store::security_event::{Action, SecurityEvent};
use shared::store::write::Transaction;
use shared::values::role::{Role, Roles};
use utoipa::ToSchema;

use crate::invitations::read_roles;
use crate::invite::{Invited, invite};
use crate::keys::Keys;
use crate::state::App;
use crate::store::invitation::Purpose;
use crate::store::login::PasswordThen;
use crate::store::notice::Told;
use crate::store::person::{Ends, Person, Status, Taken};
use crate::store::throttle::{Attempt, Counter};

/// Somebody, as an admin sees them.
#[derive(Serialize, ToSchema)]
pub struct PersonItem {
    #[schema(value_type = String)]
    id: StaffId,
    name: String,
    email: String,
    #[schema(value_type = Vec<String>)]
    roles: Roles,
    /// `active` or `disabled`; an account that has ended is disabled.
    #[schema(value_type = String)]
    status: Status,
    /// When the account of an auditor ends by itself; null for all others.
    ends_at: Option<String>,
    /// The second factors that there are.
    mfa: Vec<&'static str>,
    created_at: String,
    /// Until when attempts from devices that the account does not know have to wait.
    locked_until: Option<String>,
    /// `second_factor` or `password`: it was reset, and its owner has not signed in with a new one yet.
    /// Until then a reset of the other one is refused.
    #[schema(value_type = Option<String>)]
    reset_pending: Option<Taken>,
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

/// A change of an account; fields that are missing stay as they are.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PatchRequest {
    /// All roles from now on; one at least. Nobody becomes an auditor by it, or ceases to be one.
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

async fn find(app: &App, keys: &Keys, id: &str) -> Result<Person, Problem> {
    let id = StaffId::parse(id).ok_or(Code::NotFound)?;
    app.store.person(keys, id).await?.ok_or_else(|| Code::NotFound.into())
}

async fn item(app: &App, person: Person, invited: Option<Invited>) -> Result<PersonItem, Problem> {
    let counter = Counter::of_strangers(&person.account.login);
    let locked_until = app.store.waits_until(counter).await?.map(rfc3339);
    let mfa = person.factors();
    let account = person.account;
    let status = account.status_at(app.clock.now_ms());
    let expires_at = invited.as_ref().map(Invited::expires_at);
    Ok(PersonItem {
        id: account.id,
        name: account.profile.name,
        email: account.profile.email,
        roles: account.roles,
        status,
        ends_at: account.profile.ends_at_ms.map(rfc3339),
        mfa,
        created_at: rfc3339(account.made_at_ms),
        locked_until,
        reset_pending: account.profile.unproven,
        invitation_token: invited.map(|invited| invited.token),
        expires_at,
    })
}

#[utoipa::path(get, path = "/v1/auth/staff",
    params(("limit" = Option<u8>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = StaffResponse)))]
pub(crate) async fn list(
    State(app): State<App>,
    SteppedUp(..): SteppedUp<CoolingAdmin>,
    page: PageQuery,
) -> Result<Reply<StaffResponse>, Problem> {
    let keys = app.store.keys().await?;
    let after = page.after(StaffId::parse)?;
    let found = app.store.people(page.limit, after).await?;
    let next_cursor = found.last().filter(|_| found.len() == page.limit).map(ToString::to_string);
    let mut items = Vec::new();
    for id in found {
        // Somebody who is missing was deleted between the two reads.
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
    SteppedUp(..): SteppedUp<CoolingAdmin>,
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
    SteppedUp(admin, ..): SteppedUp<CoolingAdmin>,
    PathId(id): PathId,
    PlainJson(request): PlainJson<PatchRequest>,
) -> Result<Reply<PersonItem>, Problem> {
    let roles = request.roles.map(|names| read_roles(Some(names))).transpose()?;
    let unknown = || Problem::invalid("/reset", FieldCode::NotAllowed);
    let reset = request.reset.as_deref();
    let reset = reset.map(|name| Taken::find(name).ok_or_else(unknown)).transpose()?;
    let keys = app.store.keys().await?;
    let person = find(&app, &keys, &id).await?;
    let status = match request.disabled {
        None => person.account.status,
        Some(true) => Status::Disabled,
        Some(false) => Status::Active,
    };
    let id = person.account.id;
    let roles = roles.unwrap_or(person.account.roles);
    // The end of an auditor's account belongs to the invitation.
    if roles.has(Role::Auditor) != person.account.roles.has(Role::Auditor) {
        return Err(Problem::invalid("/roles", FieldCode::NotAllowed));
    }
    if request.disabled == Some(false) && person.account.has_ended(app.clock.now_ms()) {
        let detail = "The account has ended: delete it and invite its owner anew.";
        return Err(Problem::new(Code::Conflict, detail));
    }
    keep_an_admin(&admin, &person, roles, status)?;
    // One's own is changed with what one has, and not by taking it away.
    if admin.id == id && reset.is_some() {
        return Err(Problem::new(Code::Conflict, "Another admin has to do this."));
    }
    if let Some(taken) = reset {
        may_take(&person, taken)?;
    }
    // A cool-down leaves what holds others back and what lets them go on, and nothing that gives rights.
    let widens = !roles.without(person.account.roles).is_empty();
    let enables = status == Status::Active && person.account.status == Status::Disabled;
    let usable = admin.usable_roles(app.clock.now_seconds());
    if !usable.has(Role::Admin) && (widens || enables || reset.is_some()) {
        return Err(cooling_down(&app, &admin).await);
    }
    let mut writes = app.store.transaction();
    if request.unlock == Some(true) {
        let counter = Counter::of_strangers(&person.account.login);
        writes.push(app.store.forget(&counter)?);
        let event = SecurityEvent::by(admin.id, Action::ThrottleEnded, id);
        writes.push(app.store.events.put(event).await?);
    }
    let change = Change { roles, status, reset, ends: request.end_sessions == Some(true) };
    let invited = change.write(&app, &keys, &admin, &person, &mut writes).await?;
    if !writes.is_empty() && !writes.commit_patiently("change_person").await?.is_whole() {
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

/// A factor is taken only from somebody of whom the other one is known: it was shown at the gate since
/// the last reset. Otherwise an admin could take one after the other, and be let in as that person.
fn may_take(person: &Person, taken: Taken) -> Result<(), Problem> {
    let unproven = person.account.profile.unproven;
    if unproven.is_some_and(|before| before != taken) {
        let detail = "The other factor was reset and not shown since: delete the account and invite \
                      its owner anew.";
        return Err(Problem::new(Code::Conflict, detail));
    }
    if taken == Taken::Password && person.count_of_factors() == 0 {
        let detail = "There is no second factor: delete the account and invite its owner anew.";
        return Err(Problem::new(Code::Conflict, detail));
    }
    Ok(())
}

/// A change of somebody's roles, status, password or second factors: it ends all their sessions.
struct Change {
    roles: Roles,
    status: Status,
    reset: Option<Taken>,
    ends: bool,
}

impl Change {
    async fn write(
        self,
        app: &App,
        keys: &Keys,
        admin: &Staff,
        person: &Person,
        writes: &mut Transaction,
    ) -> Result<Option<Invited>, Problem> {
        let Self { roles, status, reset, ends } = self;
        let account = &person.account;
        let id = account.id;
        let mut actions = Vec::new();
        if roles != account.roles {
            actions.push(Action::RolesChanged);
        }
        let granted = roles.without(account.roles);
        if granted.only(Roles::OFFICERS) != Roles::default() {
            actions.push(Action::RolesWidened);
        }
        match (account.status, status) {
            (Status::Active, Status::Disabled) => actions.push(Action::Disabled),
            (Status::Disabled, Status::Active) => actions.push(Action::Enabled),
            _ => {}
        }
        match reset {
            Some(Taken::SecondFactor) => actions.push(Action::FactorsReset),
            Some(Taken::Password) => actions.push(Action::PasswordReset),
            None => {}
        }
        if ends {
            actions.push(Action::SessionEnded);
        }
        if actions.is_empty() {
            return Ok(None);
        }
        let password = match reset {
            Some(Taken::Password) => PasswordThen::Goes,
            Some(Taken::SecondFactor) | None => PasswordThen::Stays,
        };
        let now_ms = app.clock.now_ms();
        if roles != account.roles {
            writes.extend(app.store.tell(keys, person, Told::RolesChanged, Some(admin.id))?);
        }
        let (account, changed) =
            app.store.change_account(keys, account, (Ends::Sessions, password), |account| {
                account.roles = roles;
                account.status = status;
                // A role that admins grant to themselves rests for a day.
                if admin.id == id && !granted.is_empty() {
                    account.profile.cool(granted, now_ms);
                }
                if let Some(taken) = reset {
                    account.profile.take(taken, Some(admin.id), now_ms);
                }
            })?;
        writes.extend(changed);
        let version = account.version;
        let whose = (id, Some(admin.id));
        let invited = match reset {
            Some(Taken::SecondFactor) => {
                writes.extend(app.store.delete_factors(person)?);
                Some(invite(app, keys, whose, Purpose::SecondFactor { version })?)
            }
            Some(Taken::Password) => Some(invite(app, keys, whose, Purpose::Password { version })?),
            None => None,
        };
        for action in actions {
            writes.push(app.store.events.put(SecurityEvent::by(admin.id, action, id)).await?);
        }
        Ok(invited.map(|(invited, kept)| {
            writes.extend(kept);
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
    let none = Attempt::new(Vec::new(), app.clock.now_ms());
    let (login, _) = app.store.login(&keys, &person.account.login, none).await?;
    let before = (&person.account, login.as_ref());
    let (account, begun) = app.store.begin_deletion(&keys, before)?;
    let event = SecurityEvent::by(admin.id, Action::Deleted, id);
    let writes = app.store.transaction().and_all(begun).and(app.store.events.put(event).await?);
    let writes = writes.and(app.store.trainings.end(id)?);
    let changed = || Problem::new(Code::Conflict, "The account was changed meanwhile.");
    if !writes.commit_patiently("begin_deletion").await?.is_whole() {
        return Err(changed());
    }
    let deleted = item(&app, person, None).await?;
    if !app.store.delete_rows(&account).await? {
        return Err(changed());
    }
    Ok(Reply(StatusCode::OK, deleted))
}
