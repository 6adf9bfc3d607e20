//! `GET /v1/auth/factors`, `PATCH` and `DELETE /v1/auth/factors/{id}`: somebody's second factors.

use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::clock::rfc3339;
use shared::http::request::{PathId, PlainJson};
use shared::http::response::Reply;
use shared::http::staff::{Allowed, Anybody, SteppedUp};
use shared::problem::{Code, Problem};
use shared::store::security_event::{Action, SecurityEvent};
use shared::store::write::Written;
use shared::text::{Named, RawText};
use utoipa::ToSchema;

use crate::caller;
use crate::gate::FactorChange;
use crate::state::App;
use crate::store::factor::{Expected, Passkey, Totp};
use crate::store::login::PasswordThen;
use crate::store::notice::Told;
use crate::store::person::{Ends, Person};

/// The prefix of a passkey's name among the factors.
pub(crate) const PASSKEY: &str = "passkey-";
/// The name of a passkey to which its owner gives none.
const NAME: &str = "Passkey";
const TOTP: &str = "totp";

/// A second factor.
#[derive(Serialize, ToSchema)]
pub struct Factor {
    id: String,
    /// `totp` or `passkey`.
    kind: &'static str,
    name: String,
    created_at: String,
    last_used_at: Option<String>,
}

/// All of somebody's second factors.
#[derive(Serialize, ToSchema)]
pub struct FactorsResponse {
    items: Vec<Factor>,
    recovery_codes_left: usize,
    next_cursor: Option<String>,
}

/// Another name.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RenameRequest {
    /// Up to 60 characters.
    #[schema(value_type = String)]
    name: Option<RawText>,
}

impl Factor {
    fn of_totp(totp: &Totp) -> Self {
        Self {
            id: TOTP.to_owned(),
            kind: TOTP,
            name: "Authenticator app".to_owned(),
            created_at: rfc3339(totp.made_at_ms),
            last_used_at: totp.used_at_ms.map(rfc3339),
        }
    }

    fn of_passkey(passkey: &Passkey) -> Self {
        Self {
            id: format!("{PASSKEY}{}", passkey.id),
            kind: "passkey",
            name: passkey.name.clone(),
            created_at: rfc3339(passkey.made_at_ms),
            last_used_at: passkey.used_at_ms.map(rfc3339),
        }
    }
}

#[utoipa::path(get, path = "/v1/auth/factors",
    responses((status = 200, body = FactorsResponse)))]
pub(crate) async fn get(
    State(app): State<App>,
    Allowed(staff, ..): Allowed<Anybody>,
) -> Result<Reply<FactorsResponse>, Problem> {
    let keys = app.store.keys().await?;
    let person = caller::person(&app, &keys, &staff).await?;
    let totp = person.confirmed_totp().map(Factor::of_totp);
    let items = totp.into_iter().chain(person.passkeys.iter().map(Factor::of_passkey)).collect();
    let recovery_codes_left = person.recovery.len();
    let response = FactorsResponse { items, recovery_codes_left, next_cursor: None };
    Ok(Reply(StatusCode::OK, response))
}

#[utoipa::path(patch, path = "/v1/auth/factors/{id}", params(("id" = String, Path)),
    request_body = RenameRequest, responses((status = 200, body = Factor)))]
pub(crate) async fn patch(
    State(app): State<App>,
    Allowed(staff, ..): Allowed<Anybody>,
    PathId(id): PathId,
    PlainJson(request): PlainJson<RenameRequest>,
) -> Result<Reply<Factor>, Problem> {
    let name = read_name(request.name)?;
    let keys = app.store.keys().await?;
    let person = caller::person(&app, &keys, &staff).await?;
    let mut passkey = passkey(person, &id).ok_or(Code::NotFound)?;
    passkey.name = name;
    let expected = Expected::UsedAt(passkey.used_at_ms);
    let renamed = app.store.put_passkey(&keys, staff.id, &passkey, expected)?;
    match app.store.transaction().and(renamed).commit_patiently("rename_passkey").await? {
        Written::Whole => Ok(Reply(StatusCode::OK, Factor::of_passkey(&passkey))),
        Written::Refused(_) => Err(Code::Conflict.into()),
    }
}

#[utoipa::path(delete, path = "/v1/auth/factors/{id}", params(("id" = String, Path)),
    responses((status = 204)))]
pub(crate) async fn delete(
    State(app): State<App>,
    SteppedUp(staff, ..): SteppedUp<Anybody>,
    PathId(id): PathId,
) -> Result<StatusCode, Problem> {
    let keys = app.store.keys().await?;
    let person = caller::person(&app, &keys, &staff).await?;
    let count = person.count_of_factors();
    let told = app.store.tell(&keys, &person, Told::FactorRemoved, Some(staff.id))?;
    let (account, has_totp) = (person.account.clone(), person.confirmed_totp().is_some());
    let (removed, factors) = if id == TOTP && has_totp {
        (app.store.delete_totp(staff.id)?, FactorChange::NoTotp)
    } else {
        let passkey = passkey(person, &id).ok_or(Code::NotFound)?;
        let removed = app.store.delete_passkey(staff.id, &passkey.id)?;
        (removed, FactorChange::NoPasskey(passkey.id))
    };
    if count < 2 {
        let detail = "It is the last second factor: enrol another one first.";
        return Err(Problem::new(Code::Conflict, detail));
    }
    let event = SecurityEvent::by(staff.id, Action::FactorRemoved, format!("{}/{id}", staff.id));
    // The version goes up with it: of two removals at once, of which each leaves one factor and both
    // none, the second finds another version.
    let change = (Ends::Steps, PasswordThen::Stays);
    let (_, changed) = app.store.change_account(&keys, &account, change, |account| {
        account.profile.factors(|known| factors.apply(known));
    })?;
    let writes = app
        .store
        .transaction()
        .and(removed)
        .and(app.store.events.put(event).await?)
        .and_all(told)
        .and_all(changed);
    match writes.commit_patiently("remove_factor").await? {
        Written::Whole => Ok(StatusCode::NO_CONTENT),
        Written::Refused(_) => Err(Code::Conflict.into()),
    }
}

fn passkey(person: Person, id: &str) -> Option<Passkey> {
    let name = id.strip_prefix(PASSKEY)?;
    person.passkeys.into_iter().find(|passkey| passkey.id == name)
}

pub(crate) fn read_name(name: Option<RawText>) -> Result<String, Problem> {
    match name {
        None => Ok(NAME.to_owned()),
        Some(name) => Ok(Named::<1, 60>::line(Some(name), "/name")?.reveal().to_owned()),
    }
}
