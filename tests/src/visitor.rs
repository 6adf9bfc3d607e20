//! A visitor, plain or sealed.

use serde_json::{Value, json};

use crate::api::{Api, Request, Response};
use crate::sealed::{PublishedKey, send_to};

/// Somebody with a session.
#[derive(Clone)]
pub struct Visitor {
    /// Where requests go.
    pub api: Api,
    /// The bearer token.
    pub token: String,
    /// The subject of the token.
    pub subject: String,
    /// Seals the messages, if set.
    pub key: Option<PublishedKey>,
}

impl Visitor {
    /// Starts a session.
    pub async fn arrive(api: Api) -> Self {
        let request = Request::new("POST", "/v1/sessions")
            .json(&json!({ "site": "default", "identity": null }));
        let response = api.send(&request).await;
        assert_eq!(response.status, 201, "{}", response.json());
        let session = response.json();
        let text = |name: &str| session[name].as_str().expect(name).to_owned();
        Self { api, token: text("access_token"), subject: text("subject_id"), key: None }
    }

    /// The same visitor with a new token, which the old one gives for thirty days.
    pub async fn returned(self) -> Self {
        let body = json!({ "site": "default", "identity": null });
        let response = self.post("/v1/sessions", &body).await;
        assert_eq!(response.status, 201, "{}", response.json());
        let token = response.json()["access_token"].as_str().expect("a token").to_owned();
        Self { token, ..self }
    }

    /// The same visitor, who seals from now on.
    #[must_use]
    pub fn sealing_to(self, key: &PublishedKey) -> Self {
        Self { key: Some(key.clone()), ..self }
    }

    /// Sends a request with the token, sealed if the visitor seals; gives the response in the clear.
    pub async fn send(&self, request: Request) -> Response {
        send_to(&self.api, request.bearer(&self.token), self.key.as_ref()).await
    }

    /// `GET`.
    pub async fn get(&self, path: &str) -> Response {
        self.send(Request::new("GET", path)).await
    }

    /// `POST` with a JSON body.
    pub async fn post(&self, path: &str, body: &Value) -> Response {
        self.send(Request::new("POST", path).json(body)).await
    }

    /// Opens a conversation in English and gives its path.
    pub async fn open(&self) -> String {
        self.open_in("en").await
    }

    /// Opens a conversation and gives its path.
    pub async fn open_in(&self, locale: &str) -> String {
        let consent = json!({ "notice_version": "2026-11", "purposes": ["support"] });
        let body = json!({ "consent": consent, "locale": locale });
        let response = self.post("/v1/conversations", &body).await;
        assert_eq!(response.status, 201, "{}", response.json());
        format!("/v1/conversations/{}", response.json()["id"].as_str().expect("an id"))
    }

    /// Says something with a fresh idempotency key.
    pub async fn say(&self, conversation: &str, text: &str) -> Response {
        self.say_as(conversation, text, &fresh_key()).await
    }

    /// Says something with this idempotency key.
    pub async fn say_as(&self, conversation: &str, text: &str, key: &str) -> Response {
        self.send(message(conversation, text, key)).await
    }

    /// The messages so far, as `(author, text)`, all pages.
    pub async fn transcript(&self, conversation: &str) -> Vec<(String, String)> {
        let mut all = Vec::new();
        let mut path = format!("{conversation}/messages?limit=100");
        loop {
            let response = self.get(&path).await;
            assert_eq!(response.status, 200, "{}", response.json());
            let page = response.json();
            assert_eq!(page["integrity"], "ok");
            for item in page["items"].as_array().expect("items") {
                let text = |name: &str| item[name].as_str().expect(name).to_owned();
                all.push((text("author"), text("text")));
            }
            match page["next_cursor"].as_str() {
                Some(cursor) => {
                    path = format!("{conversation}/messages?limit=100&cursor={cursor}");
                }
                None => return all,
            }
        }
    }
}

/// The request that says something.
#[must_use]
pub fn message(conversation: &str, text: &str, key: &str) -> Request {
    Request::new("POST", &format!("{conversation}/messages"))
        .header("idempotency-key", key)
        .json(&json!({ "text": text }))
}

/// An idempotency key that nobody used.
#[must_use]
pub fn fresh_key() -> String {
    let bytes: [u8; 12] = shared::random::bytes().expect("randomness");
    shared::values::encoding::base64url(&bytes)
}
