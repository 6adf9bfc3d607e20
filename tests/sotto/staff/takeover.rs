//! Nobody becomes somebody else. Every state that an admin, the links that the admin holds and the
//! person's own sign-ins can bring an account into is visited, by every order of steps: no token of the
//! person goes to somebody who has neither their password nor their second factor.
//!
//! Two states are one if the account is the same as far as anybody can act on it: then whatever follows
//! is the same. So the search ends, and has no depth.

use std::collections::{HashMap, HashSet, VecDeque};

use auth::credential::password::Password;
use auth::keys::Keys;
use auth::store::invitation::Secret;
use auth::store::throttle::Attempt;
use serde_json::{Value, json};
use shared::ids::StaffId;
use shared::store::attributes::Item;
use tests::api::{Request, Response};
use tests::staff::{PASSWORD, Staff, code_at, post};
use tests::world::World;

const ACCEPT: &str = "/v1/auth/invitations/accept";
/// The admin's choice where a link asks for a password.
const INTRUDERS: &str = "quiet meadow lantern 7 orbit";
const TABLES: [&str; 2] = ["world-identity", "world-watch"];
/// More than there are: a search that passes it does not end.
const STATES: usize = 1_000;

/// A step that somebody takes.
#[derive(Debug, Clone, Copy)]
enum Step {
    ResetPassword,
    ResetSecondFactor,
    Disable,
    Enable,
    /// The admin opens the link that was made last and chooses a password.
    OpenLink,
    /// The admin goes on with what the link or the password gave.
    Finish,
    /// The admin signs in with the password that they chose.
    SignIn,
    /// The person signs in.
    OwnSignIn,
    /// The person opens the link that was made last and goes to the end.
    OwnLink,
    /// The person opens that link and stops there.
    OwnHalf,
}

const STEPS: [Step; 10] = [
    Step::ResetPassword,
    Step::ResetSecondFactor,
    Step::Disable,
    Step::Enable,
    Step::OpenLink,
    Step::Finish,
    Step::SignIn,
    Step::OwnSignIn,
    Step::OwnLink,
    Step::OwnHalf,
];

/// The secrets that each side holds, and the stored rows.
#[derive(Clone)]
struct State {
    rows: Vec<(String, Item)>,
    /// The person, with the password and the factor that are theirs.
    person: Staff,
    /// The links that the admin was given, the newest last.
    links: Vec<String>,
    /// Tokens of a half sign-in that the admin holds.
    held: Vec<Value>,
    /// Secrets of authenticator apps of the admin's.
    secrets: Vec<String>,
    path: Vec<Step>,
}

struct Search<'a> {
    world: &'a World,
    keys: Keys,
    admin: Staff,
    id: StaffId,
    /// The person whose password a stored hash is of.
    owners: HashMap<String, &'static str>,
}

async fn stored(world: &World) -> Vec<(String, Item)> {
    let dynamo = world.dynamo();
    let mut all = Vec::new();
    for table in TABLES {
        let mut pages = dynamo.scan().table_name(table).into_paginator().items().send();
        while let Some(item) = pages.next().await {
            all.push((table.to_owned(), item.expect("a scan")));
        }
    }
    all
}

/// Puts the tables back to what they were.
async fn restore(world: &World, rows: &[(String, Item)]) {
    let dynamo = world.dynamo();
    let now = stored(world).await;
    let key = |item: &Item| -> Item {
        ["p", "k"].map(|name| (name.to_owned(), item[name].clone())).into_iter().collect()
    };
    for (table, item) in &now {
        if !rows.iter().any(|(other, kept)| table == other && key(item) == key(kept)) {
            let delete = dynamo.delete_item().table_name(table).set_key(Some(key(item)));
            delete.send().await.expect("a deletion");
        }
    }
    for row @ (table, item) in rows {
        if !now.contains(row) {
            let put = dynamo.put_item().table_name(table).set_item(Some(item.clone()));
            put.send().await.expect("a write");
        }
    }
}

impl Search<'_> {
    /// All that decides what anybody can do next.
    async fn fingerprint(&mut self, state: &State) -> String {
        let store = &self.world.auth.store;
        let person = store.person(&self.keys, self.id).await.expect("read").expect("somebody");
        let account = &person.account;
        let none = Attempt::new(Vec::new(), self.world.clock.now_ms());
        let login = store.login(&self.keys, &account.login, none).await.expect("read").0;
        let mut password = "none";
        if let Some(kept) = login.and_then(|login| login.password) {
            let hash = kept.hash.to_stored();
            if !self.owners.contains_key(&hash) {
                let mut owner = "person";
                let raw = serde_json::from_value(json!(INTRUDERS)).expect("text");
                let intruders = Password::received(raw).expect("a password");
                let hasher = &self.world.auth.hasher;
                let judged = hasher.verify(&self.keys.pepper, &intruders, &kept.hash);
                if judged.expect("a verdict").matches {
                    owner = "admin";
                }
                self.owners.insert(hash.clone(), owner);
            }
            password = self.owners[&hash];
        }
        let totp = person.totp.as_ref().map(|totp| {
            let secret = totp.secret.base32().to_string();
            (totp.confirmed, secret == state.person.secret, state.secrets.contains(&secret))
        });
        let mut links = Vec::new();
        for link in &state.links {
            let name = Secret::received(link).name();
            let found = store.invitation(&self.keys, &name).await.expect("read");
            if let Some(found) = found {
                links.push(found.is_for(account).to_string());
            }
        }
        links.retain(|link| link != "none");
        let mut held = Vec::new();
        for token in &state.held {
            let kind = if token["mfa_token"].is_string() { "mfa" } else { "enrolment" };
            let (usable, pending) = self.usable(token, account.version).await;
            if usable {
                held.push(format!("{kind}{pending}"));
            }
        }
        held.sort();
        held.dedup();
        format!(
            "{:?} unproven={:?} password={password} totp={totp:?} recovery={} links={links:?} \
             held={held:?}",
            account.status,
            account.profile.unproven,
            !person.recovery.is_empty(),
        )
    }

    /// Whether a half sign-in can still be finished, and whether a password waits in it.
    async fn usable(&self, token: &Value, version: u64) -> (bool, bool) {
        let text = token["mfa_token"].as_str().or(token["enrolment_token"].as_str());
        let claims = text.expect("a token").split('.').nth(1).expect("claims");
        let claims = data_encoding::BASE64URL_NOPAD.decode(claims.as_bytes()).expect("base64url");
        let claims: Value = serde_json::from_slice(&claims).expect("JSON");
        let same = claims["ver"].as_u64() == Some(version);
        match claims["pending"].as_str() {
            None => (same, false),
            Some(name) => {
                let store = &self.world.auth.store;
                let found = store.pending(&self.keys, name).await.expect("read");
                (same && found.is_some(), true)
            }
        }
    }

    async fn patch(&self, state: &mut State, body: Value) {
        let path = format!("/v1/auth/staff/{}", self.id);
        let answer = self.admin.patch(&path, &body).await;
        if let Some(link) = answer.json()["invitation_token"].as_str() {
            state.links.push(link.to_owned());
        }
    }

    /// Takes a step; gives the answers that the admin got.
    async fn take(&self, state: &mut State, step: Step) -> Vec<Response> {
        state.path.push(step);
        let api = &self.admin.api;
        let mut answers = Vec::new();
        match step {
            Step::ResetPassword => self.patch(state, json!({ "reset": "password" })).await,
            Step::ResetSecondFactor => self.patch(state, json!({ "reset": "second_factor" })).await,
            Step::Disable => self.patch(state, json!({ "disabled": true })).await,
            Step::Enable => self.patch(state, json!({ "disabled": false })).await,
            Step::OpenLink => {
                if let Some(link) = state.links.last() {
                    let body = json!({
                        "invitation_token": link, "name": "x", "password": INTRUDERS,
                    });
                    answers.push(post(api, ACCEPT, &body).await);
                }
            }
            Step::Finish => {
                for token in state.held.clone() {
                    answers.extend(self.finish(state, &token).await);
                }
            }
            Step::SignIn => {
                let body = json!({ "email": state.person.email, "password": INTRUDERS });
                answers.push(post(api, "/v1/auth/login", &body).await);
            }
            Step::OwnSignIn => self.own_sign_in(state).await,
            Step::OwnLink => self.own_link(state, true).await,
            Step::OwnHalf => self.own_link(state, false).await,
        }
        for answer in &answers {
            let json = answer.json();
            if json["mfa_token"].is_string() || json["enrolment_token"].is_string() {
                state.held.push(json);
            }
        }
        answers
    }

    /// All that the admin can do with a half sign-in.
    async fn finish(&self, state: &mut State, token: &Value) -> Vec<Response> {
        let api = &self.admin.api;
        let bearer = token["mfa_token"].as_str().or(token["enrolment_token"].as_str());
        let bearer = bearer.expect("a token");
        let send = async |path: &str, body: Value| {
            api.send(&Request::new("POST", path).json(&body).bearer(bearer)).await
        };
        let mut answers = Vec::new();
        for secret in &state.secrets {
            let code = code_at(secret, self.world.seconds());
            let body = json!({ "mfa_token": bearer, "code": code });
            answers.push(post(api, "/v1/auth/totp", &body).await);
        }
        let enrolled = send("/v1/auth/totp/enrol", json!({})).await;
        if let Some(secret) = enrolled.json()["secret"].as_str() {
            state.secrets.push(secret.to_owned());
            let code = code_at(secret, self.world.seconds());
            answers.push(send("/v1/auth/totp/confirm", json!({ "code": code })).await);
        }
        answers.push(enrolled);
        answers
    }

    async fn own_sign_in(&self, state: &mut State) {
        let answer = state.person.login().await.json();
        if let Some(token) = answer["mfa_token"].as_str() {
            self.own_code(state, token).await;
        }
    }

    /// The person shows a recovery code: unlike a code of the app, it needs no other time.
    async fn own_code(&self, state: &mut State, token: &str) -> bool {
        let Some(code) = state.person.recovery.pop() else { return false };
        let body = json!({ "mfa_token": token, "recovery_code": code });
        post(&self.admin.api, "/v1/auth/recovery", &body).await.status == 200
    }

    async fn own_link(&self, state: &mut State, to_the_end: bool) {
        let Some(link) = state.links.last() else { return };
        let password = &state.person.password;
        let body = json!({ "invitation_token": link, "name": "x", "password": password });
        let answer = post(&self.admin.api, ACCEPT, &body).await.json();
        if !to_the_end {
            return;
        }
        if let Some(token) = answer["mfa_token"].as_str() {
            self.own_code(state, token).await;
        } else if let Some(token) = answer["enrolment_token"].as_str() {
            let (secret, entered) = enrol_now(self.world, &state.person, token).await;
            let codes = entered["recovery_codes"].as_array().expect("codes").iter();
            state.person.recovery =
                codes.map(|code| code.as_str().expect("text").to_owned()).collect();
            state.person.secret = secret;
        }
    }
}

/// Enrols an authenticator app without moving the time.
async fn enrol_now(world: &World, person: &Staff, token: &str) -> (String, Value) {
    let send = async |path: &str, body: Value| {
        person.api.send(&Request::new("POST", path).json(&body).bearer(token)).await.json()
    };
    let secret = send("/v1/auth/totp/enrol", json!({})).await["secret"].clone();
    let secret = secret.as_str().expect("a secret").to_owned();
    let code = code_at(&secret, world.seconds());
    let entered = send("/v1/auth/totp/confirm", json!({ "code": code })).await;
    (secret, entered)
}

/// A world with an admin and a person, and what everybody holds in it.
async fn begin(world: &World) -> (Search<'_>, State) {
    let admin = world.admin().await;
    let person = world.member(&admin, "officer@example.org", &["privacy"]).await;
    assert_eq!(person.password, PASSWORD);
    let admin = admin.signed_in(world).await;
    let keys = world.auth.store.keys().await.expect("keys");
    let id = StaffId::parse(&person.id).expect("an id");
    let search = Search { world, keys, admin, id, owners: HashMap::new() };
    let (links, held, secrets) = (Vec::new(), Vec::new(), Vec::new());
    let rows = stored(world).await;
    (search, State { rows, person, links, held, secrets, path: Vec::new() })
}

impl Search<'_> {
    /// The state after a step, in which the admin was not let in; and how many half sign-ins it gave.
    async fn after(&self, state: &State, step: Step) -> (State, usize) {
        restore(self.world, &state.rows).await;
        let mut next = state.clone();
        let answers = self.take(&mut next, step).await;
        for answer in &answers {
            let entered = answer.json()["access_token"].is_string();
            assert!(!entered, "let in as the person by {:?}", next.path);
        }
        next.rows = stored(self.world).await;
        (next, answers.iter().filter(|answer| answer.status == 200).count())
    }
}

#[tokio::test]
async fn nobody_is_let_in_as_somebody_whose_factors_they_do_not_have() {
    let world = World::new().await;
    let (mut search, start) = begin(&world).await;
    let mut seen = HashSet::from([search.fingerprint(&start).await]);
    let mut queue = VecDeque::from([start]);
    let (mut steps, mut halves) = (0, 0);
    while let Some(state) = queue.pop_front() {
        for step in STEPS {
            let (next, given) = search.after(&state, step).await;
            steps += 1;
            halves += given;
            if seen.insert(search.fingerprint(&next).await) {
                queue.push_back(next);
                assert!(seen.len() < STATES, "the search does not end: {seen:#?}");
            }
        }
    }
    assert_eq!(steps, seen.len() * STEPS.len(), "every step was taken from every state");
    assert!(halves > 0, "the admin never came as far as a half sign-in");
    let with = |text: &str| seen.iter().any(|state| state.contains(text));
    for reached in [
        "unproven=Some(Password)",
        "unproven=Some(SecondFactor)",
        "held=[\"mfatrue\"]",
        "Disabled",
        "password=none",
        "totp=None",
    ] {
        assert!(with(reached), "no state with {reached}: {seen:#?}");
    }
    assert!(!with("password=admin"), "the admin's password became the person's");
}
