//! `POST /v1/auth/password`: somebody changes the password that they know.

use axum::extract::State;
use http::StatusCode;
use serde::Deserialize;
use shared::http::request::PlainJson;
use shared::http::staff::{Anybody, SteppedUp};
use shared::problem::{Code, FieldCode, Problem};
use shared::store::security_event::{Action, SecurityEvent};
use shared::text::RawText;
use utoipa::ToSchema;

use crate::client::Client;
use crate::credential::password::Password;
use crate::state::App;
use crate::store::login::PasswordThen;
use crate::store::notice::Told;
use crate::store::person::Ends;
use crate::{caller, login};

/// The password that there is, and the one that there shall be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordRequest {
    /// The present one.
    #[schema(value_type = String)]
    password: Option<RawText>,
    /// The next one, 15 to 128 characters.
    #[schema(value_type = String)]
    new_password: Option<RawText>,
}

#[utoipa::path(post, path = "/v1/auth/password", request_body = PasswordRequest,
    responses((status = 204)))]
pub(crate) async fn post(
    State(app): State<App>,
    client: Client,
    SteppedUp(staff, ..): SteppedUp<Anybody>,
    PlainJson(request): PlainJson<PasswordRequest>,
) -> Result<StatusCode, Problem> {
    let missing = |pointer| Problem::invalid(pointer, FieldCode::Missing);
    let password = request.password.ok_or_else(|| missing("/password"))?;
    let new = request.new_password.ok_or_else(|| missing("/new_password"))?;
    let keys = app.store.keys().await?;
    let person = caller::person(&app, &keys, &staff).await?;
    let profile = &person.account.profile;
    let new = Password::choose(new, "/new_password", &[&profile.name, &profile.email])?;
    let forgotten = login::confirm(&app, &keys, &client, &person, password).await?;
    let hash = app.hasher.hash(&keys.pepper, &new).map_err(|_| Code::Internal)?;
    let change = (Ends::Steps, PasswordThen::Is(&hash));
    let (_, changed) = app.store.change_account(&keys, &person.account, change, |account| {
        account.profile.factors.get_or_insert_with(|| person.present_factors());
    })?;
    let event = SecurityEvent::by(staff.id, Action::PasswordChanged, staff.id);
    let writes = app
        .store
        .transaction()
        .and_all(changed)
        // Ends every other session: it may belong to somebody who knew the old password. The
        // caller's own stays, since they have just shown both factors.
        .and_all(app.store.end_sessions(&person, Some(staff.session))?)
        .and_all(app.store.tell(&keys, &person, Told::PasswordChanged, Some(staff.id))?)
        .and(app.store.events.put(event).await?)
        .and(forgotten);
    if !writes.commit_patiently("change_password").await?.is_whole() {
        return Err(Code::Conflict.into());
    }
    // A session may have begun with the old one while the new one was hashed, and there may have been
    // more than a transaction takes; no other can begin any more.
    loop {
        let since = caller::person(&app, &keys, &staff).await?;
        let late = app.store.end_sessions(&since, Some(staff.session))?;
        if late.is_empty() {
            return Ok(StatusCode::NO_CONTENT);
        }
        app.store.transaction().and_all(late).commit_patiently("end_late").await?;
    }
}
