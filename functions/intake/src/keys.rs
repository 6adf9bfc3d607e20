//! `GET /v1/keys`: the signed list of transport keys, the same bytes for everybody.

use axum::extract::State;
use http::StatusCode;
use serde::Serialize;
use serde_json::Value;
use shared::http::app::App;
use shared::http::request::Anybody;
use shared::http::response::Reply;
use shared::problem::{Code, Problem};
use shared::seal::sign::Verifier;
use shared::store::StoreError;
use shared::values::policy::RetentionPolicy;
use shared::values::site::Site;
use utoipa::ToSchema;

/// The signed key list.
#[derive(Serialize, ToSchema)]
pub struct KeyListResponse {
    /// Compact JWS (EdDSA, `typ: sotto-keys+jwt`) over `{"iss","iat","exp","keys"}`.
    jws: String,
    /// The signing key as a JWK (RFC 8037); its RFC 7638 thumbprint is what pages pin.
    #[schema(value_type = Object)]
    root: Value,
    /// The days that the notice has to name before anybody agrees to it. Believed only from a sealed answer:
    /// the list's signature is the rotation's, which does not know the policy.
    retention: RetentionShown,
}

/// How long things are kept, in days.
#[derive(Serialize, ToSchema)]
pub struct RetentionShown {
    /// Conversations, from their opening.
    transcript_days: u16,
    /// Contacts that are left.
    lead_days: u16,
}

impl RetentionShown {
    pub(crate) fn of(policy: &RetentionPolicy) -> Self {
        Self { transcript_days: policy.transcript_days(), lead_days: policy.lead_days() }
    }
}

#[utoipa::path(get, path = "/v1/keys", responses((status = 200, body = KeyListResponse)))]
pub(crate) async fn get(
    State(app): State<App>,
    _: Anybody,
) -> Result<Reply<KeyListResponse>, Problem> {
    let known = app.keys.get().await?;
    // A list that was kept would differ between functions for minutes after a rotation.
    let (keys, policy) = tokio::join!(
        app.keys.newer_than(&known.transport),
        app.store.settings.policy_to_say(Site::SHIPPED)
    );
    let (keys, policy) = (keys?, policy?);
    let list = keys.key_list.as_ref().ok_or(StoreError::KeysMissing)?;
    let root = Verifier::from_raw(&list.root).map_err(|_| Code::IntegrityFailed)?.jwk();
    let retention = RetentionShown::of(&policy);
    Ok(Reply(StatusCode::OK, KeyListResponse { jws: list.jws.clone(), root, retention }))
}
