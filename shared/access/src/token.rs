//! The visitor's token: a JWS that names a subject. Verified without a call.

use serde::{Deserialize, Serialize};

use seal::sign::{Signer, Verifier};
use store::identity_key::Registration;
use store::session::{
    CUSTOMER_SECONDS, GUEST_SECONDS, LetInBy, RENEWAL_SECONDS, SKEW_SECONDS, Session, TOKEN_SECONDS,
};
use store::subject::Subject;
use values::clock::Clock;
use values::ids::{RequestId, SubjectId};
use values::problem::{Code, Problem};
use values::site::Site;

const TYPE: &str = "sotto-visitor+jwt";
const AUDIENCE: &str = "sotto-visitor";

/// A visitor whose token was verified.
#[derive(Debug, Clone, Copy)]
pub struct Visitor {
    /// The first half of every key that is read for this caller.
    pub subject: SubjectId,
    /// The site of the token.
    pub site: &'static Site,
    /// Whether the site's server has said who it is, when the session began.
    pub verified: bool,
    /// Whether it has said that a second factor was used.
    pub mfa: bool,
    /// The session that the token belongs to.
    pub session: Session,
}

impl Visitor {
    /// A guest whose session begins now.
    #[must_use]
    pub const fn guest(subject: SubjectId, site: &'static Site, now: i64) -> Self {
        Self { subject, site, verified: false, mfa: false, session: Session::of_guest(now) }
    }

    /// A customer whose session begins now, let in by the key that was registered then. `known` is the
    /// row of the subject.
    #[must_use]
    pub fn customer(
        (subject, known): (SubjectId, &Subject),
        site: &'static Site,
        mfa: bool,
        (now, key): (i64, Registration),
    ) -> Self {
        Self { subject, site, verified: true, mfa, session: Session::of_customer(now, known, key) }
    }
}

/// A token, and for how many seconds it is valid.
pub struct Issued {
    /// The token.
    pub token: String,
    /// Seconds, from now on.
    pub expires_in: i64,
}

/// The visitor of a token that gives a new one.
pub struct Known {
    /// The visitor.
    pub visitor: Visitor,
    /// When the token ends, or has ended, in seconds.
    pub exp: i64,
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
    // Tokens of releases that ended no sessions have none of these: when the session began, when it
    // ends at the latest, and when the key was registered that let a customer in.
    auth_time: Option<i64>,
    session_end: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    identity_key: Option<i64>,
}

impl Claims {
    fn session(&self) -> Session {
        let began = self.auth_time.unwrap_or(self.iat);
        let longest = if self.verified { CUSTOMER_SECONDS } else { GUEST_SECONDS };
        // The key of an earlier release's token was there when the token was given.
        let let_in_by = self.verified.then(|| {
            let by_then = LetInBy::RegisteredBy(began.saturating_mul(1_000).saturating_add(999));
            self.identity_key.map_or(by_then, LetInBy::RegisteredAt)
        });
        let ends = self.session_end.unwrap_or_else(|| began.saturating_add(longest));
        Session { began, ends, let_in_by }
    }
}

/// Why a token is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// None of ours, or not for this use.
    Invalid,
    /// Past its time.
    Expired,
    /// Past its time, and its session with it.
    Ended,
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Invalid => Code::TokenInvalid.into(),
            Refused::Expired => {
                Self::new(Code::TokenExpired, "POST /v1/sessions with it gives a new one.")
            }
            Refused::Ended => Self::new(
                Code::TokenExpired,
                "Its session has ended: POST /v1/sessions without it, a customer with a new identity.",
            ),
        }
    }
}

/// Issues a token for `visitor`, which ends with the session and by `limit` at the latest.
///
/// # Errors
/// [`Code::Internal`] when there is no randomness or the library fails.
pub fn issue(
    signer: &Signer,
    clock: &Clock,
    issuer: &str,
    visitor: &Visitor,
    limit: i64,
) -> Result<Issued, Problem> {
    let now = clock.now_seconds();
    let Session { began, ends, let_in_by } = visitor.session;
    let identity_key = match let_in_by {
        Some(LetInBy::RegisteredAt(key_ms)) => Some(key_ms),
        Some(LetInBy::RegisteredBy(_)) | None => None,
    };
    let exp = now.saturating_add(TOKEN_SECONDS).min(ends).min(limit);
    let claims = Claims {
        iss: issuer.to_owned(),
        aud: AUDIENCE.to_owned(),
        sub: visitor.subject.to_string(),
        site: visitor.site.id.to_owned(),
        iat: now,
        exp,
        jti: RequestId::generate(clock)?.to_string(),
        verified: visitor.verified,
        mfa: visitor.mfa,
        auth_time: Some(began),
        session_end: Some(ends),
        identity_key,
    };
    // Its key has a name, by which a function that has kept another one notices the change.
    let token = signer.sign_named(TYPE, &claims).map_err(|_| Code::Internal)?;
    Ok(Issued { token, expires_in: exp - now })
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
    let Known { visitor, exp } = read(verifier, clock, issuer, token)?;
    if clock.now_seconds() < exp { Ok(visitor) } else { Err(refused(&visitor, clock)) }
}

/// Verifies a token that is valid, or ended less than 30 days ago, and whose session has not ended.
///
/// # Errors
/// [`Refused`].
pub fn verify_for_renewal(
    verifier: &Verifier,
    clock: &Clock,
    issuer: &str,
    token: &str,
) -> Result<Known, Refused> {
    let known = read(verifier, clock, issuer, token)?;
    let end = known.exp.saturating_add(RENEWAL_SECONDS).min(known.visitor.session.ends);
    if clock.now_seconds() < end { Ok(known) } else { Err(Refused::Ended) }
}

/// Why a token that is past its time is refused.
fn refused(visitor: &Visitor, clock: &Clock) -> Refused {
    if clock.now_seconds() < visitor.session.ends { Refused::Expired } else { Refused::Ended }
}

fn read(verifier: &Verifier, clock: &Clock, issuer: &str, token: &str) -> Result<Known, Refused> {
    let claims: Claims = verifier.verify(TYPE, token).map_err(|_| Refused::Invalid)?;
    let ours = claims.iss == issuer
        && claims.aud == AUDIENCE
        && claims.iat <= clock.now_seconds().saturating_add(SKEW_SECONDS);
    let subject = SubjectId::parse(&claims.sub).filter(|_| ours).ok_or(Refused::Invalid)?;
    let site = Site::find(&claims.site).ok_or(Refused::Invalid)?;
    let (verified, mfa, session) = (claims.verified, claims.mfa, claims.session());
    Ok(Known { visitor: Visitor { subject, site, verified, mfa, session }, exp: claims.exp })
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
        let site = Site::find("default").unwrap();
        let subject = SubjectId::generate(&clock).unwrap();
        let visitor = Visitor::guest(subject, site, clock.now_seconds());
        let ours = signer(1);
        let Issued { token, expires_in } =
            issue(&ours, &clock, "sotto", &visitor, i64::MAX).unwrap();
        assert_eq!(expires_in, TOKEN_SECONDS);
        let check = |signer: &Signer, issuer| verify(signer.verifier(), &clock, issuer, &token);
        let read = check(&ours, "sotto").unwrap();
        assert_eq!((read.subject, read.verified, read.mfa), (subject, false, false));
        assert_eq!(read.session, visitor.session);
        assert_eq!(check(&ours, "other").err(), Some(Refused::Invalid));
        assert_eq!(check(&signer(2), "sotto").err(), Some(Refused::Invalid));

        clock.advance(Duration::from_hours(24));
        assert_eq!(check(&ours, "sotto").err(), Some(Refused::Expired));
        let renew = || verify_for_renewal(ours.verifier(), &clock, "sotto", &token);
        assert!(renew().is_ok());
        clock.advance(Duration::from_hours(30 * 24));
        assert_eq!(renew().err(), Some(Refused::Ended));
    }

    #[test]
    fn a_customers_token_and_its_renewals_end_four_hours_after_the_session_began() {
        let clock = Clock::manual(1_763_899_200_000);
        let signer = Signer::derive(&Arc::new(Secret::from_slice(&[1; 32]).unwrap())).unwrap();
        let (subject, known) = (SubjectId::generate(&clock).unwrap(), Subject::default());
        let began = (clock.now_seconds(), Registration(1_763_000_000_000));
        let mut visitor = Visitor::customer((subject, &known), Site::SHIPPED, true, began);
        let mut token = String::new();
        for hours in [0, 1, 2] {
            clock.advance(Duration::from_hours(1).saturating_mul(hours.min(1)));
            let issued = issue(&signer, &clock, "sotto", &visitor, i64::MAX).unwrap();
            assert_eq!(issued.expires_in, CUSTOMER_SECONDS - i64::from(hours) * 3_600);
            token = issued.token;
            let renewed = verify_for_renewal(signer.verifier(), &clock, "sotto", &token).unwrap();
            assert_eq!(renewed.visitor.session, visitor.session);
            assert!(renewed.visitor.verified && renewed.visitor.mfa);
            visitor = renewed.visitor;
        }
        clock.advance(Duration::from_hours(2));
        let ended = Some(Refused::Ended);
        assert_eq!(verify(signer.verifier(), &clock, "sotto", &token).err(), ended);
        assert_eq!(verify_for_renewal(signer.verifier(), &clock, "sotto", &token).err(), ended);
    }

    #[test]
    fn a_token_of_an_earlier_release_is_good_for_its_day_and_its_session_began_with_it() {
        let clock = Clock::manual(1_763_899_200_000);
        let signer = Signer::derive(&Arc::new(Secret::from_slice(&[1; 32]).unwrap())).unwrap();
        let subject = SubjectId::generate(&clock).unwrap();
        let iat = clock.now_seconds();
        let token = |verified: bool| {
            let claims = serde_json::json!({
                "iss": "sotto", "aud": AUDIENCE, "sub": subject, "site": "default", "iat": iat,
                "exp": iat + TOKEN_SECONDS, "jti": "", "verified": verified, "mfa": verified,
            });
            signer.sign(TYPE, &claims).unwrap()
        };
        let (guests, customers) = (token(false), token(true));
        clock.advance(Duration::from_hours(23));
        let read = |token: &str| verify(signer.verifier(), &clock, "sotto", token).unwrap().session;
        let guest = Session { began: iat, ends: iat + GUEST_SECONDS, let_in_by: None };
        assert_eq!(read(&guests), guest);
        let let_in_by = Some(LetInBy::RegisteredBy(iat * 1_000 + 999));
        let customer = Session { began: iat, ends: iat + CUSTOMER_SECONDS, let_in_by };
        assert_eq!(read(&customers), customer);
        let renew = |token: &str| verify_for_renewal(signer.verifier(), &clock, "sotto", token);
        assert_eq!(renew(&guests).ok().map(|known| known.visitor.session), Some(guest));
        assert_eq!(renew(&customers).err(), Some(Refused::Ended), "its four hours are over");
    }

    #[test]
    fn a_token_of_a_release_that_knew_no_customers_is_a_guests() {
        let clock = Clock::manual(1_763_899_200_000);
        let signer = Signer::derive(&Arc::new(Secret::from_slice(&[1; 32]).unwrap())).unwrap();
        let subject = SubjectId::generate(&clock).unwrap();
        let now = clock.now_seconds();
        let claims = serde_json::json!({
            "iss": "sotto", "aud": AUDIENCE, "sub": subject, "site": "default", "iat": now,
            "exp": now + TOKEN_SECONDS, "jti": "",
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
            exp: iat + TOKEN_SECONDS,
            jti: String::new(),
            verified: false,
            mfa: false,
            auth_time: None,
            session_end: None,
            identity_key: None,
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
