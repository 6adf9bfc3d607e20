//! Counters at the listener: the only place that sees what really went over the wire.

#![expect(clippy::indexing_slicing, reason = "JSON indexed by name: what is absent reads as null")]

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde_json::Value;

use super::Service;

/// The requests since the start, or since an earlier [`Counts`].
///
/// A request counts when it arrives, even if a fault is injected. Each retry of an SDK counts.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Counts {
    requests: BTreeMap<(Service, String), u64>,
    writes: BTreeMap<String, u64>,
    read_units: f64,
    write_units: f64,
}

/// The running counters.
#[derive(Debug, Default)]
pub(super) struct Counters(Mutex<Counts>);

impl Counts {
    /// Requests of one operation, e.g. `PutItem` or `Decrypt`.
    #[must_use]
    pub fn of(&self, service: Service, operation: &str) -> u64 {
        self.requests.get(&(service, operation.to_owned())).copied().unwrap_or(0)
    }

    /// Requests to one service.
    #[must_use]
    pub fn total(&self, service: Service) -> u64 {
        self.requests.iter().filter(|((of, _), _)| *of == service).map(|(_, count)| count).sum()
    }

    /// Every operation that was asked for, with its count.
    pub fn operations(&self) -> impl Iterator<Item = (Service, &str, u64)> {
        self.requests
            .iter()
            .map(|((service, operation), count)| (*service, operation.as_str(), *count))
    }

    /// Writes that DynamoDB carried out, by the table's name. A transaction or a batch counts once for
    /// each item that it writes; a refused condition or transaction writes nothing.
    #[must_use]
    pub fn writes(&self) -> &BTreeMap<String, u64> {
        &self.writes
    }

    /// Read units.
    #[must_use]
    pub fn read_units(&self) -> f64 {
        self.read_units
    }

    /// Write units.
    #[must_use]
    pub fn write_units(&self) -> f64 {
        self.write_units
    }

    /// The counts since `earlier` was taken.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        Self {
            requests: beyond(&self.requests, &earlier.requests),
            writes: beyond(&self.writes, &earlier.writes),
            read_units: self.read_units - earlier.read_units,
            write_units: self.write_units - earlier.write_units,
        }
    }
}

impl Counters {
    pub(super) fn arrived(&self, service: Service, operation: &str) {
        *self.counts().requests.entry((service, operation.to_owned())).or_default() += 1;
    }

    /// Adds the `ConsumedCapacity` of an answer: one entry, or a list in batches and transactions.
    pub(super) fn consumed(&self, operation: &str, answer: &[u8]) {
        let Ok(answer) = serde_json::from_slice::<Value>(answer) else {
            return;
        };
        let units = match &answer["ConsumedCapacity"] {
            Value::Array(entries) => entries.iter().map(units).sum(),
            entry => units(entry),
        };
        let mut counts = self.counts();
        if reads(operation) {
            counts.read_units += units;
        } else {
            counts.write_units += units;
        }
    }

    /// Adds a write to each of the tables: those that [`written_by`] named before it was carried out.
    pub(super) fn wrote(&self, tables: Vec<String>) {
        let mut counts = self.counts();
        for table in tables {
            *counts.writes.entry(table).or_default() += 1;
        }
    }

    pub(super) fn snapshot(&self) -> Counts {
        self.counts().clone()
    }

    fn counts(&self) -> std::sync::MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The tables that a request writes to, one entry for each item.
pub(super) fn written_by(operation: &str, body: &[u8]) -> Vec<String> {
    let parsed = || serde_json::from_slice::<Value>(body).unwrap_or_default();
    let named = |write: &Value| write["TableName"].as_str().map(str::to_owned);
    match operation {
        "PutItem" | "UpdateItem" | "DeleteItem" => named(&parsed()).into_iter().collect(),
        "TransactWriteItems" => {
            let body = parsed();
            let items = body["TransactItems"].as_array().into_iter().flatten();
            items
                .flat_map(|item| ["Put", "Update", "Delete"].map(|kind| named(&item[kind])))
                .flatten()
                .collect()
        }
        "BatchWriteItem" => {
            let body = parsed();
            let tables = body["RequestItems"].as_object().into_iter().flatten();
            tables
                .flat_map(|(table, items)| {
                    vec![table.clone(); items.as_array().map_or(0, Vec::len)]
                })
                .collect()
        }
        _ => Vec::new(),
    }
}

fn beyond<K: Clone + Ord>(now: &BTreeMap<K, u64>, earlier: &BTreeMap<K, u64>) -> BTreeMap<K, u64> {
    now.iter()
        .map(|(key, count)| {
            (key.clone(), count.saturating_sub(earlier.get(key).copied().unwrap_or(0)))
        })
        .filter(|(_, count)| *count > 0)
        .collect()
}

fn units(entry: &Value) -> f64 {
    entry["CapacityUnits"].as_f64().unwrap_or(0.0)
}

/// Whether an operation takes units, which its answer tells if it is asked.
pub(super) fn takes_units(operation: &str) -> bool {
    reads(operation)
        || matches!(
            operation,
            "PutItem" | "UpdateItem" | "DeleteItem" | "BatchWriteItem" | "TransactWriteItems"
        )
}

fn reads(operation: &str) -> bool {
    matches!(operation, "GetItem" | "BatchGetItem" | "TransactGetItems" | "Query" | "Scan")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_holds_only_what_came_between() {
        let counters = Counters::default();
        counters.arrived(Service::Kms, "Decrypt");
        counters.arrived(Service::DynamoDb, "PutItem");
        let before = counters.snapshot();
        counters.arrived(Service::DynamoDb, "PutItem");
        counters
            .consumed("PutItem", br#"{"ConsumedCapacity":{"TableName":"t","CapacityUnits":2.0}}"#);
        counters.consumed(
            "TransactGetItems",
            br#"{"ConsumedCapacity":[{"CapacityUnits":0.5},{"CapacityUnits":1.0}]}"#,
        );
        let between = counters.snapshot().since(&before);
        assert_eq!(between.of(Service::DynamoDb, "PutItem"), 1);
        assert_eq!(between.total(Service::Kms), 0);
        assert_eq!(between.operations().count(), 1);
        assert!(between.writes().is_empty());
        assert!((between.write_units() - 2.0).abs() < 1e-9);
        assert!((between.read_units() - 1.5).abs() < 1e-9);
    }

    #[test]
    fn writes_are_counted_by_table_and_item() {
        let counters = Counters::default();
        for (operation, body) in [
            ("PutItem", r#"{"TableName":"a"}"#),
            ("GetItem", r#"{"TableName":"a"}"#),
            (
                "TransactWriteItems",
                r#"{"TransactItems":[{"Put":{"TableName":"a"}},{"ConditionCheck":{"TableName":"b"}},
                    {"Delete":{"TableName":"c"}}]}"#,
            ),
            ("BatchWriteItem", r#"{"RequestItems":{"c":[{},{}]}}"#),
        ] {
            counters.wrote(written_by(operation, body.as_bytes()));
        }
        let expected = [("a".to_owned(), 2), ("c".to_owned(), 3)];
        assert_eq!(*counters.snapshot().writes(), BTreeMap::from(expected));
    }
}
