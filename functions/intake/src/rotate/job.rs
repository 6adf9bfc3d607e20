//! The job as Lambda calls it: daily by its schedule, by CloudFormation when the stack is made or
//! changed, so that the first deployment has keys already and can put out the pin of their root, and by an
//! operator when a key is compromised.

use std::cell::Cell;
use std::fmt;
use std::time::Duration;

use aws_smithy_http_client::Connector;
use lambda_runtime::LambdaEvent;
use serde_json::{Value, json};
use shared::http::metrics::Metric;
use shared::http::telemetry::{self, Invocation, Outcome as Ended};
use shared::store::StoreError;
use tokio::time::MissedTickBehavior;

use super::answer::{self, AnswerError, Outcome};
use super::compromise::{self, NoWish, NotChanged};
use super::event::{Change, Event};
use super::{Rotated, Stores};

/// How long a change of the stack tries to rotate: a role that was made a moment ago gets its rights
/// within seconds. Leaves time to answer before the function's own time is over.
const PATIENCE: Duration = Duration::from_secs(30);
/// Into how many attempts that time is divided.
const ATTEMPTS: u32 = 10;

/// The job and what it works with.
pub struct Job {
    stores: Stores,
    connector: Connector,
    patience: Duration,
}

/// Why a call ended without what it was for; Lambda calls again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobError {
    /// The event is none that the job is made for. Nothing was done.
    UnknownEvent,
    /// The event asks for the change of a key that cannot be asked for. Nothing was done.
    NoWish(NoWish),
    /// A key was not changed.
    NotChanged(StoreError),
    /// The keys were not rotated.
    NotRotated(StoreError),
    /// CloudFormation was not told the result of its change.
    NotAnswered(AnswerError),
}

impl Job {
    /// The job over the stores of a deployment; `connector` reaches CloudFormation.
    #[must_use]
    pub fn new(stores: Stores, connector: Connector) -> Self {
        Self { stores, connector, patience: PATIENCE }
    }

    /// The same with another time for the rotation that a change of the stack waits for.
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Handles a call and says what it did: a report of the rotation, or the answer that
    /// CloudFormation was given.
    ///
    /// # Errors
    /// [`JobError`].
    pub async fn handle(&self, event: LambdaEvent<Value>) -> Result<Value, JobError> {
        let invocation =
            Invocation::begin(telemetry::Job::RotateKeys, &self.stores.clock, &event.context);
        let done = self.perform(event.payload).await;
        // A stack that was told `FAILED` has its answer, but no keys.
        let given = |report: &Value| report.get("answered") != Some(&json!("FAILED"));
        let worked = done.as_ref().is_ok_and(given);
        let changed = |report: &Value| report.get("changed") == Some(&json!(true));
        let changed = u64::from(done.as_ref().is_ok_and(changed));
        let ended = invocation.end(if worked { Ended::Done } else { Ended::Failed });
        ended.count(Metric::KeyChanged, changed).print();
        done
    }

    async fn perform(&self, event: Value) -> Result<Value, JobError> {
        match Event::read(event).ok_or(JobError::UnknownEvent)? {
            Event::Due => {
                let rotated = self.rotate().await.map_err(JobError::NotRotated)?;
                Ok(json!(rotated))
            }
            Event::Compromised(wish) => {
                let wish = wish.map_err(JobError::NoWish)?;
                Box::pin(compromise::fulfil(&self.stores, wish)).await.map_err(
                    |error| match error {
                        NotChanged::NoWish(why) => JobError::NoWish(why),
                        NotChanged::Store(error) => JobError::NotChanged(error),
                    },
                )
            }
            Event::Stack(change) => {
                let outcome = self.outcome(&change).await;
                let status = outcome.status();
                answer::send(&self.connector, &change, outcome)
                    .await
                    .map_err(JobError::NotAnswered)?;
                tracing::info!(answered = status, "a change of the stack is answered");
                Ok(json!({ "answered": status }))
            }
        }
    }

    async fn outcome(&self, change: &Change) -> Outcome {
        match change.request_type.as_str() {
            "Create" | "Update" => match self.rotate_patiently().await {
                Ok(rotated) => Outcome::Success(Some(rotated.root_pin)),
                Err(error) => {
                    let reason = because(error);
                    tracing::error!(reason, "the stack gets no keys");
                    Outcome::Failed(reason)
                }
            },
            // The keys stay with their table, which is kept.
            "Delete" => Outcome::Success(None),
            _ => Outcome::Failed("The RequestType is none of Create, Update and Delete."),
        }
    }

    /// Rotates, again and again until it succeeds, for as long as patience lasts.
    async fn rotate_patiently(&self) -> Result<Rotated, StoreError> {
        let last = Cell::new(StoreError::Unavailable);
        let attempts = async {
            let mut pauses = tokio::time::interval(self.patience / ATTEMPTS);
            pauses.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                pauses.tick().await;
                match self.rotate().await {
                    Err(error @ (StoreError::Unavailable | StoreError::Failed)) => last.set(error),
                    ended => return ended,
                }
            }
        };
        tokio::time::timeout(self.patience, attempts).await.unwrap_or_else(|_| Err(last.get()))
    }

    async fn rotate(&self) -> Result<Rotated, StoreError> {
        Box::pin(super::run(&self.stores)).await
    }
}

/// The cause, and the remedy for the person who deploys.
const fn because(error: StoreError) -> &'static str {
    match error {
        StoreError::Unavailable => {
            "The transport keys were not made: DynamoDB or KMS does not answer, or is over its \
             limits. Deploy again."
        }
        StoreError::KeysMissing => {
            "The transport keys were not made: what an earlier run stored is gone. Deploy again."
        }
        StoreError::Corrupt { .. } => {
            "The transport keys were not made: what the settings table holds does not open with \
             this stack's KMS key."
        }
        StoreError::OtherVersion => {
            "The transport keys were not made: a later release has written the settings table. \
             Deploy that release."
        }
        StoreError::Failed | StoreError::LedgerBehind => {
            "The transport keys were not made: DynamoDB or KMS refuses the request. The role of \
             rotate-keys needs its rights to the settings table and the KMS key."
        }
    }
}

impl fmt::Display for JobError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownEvent => out.write_str(
                "the event is neither a Scheduled Event nor empty, nor one of a CloudFormation custom resource, \
                 nor does it name what is compromised",
            ),
            Self::NoWish(why) => why.fmt(out),
            Self::NotChanged(error) => {
                write!(out, "The command did not come to its end; repeat it. {}", because(*error))
            }
            Self::NotRotated(error) => out.write_str(because(*error)),
            Self::NotAnswered(error) => write!(out, "CloudFormation was not answered: {error}"),
        }
    }
}

impl std::error::Error for JobError {}
