//! The daily rotation, the sweep, the return of claims and the other jobs, as the scheduler starts them.

use serde_json::Value;
use template::{Function, Template};

use crate::command::{Failure, ensure};
use crate::emulator::pause;
use crate::root;
use crate::stack::Stack;

/// A word of the report of each job that a schedule starts, by its program.
const REPORTS: [(&str, &str); 7] = [
    ("detect", "\"waiting\""),
    ("examine", "\"overdue\""),
    ("reports", "\"days\""),
    ("return-claims", "\"looked_at\""),
    ("rotate-keys", "\"listed\""),
    ("sweep", "\"expired\""),
    ("webhooks", "\"given_up\""),
];

/// Each schedule of the template has one target, whose role may invoke it, and nothing else. The same
/// target fires when a schedule of the same group, role and target is due now.
pub(super) fn fires(stack: &Stack) -> Result<usize, Failure> {
    let template = Template::deployed().map_err(|error| Failure(error.to_string()))?;
    let mut checks = 0;
    let mut rotation = Value::Null;
    for schedule in template.schedules() {
        let program = template.function(&schedule.function).and_then(Function::program);
        let report = REPORTS.iter().find(|(name, _)| program == Some(name));
        let Some((program, word)) = report else {
            return Err(Failure(format!("nobody knows what {} reports", schedule.function)));
        };
        let name = stack.physical(&format!("{}{}", schedule.function, schedule.event))?;
        let target = started(stack, name, &schedule.expression, program, word)?;
        if *program == "rotate-keys" {
            rotation = target;
        }
        checks += 4;
    }
    Ok(checks + due(stack, &rotation)?)
}

/// Looks at a schedule, starts its target with its role, and gives the target.
fn started(
    stack: &Stack,
    name: &str,
    expression: &str,
    event: &str,
    word: &str,
) -> Result<Value, Failure> {
    let aws = &stack.aws;
    let schedule = aws.ask(&["scheduler", "get-schedule", "--name", name])?;
    let target = &schedule["Target"];
    let arn = target["Arn"].as_str().unwrap_or_default();
    ensure(schedule["ScheduleExpression"] == expression, || format!("it is {schedule}"))?;
    ensure(arn.ends_with(":live"), || format!("it starts {arn} and not the alias"))?;

    let role = aws.assume(target["RoleArn"].as_str().unwrap_or_default())?;
    let folder = tempfile::tempdir()?;
    let answer = folder.path().join("answer.json").to_string_lossy().into_owned();
    // The event that the scheduler sends when the target has no input of its own.
    let input = std::fs::read_to_string(root().join(format!("tests/events/{event}.json")))?;
    let invoke = ["lambda", "invoke", "--payload", &input, "--function-name"];
    role.ask(&[&invoke[..], &[arn, &answer]].concat())?;
    let text = std::fs::read_to_string(&answer)?;
    ensure(text.contains(word), || format!("{event} answers {text}"))?;
    let other = stack.physical("IntakeFunction")?;
    let refused = role.try_ask(&[&invoke[..], &[other, &answer]].concat())?;
    ensure(refused.all.contains("AccessDenied"), || {
        format!("the role of {name} may invoke intake")
    })?;
    Ok(target.clone())
}

/// The rotation's target fires when its time has come.
fn due(stack: &Stack, target: &Value) -> Result<usize, Failure> {
    let aws = &stack.aws;
    let before = runs(stack)?;
    let due = ["scheduler", "create-schedule", "--name", "rehearsal", "--schedule-expression"];
    let window = ["--flexible-time-window", "Mode=OFF", "--target"];
    // Any time that has passed.
    let when = ["at(2026-01-01T00:00:00)"];
    aws.ask(&[&due[..], &when, &window, &[&target.to_string()]].concat())?;
    for _ in 0..600 {
        if runs(stack)? > before {
            aws.ask(&["scheduler", "delete-schedule", "--name", "rehearsal"])?;
            return Ok(1);
        }
        pause();
    }
    Err(Failure("a schedule that is due did not fire".to_owned()))
}

/// How many runs the function's log group knows.
fn runs(stack: &Stack) -> Result<usize, Failure> {
    let group = stack.physical("RotateKeysLogGroup")?;
    let events = stack.aws.ask(&["logs", "filter-log-events", "--log-group-name", group])?;
    let lines = events["events"].as_array().into_iter().flatten();
    Ok(lines
        .filter(|event| event["message"].as_str().is_some_and(|line| line.contains("listed")))
        .count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_known_what_each_scheduled_job_reports() {
        let template = Template::deployed().unwrap();
        let programs: Vec<_> = template
            .schedules()
            .filter_map(|schedule| template.function(&schedule.function)?.program())
            .collect();
        assert_eq!(REPORTS.map(|(program, _)| program).as_slice(), programs);
    }
}
