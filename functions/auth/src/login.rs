//! `POST /v1/auth/login`: address and password. One answer for no account, a wrong password, a
//! disabled account, one that has ended and one that has to wait, in body and in what is done for it.

use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::access::staff::{Begins, Kind, MFA_SECONDS};
use shared::http::request::PlainJson;
use shared::http::response::Reply;
use shared::ids::StaffId;
use shared::problem::{Code, Problem};
use shared::store::write::Write;
use shared::text::{RawText, Text};
use shared::values::address::Address;
use utoipa::ToSchema;

use crate::attempt;
use crate::client::Client;
use crate::credential::password::{Password, StoredHash, Verdict};
use crate::gate;
use crate::keys::Keys;
use crate::state::App;
use crate::store::login::Login;
use crate::store::person::Person;
use crate::store::throttle::{Attempt, Counter};

/// An attempt to sign in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LoginRequest {
    /// The address.
    #[schema(value_type = String)]
    email: Option<RawText>,
    /// The password.
    #[schema(value_type = String)]
    password: Option<RawText>,
    /// The device token that an earlier sign-in on this device gave.
    device_token: Option<String>,
}

/// The next step: show a second factor.
#[derive(Serialize, ToSchema)]
pub struct LoginResponse {
    /// For the second factor.
    mfa_token: String,
    /// The second factors that there are: `totp`, `passkey`.
    methods: Vec<&'static str>,
    /// Seconds.
    expires_in: i64,
}

impl LoginResponse {
    /// The answer to a right password.
    ///
    /// # Errors
    /// [`Code::MfaRequired`] when there is no second factor yet: a password alone enrols none.
    pub(crate) async fn of(
        app: &App,
        begins: Begins,
        methods: Vec<&'static str>,
    ) -> Result<Reply<Self>, Problem> {
        if methods.is_empty() {
            let detail = "No second factor is enrolled: an admin gives a new invitation.";
            return Err(Problem::new(Code::MfaRequired, detail));
        }
        let mfa_token = gate::step(app, Kind::Mfa, begins).await?;
        Ok(Reply(StatusCode::OK, Self { mfa_token, methods, expires_in: MFA_SECONDS }))
    }
}

#[utoipa::path(post, path = "/v1/auth/login", request_body = LoginRequest,
    responses((status = 200, body = LoginResponse)))]
pub(crate) async fn post(
    State(app): State<App>,
    client: Client,
    PlainJson(request): PlainJson<LoginRequest>,
) -> Result<Reply<LoginResponse>, Problem> {
    let email: Text<1, 1000> = Text::required(request.email, "/email")?;
    let raw = request
        .password
        .ok_or_else(|| Problem::invalid("/password", shared::problem::FieldCode::Missing))?;
    let password = Password::received(raw);
    let keys = app.store.keys().await?;
    // Text that is no address gets a name that no account has, and is counted under that name.
    let address = Address::read(email.reveal());
    let name = match &address {
        Some(address) => keys.login(address),
        None => keys.nobody(email.reveal()),
    };
    let (login, attempt) =
        read(&app, &keys, &client, &name, request.device_token.as_deref()).await?;

    // The same calls whether there is an account or not: for an unknown address, somebody's partition is
    // read whose address was known before, so that the answer has the same shape.
    let staff = match &login {
        Some(login) => login.staff,
        None => app
            .store
            .stand_in
            .lock()
            .map_or(None, |known| *known)
            .unwrap_or(StaffId::generate(&app.clock)?),
    };
    let person = async { Ok(app.store.person(&keys, staff).await?) };
    let locks = async { Ok(app.store.settings.locks().await?) };
    let (may, person, locks) = tokio::try_join!(attempt::count(&app, &attempt), person, locks)?;
    let matches = verify(&app, &keys, password.as_ref(), hash_of(login.as_ref()))?;
    let (Some(login), Some(person), Some(verdict)) =
        (login.filter(|login| may && !login.disabled), person, matches)
    else {
        return Err(Code::CredentialsInvalid.into());
    };
    let is_active = person.account.is_active(app.clock.now_ms());
    if locks.has_account(login.staff) || !is_active || !is_present(&login, &person) {
        return Err(Code::CredentialsInvalid.into());
    }
    if let (true, Some(password), Some(before)) = (verdict.outdated, &password, &login.password) {
        let hash = app.hasher.hash(&keys.pepper, password).map_err(|_| Code::Internal)?;
        let kept = (login.staff, before);
        let upgraded = app.store.upgrade_password(&keys, &name, kept, &hash)?;
        app.store.transaction().and(upgraded).commit_patiently("upgrade_password").await?;
    }
    let begins = Begins { id: login.staff, version: login.version, pending: None };
    LoginResponse::of(&app, begins, person.factors()).await
}

/// Whether the password is the one that the account has, and none that it had before.
fn is_present(login: &Login, person: &Person) -> bool {
    let chosen_in = login.password.as_ref().map(|kept| kept.chosen_in);
    person.account.profile.factors.as_ref().is_none_or(|has| chosen_in == Some(has.password))
}

/// Asks somebody who is known already for their password, as one who signs in is asked for it; gives
/// the write that forgets the attempt.
///
/// # Errors
/// [`Code::CredentialsInvalid`], [`Code::RateLimited`].
pub(crate) async fn confirm(
    app: &App,
    keys: &Keys,
    client: &Client,
    person: &Person,
    password: RawText,
) -> Result<Write, Problem> {
    let name = &*person.account.login;
    let (row, attempt) = read(app, keys, client, name, None).await?;
    let may = attempt::count(app, &attempt).await?;
    let password = Password::received(password);
    let matches = verify(app, keys, password.as_ref(), hash_of(row.as_ref()))?;
    let is_present = row.as_ref().is_some_and(|row| is_present(row, person));
    if !may || matches.is_none() || !is_present {
        return Err(Code::CredentialsInvalid.into());
    }
    Ok(app.store.forget(&attempt::of_account(app, keys, client, (name, None)))?)
}

/// The hash that a password is compared with, if there is one.
fn hash_of(login: Option<&Login>) -> Option<&StoredHash> {
    login.and_then(|login| login.password.as_ref()).map(|kept| &kept.hash)
}

/// The row of a name and the counters of an attempt on it. A device that the account knows has a
/// counter of its own and no other: neither strangers nor colleagues behind one address make it wait.
async fn read(
    app: &App,
    keys: &Keys,
    client: &Client,
    name: &str,
    device_token: Option<&str>,
) -> Result<(Option<Login>, Attempt), Problem> {
    let mut counters = vec![attempt::of_account(app, keys, client, (name, device_token))];
    if !counters.iter().any(Counter::is_of_device) {
        counters.extend(attempt::of_source(app, keys, client.gateway.source));
    }
    let attempt = Attempt::new(counters, app.clock.now_ms());
    Ok(app.store.login(keys, name, attempt).await?)
}

/// The verdict on a right password; nothing for a wrong one, or when there is none to compare with.
/// It takes as long in either case.
fn verify(
    app: &App,
    keys: &Keys,
    password: Option<&Password>,
    stored: Option<&StoredHash>,
) -> Result<Option<Verdict>, Problem> {
    let verdict = match (password, stored) {
        (Some(password), Some(stored)) => {
            let judged = app.hasher.verify(&keys.pepper, password, stored);
            Some(judged.map_err(|_| Code::Internal)?)
        }
        (password, _) => {
            let empty = Password::stand_in();
            let password = password.unwrap_or(&empty);
            app.hasher.verify_nobody(&keys.pepper, password).map_err(|_| Code::Internal)?;
            None
        }
    };
    Ok(verdict.filter(|verdict| verdict.matches))
}
