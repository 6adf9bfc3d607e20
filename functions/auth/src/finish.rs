//! The second half of a sign-in: a token of a right password, and what is shown with it.

use aws_sdk_dynamodb::types::TransactWriteItem;
use shared::access::staff::{Kind, Step, verify_step};
use shared::access::staff_keychain::StaffKeychain;
use shared::http::staff::verified;
use shared::problem::{Code, Problem};
use shared::store::once::Kind as Once;

use crate::attempt;
use crate::client::Client;
use crate::keys::Keys;
use crate::state::App;
use crate::store::person::Person;

/// A token of a step of signing in, verified and counted, with the person that it names.
pub struct Begun {
    /// What the token says.
    pub step: Step,
    /// Who it names.
    pub person: Person,
}

/// Verifies a token of that kind, counts a try with it, and reads whom it names.
///
/// # Errors
/// [`Code::TokenInvalid`], [`Code::TokenExpired`], [`Code::CodeInvalid`] when it was tried too often.
pub async fn begin(app: &App, keys: &Keys, kind: Kind, token: &str) -> Result<Begun, Problem> {
    let step = step_of(app, kind, token).await?;
    let tried = app.store.count_try(&step.token, step.ends_at);
    let (may, person) = tokio::try_join!(tried, app.store.person(keys, step.id))?;
    if !may {
        return Err(Problem::new(Code::CodeInvalid, "Too many tries: begin again."));
    }
    // What has changed in the account since ends the token.
    let person = person.filter(|person| person.account.version == step.version);
    let person = person.ok_or(Code::TokenInvalid)?;
    Ok(Begun { step, person })
}

async fn step_of(app: &App, kind: Kind, token: &str) -> Result<Step, Problem> {
    let keys = app.staff_keys.get().await?;
    let verify = |keys: &StaffKeychain| verify_step(kind, keys, &app.clock, &app.issuer, token);
    verified(app, keys, token, verify).await
}

impl Begun {
    /// Uses the token up, and forgets the attempts that led here.
    ///
    /// # Errors
    /// [`shared::store::StoreError`].
    pub fn spend(
        &self,
        app: &App,
        keys: &Keys,
        client: &Client,
        device_token: Option<&str>,
    ) -> Result<Vec<TransactWriteItem>, Problem> {
        let login = &*self.person.account.login;
        let counter = attempt::of_account(app, keys, client, (login, device_token));
        let parts = [self.step.token.as_bytes()];
        let until_ms = self.step.ends_at.saturating_mul(1000);
        let mut writes = vec![
            app.store.once.put(Once::MfaToken, &parts, until_ms)?,
            app.store.forget(&counter)?,
        ];
        // Who gets in is no guesser, and a whole office may come from one address. The network goes on
        // counting, so that nobody's own sign-ins hide what they do to others'.
        let [address, _network] = attempt::of_source(app, keys, client.gateway.source);
        writes.push(app.store.forget(&address)?);
        Ok(writes)
    }
}
