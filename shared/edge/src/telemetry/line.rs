//! A line of the log, and what may stand in one.
//!
//! ```
//! use edge::metrics::Metric;
//! use edge::telemetry::line::{Level, Line};
//! use values::problem::Code;
//!
//! let line = Line::new(0, Level::Warn).with("code", Code::TokenInvalid).with("seq", 3_u64);
//! line.count(Metric::TokenRefused, 1).print();
//! ```
//!
//! Ids of ours, numbers, truth values and labels that the program itself is made of have a place in
//! it; what a person wrote, and what opens it, has not:
//!
//! ```compile_fail,E0277
//! use edge::telemetry::line::{Level, Line};
//! use values::secret::Plaintext;
//!
//! let said = Plaintext::new(b"where is my parcel?".to_vec());
//! Line::new(0, Level::Warn).with("said", said).print();
//! ```
//! ```compile_fail,E0277
//! use edge::telemetry::line::{Level, Line};
//! use values::secret::Secret;
//!
//! let key = Secret::generate().unwrap();
//! Line::new(0, Level::Warn).with("key", key).print();
//! ```
//! ```compile_fail,E0277
//! use edge::telemetry::line::{Level, Line};
//!
//! let said = "where is my parcel?".to_owned();
//! Line::new(0, Level::Warn).with("said", said).print();
//! ```
//! ```compile_fail,E0277
//! use edge::telemetry::line::{Level, Line};
//!
//! Line::new(0, Level::Warn).with("said", "where is my parcel?").print();
//! ```
//!
//! Nor can another crate make them loggable: [`Label`] and those types are both foreign to it.

use std::fmt::Write as _;
use std::io::Write as _;
use std::panic::Location;

use axum::extract::MatchedPath;
use http::StatusCode;

use super::{Deployment, STARTED};
use crate::metrics::{BY_VERSION, DIMENSIONS, Metric, NAMESPACE};
use values::clock::{UnixMillis, rfc3339};
use values::ids::{ConversationId, IncidentId, RequestId};
use values::incident;
use values::problem::{Cause, Code};

/// How much a line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Something that has to be looked at.
    Error,
    /// Something that is to be looked at if there is more of it.
    Warn,
    /// Everyday life.
    Info,
}

impl Level {
    /// As Lambda writes it in its own lines.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "ERROR",
            Self::Warn => "WARN",
            Self::Info => "INFO",
        }
    }
}

/// One of a few words that stand in the program's text: a variant of an enum.
pub trait Label {
    /// The word.
    fn label(&self) -> &'static str;
}

/// A value that a line may hold. Implemented only here, for types that cannot carry content.
pub trait Loggable: sealed::Json {}

pub(super) mod sealed {
    /// Writes itself as a JSON value.
    pub trait Json {
        fn write(&self, out: &mut String);
    }
}

use sealed::Json;

impl<T: Json> Loggable for T {}

impl<L: Label> Json for L {
    fn write(&self, out: &mut String) {
        text(out, self.label());
    }
}

impl Json for u64 {
    fn write(&self, out: &mut String) {
        let _infallible = write!(out, "{self}");
    }
}

impl Json for usize {
    fn write(&self, out: &mut String) {
        let _infallible = write!(out, "{self}");
    }
}

impl Json for bool {
    fn write(&self, out: &mut String) {
        out.push_str(if *self { "true" } else { "false" });
    }
}

impl Json for StatusCode {
    fn write(&self, out: &mut String) {
        out.push_str(self.as_str());
    }
}

impl Json for RequestId {
    fn write(&self, out: &mut String) {
        let _infallible = write!(out, "\"{self}\"");
    }
}

impl Json for ConversationId {
    fn write(&self, out: &mut String) {
        let _infallible = write!(out, "\"{self}\"");
    }
}

impl Json for IncidentId {
    fn write(&self, out: &mut String) {
        let _infallible = write!(out, "\"{self}\"");
    }
}

/// A route as it stands in the table of routes, with placeholders where the path has ids.
pub(super) struct Route(pub(super) Option<MatchedPath>);

impl Json for Route {
    fn write(&self, out: &mut String) {
        text(out, self.0.as_ref().map_or("none", MatchedPath::as_str));
    }
}

/// A place in the source.
impl Json for Location<'_> {
    fn write(&self, out: &mut String) {
        text(out, &format!("{}:{}:{}", self.file(), self.line(), self.column()));
    }
}

impl Label for Code {
    fn label(&self) -> &'static str {
        self.as_str()
    }
}

impl Label for incident::Kind {
    fn label(&self) -> &'static str {
        self.as_str()
    }
}

impl Label for Cause {
    fn label(&self) -> &'static str {
        self.as_str()
    }
}

/// A line: a JSON object, in CloudWatch's embedded metric format if it counts something.
pub struct Line {
    at_ms: UnixMillis,
    level: Level,
    /// `,"name":value` each.
    fields: String,
    counts: Vec<(Metric, u64)>,
}

impl Line {
    /// A line of that instant.
    #[must_use]
    pub fn new(at_ms: UnixMillis, level: Level) -> Self {
        Self { at_ms, level, fields: String::with_capacity(256), counts: Vec::new() }
    }

    /// With one field more. Each name is given once.
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "a line takes what it is given")]
    pub fn with(mut self, name: &'static str, value: impl Loggable) -> Self {
        let _infallible = write!(self.fields, ",\"{name}\":");
        value.write(&mut self.fields);
        self
    }

    /// The same for what may be missing; then there is no field.
    #[must_use]
    pub fn with_some(self, name: &'static str, value: Option<impl Loggable>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// With so many events counted; none is no count. Trouble makes the line a warning at least.
    #[must_use]
    pub fn count(mut self, metric: Metric, events: u64) -> Self {
        if events > 0 && metric.is_trouble() {
            self.level = self.level.min(Level::Warn);
        }
        match self.counts.iter_mut().find(|(known, _)| *known == metric) {
            Some((_, sum)) => *sum = sum.saturating_add(events),
            None if events > 0 => self.counts.push((metric, events)),
            None => {}
        }
        self
    }

    /// Writes the line to standard error, once the process has started its log. A line that counts
    /// is written whatever the level, since the count would be lost with it.
    pub fn print(self) {
        let Some(started) = STARTED.get() else { return };
        let counted = started.deployment.is_some() && !self.counts.is_empty();
        if counted || self.level <= started.level {
            let line = self.render(started.deployment.as_ref());
            // There is nobody to tell that nobody can be told.
            let _closed = std::io::stderr().write_all(line.as_bytes());
        }
    }

    /// The line with its end. Where nothing was deployed, counts are fields like others.
    pub(super) fn render(self, deployment: Option<&Deployment>) -> String {
        let Self { at_ms, level, fields, counts } = self;
        let (timestamp, level) = (rfc3339(at_ms), level.as_str());
        let mut json = format!("{{\"timestamp\":\"{timestamp}\",\"level\":\"{level}\"{fields}");
        if let Some(Deployment { function, .. }) = deployment {
            let _infallible = write!(json, ",\"function\":\"{function}\"");
        }
        for (metric, events) in &counts {
            let _infallible = write!(json, ",\"{}\":{events}", metric.name());
        }
        if let (Some(Deployment { stack, version, .. }), false) = (deployment, counts.is_empty()) {
            let unit =
                |metric: Metric| format!("{{\"Name\":\"{}\",\"Unit\":\"Count\"}}", metric.name());
            let metrics: Vec<_> = counts.iter().map(|(metric, _)| unit(*metric)).collect();
            let [by_stack, by_function] = DIMENSIONS;
            let (by_version, metric) = BY_VERSION;
            let version =
                version.as_ref().filter(|_| counts.iter().any(|(counted, _)| *counted == metric));
            if let Some(version) = version {
                let _infallible = write!(json, ",\"{by_version}\":\"{version}\"");
            }
            let _infallible = write!(
                json,
                ",\"stack\":\"{stack}\",\"_aws\":{{\"Timestamp\":{at_ms},\"CloudWatchMetrics\":[{{\
                 \"Namespace\":\"{NAMESPACE}\",\
                 \"Dimensions\":[[\"{by_stack}\"],[\"{by_stack}\",\"{by_function}\"]],\
                 \"Metrics\":[{}]}}",
                metrics.join(",")
            );
            if version.is_some() {
                let _infallible = write!(
                    json,
                    ",{{\"Namespace\":\"{NAMESPACE}\",\
                     \"Dimensions\":[[\"{by_stack}\",\"{by_function}\",\"{by_version}\"]],\
                     \"Metrics\":[{}]}}",
                    unit(metric)
                );
            }
            json.push_str("]}");
        }
        json.push_str("}\n");
        json
    }
}

pub(super) fn text(out: &mut String, text: &str) {
    // Strings always serialize.
    out.push_str(&serde_json::to_string(text).unwrap_or_else(|_| "\"\"".to_owned()));
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn deployment() -> Deployment {
        let version = Some("7".to_owned());
        Deployment { stack: "chat-eu".to_owned(), function: "intake".to_owned(), version }
    }

    /// The rules of CloudWatch's "Specification: Embedded metric format", as far as they are about
    /// structure.
    fn assert_embedded_metrics(line: &str) -> Vec<String> {
        assert_eq!(line.lines().count(), 1, "an event is one line");
        assert!(line.len() <= 1024 * 1024, "an event has at most 1 MB");
        let document: Value = serde_json::from_str(line).expect("JSON");
        let aws = &document["_aws"];
        let at_ms = aws["Timestamp"].as_i64().expect("milliseconds since the epoch");
        assert!(at_ms > 1_000_000_000_000, "{at_ms} looks like seconds");
        let directives = aws["CloudWatchMetrics"].as_array().expect("a list");
        let mut names = Vec::new();
        for (i, directive) in directives.iter().enumerate() {
            let namespace = directive["Namespace"].as_str().expect("a namespace");
            assert!((1..=1024).contains(&namespace.len()) && !namespace.starts_with("AWS/"));
            for set in directive["Dimensions"].as_array().expect("a list of sets") {
                let set = set.as_array().expect("a set of dimensions");
                assert!(set.len() <= 30);
                for dimension in set {
                    let target = &document[dimension.as_str().expect("a name")];
                    let value = target.as_str().expect("a string beside _aws");
                    assert!((1..=1024).contains(&value.len()) && value.is_ascii());
                }
            }
            let metrics = directive["Metrics"].as_array().expect("metrics");
            assert!((1..=100).contains(&metrics.len()));
            for metric in metrics {
                let name = metric["Name"].as_str().expect("a name");
                assert!(document[name].is_number(), "{name} is no number beside _aws");
                assert_eq!(metric["Unit"], "Count");
                if i == 0 {
                    assert!(!names.contains(&name.to_owned()), "{name} is listed twice");
                    names.push(name.to_owned());
                }
            }
        }
        names
    }

    #[test]
    fn a_line_that_counts_is_an_embedded_metric_document() {
        let mut line = Line::new(1_793_610_000_123, Level::Warn).with("code", Code::Unavailable);
        for metric in Metric::ALL {
            line = line.count(metric, 1).count(metric, 2);
        }
        let rendered = line.render(Some(&deployment()));
        assert_eq!(assert_embedded_metrics(&rendered), crate::metrics::names());
        let document: Value = serde_json::from_str(&rendered).unwrap();
        assert_eq!(document["_aws"]["Timestamp"], json!(1_793_610_000_123_i64));
        assert_eq!(document["_aws"]["CloudWatchMetrics"][0]["Namespace"], "Sotto");
        assert_eq!(
            document["_aws"]["CloudWatchMetrics"][0]["Dimensions"],
            json!([["stack"], ["stack", "function"]])
        );
        assert_eq!(
            (&document["stack"], &document["function"]),
            (&json!("chat-eu"), &json!("intake"))
        );
        assert_eq!(document["HandedOver"], 3);
    }

    #[test]
    fn a_line_has_what_lambda_reads_and_counts_only_what_there_was() {
        let line = Line::new(1_793_610_000_123, Level::Info)
            .with("seq", 7_u64)
            .with("cold", true)
            .with_some("trace_id", None::<Code>)
            .count(Metric::Expired, 0);
        assert_eq!(
            line.render(Some(&deployment())),
            "{\"timestamp\":\"2026-11-02T09:00:00.123Z\",\"level\":\"INFO\",\"seq\":7,\"cold\":true,\
             \"function\":\"intake\"}\n"
        );
    }

    #[test]
    fn where_nothing_is_deployed_a_count_is_a_field() {
        let line = Line::new(0, Level::Error).count(Metric::LogTampered, 2).render(None);
        let line: Value = serde_json::from_str(&line).unwrap();
        assert_eq!((&line["LogTampered"], &line["level"]), (&json!(2), &json!("ERROR")));
        assert!(line.get("_aws").is_none() && line.get("stack").is_none());
    }
}
