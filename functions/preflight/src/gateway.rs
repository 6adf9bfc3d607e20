//! In the gateway's place: a request becomes its event, a version of a function is invoked with it,
//! and what that gives is read as a response.

use std::collections::HashMap;
use std::time::Duration;

use connect::SdkConfig;
use data_encoding::BASE64;
use deploys::{NotInvoked, Versions};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::MissedTickBehavior;

use crate::config::{Config, Version};
use crate::verdict::Fault;

/// Longer than a function takes at most, its cold start included: it answers by itself after nine
/// seconds.
const INVOCATION: Duration = Duration::from_secs(12);
/// Within which the right to invoke a version that was published a moment ago is known to Lambda.
const RIGHTS_WITHIN: Duration = Duration::from_secs(30);
/// How often it is asked for in that time.
const ATTEMPTS: u32 = 15;

/// An address that nobody has (RFC 5737).
const NOBODYS: &str = "192.0.2.1";

/// The way to the new versions.
pub(crate) struct Gateway {
    versions: Versions,
    rights_within: Duration,
}

/// A visitor's request.
#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) method: &'static str,
    /// With its query.
    pub(crate) path: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(&'static str, String)>,
    /// Text, as everything is that Sotto takes.
    pub(crate) body: String,
    /// The address that it comes from.
    address: String,
}

/// Its response.
pub(crate) struct Response {
    status: u16,
    headers: HashMap<String, String>,
    pub(crate) body: Vec<u8>,
}

/// A response in payload format 2.0.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payload {
    status_code: u16,
    #[serde(default)]
    headers: HashMap<String, String>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

impl Request {
    /// A request without a body.
    pub(crate) fn new(method: &'static str, path: impl Into<String>) -> Self {
        Self {
            method,
            path: path.into(),
            headers: Vec::new(),
            body: String::new(),
            address: NOBODYS.to_owned(),
        }
    }

    /// With a header.
    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// From that address.
    pub(crate) fn from(self, address: String) -> Self {
        Self { address, ..self }
    }

    /// With a body of that type.
    pub(crate) fn body(mut self, content_type: &str, body: &Value) -> Self {
        self.body = body.to_string();
        self.header("content-type", content_type)
    }

    /// With a JSON body.
    pub(crate) fn json(self, body: &Value) -> Self {
        self.body("application/json", body)
    }

    /// The path without its query.
    pub(crate) fn route(&self) -> &str {
        self.path.split('?').next().unwrap_or_default()
    }

    /// A header, or nothing.
    pub(crate) fn find_header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| *known == name);
        found.map_or("", |(_, value)| value)
    }

    /// The event that API Gateway makes of it (payload format 2.0).
    fn event(&self) -> Value {
        let headers: HashMap<_, _> =
            self.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        json!({
            "version": "2.0",
            "routeKey": "$default",
            "rawPath": self.route(),
            "rawQueryString": self.path.split_once('?').map_or("", |(_, query)| query),
            "headers": headers,
            "requestContext": {
                "accountId": "000000000000",
                "apiId": "preflight",
                "domainName": "preflight.invalid",
                "domainPrefix": "preflight",
                "requestId": "preflight",
                "routeKey": "$default",
                "stage": "$default",
                "time": "01/Jan/2026:00:00:00 +0000",
                "timeEpoch": 1_767_225_600_000_u64,
                "http": {
                    "method": self.method,
                    "path": self.route(),
                    "protocol": "HTTP/1.1",
                    "sourceIp": self.address,
                    "userAgent": "sotto-preflight",
                },
            },
            "body": self.body,
            "isBase64Encoded": false,
        })
    }
}

impl Response {
    /// A header, or nothing.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    /// The body as JSON; null when it is none.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// The same with what was inside its body.
    pub(crate) fn with_body(self, body: Vec<u8>) -> Self {
        Self { body, ..self }
    }

    /// The response, if it has that status.
    pub(crate) fn expect(self, status: u16) -> Result<Self, Fault> {
        if self.status == status { Ok(self) } else { Err(Fault::Status(self.status)) }
    }

    fn read(payload: &[u8]) -> Result<Self, Fault> {
        let payload: Payload = serde_json::from_slice(payload).map_err(|_| Fault::NoResponse)?;
        let body = payload.body.unwrap_or_default().into_bytes();
        let body = if payload.is_base64_encoded {
            BASE64.decode(&body).map_err(|_| Fault::NoResponse)?
        } else {
            body
        };
        let headers = payload.headers.into_iter();
        let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value)).collect();
        Ok(Self { status: payload.status_code, headers, body })
    }
}

impl Gateway {
    /// The way that the configuration names.
    pub(crate) fn new(config: &Config, sdk: &SdkConfig) -> Self {
        let versions = Versions::new(sdk, config.lambda_endpoint.clone(), INVOCATION);
        Self { versions, rights_within: RIGHTS_WITHIN }
    }

    /// The same with less patience for rights that are not there yet.
    pub(crate) fn with_rights_within(self, rights_within: Duration) -> Self {
        Self { rights_within, ..self }
    }

    /// Sends a request to a version.
    pub(crate) async fn send(
        &self,
        version: &Version,
        request: &Request,
    ) -> Result<Response, Fault> {
        let event = request.event().to_string().into_bytes();
        let mut pauses = tokio::time::interval(self.rights_within / ATTEMPTS);
        pauses.set_missed_tick_behavior(MissedTickBehavior::Delay);
        for _ in 0..ATTEMPTS {
            pauses.tick().await;
            // A deployment makes a version and the right to invoke it together, and rights take
            // seconds to spread.
            match self.invoke(version, &event).await {
                Err(Fault::MayNotInvoke) => {}
                ended => return ended,
            }
        }
        Err(Fault::MayNotInvoke)
    }

    async fn invoke(&self, version: &Version, event: &[u8]) -> Result<Response, Fault> {
        Response::read(&self.versions.invoke(version.as_str(), event).await.map_err(fault)?)
    }
}

/// The verdict on a failed invocation.
const fn fault(not_invoked: NotInvoked) -> Fault {
    match not_invoked {
        NotInvoked::NotAllowed => Fault::MayNotInvoke,
        NotInvoked::NoSuchVersion => Fault::NoSuchVersion,
        NotInvoked::Throttled => Fault::Throttled,
        NotInvoked::FunctionFailed => Fault::FunctionFailed,
        NotInvoked::LambdaFailed => Fault::LambdaFailed,
    }
}
