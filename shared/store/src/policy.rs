//! A site's retention policy.
//!
//! Settings item: `p` the site, `k` = `retention`; `d`, `l`, `a`, `c` the days of transcripts, contacts,
//! audit events and of conversations that take messages; `e`, `f` the most days that a transcript and
//! a contact were ever promised; `v`, `z` up to when conversations were opened, and contacts left, that
//! had ended when the policy was last changed; `g`, `h` the fewest days that visitors were shown before,
//! who may agree to them up to `i`; `o` up to when conversations were opened that took no more messages
//! then; `n` version, one more with each change; `t` when it was changed; `m` its code.

use std::sync::PoisonError;

use super::attributes::{Item, corrupt, in_table, number, read_number, string, take_string};
use super::branch_row::sort_key;
use super::settings::Settings;
use super::write::{Transaction, Write, put_if};
use super::{StoreError, fault};
use seal::place::{BranchName, Purpose};
use values::clock::{self, UnixMillis};
use values::policy::{DAY_MS, RetentionPolicy, Shown};
use values::site::Site;

/// Days that a branch key is kept beyond the last end of what it wraps: what was released from a hold
/// has seven, and a sweep that was down for a day shall find it.
pub const RETIRED_AFTER_DAYS: i64 = 9;

/// The sort key of a policy.
pub(super) const POLICY: &str = "retention";

/// A policy as it is in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredPolicy {
    /// The days.
    pub policy: RetentionPolicy,
    /// One more with each change; 0 of a site that nobody has changed.
    pub version: u64,
    /// When it was changed.
    pub changed_ms: Option<UnixMillis>,
    /// The most days that a transcript was ever promised.
    pub longest_transcript_days: u16,
    /// The most days that a contact was ever promised.
    pub longest_lead_days: u16,
}

impl StoredPolicy {
    /// The policy of a site until somebody changes it.
    #[must_use]
    pub fn shipped(site: &Site) -> Self {
        Self {
            policy: site.policy,
            version: 0,
            changed_ms: None,
            longest_transcript_days: site.policy.transcript_days(),
            longest_lead_days: site.policy.lead_days(),
        }
    }

    /// A policy under which nothing ends before what was promised of it: while it is not known which
    /// one is in force.
    ///
    /// # Errors
    /// [`StoreError::Failed`] never: its days are the bounds.
    pub fn promised(site: &Site) -> Result<Self, StoreError> {
        let [transcripts, leads, audit, taking] = [
            RetentionPolicy::TRANSCRIPT_DAYS,
            RetentionPolicy::LEAD_DAYS,
            RetentionPolicy::AUDIT_DAYS,
            RetentionPolicy::CONVERSATION_MAX_DAYS,
        ]
        .map(|bounds| u64::from(bounds.max));
        let policy = RetentionPolicy::new(transcripts, leads, audit, taking);
        let policy = policy.map_err(|_| StoreError::Failed)?;
        let (longest_transcript_days, longest_lead_days) =
            (policy.transcript_days(), policy.lead_days());
        Ok(Self { policy, longest_transcript_days, longest_lead_days, ..Self::shipped(site) })
    }

    /// Reads an item.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when it is no policy.
    pub(super) fn from_item(item: &Item) -> Result<Self, StoreError> {
        Self::read_item(item).map_err(in_table("settings"))
    }

    fn read_item(item: &Item) -> Result<Self, StoreError> {
        let policy = RetentionPolicy::new(
            read_number(item, "d")?,
            read_number(item, "l")?,
            read_number(item, "a")?,
            read_number(item, "c")?,
        );
        Ok(Self {
            policy: policy
                .map_err(|_| corrupt("d"))?
                .with_ended(read_number(item, "v")?, read_number(item, "z")?)
                .with_closed(read_number(item, "o")?)
                .with_shown(Shown {
                    transcript_days: read_number(item, "g")?,
                    lead_days: read_number(item, "h")?,
                    until_ms: read_number(item, "i")?,
                }),
            version: read_number(item, "n")?,
            changed_ms: Some(read_number(item, "t")?),
            longest_transcript_days: read_number(item, "e")?,
            longest_lead_days: read_number(item, "f")?,
        })
    }

    pub(super) fn to_item(self, site: &Site) -> Item {
        let Self { policy, version, changed_ms, longest_transcript_days, longest_lead_days } = self;
        let (ended_transcripts_ms, ended_leads_ms) = policy.ended_ms();
        let Shown { transcript_days, lead_days, until_ms } = policy.shown();
        Item::from([
            ("p".to_owned(), string(site.id)),
            ("k".to_owned(), string(POLICY)),
            ("d".to_owned(), number(policy.transcript_days())),
            ("l".to_owned(), number(policy.lead_days())),
            ("a".to_owned(), number(policy.audit_days())),
            ("c".to_owned(), number(policy.conversation_max_days())),
            ("e".to_owned(), number(longest_transcript_days)),
            ("f".to_owned(), number(longest_lead_days)),
            ("n".to_owned(), number(version)),
            ("t".to_owned(), number(changed_ms.unwrap_or_default())),
            ("v".to_owned(), number(ended_transcripts_ms)),
            ("z".to_owned(), number(ended_leads_ms)),
            ("o".to_owned(), number(policy.closed_ms())),
            ("g".to_owned(), number(transcript_days)),
            ("h".to_owned(), number(lead_days)),
            ("i".to_owned(), number(until_ms)),
        ])
    }
}

impl Settings {
    /// The site's policy as it is in force (one read).
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn retention_policy(&self, site: &Site) -> Result<StoredPolicy, StoreError> {
        let stored = self.policy_in(site, self.find_policy(site).await?).await?;
        let mut known = self.policies.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(site.id, stored.policy);
        Ok(stored)
    }

    /// The policy of an item that was read; what nobody has stored is what the site ships with.
    pub(super) async fn policy_in(
        &self,
        site: &Site,
        item: Option<Item>,
    ) -> Result<StoredPolicy, StoreError> {
        let stored = self.proven_row(item, |item| StoredPolicy::from_item(&item)).await?;
        Ok(stored.unwrap_or_else(|| StoredPolicy::shipped(site)))
    }

    /// The days for which events are kept, for who has no key to check the policy with: within their
    /// bounds, whatever stands there.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn policy_of_events(&self, site: &Site) -> Result<RetentionPolicy, StoreError> {
        let found = self.find_policy(site).await?;
        let stored = found.and_then(|item| StoredPolicy::from_item(&item).ok());
        Ok(stored.map_or(site.policy, |stored| stored.policy))
    }

    async fn find_policy(&self, site: &Site) -> Result<Option<Item>, StoreError> {
        let found = self
            .dynamo
            .get_item()
            .table_name(&self.table)
            .key("p", string(site.id))
            .key("k", string(POLICY))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| fault("find_policy", &error))?;
        Ok(found.item)
    }

    /// The site's policy, or the one that this function knew last when there is no answer. For what is
    /// only said: by it nothing is kept or destroyed.
    ///
    /// # Errors
    /// [`StoreError`] when none is known.
    pub async fn policy_to_say(&self, site: &Site) -> Result<RetentionPolicy, StoreError> {
        match self.retention_policy(site).await {
            Ok(stored) => Ok(stored.policy),
            Err(error) => {
                let known = self.policies.lock().unwrap_or_else(PoisonError::into_inner);
                known.get(site.id).copied().ok_or(error)
            }
        }
    }

    /// Puts `policy` in the place of `known`, in one transaction with the event that tells of it;
    /// `None` when somebody else has changed it meanwhile. Its version is behind `followed`, which the
    /// stored ends follow: a row that was put back to an earlier state has an earlier one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn put_retention_policy(
        &self,
        site: &Site,
        (known, followed): (&StoredPolicy, Option<u64>),
        policy: RetentionPolicy,
        events: Vec<Write>,
    ) -> Result<Option<StoredPolicy>, StoreError> {
        let now_ms = self.clock.now_ms();
        let changed = StoredPolicy {
            policy: known.policy.replaced_by(policy, now_ms),
            version: known.version.max(followed.unwrap_or_default()) + 1,
            changed_ms: Some(now_ms),
            longest_transcript_days: known.longest_transcript_days.max(policy.transcript_days()),
            longest_lead_days: known.longest_lead_days.max(policy.lead_days()),
        };
        let unchanged = [(":n", number(known.version))];
        let condition = "attribute_not_exists(p) OR n = :n";
        let item = self.evidence().await?.sign(changed.to_item(site))?;
        let put = put_if(&self.table, item, condition, unchanged)?;
        let writes = Transaction::new(self.dynamo.clone()).and(put).and_all(events);
        Ok(writes.commit("put_policy").await?.is_whole().then_some(changed))
    }

    /// Deletes the branch keys of a site's months whose conversations and contacts are all gone, unless
    /// one of them is in use, and says how many.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn retire_branches(
        &self,
        site: &Site,
        policy: &StoredPolicy,
        in_use: &[BranchName],
    ) -> Result<usize, StoreError> {
        let mut retired = 0;
        let kinds = [
            (Purpose::Transcript, policy.longest_transcript_days),
            (Purpose::Profile, policy.longest_lead_days),
        ];
        for (purpose, longest_days) in kinds {
            let prefix = format!("branch#{}#", purpose.as_str());
            let last_ms =
                self.clock.now_ms() - (i64::from(longest_days) + RETIRED_AFTER_DAYS) * DAY_MS;
            // A key of this month or later may still wrap something.
            let least = format!("{prefix}{}", clock::month(last_ms));
            let found = self
                .dynamo
                .query()
                .table_name(&self.table)
                .key_condition_expression("p = :p AND k BETWEEN :first AND :least")
                .expression_attribute_values(":p", string(site.id))
                .expression_attribute_values(":first", string(&*prefix))
                .expression_attribute_values(":least", string(&*least))
                .projection_expression("k")
                .consistent_read(true)
                .send()
                .await
                .map_err(|error| fault("find_old_branch_keys", &error))?;
            for mut item in found.items.unwrap_or_default() {
                let key = take_string(&mut item, "k")?;
                if key == least || in_use.iter().any(|name| sort_key(name) == key) {
                    continue;
                }
                self.dynamo
                    .delete_item()
                    .table_name(&self.table)
                    .key("p", string(site.id))
                    .key("k", string(key))
                    .send()
                    .await
                    .map_err(|error| fault("retire_branch_key", &error))?;
                retired += 1;
            }
        }
        Ok(retired)
    }
}
