//! Responses. A refusal travels as a [`Problem`] in the response's extensions and gets its body, with
//! the request's id, where every response is finished.

use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, ETAG, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue, StatusCode};
use serde::Serialize;
use serde_json::json;

use values::ids::RequestId;
use values::problem::{Code, Problem};

/// Content type of a problem (RFC 9457).
pub const PROBLEM_JSON: &str = "application/problem+json";

/// A body in JSON with a status.
pub struct Reply<T>(pub StatusCode, pub T);

impl<T: Serialize> IntoResponse for Reply<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.1) {
            Ok(body) => {
                let json = HeaderValue::from_static("application/json");
                (self.0, [(CONTENT_TYPE, json)], body).into_response()
            }
            Err(_) => Problem::from(Code::Internal).into_response(),
        }
    }
}

impl<T: Serialize> Reply<T> {
    /// The response with the header `ETag`.
    ///
    /// # Errors
    /// [`Code::Internal`] for a tag that no header can have.
    pub fn tagged(self, tag: &str) -> Result<Response, Problem> {
        let tag = HeaderValue::from_str(tag).map_err(|_| Code::Internal)?;
        Ok(([(ETAG, tag)], self).into_response())
    }
}

/// The tag of a version of something that conditional requests change.
#[must_use]
pub fn etag(version: u64) -> String {
    format!("\"{version}\"")
}

/// Says of a response that it was given before, to the same request.
#[must_use]
pub fn replayed(mut response: Response) -> Response {
    let name = HeaderName::from_static("idempotent-replayed");
    response.headers_mut().insert(name, HeaderValue::from_static("true"));
    response
}

/// Turns the problem in a response's extensions into its body and headers.
pub(super) fn render_problem(response: &mut Response, request: &RequestId) {
    let Some(problem) = response.extensions().get::<Problem>().cloned() else { return };
    let code = problem.code;
    let detail = if problem.detail.is_empty() { code.title() } else { problem.detail };
    let errors: Vec<_> = problem
        .errors
        .iter()
        .map(|error| {
            let (code, detail) = error.code.words();
            json!({ "pointer": error.pointer, "code": code, "detail": detail })
        })
        .collect();
    let mut body = json!({
        "type": format!("urn:sotto:problem:{}", code.as_str()),
        "title": code.title(),
        "status": code.status().as_u16(),
        "detail": detail,
        "code": code.as_str(),
        "request_id": request,
    });
    if let Some(fields) = body.as_object_mut() {
        if !errors.is_empty() {
            fields.insert("errors".to_owned(), errors.into());
        }
        if let Some(item) = problem.item {
            fields.insert("item".to_owned(), *item);
        }
        if let Some(work) = problem.proof_of_work {
            fields.insert("proof_of_work".to_owned(), json!(work));
        }
    }
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
    if code.status() == StatusCode::UNAUTHORIZED {
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if let Some(seconds) = problem.retry_after_seconds {
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    *response.body_mut() = body.to_string().into();
}

/// The answer to a path that no route has.
pub(super) async fn no_such_route() -> Problem {
    Code::NoSuchRoute.into()
}

/// The answer to a method that a route does not have; the router adds `Allow`.
pub(super) async fn method_not_allowed() -> Problem {
    Problem::new(Code::MethodNotAllowed, "The header Allow names the methods.")
}
