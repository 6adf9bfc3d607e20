//! A browser's half of the message layer.

use serde_json::{Value, json};
use shared::seal::sign::Verifier;
use shared::seal::transport::client::{SealedRequest, seal};
use shared::seal::transport::{KemSuite, SEALED_JSON, pad, request_aad};
use shared::values::encoding::{base64url, from_base64url};

use crate::api::{Api, Request, Response};
use crate::openapi::conform::opened_conforms;

/// A published transport key.
#[derive(Clone)]
pub struct PublishedKey {
    /// Its name.
    pub kid: String,
    /// Its suite.
    pub suite: KemSuite,
    /// Its public half.
    pub public: Vec<u8>,
}

/// Fetches the key list, verifies it as a client must, and gives its keys.
pub async fn published_keys(api: &Api) -> Vec<PublishedKey> {
    let response = api.send(&Request::new("GET", "/v1/keys")).await;
    assert_eq!(response.status, 200);
    let list = response.json();
    let root = from_base64url(list["root"]["x"].as_str().expect("x")).expect("base64url");
    let claims: Value = Verifier::from_raw(&root)
        .expect("a key")
        .verify("sotto-keys+jwt", list["jws"].as_str().expect("a JWS"))
        .expect("the list is signed by its root");
    claims["keys"]
        .as_array()
        .expect("keys")
        .iter()
        .map(|key| PublishedKey {
            kid: key["kid"].as_str().expect("kid").to_owned(),
            suite: KemSuite::from_kem(key["suite"]["kem"].as_str().expect("kem")).expect("known"),
            public: from_base64url(key["public_key"].as_str().expect("key")).expect("base64url"),
        })
        .collect()
}

/// Seals a request to a key: its body, or for one without a body its header. The idempotency key
/// must have been set before.
#[must_use]
pub fn seal_request(request: Request, key: &PublishedKey) -> (Request, SealedRequest) {
    let path = request.path.split('?').next().unwrap_or_default();
    let idempotency = request.headers.iter().find(|(name, _)| name == "idempotency-key");
    let aad = request_aad(&request.method, path, idempotency.map_or("", |(_, value)| value));
    if request.body.is_empty() {
        let sealed = seal(key.suite, &key.public, b"", &aad).expect("a key");
        let header = format!("{}.{}", key.kid, base64url(&sealed.enc));
        return (request.header("sotto-reply-key", header), sealed);
    }
    let sealed = seal(key.suite, &key.public, &pad(&request.body), &aad).expect("a key");
    let body = json!({
        "kid": key.kid, "enc": base64url(&sealed.enc), "ct": base64url(&sealed.ct),
    });
    let mut request = request;
    request.headers.retain(|(name, _)| name != "content-type");
    (request.bytes(SEALED_JSON, body.to_string()), sealed)
}

/// Opens a sealed response; one that was not sealed stays as it is.
#[must_use]
pub fn open_response(sealed: &SealedRequest, response: Response) -> Response {
    if response.header("content-type") != SEALED_JSON {
        return response;
    }
    let opened = opened(sealed, &response);
    let Ok(Value::Object(object)) = serde_json::from_slice(&opened) else {
        assert_eq!(response.status, 200, "what is no object is a page");
        return Response { body: opened, ..response };
    };
    let status = object.get("http_status").and_then(Value::as_u64).expect("a status inside");
    let status = u16::try_from(status).expect("a status");
    assert_eq!(response.status, if status == 204 { 200 } else { status });
    if status == 204 {
        assert_eq!(object.len(), 1);
        return Response { status, body: Vec::new(), ..response };
    }
    let field = format!("{{\"http_status\":{status}");
    let rest = opened.strip_prefix(field.as_bytes()).expect("it is the first field");
    let rest = rest.strip_prefix(b",").unwrap_or(rest);
    Response { status, body: [b"{", rest].concat(), ..response }
}

/// The same of a release that may not say its status inside the seal.
#[must_use]
pub fn open_older_response(sealed: &SealedRequest, response: Response) -> Response {
    if response.header("content-type") != SEALED_JSON {
        return response;
    }
    let body = opened(sealed, &response);
    let inside: Value = serde_json::from_slice(&body).unwrap_or_default();
    if inside["http_status"].is_null() {
        return Response { body, ..response };
    }
    open_response(sealed, response)
}

fn opened(sealed: &SealedRequest, response: &Response) -> Vec<u8> {
    let body = response.json();
    let part = |name: &str| from_base64url(body[name].as_str().expect(name)).expect("base64url");
    sealed.open_response(&part("nonce"), &part("ct")).expect("the response opens")
}

/// Sends a request, sealed if there is a key; gives the response in the clear.
pub async fn send_to(api: &Api, request: Request, key: Option<&PublishedKey>) -> Response {
    let Some(key) = key else { return api.send(&request).await };
    let (request, sealed) = seal_request(request, key);
    let response = api.send(&request).await;
    if !api.is_described() {
        return open_older_response(&sealed, response);
    }
    let opened = open_response(&sealed, response);
    if opened.header("content-type") == SEALED_JSON {
        opened_conforms(&request, &opened);
    }
    opened
}
