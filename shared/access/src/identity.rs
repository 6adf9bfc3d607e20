//! The identity that a site's server states: a JWT that makes a visitor a verified customer.
//! docs/authentication.md lists its claims. Every fault here is one refusal, and nothing is stored.

use serde::Deserialize;

use store::identity_key::IdentityKey;
use values::clock::{Clock, UnixMillis};
use values::problem::{Code, Problem};

/// Seconds that a proof is good for at most.
pub const LIFETIME_SECONDS: i64 = 600;
/// Seconds by which the clock of the site's server may differ from ours. They lengthen no life: a
/// proof that has ended by our clock is refused. An identity may also have been made so long before
/// its key was registered.
const SKEW_SECONDS: i64 = 60;
/// Bytes that a proof has at most.
const MAX_LEN: usize = 8 * 1024;
const JTI_MAX_LEN: usize = 128;
const SUB_MAX_CHARS: usize = 255;
const EMAIL_MAX_CHARS: usize = 254;
const NAME_MAX_CHARS: usize = 200;
/// The value of `amr` that says that more than one factor was used (RFC 8176).
const MFA: &str = "mfa";

/// The identity that the site's server states for the visitor. No `Debug`: it names a person.
pub struct Identity {
    /// The site's own name for the customer.
    pub name: String,
    /// The id of the proof, by which it is used only once.
    pub jti: String,
    /// When it ends.
    pub until_ms: UnixMillis,
    /// Whether the customer has used a second factor.
    pub mfa: bool,
}

/// Why a proof is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// Not signed by the site's key, not for this deployment, not whole, or used before.
    Invalid,
    /// Past its time.
    Expired,
    /// The site demands a second factor, and this customer has used none.
    MfaMissing,
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Invalid => Self::new(
                Code::TokenInvalid,
                "The identity is not what docs/authentication.md asks for, or was used before.",
            ),
            Refused::Expired => {
                Self::new(Code::TokenExpired, "The identity has ended: the site signs a new one.")
            }
            Refused::MfaMissing => Self::new(
                Code::MfaRequired,
                "The site demands an identity whose amr holds mfa: sign in there once more.",
            ),
        }
    }
}

#[derive(Deserialize)]
struct Claims {
    aud: Audience,
    sub: String,
    jti: String,
    exp: i64,
    iat: Option<i64>,
    nbf: Option<i64>,
    email: Option<String>,
    name: Option<String>,
    amr: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Audience {
    fn holds(&self, issuer: &str) -> bool {
        match self {
            Self::One(one) => one == issuer,
            Self::Several(several) => several.iter().any(|one| one == issuer),
        }
    }
}

/// Verifies a proof under the key that the site has registered. That it was not used before is the
/// store's to say.
///
/// # Errors
/// [`Refused`].
pub fn verify(
    key: &IdentityKey,
    clock: &Clock,
    issuer: &str,
    proof: &str,
) -> Result<Identity, Refused> {
    if proof.len() > MAX_LEN {
        return Err(Refused::Invalid);
    }
    let claims: Claims = key.key.verify(proof).map_err(|_| Refused::Invalid)?;
    let now = clock.now_seconds();
    let soon = now.saturating_add(SKEW_SECONDS);
    let begun = [claims.iat, claims.nbf].into_iter().flatten().all(|begins| begins <= soon);
    let bounded =
        |text: &Option<String>, max| text.as_ref().is_none_or(|text| text.chars().count() <= max);
    let whole = claims.aud.holds(issuer)
        && begun
        && claims.iat.is_none_or(|made| key.registered_ms <= latest_ms(made))
        && claims.exp <= soon.saturating_add(LIFETIME_SECONDS)
        && (1..=JTI_MAX_LEN).contains(&claims.jti.len())
        && claims.jti.bytes().all(|byte| byte.is_ascii_graphic())
        && (1..=SUB_MAX_CHARS).contains(&claims.sub.chars().count())
        && bounded(&claims.email, EMAIL_MAX_CHARS)
        && bounded(&claims.name, NAME_MAX_CHARS);
    if !whole {
        return Err(Refused::Invalid);
    }
    if claims.exp <= now {
        return Err(Refused::Expired);
    }
    let mfa = claims.amr.is_some_and(|used| used.iter().any(|one| one == MFA));
    if key.require_mfa && !mfa {
        return Err(Refused::MfaMissing);
    }
    let until_ms = claims.exp.saturating_mul(1000);
    Ok(Identity { name: claims.sub, jti: claims.jti, until_ms, mfa })
}

/// When something was made at the latest that the clock of the site's server puts into that second.
const fn latest_ms(second: i64) -> UnixMillis {
    second.saturating_add(SKEW_SECONDS).saturating_mul(1_000).saturating_add(999)
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::hmac;
    use serde_json::{Value, json};

    use super::*;
    use seal::site_key::SiteKey;
    use values::encoding::base64url;

    const SECRET: [u8; 32] = [7; 32];
    const NOW: i64 = 1_793_610_000;

    fn verified(require_mfa: bool, claims: &Value) -> Result<Identity, Refused> {
        verified_by(0, require_mfa, claims)
    }

    fn verified_by(
        registered_ms: UnixMillis,
        require_mfa: bool,
        claims: &Value,
    ) -> Result<Identity, Refused> {
        let key = IdentityKey { key: SiteKey::hs256(&SECRET).unwrap(), require_mfa, registered_ms };
        let part = |value: &Value| base64url(value.to_string().as_bytes());
        let message = format!("{}.{}", part(&json!({ "alg": "HS256" })), part(claims));
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &SECRET), message.as_bytes());
        let proof = format!("{message}.{}", base64url(tag.as_ref()));
        verify(&key, &Clock::manual(NOW * 1000 + 999), "sotto", &proof)
    }

    fn with(name: &str, value: Value) -> Result<Identity, Refused> {
        let mut claims = json!({ "aud": "sotto", "sub": "4711", "jti": "a", "exp": NOW + 600 });
        claims[name] = value;
        verified(false, &claims)
    }

    #[test]
    fn what_a_proof_has_to_hold_and_may() {
        let least = json!({ "aud": "sotto", "sub": "4711", "jti": "a", "exp": NOW + 1 });
        let identity = verified(false, &least).ok().unwrap();
        assert_eq!((identity.name.as_str(), identity.jti.as_str()), ("4711", "a"));
        assert_eq!((identity.until_ms, identity.mfa), ((NOW + 1) * 1000, false));
        for (name, value) in [
            ("aud", json!(["other", "sotto"])),
            ("exp", json!(NOW + LIFETIME_SECONDS + SKEW_SECONDS)),
            ("iat", json!(NOW + SKEW_SECONDS)),
            ("nbf", json!(NOW - 1)),
            ("email", json!("ada@example.org")),
            ("name", Value::Null),
            ("sub", json!("ü".repeat(255))),
            ("jti", json!("x".repeat(128))),
            ("iss", json!("https://shop.example")),
            ("amr", json!([])),
        ] {
            assert!(with(name, value.clone()).is_ok(), "{name} {value}");
        }
    }

    #[test]
    fn every_other_claim_is_refused() {
        for (name, value) in [
            ("aud", json!("sotto2")),
            ("aud", json!(["other"])),
            ("aud", json!([])),
            ("aud", json!({ "sotto": "sotto" })),
            ("exp", json!(NOW + LIFETIME_SECONDS + SKEW_SECONDS + 1)),
            ("exp", json!(i64::MAX)),
            ("exp", json!(1e300)),
            ("exp", json!("1793610600")),
            ("exp", json!(f64::from(1_793_610_100) + 0.5)),
            ("iat", json!(NOW + SKEW_SECONDS + 1)),
            ("nbf", json!(NOW + SKEW_SECONDS + 1)),
            ("sub", json!("")),
            ("sub", json!("x".repeat(256))),
            ("sub", json!(4711)),
            ("jti", json!("")),
            ("jti", json!("x".repeat(129))),
            ("jti", json!("a b")),
            ("jti", json!("é")),
            ("email", json!("x".repeat(255))),
            ("name", json!("x".repeat(201))),
            ("amr", json!("mfa")),
            ("pad", json!("x".repeat(MAX_LEN))),
        ] {
            let refused = with(name, value.clone()).err();
            assert_eq!(refused, Some(Refused::Invalid), "{name} {value}");
        }
        for name in ["aud", "sub", "jti", "exp"] {
            assert_eq!(with(name, Value::Null).err(), Some(Refused::Invalid), "no {name}");
        }
    }

    #[test]
    fn a_proof_ends_in_its_second_and_not_later() {
        assert!(with("exp", json!(NOW + 1)).is_ok());
        for exp in [NOW, NOW - 1, 0, i64::MIN] {
            assert_eq!(with("exp", json!(exp)).err(), Some(Refused::Expired), "{exp}");
        }
    }

    #[test]
    fn a_proof_made_before_its_key_was_registered_is_refused() {
        let registered_ms = NOW * 1_000 + 500;
        let made = |iat: Option<i64>| {
            let mut claims = json!({ "aud": "sotto", "sub": "4711", "jti": "a", "exp": NOW + 9 });
            if let Some(iat) = iat {
                claims["iat"] = json!(iat);
            }
            verified_by(registered_ms, false, &claims).err()
        };
        for iat in [None, Some(NOW), Some(NOW - 1), Some(NOW - SKEW_SECONDS)] {
            assert_eq!(made(iat), None, "{iat:?}");
        }
        for iat in [NOW - SKEW_SECONDS - 1, 0, i64::MIN] {
            assert_eq!(made(Some(iat)), Some(Refused::Invalid), "{iat}");
        }
    }

    #[test]
    fn a_second_factor_is_told_and_demanded() {
        let claims = |amr: Value| json!({ "aud": "sotto", "sub": "4711", "jti": "a", "exp": NOW + 9, "amr": amr });
        assert!(verified(true, &claims(json!(["pwd", "mfa"]))).ok().unwrap().mfa);
        assert!(verified(false, &claims(json!(["mfa"]))).ok().unwrap().mfa);
        for amr in [json!(["pwd", "otp"]), json!(["MFA"]), json!([]), Value::Null] {
            let refused = verified(true, &claims(amr.clone())).err();
            assert_eq!(refused, Some(Refused::MfaMissing), "{amr}");
        }
    }
}
