//! `POST /v1/auth/totp`: the second factor of a sign-in. `POST /v1/auth/totp/enrol` and `/confirm`: a
//! new one.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::access::staff::Kind;
use shared::http::request::PlainJson;
use shared::http::response::Reply;
use shared::problem::{Code, Problem};
use shared::store::once::Kind as Once;
use shared::store::security_event::{Action, SecurityEvent};
use shared::store::write::Write;
use utoipa::ToSchema;

use crate::answer::tokens;
use crate::client::Client;
use crate::credential::totp::{Secret20, matching_step, qr_svg};
use crate::enrolling::{Enrolling, NewFactor, enrolled};
use crate::finish::begin;
use crate::gate::{self, Evidence, FactorChange};
use crate::state::App;
use crate::store::factor::Totp;
use crate::store::person::Person;

/// The second factor of a sign-in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TotpRequest {
    /// The token that the password gave.
    mfa_token: String,
    /// Six digits.
    code: String,
    /// The device token that an earlier sign-in on this device gave.
    device_token: Option<String>,
}

/// A new secret.
#[derive(Serialize, ToSchema)]
pub struct EnrolResponse {
    /// The secret in base32, to type.
    secret: String,
    /// The secret as authenticator apps read it.
    otpauth_uri: String,
    /// The same as a picture, SVG.
    qr_svg: String,
}

/// Nothing.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EnrolRequest {}

/// Proof that the secret arrived.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfirmRequest {
    /// Six digits.
    code: String,
}

#[utoipa::path(post, path = "/v1/auth/totp", request_body = TotpRequest,
    responses((status = 200, body = crate::answer::Tokens)))]
pub(crate) async fn post(
    State(app): State<App>,
    client: Client,
    PlainJson(request): PlainJson<TotpRequest>,
) -> Result<Response, Problem> {
    let keys = app.store.keys().await?;
    let begun = begin(&app, &keys, Kind::Mfa, &request.mfa_token).await?;
    let person = &begun.person;
    let writes = app
        .store
        .transaction()
        .and_all(spend_code(&app, person, &request.code)?)
        .and_all(begun.spend(&app, &keys, &client, request.device_token.as_deref()).await?);
    let parts = (&app, &keys, &client);
    let shown = begun.shown(parts, Evidence::PasswordAndTotp, request.device_token.as_deref());
    let granted = Box::pin(gate::admit(&app, &keys, person, shown, writes)).await?;
    tokens((&app, &keys, &client), granted, true, None)
}

/// Uses up a code of the person's confirmed secret.
///
/// # Errors
/// [`Code::CodeInvalid`] when it is none.
pub(crate) fn spend_code(app: &App, person: &Person, code: &str) -> Result<[Write; 2], Problem> {
    let totp = person.confirmed_totp().ok_or(Code::CodeInvalid)?;
    let step = step_of(app, totp, code)?;
    let id = person.account.id;
    let (id_bytes, step_bytes) = (id.as_bytes(), step.to_be_bytes());
    // Two steps of 30 seconds: long enough for the one that is accepted last.
    let until_ms = app.clock.now_ms() + 120_000;
    Ok([
        app.store.use_totp(id, step)?,
        app.store.once.put(Once::TotpStep, &[&id_bytes[..], &step_bytes], until_ms)?,
    ])
}

fn step_of(app: &App, totp: &Totp, code: &str) -> Result<u64, Problem> {
    matching_step(&totp.secret, code, app.clock.now_seconds())
        .ok_or_else(|| Code::CodeInvalid.into())
}

#[utoipa::path(post, path = "/v1/auth/totp/enrol", request_body = EnrolRequest,
    responses((status = 200, body = EnrolResponse)))]
pub(crate) async fn enrol(
    State(app): State<App>,
    enrolling: Enrolling,
    PlainJson(EnrolRequest {}): PlainJson<EnrolRequest>,
) -> Result<Reply<EnrolResponse>, Problem> {
    let keys = app.store.keys().await?;
    let person = enrolling.fresh(&app, &keys).await?;
    let secret = Secret20::generate()?;
    if !app.store.put_unconfirmed_totp(&keys, person.account.id, &secret).await? {
        return Err(Problem::new(Code::Conflict, "Remove the authenticator that is there first."));
    }
    let uri = secret.otpauth_uri(&app.issuer, &person.account.profile.email);
    let qr_svg = qr_svg(&uri).ok_or(Code::Internal)?;
    let response = EnrolResponse {
        secret: secret.base32().to_string(),
        otpauth_uri: uri.to_string(),
        qr_svg: qr_svg.to_string(),
    };
    Ok(Reply(StatusCode::OK, response))
}

#[utoipa::path(post, path = "/v1/auth/totp/confirm", request_body = ConfirmRequest,
    responses((status = 200, body = crate::enrolling::Enrolled)))]
pub(crate) async fn confirm(
    State(app): State<App>,
    client: Client,
    enrolling: Enrolling,
    PlainJson(request): PlainJson<ConfirmRequest>,
) -> Result<Response, Problem> {
    let keys = app.store.keys().await?;
    let person = enrolling.tried(&app, &keys).await?;
    let totp = person.totp.as_ref().filter(|totp| !totp.confirmed);
    let totp = totp.ok_or_else(|| Problem::new(Code::Conflict, "There is nothing to confirm."))?;
    let step = step_of(&app, totp, &request.code)?;
    let id = person.account.id;
    let event = SecurityEvent::by(id, Action::FactorEnrolled, format!("{id}/totp"));
    let writes = app
        .store
        .transaction()
        .and(app.store.confirm_totp(id, totp.made_at_ms, step)?)
        .and(app.store.events.put(event).await?);
    let digest = totp.digest.clone();
    let new: NewFactor = Box::new(move |codes| FactorChange::Totp(digest, codes));
    let factor = (Evidence::EnrolledTotp, "totp".to_owned(), new);
    enrolled((&app, &keys, &client), &person, &enrolling, writes, factor).await
}
