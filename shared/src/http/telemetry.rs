//! One line of JSON a request, and none of its content.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use http::{Method, StatusCode};
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

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
        Ok("error") => LevelFilter::ERROR,
        Ok("warn") => LevelFilter::WARN,
        Ok("debug") => LevelFilter::DEBUG,
        Ok("trace") => LevelFilter::TRACE,
        _ => LevelFilter::INFO,
    };
    let levels = Targets::new()
        .with_default(LevelFilter::WARN)
        // The local database warns of every conditional write that loses, which is no news.
        .with_target("dynoxide", LevelFilter::ERROR)
        .with_targets(
            ["shared", "intake", "rotate_keys", "site", "local"].map(|name| (name, ours)),
        );
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_writer(std::io::stderr);
    let _already_started =
        tracing_subscriber::registry().with(lines.with_filter(levels)).try_init();
}

/// Logs a finished request: its route as it is written in the table of routes, not its path, and its
/// method only if it is one that HTTP knows, since any word can stand there.
pub(super) fn log_request(
    id: &RequestId,
    method: &Method,
    route: &str,
    status: StatusCode,
    stopwatch: &Stopwatch,
) {
    let known = [
        Method::GET,
        Method::POST,
        Method::OPTIONS,
        Method::HEAD,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
    ];
    tracing::info!(
        request_id = %id,
        method = if known.contains(method) { method.as_str() } else { "unknown" },
        route,
        status = status.as_u16(),
        duration_us = stopwatch.elapsed_us(),
        cold = COLD.swap(false, Ordering::Relaxed),
        "request"
    );
}
