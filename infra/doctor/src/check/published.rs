//! The visitor's view: whether the API answers, and whether the key list is signed by the pinned
//! root, of this stack and in date.

use aws_smithy_http_client::Connector;
use aws_smithy_runtime_api::client::http::HttpConnector;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use shared::clock::{Clock, UnixMillis};
use shared::config::TrustRoots;
use shared::seal::key_list::{self, KeyListError};
use shared::values::pins::Pins;

use crate::aws::Clients;
use crate::check::stack::Stack;
use crate::finding::{Chapter, CouldNot, Finding, Obstacle};

const HOUR_MS: UnixMillis = 60 * 60 * 1000;
/// A list ends 72 hours after its newest key was made, and a key is made every day. A list with
/// less time left was not renewed within a day and an hour.
const LEAST_LEFT_MS: UnixMillis = (72 - 25) * HOUR_MS;

/// A fault of a published list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Every widget refuses it.
    Refused(KeyListError),
    /// It has no key that a message could be sealed to.
    Empty,
    /// The last run of the rotation is too long ago.
    NotRenewed,
}

/// The fault of an answer of `GET /v1/keys`; `None` if it is as it should be.
#[must_use]
pub fn judge(answer: &[u8], pins: &Pins, issuer: &str, now_ms: UnixMillis) -> Option<Fault> {
    match key_list::verify(answer, pins, issuer, now_ms) {
        Err(error) => Some(Fault::Refused(error)),
        Ok(keys) if keys.is_empty() => Some(Fault::Empty),
        Ok(_) => match key_list::verify(answer, pins, issuer, now_ms + LEAST_LEFT_MS) {
            Err(KeyListError::OutOfDate) => Some(Fault::NotRenewed),
            Ok(_) | Err(_) => None,
        },
    }
}

impl Fault {
    /// The fault in sentences.
    #[must_use]
    pub fn finding(self) -> Finding {
        let refused = |what: &str| {
            Finding::wrong(
                "key_list_refused",
                format!("Every widget refuses the list of keys: {what}."),
                "Compare the output RootPin with the pages, and run RotateKeysFunction.",
                Chapter::KeyListExpired,
            )
        };
        match self {
            Self::Refused(KeyListError::OutOfDate) => Finding::wrong(
                "key_list_expired",
                "The list of keys is not in date: no visitor can send anything.",
                "Run RotateKeysFunction, and see why it did not run by itself.",
                Chapter::KeyListExpired,
            ),
            Self::Refused(KeyListError::Malformed) => refused("it has not the form of one"),
            Self::Refused(KeyListError::RootNotPinned) => refused("its root is not the pinned one"),
            Self::Refused(KeyListError::NotSigned) => refused("the root did not sign it"),
            Self::Refused(KeyListError::OtherIssuer) => refused("another stack made it"),
            Self::Empty => refused("there is no key in it"),
            Self::NotRenewed => Finding::wrong(
                "rotation_late",
                "No transport key was made in the last 25 hours.",
                "See the log and the queue of RotateKeysFunction, then run it.",
                Chapter::RotationFails,
            ),
        }
    }
}

/// Asks the stack's API as a visitor does.
pub async fn check(clients: &Clients, stack: &Stack, name: &str, clock: &Clock) -> Vec<Finding> {
    let (Some(url), Some(pin)) = (stack.outputs.get("ApiUrl"), stack.outputs.get("RootPin")) else {
        return vec![Finding::wrong(
            "outputs_missing",
            "The stack has no output ApiUrl or RootPin.",
            "Deploy the release that this command comes from.",
            Chapter::Upgrades,
        )];
    };
    let issuer = stack.parameters.get("Issuer").filter(|issuer| !issuer.is_empty());
    let issuer = issuer.map_or(name, String::as_str);
    let base = base(url, clients.endpoint.as_deref());
    let connector = match shared::http::aws::connector(&TrustRoots::System) {
        Ok(connector) => connector,
        Err(reason) => return vec![no_answer(reason).finding(&"The API")],
    };
    let mut findings = Vec::new();
    for path in ["/v1/health", "/v1/keys"] {
        match get(&connector, &format!("{base}{path}")).await {
            Err(reason) => findings.push(no_answer(reason).finding(&format!("GET {path}"))),
            Ok((200, body)) if path == "/v1/keys" => {
                findings.push(list(&body, pin, issuer, clock.now_ms()));
            }
            Ok((200, _)) => findings.push(Finding::fine(
                "api_answers",
                format!("GET {path} answers."),
                Chapter::ServerErrors,
            )),
            Ok((status, _)) => findings.push(Finding::wrong(
                "api_fails",
                format!("GET {path} answers {status}."),
                "See the log of intake for this route.",
                Chapter::ServerErrors,
            )),
        }
    }
    findings
}

fn list(body: &[u8], pin: &str, issuer: &str, now_ms: UnixMillis) -> Finding {
    let Ok(pins) = Pins::try_from(pin) else {
        return Fault::Refused(KeyListError::RootNotPinned).finding();
    };
    judge(body, &pins, issuer, now_ms).map_or_else(
        || {
            let what = "The list of keys is signed by the pinned root, and in date.";
            Finding::fine("key_list", what, Chapter::KeyListExpired)
        },
        Fault::finding,
    )
}

/// The API's own address, or its place at another AWS, where its name does not resolve.
fn base(url: &str, endpoint: Option<&str>) -> String {
    let id = url.strip_prefix("https://").and_then(|host| host.split('.').next());
    match (endpoint, id) {
        (Some(endpoint), Some(id)) => {
            format!("{}/_aws/execute-api/{id}/$default", endpoint.trim_end_matches('/'))
        }
        (_, _) => url.trim_end_matches('/').to_owned(),
    }
}

fn no_answer(reason: String) -> CouldNot {
    CouldNot { action: "execute-api:Invoke", reason: Obstacle::NoAnswer(reason) }
}

async fn get(connector: &Connector, url: &str) -> Result<(u16, Vec<u8>), String> {
    let mut request = HttpRequest::new(SdkBody::empty());
    request.set_uri(url).map_err(|_| format!("{url} is no address"))?;
    let answer = connector.call(request).await.map_err(|error| error.to_string())?;
    let status = answer.status().as_u16();
    let body = ByteStream::new(answer.into_body()).collect().await;
    Ok((status, body.map_err(|error| error.to_string())?.to_vec()))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;
    use shared::clock::rfc3339;
    use shared::seal::sign::Signer;
    use shared::seal::transport::KemSuite;
    use shared::secret::Secret;
    use shared::values::encoding::base64url;

    use super::*;

    /// A list whose newest key was made `age_hours` ago.
    fn answer(age_hours: i64) -> (Vec<u8>, Pins) {
        let root = Signer::derive(&Arc::new(Secret::from_slice(&[1; 32]).unwrap())).unwrap();
        let end_ms = (72 - age_hours) * HOUR_MS;
        let claims = json!({
            "iss": "sotto", "iat": -age_hours * 3600, "exp": end_ms / 1000,
            "keys": [{
                "kid": "k", "not_after": rfc3339(end_ms), "public_key": base64url(&[9; 32]),
                "suite": {"kem": KemSuite::X25519.kem(), "kdf": "HKDF-SHA256", "aead": "AES-256-GCM"},
            }],
        });
        let jws = root.sign(key_list::KEY_LIST_TYPE, &claims).unwrap();
        let body = json!({ "jws": jws, "root": root.verifier().jwk() });
        let pins = Pins::try_from(root.verifier().pin().unwrap().as_str()).unwrap();
        (body.to_string().into_bytes(), pins)
    }

    #[test]
    fn a_list_has_to_be_ours_in_date_and_renewed_every_day() {
        let judged = |age| {
            let (body, pins) = answer(age);
            judge(&body, &pins, "sotto", 0)
        };
        assert_eq!(judged(72), Some(Fault::Refused(KeyListError::OutOfDate)));
        assert_eq!(judged(26), Some(Fault::NotRenewed));
        assert_eq!(judged(24), None);
        let (body, pins) = answer(1);
        let other = judge(&body, &pins, "another", 0);
        assert_eq!(other, Some(Fault::Refused(KeyListError::OtherIssuer)));
        assert_eq!(judge(b"{}", &pins, "sotto", 0), Some(Fault::Refused(KeyListError::Malformed)));
    }

    #[test]
    fn another_aws_is_asked_by_its_own_address() {
        let url = "https://abc.execute-api.eu-central-1.amazonaws.com";
        assert_eq!(base(url, None), url);
        let local = base(url, Some("http://127.0.0.1:4566/"));
        assert_eq!(local, "http://127.0.0.1:4566/_aws/execute-api/abc/$default");
    }
}
