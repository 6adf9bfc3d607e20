//! Extractors for routes of the staff: what a handler takes says who may call it.
//!
//! ```text
//! async fn put(Allowed(staff, ..): Allowed<Admin>)         an admin
//! async fn delete(SteppedUp(staff, ..): SteppedUp<Admin>)  an admin who showed a second factor just now
//! ```
//!
//! The first asks for nothing: a session that was ended is refused within 60 seconds. The second
//! reads the ended sessions anew, so there it is refused at once.

use std::marker::PhantomData;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::HeaderMap;
use http::request::Parts;

use super::request::bearer;
use crate::staff::{self, Refused, STEP_UP_SECONDS, Staff};
use crate::staff_keychain::{StaffKeychain, StaffKeyring};
use store::security_event::{Action, SecurityEvent, SecurityEvents};
use values::clock::Clock;
use values::problem::{Code, Problem};
use values::role::{Role, Roles};

/// The parts by which a function verifies its callers; its state provides them.
pub trait KnowsStaff {
    /// The keys.
    fn staff_keys(&self) -> &StaffKeyring;
    /// The time.
    fn clock(&self) -> &Clock;
    /// The deployment's name in tokens.
    fn issuer(&self) -> &str;
    /// Where a refusal is recorded that is suspicious in itself.
    fn events(&self) -> &SecurityEvents;
}

/// The requirement that a caller of a route has to meet.
pub trait Requirement: Send + Sync + 'static {
    /// Whether it stays open in a cool-down; the route then checks itself what to hold back.
    const WHILE_COOLING: bool;
    /// The roles of which one is enough; empty where everybody who has signed in may call.
    const ROLES: &'static [Role];

    /// Whether somebody with these roles may call.
    #[must_use]
    fn is_met(roles: Roles) -> bool {
        Self::ROLES.is_empty() || Self::ROLES.iter().any(|role| roles.has(*role))
    }
}

macro_rules! requirement {
    ($($name:ident: $doc:literal, $roles:expr, $cooling:literal;)+) => { $(
        #[doc = $doc]
        pub struct $name;

        impl Requirement for $name {
            const WHILE_COOLING: bool = $cooling;
            const ROLES: &'static [Role] = $roles;
        }
    )+ };
}

requirement! {
    Anybody: "Whoever has signed in.", &[], true;
    Colleague: "The staff without auditors, who are from outside.", &[Role::Agent, Role::Privacy, Role::Security, Role::Admin], true;
    Agent: "Agents.", &[Role::Agent], false;
    Privacy: "Privacy officers.", &[Role::Privacy], false;
    Security: "Security officers.", &[Role::Security], false;
    SecurityOrAuditor: "Security officers and auditors.", &[Role::Security, Role::Auditor], false;
    Admin: "Admins.", &[Role::Admin], false;
    AgentOrAdmin: "Agents and admins.", &[Role::Agent, Role::Admin], false;
    CoolingAdmin: "Admins, also during a cool-down.", &[Role::Admin], true;
    Reading: "Who may have a reason to read a transcript.", &[Role::Agent, Role::Privacy, Role::Security], false;
}

/// Somebody who may call the route.
pub struct Allowed<R>(pub Staff, pub PhantomData<R>);

/// The same, who showed a second factor in the last five minutes and whose session goes on.
pub struct SteppedUp<R>(pub Staff, pub PhantomData<R>);

impl<S: KnowsStaff + Sync, R: Requirement> FromRequestParts<S> for Allowed<R> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let token = bearer(&parts.headers)?.ok_or(Code::TokenMissing)?;
        let keys = state.staff_keys().get().await?;
        allowed::<R, S>(state, keys, token).await.map(|staff| Self(staff, PhantomData))
    }
}

impl<S: KnowsStaff + Sync, R: Requirement> FromRequestParts<S> for SteppedUp<R> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Self::of(&parts.headers, state).await
    }
}

impl<R: Requirement> Allowed<R> {
    /// Somebody whose session and account were asked for anew: an end or a lock is in force at once.
    ///
    /// # Errors
    /// The refusal, or that the keys cannot be read.
    pub async fn now<S: KnowsStaff + Sync>(
        headers: &HeaderMap,
        state: &S,
    ) -> Result<Staff, Problem> {
        let token = bearer(headers)?.ok_or(Code::TokenMissing)?;
        // A refusal that needs no call comes first; only a caller who passes is checked anew.
        let keys = state.staff_keys().get().await?;
        allowed::<R, S>(state, keys, token).await?;
        let keys = state.staff_keys().now().await?;
        allowed::<R, S>(state, keys, token).await
    }
}

impl<R: Requirement> SteppedUp<R> {
    /// The same for a route of which only some requests need a step-up: it reads the ended sessions
    /// anew, so only those requests call it.
    ///
    /// # Errors
    /// The refusal, or that the keys cannot be read.
    pub async fn of<S: KnowsStaff + Sync>(headers: &HeaderMap, state: &S) -> Result<Self, Problem> {
        let staff = Allowed::<R>::now(headers, state).await?;
        if state.clock().now_seconds() - staff.authenticated_at >= STEP_UP_SECONDS {
            return Err(Problem::new(
                Code::StepUpRequired,
                "POST /v1/auth/step_up gives a token that is good for five minutes.",
            ));
        }
        Ok(Self(staff, PhantomData))
    }
}

/// Verifies a token, of whatever kind, against keys; reads them again when it names one that is not
/// among them.
///
/// # Errors
/// The refusal, or that the keys cannot be read.
pub async fn verified<S: KnowsStaff + Sync, T>(
    state: &S,
    keys: Arc<StaffKeychain>,
    token: &str,
    verify: impl Fn(&StaffKeychain) -> Result<T, Refused> + Send,
) -> Result<T, Problem> {
    match verify(&keys) {
        Err(Refused::Invalid) if names_another_key(&keys, token) => {
            Ok(verify(&*state.staff_keys().newer_than(&keys).await?)?)
        }
        judged => Ok(judged?),
    }
}

fn names_another_key(keys: &StaffKeychain, token: &str) -> bool {
    seal::sign::named_key(token).is_some_and(|name| keys.verifier(&name).is_none())
}

async fn allowed<R: Requirement, S: KnowsStaff + Sync>(
    state: &S,
    keys: Arc<StaffKeychain>,
    token: &str,
) -> Result<Staff, Problem> {
    let verify = |keys: &StaffKeychain| staff::verify(keys, state.clock(), state.issuer(), token);
    let mut staff = verified(state, keys, token, verify).await?;
    if !R::is_met(staff.roles) {
        return Err(Code::Forbidden.into());
    }
    let usable = staff.usable_roles(state.clock().now_seconds());
    if R::WHILE_COOLING {
        Ok(staff)
    } else if R::is_met(usable) {
        // A route that asks for somebody's roles gets those that may be used.
        staff.roles = usable;
        Ok(staff)
    } else {
        Err(cooling_down(state, &staff).await)
    }
}

/// Records a request that the caller's cool-down holds back, and gives the refusal.
pub async fn cooling_down<S: KnowsStaff + Sync>(state: &S, staff: &Staff) -> Problem {
    let event = SecurityEvent::by(staff.id, Action::CoolingDown, staff.session);
    match state.events().append(event).await {
        Ok(()) => Problem::new(
            Code::CoolingDown,
            "The right was granted, or the account was reset, less than a day ago.",
        ),
        Err(error) => error.into(),
    }
}
