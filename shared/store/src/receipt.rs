//! Receipts of erasures: what was destroyed and when, signed.
//!
//! Ledger item: `p` = `receipt#<id>`, `k` = `receipt`, `j` the receipt as JSON with its signature, `e` the
//! signature that it had before it said where the audit log has it, `expires_at`.

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::attributes::{
    EXPIRES_AT, Item, corrupt, expiry, in_table, optional, string, take_string,
};
use super::ledger::Entry;
use super::staff_keys::ReceiptKey;
use super::table::key;
use super::write::{Write, put, put_if};
use super::{Store, StoreError, fault};
use seal::sign::{Signer, Verifier};
use values::clock::{UnixMillis, rfc3339};
use values::ids::ReceiptId;

/// The type of a receipt's signature.
pub const RECEIPT_TYPE: &str = "sotto-receipt+jwt";
/// How long a function may keep a conversation's key after it was destroyed, and a little more.
pub const KEPT_IN_MEMORY_MS: i64 = 60_000;

/// A receipt without its signature: what the signature is over, together with the issuer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Receipt {
    /// Its id.
    pub id: String,
    /// The subject that was erased.
    pub subject_id: String,
    /// When it was asked for.
    pub requested_at: String,
    /// When nobody could read anything any more, from memory either.
    pub completed_at: String,
    /// `gdpr_17`, `ccpa_delete` or `other`.
    pub basis: String,
    /// Conversations whose keys were destroyed.
    pub conversations: u64,
    /// Keys that were destroyed.
    pub keys_destroyed: u64,
    /// Messages that they guarded.
    pub messages: u64,
    /// The data that was kept, and why.
    pub kept: Vec<Kept>,
    /// Where the audit log has it; null until its next checkpoint.
    #[schema(required = true)]
    pub log: Option<LogPlace>,
}

/// The place of an erasure's event in the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LogPlace {
    /// The place of its leaf in the tree.
    pub leaf_index: u64,
    /// The size of a tree that has it.
    pub tree_size: u64,
    /// The root of that tree, base64url.
    pub root_hash: String,
}

/// Something that was not erased.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Kept {
    /// The conversation.
    pub conversation_id: String,
    /// `legal_hold`.
    pub reason: String,
}

/// A receipt with its signature, as it is given out and stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SignedReceipt {
    /// The receipt.
    #[serde(flatten)]
    pub receipt: Receipt,
    /// The signature (RFC 7515, compact) over the receipt and its issuer.
    pub jws: String,
}

/// The claims that a signature covers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Claims {
    iss: String,
    #[serde(flatten)]
    receipt: Receipt,
}

/// Why something is no receipt, no certificate or no bundle of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Invalid {
    /// It is none at all.
    Malformed,
    /// A signature of another type: a token, or a list of keys.
    WrongType,
    /// Signed with a key that is none of this deployment's for it.
    UnknownKey,
    /// The signature does not fit.
    BadSignature,
    /// Signed by another deployment.
    OtherIssuer,
    /// The receipt beside the signature is not the one that was signed.
    Altered,
    /// Signed with a key that was compromised, and none of the receipts that are stored.
    RetiredKey,
}

/// A signature that fits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signed {
    /// By the key in force.
    Now,
    /// By a key that was compromised, so by anybody: what the ledger has under this id decides.
    ByRetiredKey {
        /// The id of the receipt, as it was signed.
        id: String,
        /// Since when the key signs nothing, as it is published.
        retired_at: String,
    },
}

impl Invalid {
    /// The reason as it is given.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::WrongType => "wrong_type",
            Self::UnknownKey => "unknown_key",
            Self::BadSignature => "bad_signature",
            Self::OtherIssuer => "other_issuer",
            Self::Altered => "altered",
            Self::RetiredKey => "retired_key",
        }
    }
}

impl Receipt {
    /// The receipt of an erasure whose keys were destroyed at `destroyed_ms` at the latest.
    #[must_use]
    pub fn of(entry: &Entry, destroyed_ms: UnixMillis, messages: u64) -> Self {
        let kept = |id: &values::ids::ConversationId| Kept {
            conversation_id: id.to_string(),
            reason: "legal_hold".to_owned(),
        };
        Self {
            id: entry.receipt.to_string(),
            subject_id: entry.subject.to_string(),
            requested_at: rfc3339(entry.requested_ms),
            completed_at: rfc3339(destroyed_ms + KEPT_IN_MEMORY_MS),
            basis: entry.basis.as_str().to_owned(),
            conversations: entry.conversations,
            keys_destroyed: entry.keys_destroyed,
            messages,
            kept: entry.kept.iter().map(kept).collect(),
            log: None,
        }
    }

    /// Signs it.
    ///
    /// # Errors
    /// [`StoreError::Failed`] when the library fails.
    pub fn sign(self, signer: &Signer, issuer: &str) -> Result<SignedReceipt, StoreError> {
        let claims = Claims { iss: issuer.to_owned(), receipt: self };
        let jws = signer.sign_named(RECEIPT_TYPE, &claims)?;
        Ok(SignedReceipt { receipt: claims.receipt, jws })
    }
}

/// Whether `presented`, a receipt or its signature alone, is one of this deployment, and by which key.
///
/// # Errors
/// [`Invalid`], the first reason that is found.
pub fn verify<'a>(
    presented: &Value,
    issuer: &str,
    key_of: impl Fn(&str) -> Option<&'a ReceiptKey>,
) -> Result<Signed, Invalid> {
    let fields = presented.as_object().ok_or(Invalid::Malformed)?;
    let jws = fields.get("jws").and_then(Value::as_str).ok_or(Invalid::Malformed)?;
    let key_of = |name: &str| key_of(name).map(|key| (&key.verifier, key));
    let (signed, key) = claims(jws, RECEIPT_TYPE, key_of)?;
    let mut signed = signed.as_object().cloned().ok_or(Invalid::Malformed)?;
    if signed.remove("iss").as_ref().and_then(Value::as_str) != Some(issuer) {
        return Err(Invalid::OtherIssuer);
    }
    let mut beside = fields.clone();
    beside.remove("jws");
    if !beside.is_empty() && beside != signed {
        return Err(Invalid::Altered);
    }
    let Some(retired_at) = key.retired_at.clone() else { return Ok(Signed::Now) };
    let id = signed.get("id").and_then(Value::as_str).ok_or(Invalid::Malformed)?.to_owned();
    Ok(Signed::ByRetiredKey { id, retired_at })
}

/// The claims of a compact JWS of that type, and what `key_of` gave with the key that it names.
///
/// # Errors
/// [`Invalid`], the first reason that is found.
pub(super) fn claims<'a, K>(
    jws: &str,
    typ: &str,
    key_of: impl Fn(&str) -> Option<(&'a Verifier, K)>,
) -> Result<(Value, K), Invalid> {
    let (verifier, key) = key_of_jws(jws, typ, key_of)?;
    let claims = verifier.verify(typ, jws).map_err(|_| Invalid::BadSignature)?;
    Ok((claims, key))
}

/// The key that a compact JWS of that type names, by `key_of`. Its signature is not verified yet.
///
/// # Errors
/// [`Invalid`], the first reason that is found.
pub(super) fn key_of_jws<K>(
    jws: &str,
    typ: &str,
    key_of: impl Fn(&str) -> Option<K>,
) -> Result<K, Invalid> {
    let (kid, named) = seal::sign::named_key_and_type(jws).ok_or(Invalid::Malformed)?;
    if named.as_deref() != Some(typ) {
        return Err(Invalid::WrongType);
    }
    kid.as_deref().and_then(key_of).ok_or(Invalid::UnknownKey)
}

impl Store {
    /// The receipt of that id.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_receipt(&self, id: ReceiptId) -> Result<Option<SignedReceipt>, StoreError> {
        let found = self.ledger_table.get("find_receipt", key(partition(id), RECEIPT)).await?;
        let found = found.map(read).transpose()?;
        // One that was put in the place of another is valid all the same.
        if found.as_ref().is_some_and(|found| found.receipt.id != id.to_string()) {
            return Err(corrupt("j").in_table("ledger"));
        }
        Ok(found)
    }

    /// Stores a receipt, unless there is one; gives the one that is stored then.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn put_receipt(
        &self,
        id: ReceiptId,
        receipt: SignedReceipt,
        end_ms: UnixMillis,
    ) -> Result<SignedReceipt, StoreError> {
        let put = self
            .dynamo
            .put_item()
            .table_name(self.ledger_table.as_ref())
            .set_item(Some(item(id, &receipt, end_ms)?))
            .condition_expression("attribute_not_exists(p)")
            .send()
            .await;
        let Err(error) = put else { return Ok(receipt) };
        match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(_)) => {
                self.find_receipt(id).await?.ok_or(corrupt("j").in_table("ledger"))
            }
            _ => Err(fault("put_receipt", &error)),
        }
    }

    /// Says in a receipt where the audit log has its erasure, and signs it anew; gives the one that is stored
    /// then. The signature that it had is kept beside it: somebody was given that one. `is_ours` says whether
    /// a receipt has a signature of ours: nothing else is ever signed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn place_receipt(
        &self,
        id: ReceiptId,
        place: LogPlace,
        issuer: &str,
        is_ours: impl Fn(&SignedReceipt) -> bool,
    ) -> Result<Option<SignedReceipt>, StoreError> {
        let found = self.ledger_table.get("find_receipt", key(partition(id), RECEIPT)).await?;
        let Some(stored) = found else { return Ok(None) };
        let before = read(stored.clone())?;
        if before.receipt.log.is_some() {
            return Ok(Some(before));
        }
        if before.receipt.id != id.to_string() || !is_ours(&before) {
            return Ok(None);
        }
        let signer = self.settings.receipt_signer().await?;
        let placed = Receipt { log: Some(place), ..before.receipt }.sign(&signer, issuer)?;
        let json = serde_json::to_string(&placed).map_err(|_| StoreError::Failed)?;
        let mut item = stored.clone();
        item.insert("j".to_owned(), string(json));
        item.insert("e".to_owned(), string(before.jws));
        let known = stored.get("j").cloned().ok_or(corrupt("j").in_table("ledger"))?;
        let put = put_if(&self.ledger_table, item, "j = :j", [(":j", known)])?;
        if self.transaction().and(put).commit("place_receipt").await?.is_whole() {
            return Ok(Some(placed));
        }
        self.find_receipt(id).await
    }

    /// Whether the ledger has a receipt of that id with that signature: the present one, or the one that it
    /// had before it said where the audit log has it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn has_receipt(&self, id: ReceiptId, jws: &str) -> Result<bool, StoreError> {
        let found = self.ledger_table.get("find_receipt", key(partition(id), RECEIPT)).await?;
        let Some(mut found) = found else { return Ok(false) };
        let before = optional(&mut found, "e", take_string).map_err(in_table("ledger"))?;
        Ok(before.as_deref() == Some(jws) || read(found)?.jws == jws)
    }

    /// A receipt in the place of an earlier one, which told of less: part of a transaction.
    pub(super) fn replacement_of_receipt(
        &self,
        id: ReceiptId,
        receipt: &SignedReceipt,
        end_ms: UnixMillis,
    ) -> Result<Write, StoreError> {
        put(&self.ledger_table, item(id, receipt, end_ms)?)
    }
}

const RECEIPT: &str = "receipt";

fn partition(id: ReceiptId) -> String {
    format!("receipt#{id}")
}

fn item(id: ReceiptId, receipt: &SignedReceipt, end_ms: UnixMillis) -> Result<Item, StoreError> {
    let json = serde_json::to_string(receipt).map_err(|_| StoreError::Failed)?;
    let mut item = key(partition(id), RECEIPT);
    item.insert("j".to_owned(), string(json));
    item.insert(EXPIRES_AT.to_owned(), expiry(end_ms));
    Ok(item)
}

fn read(mut item: Item) -> Result<SignedReceipt, StoreError> {
    let json = take_string(&mut item, "j").map_err(in_table("ledger"))?;
    serde_json::from_str(&json).map_err(|_| corrupt("j").in_table("ledger"))
}
