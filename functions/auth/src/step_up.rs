//! `POST /v1/auth/step_up`: a second factor is shown again.

use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::access::staff::Staff;
use shared::http::request::PlainJson;
use shared::http::response::Reply;
use shared::http::staff::{Allowed, Anybody};
use shared::problem::{Code, FieldCode, Problem};
use shared::store::security_event::{Action, SecurityEvent};
use utoipa::ToSchema;

use crate::client::Client;
use crate::gate::{self, EXPIRES_IN};
use crate::keys::Keys;
use crate::passkeys::shown;
use crate::state::App;
use crate::store::notice::Told;
use crate::store::person::Person;
use crate::store::session::LONGEST_MS;
use crate::totp::spend_code;

/// A second factor to show: one of the two.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StepUpRequest {
    /// Six digits.
    code: Option<String>,
    /// `AuthenticationResponseJSON` of `WebAuthn` Level 3.
    #[schema(value_type = Option<Object>)]
    credential: Option<Value>,
}

/// A token that is good for what asks for a step-up, for five minutes.
#[derive(Serialize, ToSchema)]
pub struct StepUpResponse {
    access_token: String,
    token_type: &'static str,
    /// Seconds.
    expires_in: i64,
}

#[utoipa::path(post, path = "/v1/auth/step_up", request_body = StepUpRequest,
    responses((status = 200, body = StepUpResponse)))]
pub(crate) async fn post(
    State(app): State<App>,
    client: Client,
    Allowed(staff, ..): Allowed<Anybody>,
    PlainJson(request): PlainJson<StepUpRequest>,
) -> Result<Reply<StepUpResponse>, Problem> {
    let keys = app.store.keys().await?;
    // By the session and not by the token: five wrong ones, and one has to sign in again.
    let tries = format!("{}/step-up", staff.session);
    let ends_at = app.clock.now_seconds() + LONGEST_MS / 1000;
    let offered = match (request.code, request.credential) {
        (Some(code), None) => Offered::Code(code),
        (None, Some(credential)) => Offered::Passkey(credential),
        _ => return Err(Problem::invalid("/code", FieldCode::Missing)),
    };
    let tried = app.store.count_try(&tries, ends_at);
    let (may, person) = tokio::try_join!(tried, app.store.person(&keys, staff.id))?;
    if !may {
        return Err(Problem::new(Code::CodeInvalid, "Too many tries: sign in again."));
    }
    let person = person.ok_or(Code::TokenRevoked)?;
    let judged = match offered {
        Offered::Code(code) => spend_code(&app, &person, &code).map(Vec::from),
        Offered::Passkey(credential) => {
            let shown = shown(&app, &keys, &client, &credential, Some(staff.id)).await;
            shown.map(|(_, spent)| Vec::from(spent))
        }
    };
    let spent = match judged {
        Ok(spent) => spent,
        Err(problem) => {
            if problem.code == Code::CodeInvalid {
                failed(&app, &keys, &staff, &person).await?;
            }
            return Err(problem);
        }
    };
    let writes = app.store.transaction().and_all(spent).and(app.store.forget_tries(&tries)?);
    let access_token = Box::pin(gate::step_up(&app, &keys, &person, &staff, writes)).await?;
    let response = StepUpResponse { access_token, token_type: "Bearer", expires_in: EXPIRES_IN };
    Ok(Reply(StatusCode::OK, response))
}

enum Offered {
    Code(String),
    Passkey(Value),
}

/// Records a wrong second factor, and tells its owner: somebody may have the session and not the factor.
async fn failed(app: &App, keys: &Keys, staff: &Staff, person: &Person) -> Result<(), Problem> {
    let event = SecurityEvent::by(staff.id, Action::StepUpFailed, staff.session);
    let writes = app
        .store
        .transaction()
        .and(app.store.unchanged(&person.account)?)
        .and(app.store.events.put(event).await?)
        .and_all(app.store.tell(keys, person, Told::StepUpFailed, Some(staff.id))?);
    writes.commit_patiently("step_up_failed").await?;
    Ok(())
}
