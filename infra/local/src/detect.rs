//! The streams of the log, of security events and of the audit log, fed to the watchman as Lambda's mappings do in
//! the cloud.

use std::sync::Arc;

use lambda_runtime::{Context, LambdaEvent};
use monitor::Watchman;
use serde_json::{Value, json};
use tokio::runtime::Handle;

use crate::aws::{Aws, Place};

/// A stream, and how the template's event source mapping feeds it to the watchman.
struct Stream {
    place: Place,
    /// The event names that its filter lets through; empty for all.
    names: &'static [&'static str],
    batch: usize,
}

/// The names and the batch size for the log.
const LOG: (&[&str], usize) = (&["MODIFY", "REMOVE"], 500);
/// The same for security events.
const EVENTS: (&[&str], usize) = (&[], 100);
/// The same for the audit log.
const AUDIT_LOG: (&[&str], usize) = (&[], 100);
/// After this many tries a record is given up. In AWS it then goes to a queue.
const TRIES: u32 = 3;

/// Reads the streams from where they ended when the process began. Earlier records were reported
/// already, or nobody can tell any more which of their deletions were the TTL's.
pub(crate) struct Detect {
    aws: Arc<Aws>,
    watchman: Watchman,
    streams: [Stream; 3],
}

impl Detect {
    /// Begins where the streams of the log's table, of the events' and of the audit log's end now.
    pub(crate) fn begin(
        aws: Arc<Aws>,
        watchman: Watchman,
        [log, events, audit_log]: [&str; 3],
    ) -> Result<Self, String> {
        let stream = |table: &str, (names, batch)| {
            let place = aws.stream_end(table).map_err(|error| error.to_string())?;
            Ok::<_, String>(Stream { place, names, batch })
        };
        let streams = [stream(log, LOG)?, stream(events, EVENTS)?, stream(audit_log, AUDIT_LOG)?];
        Ok(Self { aws, watchman, streams })
    }

    /// Hands over what is new, and says how much that was and how much of it was given up. Blocks, so
    /// the requests of the watchman run on `runtime`.
    pub(crate) fn run(&mut self, runtime: &Handle) -> Result<Value, String> {
        let (mut handed, mut given_up) = (0, 0);
        for Stream { place, names, batch } in &mut self.streams {
            let records: Vec<_> = self
                .aws
                .read_on(place)
                .map_err(|error| error.to_string())?
                .into_iter()
                .filter(|record| {
                    names.is_empty() || names.iter().any(|name| record["eventName"] == *name)
                })
                .collect();
            given_up += feed(&records, *batch, |batch| {
                let event = LambdaEvent::new(json!({ "Records": batch }), Context::default());
                let answer = runtime.block_on(self.watchman.handle(&event));
                let answer = answer.map_err(|error| error.to_string())?;
                serde_json::to_value(answer).map_err(|error| error.to_string())
            });
            handed += records.len();
        }
        Ok(json!({ "records": handed, "given_up": given_up }))
    }
}

/// Hands all records over in batches; gives how many were given up. A batch that fails comes again
/// from the record that failed, which is alone then, so that nothing else is given up with it.
pub(crate) fn feed(
    records: &[Value],
    batch_size: usize,
    handle: impl Fn(&[Value]) -> Result<Value, String>,
) -> usize {
    let (mut rest, mut tries, mut given_up) = (records, 0, 0);
    while !rest.is_empty() {
        let size = if tries == 0 { batch_size } else { 1 };
        let (batch, behind) = rest.split_at(size.min(rest.len()));
        let Some(failed) = first_failure(batch, &handle(batch)) else {
            (rest, tries) = (behind, 0);
            continue;
        };
        rest = rest.get(failed..).unwrap_or_default();
        tries += 1;
        if tries == TRIES {
            let record = rest.first().map_or("", number);
            tracing::error!(record, "a record of a stream is given up");
            rest = rest.get(1..).unwrap_or_default();
            (tries, given_up) = (0, given_up + 1);
        }
    }
    given_up
}

/// The place in the batch from which it has to come again; a batch that is refused, or whose answer
/// names what is not in it, comes again as a whole.
fn first_failure(batch: &[Value], answer: &Result<Value, String>) -> Option<usize> {
    let Ok(answer) = answer else { return Some(0) };
    let failed = answer.pointer("/batchItemFailures/0/itemIdentifier")?;
    let at = batch.iter().position(|record| failed.as_str() == Some(number(record)));
    Some(at.unwrap_or_default())
}

fn number(record: &Value) -> &str {
    record.pointer("/dynamodb/SequenceNumber").and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use template::Template;

    use super::*;

    const BATCH: usize = LOG.1;

    fn records(count: usize) -> Vec<Value> {
        let record = |number: usize| json!({"dynamodb": {"SequenceNumber": number.to_string()}});
        (0..count).map(record).collect()
    }

    /// The batches that were handed over: the first record's place and the size of each.
    fn handed(
        records: &[Value],
        answer: impl Fn(&[Value]) -> Result<Value, String>,
    ) -> (usize, Vec<(String, usize)>) {
        let calls = RefCell::new(Vec::new());
        let given_up = feed(records, BATCH, |batch| {
            assert!(calls.borrow().len() < 100, "it goes on for ever");
            calls.borrow_mut().push((number(&batch[0]).to_owned(), batch.len()));
            answer(batch)
        });
        (given_up, calls.into_inner())
    }

    fn call(number: usize, size: usize) -> (String, usize) {
        (number.to_string(), size)
    }

    #[test]
    fn what_is_handed_over_is_what_the_template_lets_through() {
        let streams: Vec<_> = Template::deployed()
            .unwrap()
            .streams()
            .filter(|one| one.function == "DetectFunction")
            .collect();
        // In the order of the mappings' names: `AuditLog`, `Changes`, `SecurityEvents`.
        assert_eq!(streams.len(), 3);
        for (stream, (names, batch)) in streams.iter().zip([AUDIT_LOG, LOG, EVENTS]) {
            let mapping = &stream.properties;
            if names.is_empty() {
                assert_eq!(mapping.get("FilterCriteria"), None);
            } else {
                let pattern = json!({ "eventName": names }).to_string();
                assert_eq!(mapping["FilterCriteria"]["Filters"], json!([{ "Pattern": pattern }]));
            }
            assert_eq!(mapping["BatchSize"], batch);
        }
    }

    #[test]
    fn a_poison_record_is_alone_at_last_and_what_is_behind_it_goes_on() {
        let fails_at_2 = |batch: &[Value]| {
            let failures = batch.iter().filter(|record| number(record) == "2");
            let failures: Vec<_> =
                failures.map(|record| json!({"itemIdentifier": number(record)})).collect();
            Ok(json!({ "batchItemFailures": failures }))
        };
        let (given_up, calls) = handed(&records(5), fails_at_2);
        assert_eq!(given_up, 1);
        assert_eq!(calls, [call(0, 5), call(2, 1), call(2, 1), call(3, 2)]);
    }

    #[test]
    fn a_batch_that_is_refused_costs_only_the_record_that_it_is_refused_for() {
        let refused_with_1 = |batch: &[Value]| {
            let named = batch.iter().all(|record| number(record) != "1");
            named.then(|| json!({ "batchItemFailures": [] })).ok_or_else(|| "unnamed".to_owned())
        };
        let (given_up, calls) = handed(&records(3), refused_with_1);
        assert_eq!(given_up, 1);
        let alone = [call(1, 2), call(1, 1), call(1, 1)];
        assert_eq!(calls, [&[call(0, 3), call(0, 1)], &alone[..], &[call(2, 1)]].concat());
    }

    #[test]
    fn much_is_handed_over_in_batches() {
        let (given_up, calls) = handed(&records(BATCH + 1), |_| Ok(json!({})));
        assert_eq!((given_up, calls), (0, vec![call(0, BATCH), call(BATCH, 1)]));
    }
}
