//! The control server: the clock, the jobs and the faults. It exists only locally.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use shared::clock::{Clock, rfc3339};

use crate::aws::{Aws, Fault, FaultError, Service};
use crate::host;
use crate::jobs::{Job, Jobs};

/// Ten years: nothing that is stored lives longer, and no date overflows.
const MAX_ADVANCE_S: u64 = 10 * 366 * 24 * 60 * 60;
const MAX_LATENCY_MS: u64 = 60_000;

/// The parts that the control server controls.
#[derive(Clone)]
pub(crate) struct Controls {
    pub(crate) clock: Clock,
    pub(crate) jobs: Jobs,
    pub(crate) aws: std::sync::Arc<Aws>,
}

/// A request that cannot be done: status, code and what to do about it.
#[derive(Debug)]
struct Problem(StatusCode, &'static str, String);

/// The routes of the control server.
pub(crate) fn router(controls: Controls) -> Router {
    Router::new()
        .route("/clock", post(move_clock))
        .route("/run/{job}", post(run_job))
        .route("/faults", post(set_fault))
        .fallback(no_such_route)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(middleware::from_fn(refuse_pages))
        .with_state(controls)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    advance_seconds: u64,
}

/// Moves the clock of all functions, then runs what became due, so that the caller finds the world
/// as it would be then.
async fn move_clock(
    State(controls): State<Controls>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Value>, Problem> {
    let Advance { advance_seconds } = read(&headers, &body)?;
    if advance_seconds > MAX_ADVANCE_S {
        return Err(Problem::invalid(format!(
            "`advance_seconds` must be between 0 and {MAX_ADVANCE_S}"
        )));
    }
    controls.clock.advance(Duration::from_secs(advance_seconds));
    controls.jobs.run_due().await.map_err(Problem::failed)?;
    Ok(Json(json!({"now": rfc3339(controls.clock.now_ms())})))
}

/// Runs a job and answers when it has finished.
async fn run_job(
    State(controls): State<Controls>,
    Path(name): Path<String>,
) -> Result<Json<Value>, Problem> {
    let job = Job::find(&name).ok_or_else(|| {
        Problem(
            StatusCode::NOT_FOUND,
            "no_such_job",
            format!("There is no job of that name; there are {}.", Job::names()),
        )
    })?;
    let report = controls.jobs.run(job).await.map_err(Problem::failed)?;
    Ok(Json(json!({"job": name, "report": report})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SetFault {
    service: String,
    kind: String,
    rate: f64,
    latency_ms: Option<u64>,
}

/// Sets how often a fault happens; rate 0 ends it.
async fn set_fault(
    State(controls): State<Controls>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Value>, Problem> {
    let request: SetFault = read(&headers, &body)?;
    let invalid = |error: FaultError| Problem::invalid(error.to_string());
    let service: Service = request.service.parse().map_err(invalid)?;
    let fault: Fault = request.kind.parse().map_err(invalid)?;
    let faults = controls.aws.faults();
    if let Some(latency_ms) = request.latency_ms {
        if latency_ms > MAX_LATENCY_MS {
            return Err(Problem::invalid(format!(
                "`latency_ms` must be between 0 and {MAX_LATENCY_MS}"
            )));
        }
        faults.set_latency(Duration::from_millis(latency_ms));
    }
    faults.set(service, fault, request.rate).map_err(invalid)?;
    Ok(Json(json!({
        "service": request.service,
        "kind": request.kind,
        "rate": request.rate,
    })))
}

async fn no_such_route() -> Problem {
    Problem(
        StatusCode::NOT_FOUND,
        "no_such_route",
        "There is POST /clock, POST /run/{job} and POST /faults.".to_owned(),
    )
}

async fn method_not_allowed() -> Problem {
    Problem(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        "Every route here takes POST.".to_owned(),
    )
}

/// A page that somebody has open must not control anything: a browser names the page's origin in
/// every POST, other clients do not; and a page whose own name leads here names that host.
async fn refuse_pages(request: Request, next: Next) -> Response {
    if request.headers().contains_key(header::ORIGIN) || !host::is_here(&request) {
        return Problem(
            StatusCode::FORBIDDEN,
            "forbidden",
            "The control server answers neither pages nor other names than localhost.".to_owned(),
        )
        .into_response();
    }
    next.run(request).await
}

fn read<T: DeserializeOwned>(headers: &HeaderMap, body: &[u8]) -> Result<T, Problem> {
    let is_json = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|value| value.trim().eq_ignore_ascii_case("application/json"));
    if !is_json {
        return Err(Problem(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            "Send `Content-Type: application/json`.".to_owned(),
        ));
    }
    serde_json::from_slice::<Value>(body).map_err(|error| {
        Problem(
            StatusCode::BAD_REQUEST,
            "malformed_json",
            format!("line {}, column {}", error.line(), error.column()),
        )
    })?;
    serde_json::from_slice(body).map_err(|_| {
        Problem::invalid(
            "A field is missing, unknown or of the wrong type. /clock takes \
             {\"advance_seconds\"}, /faults {\"service\",\"kind\",\"rate\"} and, if wanted, \
             \"latency_ms\"."
                .to_owned(),
        )
    })
}

impl Problem {
    fn invalid(detail: String) -> Self {
        Self(StatusCode::UNPROCESSABLE_ENTITY, "invalid", detail)
    }

    fn failed(detail: String) -> Self {
        tracing::error!(detail, "a job failed");
        Self(StatusCode::SERVICE_UNAVAILABLE, "job_failed", detail)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Self(status, code, detail) = self;
        let body = json!({
            "type": format!("urn:sotto:problem:{code}"),
            "title": status.canonical_reason(),
            "status": status.as_u16(),
            "code": code,
            "detail": detail,
        });
        (status, [(header::CONTENT_TYPE, "application/problem+json")], body.to_string())
            .into_response()
    }
}
