//! The line of a job that no visitor calls: what it was, how it ended, how long it took.

use super::ids::{ForeignId, InvocationId};
use super::line::{Label, Level, Line};
use super::{Stopwatch, cold};
use crate::metrics::Metric;
use values::clock::Clock;

/// A job that no visitor calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Job {
    /// Makes the day's transport keys.
    RotateKeys,
    /// Reads the stream of the log.
    Detect,
    /// Appends security events to the audit log.
    Sequence,
    /// Asks new versions before visitors do.
    Preflight,
    /// Destroys what is past its time.
    Sweep,
    /// Takes conversations from agents who are gone.
    ReturnClaims,
    /// Counts what happened in conversations.
    Reports,
    /// Sends new contacts to webhooks.
    Webhooks,
    /// Audits the stack.
    Examine,
}

impl Label for Job {
    fn label(&self) -> &'static str {
        match self {
            Self::RotateKeys => "rotate-keys",
            Self::Detect => "detect",
            Self::Sequence => "sequence",
            Self::Preflight => "preflight",
            Self::Sweep => "sweep",
            Self::ReturnClaims => "return-claims",
            Self::Reports => "reports",
            Self::Webhooks => "webhooks",
            Self::Examine => "examine",
        }
    }
}

/// How an invocation of a job ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It did what it is for.
    Done,
    /// It did not; its caller knows.
    Failed,
}

impl Label for Outcome {
    fn label(&self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }
}

/// One invocation of a job, from its beginning to its line.
pub struct Invocation {
    job: Job,
    clock: Clock,
    stopwatch: Stopwatch,
    id: Option<InvocationId>,
    trace_id: Option<ForeignId>,
}

impl Invocation {
    /// Begins now. Outside of Lambda, with a default context, it has no id.
    #[must_use]
    pub fn begin(job: Job, clock: &Clock, context: &lambda_runtime::Context) -> Self {
        Self {
            job,
            clock: clock.clone(),
            stopwatch: Stopwatch::start(),
            id: InvocationId::parse(&context.request_id),
            trace_id: context.xray_trace_id.as_deref().and_then(ForeignId::of_trace),
        }
    }

    /// A line about one thing that it came upon.
    #[must_use]
    pub fn line(&self, level: Level) -> Line {
        Line::new(self.clock.now_ms(), level).with_some("request_id", self.id).with("job", self.job)
    }

    /// The line of the whole invocation, to be completed with what it did. A failure counts as one.
    #[must_use]
    pub fn end(self, outcome: Outcome) -> Line {
        let failed = outcome == Outcome::Failed;
        self.line(if failed { Level::Error } else { Level::Info })
            .with("outcome", outcome)
            .with("duration_us", self.stopwatch.elapsed_us())
            .with("cold", cold())
            .with_some("trace_id", self.trace_id)
            .count(Metric::JobFailed, u64::from(failed))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::Deployment;
    use super::*;

    #[test]
    fn a_failed_job_counts_as_one() {
        let deployment = Deployment {
            stack: "chat".to_owned(),
            function: "rotate-keys".to_owned(),
            version: None,
        };
        let clock = Clock::manual(1_793_610_000_000);
        let mut context = lambda_runtime::Context::default();
        context.request_id = "8476a536-e9f4-11e8-9739-2dfe598c3fcd".to_owned();
        let of = |outcome| {
            let line = Invocation::begin(Job::RotateKeys, &clock, &context).end(outcome);
            let line = line.with("made", 2_u64).render(Some(&deployment));
            serde_json::from_str::<Value>(&line).unwrap()
        };
        let done = of(Outcome::Done);
        assert_eq!((&done["job"], &done["outcome"]), (&json!("rotate-keys"), &json!("done")));
        assert_eq!((&done["made"], &done["level"]), (&json!(2), &json!("INFO")));
        assert_eq!(done["request_id"], context.request_id);
        assert!(done.get("_aws").is_none() && done.get("JobFailed").is_none());
        let failed = of(Outcome::Failed);
        assert_eq!((&failed["JobFailed"], &failed["level"]), (&json!(1), &json!("ERROR")));
        assert_eq!(failed["_aws"]["CloudWatchMetrics"][0]["Metrics"][0]["Name"], "JobFailed");
    }
}
