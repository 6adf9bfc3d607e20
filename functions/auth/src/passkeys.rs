//! `POST /v1/auth/passkeys/register/start` and `/finish`: a new passkey;
//! `/login/start` and `/finish`: signing in by one, which is two factors in one.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::access::staff::Kind;
use shared::http::request::PlainJson;
use shared::http::response::Reply;
use shared::ids::StaffId;
use shared::problem::{Code, Problem};
use shared::seal::suite::hash;
use shared::store::security_event::{Action, SecurityEvent};
use shared::store::write::Write;
use shared::text::RawText;
use shared::values::encoding::{base64url, from_base64url};
use utoipa::ToSchema;

use crate::answer::tokens;
use crate::attempt;
use crate::client::Client;
use crate::credential::passkey::{
    LoginState, Refused, RegistrationState, RelyingParty, Sealable, challenge_of, identify,
};
use crate::enrolling::{Enrolling, NewFactor, enrolled};
use crate::factors::{PASSKEY, read_name};
use crate::finish::begin;
use crate::gate::{self, Evidence, FactorChange, Shown};
use crate::keys::Keys;
use crate::state::App;
use crate::store::challenge::{self, Challenge};
use crate::store::factor::{Expected, PASSKEYS, Passkey};
use crate::store::person::Person;

/// A passkey that is about to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterStartRequest {
    /// The name to give it, up to 60 characters.
    #[schema(value_type = Option<String>)]
    name: Option<RawText>,
}

/// A passkey that was made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterFinishRequest {
    /// `RegistrationResponseJSON` of `WebAuthn` Level 3.
    #[schema(value_type = Object)]
    credential: Value,
    /// The name to give it, up to 60 characters.
    #[schema(value_type = Option<String>)]
    name: Option<RawText>,
}

/// Nothing.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LoginStartRequest {}

/// A passkey that was shown.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LoginFinishRequest {
    /// `AuthenticationResponseJSON` of `WebAuthn` Level 3.
    #[schema(value_type = Object)]
    credential: Value,
    /// The `mfa_token` of a password that was chosen with a link: the password becomes the account's.
    mfa_token: Option<String>,
}

/// Options for the browser.
#[derive(Serialize, ToSchema)]
pub struct Options {
    /// `PublicKeyCredentialCreationOptionsJSON` or `…RequestOptionsJSON` of `WebAuthn` Level 3.
    #[serde(rename = "publicKey")]
    #[schema(value_type = Object)]
    public_key: Value,
}

impl Options {
    /// The options out of what the library writes.
    fn of(mut options: Value) -> Result<Self, Problem> {
        let public_key = options.get_mut("publicKey").map(Value::take).ok_or(Code::Internal)?;
        Ok(Self { public_key })
    }

    fn challenge(&self) -> Option<Vec<u8>> {
        from_base64url(self.public_key.get("challenge")?.as_str()?)
    }
}

/// Keeps the state under the challenge that is in the options.
async fn keep(
    app: &App,
    keys: &Keys,
    kind: challenge::Kind,
    options: &Options,
    state: &impl Sealable,
) -> Result<(), Problem> {
    let bytes = options.challenge().ok_or(Code::Internal)?;
    let state = state.to_plaintext().map_err(|_| Code::Internal)?;
    Ok(app.store.put_challenge(keys, Challenge { kind, bytes: &bytes }, &state).await?)
}

#[utoipa::path(post, path = "/v1/auth/passkeys/register/start",
    request_body = RegisterStartRequest, responses((status = 200, body = Options)))]
pub(crate) async fn register_start(
    State(app): State<App>,
    client: Client,
    enrolling: Enrolling,
    PlainJson(request): PlainJson<RegisterStartRequest>,
) -> Result<Reply<Options>, Problem> {
    read_name(request.name)?;
    let keys = app.store.keys().await?;
    let person = enrolling.fresh(&app, &keys).await?;
    room(&person)?;
    let party = party(&app, &client)?;
    let existing: Vec<_> = person.passkeys.iter().map(|known| known.stored.clone()).collect();
    let (id, profile) = (person.account.id, &person.account.profile);
    let (options, state) = party
        .start_registration(*id.as_bytes(), &profile.email, &profile.name, &existing)
        .map_err(|_| Code::Internal)?;
    let options = Options::of(options)?;
    keep(&app, &keys, challenge::Kind::Registration, &options, &state).await?;
    Ok(Reply(StatusCode::OK, options))
}

#[utoipa::path(post, path = "/v1/auth/passkeys/register/finish",
    request_body = RegisterFinishRequest, responses((status = 200, body = crate::enrolling::Enrolled)))]
pub(crate) async fn register_finish(
    State(app): State<App>,
    client: Client,
    enrolling: Enrolling,
    PlainJson(request): PlainJson<RegisterFinishRequest>,
) -> Result<Response, Problem> {
    let name = read_name(request.name)?;
    let keys = app.store.keys().await?;
    let bytes = challenge_of(&request.credential).ok_or(Code::CodeInvalid)?;
    let challenge = Challenge { kind: challenge::Kind::Registration, bytes: &bytes };
    let state = async { Ok(app.store.challenge(&keys, challenge).await?) };
    let (person, state) = tokio::try_join!(enrolling.fresh(&app, &keys), state)?;
    room(&person)?;
    let id = person.account.id;
    let state = state
        .and_then(|state| RegistrationState::from_plaintext(&state))
        .ok_or(Code::CodeInvalid)?;
    let stored = party(&app, &client)?
        .finish_registration(&request.credential, state)
        .ok()
        // Somebody else's registration is none of theirs.
        .filter(|stored| stored.user_handle() == id.as_bytes())
        .ok_or(Code::CodeInvalid)?;
    let passkey = Passkey {
        id: name_of(stored.credential_id()),
        name,
        stored,
        made_at_ms: app.clock.now_ms(),
        used_at_ms: None,
    };
    let factor = format!("{PASSKEY}{}", passkey.id);
    let event = SecurityEvent::by(id, Action::FactorEnrolled, format!("{id}/{factor}"));
    let writes = app
        .store
        .transaction()
        .and_all(app.store.spend_challenge(challenge)?)
        .and(app.store.put_passkey(&keys, id, &passkey, Expected::Nothing)?)
        .and(app.store.events.put(event).await?);
    let name = passkey.id.clone();
    let new: NewFactor = Box::new(move |codes| FactorChange::Passkey(name, codes));
    let factor = (Evidence::EnrolledPasskey, factor, new);
    enrolled((&app, &keys, &client), &person, &enrolling, writes, factor).await
}

#[utoipa::path(post, path = "/v1/auth/passkeys/login/start", request_body = LoginStartRequest,
    responses((status = 200, body = Options)))]
pub(crate) async fn login_start(
    State(app): State<App>,
    client: Client,
    PlainJson(LoginStartRequest {}): PlainJson<LoginStartRequest>,
) -> Result<Reply<Options>, Problem> {
    let keys = app.store.keys().await?;
    let (options, state) = party(&app, &client)?.start_login().map_err(|_| Code::Internal)?;
    let options = Options::of(options)?;
    keep(&app, &keys, challenge::Kind::Assertion, &options, &state).await?;
    Ok(Reply(StatusCode::OK, options))
}

#[utoipa::path(post, path = "/v1/auth/passkeys/login/finish", request_body = LoginFinishRequest,
    responses((status = 200, body = crate::answer::Tokens)))]
pub(crate) async fn login_finish(
    State(app): State<App>,
    client: Client,
    PlainJson(request): PlainJson<LoginFinishRequest>,
) -> Result<Response, Problem> {
    let keys = app.store.keys().await?;
    let begun = match &request.mfa_token {
        Some(token) => Some(begin(&app, &keys, Kind::Mfa, token).await?),
        None => None,
    };
    let whose = begun.as_ref().map(|begun| begun.person.account.id);
    let (person, spent) = shown(&app, &keys, &client, &request.credential, whose).await?;
    let mut writes = app.store.transaction().and_all(spent);
    let granted = if let Some(begun) = &begun {
        writes.extend(begun.spend(&app, &keys, &client, None).await?);
        let shown = begun.shown((&app, &keys, &client), Evidence::PasswordAndPasskey, None);
        Box::pin(gate::admit(&app, &keys, &begun.person, shown, writes)).await?
    } else {
        let login = (&*person.account.login, None);
        let shown = Shown {
            evidence: Evidence::Passkey,
            before: client.session_before(&keys),
            password: None,
            knows_device: attempt::of_account(&app, &keys, &client, login).is_of_device(),
            factors: None,
        };
        Box::pin(gate::admit(&app, &keys, &person, shown, writes)).await?
    };
    tokens((&app, &keys, &client), granted, true, None)
}

/// The owner of the passkey that was shown, and the writes that use up the challenge and store the
/// passkey's counter. With `expected`, the owner has to be that person.
///
/// # Errors
/// [`Code::CodeInvalid`] for every cause.
pub(crate) async fn shown(
    app: &App,
    keys: &Keys,
    client: &Client,
    credential: &Value,
    expected: Option<StaffId>,
) -> Result<(Person, [Write; 3]), Problem> {
    let party = party(app, client)?;
    let bytes = challenge_of(credential).ok_or(Code::CodeInvalid)?;
    let (handle, shown) = identify(credential).ok_or(Code::CodeInvalid)?;
    let id = StaffId::from_slice(&handle).ok_or(Code::CodeInvalid)?;
    if expected.is_some_and(|expected| expected != id) {
        return Err(Code::CodeInvalid.into());
    }
    let challenge = Challenge { kind: challenge::Kind::Assertion, bytes: &bytes };
    let (person, state) =
        tokio::try_join!(app.store.person(keys, id), app.store.challenge(keys, challenge))?;
    let (person, state) = person.zip(state).ok_or(Code::CodeInvalid)?;
    let state = LoginState::from_plaintext(&state).ok_or(Code::CodeInvalid)?;
    let name = name_of(&shown);
    let mut known = person.passkeys.iter().filter(|passkey| passkey.id == name);
    let passkey = known.next().ok_or(Code::CodeInvalid)?;
    let stored = std::slice::from_ref(&passkey.stored);
    let updated = match party.finish_login(credential, state, stored) {
        Ok(used) => used.updated,
        Err(Refused::CounterWentBack) => {
            let object = format!("{id}/{PASSKEY}{name}");
            let event = SecurityEvent::by(id, Action::PasskeyCounterWentBack, object);
            let writes = app
                .store
                .transaction()
                .and_all(app.store.spend_challenge(challenge)?)
                .and(app.store.events.put(event).await?);
            writes.commit_patiently("counter_went_back").await?;
            return Err(Code::CodeInvalid.into());
        }
        Err(Refused::Response) => return Err(Code::CodeInvalid.into()),
    };
    let used = Passkey {
        id: name,
        name: passkey.name.clone(),
        stored: updated,
        made_at_ms: passkey.made_at_ms,
        used_at_ms: Some(app.clock.now_ms()),
    };
    let [deleted, spent] = app.store.spend_challenge(challenge)?;
    let kept = app.store.put_passkey(keys, id, &used, Expected::UsedAt(passkey.used_at_ms))?;
    Ok((person, [deleted, spent, kept]))
}

fn party(app: &App, client: &Client) -> Result<RelyingParty, Problem> {
    let origin = client.origin.as_deref().ok_or(Code::CodeInvalid)?;
    RelyingParty::new(origin, &app.issuer).map_err(|_| {
        Problem::new(Code::Conflict, "Passkeys need a host name: this address has none.")
    })
}

fn room(person: &Person) -> Result<(), Problem> {
    if person.passkeys.len() >= PASSKEYS {
        return Err(Problem::new(Code::Conflict, "There are ten passkeys: remove one first."));
    }
    Ok(())
}

/// A passkey's name in routes and rows: its own id may have a kilobyte.
fn name_of(credential_id: &[u8]) -> String {
    let hash = hash(&[b"sotto/v1 passkey", credential_id]);
    base64url(hash.first_chunk::<16>().map_or(&hash[..], |short| &short[..]))
}
