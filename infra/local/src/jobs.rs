//! The scheduled jobs and the readers of the streams, run in-process: on request, and when the
//! clock says that they are due.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use audit::Sequencer;
use audit::examine::Examiner;
use intake::rotate::Stores;
use monitor::Watchman;
use retention::sweep;
use serde_json::{Value, json};
use shared::clock::{Clock, UnixMillis};
use shared::http::app::App;
use shared::store::StoreError;
use template::{Function, Schedule, Template};
use tokio::runtime::Handle;
use tokio::sync::Mutex;

use crate::aws::{Aws, Place};
use crate::detect::Detect;
use crate::sequence::Sequence;

/// How often the streams are looked at: an incident is opened within a second of what it is about.
const TICK: Duration = Duration::from_secs(1);
/// At every second tick it is asked what else is due.
const TICKS_OF_DUE: u32 = 2;
/// A failed run is tried again after half a minute.
const TICKS_AFTER_FAILURE: u32 = 30;

/// The name of a record of a new item: the filter of the mapping that feeds the reports.
const INSERT: &str = "INSERT";

/// A job that ends by itself and can be run again at any time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Job {
    /// Makes the day's transport keys and publishes their list; daily.
    RotateKeys,
    /// Destroys what is past its time; every five minutes.
    Sweep,
    /// Looks at what has changed in the log and at what the staff do, whenever it is asked what is due; counts the
    /// incidents that wait, every five minutes.
    Detect,
    /// Makes leaves of the audit log of new security events; whenever it is asked what is due.
    Sequence,
    /// Takes conversations from agents who are gone; every five minutes.
    ReturnClaims,
    /// Counts what happened in conversations; whenever it is asked what is due.
    Reports,
    /// Sends new contacts to webhooks; every minute.
    Webhooks,
    /// Audits the stack, if somebody asked for it or it is due; every minute.
    Examine,
}

/// Runs the jobs, one at a time.
#[derive(Clone)]
pub(crate) struct Jobs(Arc<Parts>);

struct Parts {
    rotation: Stores,
    sweep: shared::http::staff_app::App,
    returns: shared::http::staff_app::App,
    reports: shared::http::staff_app::App,
    webhooks: desk::webhooks::Job,
    examiner: Examiner,
    aws: Arc<Aws>,
    clock: Clock,
    detect: Arc<std::sync::Mutex<Detect>>,
    sequence: Arc<std::sync::Mutex<Sequence>>,
    watchman: Watchman,
    /// What of the stream was counted for the reports.
    news: Mutex<Place>,
    /// The jobs that a schedule starts.
    turns: [Turn; 7],
}

/// A job that a schedule starts.
struct Turn {
    job: Job,
    every_ms: UnixMillis,
    /// When it last succeeded.
    last_ms: Mutex<Option<UnixMillis>>,
}

impl Job {
    /// Every job, in the order of their programs' names.
    const ALL: [Self; 8] = [
        Self::Detect,
        Self::Examine,
        Self::Reports,
        Self::ReturnClaims,
        Self::RotateKeys,
        Self::Sequence,
        Self::Sweep,
        Self::Webhooks,
    ];

    /// The job of that name in the control server's paths.
    pub(crate) fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|job| job.name() == name)
    }

    /// The names of all jobs, for people.
    pub(crate) fn names() -> String {
        Self::ALL.map(|job| format!("`{}`", job.name())).join(", ")
    }

    /// The name in the control server's paths.
    fn name(self) -> &'static str {
        match self {
            Self::ReturnClaims => "desk",
            job => job.program(),
        }
    }

    /// The program of the function that does it in the cloud.
    fn program(self) -> &'static str {
        match self {
            Self::RotateKeys => "rotate-keys",
            Self::Sweep => "sweep",
            Self::Detect => "detect",
            Self::Sequence => "sequence",
            Self::ReturnClaims => "return-claims",
            Self::Reports => "reports",
            Self::Webhooks => "webhooks",
            Self::Examine => "examine",
        }
    }

    /// How often the template's schedule starts it.
    fn every_ms(self, template: &Template) -> Result<UnixMillis, String> {
        let program = self.program();
        let mut schedules = template.function_of(program).into_iter().flat_map(Function::schedules);
        let every_ms = schedules.find_map(Schedule::every_ms);
        every_ms.ok_or_else(|| format!("template.yaml does not say how often {program} runs"))
    }
}

impl Jobs {
    /// `rotation` is what the rotation reaches, with its rights, and `sweep` the parts of
    /// the sweep with the sweep's own. `watchman` is given the streams of the three tables, `sequencer` that of
    /// the events.
    pub(crate) fn new(
        app: &App,
        rotation: Stores,
        [sweep, returns, reports]: [shared::http::staff_app::App; 3],
        (webhooks, examiner): (desk::webhooks::Job, Examiner),
        (watchman, sequencer): (Watchman, Sequencer),
        aws: Arc<Aws>,
        [log, events, audit_log]: [&str; 3],
    ) -> Result<Self, String> {
        let clock = app.clock.clone();
        let tables = [log, events, audit_log];
        let detect = Detect::begin(Arc::clone(&aws), watchman.clone(), tables)?;
        let sequence = Sequence::begin(Arc::clone(&aws), sequencer, events)?;
        let news = aws.stream_end(log).map_err(|error| error.to_string())?;
        let detect = Arc::new(std::sync::Mutex::new(detect));
        let sequence = Arc::new(std::sync::Mutex::new(sequence));
        let template = Template::deployed().map_err(|error| error.to_string())?;
        let turn = |job: Job| {
            Ok::<_, String>(Turn {
                job,
                every_ms: job.every_ms(template)?,
                last_ms: Mutex::new(None),
            })
        };
        let turns = [
            turn(Job::ReturnClaims)?,
            turn(Job::Reports)?,
            turn(Job::Webhooks)?,
            turn(Job::RotateKeys)?,
            turn(Job::Sweep)?,
            turn(Job::Detect)?,
            turn(Job::Examine)?,
        ];
        Ok(Self(Arc::new(Parts {
            rotation,
            sweep,
            returns,
            reports,
            webhooks,
            examiner,
            aws,
            clock,
            detect,
            sequence,
            watchman,
            news: Mutex::new(news),
            turns,
        })))
    }

    /// Runs a job now and gives its report when it has finished.
    pub(crate) async fn run(&self, job: Job) -> Result<Value, String> {
        let counted = match job {
            Job::Detect => Some(self.detect().await?),
            Job::Sequence => return self.sequence().await,
            Job::Reports => Some(self.count_news().await?),
            _ => None,
        };
        let Some(turn) = self.0.turns.iter().find(|turn| turn.job == job) else {
            return Err(format!("{} has no schedule", job.name()));
        };
        let report = self.take(turn, &mut *turn.last_ms.lock().await).await;
        Ok(match (job, counted) {
            (Job::Detect, Some(mut counted)) => {
                // The streams were read, whatever becomes of the schedule's part, which stays due.
                match report {
                    Ok(report) => merge(&mut counted, report),
                    Err(error) => tracing::error!(error, "incidents that wait were not counted"),
                }
                counted
            }
            (_, Some(counted)) => json!({ "counted": counted, "closed": report? }),
            (_, None) => report?,
        })
    }

    /// Runs what is due by the clock, the TTL included.
    pub(crate) async fn run_due(&self) -> Result<(), String> {
        let aws = Arc::clone(&self.0.aws);
        tokio::task::spawn_blocking(move || aws.sweep_ttl())
            .await
            .map_err(|_| "the TTL sweep broke off".to_owned())?
            .map_err(|error| error.to_string())?;
        self.look().await?;
        self.count_news().await?;
        let mut result = Ok(());
        for turn in &self.0.turns {
            let mut last_ms = turn.last_ms.lock().await;
            let now_ms = self.0.clock.now_ms();
            if last_ms.is_none_or(|at_ms| now_ms - at_ms >= turn.every_ms) {
                // None waits for another to work.
                result = result.and(self.take(turn, &mut last_ms).await.map(drop));
            }
        }
        result
    }

    /// Runs a job that a schedule starts, which is over when it has succeeded.
    async fn take(&self, turn: &Turn, last_ms: &mut Option<UnixMillis>) -> Result<Value, String> {
        let Parts {
            rotation, sweep, returns, reports, webhooks, examiner, watchman, clock, ..
        } = &*self.0;
        let (report, failed) = match turn.job {
            Job::RotateKeys => {
                let failed = "the transport keys were not rotated";
                (Box::pin(intake::rotate::run(rotation)).await.map(|report| json!(report)), failed)
            }
            Job::Sweep => {
                let failed = "the sweep did not come to its end";
                (Box::pin(sweep::run(sweep)).await.map(|report| json!(report)), failed)
            }
            Job::ReturnClaims => {
                let report = Box::pin(desk::return_claims::run(returns)).await;
                (report.map(|report| json!(report)), "claims were not returned")
            }
            Job::Reports => {
                let report = Box::pin(desk::reports::close_days(reports)).await;
                (report.map(|report| json!(report)), "days were not closed")
            }
            Job::Webhooks => {
                let report = Box::pin(webhooks.run()).await;
                (report.map(|report| json!(report)), "webhooks were not called")
            }
            Job::Examine => {
                let report = Box::pin(examiner.run()).await;
                (report.map(|report| json!(report)), "the stack was not audited")
            }
            Job::Detect => {
                let report = Box::pin(watchman.escalate()).await;
                (report.map(|report| json!(report)), "incidents that wait were not counted")
            }
            Job::Sequence => return self.sequence().await,
        };
        let report = report.map_err(|error| format!("{failed}: {}", said(error)))?;
        *last_ms = Some(clock.now_ms());
        Ok(report)
    }

    /// Runs what is due, again and again.
    pub(crate) async fn keep_schedule(self) {
        let mut ticks = tokio::time::interval(TICK);
        let mut skip = 0;
        for tick in 0_u32.. {
            ticks.tick().await;
            if skip > 0 {
                skip -= 1;
                continue;
            }
            let ran =
                if tick % TICKS_OF_DUE == 0 { self.run_due().await } else { self.look().await };
            if let Err(error) = ran {
                tracing::error!(error, "a scheduled job failed and stays due");
                skip = TICKS_AFTER_FAILURE;
            }
        }
    }

    /// Lets detect and the sequencer look at what is new. None waits for the other to work.
    async fn look(&self) -> Result<(), String> {
        let detected = self.detect().await;
        self.sequence().await?;
        detected.map(drop)
    }

    async fn detect(&self) -> Result<Value, String> {
        let detect = Arc::clone(&self.0.detect);
        let runtime = Handle::current();
        tokio::task::spawn_blocking(move || {
            detect.lock().unwrap_or_else(PoisonError::into_inner).run(&runtime)
        })
        .await
        .map_err(|_| "detect broke off".to_owned())?
    }

    async fn sequence(&self) -> Result<Value, String> {
        let sequence = Arc::clone(&self.0.sequence);
        let runtime = Handle::current();
        tokio::task::spawn_blocking(move || {
            sequence.lock().unwrap_or_else(PoisonError::into_inner).run(&runtime)
        })
        .await
        .map_err(|_| "sequence broke off".to_owned())?
    }

    /// Counts the events that are new in the stream; after a failure they come again.
    async fn count_news(&self) -> Result<Value, String> {
        let mut place = self.0.news.lock().await;
        let (aws, mut read) = (Arc::clone(&self.0.aws), place.clone());
        let read = tokio::task::spawn_blocking(move || {
            aws.read_on(&mut read).map(|records| (records, read))
        });
        let read = read.await.map_err(|_| "reports broke off".to_owned())?;
        let (mut records, read) = read.map_err(|error| error.to_string())?;
        records.retain(|record| record.get("eventName").is_some_and(|name| name == INSERT));
        let mut counted = Value::Null;
        if !records.is_empty() {
            let reported = Box::pin(desk::reports::count(&self.0.reports, &records)).await;
            let reported = reported.map_err(|error| format!("reports failed: {}", said(error)))?;
            counted = serde_json::to_value(reported).map_err(|error| error.to_string())?;
        }
        *place = read;
        Ok(counted)
    }
}

/// Adds the fields of one report to another.
fn merge(report: &mut Value, more: Value) {
    if let (Some(report), Value::Object(more)) = (report.as_object_mut(), more) {
        report.extend(more);
    }
}

/// Why a job failed, for people.
fn said(error: StoreError) -> &'static str {
    match error {
        StoreError::Unavailable => "DynamoDB or KMS does not answer",
        StoreError::KeysMissing => "what an earlier run stored is gone",
        StoreError::Corrupt { .. } => "what is stored does not open; --fresh starts anew",
        StoreError::OtherVersion => "a later release has written what is stored",
        StoreError::Failed => "DynamoDB or KMS refuses the request",
        StoreError::LedgerBehind => "a table was restored and has not followed the ledger yet",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_that_starts_by_itself_is_a_job() {
        let functions = Template::deployed().unwrap().functions().iter();
        let by_itself = |function: &&Function| {
            !function.schedules().is_empty() || !function.streams().is_empty()
        };
        let programs: Vec<_> = functions.filter(by_itself).filter_map(Function::program).collect();
        assert_eq!(Job::ALL.map(Job::program).as_slice(), programs);
    }
}
