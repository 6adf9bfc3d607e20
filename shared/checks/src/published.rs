//! The visitor's view: whether the API answers, and whether the key list is signed by the pinned
//! root, of this stack and in date.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_smithy_http_client::Connector;
use aws_smithy_runtime_api::client::http::HttpConnector;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use shared::clock::{Clock, UnixMillis};
use shared::seal::key_list::{self, KeyListError};
use shared::values::control::Control;
use shared::values::pins::Pins;

use crate::aws::Clients;
use crate::finding::{Chapter, CouldNot, Finding, Obstacle};
use crate::stack::Stack;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// An origin that no site has.
const STRANGER: &str = "https://stranger.invalid";
/// The controls that asking the address shows.
const ALL: [Control; 4] = [Control::KeyList, Control::ApiAnswers, Control::Headers, Control::Cors];
/// Headers of a response of the API, and the parts that each has to have.
const OF_THE_API: [(&str, &[&str]); 3] = [
    ("cache-control", &["no-store"]),
    ("strict-transport-security", &["max-age=63072000"]),
    ("x-content-type-options", &["nosniff"]),
];
/// Headers of a page.
const OF_A_PAGE: [(&str, &[&str]); 4] = [
    ("content-security-policy", &["default-src 'none'", "frame-ancestors"]),
    ("referrer-policy", &["no-referrer"]),
    ("strict-transport-security", &["max-age=63072000"]),
    ("x-content-type-options", &["nosniff"]),
];

/// The headers of a response, their names in small letters.
type Headers = BTreeMap<String, String>;

/// A response.
struct Answer {
    status: u16,
    headers: Headers,
    body: Vec<u8>,
}

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
pub async fn check(clients: &Clients, stack: &Stack, clock: &Clock) -> Vec<Finding> {
    let (Some(url), Some(pin)) = (stack.outputs.get("ApiUrl"), stack.outputs.get("RootPin")) else {
        return vec![Finding::wrong(
            "outputs_missing",
            "The stack has no output ApiUrl or RootPin.",
            "Deploy the release that this command comes from.",
            Chapter::Upgrades,
        )];
    };
    let base = base(url, clients.endpoint.as_deref());
    let connector = match shared::http::aws::connector(&clients.trust_roots) {
        Ok(connector) => connector,
        Err(reason) => return vec![no_answer(reason).finding(&"The API").about(ALL)],
    };
    let ask = async |method, path: &str| {
        let url = format!("{base}{path}");
        let answer = tokio::time::timeout(PATIENCE, request(&connector, method, &url)).await;
        let answer = answer.unwrap_or_else(|_| Err("it takes too long".to_owned()));
        answer.map_err(|reason| no_answer(reason).finding(&format!("{method} {path}")))
    };
    let mut findings = Vec::new();
    match ask("GET", "/v1/keys").await {
        Err(finding) => findings.push(finding.about([Control::KeyList])),
        Ok(answer) if answer.status == 200 => {
            findings.push(list(&answer.body, pin, stack.issuer(), clock.now_ms()));
        }
        Ok(answer) => {
            findings.push(fails("/v1/keys", answer.status));
            findings.push(Fault::Refused(KeyListError::Malformed).finding());
        }
    }
    match ask("GET", "/v1/health").await {
        Err(finding) => findings.push(finding.about([Control::ApiAnswers, Control::Headers])),
        Ok(answer) if answer.status == 200 => {
            let what = "GET /v1/health answers.";
            findings.push(Finding::fine("api_answers", what, Chapter::ServerErrors));
            findings.extend(judge_headers("/v1/health", &OF_THE_API, &answer.headers));
        }
        Ok(answer) => findings.push(fails("/v1/health", answer.status)),
    }
    match ask("GET", "/console").await {
        Err(finding) => findings.push(finding.about([Control::Headers])),
        Ok(answer) => findings.extend(judge_headers("/console", &OF_A_PAGE, &answer.headers)),
    }
    match ask("OPTIONS", "/v1/sessions").await {
        Err(finding) => findings.push(finding.about([Control::Cors])),
        // A refusal for lack of capacity says nothing of origins.
        Ok(answer) if answer.status == 429 || answer.status >= 500 => {
            let refused = Obstacle::Refused(answer.status.to_string());
            let could_not = CouldNot { action: "execute-api:Invoke", reason: refused };
            findings.push(could_not.finding(&"OPTIONS /v1/sessions").about([Control::Cors]));
        }
        Ok(answer) => findings.push(judge_origin(&answer.headers)),
    }
    findings
}

fn fails(path: &str, status: u16) -> Finding {
    Finding::wrong(
        "api_fails",
        format!("GET {path} answers {status}."),
        "See the log of intake for this route.",
        Chapter::ServerErrors,
    )
}

/// The findings about the headers of a response.
fn judge_headers(path: &str, asked: &[(&str, &[&str])], headers: &Headers) -> Vec<Finding> {
    let see = Chapter::Gateway;
    let has = |name: &str, part: &str| {
        let value = headers.get(name).map(|value| value.to_ascii_lowercase());
        value.is_some_and(|value| value.contains(part))
    };
    let missing = |(name, parts): &(&str, &[&str])| {
        let part = parts.iter().find(|part| !has(name, part))?;
        Some(Finding::wrong(
            "header_missing",
            format!("GET {path} answers without {part} in the header {name}."),
            "Deploy again; if a proxy stands before the API, see what it changes.",
            see,
        ))
    };
    let mut findings: Vec<_> = asked.iter().filter_map(missing).collect();
    if findings.is_empty() {
        let what = format!("GET {path} answers with its {} security headers.", asked.len());
        findings.push(Finding::fine("headers_as_designed", what, see));
    }
    findings
}

/// The finding about the answer to a page of somebody else.
fn judge_origin(headers: &Headers) -> Finding {
    let see = Chapter::Parameters;
    match headers.get("access-control-allow-origin") {
        None => {
            let what = "A page that nobody has named may not call the API.";
            Finding::fine("cors_closed", what, see)
        }
        Some(origin) => Finding::wrong(
            "cors_open",
            format!("A page that nobody has named may call the API: {origin} is allowed."),
            "Deploy again; if a proxy stands before the API, see what it adds.",
            see,
        ),
    }
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

async fn request(connector: &Connector, method: &str, url: &str) -> Result<Answer, String> {
    let mut request = HttpRequest::new(SdkBody::empty());
    request.set_method(method).map_err(|_| format!("{method} is no method"))?;
    request.set_uri(url).map_err(|_| format!("{url} is no address"))?;
    if method == "OPTIONS" {
        request.headers_mut().insert("origin", STRANGER);
        request.headers_mut().insert("access-control-request-method", "POST");
    }
    let answer = connector.call(request).await.map_err(|error| error.to_string())?;
    let status = answer.status().as_u16();
    let headers = answer.headers().iter();
    let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()));
    let headers = headers.collect();
    let body = ByteStream::new(answer.into_body()).collect().await;
    let body = body.map_err(|error| error.to_string())?.to_vec();
    Ok(Answer { status, headers, body })
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
    fn a_header_that_is_missing_or_weak_is_named() {
        let headers = |without: &str| -> Headers {
            let all = OF_A_PAGE.iter().map(|(name, parts)| ((*name).to_owned(), parts.join("; ")));
            all.filter(|(name, _)| name != without).collect()
        };
        let codes = |headers: &Headers| {
            let judged = judge_headers("/console", &OF_A_PAGE, headers);
            judged.iter().map(|finding| finding.code).collect::<Vec<_>>()
        };
        assert_eq!(codes(&headers("none")), ["headers_as_designed"]);
        for (name, _) in OF_A_PAGE {
            assert_eq!(codes(&headers(name)), ["header_missing"], "{name}");
        }
        let mut weak = headers("none");
        weak.insert(
            "content-security-policy".to_owned(),
            "default-src *; frame-ancestors".to_owned(),
        );
        assert_eq!(codes(&weak), ["header_missing"]);
        assert_eq!(judge_origin(&Headers::new()).code, "cors_closed");
        let open = [("access-control-allow-origin".to_owned(), "*".to_owned())];
        assert_eq!(judge_origin(&open.into()).code, "cors_open");
    }

    #[test]
    fn another_aws_is_asked_by_its_own_address() {
        let url = "https://abc.execute-api.eu-central-1.amazonaws.com";
        assert_eq!(base(url, None), url);
        let local = base(url, Some("http://127.0.0.1:4566/"));
        assert_eq!(local, "http://127.0.0.1:4566/_aws/execute-api/abc/$default");
    }
}
