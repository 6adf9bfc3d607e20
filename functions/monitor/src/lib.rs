//! The watchman. Its binary `detect` reads the stream of the table of conversations.
//!
//! Called by Lambda's mapping with records that hold keys and no item (`KEYS_ONLY`). Reads and writes
//! nothing else: its role has the stream and its log, and no table and no key. The log of a
//! conversation is append-only, so a record alone tells what nobody may do: an event that was changed,
//! or deleted by anybody but DynamoDB's TTL. That is counted as `LogTampered`, one line an event; what
//! the TTL deletes is counted as `Expired`, so that its rest can be noticed too.

mod record;

use lambda_runtime::LambdaEvent;
use serde::Serialize;
use serde_json::Value;
use shared::clock::Clock;
use shared::http::metrics::Metric;
use shared::http::telemetry::line::Level;
use shared::http::telemetry::{Invocation, Job, Outcome};

use record::{Change, Finding, Record};

/// What Lambda is told of a batch (`ReportBatchItemFailures`).
///
/// At most one failure is named: for a stream it means that everything before it is done, and that
/// it and all behind it come again.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchResponse {
    batch_item_failures: Vec<BatchItemFailure>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct BatchItemFailure {
    item_identifier: String,
}

/// Why a whole batch comes again: Lambda halves it until what cannot be read is alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BatchError {
    /// The event is no batch of a stream.
    UnknownEvent,
    /// A record has no sequence number by which it could be named.
    UnnamedRecord,
}

impl std::fmt::Display for BatchError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::UnknownEvent => "the event is no batch of a stream",
            Self::UnnamedRecord => "a record has no sequence number",
        })
    }
}

impl std::error::Error for BatchError {}

/// Looks at every record of a batch, and names the first that cannot be read. Those behind it are not
/// passed over: when Lambda gives up a batch, it gives up its rest as well, and who could hide behind
/// a record of his making would. A batch that comes twice is looked at twice, which is told twice and
/// changes nothing.
///
/// # Errors
/// [`BatchError`]; nothing of the batch is done then.
pub fn handle(clock: &Clock, event: &LambdaEvent<Value>) -> Result<BatchResponse, BatchError> {
    let invocation = Invocation::begin(Job::Detect, clock, &event.context);
    let looked = look(&invocation, &event.payload);
    let (outcome, seen) = match &looked {
        Ok((_, seen)) => (Outcome::Done, *seen),
        Err(_) => (Outcome::Failed, Seen::default()),
    };
    invocation
        .end(outcome)
        .with("records", seen.records)
        .with("unreadable", seen.unreadable)
        .count(Metric::Expired, seen.expired)
        .count(Metric::RecordFailed, seen.unreadable)
        .print();
    looked.map(|(response, _)| response)
}

/// What was seen of a batch.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Seen {
    records: u64,
    expired: u64,
    unreadable: u64,
}

fn look(invocation: &Invocation, batch: &Value) -> Result<(BatchResponse, Seen), BatchError> {
    let records = batch.get("Records").and_then(Value::as_array).ok_or(BatchError::UnknownEvent)?;
    // First, so that a batch which is halved counts nothing twice.
    let numbers: Vec<&str> = records
        .iter()
        .map(record::number)
        .collect::<Option<_>>()
        .ok_or(BatchError::UnnamedRecord)?;
    let mut seen = Seen::default();
    let mut response = BatchResponse::default();
    for (record, number) in records.iter().zip(numbers) {
        let Some(record) = Record::read(record, number) else {
            seen.unreadable += 1;
            if response.batch_item_failures.is_empty() {
                let failure = BatchItemFailure { item_identifier: number.to_owned() };
                response.batch_item_failures.push(failure);
            }
            continue;
        };
        seen.records += 1;
        match record.finding() {
            Finding::Expected => {}
            Finding::Expired => seen.expired += 1,
            Finding::Tampered(change) => tampered(invocation, record, change),
        }
    }
    Ok((response, seen))
}

fn tampered(invocation: &Invocation, record: Record, change: Change) {
    invocation
        .line(Level::Error)
        .with("conversation_id", record.conversation)
        .with("seq", record.seq)
        .with("change", change)
        .with_some("record", record.number)
        .count(Metric::LogTampered, 1)
        .print();
}

#[cfg(test)]
mod tests;
