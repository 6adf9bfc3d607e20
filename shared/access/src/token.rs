//! The visitor's token: a JWS that names a subject. Verified without a call.

use serde::{Deserialize, Serialize};

use seal::sign::{Signer, Verifier};
use values::clock::Clock;
use values::ids::{RequestId, SubjectId};
use values::problem::{Code, Problem};
use values::site::Site;

/// Seconds that a visitor's token is valid.
pub const LIFETIME_SECONDS: i64 = 86_400;
/// Seconds after its end in which it still gives a new one for the same subject.
pub const RENEWAL_SECONDS: i64 = 30 * 86_400;
/// Seconds by which the clocks of two functions may differ.
const SKEW_SECONDS: i64 = 60;

const TYPE: &str = "sotto-visitor+jwt";
const AUDIENCE: &str = "sotto-visitor";

/// A visitor whose token was verified.
#[derive(Debug, Clone, Copy)]
pub struct Visitor {
    /// The first half of every key that is read for this caller.
    pub subject: SubjectId,
    /// The site of the token.
    pub site: &'static Site,
    /// Whether the site's server has said who it is, for this very token.
    pub verified: bool,
    /// Whether it has said that a second factor was used.
    pub mfa: bool,
}

#[derive(Clone, Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    site: String,
    iat: i64,
    exp: i64,
    jti: String,
    // Tokens of releases that knew no customers have neither.
    #[serde(default)]
    verified: bool,
    #[serde(default)]
    mfa: bool,
}

/// Why a token is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// None of ours, or not for this use.
    Invalid,
    /// Past its time.
    Expired,
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Invalid => Code::TokenInvalid.into(),
            Refused::Expired => {
                Self::new(Code::TokenExpired, "POST /v1/sessions with it gives a new one.")
            }
        }
    }
}

/// Issues a token for `visitor`.
///
/// # Errors
/// [`Code::Internal`] when there is no randomness or the library fails.
pub fn issue(
    signer: &Signer,
    clock: &Clock,
    issuer: &str,
    visitor: &Visitor,
) -> Result<String, Problem> {
    let now = clock.now_seconds();
    let claims = Claims {
        iss: issuer.to_owned(),
        aud: AUDIENCE.to_owned(),
        sub: visitor.subject.to_string(),
        site: visitor.site.id.to_owned(),
        iat: now,
        exp: now + LIFETIME_SECONDS,
        jti: RequestId::generate(clock)?.to_string(),
        verified: visitor.verified,
        mfa: visitor.mfa,
    };
    signer.sign(TYPE, &claims).map_err(|_| Code::Internal.into())
}

/// Verifies a token that must be valid now.
///
/// # Errors
/// [`Refused`].
pub fn verify(
    verifier: &Verifier,
    clock: &Clock,
    issuer: &str,
    token: &str,
) -> Result<Visitor, Refused> {
    let (visitor, exp) = read(verifier, clock, issuer, token)?;
    if clock.now_seconds() < exp { Ok(visitor) } else { Err(Refused::Expired) }
}

/// Verifies a token that is valid, or ended less than 30 days ago.
///
/// # Errors
/// [`Refused`].
pub fn verify_for_renewal(
    verifier: &Verifier,
    clock: &Clock,
    issuer: &str,
    token: &str,
) -> Result<Visitor, Refused> {
    let (visitor, exp) = read(verifier, clock, issuer, token)?;
    let end = exp.saturating_add(RENEWAL_SECONDS);
    if clock.now_seconds() < end { Ok(visitor) } else { Err(Refused::Expired) }
}

fn read(
    verifier: &Verifier,
    clock: &Clock,
    issuer: &str,
    token: &str,
) -> Result<(Visitor, i64), Refused> {
    let claims: Claims = verifier.verify(TYPE, token).map_err(|_| Refused::Invalid)?;
    let ours = claims.iss == issuer
        && claims.aud == AUDIENCE
        && claims.iat <= clock.now_seconds().saturating_add(SKEW_SECONDS);
    let subject = SubjectId::parse(&claims.sub).filter(|_| ours).ok_or(Refused::Invalid)?;
    let site = Site::find(&claims.site).ok_or(Refused::Invalid)?;
    let (verified, mfa) = (claims.verified, claims.mfa);
    Ok((Visitor { subject, site, verified, mfa }, claims.exp))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use values::secret::Secret;

    #[test]
    fn a_token_is_valid_for_its_day_its_issuer_and_its_key() {
        let clock = Clock::manual(1_763_899_200_000);
        let signer =
            |seed| Signer::derive(&Arc::new(Secret::from_slice(&[seed; 32]).unwrap())).unwrap();
        let visitor = Visitor {
            subject: SubjectId::generate(&clock).unwrap(),
            site: Site::find("default").unwrap(),
            verified: true,
            mfa: false,
        };
        let ours = signer(1);
        let token = issue(&ours, &clock, "sotto", &visitor).unwrap();
        let check = |signer: &Signer, issuer| verify(signer.verifier(), &clock, issuer, &token);
        let read = check(&ours, "sotto").unwrap();
        assert_eq!((read.subject, read.verified, read.mfa), (visitor.subject, true, false));
        assert_eq!(check(&ours, "other").err(), Some(Refused::Invalid));
        assert_eq!(check(&signer(2), "sotto").err(), Some(Refused::Invalid));

        clock.advance(Duration::from_hours(24));
        assert_eq!(check(&ours, "sotto").err(), Some(Refused::Expired));
        let renew = || verify_for_renewal(ours.verifier(), &clock, "sotto", &token);
        assert!(renew().is_ok());
        clock.advance(Duration::from_hours(30 * 24));
        assert_eq!(renew().err(), Some(Refused::Expired));
    }

    #[test]
    fn a_token_of_a_release_that_knew_no_customers_is_a_guests() {
        let clock = Clock::manual(1_763_899_200_000);
        let signer = Signer::derive(&Arc::new(Secret::from_slice(&[1; 32]).unwrap())).unwrap();
        let subject = SubjectId::generate(&clock).unwrap();
        let now = clock.now_seconds();
        let claims = serde_json::json!({
            "iss": "sotto", "aud": AUDIENCE, "sub": subject, "site": "default", "iat": now,
            "exp": now + LIFETIME_SECONDS, "jti": "",
        });
        let token = signer.sign(TYPE, &claims).unwrap();
        let read = verify(signer.verifier(), &clock, "sotto", &token).unwrap();
        assert_eq!((read.subject, read.verified, read.mfa), (subject, false, false));
    }

    #[test]
    fn a_token_from_the_future_or_of_another_kind_is_refused() {
        let clock = Clock::manual(1_763_899_200_000);
        let signer = Signer::derive(&Arc::new(Secret::from_slice(&[1; 32]).unwrap())).unwrap();
        let claims = |iat: i64, aud: &str| Claims {
            iss: "sotto".to_owned(),
            aud: aud.to_owned(),
            sub: SubjectId::generate(&clock).unwrap().to_string(),
            site: "default".to_owned(),
            iat,
            exp: iat + LIFETIME_SECONDS,
            jti: String::new(),
            verified: false,
            mfa: false,
        };
        let now = clock.now_seconds();
        for (typ, claims) in [
            (TYPE, claims(now + SKEW_SECONDS + 1, AUDIENCE)),
            (TYPE, claims(now, "sotto-staff")),
            ("at+jwt", claims(now, AUDIENCE)),
        ] {
            let token = signer.sign(typ, &claims).unwrap();
            assert!(verify(signer.verifier(), &clock, "sotto", &token).is_err());
        }
    }
}
