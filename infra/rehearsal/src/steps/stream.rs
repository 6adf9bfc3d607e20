//! The stream of the conversations' log: a record that nobody can read.

use serde_json::Value;

use crate::command::{Failure, ensure};
use crate::emulator::{Emulator, pause};
use crate::stack::Stack;

/// A key that no conversation can have: three bytes.
const POISON: &str = r#"{"c":{"B":"AAAA"},"s":{"N":"1"}}"#;

/// Removes an item with such a key between two that are in order. Lambda offers it as often as the
/// mapping says, then its place in the stream lands in the queue; the two others are counted.
pub(super) fn poison(stack: &Stack, emulator: &Emulator) -> Result<usize, Failure> {
    let aws = &stack.aws;
    let table = stack.physical("ConversationsTable")?;
    let before = seen(emulator);
    let events = aws.ask(&[
        "dynamodb",
        "scan",
        "--table-name",
        table,
        "--max-items",
        "2",
        "--projection-expression",
        "c,s",
        // The first item of a conversation is its row in the inbox, which is no event.
        "--filter-expression",
        "s > :row",
        "--expression-attribute-values",
        r#"{":row":{"N":"0"}}"#,
    ])?;
    let events = events["Items"].as_array().cloned().unwrap_or_default();
    let [first, second] = events.as_slice() else {
        return Err(Failure("there are no two events to remove".to_owned()));
    };
    let remove =
        |key: &str| aws.ask(&["dynamodb", "delete-item", "--table-name", table, "--key", key]);
    aws.ask(&["dynamodb", "put-item", "--table-name", table, "--item", POISON])?;
    remove(&first.to_string())?;
    remove(POISON)?;
    remove(&second.to_string())?;

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
