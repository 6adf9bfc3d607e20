//! `POST /v1/auth/recovery`: a recovery code in the place of the second factor.
//! `POST /v1/auth/recovery_codes`: ten new ones.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::access::staff::Kind;
use shared::http::request::PlainJson;
use shared::http::response::Reply;
use shared::http::staff::{Anybody, SteppedUp};
use shared::problem::{Code, Problem};
use shared::store::once::Kind as Once;
use shared::store::security_event::{Action, SecurityEvent};
use shared::store::write::Written;
use shared::text::RawText;
use utoipa::ToSchema;

use crate::answer::tokens;
use crate::caller;
use crate::client::Client;
use crate::credential::recovery::RecoveryCode;
use crate::enrolling::{NewCodes, recovery_codes};
use crate::finish::begin;
use crate::gate::{self, Evidence, FactorChange};
use crate::state::App;
use crate::store::factor::recovery_name;
use crate::store::login::PasswordThen;
use crate::store::notice::Told;
use crate::store::person::Ends;

/// A recovery code.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecoveryRequest {
    /// The token that the password gave.
    mfa_token: String,
    /// One of the ten.
    #[schema(value_type = String)]
    recovery_code: RawText,
    /// The device token that an earlier sign-in on this device gave.
    device_token: Option<String>,
}

/// Nothing.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecoveryCodesRequest {}

/// Ten codes.
#[derive(Serialize, ToSchema)]
pub struct RecoveryCodesResponse {
    /// Each is good once; shown this once.
    recovery_codes: Vec<String>,
}

#[utoipa::path(post, path = "/v1/auth/recovery", request_body = RecoveryRequest,
    responses((status = 200, body = crate::answer::Tokens)))]
pub(crate) async fn post(
    State(app): State<App>,
    client: Client,
    PlainJson(request): PlainJson<RecoveryRequest>,
) -> Result<Response, Problem> {
    let keys = app.store.keys().await?;
    let begun = begin(&app, &keys, Kind::Mfa, &request.mfa_token).await?;
    let id = begun.person.account.id;
    let code = RecoveryCode::read(request.recovery_code).ok_or(Code::CodeInvalid)?;
    let digest = code.digest(&keys.recovery, id.as_bytes());
    // The row alone is not enough: one that was put back is not among the account's.
    if !begun.person.recovery.contains(&digest) {
        return Err(Code::CodeInvalid.into());
    }
    let until_ms = app.clock.now_ms() + crate::store::session::LONGEST_MS;
    let event = SecurityEvent::by(id, Action::RecoveryCodeUsed, id);
    let writes = app
        .store
        .transaction()
        // The row of the code goes; what was used up is known for longer than a repeated request.
        .and(app.store.spend_recovery_code(id, &digest)?)
        .and(app.store.once.put(Once::RecoveryCode, &[id.as_bytes(), &digest], until_ms)?)
        .and(app.store.events.put(event).await?)
        .and_all(begun.spend(&app, &keys, &client, request.device_token.as_deref()).await?);
    let parts = (&app, &keys, &client);
    let evidence = Evidence::PasswordAndRecoveryCode;
    let mut shown = begun.shown(parts, evidence, request.device_token.as_deref());
    shown.factors = Some(FactorChange::Spent(recovery_name(&digest)));
    let granted = Box::pin(gate::admit(&app, &keys, &begun.person, shown, writes)).await?;
    tokens((&app, &keys, &client), granted, true, None)
}

#[utoipa::path(post, path = "/v1/auth/recovery_codes", request_body = RecoveryCodesRequest,
    responses((status = 200, body = RecoveryCodesResponse)))]
pub(crate) async fn renew(
    State(app): State<App>,
    SteppedUp(staff, ..): SteppedUp<Anybody>,
    PlainJson(RecoveryCodesRequest {}): PlainJson<RecoveryCodesRequest>,
) -> Result<Reply<RecoveryCodesResponse>, Problem> {
    let keys = app.store.keys().await?;
    let person = caller::person(&app, &keys, &staff).await?;
    let NewCodes { shown: recovery_codes, names, writes: kept } =
        recovery_codes(&app, &keys, staff.id)?;
    let change = (Ends::Steps, PasswordThen::Stays);
    let (_, changed) = app.store.change_account(&keys, &person.account, change, |account| {
        account.profile.factors(|factors| FactorChange::Recovery(names).apply(factors));
    })?;
    let event = SecurityEvent::by(staff.id, Action::RecoveryCodesMade, staff.id);
    let writes = app
        .store
        .transaction()
        .and_all(app.store.delete_recovery_codes(&person)?)
        .and_all(kept)
        .and_all(changed)
        .and(app.store.events.put(event).await?)
        .and_all(app.store.tell(&keys, &person, Told::RecoveryCodesMade, Some(staff.id))?);
    match writes.commit_patiently("renew_recovery_codes").await? {
        Written::Whole => Ok(Reply(StatusCode::OK, RecoveryCodesResponse { recovery_codes })),
        Written::Refused(_) => Err(Code::Conflict.into()),
    }
}
