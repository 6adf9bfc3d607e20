//! One line of JSON a request, and none of its content.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use http::{Method, StatusCode};
use tracing_subscriber::EnvFilter;

use crate::ids::RequestId;

static COLD: AtomicBool = AtomicBool::new(true);

/// Measures how long a request took.
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts now.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "a duration for the log decides nothing")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    fn elapsed_us(&self) -> u64 {
        u64::try_from(self.0.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}

/// Sends the logs of this process to standard error as JSON lines. `RUST_LOG` chooses the level of
/// our own crates only: the libraries' levels would show requests, so they stay at `warn`.
pub fn start() {
    let ours = match std::env::var("RUST_LOG").as_deref() {
        Ok(level @ ("error" | "warn" | "debug" | "trace")) => level.to_owned(),
        _ => "info".to_owned(),
    };
    let filter =
        EnvFilter::new(format!("warn,shared={ours},intake={ours},site={ours},local={ours}"));
    let _already_started = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_writer(std::io::stderr)
        .with_env_filter(filter)
        .try_init();
}

/// Logs a finished request: its route as it is written in the table of routes, not its path.
pub(super) fn log_request(
    id: &RequestId,
    method: &Method,
    route: &str,
    status: StatusCode,
    stopwatch: &Stopwatch,
) {
    tracing::info!(
        request_id = %id,
        method = method.as_str(),
        route,
        status = status.as_u16(),
        duration_us = stopwatch.elapsed_us(),
        cold = COLD.swap(false, Ordering::Relaxed),
        "request"
    );
}
