//! The one gate: every token that opens a route is issued here, and nowhere else.
//!
//! Whatever the way in (a password and a code, a passkey, a recovery code, a first factor just
//! enrolled, a refresh token), the account is read anew, and the session is written in one
//! transaction with what was used up, on condition that the account still is what was read. So no way
//! in forgets to ask whether somebody was disabled, has lost a role or has no second factor.

use shared::access::staff::{self, ACCESS_SECONDS, Begins, Cooling, Method, Staff};
use shared::ids::{RequestId, SessionId};
use shared::problem::{Code, Problem};
use shared::seal::sign::Signer;
use shared::store::live::put_name;
use shared::store::security_event::{Action, SecurityEvent};
use shared::store::write::{Transaction, Write, Written};
use shared::values::policy::DAY_MS;
use shared::values::role::{Role, Roles};

use crate::credential::password::StoredHash;
use crate::keys::Keys;
use crate::state::App;
use crate::store::login::PasswordThen;
use crate::store::notice::Told;
use crate::store::person::{Account, Ends, FactorSet, Person};
use crate::store::session::{RefreshToken, SESSIONS, Session};

/// How many sessions one sign-in ends, where there are too many: a transaction has its limit, and the
/// next sign-in ends more.
const ENDED_AT_ONCE: usize = 10;

/// How somebody has shown who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Evidence {
    /// The password and a code.
    PasswordAndTotp,
    /// The password and a recovery code.
    PasswordAndRecoveryCode,
    /// A passkey, which asked its owner for a gesture or a PIN itself.
    Passkey,
    /// A passkey, and a password that was chosen with a link.
    PasswordAndPasskey,
    /// An invitation, a password, and a second factor enrolled just now.
    EnrolledTotp,
    /// The same with a passkey.
    EnrolledPasskey,
}

impl Evidence {
    fn methods(self) -> Vec<Method> {
        match self {
            Self::PasswordAndTotp | Self::EnrolledTotp => {
                vec![Method::Password, Method::Totp, Method::Several]
            }
            Self::PasswordAndRecoveryCode => {
                vec![Method::Password, Method::RecoveryCode, Method::Several]
            }
            Self::Passkey => vec![Method::Passkey, Method::Several],
            Self::EnrolledPasskey | Self::PasswordAndPasskey => {
                vec![Method::Password, Method::Passkey, Method::Several]
            }
        }
    }

    /// The notice to its owner.
    fn tells(self, person: &Person, knows_device: bool) -> Option<Told> {
        if self.brings_its_own_factor() {
            // Of the first one of all, they know.
            (!person.account.profile.resets.is_empty()).then_some(Told::FactorEnrolled)
        } else {
            (!knows_device).then_some(Told::NewDevice)
        }
    }

    /// A factor that is being enrolled is not among those that were read.
    const fn brings_its_own_factor(self) -> bool {
        matches!(self, Self::EnrolledTotp | Self::EnrolledPasskey)
    }
}

/// The proof that a person brings to the gate.
pub struct Shown<'a> {
    /// How they have shown who they are.
    pub evidence: Evidence,
    /// The session that the same browser had.
    pub before: Option<RefreshToken>,
    /// The password that they have chosen with a link: it becomes the account's.
    pub password: Option<&'a StoredHash>,
    /// Whether the account knows the device.
    pub knows_device: bool,
    /// The change of the factors that goes with it.
    pub factors: Option<FactorChange>,
}

/// A change of the factors that an account names.
#[derive(Clone)]
pub enum FactorChange {
    /// An authenticator app, by its digest, and new recovery codes, if there are any.
    Totp(String, Vec<String>),
    /// A passkey, by its name, and new recovery codes, if there are any.
    Passkey(String, Vec<String>),
    /// A recovery code is used up.
    Spent(String),
    /// Other recovery codes take the place of those that there are.
    Recovery(Vec<String>),
    /// The authenticator app is removed.
    NoTotp,
    /// A passkey is removed.
    NoPasskey(String),
}

impl FactorChange {
    /// Makes the change.
    pub fn apply(self, factors: &mut FactorSet) {
        match self {
            Self::Totp(digest, codes) => {
                factors.totp = Some(digest);
                factors.recovery.extend(codes);
            }
            Self::Passkey(name, codes) => {
                factors.passkeys.push(name);
                factors.recovery.extend(codes);
            }
            Self::Spent(code) => factors.recovery.retain(|kept| *kept != code),
            Self::Recovery(codes) => factors.recovery = codes,
            Self::NoTotp => factors.totp = None,
            Self::NoPasskey(name) => factors.passkeys.retain(|kept| *kept != name),
        }
    }
}

/// Tokens for somebody who is in.
pub struct Granted {
    /// Opens routes.
    pub access_token: String,
    /// Gives the next tokens.
    pub refresh_token: String,
    /// Seconds until the session ends at the latest.
    pub refresh_seconds: i64,
    /// The name of the account's address.
    pub login: String,
}

/// Lets somebody in: a new session, written with `writes`, which use up what they showed. The session
/// that the same browser had, if it did, ends with that.
///
/// # Errors
/// [`Code::CredentialsInvalid`] when the account may not sign in, [`Code::CodeInvalid`] when what was
/// shown was used up already.
pub async fn admit(
    app: &App,
    keys: &Keys,
    person: &Person,
    shown: Shown<'_>,
    mut writes: Transaction,
) -> Result<Granted, Problem> {
    let account = &person.account;
    let Shown { evidence, before, .. } = shown;
    // The password has asked anew; in memory this is a minute old at most.
    let is_locked = app.staff_keys.get().await?.locks().has_account(account.id);
    let has_factor = evidence.brings_its_own_factor() || person.count_of_factors() > 0;
    let now_ms = app.clock.now_ms();
    if is_locked || !account.is_active(now_ms) || account.roles.is_empty() || !has_factor {
        return Err(Code::CredentialsInvalid.into());
    }
    let session = Session {
        id: SessionId::generate(&app.clock)?,
        generation: 1,
        authenticated_at: app.clock.now_seconds(),
        methods: evidence.methods(),
        made_at_ms: now_ms,
        used_at_ms: now_ms,
        epoch: account.epoch,
        authentic: true,
    };
    // The version goes up: a reset that has read the person before does not overlook the factor. A
    // password of a link becomes the account's here, together with the factor that stayed.
    let changes = evidence.brings_its_own_factor() || shown.password.is_some();
    let account = if changes || shown.factors.is_some() || account.profile.factors.is_none() {
        let password = shown.password.map_or(PasswordThen::Stays, PasswordThen::Is);
        let change = |account: &mut Account| {
            if changes {
                account.profile.prove(now_ms);
            }
            // Rows of the last release are taken once, as they are.
            account.profile.factors.get_or_insert_with(|| person.present_factors());
            account.profile.factors(|factors| {
                if let Some(change) = shown.factors {
                    change.apply(factors);
                }
            });
        };
        let change = app.store.change_account(keys, account, (Ends::Steps, password), change)?;
        writes.extend(change.1);
        &change.0.clone()
    } else {
        writes.push(app.store.unchanged(account)?);
        account
    };
    if let Some(told) = evidence.tells(person, shown.knows_device) {
        writes.extend(app.store.tell(keys, person, told, Some(account.id))?);
    }
    writes.extend(work_name(app, account)?);
    writes.push(app.store.put_session(keys, account.id, &session)?);
    let ended = before.map(|token| token.session);
    if let Some(token) = before {
        writes.extend(app.store.end_session(token.staff, token.session)?);
    }
    let others = person.sessions.iter().filter(|session| Some(session.id) != ended);
    let mut idle: Vec<_> = others.collect();
    idle.sort_by_key(|session| session.used_at_ms);
    let over = (idle.len() + 1).saturating_sub(SESSIONS);
    for session in idle.into_iter().take(over.min(ENDED_AT_ONCE)) {
        writes.extend(app.store.end_session(account.id, session.id)?);
    }
    let signed_in = SecurityEvent::by(account.id, Action::SignedIn, session.id);
    writes.push(app.store.events.put(signed_in).await?);
    // Signed before it is written: when this fails nothing has happened.
    let granted = grant(app, keys, account, &session).await?;
    match writes.commit_patiently("admit").await? {
        Written::Whole => Ok(granted),
        Written::Refused(_) => Err(Code::CodeInvalid.into()),
    }
}

/// Gives the next tokens of a session for a refresh token, once.
///
/// A token that was spent before ends its session, also if it comes at the same instant as another one:
/// of two holders one is a thief, and which one is not to be known.
///
/// # Errors
/// [`Code::TokenInvalid`], [`Code::TokenRevoked`], [`Code::TokenReused`].
pub async fn renew(app: &App, keys: &Keys, token: &str) -> Result<Granted, Problem> {
    let token = RefreshToken::open(keys, token).ok_or(Code::TokenInvalid)?;
    let person = app.store.person(keys, token.staff).await?.ok_or(Code::TokenRevoked)?;
    let session = person.session(token.session).ok_or(Code::TokenRevoked)?;
    let published = app.staff_keys.get().await?;
    let locks = app.store.settings.locks().await?;
    let made_at_ms = session.made_at_ms;
    if locks.end(token.staff, made_at_ms) || published.has_ended_sessions_of(made_at_ms) {
        return Err(Code::TokenRevoked.into());
    }
    if token.generation != session.generation {
        return Err(reused(app, &token).await?);
    }
    let account = &person.account;
    let now_ms = app.clock.now_ms();
    if !account.is_active(now_ms) || person.count_of_factors() == 0 {
        return Err(Code::TokenRevoked.into());
    }
    let next = Session {
        generation: token.generation.saturating_add(1),
        used_at_ms: now_ms,
        ..session.clone()
    };
    let granted = grant(app, keys, account, &next).await?;
    let writes = app.store.transaction();
    let writes = writes.and(app.store.spend(&token)?).and(app.store.unchanged(account)?);
    let writes = writes.and_all(work_name(app, account)?);
    match writes.commit_patiently("renew").await? {
        Written::Whole => Ok(granted),
        // Spent by another request, or gone with its session, which is no theft.
        Written::Refused(refused) if refused.at(0) => {
            let person = app.store.person(keys, token.staff).await?;
            if person.is_some_and(|person| person.is_in(token.session)) {
                Err(reused(app, &token).await?)
            } else {
                Err(Code::TokenRevoked.into())
            }
        }
        Written::Refused(_) => Err(Code::TokenRevoked.into()),
    }
}

/// An access token of the same session for somebody who has just shown a second factor again.
///
/// # Errors
/// [`Code::TokenRevoked`] when the session has ended, [`Code::CodeInvalid`] when what was shown was
/// used up already.
pub async fn step_up(
    app: &App,
    keys: &Keys,
    person: &Person,
    asking: &Staff,
    mut writes: Transaction,
) -> Result<String, Problem> {
    let session = person.session(asking.session).ok_or(Code::TokenRevoked)?;
    let account = &person.account;
    // A new token would be younger than what has ended the session.
    let locks = app.store.settings.locks().await?;
    let is_active = account.is_active(app.clock.now_ms());
    if locks.end(account.id, session.made_at_ms) || !is_active {
        return Err(Code::TokenRevoked.into());
    }
    // The token that asks is over with the new one.
    if let Some(token) = SessionId::parse(&asking.token) {
        writes.push(app.store.settings.revoke(token)?);
    }
    let shown = Session { authenticated_at: app.clock.now_seconds(), ..session.clone() };
    writes.push(app.store.step_up(keys, account.id, &shown)?);
    writes.push(app.store.unchanged(account)?);
    let event = SecurityEvent::by(account.id, Action::SteppedUp, session.id);
    writes.push(app.store.events.put(event).await?);
    let granted = grant(app, keys, account, &shown).await?;
    match writes.commit_patiently("step_up").await? {
        Written::Whole => Ok(granted.access_token),
        Written::Refused(_) => Err(Code::CodeInvalid.into()),
    }
}

/// Ends the session of a token that was spent before, and says so.
async fn reused(app: &App, token: &RefreshToken) -> Result<Problem, Problem> {
    let ended = app.store.end_session(token.staff, token.session)?;
    // Nobody knows which of the two holders this is; it is the account's owner who has to know.
    let object = format!("{}/{}", token.staff, token.session);
    let event = SecurityEvent::of(Action::TokenReused, object);
    let writes = app.store.transaction().and_all(ended).and(app.store.events.put(event).await?);
    writes.commit_patiently("end_reused").await?;
    Ok(Code::TokenReused.into())
}

/// The name that an agent works under, for the desk: the first of the account's.
fn work_name(app: &App, account: &Account) -> Result<Option<Write>, Problem> {
    let first = account.profile.name.split_whitespace().next();
    let Some(first) = first.filter(|_| account.roles.has(Role::Agent)) else { return Ok(None) };
    let end_ms = app.clock.now_ms() + DAY_MS;
    Ok(Some(put_name(&app.store.watch, account.id, first, end_ms)?))
}

/// The person's roles that rest now: a reset lets all rest that reach others, whichever they have.
fn cooling_of(account: &Account, now_seconds: i64) -> Option<Cooling> {
    let Cooling { until, roles } = account.profile.cooling?;
    let roles = roles.only(account.roles);
    (now_seconds < until && roles != Roles::default()).then_some(Cooling { until, roles })
}

async fn grant(
    app: &App,
    keys: &Keys,
    account: &Account,
    session: &Session,
) -> Result<Granted, Problem> {
    let staff = Staff {
        id: account.id,
        roles: account.roles,
        session: session.id,
        methods: session.methods.clone(),
        authenticated_at: session.authenticated_at,
        epoch: account.epoch,
        token: RequestId::generate(&app.clock)?.to_string(),
        cooling: cooling_of(account, app.clock.now_seconds()),
    };
    let signer = signer(app).await?;
    let refresh =
        RefreshToken { staff: account.id, session: session.id, generation: session.generation };
    // Nothing lasts longer than the session, nor than the account.
    let now_ms = app.clock.now_ms();
    let of_session = session.rest_seconds(now_ms);
    let rest_seconds = account.rest_seconds(now_ms).map_or(of_session, |rest| rest.min(of_session));
    let access = (&staff, rest_seconds);
    Ok(Granted {
        access_token: staff::issue(&signer, &app.clock, &app.issuer, access)?,
        refresh_token: refresh.seal(keys),
        refresh_seconds: rest_seconds,
        login: account.login.clone(),
    })
}

/// A token for the rest of a sign-in: it opens no route but those that finish it.
///
/// # Errors
/// That the signing key cannot be had.
pub async fn step(app: &App, kind: staff::Kind, begins: Begins) -> Result<String, Problem> {
    staff::issue_step(kind, &*signer(app).await?, &app.clock, &app.issuer, begins)
}

async fn signer(app: &App) -> Result<Box<Signer>, Problem> {
    let settings = &app.store.settings;
    let (seed, published) = tokio::try_join!(settings.staff_signing_key(), app.staff_keys.get())?;
    let signer = Signer::derive(&seed).map_err(|_| Code::Internal)?;
    if published.publishes(signer.verifier()) {
        return Ok(Box::new(signer));
    }
    // It was changed: nobody would take what the old one signs.
    let seed = settings.present_staff_signing_key().await?;
    Ok(Box::new(Signer::derive(&seed).map_err(|_| Code::Internal)?))
}

/// Seconds that the access tokens of [`Granted`] are good for.
pub const EXPIRES_IN: i64 = ACCESS_SECONDS;
