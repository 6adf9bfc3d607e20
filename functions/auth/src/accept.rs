//! `POST /v1/auth/invitations/accept`. A new person gives a name and a password, somebody who lost
//! the second factor the existing password, and somebody who lost the password a new one.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::access::staff::{Begins, ENROLMENT_SECONDS, Kind};
use shared::http::request::PlainJson;
use shared::http::response::Reply;
use shared::ids::StaffId;
use shared::problem::{Code, FieldCode, Problem};
use shared::store::security_event::{Action, SecurityEvent};
use shared::store::write::{Transaction, Written};
use shared::text::{Named, RawText};
use shared::values::address::Address;
use shared::values::role::{Role, Roles};
use utoipa::ToSchema;

use crate::client::Client;
use crate::credential::password::Password;
use crate::gate;
use crate::keys::Keys;
use crate::login::{self, LoginResponse};
use crate::state::App;
use crate::store::invitation::{Invitation, Name, Purpose, Secret};
use crate::store::person::{Account, Person, Profile, Status};

/// The second factors that can be enrolled.
const METHODS: [&str; 2] = ["totp", "passkey"];

/// An accepted invitation.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AcceptRequest {
    /// The invitation token that was handed over.
    invitation_token: String,
    /// Up to 100 characters.
    #[schema(value_type = String)]
    name: Option<RawText>,
    /// 15 to 128 characters.
    #[schema(value_type = String)]
    password: Option<RawText>,
}

/// The next step: enrol a second factor. There is no access before that.
#[derive(Serialize, ToSchema)]
pub struct AcceptResponse {
    /// Opens only what enrols a second factor.
    enrolment_token: String,
    /// The second factors that can be enrolled: `totp`, `passkey`.
    methods: [&'static str; 2],
    /// Seconds.
    expires_in: i64,
}

/// The answer to an accepted invitation, for its description: each form is made where it is known.
#[derive(ToSchema)]
#[serde(untagged)]
pub enum Accepted {
    /// A second factor has to be enrolled.
    Enrol(AcceptResponse),
    /// The password is new, and the second factor that there is has to be shown.
    SignIn(LoginResponse),
}

#[utoipa::path(post, path = "/v1/auth/invitations/accept", request_body = AcceptRequest,
    responses((status = 200, body = Accepted)))]
pub(crate) async fn post(
    State(app): State<App>,
    client: Client,
    PlainJson(request): PlainJson<AcceptRequest>,
) -> Result<Response, Problem> {
    let keys = app.store.keys().await?;
    let secret = Secret::received(&request.invitation_token);
    let name = secret.name();
    let invitation = app.store.invitation(&keys, &name).await?.ok_or(Code::TokenInvalid)?;
    let missing = |pointer| Problem::invalid(pointer, FieldCode::Missing);
    let password = request.password.ok_or_else(|| missing("/password"))?;
    let accepting = Accepting { app: &app, keys: &keys, name: &name, invitation: &invitation };
    match &invitation.purpose {
        Purpose::Join { address, roles, ends_at_ms } => {
            let name: Named<1, 100> = Named::line(request.name, "/name")?;
            let profile = Profile::new(name.reveal(), address, *ends_at_ms);
            accepting.join(profile, address, *roles, password).await
        }
        Purpose::SecondFactor { version } => {
            accepting.second_factor(&client, *version, password).await
        }
        Purpose::Password { version } => accepting.password(*version, password).await,
    }
}

struct Accepting<'a> {
    app: &'a App,
    keys: &'a Keys,
    name: &'a Name,
    invitation: &'a Invitation,
}

impl Accepting<'_> {
    async fn join(
        &self,
        profile: Profile,
        address: &Address,
        roles: Roles,
        password: RawText,
    ) -> Result<Response, Problem> {
        let Self { app, keys, invitation, .. } = self;
        let personal = [&*profile.name, address.reveal()];
        let password = Password::choose(password, "/password", &personal)?;
        let hash = app.hasher.hash(&keys.pepper, &password).map_err(|_| Code::Internal)?;
        let account = Account {
            id: invitation.staff,
            roles,
            status: Status::Active,
            version: 1,
            epoch: 1,
            login: keys.login(address),
            profile,
            made_at_ms: app.clock.now_ms(),
        };
        let mut writes = app
            .store
            .transaction()
            .and_all(app.store.put_account(keys, &account)?)
            .and(app.store.put_login(keys, &account, &hash)?);
        if !roles.has(Role::Auditor) {
            writes.push(app.store.trainings.begin(account.id)?);
        }
        self.spend("join", writes).await?;
        self.enrolment((account.id, 1)).await
    }

    /// Asks for the existing password too: the invitation alone opens nothing.
    async fn second_factor(
        &self,
        client: &Client,
        version: u64,
        password: RawText,
    ) -> Result<Response, Problem> {
        let Self { app, keys, .. } = self;
        let person = self.person(version).await?;
        let forgotten = login::confirm(app, keys, client, &person, password).await?;
        let unchanged = app.store.unchanged(&person.account)?;
        let writes = app.store.transaction().and(unchanged).and(forgotten);
        self.spend("accept_second_factor", writes).await?;
        self.enrolment((person.account.id, version)).await
    }

    async fn password(&self, version: u64, password: RawText) -> Result<Response, Problem> {
        let Self { app, keys, .. } = self;
        let person = self.person(version).await?;
        // Somebody who lost both factors cannot be told from an intruder: an admin who resets both
        // could sign in as them.
        if person.count_of_factors() == 0 {
            let detail = "There is no second factor either: an admin invites you anew.";
            return Err(Problem::new(Code::Conflict, detail));
        }
        let profile = &person.account.profile;
        let password = Password::choose(password, "/password", &[&profile.name, &profile.email])?;
        let hash = app.hasher.hash(&keys.pepper, &password).map_err(|_| Code::Internal)?;
        // It becomes the account's only when the second factor is shown: somebody who merely found
        // the link has replaced nothing, and used nothing up.
        let pending = app.store.put_pending(keys, (self.name, &person.account), &hash).await?;
        let pending = Some(pending.ok_or(Code::TokenInvalid)?);
        let begins = Begins { id: person.account.id, version, pending };
        let response = LoginResponse::of(app, begins, person.factors()).await?;
        Ok(response.into_response())
    }

    /// The person whom the invitation is for, if nothing has changed since.
    async fn person(&self, version: u64) -> Result<Person, Problem> {
        let person = self.app.store.person(self.keys, self.invitation.staff).await?;
        let now_ms = self.app.clock.now_ms();
        let same =
            |person: &Person| person.account.version == version && person.account.is_active(now_ms);
        person.filter(same).ok_or_else(|| Code::TokenInvalid.into())
    }

    async fn spend(&self, operation: &'static str, writes: Transaction) -> Result<(), Problem> {
        let store = &self.app.store;
        let staff = self.invitation.staff;
        let event = SecurityEvent::by(staff, Action::Accepted, self.invitation.object());
        let writes = writes
            .and_all(store.spend_invitation(self.name, self.invitation)?)
            .and(store.events.put(event).await?);
        match writes.commit_patiently(operation).await? {
            Written::Whole => Ok(()),
            Written::Refused(_) => Err(Code::TokenInvalid.into()),
        }
    }

    async fn enrolment(&self, (id, version): (StaffId, u64)) -> Result<Response, Problem> {
        let begins = Begins { id, version, pending: None };
        let enrolment_token = gate::step(self.app, Kind::Enrolment, begins).await?;
        let response =
            AcceptResponse { enrolment_token, methods: METHODS, expires_in: ENROLMENT_SECONDS };
        Ok(Reply(StatusCode::OK, response).into_response())
    }
}
