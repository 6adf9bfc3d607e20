//! The API as its users reach it: by an API Gateway event through the Lambda adapter, or by HTTP.

use std::collections::HashMap;

use axum::Router;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use lambda_http::request::LambdaRequest;
use lambda_http::{Adapter, Context, LambdaEvent, Service};
use serde_json::{Value, json};
use shared::values::encoding::base64url;

use crate::audit::audit;
use crate::openapi::conform::conforms;

/// Where requests go.
#[derive(Clone)]
pub enum Api {
    /// A function's router, through the adapter that it has in Lambda.
    Events(Router),
    /// A server.
    Http(String),
    /// A deployed API, which is called by another name than it has.
    Deployed {
        /// Where it is.
        base: String,
        /// Its name.
        host: String,
        /// Whether it is this release, which docs/openapi.json describes, or may be the last one.
        described: bool,
    },
}

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

impl Api {
    /// Sends a request, looks over the response as [`audit`] does and holds it against the description.
    pub async fn send(&self, request: &Request) -> Response {
        let response = match self {
            Self::Events(router) => invoke(router.clone(), &request.to_event()).await,
            Self::Http(base) => send_http(base, request).await.expect("the server answers"),
            Self::Deployed { base, host, .. } => {
                let named = request.clone().header("host", host.as_str());
                send_http(base, &named).await.expect("the gateway answers")
            }
        };
        // A preflight is answered by the gateway itself, in a form of its own.
        if !(matches!(self, Self::Deployed { .. }) && request.method == "OPTIONS") {
            audit(request, &response);
            if self.is_described() {
                conforms(request, &response);
            }
        }
        response
    }

    /// Whether the release that answers is this one.
    #[must_use]
    pub const fn is_described(&self) -> bool {
        !matches!(self, Self::Deployed { described: false, .. })
    }

    /// Sends a request; `None` when the connection broke.
    pub async fn try_send(&self, request: &Request) -> Option<Response> {
        match self {
            Self::Events(_) => Some(self.send(request).await),
            Self::Http(base) => send_http(base, request).await,
            Self::Deployed { base, host, .. } => {
                send_http(base, &request.clone().header("host", host.as_str())).await
            }
        }
    }
}

/// Invokes a function with an event and gives the payload that it answers with.
pub async fn respond(router: Router, event: &Value) -> Value {
    let payload: LambdaRequest = serde_json::from_value(event.clone()).expect("an event");
    let call = Adapter::from(router).call(LambdaEvent::new(payload, Context::default()));
    let response = call.await.expect("a function never fails outside its response");
    serde_json::to_value(response).expect("a response")
}

/// Invokes a function with an event and reads its response as API Gateway does.
pub async fn invoke(router: Router, event: &Value) -> Response {
    let response = respond(router, event).await;
    let mut headers = response["headers"].as_object().cloned().unwrap_or_default();
    // An HTTP API takes cookies apart from the other headers.
    let cookies = response["cookies"].as_array().into_iter().flatten();
    let cookies: Vec<_> = cookies.filter_map(Value::as_str).collect();
    if !cookies.is_empty() {
        headers.insert("set-cookie".to_owned(), cookies.join("\n").into());
    }
    let body = response["body"].as_str().unwrap_or_default();
    let encoded = response["isBase64Encoded"] == json!(true);
    Response {
        status: response["statusCode"].as_u64().and_then(|code| code.try_into().ok()).unwrap_or(0),
        headers: headers
            .into_iter()
            .map(|(name, value)| (name, value.as_str().unwrap_or_default().to_owned()))
            .collect(),
        body: if encoded { from_standard_base64(body) } else { body.as_bytes().to_vec() },
    }
}

async fn send_http(base: &str, request: &Request) -> Option<Response> {
    let client: Client<HttpConnector, Full<axum::body::Bytes>> =
        Client::builder(TokioExecutor::new()).build_http();
    let mut builder = http::Request::builder()
        .method(request.method.as_str())
        .uri(format!("{base}{}", request.path));
    for (name, value) in &request.headers {
        builder = builder.header(name, value);
    }
    let request = builder.body(Full::from(request.body.clone())).expect("a request");
    let response = client.request(request).await.ok()?;
    let status = response.status().as_u16();
    let headers = response
        .headers()
        .iter()
        .map(|(name, value)| {
            (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        })
        .collect();
    let body = response.into_body().collect().await.ok()?.to_bytes().to_vec();
    Some(Response { status, headers, body })
}

fn standard_base64(bytes: &[u8]) -> String {
    let mut text = base64url(bytes).replace('-', "+").replace('_', "/");
    while !text.len().is_multiple_of(4) {
        text.push('=');
    }
    text
}

fn from_standard_base64(text: &str) -> Vec<u8> {
    let url = text.trim_end_matches('=').replace('+', "-").replace('/', "_");
    shared::values::encoding::from_base64url(&url).expect("base64")
}
