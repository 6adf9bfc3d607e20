//! The demo's staff: invited, enrolled and signed in as anybody is.

use std::time::Duration;

use axum::http::HeaderMap;
use data_encoding::BASE32_NOPAD;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use shared::clock::{Clock, UnixMillis};
use shared::values::training::COURSES;
use totp_rs::{Builder, Secret};
use training::courses::right_options;

use super::caller::{Call, Caller, text};
use super::life::Member;
use crate::deployment::FIRST_ADMIN;

/// No secret: the demo's accounts are on this machine alone, and a link signs them in.
const PASSWORD: &str = "everybody may know this of the demo";
const STEP_SECONDS: u64 = 30;
/// A token of ten minutes is renewed before its last ones.
const RENEWED_AFTER_MS: UnixMillis = 60_000;
/// A session of twelve hours ends before its last one, and one that nobody used before half an hour.
const SESSION_MS: UnixMillis = 11 * 60 * 60 * 1000;
const IDLE_MS: UnixMillis = 25 * 60 * 1000;

/// Somebody of the staff, with all that signs them in.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Account {
    pub(super) email: String,
    pub(super) name: String,
    pub(super) role: String,
    /// Of the authenticator app, in base32.
    secret: String,
}

/// The tokens of a session.
struct Session {
    access: String,
    refresh: String,
    begun_ms: UnixMillis,
    renewed_ms: UnixMillis,
}

/// Somebody who signs in when it is needed.
pub(super) struct Signed {
    pub(super) account: Account,
    clock: Clock,
    session: Option<Session>,
    /// The last step whose code was used since the start; a code is good once.
    used: u64,
}

/// The first admin, and after them everybody else, the agents first.
pub(super) async fn hire(
    caller: &Caller,
    clock: &Clock,
    invitation: &str,
    staff: &[Member],
) -> Result<Vec<Account>, String> {
    let first = Member {
        email: FIRST_ADMIN.to_owned(),
        name: "Ada Keller".to_owned(),
        role: "admin".to_owned(),
    };
    let admin = join(caller, clock, &first, invitation).await?;
    let mut signed = Signed::new(admin.clone(), clock.clone());
    let mut accounts = Vec::new();
    for member in staff {
        let body = json!({ "email": member.email, "roles": [member.role] });
        let token = signed.token(caller).await?;
        let invited = caller.call(Call::post("/v1/auth/invitations", body).by(&token)).await?;
        let invitation = text(&invited, "invitation_token")?;
        accounts.push(join(caller, clock, member, invitation).await?);
    }
    accounts.push(admin);
    Ok(accounts)
}

async fn join(
    caller: &Caller,
    clock: &Clock,
    Member { email, name, role }: &Member,
    invitation: &str,
) -> Result<Account, String> {
    let body = json!({ "invitation_token": invitation, "name": name, "password": PASSWORD });
    let accepted = caller.call(Call::post("/v1/auth/invitations/accept", body)).await?;
    let token = text(&accepted, "enrolment_token")?;
    let enrolled = caller.call(Call::post("/v1/auth/totp/enrol", json!({})).by(token)).await?;
    let secret = text(&enrolled, "secret")?.to_owned();
    let code = json!({ "code": code_at(&secret, step_of(clock))? });
    caller.call(Call::post("/v1/auth/totp/confirm", code).by(token)).await?;
    // The code is spent; whoever signs in next has the one behind it.
    clock.advance(Duration::from_secs(STEP_SECONDS));
    Ok(Account { email: email.clone(), name: name.clone(), role: role.clone(), secret })
}

impl Signed {
    pub(super) fn new(account: Account, clock: Clock) -> Self {
        Self { account, clock, session: None, used: 0 }
    }

    /// An access token that is good for some minutes more.
    pub(super) async fn token(&mut self, caller: &Caller) -> Result<String, String> {
        let now_ms = self.clock.now_ms();
        let session = match self.session.take() {
            Some(session) if now_ms - session.renewed_ms < RENEWED_AFTER_MS => session,
            Some(session)
                if now_ms - session.begun_ms < SESSION_MS
                    && now_ms - session.renewed_ms < IDLE_MS =>
            {
                let body = json!({ "refresh_token": session.refresh });
                let tokens = caller.call(Call::post("/v1/auth/refresh", body)).await?;
                session_of(&tokens, session.begun_ms, now_ms)?
            }
            _ => session_of(&self.sign_in(caller, &[]).await?.1, now_ms, now_ms)?,
        };
        let access = session.access.clone();
        self.session = Some(session);
        Ok(access)
    }

    /// Signs in anew, with these headers; gives the answer that has the tokens.
    pub(super) async fn sign_in(
        &mut self,
        caller: &Caller,
        headers: &[(&'static str, String)],
    ) -> Result<(HeaderMap, Value), String> {
        let body = json!({ "email": self.account.email, "password": PASSWORD });
        let call = Call { headers: headers.to_vec(), ..Call::post("/v1/auth/login", body) };
        let begun = caller.call(call).await?;
        // A code is good once, also one that an earlier start has used: the next one is accepted as well.
        let now = step_of(&self.clock);
        let mut refused =
            "This account's last codes were used already: try again in half a minute.".to_owned();
        for step in [now, now + 1].into_iter().filter(|step| *step > self.used) {
            let code = code_at(&self.account.secret, step)?;
            let body = json!({ "mfa_token": text(&begun, "mfa_token")?, "code": code });
            let call = Call { headers: headers.to_vec(), ..Call::post("/v1/auth/totp", body) };
            match caller.answer(call).await {
                Ok(signed) => {
                    self.used = step;
                    return Ok(signed);
                }
                Err(error) => refused = error,
            }
        }
        Err(refused)
    }

    /// Takes every course and answers right: nobody of the demo is untrained.
    pub(super) async fn learn(&mut self, caller: &Caller) -> Result<(), String> {
        for course in COURSES {
            let token = self.token(caller).await?;
            let attempts = format!("/v1/training/courses/{}/attempts", course.id);
            let begun = caller.call(Call::post(&attempts, json!({})).by(&token)).await?;
            let questions = begun.get("questions").and_then(Value::as_array);
            let ids =
                questions.into_iter().flatten().filter_map(|question| question.get("id")?.as_str());
            let answers: Map<String, Value> =
                ids.map(|id| (id.to_owned(), json!(right_options(course.id, id)))).collect();
            let attempt = format!("{attempts}/{}", text(&begun, "attempt_id")?);
            caller.call(Call::post(&attempt, json!({ "answers": answers })).by(&token)).await?;
        }
        Ok(())
    }

    /// Says that they are at the desk, for 90 seconds.
    pub(super) async fn is_there(&mut self, caller: &Caller) -> Result<(), String> {
        let token = self.token(caller).await?;
        let body = json!({ "state": "available" });
        caller.call(Call::put("/v1/presence", body).by(&token)).await.map(drop)
    }
}

fn session_of(tokens: &Value, begun_ms: UnixMillis, now_ms: UnixMillis) -> Result<Session, String> {
    Ok(Session {
        access: text(tokens, "access_token")?.to_owned(),
        refresh: text(tokens, "refresh_token")?.to_owned(),
        begun_ms,
        renewed_ms: now_ms,
    })
}

fn step_of(clock: &Clock) -> u64 {
    u64::try_from(clock.now_seconds()).unwrap_or_default() / STEP_SECONDS
}

/// The code of the authenticator app in that step.
fn code_at(secret: &str, step: u64) -> Result<String, String> {
    let unusable = || "The demo's authenticator has no usable secret.".to_owned();
    let bytes = BASE32_NOPAD.decode(secret.as_bytes()).map_err(|_| unusable())?;
    let bytes: [u8; 20] = bytes.try_into().map_err(|_| unusable())?;
    let builder = Builder::new().with_secret(Secret::new_stack(bytes)).with_digits(6);
    let totp = builder.with_step_duration(STEP_SECONDS).build().map_err(|_| unusable())?;
    Ok(totp.generate(step * STEP_SECONDS).to_string())
}
