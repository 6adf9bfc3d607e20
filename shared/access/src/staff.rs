//! The tokens of the staff: JWS that name a person and a session. Verified without a call.
//!
//! Three kinds, told apart by `typ` and `aud`: the access token (RFC 9068), what is left to do after
//! a right password (`Mfa`), and after an invitation (`Enrolment`). Only the first opens a route
//! that is not about signing in.

use serde::{Deserialize, Serialize};

use super::staff_keychain::StaffKeychain;
use seal::sign::{Signer, named_key};
use values::clock::Clock;
use values::ids::{RequestId, SessionId, StaffId};
use values::problem::{Code, Problem};
use values::role::Roles;
use values::site::Site;

/// Seconds that an access token is valid.
pub const ACCESS_SECONDS: i64 = 600;
/// Seconds between a right password and a right second factor.
pub const MFA_SECONDS: i64 = 300;
/// Seconds between an accepted invitation and an enrolled second factor.
pub const ENROLMENT_SECONDS: i64 = 1_800;
/// Seconds after which a route that needs a step-up asks for the second factor again.
pub const STEP_UP_SECONDS: i64 = 300;
/// Seconds by which the clocks of two functions may differ.
const SKEW_SECONDS: i64 = 60;

/// The kind of a token, by its use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Opens routes.
    Access,
    /// A right password; a second factor is missing.
    Mfa,
    /// An accepted invitation; a second factor has to be enrolled.
    Enrolment,
}

impl Kind {
    /// Every kind there is.
    pub const ALL: [Self; 3] = [Self::Access, Self::Mfa, Self::Enrolment];

    /// The `typ` of its header.
    #[must_use]
    pub const fn typ(self) -> &'static str {
        match self {
            Self::Access => "at+jwt",
            Self::Mfa => "sotto-mfa+jwt",
            Self::Enrolment => "sotto-enrolment+jwt",
        }
    }

    /// The `aud` of its claims.
    #[must_use]
    pub const fn audience(self) -> &'static str {
        match self {
            Self::Access => "sotto-staff",
            Self::Mfa => "sotto-staff-mfa",
            Self::Enrolment => "sotto-staff-enrolment",
        }
    }

    const fn lifetime_seconds(self) -> i64 {
        match self {
            Self::Access => ACCESS_SECONDS,
            Self::Mfa => MFA_SECONDS,
            Self::Enrolment => ENROLMENT_SECONDS,
        }
    }
}

/// How somebody has shown who they are (RFC 8176).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Method {
    /// A password.
    #[serde(rename = "pwd")]
    Password,
    /// A time-based one-time password.
    #[serde(rename = "otp")]
    Totp,
    /// A passkey, with user verification.
    #[serde(rename = "hwk")]
    Passkey,
    /// A recovery code, in the place of another second factor.
    #[serde(rename = "kba")]
    RecoveryCode,
    /// More than one factor.
    #[serde(rename = "mfa")]
    Several,
}

/// Roles that may not be used for a while: they were granted to oneself, or the account was reset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cooling {
    /// Until when, in seconds.
    pub until: i64,
    /// Which ones.
    pub roles: Roles,
}

/// Somebody of the staff whose access token was verified.
#[derive(Debug, Clone)]
pub struct Staff {
    /// The person's id.
    pub id: StaffId,
    /// Their roles.
    pub roles: Roles,
    /// The session of the token.
    pub session: SessionId,
    /// How they signed in.
    pub methods: Vec<Method>,
    /// When they last showed a second factor, in seconds.
    pub authenticated_at: i64,
    /// The epoch of what they may do: a change begins the next.
    pub epoch: u64,
    /// The token's own id.
    pub token: String,
    /// The roles that may not be used yet.
    pub cooling: Option<Cooling>,
}

impl Staff {
    /// The roles that may be used at that time, in seconds.
    #[must_use]
    pub fn usable_roles(&self, now_seconds: i64) -> Roles {
        match self.cooling {
            Some(cooling) if now_seconds < cooling.until => self.roles.without(cooling.roles),
            _ => self.roles,
        }
    }
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AccessClaims {
    iss: String,
    aud: String,
    sub: String,
    site: String,
    roles: Roles,
    amr: Vec<Method>,
    auth_time: i64,
    sid: String,
    ver: u64,
    iat: i64,
    exp: i64,
    jti: String,
    /// Until when some of the roles may not be used, and which ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cool_until: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cool_roles: Option<Roles>,
}

/// The claims of a [`Kind::Mfa`] or [`Kind::Enrolment`] token.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StepClaims {
    iss: String,
    aud: String,
    sub: String,
    /// The account's version; a later change of the account ends the token.
    ver: u64,
    iat: i64,
    exp: i64,
    jti: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pending: Option<String>,
}

/// The person that a step of signing in is for. No `Debug`.
#[derive(Clone)]
pub struct Begins {
    /// The person's id.
    pub id: StaffId,
    /// The version of the account.
    pub version: u64,
    /// The name of a password that becomes the account's when the step is finished.
    pub pending: Option<String>,
}

/// A verified token of a step of signing in.
#[derive(Debug, Clone)]
pub struct Step {
    /// The person's id.
    pub id: StaffId,
    /// The version of the account that the token was given for.
    pub version: u64,
    /// The token's own id, by which it is used up.
    pub token: String,
    /// When it ends, in seconds.
    pub ends_at: i64,
    /// The name of a password that becomes the account's when the step is finished.
    pub pending: Option<String>,
}

/// Why a token is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// None of ours, or not for this use.
    Invalid,
    /// Past its time.
    Expired,
    /// Its session was ended.
    Revoked,
    /// One of ours, but the second factor is still missing.
    Unfinished,
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Invalid => Code::TokenInvalid.into(),
            Refused::Expired => {
                Self::new(Code::TokenExpired, "POST /v1/auth/refresh gives a new one.")
            }
            Refused::Revoked => Self::new(Code::TokenRevoked, "Sign in again."),
            Refused::Unfinished => {
                Self::new(Code::MfaRequired, "Show or enrol a second factor first.")
            }
        }
    }
}

/// Issues an access token that is good for so many seconds, [`ACCESS_SECONDS`] at most. Only the gate
/// of the sign-in calls this.
///
/// # Errors
/// [`Code::Internal`] when there is no randomness or the library fails.
pub fn issue(
    signer: &Signer,
    clock: &Clock,
    issuer: &str,
    (staff, seconds): (&Staff, i64),
) -> Result<String, Problem> {
    let now = clock.now_seconds();
    let claims = AccessClaims {
        iss: issuer.to_owned(),
        aud: Kind::Access.audience().to_owned(),
        sub: staff.id.to_string(),
        site: Site::SHIPPED.id.to_owned(),
        roles: staff.roles,
        amr: staff.methods.clone(),
        auth_time: staff.authenticated_at,
        sid: staff.session.to_string(),
        ver: staff.epoch,
        iat: now,
        exp: now + seconds.min(ACCESS_SECONDS),
        jti: staff.token.clone(),
        cool_until: staff.cooling.map(|cooling| cooling.until),
        cool_roles: staff.cooling.map(|cooling| cooling.roles),
    };
    signer.sign_named(Kind::Access.typ(), &claims).map_err(|_| Code::Internal.into())
}

/// Issues a token of a step of signing in.
///
/// # Errors
/// [`Code::Internal`] when there is no randomness or the library fails.
pub fn issue_step(
    kind: Kind,
    signer: &Signer,
    clock: &Clock,
    issuer: &str,
    begins: Begins,
) -> Result<String, Problem> {
    let now = clock.now_seconds();
    let claims = StepClaims {
        iss: issuer.to_owned(),
        aud: kind.audience().to_owned(),
        sub: begins.id.to_string(),
        ver: begins.version,
        iat: now,
        exp: now + kind.lifetime_seconds(),
        jti: RequestId::generate(clock)?.to_string(),
        pending: begins.pending,
    };
    signer.sign_named(kind.typ(), &claims).map_err(|_| Code::Internal.into())
}

/// Verifies an access token: signature by the key that it names, type, issuer, audience, times, and
/// that its session is not among those that were ended.
///
/// # Errors
/// [`Refused`].
pub fn verify(
    keys: &StaffKeychain,
    clock: &Clock,
    issuer: &str,
    token: &str,
) -> Result<Staff, Refused> {
    let claims = match read::<AccessClaims>(keys, Kind::Access, token) {
        Ok(claims) => claims,
        Err(refused) => {
            let unfinished = [Kind::Mfa, Kind::Enrolment]
                .into_iter()
                .any(|kind| verify_step(kind, keys, clock, issuer, token).is_ok());
            return Err(if unfinished { Refused::Unfinished } else { refused });
        }
    };
    let now = clock.now_seconds();
    let ours = claims.iss == issuer
        && claims.aud == Kind::Access.audience()
        && Site::find(&claims.site).is_some()
        && claims.iat <= now.saturating_add(SKEW_SECONDS)
        && claims.auth_time <= now.saturating_add(SKEW_SECONDS);
    let id = StaffId::parse(&claims.sub).filter(|_| ours).ok_or(Refused::Invalid)?;
    let session = SessionId::parse(&claims.sid).ok_or(Refused::Invalid)?;
    if now >= claims.exp {
        return Err(Refused::Expired);
    }
    // A token may be over before its session is: the one that was exchanged for a step-up.
    let token = SessionId::parse(&claims.jti);
    let over = keys.is_revoked(session) || token.is_some_and(|token| keys.is_revoked(token));
    let locked = keys.locks().end(id, claims.iat.saturating_mul(1000));
    if over || locked || keys.is_outdated(id, claims.ver) {
        return Err(Refused::Revoked);
    }
    Ok(Staff {
        id,
        roles: claims.roles,
        session,
        methods: claims.amr,
        authenticated_at: claims.auth_time,
        epoch: claims.ver,
        token: claims.jti,
        cooling: claims
            .cool_until
            .zip(claims.cool_roles)
            .map(|(until, roles)| Cooling { until, roles }),
    })
}

/// Verifies a token of a step of signing in.
///
/// # Errors
/// [`Refused`].
pub fn verify_step(
    kind: Kind,
    keys: &StaffKeychain,
    clock: &Clock,
    issuer: &str,
    token: &str,
) -> Result<Step, Refused> {
    let claims = read::<StepClaims>(keys, kind, token)?;
    let now = clock.now_seconds();
    let ours = claims.iss == issuer
        && claims.aud == kind.audience()
        && claims.iat <= now.saturating_add(SKEW_SECONDS);
    let id = StaffId::parse(&claims.sub).filter(|_| ours).ok_or(Refused::Invalid)?;
    if now >= claims.exp {
        return Err(Refused::Expired);
    }
    Ok(Step {
        id,
        version: claims.ver,
        token: claims.jti,
        ends_at: claims.exp,
        pending: claims.pending,
    })
}

fn read<C: serde::de::DeserializeOwned + Clone>(
    keys: &StaffKeychain,
    kind: Kind,
    token: &str,
) -> Result<C, Refused> {
    let name = named_key(token).ok_or(Refused::Invalid)?;
    let verifier = keys.verifier(&name).ok_or(Refused::Invalid)?;
    verifier.verify(kind.typ(), token).map_err(|_| Refused::Invalid)
}
