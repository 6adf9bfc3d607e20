//! Somebody of the staff: invited, enrolled, signed in.

use serde_json::{Map, Value, json};
use shared::clock::{UnixMillis, rfc3339};
use shared::values::training::COURSES;
use totp_rs::{Builder, Secret};
use training::courses::right_options;

use crate::api::{Api, Request, Response};
use crate::sealed::{PublishedKey, send_to};
use crate::world::World;

/// A password that the policy takes.
pub const PASSWORD: &str = "correct heron battery staple 42";
const STEP_SECONDS: u64 = 30;

/// Somebody with an account and an authenticator app.
#[derive(Clone)]
pub struct Staff {
    /// Where requests go.
    pub api: Api,
    /// The address by which they sign in.
    pub email: String,
    /// Their password.
    pub password: String,
    /// Their id.
    pub id: String,
    /// The access token.
    pub token: String,
    /// The refresh token.
    pub refresh: String,
    /// By which the device is known again.
    pub device: String,
    /// The recovery codes.
    pub recovery: Vec<String>,
    /// The secret of the authenticator app, in base32.
    pub secret: String,
    /// Seals what they send, if set.
    pub key: Option<PublishedKey>,
}

/// Sends a request without a token.
pub async fn post(api: &Api, path: &str, body: &Value) -> Response {
    api.send(&Request::new("POST", path).json(body)).await
}

/// The code of the authenticator app at that time.
#[must_use]
pub fn code_at(secret: &str, seconds: u64) -> String {
    let bytes = data_encoding::BASE32_NOPAD.decode(secret.as_bytes()).expect("base32");
    let bytes: [u8; 20] = bytes.try_into().expect("20 bytes");
    let totp = Builder::new()
        .with_secret(Secret::new_stack(bytes))
        .with_digits(6)
        .with_step_duration(STEP_SECONDS)
        .build();
    totp.expect("a secret").generate(seconds).to_string()
}

impl World {
    /// The invitation of an admin, by the operator.
    pub async fn bootstrap(&self, email: &str) -> String {
        let invited = auth::operator::bootstrap(&self.auth, email).await.expect("an invitation");
        invited["invitation_token"].as_str().expect("a token").to_owned()
    }

    /// An admin who has just signed in.
    pub async fn admin(&self) -> Staff {
        let invitation = self.bootstrap("admin@example.org").await;
        Staff::join(self, "admin@example.org", &invitation).await
    }

    /// Somebody with these roles, invited by the admin, who has just signed in.
    pub async fn member(&self, admin: &Staff, email: &str, roles: &[&str]) -> Staff {
        self.invited(admin, email, |_| json!({ "email": email, "roles": roles })).await
    }

    /// An auditor whose account ends so many seconds after the invitation, and who has just signed in.
    pub async fn auditor(&self, admin: &Staff, email: &str, seconds: i64) -> Staff {
        let body = |now_ms: UnixMillis| {
            let ends_at = rfc3339(now_ms + seconds * 1000);
            json!({ "email": email, "roles": ["auditor"], "ends_at": ends_at })
        };
        self.invited(admin, email, body).await
    }

    /// Somebody who accepts the invitation that the admin makes with this body.
    async fn invited(
        &self,
        admin: &Staff,
        email: &str,
        body: impl FnOnce(UnixMillis) -> Value,
    ) -> Staff {
        // In a session of its own: a step-up would end the token that the caller goes on with.
        let admin = admin.signed_in(self).await;
        let body = body(self.clock.now_ms());
        let invited = admin.post("/v1/auth/invitations", &body).await;
        assert_eq!(invited.status, 201, "{}", invited.json());
        let invitation = invited.json()["invitation_token"].as_str().expect("a token").to_owned();
        Staff::join(self, email, &invitation).await
    }

    /// The time, in seconds.
    #[must_use]
    pub fn seconds(&self) -> u64 {
        u64::try_from(self.clock.now_seconds()).expect("a time after 1970")
    }

    /// A code that was not used: each is good once, so the next 30 seconds begin first.
    #[must_use]
    pub fn fresh_code(&self, secret: &str) -> String {
        self.advance_seconds(STEP_SECONDS);
        code_at(secret, self.seconds())
    }
}

impl Staff {
    /// Accepts an invitation and enrols an authenticator app.
    pub async fn join(world: &World, email: &str, invitation: &str) -> Self {
        let code = |secret: &str| world.fresh_code(secret);
        Self::join_at(world.staff_api(), email, invitation, &code).await
    }

    /// The same at an API whose clock gives these codes.
    pub async fn join_at(
        api: Api,
        email: &str,
        invitation: &str,
        code: &impl Fn(&str) -> String,
    ) -> Self {
        let body = json!({
            "invitation_token": invitation, "name": "Ada Example", "password": PASSWORD,
        });
        let accepted = post(&api, "/v1/auth/invitations/accept", &body).await;
        assert_eq!(accepted.status, 200, "{}", accepted.json());
        let enrolment = accepted.json()["enrolment_token"].as_str().expect("a token").to_owned();
        let (secret, tokens) = enrol_totp_at(&api, &enrolment, code).await;
        assert_eq!(tokens.status, 200, "{}", tokens.json());
        let mut staff = Self {
            api,
            email: email.to_owned(),
            password: PASSWORD.to_owned(),
            id: String::new(),
            token: String::new(),
            refresh: String::new(),
            device: String::new(),
            recovery: Vec::new(),
            secret,
            key: None,
        };
        staff.take(&tokens.json());
        let codes = tokens.json()["recovery_codes"].as_array().expect("codes").clone();
        staff.recovery = codes.iter().map(|code| code.as_str().expect("text").into()).collect();
        let me = staff.get("/v1/auth/me").await;
        me.json()["id"].as_str().expect("an id").clone_into(&mut staff.id);
        staff
    }

    /// Takes the tokens of an answer.
    pub fn take(&mut self, tokens: &Value) {
        let text = |name: &str| tokens[name].as_str().unwrap_or_default().to_owned();
        self.token = text("access_token");
        self.refresh = text("refresh_token");
        if tokens["device_token"].is_string() {
            self.device = text("device_token");
        }
    }

    /// The first half of a sign-in.
    pub async fn login(&self) -> Response {
        let body = json!({ "email": self.email, "password": self.password });
        post(&self.api, "/v1/auth/login", &body).await
    }

    /// The token of a right password.
    pub async fn mfa_token(&self) -> String {
        let response = self.login().await;
        assert_eq!(response.status, 200, "{}", response.json());
        response.json()["mfa_token"].as_str().expect("a token").to_owned()
    }

    /// The second half of a sign-in, with that code.
    pub async fn show(&self, mfa_token: &str, code: &str) -> Response {
        let body = json!({ "mfa_token": mfa_token, "code": code });
        post(&self.api, "/v1/auth/totp", &body).await
    }

    /// The same person, signed in anew.
    pub async fn signed_in(&self, world: &World) -> Self {
        let mfa_token = self.mfa_token().await;
        let response = self.show(&mfa_token, &world.fresh_code(&self.secret)).await;
        assert_eq!(response.status, 200, "{}", response.json());
        let mut staff = self.clone();
        staff.take(&response.json());
        staff
    }

    /// The same person in the same session, who has just shown a second factor again.
    pub async fn stepped_up(&self, world: &World) -> Self {
        let body = json!({ "code": world.fresh_code(&self.secret) });
        let response = self.post("/v1/auth/step_up", &body).await;
        assert_eq!(response.status, 200, "{}", response.json());
        let token = response.json()["access_token"].as_str().expect("a token").to_owned();
        Self { token, ..self.clone() }
    }

    /// The same person, who has passed every course.
    pub async fn trained(self) -> Self {
        for course in COURSES {
            let passed = self.take_course(course.id, 0).await;
            assert_eq!(passed.json()["passed"], true, "{}", passed.json());
        }
        self
    }

    /// Takes a course and answers all questions right but so many.
    pub async fn take_course(&self, course: &str, wrong: usize) -> Response {
        let attempts = format!("/v1/training/courses/{course}/attempts");
        let begun = self.post(&attempts, &json!({})).await;
        assert_eq!(begun.status, 201, "{}", begun.json());
        let attempt = format!("{attempts}/{}", begun.json()["attempt_id"].as_str().expect("an id"));
        self.post(&attempt, &json!({ "answers": answers(course, &begun.json(), wrong) })).await
    }

    /// Gives the refresh token for the next tokens.
    pub async fn renew(&self) -> Response {
        post(&self.api, "/v1/auth/refresh", &json!({ "refresh_token": self.refresh })).await
    }

    /// Sends a request with the access token.
    pub async fn send(&self, request: Request) -> Response {
        send_to(&self.api, request.bearer(&self.token), self.key.as_ref()).await
    }

    /// The same person, whose console seals from now on.
    #[must_use]
    pub fn sealing_to(self, key: &PublishedKey) -> Self {
        Self { key: Some(key.clone()), ..self }
    }

    /// `GET`.
    pub async fn get(&self, path: &str) -> Response {
        self.send(Request::new("GET", path)).await
    }

    /// `POST` with a JSON body.
    pub async fn post(&self, path: &str, body: &Value) -> Response {
        self.send(Request::new("POST", path).json(body)).await
    }

    /// `PUT` with a JSON body.
    pub async fn put(&self, path: &str, body: &Value) -> Response {
        self.send(Request::new("PUT", path).json(body)).await
    }

    /// `PATCH` with a JSON body.
    pub async fn patch(&self, path: &str, body: &Value) -> Response {
        self.send(Request::new("PATCH", path).json(body)).await
    }

    /// `DELETE`.
    pub async fn delete(&self, path: &str) -> Response {
        self.send(Request::new("DELETE", path)).await
    }
}

/// The right answers to the questions of an attempt; none to the first so many.
#[must_use]
pub fn answers(course: &str, attempt: &Value, wrong: usize) -> Map<String, Value> {
    let questions = attempt["questions"].as_array().expect("questions").iter().skip(wrong);
    let ids = questions.map(|question| question["id"].as_str().expect("an id"));
    ids.map(|id| (id.to_owned(), json!(right_options(course, id)))).collect()
}

/// Enrols an authenticator app with a token that may; gives the secret and the answer.
pub async fn enrol_totp(world: &World, api: &Api, token: &str) -> (String, Response) {
    enrol_totp_at(api, token, &|secret| world.fresh_code(secret)).await
}

async fn enrol_totp_at(
    api: &Api,
    token: &str,
    code: &impl Fn(&str) -> String,
) -> (String, Response) {
    let send = async |path: &str, body: Value| {
        api.send(&Request::new("POST", path).json(&body).bearer(token)).await
    };
    let enrolled = send("/v1/auth/totp/enrol", json!({})).await;
    assert_eq!(enrolled.status, 200, "{}", enrolled.json());
    let secret = enrolled.json()["secret"].as_str().expect("a secret").to_owned();
    let code = code(&secret);
    let confirmed = send("/v1/auth/totp/confirm", json!({ "code": code })).await;
    (secret, confirmed)
}
