//! `cargo doctor verify-certificate`: verifies the certificate of a training from two files, without a
//! network, as [`crate::receipt`] verifies a receipt.

use shared::clock::{UnixMillis, rfc3339};
use shared::store::staff_keys::certificate_keys;
use shared::store::training::Claims;

use crate::receipt::{Verdict, not_valid, usable, why};

/// Verifies a certificate (a compact JWS) at `now_ms`, by the JWK set of the deployment that is said to have
/// given it.
///
/// # Errors
/// A sentence, when the set cannot be used; then nothing is known of the certificate.
pub fn verify(certificate: &str, jwks: &str, now_ms: UnixMillis) -> Result<Verdict, String> {
    let keys = usable(certificate_keys(jwks), "certificate")?;
    let key_of = |name: &str| keys.iter().find(|(key, _)| key == name).map(|(_, key)| key);
    Ok(match Claims::verify(certificate.trim(), key_of) {
        Ok(claims) => judge(&claims, now_ms),
        Err(reason) => not_valid(reason.as_str(), &why(reason, "certificate")),
    })
}

/// The verdict on a certificate whose signature fits.
fn judge(claims: &Claims, now_ms: UnixMillis) -> Verdict {
    let Claims { iss, sub, course, version, iat, exp, jti: _ } = claims;
    let end_ms = exp.saturating_mul(1000);
    let (at, end) = (rfc3339(iat.saturating_mul(1000)), rfc3339(end_ms));
    if now_ms >= end_ms {
        return not_valid("expired", &format!("it ended at {end}"));
    }
    let sentence = format!(
        "Valid: signed by {iss}. The account {sub} passed the course {course}, version {version}, at {at}; \
         the certificate ends at {end}."
    );
    Verdict { sentence, exit_code: 0 }
}
