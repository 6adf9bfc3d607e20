//! `GET /v1/auth/me`: who is in.

use std::collections::HashMap;

use axum::extract::State;
use http::StatusCode;
use serde::Serialize;
use shared::clock::{UnixMillis, rfc3339};
use shared::http::response::Reply;
use shared::http::staff::{Allowed, Anybody};
use shared::ids::StaffId;
use shared::problem::Problem;
use shared::values::role::Roles;
use shared::values::training::is_required;
use utoipa::ToSchema;

use crate::caller;
use crate::keys::Keys;
use crate::state::App;
use crate::store::notice::{NOTICE_MS, Told};
use crate::store::person::{Person, Taken};

/// Somebody, as they see themselves.
#[derive(Serialize, ToSchema)]
pub struct MeResponse {
    #[schema(value_type = String)]
    id: StaffId,
    name: String,
    email: String,
    #[schema(value_type = Vec<String>)]
    roles: Roles,
    /// The second factors that there are: `totp`, `passkey`.
    mfa: Vec<&'static str>,
    training: Training,
    /// The last reset by an admin in the last 30 days; null when there was none.
    reset: Option<ResetNotice>,
    /// Changes to the account in the last 30 days, the newest first.
    notices: Vec<NoticeItem>,
    /// Until when some of the roles may not be used; null when all may.
    cool_until: Option<String>,
    /// The roles that may not be used until then; null when all may.
    #[schema(value_type = Option<Vec<String>>)]
    cool_roles: Option<Roles>,
    /// When the account of an auditor ends by itself; null for all others.
    ends_at: Option<String>,
}

/// A notice to a person about their own account.
#[derive(Serialize, ToSchema)]
pub struct NoticeItem {
    at: String,
    /// `password_reset`, `second_factor_reset`, `factor_enrolled`, `factor_removed`,
    /// `recovery_codes_made`, `password_changed`, `new_device`, `step_up_failed`, `roles_changed`.
    #[schema(value_type = String)]
    kind: Kind,
    /// The actor's id; null for the operator.
    by: Option<String>,
    /// The actor's name; null for the operator, and for an account that was deleted.
    by_name: Option<String>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Kind {
    Reset(&'static str),
    Other(Told),
}

/// That an admin made somebody begin anew with something.
#[derive(Serialize, ToSchema)]
pub struct ResetNotice {
    /// `second_factor` or `password`.
    #[schema(value_type = String)]
    what: Taken,
    at: String,
}

/// Whether the courses that the roles ask for were passed.
#[derive(Serialize, ToSchema)]
pub struct Training {
    /// Also in the first days, and for roles that ask for none.
    current: bool,
    /// Until when claims and transcripts are open without another course; null for roles that ask for none.
    expires_at: Option<String>,
}

#[utoipa::path(get, path = "/v1/auth/me", responses((status = 200, body = MeResponse)))]
pub(crate) async fn get(
    State(app): State<App>,
    Allowed(staff, ..): Allowed<Anybody>,
) -> Result<Reply<MeResponse>, Problem> {
    let keys = app.store.keys().await?;
    let person = caller::person(&app, &keys, &staff).await?;
    let mfa = person.factors();
    let told_since_ms = app.clock.now_ms() - NOTICE_MS;
    let mut notices = notices(&person, told_since_ms);
    name_actors(&app, &keys, &person, &mut notices).await?;
    let account = person.account;
    let resting = staff.roles.without(staff.usable_roles(app.clock.now_seconds()));
    let cooling = staff.cooling.filter(|_| !resting.is_empty());
    let training = Training::of(&app, (account.id, account.roles)).await?;
    let me = MeResponse {
        id: account.id,
        name: account.profile.name,
        email: account.profile.email,
        roles: account.roles,
        mfa,
        reset: account
            .profile
            .resets
            .last()
            .filter(|reset| reset.at_ms > told_since_ms)
            .map(|reset| ResetNotice { what: reset.what, at: rfc3339(reset.at_ms) }),
        notices,
        cool_until: cooling.map(|cooling| rfc3339(cooling.until.saturating_mul(1000))),
        cool_roles: cooling.map(|_| resting),
        ends_at: account.profile.ends_at_ms.map(rfc3339),
        training,
    };
    Ok(Reply(StatusCode::OK, me))
}

impl Training {
    async fn of(app: &App, (id, roles): (StaffId, Roles)) -> Result<Self, Problem> {
        if !is_required(roles) {
            return Ok(Self { current: true, expires_at: None });
        }
        let until_ms = app.store.trainings.begun(id).await?.current_until();
        Ok(Self { current: app.clock.now_ms() < until_ms, expires_at: Some(rfc3339(until_ms)) })
    }
}

/// The notices, the newest first.
fn notices(person: &Person, since_ms: UnixMillis) -> Vec<NoticeItem> {
    let mut told: Vec<(UnixMillis, Kind, Option<String>)> = Vec::new();
    for reset in &person.account.profile.resets {
        let kind = match reset.what {
            Taken::Password => "password_reset",
            Taken::SecondFactor => "second_factor_reset",
        };
        told.push((reset.at_ms, Kind::Reset(kind), reset.by.clone()));
    }
    for notice in &person.notices {
        told.push((notice.at_ms, Kind::Other(notice.told), notice.by.clone()));
    }
    told.retain(|(at_ms, ..)| *at_ms > since_ms);
    told.sort_by_key(|(at_ms, ..)| std::cmp::Reverse(*at_ms));
    told.into_iter()
        .map(|(at_ms, kind, by)| NoticeItem { at: rfc3339(at_ms), kind, by, by_name: None })
        .collect()
}

/// Adds the names: an id alone tells a person little about who acted.
async fn name_actors(
    app: &App,
    keys: &Keys,
    person: &Person,
    notices: &mut [NoticeItem],
) -> Result<(), Problem> {
    let mut names = HashMap::new();
    for notice in notices {
        let Some(by) = notice.by.as_deref() else { continue };
        if !names.contains_key(by) {
            names.insert(by.to_owned(), name_of(app, keys, person, by).await?);
        }
        notice.by_name = names.get(by).cloned().flatten();
    }
    Ok(())
}

async fn name_of(
    app: &App,
    keys: &Keys,
    person: &Person,
    by: &str,
) -> Result<Option<String>, Problem> {
    let Some(id) = StaffId::parse(by) else { return Ok(None) };
    if id == person.account.id {
        return Ok(Some(person.account.profile.name.clone()));
    }
    let actor = app.store.person(keys, id).await?;
    Ok(actor.map(|actor| actor.account.profile.name))
}
