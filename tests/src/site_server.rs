//! The server of a site, which says who its customers are. It signs by itself, with no library that
//! the functions verify by.

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};
use shared::values::encoding::base64url;

use crate::api::{Api, Request, Response};
use crate::visitor::{Visitor, fresh_key};

/// Seconds for which an identity is good.
const LIFETIME_SECONDS: i64 = 300;

/// A server with a key.
pub struct SiteServer(Key);

enum Key {
    Ed25519(Ed25519KeyPair),
    Hs256(Vec<u8>),
}

impl SiteServer {
    /// One that signs with Ed25519.
    #[must_use]
    pub fn ed25519(seed: u8) -> Self {
        Self(Key::Ed25519(Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).expect("a seed")))
    }

    /// One that signs with HS256.
    #[must_use]
    pub fn hs256(secret: &[u8]) -> Self {
        Self(Key::Hs256(secret.to_vec()))
    }

    /// The key as it is registered.
    #[must_use]
    pub fn jwk(&self) -> Value {
        match &self.0 {
            Key::Ed25519(pair) => {
                json!({ "kty": "OKP", "crv": "Ed25519", "x": base64url(pair.public_key().as_ref()) })
            }
            Key::Hs256(secret) => json!({ "kty": "oct", "k": base64url(secret) }),
        }
    }

    /// The bytes of the key as it is registered: a public key, or the secret.
    #[must_use]
    pub fn registered(&self) -> Vec<u8> {
        match &self.0 {
            Key::Ed25519(pair) => pair.public_key().as_ref().to_vec(),
            Key::Hs256(secret) => secret.clone(),
        }
    }

    /// The claims about a customer at `now_ms`, before they are signed: fresh ones each time.
    #[must_use]
    pub fn claims(customer: &str, now_ms: i64) -> Value {
        let now = now_ms.div_euclid(1000);
        json!({
            "aud": "world", "sub": customer, "jti": fresh_key(),
            "iat": now, "exp": now + LIFETIME_SECONDS,
        })
    }

    /// Signs any claims under the header that its key calls for.
    #[must_use]
    pub fn sign(&self, claims: &Value) -> String {
        let alg = match &self.0 {
            Key::Ed25519(_) => "EdDSA",
            Key::Hs256(_) => "HS256",
        };
        self.sign_under(&json!({ "alg": alg, "typ": "JWT" }), claims)
    }

    /// Signs any claims under any header.
    #[must_use]
    pub fn sign_under(&self, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| base64url(value.to_string().as_bytes());
        let message = format!("{}.{}", part(header), part(claims));
        let signature = match &self.0 {
            Key::Ed25519(pair) => pair.sign(message.as_bytes()).as_ref().to_vec(),
            Key::Hs256(secret) => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
                hmac::sign(&key, message.as_bytes()).as_ref().to_vec()
            }
        };
        format!("{message}.{}", base64url(&signature))
    }
}

/// Begins a session with an identity.
pub async fn sign_in(api: &Api, identity: &str) -> Response {
    let body = json!({ "site": "default", "identity": identity });
    api.send(&Request::new("POST", "/v1/sessions").json(&body)).await
}

/// The visitor that a session was answered to.
#[must_use]
pub fn visitor_of(api: Api, session: &Response) -> Visitor {
    assert_eq!(session.status, 201, "{}", session.json());
    let session = session.json();
    let text = |name: &str| session[name].as_str().expect(name).to_owned();
    Visitor { api, token: text("access_token"), subject: text("subject_id"), key: None }
}
