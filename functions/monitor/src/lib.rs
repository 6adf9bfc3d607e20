//! The watchman. Its binary `detect` reads the stream of the table of conversations.
//!
//! Called by Lambda's mapping with records that hold keys and no item (`KEYS_ONLY`). Writes nothing, and
//! reads nothing but what the sweep announces: its role has the stream and its log, those items of the
//! ledger, and no key. The log of a conversation is append-only, so a record alone tells what nobody may
//! do: an event that was changed, or deleted by anybody but DynamoDB's TTL. Unless the sweep has
//! announced it, for an erasure, a hold or a shorter policy, that is counted as `LogTampered`, one
//! line an event; with an announcement as `Purged`. Deletions by the TTL are counted as `Expired`,
//! so that their absence can be noticed too.

mod config;
mod record;

use std::collections::HashMap;

use lambda_runtime::LambdaEvent;
use serde::Serialize;
use serde_json::Value;
use shared::clock::Clock;
use shared::http::aws;
use shared::http::aws::SdkConfig;
use shared::http::metrics::Metric;
use shared::http::telemetry::line::Level;
use shared::http::telemetry::{Invocation, Job, Outcome};
use shared::ids::ConversationId;
use shared::store::announced::Announced;

pub use config::Config;
use record::{Change, Finding, Record};

/// The watchman, and what it asks.
#[derive(Clone)]
pub struct Watchman {
    clock: Clock,
    announced: Announced,
}

/// The answer to Lambda about a batch (`ReportBatchItemFailures`).
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

impl Watchman {
    /// The watchman over AWS clients that are configured already.
    #[must_use]
    pub fn new(config: &Config, clock: Clock, sdk: &SdkConfig) -> Self {
        let dynamo = aws::dynamodb_at(config.dynamodb_endpoint.clone(), sdk);
        let announced = Announced::new(dynamo, config.ledger_table.clone(), clock.clone());
        Self { clock, announced }
    }

    /// Looks at every record of a batch, and names the first that cannot be judged. Those behind it are
    /// not passed over: when Lambda gives up a batch, it gives up its rest as well, and who could hide
    /// behind a record of his making would. A batch that comes twice is looked at twice, which is told
    /// twice and changes nothing.
    ///
    /// # Errors
    /// [`BatchError`]; nothing of the batch is done then.
    pub async fn handle(&self, event: &LambdaEvent<Value>) -> Result<BatchResponse, BatchError> {
        let invocation = Invocation::begin(Job::Detect, &self.clock, &event.context);
        let looked = match read(&event.payload) {
            Ok(records) => {
                let answers = self.ask(&records).await;
                Ok(judge(&invocation, records, &answers))
            }
            Err(error) => Err(error),
        };
        let (outcome, seen) = match &looked {
            Ok((_, seen)) => (Outcome::Done, *seen),
            Err(_) => (Outcome::Failed, Seen::default()),
        };
        invocation
            .end(outcome)
            .with("records", seen.records)
            .with("unreadable", seen.unreadable)
            .with("unasked", seen.unasked)
            .count(Metric::Expired, seen.expired)
            .count(Metric::Purged, seen.purged)
            .count(Metric::RecordFailed, seen.unreadable + seen.unasked)
            .print();
        looked.map(|(response, _)| response)
    }

    /// Asks of each log that was changed or deleted whether that was announced, once a batch. With the
    /// first question that is not answered it stops: the others would have to wait as long, and come
    /// again with it.
    async fn ask(&self, records: &[Numbered<'_>]) -> Answers {
        let mut answers = Answers::new();
        for (_, record) in records {
            let Some(record) = record else { continue };
            let id = record.conversation;
            if !matches!(record.finding(), Finding::Changed(_)) || answers.contains_key(&id) {
                continue;
            }
            let Ok(answer) = self.announced.has(id).await else { break };
            answers.insert(id, answer);
        }
        answers
    }
}

/// The counts of a batch.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Seen {
    records: u64,
    expired: u64,
    purged: u64,
    unreadable: u64,
    unasked: u64,
}

/// The sequence number of a record, and what it says if it can be read.
type Numbered<'a> = (&'a str, Option<Record>);

/// Whether changes of a log were announced, of those logs of which it is known.
type Answers = HashMap<ConversationId, bool>;

fn read(batch: &Value) -> Result<Vec<Numbered<'_>>, BatchError> {
    let records = batch.get("Records").and_then(Value::as_array).ok_or(BatchError::UnknownEvent)?;
    // All before any, so that a batch which is halved counts nothing twice.
    let read = |value| {
        let number = record::number(value)?;
        Some((number, Record::read(value, number)))
    };
    records.iter().map(read).collect::<Option<_>>().ok_or(BatchError::UnnamedRecord)
}

fn judge(
    invocation: &Invocation,
    records: Vec<Numbered<'_>>,
    answers: &Answers,
) -> (BatchResponse, Seen) {
    let mut seen = Seen::default();
    let mut response = BatchResponse::default();
    let mut fail = |number: &str| {
        if response.batch_item_failures.is_empty() {
            let failure = BatchItemFailure { item_identifier: number.to_owned() };
            response.batch_item_failures.push(failure);
        }
    };
    for (number, record) in records {
        let Some(record) = record else {
            seen.unreadable += 1;
            fail(number);
            continue;
        };
        match (record.finding(), answers.get(&record.conversation)) {
            (Finding::Expected, _) => {}
            (Finding::Expired, _) => seen.expired += 1,
            (Finding::Changed(_), Some(true)) => seen.purged += 1,
            (Finding::Changed(change), Some(false)) => tampered(invocation, record, change),
            (Finding::Changed(_), None) => {
                seen.unasked += 1;
                fail(number);
                continue;
            }
        }
        seen.records += 1;
    }
    (response, seen)
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
