//! The caller who enrols a second factor: somebody who has just accepted an invitation, or somebody
//! who is signed in and has just shown the second factor that they have.

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::request::Parts;
use serde::Serialize;
use shared::access::staff::{Kind, Refused, Staff, Step, verify_step};
use shared::http::demands::{Demanding, Demands, Token};
use shared::http::request::bearer;
use shared::http::response::Reply;
use shared::http::staff::{Anybody, SteppedUp};
use shared::ids::{SessionId, StaffId};
use shared::problem::{Code, Problem};
use shared::store::once::Kind as Once;
use shared::store::write::{Transaction, Write, Written};
use utoipa::ToSchema;

use crate::answer::{Tokens, tokens};
use crate::client::Client;
use crate::credential::recovery;
use crate::gate::{self, Evidence, FactorChange, Shown};
use crate::keys::Keys;
use crate::state::App;
use crate::store::factor::recovery_name;
use crate::store::login::PasswordThen;
use crate::store::notice::Told;
use crate::store::person::{Ends, Person};

/// Somebody who may enrol a second factor.
pub enum Enrolling {
    /// The first one: with the token of an accepted invitation.
    First(Step),
    /// Another one.
    Another(Staff),
}

impl FromRequestParts<App> for Enrolling {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let token = bearer(&parts.headers)?.ok_or(Code::TokenMissing)?;
        let keys = app.staff_keys.get().await?;
        match verify_step(Kind::Enrolment, &keys, &app.clock, &app.issuer, token) {
            Ok(step) => Ok(Self::First(step)),
            Err(Refused::Expired) => Err(Refused::Expired.into()),
            Err(_) => {
                let SteppedUp(staff, ..) =
                    SteppedUp::<Anybody>::from_request_parts(parts, app).await?;
                Ok(Self::Another(staff))
            }
        }
    }
}

impl Demanding for Enrolling {
    fn add_to(demands: &mut Demands) {
        demands.tokens.push((Token::Enrolment, None));
        SteppedUp::<Anybody>::add_to(demands);
    }
}

impl Enrolling {
    const fn id(&self) -> StaffId {
        match self {
            Self::First(step) => step.id,
            Self::Another(staff) => staff.id,
        }
    }

    /// The session of somebody who is signed in already.
    const fn session(&self) -> Option<SessionId> {
        match self {
            Self::First(_) => None,
            Self::Another(staff) => Some(staff.session),
        }
    }

    /// The person as they are now. The holder of an invitation's token must have no second factor
    /// yet: the token would be a way around it.
    ///
    /// # Errors
    /// [`Code::TokenInvalid`], [`Code::TokenRevoked`].
    pub async fn fresh(&self, app: &App, keys: &Keys) -> Result<Person, Problem> {
        let person = app.store.person(keys, self.id()).await?;
        match self {
            Self::First(step) => {
                let now_ms = app.clock.now_ms();
                let as_invited = |person: &Person| {
                    let account = &person.account;
                    account.version == step.version
                        && account.is_active(now_ms)
                        && person.count_of_factors() == 0
                };
                person.filter(as_invited).ok_or_else(|| Code::TokenInvalid.into())
            }
            Self::Another(_) => {
                let alive = |person: &Person| self.session().is_some_and(|id| person.is_in(id));
                person.filter(alive).ok_or_else(|| Code::TokenRevoked.into())
            }
        }
    }

    /// As [`Enrolling::fresh`], for a request that tries a code: counts the try.
    ///
    /// # Errors
    /// As [`Enrolling::fresh`]; [`Code::CodeInvalid`] when it was tried too often.
    pub async fn tried(&self, app: &App, keys: &Keys) -> Result<Person, Problem> {
        let (name, ends_at) = match self {
            Self::First(step) => (step.token.clone(), step.ends_at),
            Self::Another(staff) => (staff.token.clone(), app.clock.now_seconds() + 3_600),
        };
        let counted = async { Ok(app.store.count_try(&name, ends_at).await?) };
        let (may, person) = tokio::try_join!(counted, self.fresh(app, keys))?;
        if may {
            Ok(person)
        } else {
            Err(Problem::new(Code::CodeInvalid, "Too many tries: begin again."))
        }
    }
}

/// The change that a new factor is, once it is known which recovery codes come with it.
pub type NewFactor = Box<dyn FnOnce(Vec<String>) -> FactorChange + Send>;

/// New recovery codes. No `Debug`.
pub struct NewCodes {
    /// As their owner sees them, once.
    pub shown: Vec<String>,
    /// Their names in the account.
    pub names: Vec<String>,
    /// The store of the enrolled factors.
    pub writes: Vec<Write>,
}

/// A factor that was added to others.
#[derive(Serialize, ToSchema)]
pub struct Added {
    /// Its name in `/v1/auth/factors`.
    id: String,
    /// New recovery codes, if there were none.
    #[serde(skip_serializing_if = "Option::is_none")]
    recovery_codes: Option<Vec<String>>,
}

/// The answer to an enrolled factor.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub enum Enrolled {
    /// It was the first one, so it signs its owner in.
    First(Tokens),
    /// It was added to others.
    Another(Added),
}

/// Stores an enrolled factor with `writes`. A first factor signs its owner in, and comes with
/// recovery codes; somebody who is signed in already stays so.
///
/// # Errors
/// Those of the gate; [`Code::Conflict`] when the factor was enrolled by somebody else meanwhile.
pub async fn enrolled(
    (app, keys, client): (&App, &Keys, &Client),
    person: &Person,
    enrolling: &Enrolling,
    mut writes: Transaction,
    (evidence, factor, new): (Evidence, String, NewFactor),
) -> Result<Response, Problem> {
    let id = person.account.id;
    let (codes, names) = if person.recovery.is_empty() {
        let codes = recovery_codes(app, keys, id)?;
        writes.extend(codes.writes);
        (Some(codes.shown), codes.names)
    } else {
        (None, Vec::new())
    };
    let new = new(names);
    match enrolling {
        Enrolling::First(step) => {
            let until_ms = step.ends_at.saturating_mul(1000);
            let spent = app.store.once.put(Once::Enrolment, &[step.token.as_bytes()], until_ms)?;
            writes.push(spent);
            let shown = Shown {
                evidence,
                before: client.session_before(keys),
                password: None,
                knows_device: false,
                factors: Some(new),
            };
            let granted = Box::pin(gate::admit(app, keys, person, shown, writes)).await?;
            tokens((app, keys, client), granted, true, codes)
        }
        Enrolling::Another(_) => {
            // The version goes up: a reset that has read the person before does not overlook it.
            let change = (Ends::Steps, PasswordThen::Stays);
            writes.extend(app.store.tell(keys, person, Told::FactorEnrolled, Some(id))?);
            writes.extend(
                app.store
                    .change_account(keys, &person.account, change, |account| {
                        account.profile.factors(|factors| new.apply(factors));
                    })?
                    .1,
            );
            match writes.commit_patiently("enrol_another").await? {
                Written::Whole => {
                    let added = Added { id: factor, recovery_codes: codes };
                    Ok(Reply(StatusCode::OK, Enrolled::Another(added)).into_response())
                }
                Written::Refused(_) => Err(Code::Conflict.into()),
            }
        }
    }
}

/// Ten new recovery codes, to be shown, and what is kept of them.
///
/// # Errors
/// [`Code::Internal`] when there is no randomness.
pub fn recovery_codes(app: &App, keys: &Keys, id: StaffId) -> Result<NewCodes, Problem> {
    let codes = recovery::generate().map_err(|_| Code::Internal)?;
    let mut new = NewCodes { shown: Vec::new(), names: Vec::new(), writes: Vec::new() };
    for code in codes {
        let digest = code.digest(&keys.recovery, id.as_bytes());
        new.shown.push(code.reveal().to_string());
        new.names.push(recovery_name(&digest));
        new.writes.push(app.store.put_recovery_code(id, &digest)?);
    }
    Ok(new)
}
