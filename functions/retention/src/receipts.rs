//! `GET /v1/receipts/{id}` and `POST /v1/receipts/verify`: for anybody who was given a receipt. Its id
//! is nothing that could be guessed, and it names no content.

use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use shared::http::request::{PathId, PlainJson};
use shared::http::response::Reply;
use shared::ids::ReceiptId;
use shared::problem::{Code, Problem};
use shared::store::StoreError;
use shared::store::erasure::event_of;
use shared::store::receipt::{self, Invalid, LogPlace, Signed, SignedReceipt};
use shared::store::staff_keys::log_key;
use shared::values::encoding::base64url;
use tiles::log::AuditLog;
use utoipa::ToSchema;

use shared::http::staff_app::App;

/// A receipt, or its signature alone. All members are checked exactly as they were given.
#[derive(Deserialize, ToSchema)]
pub struct VerifyRequest {
    /// The signature.
    jws: Option<String>,
    /// The members beside it.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    beside: Map<String, Value>,
}

/// Whether it is a receipt of this deployment.
#[derive(Serialize, ToSchema)]
pub struct VerifyResponse {
    valid: bool,
    /// Why not: `malformed`, `wrong_type`, `unknown_key`, `bad_signature`, `other_issuer`, `altered`, or
    /// `retired_key`: its key was compromised, and no such receipt is stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

#[utoipa::path(get, path = "/v1/receipts/{id}", params(("id" = String, Path)),
    responses((status = 200, body = SignedReceipt)))]
pub(crate) async fn get(
    State(app): State<App>,
    PathId(id): PathId,
) -> Result<Reply<SignedReceipt>, Problem> {
    let id = ReceiptId::parse(&id).ok_or(Code::NotFound)?;
    let mut receipt = app.store.find_receipt(id).await?.ok_or(Code::NotFound)?;
    if receipt.receipt.log.is_none() && receipt.receipt.keys_destroyed > 0 {
        // A log that cannot be read keeps nobody from their receipt.
        receipt = placed(&app, id).await.ok().flatten().unwrap_or(receipt);
    }
    Ok(Reply(StatusCode::OK, receipt))
}

/// The receipt with its place in the audit log, if its erasure has one by now.
async fn placed(app: &App, id: ReceiptId) -> Result<Option<SignedReceipt>, StoreError> {
    let Some(log) = app.log.clone().map(AuditLog::new) else { return Ok(None) };
    let keys = app.staff_keys.get().await?;
    let Some(key) = log_key(keys.jwks()) else { return Ok(None) };
    let Some((leaf_index, tree_size, root)) = log.proven(event_of(id), &key).await? else {
        return Ok(None);
    };
    let place = LogPlace { leaf_index, tree_size, root_hash: base64url(&root.0) };
    let is_ours = |stored: &SignedReceipt| {
        let Ok(presented) = serde_json::to_value(stored) else { return false };
        let signed = receipt::verify(&presented, &app.issuer, |name| keys.receipt_key(name));
        signed == Ok(Signed::Now)
    };
    app.store.place_receipt(id, place, &app.issuer, is_ours).await
}

#[utoipa::path(post, path = "/v1/receipts/verify", request_body = VerifyRequest,
    responses((status = 200, body = VerifyResponse)))]
pub(crate) async fn verify(
    State(app): State<App>,
    PlainJson(VerifyRequest { jws, mut beside }): PlainJson<VerifyRequest>,
) -> Result<Reply<VerifyResponse>, Problem> {
    if let Some(jws) = jws {
        beside.insert("jws".to_owned(), jws.into());
    }
    let keys = app.staff_keys.get().await?;
    let presented = Value::Object(beside);
    let judged = receipt::verify(&presented, &app.issuer, |name| keys.receipt_key(name));
    let reason = match judged {
        Ok(Signed::Now) => None,
        Ok(Signed::ByRetiredKey { id, .. }) if is_stored(&app, &id, &presented).await? => None,
        Ok(Signed::ByRetiredKey { .. }) => Some(Invalid::RetiredKey.as_str()),
        Err(invalid) => Some(invalid.as_str()),
    };
    Ok(Reply(StatusCode::OK, VerifyResponse { valid: reason.is_none(), reason }))
}

/// Whether the ledger has a receipt with this signature. An erasure that kept something gets another
/// receipt later; only the last one is stored.
async fn is_stored(app: &App, id: &str, presented: &Value) -> Result<bool, Problem> {
    let Some(id) = ReceiptId::parse(id) else { return Ok(false) };
    let Some(jws) = presented["jws"].as_str() else { return Ok(false) };
    Ok(app.store.has_receipt(id, jws).await?)
}
