//! The daily rotation, as the scheduler starts it.

use crate::command::{Failure, ensure};
use crate::emulator::pause;
use crate::root;
use crate::stack::Stack;

/// The template's schedule has one target; the same target fires when a schedule of the same group,
/// role and target is due now. The target's role may invoke it, and nothing else.
pub(super) fn fires(stack: &Stack) -> Result<usize, Failure> {
    let aws = &stack.aws;
    let name = stack.physical("RotateKeysFunctionDaily")?;
    let schedule = aws.ask(&["scheduler", "get-schedule", "--name", name])?;
    let target = &schedule["Target"];
    let arn = target["Arn"].as_str().unwrap_or_default();
    ensure(schedule["ScheduleExpression"] == "rate(1 day)", || format!("it is {schedule}"))?;
    ensure(arn.ends_with(":live"), || format!("it starts {arn} and not the alias"))?;

    let role = aws.assume(target["RoleArn"].as_str().unwrap_or_default())?;
    let folder = tempfile::tempdir()?;
    let answer = folder.path().join("answer.json").to_string_lossy().into_owned();
    // What the scheduler sends where the target has no input of its own.
    let input = std::fs::read_to_string(root().join("tests/events/rotate-keys.json"))?;
    let invoke = ["lambda", "invoke", "--payload", &input, "--function-name"];
    role.ask(&[&invoke[..], &[arn, &answer]].concat())?;
    let text = std::fs::read_to_string(&answer)?;
    ensure(text.contains("\"listed\""), || format!("the rotation answers {text}"))?;
    let other = stack.physical("IntakeFunction")?;
    let refused = role.try_ask(&[&invoke[..], &[other, &answer]].concat())?;
    ensure(refused.all.contains("AccessDenied"), || {
        "the schedule's role may invoke intake".to_owned()
    })?;

    let before = runs(stack)?;
    let due = ["scheduler", "create-schedule", "--name", "rehearsal", "--schedule-expression"];
    let window = ["--flexible-time-window", "Mode=OFF", "--target"];
    // Any time that has passed.
    let when = ["at(2026-01-01T00:00:00)"];
    aws.ask(&[&due[..], &when, &window, &[&target.to_string()]].concat())?;
    for _ in 0..600 {
        if runs(stack)? > before {
            aws.ask(&["scheduler", "delete-schedule", "--name", "rehearsal"])?;
            return Ok(5);
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
