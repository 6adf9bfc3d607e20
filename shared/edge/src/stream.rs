//! Batches of records of a DynamoDB stream, and the answer to Lambda about them.

use serde::Serialize;
use serde_json::Value;

/// The answer about a batch (`ReportBatchItemFailures`).
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

impl BatchResponse {
    /// Names a record that has to come again, unless one before it is named.
    pub fn fail(&mut self, number: &str) {
        if self.batch_item_failures.is_empty() {
            let failure = BatchItemFailure { item_identifier: number.to_owned() };
            self.batch_item_failures.push(failure);
        }
    }
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

/// The records of a batch with their sequence numbers.
///
/// # Errors
/// [`BatchError`], before any record is looked at: a batch that is halved then counts nothing twice.
pub fn records(batch: &Value) -> Result<Vec<(&str, &Value)>, BatchError> {
    let records = batch.get("Records").and_then(Value::as_array).ok_or(BatchError::UnknownEvent)?;
    let numbered = records.iter().map(|record| number(record).map(|number| (number, record)));
    numbered.collect::<Option<_>>().ok_or(BatchError::UnnamedRecord)
}

/// The sequence number under which Lambda knows a record.
#[must_use]
pub fn number(record: &Value) -> Option<&str> {
    record.pointer("/dynamodb/SequenceNumber")?.as_str()
}
