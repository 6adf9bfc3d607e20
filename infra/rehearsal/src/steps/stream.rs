//! The stream of the conversations' log: a record that nobody can read.

use serde_json::Value;

use crate::command::{Failure, ensure};
use crate::emulator::{Emulator, pause};
use crate::stack::Stack;

/// A key that no conversation can have: three bytes.
const POISON: &str = r#"{"c":{"B":"AAAA"},"s":{"N":"1"}}"#;

/// Events of a conversation that nobody has. They are not a visitor's: what visitors leave behind is
/// read again after this.
const EVENTS: [&str; 2] = [
    r#"{"c":{"B":"AAAAAAAAAAAAAAAAAAAAAA=="},"s":{"N":"1"}}"#,
    r#"{"c":{"B":"AAAAAAAAAAAAAAAAAAAAAA=="},"s":{"N":"2"}}"#,
];

/// Removes an item with such a key between two that are in order. Lambda offers it as often as the
/// mapping says, then its place in the stream lands in the queue; the two others are counted.
pub(super) fn poison(stack: &Stack, emulator: &Emulator) -> Result<usize, Failure> {
    let aws = &stack.aws;
    let table = stack.physical("ConversationsTable")?;
    let before = seen(emulator);
    let [first, second] = EVENTS;
    for item in [first, POISON, second] {
        aws.ask(&["dynamodb", "put-item", "--table-name", table, "--item", item])?;
    }
    for key in [first, POISON, second] {
        aws.ask(&["dynamodb", "delete-item", "--table-name", table, "--key", key])?;
    }

    let queue = aws.ask(&["sqs", "get-queue-url", "--queue-name", queue_name(stack)?])?;
    let url = queue["QueueUrl"].as_str().unwrap_or_default().to_owned();
    let message = wait_for(|| {
        let received = aws.ask(&["sqs", "receive-message", "--queue-url", &url])?;
        Ok(received["Messages"][0]["Body"].as_str().map(str::to_owned))
    })?;
    let record: Value = serde_json::from_str(&message)?;
    let condition = &record["requestContext"]["condition"];
    ensure(condition == "RetryAttemptsExhausted", || format!("it was given up for {condition}"))?;
    ensure(!message.contains("AAAA"), || "the queue holds a key".to_owned())?;
    wait_for(|| Ok((seen(emulator) >= before + 2).then_some(())))?;
    Ok(4)
}

/// How many removed events detect has spoken of.
fn seen(emulator: &Emulator) -> usize {
    emulator.log().matches("\"LogTampered\":1").count()
}

fn queue_name(stack: &Stack) -> Result<&str, Failure> {
    let physical = stack.physical("DetectFailures")?;
    Ok(physical.rsplit('/').next().unwrap_or_default())
}

fn wait_for<T>(mut look: impl FnMut() -> Result<Option<T>, Failure>) -> Result<T, Failure> {
    for _ in 0..300 {
        if let Some(found) = look()? {
            return Ok(found);
        }
        pause();
    }
    Err(Failure("it did not come".to_owned()))
}
