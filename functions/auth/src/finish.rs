//! The second half of a sign-in: a token of a right password, and what is shown with it.

use shared::access::staff::{Kind, Step, verify_step};
use shared::access::staff_keychain::StaffKeychain;
use shared::http::staff::verified;
use shared::problem::{Code, Problem};
use shared::store::once::Kind as Once;
use shared::store::write::Write;

use crate::attempt;
use crate::client::Client;
use crate::gate::{Evidence, Shown};
use crate::keys::Keys;
use crate::state::App;
use crate::store::pending::Pending;
use crate::store::person::{Account, Person};
use shared::store::security_event::{Action, SecurityEvent};

/// A token of a step of signing in, verified and counted, with the person that it names.
pub struct Begun {
    /// The content of the token.
    pub step: Step,
    /// The person that it names.
    pub person: Person,
    /// The password that they have chosen with a link.
    pending: Option<Pending>,
}

/// Verifies a token of that kind, counts a try with it, and reads whom it names.
///
/// # Errors
/// [`Code::TokenInvalid`], [`Code::TokenExpired`], [`Code::CodeInvalid`] when it was tried too often.
pub async fn begin(app: &App, keys: &Keys, kind: Kind, token: &str) -> Result<Begun, Problem> {
    let step = step_of(app, kind, token).await?;
    let tried = app.store.count_try(&step.token, step.ends_at);
    let pending = async {
        match &step.pending {
            Some(name) => app.store.pending(keys, name).await,
            None => Ok(None),
        }
    };
    let person = app.store.person(keys, step.id);
    let (may, person, pending) = tokio::try_join!(tried, person, pending)?;
    if !may {
        return Err(Problem::new(Code::CodeInvalid, "Too many tries: begin again."));
    }
    // Every change of the account since then ends the token, and so does the account's own end.
    let now_ms = app.clock.now_ms();
    let same = |account: &Account| account.version == step.version && account.is_active(now_ms);
    let person = person.filter(|person| same(&person.account)).ok_or(Code::TokenInvalid)?;
    let theirs = |pending: &Pending| pending.invitation.staff == step.id;
    let pending = pending.filter(theirs);
    if step.pending.is_some() && pending.is_none() {
        return Err(Code::TokenInvalid.into());
    }
    Ok(Begun { step, person, pending })
}

async fn step_of(app: &App, kind: Kind, token: &str) -> Result<Step, Problem> {
    let keys = app.staff_keys.get().await?;
    let verify = |keys: &StaffKeychain| verify_step(kind, keys, &app.clock, &app.issuer, token);
    verified(app, keys, token, verify).await
}

impl Begun {
    /// The proof for the gate.
    #[must_use]
    pub fn shown(
        &self,
        (app, keys, client): (&App, &Keys, &Client),
        evidence: Evidence,
        device_token: Option<&str>,
    ) -> Shown<'_> {
        let login = &*self.person.account.login;
        Shown {
            evidence,
            before: client.session_before(keys),
            password: self.pending.as_ref().map(|pending| &pending.hash),
            knows_device: attempt::of_account(app, keys, client, (login, device_token))
                .is_of_device(),
            factors: None,
        }
    }

    /// Uses the token up, and forgets the attempts that led here.
    ///
    /// # Errors
    /// [`shared::store::StoreError`].
    pub async fn spend(
        &self,
        app: &App,
        keys: &Keys,
        client: &Client,
        device_token: Option<&str>,
    ) -> Result<Vec<Write>, Problem> {
        let login = &*self.person.account.login;
        let counter = attempt::of_account(app, keys, client, (login, device_token));
        let parts = [self.step.token.as_bytes()];
        let until_ms = self.step.ends_at.saturating_mul(1000);
        let mut writes = vec![
            app.store.once.put(Once::MfaToken, &parts, until_ms)?,
            app.store.forget(&counter)?,
        ];
        // Somebody who gets in is not guessing, and a whole office may come from one address. The
        // network goes on counting, so that nobody's own sign-ins hide what they do to others'.
        let [address, _network] = attempt::of_source(app, keys, client.gateway.source);
        writes.push(app.store.forget(&address)?);
        if let Some(pending) = &self.pending {
            writes.extend(app.store.spend_pending(pending)?);
            let object = pending.invitation.object();
            let event = SecurityEvent::by(self.step.id, Action::Accepted, object);
            writes.push(app.store.events.put(event).await?);
        }
        Ok(writes)
    }
}
