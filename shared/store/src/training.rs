//! Trainings: an item a person, with the certificates that count, the attempts under way, and how practices
//! were played.
//!
//! Items of the table `training`: `p` = `staff`, `k` = the id of the person, `g` the end of their first
//! days (ms), `i` when incidents about them were confirmed (a set of times), `j` certificates, attempts and
//! results of practices as JSON, `n` how often `j` was written; of a deleted account `expires_at`. While there is
//! an account the item stays: a second one would begin with another week. [`super::practice`] has the others.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::Client;
use serde::{Deserialize, Serialize};

use super::StoreError;
use super::attributes::{
    Item, Value, corrupt, expiry, in_table, number, optional, read_number, string, take_string,
};
use super::receipt::{self, Invalid};
use super::table::{Change, Key, Table};
use super::write::{ANYWAY, NEW, Write, update};
use seal::sign::Verifier;
use values::clock::{Clock, UnixMillis, from_rfc3339, rfc3339};
use values::ids::{AttemptId, PracticeId, StaffId};
use values::policy::AuditDays;
use values::training::{Dates, GRACE_MS, Passed, current_until};

/// The type of a certificate's signature.
pub const CERTIFICATE_TYPE: &str = "sotto-certificate+jwt";

const PARTITION: &str = "staff";
pub(super) const TABLE: &str = "training";
/// How many results of practices are kept of a person.
const PLAYED: usize = 20;

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

/// The claims of a certificate. It names an id and no person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// The name of the deployment.
    pub iss: String,
    /// The id of the account.
    pub sub: String,
    /// The course.
    pub course: String,
    /// Its version.
    pub version: u32,
    /// When it was passed (Unix seconds).
    pub iat: i64,
    /// When the certificate ends (Unix seconds).
    pub exp: i64,
    /// The id of the attempt.
    pub jti: String,
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

/// The result of a practice, the first time that somebody played it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Played {
    /// The script of the practice.
    pub script: String,
    /// When it was played.
    pub at_ms: UnixMillis,
    /// Good decisions.
    pub good: u32,
    /// Decisions in all.
    pub of: u32,
}

/// The training of one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Training {
    /// The person.
    pub staff: StaffId,
    /// The end of their first days, and the last incident about them.
    pub dates: Dates,
    /// Certificates by course.
    pub certificates: BTreeMap<String, Certificate>,
    /// The last attempt at each course.
    pub attempts: BTreeMap<String, Attempt>,
    /// The results of practices, of the last that began.
    pub practices: BTreeMap<PracticeId, Played>,
    revision: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    certificates: BTreeMap<String, Certificate>,
    attempts: BTreeMap<String, Attempt>,
    #[serde(default)]
    practices: BTreeMap<PracticeId, Played>,
}

impl Claims {
    /// The claims of a certificate (a compact JWS), whose key `key_of` finds by its name. Whether it has ended
    /// is the caller's to check.
    ///
    /// # Errors
    /// [`Invalid`], the first reason that is found.
    pub fn verify<'a>(
        jws: &str,
        key_of: impl Fn(&str) -> Option<&'a Verifier>,
    ) -> Result<Self, Invalid> {
        let key_of = |name: &str| key_of(name).map(|verifier| (verifier, ()));
        let (claims, ()) = receipt::claims(jws, CERTIFICATE_TYPE, key_of)?;
        serde_json::from_value(claims).map_err(|_| Invalid::Malformed)
    }
}

impl Training {
    /// Somebody of whom nothing is stored.
    #[must_use]
    pub fn of(staff: StaffId) -> Self {
        let (certificates, attempts) = (BTreeMap::new(), BTreeMap::new());
        let practices = BTreeMap::new();
        Self { staff, dates: Dates::default(), certificates, attempts, practices, revision: 0 }
    }

    /// Keeps the result of a practice, in the place of the oldest one where there are many.
    pub fn keep(&mut self, practice: PracticeId, played: Played) {
        self.practices.insert(practice, played);
        // An id begins with its time.
        while self.practices.len() > PLAYED {
            self.practices.pop_first();
        }
    }

    /// The certificate of a course, as far as it decides what somebody may do.
    #[must_use]
    pub fn passed(&self, course: &str) -> Option<Passed> {
        let Certificate { version, passed_ms, expires_ms, jws: _ } =
            self.certificates.get(course)?;
        Some(Passed { version: *version, passed_ms: *passed_ms, expires_ms: *expires_ms })
    }

    /// Until when they may claim and read.
    #[must_use]
    pub fn current_until(&self) -> UnixMillis {
        current_until(&self.dates, |course| self.passed(course))
    }

    /// Reads an item of somebody's training.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], without its table.
    pub fn read(mut item: Item) -> Result<Self, StoreError> {
        let staff = StaffId::parse(&take_string(&mut item, "k")?).ok_or(corrupt("k"))?;
        let grace_ms = optional(&mut item, "g", |item, name| read_number(item, name))?;
        let dates = Dates { grace_ms: grace_ms.unwrap_or(0), incidents: read_times(&item)? };
        if !item.contains_key("j") {
            return Ok(Self { dates, ..Self::of(staff) });
        }
        let content = take_string(&mut item, "j")?;
        let content = serde_json::from_str(&content).map_err(|_| corrupt("j"))?;
        let Content { certificates, attempts, practices } = content;
        let revision = read_number(&item, "n")?;
        Ok(Self { staff, dates, certificates, attempts, practices, revision })
    }
}

/// The times of confirmed incidents.
fn read_times(item: &Item) -> Result<Vec<UnixMillis>, StoreError> {
    let Some(times) = item.get("i") else { return Ok(Vec::new()) };
    let times = times.as_ss().map_err(|_| corrupt("i"))?.iter();
    times.map(|time| from_rfc3339(time).ok_or(corrupt("i"))).collect()
}

fn key_of(staff: StaffId) -> Key {
    Key::new(PARTITION, staff)
}

/// The table of trainings.
#[derive(Clone)]
pub struct Trainings {
    pub(super) table: Table,
    pub(super) clock: Clock,
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

    /// The write by which courses are asked for again of somebody who has an account, as part of the transaction
    /// that judges an incident about them. An account without an item gets one; its first days begin later.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    pub fn refresh_after(&self, staff: StaffId, at_ms: UnixMillis) -> Result<Write, StoreError> {
        let times = Value::Ss(vec![rfc3339(at_ms)]);
        update(&self.table, &key_of(staff), ("ADD i :i", ANYWAY), [(":i", times)])
    }

    /// The write that takes [`Trainings::refresh_after`] of that time back.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    pub fn refresh_not(&self, staff: StaffId, at_ms: UnixMillis) -> Result<Write, StoreError> {
        let times = Value::Ss(vec![rfc3339(at_ms)]);
        update(&self.table, &key_of(staff), ("DELETE i :i", ANYWAY), [(":i", times)])
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
        let mut training = self.find(staff).await?.unwrap_or_else(|| Training::of(staff));
        if training.dates.grace_ms > 0 {
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
        training.dates.grace_ms = read_number(&changed, "g").map_err(in_table(TABLE))?;
        Ok(training)
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

    /// Stores certificates, attempts and results together with `beside`, if nobody else has since they were
    /// read; false if somebody has.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn put(
        &self,
        training: &Training,
        beside: Option<Write>,
    ) -> Result<bool, StoreError> {
        let Training { staff, dates: _, certificates, attempts, practices, revision } = training;
        let content = Content {
            certificates: certificates.clone(),
            attempts: attempts.clone(),
            practices: practices.clone(),
        };
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_results_of_the_last_practices_are_kept() {
        let staff = StaffId::generate(&Clock::manual(0)).unwrap();
        let mut training = Training::of(staff);
        for at_ms in 0..30 {
            let played = Played { script: "parcel-refund".to_owned(), at_ms, good: 1, of: 5 };
            training.keep(PracticeId::at(at_ms, [0; 32]), played);
        }
        let kept: Vec<_> = training.practices.values().map(|played| played.at_ms).collect();
        assert_eq!(kept, (10..30).collect::<Vec<_>>());
    }

    #[test]
    fn a_training_from_before_there_were_practices_is_read() {
        let content: Content =
            serde_json::from_str(r#"{"certificates":{},"attempts":{}}"#).unwrap();
        assert!(content.practices.is_empty());
    }
}
