//! Requests of the demo's people, sent to the routes in this process.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderMap, Request};
use serde_json::Value;
use tower::ServiceExt;

const MAX_ANSWER: usize = 1024 * 1024;

/// Sends requests.
#[derive(Clone)]
pub(crate) struct Caller(Router);

/// A request.
#[derive(Default)]
pub(super) struct Call<'call> {
    pub(super) method: &'call str,
    pub(super) path: &'call str,
    pub(super) token: Option<&'call str>,
    pub(super) body: Option<Value>,
    pub(super) headers: Vec<(&'static str, String)>,
}

impl<'call> Call<'call> {
    pub(super) fn post(path: &'call str, body: Value) -> Self {
        Self { method: "POST", path, body: Some(body), ..Self::default() }
    }

    pub(super) fn put(path: &'call str, body: Value) -> Self {
        Self { method: "PUT", ..Self::post(path, body) }
    }

    pub(super) fn by(self, token: &'call str) -> Self {
        Self { token: Some(token), ..self }
    }

    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

impl Caller {
    pub(super) fn new(routes: Router) -> Self {
        Self(routes)
    }

    /// The answer's JSON; null where there is none.
    ///
    /// # Errors
    /// A sentence that names the request, unless it succeeded.
    pub(super) async fn call(&self, call: Call<'_>) -> Result<Value, String> {
        self.answer(call).await.map(|(_, answer)| answer)
    }

    /// The same with the answer's headers.
    pub(super) async fn answer(&self, call: Call<'_>) -> Result<(HeaderMap, Value), String> {
        let Call { method, path, token, body, headers } = call;
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        if let Some(token) = token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        if body.is_some() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let request = request.body(body).map_err(|error| format!("{method} {path}: {error}."))?;
        let Ok(response) = self.0.clone().oneshot(request).await;
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, MAX_ANSWER).await.map_err(|error| error.to_string())?;
        if !parts.status.is_success() {
            let problem: Value = serde_json::from_slice(&body).unwrap_or_default();
            let code = problem.get("code").and_then(Value::as_str).unwrap_or_default();
            return Err(format!("{method} {path} answered {} {code}.", parts.status));
        }
        let answer = if body.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&body).map_err(|error| format!("{method} {path}: {error}."))?
        };
        Ok((parts.headers, answer))
    }
}

/// A text of an answer.
pub(super) fn text<'answer>(answer: &'answer Value, name: &str) -> Result<&'answer str, String> {
    let found = answer.get(name).and_then(Value::as_str);
    found.ok_or_else(|| format!("An answer to the demo has no `{name}`."))
}
