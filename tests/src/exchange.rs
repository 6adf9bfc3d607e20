//! A request and its response, whichever way they go.

use std::collections::HashMap;

use serde_json::{Value, json};
use shared::values::encoding::base64url;

/// A request.
#[derive(Clone, Default)]
pub struct Request {
    /// `GET` and so on.
    pub method: String,
    /// With its query.
    pub path: String,
    /// By name in lower case.
    pub headers: Vec<(String, String)>,
    /// As it is sent.
    pub body: Vec<u8>,
    /// The address that the gateway sees, if not the usual one.
    pub source: Option<String>,
}

/// A response.
#[derive(Clone)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// By name in lower case.
    pub headers: HashMap<String, String>,
    /// As it came.
    pub body: Vec<u8>,
}

impl Request {
    /// A request without a body.
    #[must_use]
    pub fn new(method: &str, path: &str) -> Self {
        Self { method: method.to_owned(), path: path.to_owned(), ..Self::default() }
    }

    /// With a JSON body.
    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        self.bytes("application/json", body.to_string().into_bytes())
    }

    /// With these bytes.
    #[must_use]
    pub fn bytes(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self.header("content-type", content_type)
    }

    /// With a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// From that address.
    #[must_use]
    pub fn from_address(self, address: &str) -> Self {
        Self { source: Some(address.to_owned()), ..self }
    }

    /// With a bearer token.
    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", format!("Bearer {token}"))
    }

    /// The event that API Gateway makes of it (payload format 2.0).
    #[must_use]
    pub fn to_event(&self) -> Value {
        let (path, query) = self.path.split_once('?').unwrap_or((&self.path, ""));
        // An HTTP API hands the path over decoded, and the query as it came.
        let path = percent_encoding::percent_decode_str(path).decode_utf8_lossy();
        let mut headers = HashMap::new();
        let is_cookie = |(name, _): &&(String, String)| name == "cookie";
        let cookies: Vec<_> =
            self.headers.iter().filter(is_cookie).map(|(_, value)| value).collect();
        for (name, value) in self.headers.iter().filter(|header| !is_cookie(header)) {
            let entry = headers.entry(name.clone()).or_insert_with(String::new);
            if !entry.is_empty() {
                entry.push(',');
            }
            entry.push_str(value);
        }
        let text = std::str::from_utf8(&self.body);
        json!({
            "version": "2.0",
            "routeKey": "$default",
            "rawPath": path,
            "rawQueryString": query,
            "headers": headers,
            "cookies": cookies,
            "requestContext": {
                "accountId": "123456789012", "apiId": "api", "domainName": "localhost",
                "domainPrefix": "api", "requestId": "r", "routeKey": "$default",
                "stage": "$default", "time": "01/Nov/2026:00:00:00 +0000",
                "timeEpoch": 1_793_491_200_000_u64,
                "http": {
                    "method": self.method, "path": path, "protocol": "HTTP/1.1",
                    "sourceIp": self.source.as_deref().unwrap_or("192.0.2.1"), "userAgent": "tests",
                },
            },
            "body": text.map_or_else(|_| standard_base64(&self.body), str::to_owned),
            "isBase64Encoded": text.is_err(),
        })
    }
}

impl Response {
    /// The body as JSON; null when it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// A header, or nothing.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    /// The cookies that it sets.
    #[must_use]
    pub fn cookies(&self) -> Vec<String> {
        self.header("set-cookie").lines().map(str::to_owned).collect()
    }

    /// The code of a problem; empty for anything else.
    #[must_use]
    pub fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    /// Status and code in one, to compare refusals by.
    #[must_use]
    pub fn refusal(&self) -> (u16, String) {
        (self.status, self.code())
    }
}

fn standard_base64(bytes: &[u8]) -> String {
    let mut text = base64url(bytes).replace('-', "+").replace('_', "/");
    while !text.len().is_multiple_of(4) {
        text.push('=');
    }
    text
}
