//! The common parts of every response of every function: its request's id, the form of a problem,
//! the seal, the headers, CORS and one line in the log.

use std::time::Duration;

use axum::Router;
use axum::body::to_bytes;
use axum::extract::Request;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use http::header::{
    ACCESS_CONTROL_REQUEST_METHOD, AUTHORIZATION, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE,
    RETRY_AFTER, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderName, HeaderValue, Method, StatusCode};
pub use tower_http::cors::AllowOrigin;
use tower_http::cors::CorsLayer;
use zeroize::Zeroizing;

use super::reply::{BODY_LIMIT, ReplySlot};
use super::response::{method_not_allowed, no_such_route, render_problem};
use super::telemetry::{Arrived, Stopwatch};
use seal::transport::{ReplySealer, SEALED_JSON};
use values::clock::Clock;
use values::ids::RequestId;
use values::problem::{Code, Problem};

/// Where a sealed response says its status.
pub const STATUS_FIELD: &str = "http_status";
/// Seconds for which a browser may keep the answer to a preflight.
const PREFLIGHT_SECONDS: u64 = 600;
/// Sealed responses hold at most a page of messages, each within the body limit.
const RESPONSE_LIMIT: usize = 128 * BODY_LIMIT;
/// A request that takes longer is answered as an outage, before Lambda and the gateway would answer it
/// in their own words. Whatever it was about to write is written once or not at all.
const DEADLINE: Duration = Duration::from_secs(9);
/// The same for routes that compute for long, such as publishing: the gateway itself waits 30 seconds.
pub const LONG_DEADLINE: Duration = Duration::from_secs(25);

/// No page but those of the deployment itself.
pub fn no_other_page() -> AllowOrigin {
    AllowOrigin::list([])
}

/// Gives the routes of a function their fallbacks and finishes every response. `pages` says whose pages may
/// call the routes across origins.
pub fn finish(router: Router, clock: Clock, pages: AllowOrigin) -> Router {
    finish_within(router, clock, pages, DEADLINE)
}

/// The same with another time that a request may take.
pub fn finish_within(
    router: Router,
    clock: Clock,
    pages: AllowOrigin,
    deadline: Duration,
) -> Router {
    let cors = CorsLayer::new()
        .allow_origin(pages)
        .allow_methods([Method::GET, Method::POST, Method::DELETE])
        .allow_headers([
            AUTHORIZATION,
            CONTENT_TYPE,
            HeaderName::from_static("idempotency-key"),
            HeaderName::from_static("sotto-cursor"),
            HeaderName::from_static("sotto-proof"),
            HeaderName::from_static("sotto-reply-key"),
        ])
        .expose_headers([
            RETRY_AFTER,
            HeaderName::from_static("sotto-cursor"),
            HeaderName::from_static("idempotent-replayed"),
            HeaderName::from_static("x-request-id"),
        ])
        .max_age(Duration::from_secs(PREFLIGHT_SECONDS));
    router
        .fallback(no_such_route)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(cors)
        .layer(from_fn_with_state((clock, deadline), finish_response))
}

async fn finish_response(
    axum::extract::State((clock, deadline)): axum::extract::State<(Clock, Duration)>,
    mut request: Request,
    next: Next,
) -> Response {
    let stopwatch = Stopwatch::start();
    let arrived = Arrived::of(&request);
    let Ok(id) = RequestId::generate(&clock) else {
        // Without randomness there is neither an id nor a safe answer.
        let response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
        arrived.line(&clock, None, &response, &stopwatch).print();
        return response;
    };
    let slot = ReplySlot::default();
    request.extensions_mut().insert(slot.clone());
    // The CORS layer answers every OPTIONS, but only a preflight is its own. Under a method that no
    // route has, another one gets the 404 or the 405 that it would get without the layer.
    if request.method() == Method::OPTIONS
        && !request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD)
    {
        *request.method_mut() = Method::TRACE;
    }

    let mut response = tokio::time::timeout(deadline, next.run(request))
        .await
        .unwrap_or_else(|_| Problem::from(Code::Unavailable).into_response());
    render_problem(&mut response, &id);
    if let Some(sealer) = slot.take() {
        response = seal(response, sealer).await.unwrap_or_else(|| {
            let mut failed = Problem::from(Code::Internal).into_response();
            render_problem(&mut failed, &id);
            failed
        });
    }
    add_headers(&mut response, &id);
    arrived.line(&clock, Some(id), &response, &stopwatch).print();
    response
}

/// Seals the body of a response, and its status with it: the outer one and the headers are what
/// anybody on the way may have written. An answer without a body gets one, since what is not sealed
/// is not believed.
async fn seal(response: Response, sealer: ReplySealer) -> Option<Response> {
    let (mut parts, body) = response.into_parts();
    let plain = to_bytes(body, RESPONSE_LIMIT).await.ok()?;
    let status = parts.status;
    if status == StatusCode::NO_CONTENT {
        parts.status = StatusCode::OK;
    } else if plain.is_empty() {
        return Some(Response::from_parts(parts, plain.into()));
    }
    let sealed = sealer.seal(&with_status(&plain, status)).ok()?;
    parts.headers.insert(CONTENT_TYPE, HeaderValue::from_static(SEALED_JSON));
    // Nobody else can open it, whatever the plain answer would allow.
    parts.headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    parts.headers.remove(CONTENT_LENGTH);
    Some(Response::from_parts(parts, sealed.into()))
}

/// A JSON object with the response's status as one more field. A page to read is no object, and is
/// given with a 200 only.
fn with_status(plain: &[u8], status: StatusCode) -> Zeroizing<Vec<u8>> {
    let status = format!("{{\"{STATUS_FIELD}\":{}", status.as_u16());
    let bound = match plain {
        [] | [b'{', b'}'] => format!("{status}}}").into_bytes(),
        [b'{', rest @ ..] => [status.as_bytes(), b",", rest].concat(),
        page => page.to_vec(),
    };
    Zeroizing::new(bound)
}

fn add_headers(response: &mut Response, id: &RequestId) {
    let headers = response.headers_mut();
    // Static files set their own policy; what the API answers is never kept.
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(
        STRICT_TRANSPORT_SECURITY,
        HeaderValue::from_static("max-age=63072000; includeSubDomains"),
    );
    if let Ok(id) = HeaderValue::from_str(&id.to_string()) {
        headers.insert("x-request-id", id);
    }
}
