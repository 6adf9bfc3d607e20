//! One line of JSON a request or invocation, and none of its content.
//!
//! A request's line is written here, by hand and not by `tracing`, so that it can be a document of
//! CloudWatch's embedded metric format when there is something to count; see [`line`] for what may
//! stand in it. The rare other lines (`tracing`) say what went wrong in between.

pub mod ids;
mod invocation;
pub mod line;

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::response::Response;
use http::Method;
use lambda_http::request::RequestContext;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use self::ids::ForeignId;
pub use self::invocation::{Invocation, Job, Outcome};
pub use self::line::Label;
use self::line::{Level, Line, Route};
use super::metrics::{Metric, Noted, of_problem};
use values::clock::Clock;
use values::config::{Lookup, environment};
use values::ids::RequestId;
use values::problem::Problem;

static COLD: AtomicBool = AtomicBool::new(true);
static STARTED: OnceLock<Started> = OnceLock::new();

/// How this process logs.
struct Started {
    level: Level,
    deployment: Option<Deployment>,
}

/// The dimensions of this process's metrics.
struct Deployment {
    stack: String,
    function: String,
    /// The published version that runs, if one does.
    version: Option<String>,
}

impl Deployment {
    /// Reads `SOTTO_STACK` and `SOTTO_FUNCTION`, which the template sets; without both of them there
    /// is nobody who reads metrics. And `AWS_LAMBDA_FUNCTION_VERSION`, which Lambda sets.
    fn read(lookup: Lookup<'_>) -> Option<Self> {
        let name = |variable: &str| {
            let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
            let fits = |name: &String| (1..=128).contains(&name.len()) && name.bytes().all(is_name);
            lookup(variable).filter(fits)
        };
        let version = name("AWS_LAMBDA_FUNCTION_VERSION");
        Some(Self { stack: name("SOTTO_STACK")?, function: name("SOTTO_FUNCTION")?, version })
    }
}

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

/// Sends the logs of this process to standard error as JSON lines, and its metrics with them if
/// `SOTTO_STACK` and `SOTTO_FUNCTION` say what they belong to. `RUST_LOG` chooses the level of our own
/// lines only: the libraries' levels would show requests, so they stay at `warn`.
pub fn start() {
    let (ours, level) = match std::env::var("RUST_LOG").as_deref() {
        Ok("error") => (LevelFilter::ERROR, Level::Error),
        Ok("warn") => (LevelFilter::WARN, Level::Warn),
        Ok("debug") => (LevelFilter::DEBUG, Level::Info),
        Ok("trace") => (LevelFilter::TRACE, Level::Info),
        _ => (LevelFilter::INFO, Level::Info),
    };
    let levels = Targets::new()
        .with_default(LevelFilter::WARN)
        // The local database warns of every conditional write that loses, which is no news.
        .with_target("dynoxide", LevelFilter::ERROR)
        .with_targets(
            [
                "access",
                "connect",
                "deploys",
                "edge",
                "seal",
                "store",
                "subjects",
                "values",
                "auth",
                "desk",
                "intake",
                "rotate_keys",
                "site",
                "monitor",
                "detect",
                "preflight",
                "retention",
                "sweep",
                "local",
            ]
            .map(|name| (name, ours)),
        );
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_writer(std::io::stderr);
    let _already_started =
        tracing_subscriber::registry().with(lines.with_filter(levels)).try_init();
    let started = Started { level, deployment: Deployment::read(&environment) };
    let _already_started = STARTED.set(started);
    // The default report of a panic holds its message, and that may hold anything.
    std::panic::set_hook(Box::new(|panic| {
        let line = Line::new(Clock::system().now_ms(), Level::Error);
        line.with_some("panic", panic.location().copied()).print();
    }));
}

/// The fields of a request's line that come from the request; read before it is handled.
pub(super) struct Arrived {
    method: Known,
    route: Option<MatchedPath>,
    gateway_id: Option<ForeignId>,
    trace_id: Option<ForeignId>,
}

impl Arrived {
    /// Looks at a request.
    pub(super) fn of(request: &Request) -> Self {
        let extensions = request.extensions();
        let gateway_id = match extensions.get::<RequestContext>() {
            Some(RequestContext::ApiGatewayV2(context)) => context.request_id.as_deref(),
            _ => None,
        };
        let trace = extensions
            .get::<lambda_http::Context>()
            .and_then(|context| context.xray_trace_id.as_deref());
        Self {
            method: Known(request.method().clone()),
            route: extensions.get::<MatchedPath>().cloned(),
            gateway_id: gateway_id.and_then(ForeignId::of_gateway),
            trace_id: trace.and_then(ForeignId::of_trace),
        }
    }

    /// The line of the request, when its response is finished. `id` is missing when there was no
    /// randomness for one.
    pub(super) fn line(
        self,
        clock: &Clock,
        id: Option<RequestId>,
        response: &Response,
        stopwatch: &Stopwatch,
    ) -> Line {
        let status = response.status();
        let problem = response.extensions().get::<Problem>();
        let noted = response.extensions().get::<Noted>().map(|noted| noted.0);
        let counted = match problem {
            Some(problem) => of_problem(problem.code, problem.cause),
            None if status.is_server_error() => &[Metric::Requests5xx],
            None => &[],
        };
        let level = if status.is_server_error() { Level::Error } else { Level::Info };
        let line = Line::new(clock.now_ms(), level)
            .with_some("request_id", id)
            .with("method", self.method)
            .with("route", Route(self.route))
            .with("status", status)
            .with("duration_us", stopwatch.elapsed_us())
            .with("cold", cold())
            .with_some("code", problem.map(|problem| problem.code))
            .with_some("cause", problem.and_then(|problem| problem.cause))
            .with_some("gateway_id", self.gateway_id)
            .with_some("trace_id", self.trace_id);
        counted.iter().copied().chain(noted).fold(line, |line, metric| line.count(metric, 1))
    }
}

/// A method, if it is one that HTTP knows; any word can stand there.
struct Known(Method);

impl Label for Known {
    fn label(&self) -> &'static str {
        match self.0 {
            Method::GET => "GET",
            Method::POST => "POST",
            Method::OPTIONS => "OPTIONS",
            Method::HEAD => "HEAD",
            Method::PUT => "PUT",
            Method::PATCH => "PATCH",
            Method::DELETE => "DELETE",
            _ => "unknown",
        }
    }
}

/// Whether this is the first line of the process.
fn cold() -> bool {
    COLD.swap(false, Ordering::Relaxed)
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse;
    use http::StatusCode;
    use serde_json::{Value, json};

    use super::*;
    use values::problem::{Cause, Code};

    const TRACE: &str =
        "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";

    fn deployed(name: &str) -> Option<String> {
        match name {
            "SOTTO_STACK" => Some("chat".to_owned()),
            "SOTTO_FUNCTION" => Some("intake".to_owned()),
            "AWS_LAMBDA_FUNCTION_VERSION" => Some("12".to_owned()),
            _ => None,
        }
    }

    /// The line of a request through the gateway that was answered so.
    fn line_of(method: &str, response: impl IntoResponse) -> Value {
        let context: RequestContext = serde_json::from_value(json!({
            "requestId": "JKJaXmPLvHcESHA=",
            "http": { "method": "POST", "path": "/v1/sessions" },
        }))
        .unwrap();
        let mut runtime = lambda_http::Context::default();
        runtime.xray_trace_id = Some(TRACE.to_owned());
        let request =
            Request::builder().method(method).extension(context).extension(runtime).body(().into());
        let clock = Clock::manual(1_793_610_000_000);
        let id = RequestId::generate(&clock).unwrap();
        let line = Arrived::of(&request.unwrap()).line(
            &clock,
            Some(id),
            &response.into_response(),
            &Stopwatch::start(),
        );
        let rendered = line.render(Deployment::read(&deployed).as_ref());
        serde_json::from_str(&rendered).unwrap()
    }

    fn counted(line: &Value) -> Vec<&str> {
        let metrics = line["_aws"]["CloudWatchMetrics"][0]["Metrics"].as_array();
        metrics.into_iter().flatten().map(|metric| metric["Name"].as_str().unwrap()).collect()
    }

    #[test]
    fn a_success_is_one_plain_line_that_joins_with_the_gateways_and_the_trace() {
        let line = line_of("POST", StatusCode::CREATED);
        assert_eq!((&line["level"], &line["status"]), (&json!("INFO"), &json!(201)));
        assert_eq!(line["gateway_id"], "JKJaXmPLvHcESHA=");
        assert_eq!(line["trace_id"], "1-5759e988-bd862e3fe1be46a994272793");
        assert_eq!((&line["method"], &line["route"]), (&json!("POST"), &json!("none")));
        assert_eq!(line["function"], "intake");
        for absent in ["_aws", "stack", "version", "code", "cause"] {
            assert!(line.get(absent).is_none(), "{absent}");
        }
    }

    #[test]
    fn a_problem_names_its_code_and_counts_by_it() {
        for (problem, level, names) in [
            (Problem::from(Code::NotFound), "INFO", &[][..]),
            (Code::TokenInvalid.into(), "WARN", &["TokenRefused"]),
            (Code::RateLimited.into(), "WARN", &["RateLimited"]),
            (Code::Unavailable.into(), "ERROR", &["Unavailable", "Requests5xx"]),
            (Code::IntegrityFailed.into(), "ERROR", &["Corrupt", "Requests5xx"]),
        ] {
            let code = problem.code.as_str();
            let line = line_of("GET", problem);
            assert_eq!((&line["code"], &line["level"]), (&json!(code), &json!(level)));
            assert_eq!(counted(&line), names, "{code}");
        }
        let lost = Problem::from(Code::Unavailable).because(Cause::ConflictsExhausted);
        let line = line_of("POST", lost);
        assert_eq!(counted(&line), ["Conflict", "Requests5xx"]);
        assert_eq!(line["cause"], "conflicts_exhausted");
    }

    #[test]
    fn what_a_handler_notes_is_counted_and_no_trouble_by_itself() {
        let noted = |metric| axum::Extension(Noted(metric)).into_response();
        let line = line_of("POST", noted(Metric::HandedOver));
        assert_eq!((counted(&line), &line["level"]), (vec!["HandedOver"], &json!("INFO")));
        let line = line_of("GET", noted(Metric::Corrupt));
        assert_eq!((counted(&line), &line["level"]), (vec!["Corrupt"], &json!("WARN")));
        let line = line_of("GET", StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(counted(&line), ["Requests5xx"]);
    }

    #[test]
    fn what_a_version_could_not_do_is_counted_by_the_version_too() {
        let line = line_of("POST", Problem::from(Code::Unavailable));
        let by_version = &line["_aws"]["CloudWatchMetrics"][1];
        assert_eq!(by_version["Dimensions"], json!([["stack", "function", "version"]]));
        assert_eq!(by_version["Metrics"], json!([{ "Name": "Requests5xx", "Unit": "Count" }]));
        assert_eq!((&line["version"], &line["Requests5xx"]), (&json!("12"), &json!(1)));
        let refused = line_of("POST", Problem::from(Code::TokenInvalid));
        assert_eq!(refused["_aws"]["CloudWatchMetrics"].as_array().unwrap().len(), 1);
        // Before it is published a function has no version that could be taken back.
        let latest = Deployment::read(&|name| match name {
            "AWS_LAMBDA_FUNCTION_VERSION" => Some("$LATEST".to_owned()),
            name => deployed(name),
        });
        assert_eq!(latest.unwrap().version, None);
    }

    #[test]
    fn a_method_that_http_does_not_know_is_not_repeated() {
        assert_eq!(line_of("PARCEL", StatusCode::OK)["method"], "unknown");
    }

    #[test]
    fn metrics_need_both_names_and_names_are_plain() {
        assert!(Deployment::read(&deployed).is_some());
        for (stack, function) in [("", "intake"), ("chat", ""), ("a\"b", "intake"), ("ü", "x")] {
            let read = Deployment::read(&|name| {
                Some(if name == "SOTTO_STACK" { stack } else { function }.to_owned())
            });
            assert!(read.is_none(), "{stack} {function}");
        }
    }
}
