//! The scheduled jobs and the reader of the log's stream, run in-process: on request, and when the
//! clock says that they are due.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

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

/// How often it is asked what is due.
const TICK: Duration = Duration::from_secs(2);
/// A failed run is tried again after half a minute.
const TICKS_AFTER_FAILURE: u32 = 15;

/// The name of a record of a new item: the filter of the mapping that feeds the reports.
const INSERT: &str = "INSERT";

/// A job that ends by itself and can be run again at any time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Job {
    /// Makes the day's transport keys and publishes their list; daily.
    RotateKeys,
    /// Destroys what is past its time; every five minutes.
    Sweep,
    /// Looks at what has changed in the log; whenever it is asked what is due.
    Detect,
    /// Takes conversations from agents who are gone; every five minutes.
    ReturnClaims,
    /// Counts what happened in conversations; whenever it is asked what is due.
    Reports,
}

/// Runs the jobs, one at a time.
#[derive(Clone)]
pub(crate) struct Jobs(Arc<Parts>);

struct Parts {
    rotation: Stores,
    sweep: shared::http::staff_app::App,
    returns: shared::http::staff_app::App,
    reports: shared::http::staff_app::App,
    aws: Arc<Aws>,
    clock: Clock,
    detect: Arc<std::sync::Mutex<Detect>>,
    /// How often the rotation runs.
    rotate_every_ms: UnixMillis,
    /// How often the sweep runs.
    sweep_every_ms: UnixMillis,
    /// How often claims are returned.
    return_every_ms: UnixMillis,
    /// What of the stream was counted for the reports.
    news: Mutex<Place>,
    /// How often the totals of days are made.
    report_every_ms: UnixMillis,
    /// When they were last made.
    reported_ms: Mutex<Option<UnixMillis>>,
    /// When the rotation last succeeded.
    rotated_ms: Mutex<Option<UnixMillis>>,
    /// When the sweep last succeeded.
    swept_ms: Mutex<Option<UnixMillis>>,
    /// When claims were last returned.
    returned_ms: Mutex<Option<UnixMillis>>,
}

impl Job {
    /// Every job, in the order of their programs' names.
    const ALL: [Self; 5] =
        [Self::Detect, Self::Reports, Self::ReturnClaims, Self::RotateKeys, Self::Sweep];

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
            Self::ReturnClaims => "return-claims",
            Self::Reports => "reports",
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
    /// the sweep with the sweep's own. `watchman` is given the stream of the table named `log`.
    pub(crate) fn new(
        app: &App,
        rotation: Stores,
        [sweep, returns, reports]: [shared::http::staff_app::App; 3],
        watchman: Watchman,
        aws: Arc<Aws>,
        log: &str,
    ) -> Result<Self, String> {
        let clock = app.clock.clone();
        let detect = Detect::begin(Arc::clone(&aws), watchman, log)?;
        let news = aws.stream_end(log).map_err(|error| error.to_string())?;
        let detect = Arc::new(std::sync::Mutex::new(detect));
        let template = Template::deployed().map_err(|error| error.to_string())?;
        Ok(Self(Arc::new(Parts {
            rotation,
            sweep,
            returns,
            reports,
            aws,
            clock,
            detect,
            rotate_every_ms: Job::RotateKeys.every_ms(template)?,
            sweep_every_ms: Job::Sweep.every_ms(template)?,
            return_every_ms: Job::ReturnClaims.every_ms(template)?,
            news: Mutex::new(news),
            report_every_ms: Job::Reports.every_ms(template)?,
            reported_ms: Mutex::new(None),
            rotated_ms: Mutex::new(None),
            swept_ms: Mutex::new(None),
            returned_ms: Mutex::new(None),
        })))
    }

    /// Runs a job now and gives its report when it has finished.
    pub(crate) async fn run(&self, job: Job) -> Result<Value, String> {
        match job {
            Job::RotateKeys => self.rotate(&mut *self.0.rotated_ms.lock().await).await,
            Job::Sweep => self.sweep(&mut *self.0.swept_ms.lock().await).await,
            Job::Detect => self.detect().await,
            Job::ReturnClaims => self.return_claims(&mut *self.0.returned_ms.lock().await).await,
            Job::Reports => {
                let counted = self.count_news().await?;
                let days = self.close_days(&mut *self.0.reported_ms.lock().await).await?;
                Ok(json!({ "counted": counted, "closed": days }))
            }
        }
    }

    /// Runs what is due by the clock, the TTL included.
    pub(crate) async fn run_due(&self) -> Result<(), String> {
        let aws = Arc::clone(&self.0.aws);
        tokio::task::spawn_blocking(move || aws.sweep_ttl())
            .await
            .map_err(|_| "the TTL sweep broke off".to_owned())?
            .map_err(|error| error.to_string())?;
        self.detect().await?;
        self.count_news().await?;
        let now_ms = self.0.clock.now_ms();
        let is_due = |last: Option<UnixMillis>, every_ms| {
            last.is_none_or(|at_ms| now_ms - at_ms >= every_ms)
        };
        let mut returned_ms = self.0.returned_ms.lock().await;
        if is_due(*returned_ms, self.0.return_every_ms) {
            self.return_claims(&mut returned_ms).await?;
        }
        drop(returned_ms);
        let mut reported_ms = self.0.reported_ms.lock().await;
        if is_due(*reported_ms, self.0.report_every_ms) {
            self.close_days(&mut reported_ms).await?;
        }
        drop(reported_ms);
        // Neither waits for the other to work.
        let mut rotated_ms = self.0.rotated_ms.lock().await;
        let rotated = if is_due(*rotated_ms, self.0.rotate_every_ms) {
            self.rotate(&mut rotated_ms).await.map(drop)
        } else {
            Ok(())
        };
        drop(rotated_ms);
        let mut swept_ms = self.0.swept_ms.lock().await;
        if is_due(*swept_ms, self.0.sweep_every_ms) {
            self.sweep(&mut swept_ms).await?;
        }
        rotated
    }

    /// Runs what is due, again and again.
    pub(crate) async fn keep_schedule(self) {
        let mut ticks = tokio::time::interval(TICK);
        let mut skip = 0;
        loop {
            ticks.tick().await;
            if skip > 0 {
                skip -= 1;
            } else if let Err(error) = self.run_due().await {
                tracing::error!(error, "a scheduled job failed and stays due");
                skip = TICKS_AFTER_FAILURE;
            }
        }
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

    async fn close_days(&self, reported_ms: &mut Option<UnixMillis>) -> Result<Value, String> {
        let report = Box::pin(desk::reports::close_days(&self.0.reports))
            .await
            .map_err(|error| format!("days were not closed: {}", said(error)))?;
        *reported_ms = Some(self.0.clock.now_ms());
        serde_json::to_value(report).map_err(|error| error.to_string())
    }

    async fn rotate(&self, rotated_ms: &mut Option<UnixMillis>) -> Result<Value, String> {
        let Parts { rotation, clock, .. } = &*self.0;
        let report = Box::pin(intake::rotate::run(rotation))
            .await
            .map_err(|error| format!("the transport keys were not rotated: {}", said(error)))?;
        *rotated_ms = Some(clock.now_ms());
        serde_json::to_value(report).map_err(|error| error.to_string())
    }

    async fn return_claims(&self, returned_ms: &mut Option<UnixMillis>) -> Result<Value, String> {
        let report = Box::pin(desk::return_claims::run(&self.0.returns))
            .await
            .map_err(|error| format!("claims were not returned: {}", said(error)))?;
        *returned_ms = Some(self.0.clock.now_ms());
        serde_json::to_value(report).map_err(|error| error.to_string())
    }

    async fn sweep(&self, swept_ms: &mut Option<UnixMillis>) -> Result<Value, String> {
        let report = Box::pin(sweep::run(&self.0.sweep))
            .await
            .map_err(|error| format!("the sweep did not come to its end: {}", said(error)))?;
        *swept_ms = Some(self.0.clock.now_ms());
        serde_json::to_value(report).map_err(|error| error.to_string())
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
