//! Trainings: an item a person, with the certificates that count and the attempts under way.
//!
//! Items of the table `training`: `p` = `staff`, `k` = the id of the person, `g` the end of their first
//! days (ms), `j` certificates and attempts as JSON, `n` how often `j` was written; of a deleted account
//! `expires_at`. While there is an account the item stays: a second one would begin with another week.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::Client;
use serde::{Deserialize, Serialize};

use super::StoreError;
use super::attributes::{
    Item, corrupt, expiry, in_table, number, read_number, string, take_string,
};
use super::table::{Change, Key, Table};
use super::write::{ANYWAY, NEW, Write, update};
use values::clock::{Clock, UnixMillis};
use values::ids::{AttemptId, StaffId};
use values::policy::AuditDays;
use values::training::{GRACE_MS, Passed, current_until};

const PARTITION: &str = "staff";
const TABLE: &str = "training";

/// A certificate as it is kept; `jws` is what its owner shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    /// The version of the course.
    pub version: u32,
    /// When the course was passed.
    pub passed_ms: UnixMillis,
    /// When the certificate ends.
    pub expires_ms: UnixMillis,
    /// The signature (RFC 7515, compact).
    pub jws: String,
}

/// An attempt at the questions of a course, the last one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attempt {
    /// Its id.
    pub id: AttemptId,
    /// The version of the course whose questions were drawn.
    pub version: u32,
    /// The ids of the questions that were drawn.
    pub questions: Vec<String>,
    /// When it began.
    pub began_ms: UnixMillis,
    /// When it ends.
    pub ends_ms: UnixMillis,
    /// Its result, once the answers are in.
    pub outcome: Option<Outcome>,
}

/// The result of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    /// When the answers came in.
    pub at_ms: UnixMillis,
    /// Right answers.
    pub right: u32,
    /// Whether that is enough.
    pub passed: bool,
}

/// The training of one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Training {
    /// The person.
    pub staff: StaffId,
    /// The end of their first days; 0 where they have not begun.
    pub grace_ms: UnixMillis,
    /// Certificates by course.
    pub certificates: BTreeMap<String, Certificate>,
    /// The last attempt at each course.
    pub attempts: BTreeMap<String, Attempt>,
    revision: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    certificates: BTreeMap<String, Certificate>,
    attempts: BTreeMap<String, Attempt>,
}

impl Training {
    /// Somebody of whom nothing is stored.
    #[must_use]
    pub fn of(staff: StaffId) -> Self {
        let (certificates, attempts) = (BTreeMap::new(), BTreeMap::new());
        Self { staff, grace_ms: 0, certificates, attempts, revision: 0 }
    }

    /// The certificate of a course, as far as it decides what somebody may do.
    #[must_use]
    pub fn passed(&self, course: &str) -> Option<Passed> {
        let Certificate { version, expires_ms, passed_ms: _, jws: _ } =
            self.certificates.get(course)?;
        Some(Passed { version: *version, expires_ms: *expires_ms })
    }

    /// Until when they may claim and read.
    #[must_use]
    pub fn current_until(&self) -> UnixMillis {
        current_until(self.grace_ms, |course| self.passed(course))
    }

    fn read(mut item: Item) -> Result<Self, StoreError> {
        let staff = StaffId::parse(&take_string(&mut item, "k")?).ok_or(corrupt("k"))?;
        let grace_ms = if item.contains_key("g") { read_number(&item, "g")? } else { 0 };
        if !item.contains_key("j") {
            return Ok(Self { grace_ms, ..Self::of(staff) });
        }
        let content = take_string(&mut item, "j")?;
        let content = serde_json::from_str(&content).map_err(|_| corrupt("j"))?;
        let Content { certificates, attempts } = content;
        Ok(Self { staff, grace_ms, certificates, attempts, revision: read_number(&item, "n")? })
    }
}

fn key_of(staff: StaffId) -> Key {
    Key::new(PARTITION, staff)
}

/// The table of trainings.
#[derive(Clone)]
pub struct Trainings {
    table: Table,
    clock: Clock,
    kept: AuditDays,
}

impl Trainings {
    /// The trainings of a deployment. Those of deleted accounts are kept as long as security events.
    #[must_use]
    pub fn new(dynamo: Client, table: String, clock: Clock, kept: AuditDays) -> Self {
        Self { table: Table::new(dynamo, table), clock, kept }
    }

    /// The write by which somebody's first days begin, as part of the transaction that lets them in.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    pub fn begin(&self, staff: StaffId) -> Result<Write, StoreError> {
        let end_ms = self.clock.now_ms().saturating_add(GRACE_MS);
        update(&self.table, &key_of(staff), ("SET g = :g", NEW), [(":g", number(end_ms))])
    }

    /// The write that gives the item of somebody an end, as part of the transaction that deletes their
    /// account.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    pub fn end(&self, staff: StaffId) -> Result<Write, StoreError> {
        let end = expiry(self.kept.end_ms(self.clock.now_ms()));
        update(&self.table, &key_of(staff), ("SET expires_at = :e", ANYWAY), [(":e", end)])
    }

    /// The training of somebody, whose first days begin now if nothing is stored of them: they were
    /// there before the courses were.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn begun(&self, staff: StaffId) -> Result<Training, StoreError> {
        let training = self.find(staff).await?.unwrap_or_else(|| Training::of(staff));
        if training.grace_ms > 0 {
            return Ok(training);
        }
        let now_ms = self.clock.now_ms();
        let change = Change {
            key: &key_of(staff),
            change: "SET g = if_not_exists(g, :g)",
            condition: None,
            values: vec![(":g", number(now_ms.saturating_add(GRACE_MS)))],
        };
        let changed = self.table.update_and_read("begin_training", change).await?;
        let changed = changed.ok_or(StoreError::Failed)?;
        let grace_ms = read_number(&changed, "g").map_err(in_table(TABLE))?;
        Ok(Training { grace_ms, ..training })
    }

    /// The training of somebody, if anything is stored of it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find(&self, staff: StaffId) -> Result<Option<Training>, StoreError> {
        let found = self.table.get("find_training", &key_of(staff)).await?;
        found.map(Training::read).transpose().map_err(in_table(TABLE))
    }

    /// The trainings of all.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn all(&self) -> Result<Vec<Training>, StoreError> {
        let found = self.table.query("find_trainings", PARTITION).await?;
        found.into_iter().map(Training::read).collect::<Result<_, _>>().map_err(in_table(TABLE))
    }

    /// Stores certificates and attempts together with `beside`, if nobody else has since they were read;
    /// false if somebody has.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn put(
        &self,
        training: &Training,
        beside: Option<Write>,
    ) -> Result<bool, StoreError> {
        let Training { staff, grace_ms: _, certificates, attempts, revision } = training;
        let content = Content { certificates: certificates.clone(), attempts: attempts.clone() };
        let content = serde_json::to_string(&content).map_err(|_| StoreError::Failed)?;
        let mut values = vec![(":j", string(content)), (":m", number(revision + 1))];
        let condition = if *revision == 0 {
            "attribute_not_exists(n)"
        } else {
            values.push((":n", number(*revision)));
            "n = :n"
        };
        let change = ("SET j = :j, n = :m", condition);
        let write = update(&self.table, &key_of(*staff), change, values)?;
        let writes = self.table.transaction().and(write).and_all(beside);
        Ok(writes.commit_patiently("put_training").await?.is_whole())
    }
}
