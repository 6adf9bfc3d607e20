//! The calls that only an operator of the AWS account can make: they invoke the function, which IAM
//! allows or not. No request through the gateway looks like one.
//!
//! - `{"bootstrap":{"email":"…"}}` invites an admin: the first one, or one more when all have lost their
//!   second factor. It is always recorded as a security event.
//! - `{"identity_key":{"site":"default","jwk":{…},"require_mfa":false}}` registers the key by which a
//!   site's server vouches for its customers; `"jwk":null` removes it.

use lambda_http::request::LambdaRequest;
use lambda_http::{Adapter, LambdaEvent, Service};
use serde::Deserialize;
use serde_json::{Value, json};
use shared::ids::StaffId;
use shared::problem::Problem;
use shared::store::identity_key::IdentityJwk;
use shared::store::security_event::{Action, SecurityEvent};
use shared::store::write::Written;
use shared::values::address::Address;
use shared::values::role::{Role, Roles};
use shared::values::site::Site;

use crate::invite::invite;
use crate::keys::Keys;
use crate::state::App;
use crate::store::invitation::Purpose;
use crate::store::throttle::Attempt;

/// An event that is no request.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Bootstrap {
    email: String,
}

/// A key that is registered, or removed by null.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct IdentityKeyWish {
    site: String,
    jwk: Value,
    #[serde(default)]
    require_mfa: bool,
}

/// Why an operator's wish was not done; a sentence.
#[derive(Debug)]
pub struct Refused(String);

impl std::fmt::Display for Refused {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for Refused {}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Self(format!("{}: {}", problem.code.as_str(), problem.code.title()))
    }
}

/// Answers an event: a request of the gateway, or an operator's wish.
///
/// # Errors
/// [`Refused`]; requests are always answered.
pub async fn answer(
    app: &App,
    router: axum::Router,
    event: LambdaEvent<Value>,
) -> Result<Value, Refused> {
    let (payload, context) = event.into_parts();
    if let Some(wish) = payload.get("bootstrap") {
        let Bootstrap { email } = Bootstrap::deserialize(wish)
            .map_err(|_| Refused("bootstrap takes an object with email".to_owned()))?;
        return bootstrap(app, &email).await;
    }
    if let Some(wish) = payload.get("identity_key") {
        return identity_key(app, wish).await;
    }
    let request: LambdaRequest = serde_json::from_value(payload)
        .map_err(|_| Refused("the event is neither a request nor a wish".to_owned()))?;
    let Ok(response) = Adapter::from(router).call(LambdaEvent::new(request, context)).await;
    serde_json::to_value(response).map_err(|_| Refused("the response is no JSON".to_owned()))
}

/// Registers the key by which a site's server vouches for its customers, or removes it.
async fn identity_key(app: &App, wish: &Value) -> Result<Value, Refused> {
    let IdentityKeyWish { site, jwk, require_mfa } = IdentityKeyWish::deserialize(wish)
        .map_err(|_| Refused("identity_key takes an object with site, jwk, require_mfa".into()))?;
    let site = Site::find(&site).ok_or_else(|| Refused("there is no such site".to_owned()))?;
    let jwk = IdentityJwk::read(&jwk).map_err(|error| {
        let (code, detail) = error.code.words();
        Refused(format!("{} is {code}: {detail}", error.pointer))
    })?;
    let settings = &app.store.settings;
    let event = SecurityEvent::of(Action::IdentityKeyChanged, site.id);
    app.store.events.append(event).await.map_err(Problem::from)?;
    settings.put_identity_key(site, jwk.as_ref(), require_mfa).await.map_err(Problem::from)?;
    Ok(json!({ "registered": jwk.is_some() }))
}

/// Invites an admin, new or not.
///
/// # Errors
/// [`Refused`].
pub async fn bootstrap(app: &App, email: &str) -> Result<Value, Refused> {
    let address = Address::read(email)
        .filter(Address::is_of_staff)
        .ok_or_else(|| Refused("email is no address of ASCII letters".to_owned()))?;
    let keys = app.store.keys().await.map_err(Problem::from)?;
    let none = Attempt::new(Vec::new(), app.clock.now_ms());
    let login = app.store.login(&keys, &keys.login(&address), none).await.map_err(Problem::from)?.0;
    let invited = match login {
        None => invite_new(app, &keys, address).await?,
        Some(login) => invite_back(app, &keys, login.staff).await?,
    };
    Ok(json!({ "invitation_token": invited.token, "expires_at": invited.expires_at() }))
}

async fn invite_new(
    app: &App,
    keys: &Keys,
    address: Address,
) -> Result<crate::invite::Invited, Problem> {
    let staff = StaffId::generate(&app.clock)?;
    let roles = Roles::from_iter([Role::Admin]);
    let purpose = Purpose::Join { address, roles, ends_at_ms: None };
    let (invited, kept) = invite(app, keys, (staff, None), purpose)?;
    let event = SecurityEvent::of(Action::Bootstrapped, staff);
    let writes = app.store.transaction().and_all(kept).and(app.store.events.put(event).await?);
    writes.commit_patiently("bootstrap").await?;
    Ok(invited)
}

/// The account is there: its second factors go, and it is an admin's again. The password stays.
async fn invite_back(
    app: &App,
    keys: &Keys,
    staff: StaffId,
) -> Result<crate::invite::Invited, Problem> {
    use shared::problem::Code;

    use crate::store::login::PasswordThen;
    use crate::store::person::{Ends, Status, Taken};

    let person = app.store.person(keys, staff).await?.ok_or(Code::NotFound)?;
    // The second factor is all that is known of somebody whose password was taken.
    if person.account.profile.unproven == Some(Taken::Password) {
        return Err(Code::Conflict.into());
    }
    // An auditor's account ends by itself, and so would the admin's.
    if person.account.roles.has(Role::Auditor) {
        return Err(Code::Conflict.into());
    }
    let change = (Ends::Sessions, PasswordThen::Stays);
    let (account, changed) =
        app.store.change_account(keys, &person.account, change, |account| {
            account.roles = account.roles.iter().chain([Role::Admin]).collect();
            account.status = Status::Active;
            account.profile.take(Taken::SecondFactor, None, app.clock.now_ms());
        })?;
    let version = account.version;
    let purpose = Purpose::SecondFactor { version };
    let (invited, kept) = invite(app, keys, (staff, None), purpose)?;
    let event = SecurityEvent::of(Action::Bootstrapped, staff);
    let writes = app
        .store
        .transaction()
        .and_all(changed)
        .and_all(app.store.delete_factors(&person)?)
        .and_all(kept)
        .and(app.store.events.put(event).await?);
    match writes.commit_patiently("bootstrap_again").await? {
        Written::Whole => Ok(invited),
        Written::Refused(_) => Err(Code::Conflict.into()),
    }
}

/// Whether there is anybody on the staff.
///
/// # Errors
/// [`shared::store::StoreError`].
pub async fn has_staff(app: &App) -> Result<bool, Problem> {
    Ok(!app.store.people(1, None).await?.is_empty())
}
