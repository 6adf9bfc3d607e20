//! `cargo doctor verify-receipt`: verifies the receipt of an erasure from two files, without a
//! network. It is part of the doctor because it answers the same question: is this as it should be,
//! and if not, what is to be done?

use serde_json::Value;
use shared::store::receipt::{self, Invalid, Signed};
use shared::store::staff_keys::receipt_keys;

/// The result of a verification.
#[derive(Debug, PartialEq, Eq)]
pub struct Verdict {
    /// A sentence for the holder.
    pub sentence: String,
    /// 0 for what is valid, 1 for anything else.
    pub exit_code: u8,
}

/// Verifies a receipt, by the JWK set and the name of the deployment that is said to have made it.
///
/// # Errors
/// A sentence, when the set cannot be used; then nothing is known of the receipt.
pub fn verify(receipt: &str, jwks: &str, issuer: &str) -> Result<Verdict, String> {
    let keys = usable(receipt_keys(jwks), "receipt")?;
    // Text that is not JSON becomes null, which is no receipt.
    let presented: Value = serde_json::from_str(receipt).unwrap_or_default();
    let key_of = |name: &str| keys.iter().find(|(key, _)| key == name).map(|(_, key)| key);
    Ok(match receipt::verify(&presented, issuer, key_of) {
        Ok(Signed::Now) => Verdict { sentence: valid(&presented, issuer), exit_code: 0 },
        Ok(Signed::ByRetiredKey { retired_at, .. }) => {
            Verdict { sentence: by_retired_key(&retired_at, issuer), exit_code: 1 }
        }
        Err(reason) => not_valid(reason.as_str(), &why(reason, "receipt")),
    })
}

/// The sentence for a valid receipt. A bare signature has no fields that it could repeat.
fn valid(receipt: &Value, issuer: &str) -> String {
    let signed = format!("Valid: signed by {issuer}.");
    let text = |name: &str| receipt.get(name).and_then(Value::as_str);
    let (Some(subject), Some(at)) = (text("subject_id"), text("completed_at")) else {
        return signed;
    };
    let count = |name: &str| receipt.get(name).and_then(Value::as_u64).unwrap_or_default();
    let kept = receipt.get("kept").and_then(Value::as_array).map_or(0, Vec::len);
    format!(
        "{signed} Of {subject}, this could not be read by anybody from {at} on: conversations {}, \
         messages {}; keys destroyed {}; conversations kept under a legal hold {kept}.",
        count("conversations"),
        count("messages"),
        count("keys_destroyed"),
    )
}

/// The sentence for a receipt whose key somebody else may have. Only the deployment can tell them apart.
fn by_retired_key(retired_at: &str, issuer: &str) -> String {
    format!(
        "Not proven ({}): its signature fits, but its key was compromised and replaced at {retired_at}. \
         Ask {issuer} by POST /v1/receipts/verify whether it has this receipt.",
        Invalid::RetiredKey.as_str(),
    )
}

/// The keys of receipts or of certificates (`what`) in a JWK set that was read.
///
/// # Errors
/// A sentence, when it is no such set, or has none.
pub(crate) fn usable<K>(keys: Option<Vec<K>>, what: &str) -> Result<Vec<K>, String> {
    let keys = keys.ok_or(
        "The JWK set cannot be read: it has to be what GET /.well-known/jwks.json of the deployment \
         gives.",
    )?;
    if keys.is_empty() {
        return Err(format!("The JWK set has no key of {what}s."));
    }
    Ok(keys)
}

/// The verdict on something that is not valid: a word, and why.
pub(crate) fn not_valid(word: &str, why: &str) -> Verdict {
    Verdict { sentence: format!("Not valid ({word}): {why}."), exit_code: 1 }
}

/// Why something is no receipt or no certificate (`what`) of the deployment.
pub(crate) fn why(reason: Invalid, what: &str) -> String {
    match reason {
        Invalid::Malformed => format!("this is no {what}"),
        Invalid::WrongType => "its signature is one of something else".to_owned(),
        Invalid::UnknownKey => {
            format!("its key is none of those that the JWK set has for {what}s")
        }
        Invalid::BadSignature => "its signature does not fit".to_owned(),
        Invalid::OtherIssuer => "it was not signed by the deployment of that name".to_owned(),
        Invalid::RetiredKey => "its key was compromised".to_owned(),
        Invalid::Altered => "it says something else than what was signed".to_owned(),
    }
}
