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
use http::request::Parts;

use super::request::bearer;
use crate::staff::{self, Refused, STEP_UP_SECONDS, Staff};
use crate::staff_keychain::{StaffKeychain, StaffKeyring};
use values::clock::Clock;
use values::problem::{Code, Problem};
use values::role::{Role, Roles};

/// What a function needs to know its callers by; its state gives one.
pub trait KnowsStaff {
    /// The keys.
    fn staff_keys(&self) -> &StaffKeyring;
    /// The time.
    fn clock(&self) -> &Clock;
    /// The deployment's name in tokens.
    fn issuer(&self) -> &str;
}

/// Who may call a route.
pub trait Requirement: Send + Sync + 'static {
    /// Whether somebody with these roles may.
    fn is_met(roles: Roles) -> bool;
}

macro_rules! requirement {
    ($($name:ident: $doc:literal, $roles:expr;)+) => { $(
        #[doc = $doc]
        pub struct $name;

        impl Requirement for $name {
            fn is_met(roles: Roles) -> bool {
                let wanted: &[Role] = $roles;
                wanted.is_empty() || wanted.iter().any(|role| roles.has(*role))
            }
        }
    )+ };
}

requirement! {
    Anybody: "Whoever has signed in.", &[];
    Agent: "Agents.", &[Role::Agent];
    Privacy: "Privacy officers.", &[Role::Privacy];
    Security: "Security officers.", &[Role::Security];
    Admin: "Admins.", &[Role::Admin];
    Reading: "Who may have a reason to read a transcript.", &[Role::Agent, Role::Privacy, Role::Security];
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
        let token = bearer(&parts.headers)?.ok_or(Code::TokenMissing)?;
        // What is refused without a call is; only who would be let in is looked at anew.
        let keys = state.staff_keys().get().await?;
        allowed::<R, S>(state, keys, token).await?;
        let keys = state.staff_keys().now().await?;
        let staff = allowed::<R, S>(state, keys, token).await?;
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
    let staff = verified(state, keys, token, verify).await?;
    if R::is_met(staff.roles) { Ok(staff) } else { Err(Code::Forbidden.into()) }
}
