//! The API as its users reach it: by an API Gateway event through the Lambda adapter, or by HTTP.

use std::collections::HashMap;

use axum::Router;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use lambda_http::request::LambdaRequest;
use lambda_http::{Adapter, Context, LambdaEvent, Service};
use serde_json::{Value, json};

use crate::audit::audit;
use crate::openapi::conform::conforms;

pub use crate::exchange::{Request, Response};

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

/// A client that keeps its connections.
pub type Client = legacy::Client<HttpConnector, Full<axum::body::Bytes>>;

/// A client of this runtime.
#[must_use]
pub fn client() -> Client {
    legacy::Client::builder(TokioExecutor::new()).build_http()
}

async fn send_http(base: &str, request: &Request) -> Option<Response> {
    send_with(&client(), base, request).await
}

/// Sends a request and looks at nothing; `None` when the connection broke.
///
/// # Panics
/// When it is no request.
pub async fn send_with(client: &Client, base: &str, request: &Request) -> Option<Response> {
    let mut builder = http::Request::builder()
        .method(request.method.as_str())
        .uri(format!("{base}{}", request.path));
    for (name, value) in &request.headers {
        builder = builder.header(name, value);
    }
    let request = builder.body(Full::from(request.body.clone())).expect("a request");
    let response = client.request(request).await.ok()?;
    let status = response.status().as_u16();
    let mut headers = HashMap::new();
    for (name, value) in response.headers() {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        let there: &mut String = headers.entry(name.as_str().to_owned()).or_default();
        // Cookies are set one by one.
        if name == "set-cookie" && !there.is_empty() {
            *there = format!("{there}\n{value}");
        } else {
            *there = value;
        }
    }
    let body = response.into_body().collect().await.ok()?.to_bytes().to_vec();
    Some(Response { status, headers, body })
}

fn from_standard_base64(text: &str) -> Vec<u8> {
    let url = text.trim_end_matches('=').replace('+', "-").replace('/', "_");
    shared::values::encoding::from_base64url(&url).expect("base64")
}
