//! `cargo doctor verify-receipt`: verifies the receipt of an erasure from two files, without a
//! network. It is part of the doctor because it answers the same question: is this as it should be,
//! and if not, what is to be done?

use serde_json::Value;
use shared::store::receipt::{self, Invalid, Signed};
use shared::store::staff_keys::receipt_keys;

/// The result of a verification.
#[derive(Debug, PartialEq, Eq)]
pub struct Verdict {
    /// A sentence for the holder of the receipt.
    pub sentence: String,
    /// 0 for a valid receipt, 1 for any other.
    pub exit_code: u8,
}

/// Verifies a receipt, by the JWK set and the name of the deployment that is said to have made it.
///
/// # Errors
/// A sentence, when the set cannot be used; then nothing is known of the receipt.
pub fn verify(receipt: &str, jwks: &str, issuer: &str) -> Result<Verdict, String> {
    let keys = receipt_keys(jwks).ok_or(
        "The JWK set cannot be read: it has to be what GET /.well-known/jwks.json of the deployment \
         gives.",
    )?;
    if keys.is_empty() {
        return Err("The JWK set has no key of receipts.".to_owned());
    }
    // Text that is not JSON becomes null, which is no receipt.
    let presented: Value = serde_json::from_str(receipt).unwrap_or_default();
    let key_of = |name: &str| keys.iter().find(|(key, _)| key == name).map(|(_, key)| key);
    Ok(match receipt::verify(&presented, issuer, key_of) {
        Ok(Signed::Now) => Verdict { sentence: valid(&presented, issuer), exit_code: 0 },
        Ok(Signed::ByRetiredKey { retired_at, .. }) => {
            Verdict { sentence: by_retired_key(&retired_at, issuer), exit_code: 1 }
        }
        Err(reason) => Verdict { sentence: invalid(reason, issuer), exit_code: 1 },
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

fn invalid(reason: Invalid, issuer: &str) -> String {
    let why = match reason {
        Invalid::Malformed => "this is no receipt".to_owned(),
        Invalid::WrongType => "its signature is one of something else".to_owned(),
        Invalid::UnknownKey => {
            "its key is none of those that the JWK set has for receipts".to_owned()
        }
        Invalid::BadSignature => "its signature does not fit".to_owned(),
        Invalid::OtherIssuer => format!("it was not signed by {issuer}"),
        Invalid::RetiredKey => "its key was compromised".to_owned(),
        Invalid::Altered => "it says something else than what was signed".to_owned(),
    };
    format!("Not valid ({}): {why}.", reason.as_str())
}
