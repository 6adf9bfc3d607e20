//! The watchman: the binary `detect` reads the streams of the tables of conversations and of events.
//!
//! The records of conversations hold keys and no item (`KEYS_ONLY`). The log of a conversation is
//! append-only, so a record alone tells what nobody may do: an event that was changed, or deleted by
//! anybody but DynamoDB's TTL. Unless the sweep has announced it, for an erasure, a hold or a shorter
//! policy, that is counted as `LogTampered`, one line an event, and becomes an incident; with an
//! announcement it is counted as `Purged`. Deletions by the TTL are counted as `Expired`, so that their
//! absence can be noticed too.
//!
//! The records of events hold the event. [`crate::watch`] verifies its code and judges it. Those of the audit
//! log hold keys: its rows are put once, and [`crate::audited`] asks the log whether they fit.
//!
//! A schedule calls it every five minutes, without a record: then it counts the incidents that nobody has looked at
//! ([`crate::escalate`]).

use std::collections::HashMap;

use lambda_runtime::LambdaEvent;
use serde::Serialize;
use serde_json::Value;
use shared::clock::Clock;
use shared::http::aws::{self, SdkConfig};
use shared::http::metrics::Metric;
use shared::http::stream::{self, BatchError, BatchResponse};
use shared::http::telemetry::line::Level;
use shared::http::telemetry::{Invocation, Job, Outcome};
use shared::ids::ConversationId;
use shared::store::StoreError;
use shared::store::announced::Announced;
use shared::store::table::Table;
use tiles::log::AuditLog;

use crate::audited::{self, Looks};
use crate::escalate::Waiting;
use crate::parts::{App, Config};
use crate::raise::Opened;
use crate::record::{Change, Finding, Record, changed_ms};
use crate::rules::{CONVERSATION_CHANGED, LOG_CHANGED};
use crate::watch::{News, Watch, is_of_events};

/// The `detail-type` of the schedule's event. A batch has none.
const SCHEDULED: &str = "Scheduled Event";

/// The watchman, and what it asks.
#[derive(Clone)]
pub struct Watchman {
    clock: Clock,
    announced: Announced,
    audit_log: AuditLog,
    /// The settings' table, for the published keys.
    settings: Table,
    watch: Watch,
}

/// The answer to Lambda.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// To a batch of a stream.
    Batch(BatchResponse),
    /// To the schedule.
    Waiting(Waiting),
}

/// Why an event comes again. Lambda halves a batch until what cannot be read is alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventError {
    /// It is not the schedule's, and no batch of a stream that could be answered.
    NoBatch(BatchError),
    /// The incidents that wait could not be counted.
    NotCounted(StoreError),
}

impl std::fmt::Display for EventError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoBatch(error) => error.fmt(out),
            Self::NotCounted(_) => out.write_str("the incidents that wait were not counted"),
        }
    }
}

impl std::error::Error for EventError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::NotCounted(error) => Some(error),
            Self::NoBatch(_) => None,
        }
    }
}

impl Watchman {
    /// The watchman over AWS clients that are configured already.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub fn with_sdk(config: &Config, clock: Clock, sdk: &SdkConfig) -> Result<Self, String> {
        let stores = &config.staff.stores;
        let dynamo = aws::dynamodb(&stores.backend, sdk);
        let audit_log = AuditLog::new(Table::new(dynamo.clone(), config.log_table.clone()));
        let settings = Table::new(dynamo.clone(), stores.backend.settings_table.clone());
        let announced = Announced::new(dynamo, stores.ledger_table.clone(), clock.clone());
        let watch = Watch::new(App::with_sdk(config, clock.clone(), sdk)?);
        Ok(Self { clock, announced, audit_log, settings, watch })
    }

    /// Builds the clients and the watchman over them; makes no call.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub fn build(config: &Config, clock: Clock) -> Result<Self, String> {
        let sdk = aws::sdk_config(&config.staff.stores.backend)?;
        Self::with_sdk(config, clock, &sdk)
    }

    /// Handles an event: a batch of a stream, or the schedule's.
    ///
    /// # Errors
    /// [`EventError`]; nothing of the event is done then.
    pub async fn handle(&self, event: &LambdaEvent<Value>) -> Result<Answer, EventError> {
        let invocation = Invocation::begin(Job::Detect, &self.clock, &event.context);
        if event.payload.get("detail-type").is_some_and(|kind| kind == SCHEDULED) {
            Box::pin(self.look_for_waiting(invocation)).await.map(Answer::Waiting)
        } else {
            self.look_at_batch(invocation, &event.payload).await.map(Answer::Batch)
        }
    }

    /// Counts the incidents that nobody has looked at in time, and tells their timelines.
    ///
    /// # Errors
    /// [`StoreError`]; the next run counts anew.
    pub async fn escalate(&self) -> Result<Waiting, StoreError> {
        self.watch.escalate().await
    }

    async fn look_for_waiting(&self, invocation: Invocation) -> Result<Waiting, EventError> {
        let counted = self.escalate().await;
        let outcome = if counted.is_ok() { Outcome::Done } else { Outcome::Failed };
        let Waiting { waiting, escalated } = counted.unwrap_or_default();
        invocation
            .end(outcome)
            .with("waiting", waiting)
            .with("escalated", escalated)
            .count(Metric::IncidentWaiting, waiting)
            .print();
        counted.map_err(EventError::NotCounted)
    }

    /// Looks at every record of a batch, and names the first that cannot be judged. Those behind it are
    /// not passed over: when Lambda gives up a batch, it gives up its rest as well, and who could hide
    /// behind a record of his making would. A batch that comes twice is looked at twice, which is told
    /// twice and changes nothing.
    async fn look_at_batch(
        &self,
        invocation: Invocation,
        batch: &Value,
    ) -> Result<BatchResponse, EventError> {
        let looked = match read(batch) {
            // A mapping reads one stream.
            Ok(Batch::Log(records)) => {
                let answers = self.ask(&records).await;
                Ok(self.look(&invocation, records, &answers).await)
            }
            Ok(Batch::Events(records)) => Ok(self.watch(&invocation, records).await),
            Ok(Batch::AuditLog(records)) => Ok(self.look_at_audit_log(&invocation, records).await),
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
            .with("incidents", seen.incidents)
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
    incidents: u64,
}

/// The sequence number of a record, and what it says if it can be read.
type Numbered<'a> = (&'a str, Option<Record>);

/// The records of a batch, by the stream that they are of.
enum Batch<'a> {
    /// Changes of logs of conversations.
    Log(Vec<Numbered<'a>>),
    /// Changes of security events.
    Events(Vec<(&'a str, &'a Value)>),
    /// Changes of the audit log.
    AuditLog(Vec<(&'a str, &'a Value)>),
}

/// Whether changes of a log were announced, of those logs of which it is known.
type Answers = HashMap<ConversationId, bool>;

fn read(batch: &Value) -> Result<Batch<'_>, EventError> {
    let numbered = stream::records(batch).map_err(EventError::NoBatch)?;
    let first = numbered.first();
    Ok(if first.is_some_and(|(_, record)| audited::is_of_log(record)) {
        Batch::AuditLog(numbered)
    } else if first.is_some_and(|(_, record)| is_of_events(record)) {
        Batch::Events(numbered)
    } else {
        let read = |(number, record)| (number, Record::read(record, number));
        Batch::Log(numbered.into_iter().map(read).collect())
    })
}

/// The verdict on a record of a log.
enum Verdict {
    /// It was judged.
    Judged,
    /// Somebody has changed this.
    Tampered(Record, Change),
    /// It comes again.
    Again,
}

fn judge((_, record): Numbered<'_>, answers: &Answers, seen: &mut Seen) -> Verdict {
    let Some(record) = record else {
        seen.unreadable += 1;
        return Verdict::Again;
    };
    let verdict = match (record.finding(), answers.get(&record.conversation)) {
        (Finding::Expected, _) => Verdict::Judged,
        (Finding::Expired, _) => {
            seen.expired += 1;
            Verdict::Judged
        }
        (Finding::Changed(_), Some(true)) => {
            seen.purged += 1;
            Verdict::Judged
        }
        (Finding::Changed(change), Some(false)) => Verdict::Tampered(record, change),
        (Finding::Changed(_), None) => {
            seen.unasked += 1;
            return Verdict::Again;
        }
    };
    seen.records += 1;
    verdict
}

impl Watchman {
    async fn look(
        &self,
        invocation: &Invocation,
        records: Vec<Numbered<'_>>,
        answers: &Answers,
    ) -> (BatchResponse, Seen) {
        let (mut seen, mut response) = (Seen::default(), BatchResponse::default());
        for numbered in records {
            let number = numbered.0;
            match judge(numbered, answers, &mut seen) {
                Verdict::Judged => {}
                Verdict::Again => response.fail(number),
                Verdict::Tampered(record, change) => {
                    let name = format!("{}#{}", record.conversation, record.seq);
                    let at_ms = record.at_ms.unwrap_or(self.clock.now_ms());
                    tampered(invocation, record, change);
                    match self.watch.changed(&CONVERSATION_CHANGED, &name, at_ms).await {
                        Ok(Some(opened)) => tell(invocation, opened, &mut seen),
                        Ok(None) => {}
                        Err(_) => response.fail(number),
                    }
                }
            }
        }
        (response, seen)
    }

    /// Looks at events until one cannot be stored: those behind it come again with it, in their order.
    async fn watch(
        &self,
        invocation: &Invocation,
        records: Vec<(&str, &Value)>,
    ) -> (BatchResponse, Seen) {
        let (mut seen, mut response) = (Seen::default(), BatchResponse::default());
        for (number, record) in records {
            let now_ms = self.clock.now_ms();
            let Some(news) = News::read(record, now_ms) else {
                seen.unreadable += 1;
                response.fail(number);
                continue;
            };
            let at_ms = changed_ms(record).unwrap_or(now_ms);
            let Ok(opened) = Box::pin(self.watch.hear(news, at_ms)).await else {
                response.fail(number);
                break;
            };
            for one in opened {
                tell(invocation, one, &mut seen);
            }
            seen.records += 1;
        }
        (response, seen)
    }
}

impl Watchman {
    /// Looks at changes of the audit log until one cannot be judged.
    async fn look_at_audit_log(
        &self,
        invocation: &Invocation,
        records: Vec<(&str, &Value)>,
    ) -> (BatchResponse, Seen) {
        let (mut seen, mut response) = (Seen::default(), BatchResponse::default());
        let Ok(mut looks) = Looks::begin(&self.audit_log, &self.settings).await else {
            records.first().iter().for_each(|(number, _)| response.fail(number));
            return (response, seen);
        };
        for (number, record) in records {
            let opened = match looks.judge(record).await {
                Ok(None) => Ok(None),
                Ok(Some(name)) => {
                    let at_ms = changed_ms(record).unwrap_or(self.clock.now_ms());
                    self.watch.changed(&LOG_CHANGED, &name, at_ms).await
                }
                Err(error) => Err(error),
            };
            match opened {
                Ok(Some(opened)) => tell(invocation, opened, &mut seen),
                Ok(None) => {}
                Err(_) => {
                    response.fail(number);
                    break;
                }
            }
            seen.records += 1;
        }
        (response, seen)
    }
}

/// Says that an incident was opened, or that something was done about it, and counts it where the topic is
/// told of its kind.
fn tell(invocation: &Invocation, opened: Opened, seen: &mut Seen) {
    let Opened { id, kind, is_new, is_contained, is_told } = opened;
    if !is_new && !is_contained {
        return;
    }
    seen.incidents += u64::from(is_new);
    invocation
        .line(Level::Warn)
        .with("incident_id", id)
        .with("kind", kind)
        .with("new", is_new)
        .with("contained", is_contained)
        .count(Metric::IncidentOpened, u64::from(is_told))
        .print();
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
#[path = "detect_tests.rs"]
mod tests;
