//! The last hour: errors and throttles of each function, and whether the sweep has run.

use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{Dimension, Metric, MetricDataQuery, MetricStat};
use shared::clock::Clock;
use shared::values::control::Control;
use template::{Function, Template};

use crate::aws::{Clients, could_not};
use crate::finding::{Chapter, CouldNot, Finding};
use crate::stack::Stack;

const HOUR_SECONDS: i32 = 3600;
/// The CloudWatch metrics of each function, with the statistic.
const ASKED: [(&str, &str); 4] =
    [("Errors", "Sum"), ("Throttles", "Sum"), ("Duration", "p99"), ("Invocations", "Sum")];
/// The function that runs by itself every five minutes.
const SWEEP: &str = "SweepFunction";
/// For this long after a change of the stack a missing run is no fault.
const PATIENCE_SECONDS: i64 = 20 * 60;
/// A request to intake times out after nine seconds; visitors notice a p99 of a third of that.
const SLOW_MS: f64 = 3_000.0;

/// The last hour of one function.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Hour {
    /// Invocations that failed.
    pub errors: f64,
    /// Invocations that were refused.
    pub throttles: f64,
    /// 99 of 100 invocations took at most so many milliseconds.
    pub p99_ms: f64,
    /// How often it was invoked.
    pub invocations: f64,
}

/// Reads the last hour of a function.
///
/// # Errors
/// [`CouldNot`], when CloudWatch does not answer.
pub async fn look(clients: &Clients, function: &str, now: i64) -> Result<Hour, CouldNot> {
    let dimension = Dimension::builder().name("FunctionName").value(function).build();
    let queries = ASKED.iter().enumerate().map(|(at, (name, statistic))| {
        let metric = Metric::builder()
            .namespace("AWS/Lambda")
            .metric_name(*name)
            .dimensions(dimension.clone())
            .build();
        let asked =
            MetricStat::builder().metric(metric).period(HOUR_SECONDS).stat(*statistic).build();
        MetricDataQuery::builder().id(format!("q{at}")).metric_stat(asked).build()
    });
    let answer = clients
        .cloudwatch
        .get_metric_data()
        .set_metric_data_queries(Some(queries.collect()))
        .start_time(DateTime::from_secs(now - i64::from(HOUR_SECONDS)))
        .end_time(DateTime::from_secs(now))
        .send()
        .await
        .map_err(could_not("cloudwatch:GetMetricData"))?;
    let values = |at: usize| {
        let id = format!("q{at}");
        let result = answer.metric_data_results().iter().find(|one| one.id() == Some(&id));
        result.map(|result| result.values().to_vec()).unwrap_or_default()
    };
    Ok(Hour {
        errors: values(0).iter().sum(),
        throttles: values(1).iter().sum(),
        p99_ms: values(2).into_iter().fold(0.0, f64::max),
        invocations: values(3).iter().sum(),
    })
}

/// The findings about the last hour of a function.
#[must_use]
pub fn judge(function: &str, hour: &Hour) -> Vec<Finding> {
    let mut findings = Vec::new();
    if hour.errors > 0.0 {
        findings.push(Finding::look(
            "function_errors",
            format!("{function} failed {:.0} times in the last hour.", hour.errors),
            "See its log for lines of the levels ERROR and WARN.",
            Chapter::ServerErrors,
        ));
    }
    if hour.throttles > 0.0 {
        findings.push(Finding::look(
            "function_throttled",
            format!("{function} was refused {:.0} times in the last hour.", hour.throttles),
            "Raise the account's quota, or the stack's ReservedConcurrency.",
            Chapter::Throttled,
        ));
    }
    if function == "IntakeFunction" && hour.p99_ms > SLOW_MS {
        findings.push(Finding::look(
            "function_slow",
            format!("One in a hundred requests to intake takes {:.0} ms or more.", hour.p99_ms),
            "See whether DynamoDB or KMS is slow or throttles.",
            Chapter::ServerErrors,
        ));
    }
    if findings.is_empty() {
        let what = format!("{function} had no errors and was not throttled in the last hour.");
        findings.push(Finding::fine("function_hour", what, Chapter::ServerErrors));
    }
    findings
}

/// Whether the sweep has run in its last hour; `changed_seconds` ago the stack was made or changed.
#[must_use]
pub fn judge_sweep(hour: &Hour, changed_seconds: i64) -> Finding {
    let see = Chapter::SweepOverdue;
    if hour.invocations > 0.0 {
        let what = format!("The sweep was started {:.0} times in the last hour.", hour.invocations);
        Finding::fine("sweep_started", what, see)
    } else if changed_seconds < PATIENCE_SECONDS {
        Finding::fine("sweep_to_come", "The sweep is to be started within five minutes.", see)
    } else {
        Finding::wrong(
            "sweep_idle",
            "The sweep was not started in the last hour: what is past its time is not destroyed.",
            "See whether its schedule is enabled, then run SweepFunction.",
            see,
        )
    }
}

/// Looks at the last hour of every function.
pub async fn check(
    clients: &Clients,
    stack: &Stack,
    template: &Template,
    clock: &Clock,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for logical in template.functions().iter().map(Function::logical_id) {
        if let Some(resource) = stack.resource(logical) {
            match look(clients, &resource.physical, clock.now_seconds()).await {
                Err(could_not) => {
                    let finding = could_not.finding(&format!("The last hour of {logical}"));
                    let is_sweep = (logical == SWEEP).then_some(Control::SweepRuns);
                    findings.push(finding.about(is_sweep));
                }
                Ok(hour) => {
                    findings.extend(judge(logical, &hour));
                    if logical == SWEEP {
                        let since = clock.now_seconds() - stack.changed_seconds;
                        findings.push(judge_sweep(&hour, since));
                    }
                }
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_throttles_and_a_slow_intake_are_said() {
        let codes = |function, hour: &Hour| {
            judge(function, hour).iter().map(|finding| finding.code).collect::<Vec<_>>()
        };
        assert_eq!(codes("IntakeFunction", &Hour::default()), ["function_hour"]);
        let bad = Hour { errors: 1.0, throttles: 2.0, p99_ms: 9_000.0, invocations: 3.0 };
        let all = ["function_errors", "function_throttled", "function_slow"];
        assert_eq!(codes("IntakeFunction", &bad), all);
        // A rotation may take its time.
        assert_eq!(codes("RotateKeysFunction", &bad), all[..2]);
    }

    #[test]
    fn a_sweep_that_never_ran_is_wrong_unless_it_is_too_early_to_say() {
        let of =
            |invocations, since| judge_sweep(&Hour { invocations, ..Hour::default() }, since).code;
        assert_eq!(of(12.0, 0), "sweep_started");
        assert_eq!(of(0.0, 1_199), "sweep_to_come");
        assert_eq!(of(0.0, 1_200), "sweep_idle");
    }
}
