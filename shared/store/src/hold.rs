//! Legal holds: data under one is neither erased nor deleted when its time is up. A hold is on a
//! conversation, or on all data of a subject, later data included.
//!
//! Ledger item: `p` = `hold`, `k` the id, `u` subject, `c` the conversation if it is on one, `s` site,
//! `v` the sealed reason, `a` who placed it, `t` when, `d` when it is to be reviewed, `e` when it ends
//! by itself, if it does; `l` when it was released, `z` by whom unless it ended by itself, `w` the sealed
//! reason of that, if one was given, and only then `expires_at`. `q` says what is left to do: `freeze`
//! or `thaw` the TTL of what it is on, or `done`; `m` its code.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

use super::attributes::{
    EXPIRES_AT, Item, binary, corrupt, expiry, in_table, number, optional, read_number, string,
    take_binary, take_string,
};
use super::key_row::{Guarded, KeyRow};
use super::policy::StoredPolicy;
use super::security_event::{Action, SecurityEvent, SecurityEvents};
use super::table::key;
use super::write::{NEW, Write, put_if};
use super::{Store, StoreError};
use seal::envelope::Sealed;
use values::clock::UnixMillis;
use values::ids::{ConversationId, HoldId, StaffId, SubjectId};
use values::policy::{DAY_MS, RetentionPolicy};
use values::site::Site;

/// Days that what was held stays at least when it is released.
pub const AFTER_RELEASE_DAYS: i64 = 7;
/// Keys that one transaction wraps anew.
const KEYS_AT_ONCE: usize = 90;
/// How often a change is begun again that another write was in the way of.
const ATTEMPTS: usize = 16;

/// A hold.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
pub struct Hold {
    /// Its id.
    pub id: HoldId,
    /// The subject whose data it is on.
    pub subject: SubjectId,
    /// The conversation, if it is on one alone.
    pub conversation: Option<ConversationId>,
    /// The site.
    pub site: &'static Site,
    /// Why, sealed.
    pub reason: Sealed,
    /// The staff member who placed it.
    pub placed_by: StaffId,
    /// When.
    pub placed_ms: UnixMillis,
    /// When it is to be looked at again.
    pub review_ms: UnixMillis,
    /// When it ends by itself, if it does.
    pub ends_ms: Option<UnixMillis>,
    /// The release, if it was released.
    pub released: Option<Released>,
    /// Until when a released one is remembered.
    pub end_ms: UnixMillis,
    /// The work that is left.
    pub rest: Rest,
}

/// The release of a hold.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
pub struct Released {
    /// When.
    pub at_ms: UnixMillis,
    /// The staff member who released it; none when it ended by itself.
    pub by: Option<StaffId>,
    /// Why, sealed, if that was said.
    pub reason: Option<Sealed>,
}

/// The work that is left of a hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rest {
    /// The held data still has a TTL.
    Freeze,
    /// The released data has no TTL yet.
    Thaw,
    /// Nothing.
    Done,
}

impl Rest {
    const ALL: [Self; 3] = [Self::Freeze, Self::Thaw, Self::Done];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Freeze => "freeze",
            Self::Thaw => "thaw",
            Self::Done => "done",
        }
    }
}

/// The result of placing a hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placed {
    /// It holds.
    Holding,
    /// The data to hold was erased.
    Erased,
    /// There is no such thing, or not any more.
    Absent,
}

const PARTITION: &str = "hold";

impl Hold {
    pub(super) fn from_item(item: Item) -> Result<Self, StoreError> {
        Self::read_item(item).map_err(in_table("ledger"))
    }

    fn read_item(mut item: Item) -> Result<Self, StoreError> {
        let rest = take_string(&mut item, "q")?;
        let released = optional(&mut item, "l", |item, name| {
            let by = optional(item, "z", |item, name| {
                StaffId::parse(&take_string(item, name)?).ok_or(corrupt(name))
            })?;
            let reason = optional(item, "w", take_binary)?.map(Sealed::from_stored);
            Ok(Released { at_ms: read_number(item, name)?, by, reason })
        })?;
        let ends: Option<i64> =
            optional(&mut item, EXPIRES_AT, |item, name| read_number(item, name))?;
        let conversation = optional(&mut item, "c", |item, name| {
            ConversationId::from_slice(&take_binary(item, name)?).ok_or(corrupt(name))
        })?;
        let ends_ms = optional(&mut item, "e", |item, name| read_number(item, name))?;
        Ok(Self {
            id: HoldId::parse(&take_string(&mut item, "k")?).ok_or(corrupt("k"))?,
            subject: SubjectId::from_slice(&take_binary(&mut item, "u")?).ok_or(corrupt("u"))?,
            conversation,
            site: Site::find(&take_string(&mut item, "s")?).ok_or(corrupt("s"))?,
            reason: Sealed::from_stored(take_binary(&mut item, "v")?),
            placed_by: StaffId::parse(&take_string(&mut item, "a")?).ok_or(corrupt("a"))?,
            placed_ms: read_number(&item, "t")?,
            review_ms: read_number(&item, "d")?,
            ends_ms,
            released,
            end_ms: ends.unwrap_or_default().saturating_mul(1000),
            rest: Rest::ALL
                .into_iter()
                .find(|known| known.as_str() == rest)
                .ok_or(StoreError::OtherVersion)?,
        })
    }

    pub(super) fn to_item(&self) -> Item {
        let Self {
            id,
            subject,
            conversation,
            site,
            reason,
            placed_by,
            placed_ms,
            review_ms,
            ends_ms,
            released,
            end_ms,
            rest,
        } = self;
        let mut item = Item::from([
            ("p".to_owned(), string(PARTITION)),
            ("k".to_owned(), string(*id)),
            ("u".to_owned(), binary(subject.as_bytes().to_vec())),
            ("s".to_owned(), string(site.id)),
            ("v".to_owned(), binary(reason.as_stored())),
            ("a".to_owned(), string(*placed_by)),
            ("t".to_owned(), number(*placed_ms)),
            ("d".to_owned(), number(*review_ms)),
            ("q".to_owned(), string(rest.as_str())),
        ]);
        if let Some(id) = conversation {
            item.insert("c".to_owned(), binary(id.as_bytes().to_vec()));
        }
        if let Some(ends_ms) = ends_ms {
            item.insert("e".to_owned(), number(*ends_ms));
        }
        if let Some(Released { at_ms, by, reason }) = released {
            item.insert("l".to_owned(), number(*at_ms));
            if let Some(by) = by {
                item.insert("z".to_owned(), string(*by));
            }
            if let Some(reason) = reason {
                item.insert("w".to_owned(), binary(reason.as_stored()));
            }
            item.insert(EXPIRES_AT.to_owned(), expiry(*end_ms));
        }
        item
    }

    /// Whether it is on the row.
    fn is_on(&self, row: &KeyRow) -> bool {
        match (self.conversation, row.guarded) {
            (None, _) => true,
            (Some(held), Guarded::Conversation(id)) => held == id,
            (Some(_), Guarded::Profile { .. }) => false,
        }
    }
}

impl Store {
    /// Places a hold and tells of it as an event, in one transaction: from then on the keys that it is
    /// on are not destroyed. Their items lose their TTL in the sweep.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn place_hold(
        &self,
        events: &SecurityEvents,
        hold: &Hold,
        policy: &RetentionPolicy,
    ) -> Result<Placed, StoreError> {
        for _ in 0..ATTEMPTS {
            let rows = self.rows_of(hold.subject).await?;
            let now_ms = self.clock.now_ms();
            let on = || rows.keys.iter().filter(|row| hold.is_on(row));
            // A conversation that an erasure kept under one hold may get another hold too.
            let was_kept = hold.conversation.is_some() && on().any(|row| !row.holds.is_empty());
            if rows.subject.erased.is_some() && !was_kept {
                return Ok(Placed::Erased);
            }
            if hold.conversation.is_some() && on().any(KeyRow::is_destroyed) {
                return Ok(Placed::Erased);
            }
            // A row past its time does not exist, whether the sweep was there or not.
            let on: Vec<&KeyRow> = on().filter(|row| row.is_kept(policy, now_ms)).collect();
            if on.is_empty() {
                return Ok(Placed::Absent);
            }
            let event = SecurityEvent::by(hold.placed_by, Action::HoldPlaced, hold.id);
            let item = self.with_code(hold.to_item()).await?;
            let mut writes = self
                .transaction()
                .and(put_if(&self.ledger_table, item, NEW, [])?)
                .and(events.put(event).await?);
            if hold.conversation.is_none() {
                let holds = with(&rows.subject.holds, hold.id);
                writes.push(self.put_subject_holds(hold.subject, &rows.subject, &holds, now_ms)?);
            }
            let (first, rest) = on.split_at(on.len().min(KEYS_AT_ONCE));
            for row in first {
                writes.push(self.rewrapped(row, with(&row.holds, hold.id), policy).await?);
            }
            if !writes.commit("place_hold").await?.is_whole() {
                continue;
            }
            for row in rest {
                self.hold_row(row.subject, row.guarded, hold.id, policy).await?;
            }
            self.forget(&rows);
            return Ok(Placed::Holding);
        }
        Err(StoreError::Unavailable)
    }

    /// Releases a hold, in one transaction with its event. Data under no other hold stays until its
    /// old end, and for seven days at least.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn release_hold(
        &self,
        events: &SecurityEvents,
        hold: &Hold,
        (by, reason): (Option<StaffId>, Option<Sealed>),
        policy: &RetentionPolicy,
    ) -> Result<Hold, StoreError> {
        for _ in 0..ATTEMPTS {
            let now_ms = self.clock.now_ms();
            let released = Hold {
                released: Some(Released { at_ms: now_ms, by, reason: reason.clone() }),
                end_ms: policy.audit_end_ms(now_ms),
                rest: Rest::Thaw,
                ..hold.clone()
            };
            let event = SecurityEvent::by_whom(by, Action::HoldReleased, hold.id);
            let item = self.with_code(released.to_item()).await?;
            let rows = self.rows_of(hold.subject).await?;
            let on: Vec<&KeyRow> = rows
                .keys
                .iter()
                .filter(|row| !row.is_destroyed() && row.holds.contains(&hold.id))
                .collect();
            let mut writes = self
                .transaction()
                .and(put_if(&self.ledger_table, item, IN_FORCE, [])?)
                .and(events.put(event).await?);
            if rows.subject.holds.contains(&hold.id) {
                let holds = without(&rows.subject.holds, hold.id);
                writes.push(self.put_subject_holds(hold.subject, &rows.subject, &holds, now_ms)?);
            }
            let (first, rest) = on.split_at(on.len().min(KEYS_AT_ONCE));
            for row in first {
                writes.push(self.rewrapped(row, without(&row.holds, hold.id), policy).await?);
            }
            if !writes.commit("release_hold").await?.is_whole() {
                // A quicker caller may have released it; in every other case it is tried again.
                match self.find_hold(hold.id).await? {
                    Some(there) if there.released.is_some() => return Ok(there),
                    Some(_) => continue,
                    None => return Err(corrupt("k").in_table("ledger")),
                }
            }
            for row in rest {
                let write = self.rewrapped(row, without(&row.holds, hold.id), policy).await?;
                let _ours = self.transaction().and(write).commit("release_hold_rest").await?;
            }
            self.forget(&rows);
            return Ok(released);
        }
        Err(StoreError::Unavailable)
    }

    /// The hold of that id, released or not.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_hold(&self, id: HoldId) -> Result<Option<Hold>, StoreError> {
        let found = self.ledger_table.get("find_hold", key(PARTITION, id)).await?;
        self.settings.proven_row(found, Hold::from_item).await
    }

    /// All holds that are in force or were not finished. One that is damaged stands for itself.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn holds(&self) -> Result<Vec<Result<Hold, StoreError>>, StoreError> {
        let values = HashMap::from([(":done".to_owned(), string(Rest::Done.as_str()))]);
        self.holds_where("attribute_not_exists(l) OR q <> :done", values).await
    }

    async fn holds_where(
        &self,
        filter: &str,
        values: HashMap<String, AttributeValue>,
    ) -> Result<Vec<Result<Hold, StoreError>>, StoreError> {
        let items =
            self.ledger_table.query_where("find_holds", PARTITION, Some((filter, values))).await?;
        self.settings.proven(items, Hold::from_item).await
    }

    /// Holds that are in force, or were until eight days ago: what they were on may still be wrapped by
    /// keys of long ago.
    ///
    /// # Errors
    /// [`StoreError`], also when one of them is damaged.
    pub async fn holds_of_late(&self) -> Result<Vec<Hold>, StoreError> {
        let since_ms = self.clock.now_ms() - (AFTER_RELEASE_DAYS + 1) * DAY_MS;
        let values = HashMap::from([(":since".to_owned(), number(since_ms))]);
        let holds = self.holds_where("attribute_not_exists(l) OR l > :since", values).await?;
        holds.into_iter().collect()
    }

    /// All holds that are remembered, released or not. One that is damaged stands for itself.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn all_holds(&self) -> Result<Vec<Result<Hold, StoreError>>, StoreError> {
        let items = self.ledger_table.query("find_holds", PARTITION).await?;
        self.settings.proven(items, Hold::from_item).await
    }

    /// Takes a released hold again from rows that were restored from the time in which it held.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn release_again(
        &self,
        hold: &Hold,
        policy: &RetentionPolicy,
    ) -> Result<(), StoreError> {
        let rows = self.rows_of(hold.subject).await?;
        if rows.subject.erased.is_none() && rows.subject.holds.contains(&hold.id) {
            let (holds, now_ms) = (without(&rows.subject.holds, hold.id), self.clock.now_ms());
            let write = self.put_subject_holds(hold.subject, &rows.subject, &holds, now_ms)?;
            self.transaction().and(write).commit_or_fail("release_again").await?;
        }
        for row in &rows.keys {
            if !row.is_destroyed() && row.holds.contains(&hold.id) {
                let write = match self.rewrapped(row, without(&row.holds, hold.id), policy).await {
                    // Its branch key was retired: a row that nobody can open holds nothing back.
                    Err(StoreError::Corrupt { .. }) => {
                        let left = row.destroyed(self.clock.now_ms());
                        self.replaced(row, left, "w = :w")?
                    }
                    write => write?,
                };
                self.transaction().and(write).commit_or_fail("release_again").await?;
            }
        }
        Ok(())
    }

    /// Places a hold again on rows that were restored from before it, or that placing it did not
    /// reach. Rows that had ended when it was placed stay ended.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn hold_again(&self, hold: &Hold, policy: &StoredPolicy) -> Result<(), StoreError> {
        let rows = self.rows_of(hold.subject).await?;
        if hold.conversation.is_none()
            && rows.subject.erased.is_none()
            && !rows.subject.holds.contains(&hold.id)
        {
            let holds = with(&rows.subject.holds, hold.id);
            let now_ms = self.clock.now_ms();
            let write = self.put_subject_holds(hold.subject, &rows.subject, &holds, now_ms)?;
            self.transaction().and(write).commit_or_fail("hold_again").await?;
        }
        // Under a policy that was changed since, it cannot be told what had ended; then it is held.
        let changed_since = policy.changed_ms.is_some_and(|at_ms| at_ms > hold.placed_ms);
        let was_there = |row: &KeyRow| changed_since || row.is_kept(&policy.policy, hold.placed_ms);
        for row in rows.keys.iter().filter(|row| hold.is_on(row) && was_there(row)) {
            self.hold_row(row.subject, row.guarded, hold.id, &policy.policy).await?;
        }
        Ok(())
    }

    /// Stores the new state of a hold, if it is still as it was read.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn finish_hold(&self, hold: &Hold) -> Result<(), StoreError> {
        let done = Hold { rest: Rest::Done, ..hold.clone() };
        let unchanged = [(":q", string(hold.rest.as_str()))];
        let item = self.with_code(done.to_item()).await?;
        let write = put_if(&self.ledger_table, item, "q = :q", unchanged)?;
        let _ours = self.transaction().and(write).commit("finish_hold").await?;
        Ok(())
    }

    /// The rows that a hold is on, with their subject's others.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn rows_on_hold(&self, hold: &Hold) -> Result<Vec<KeyRow>, StoreError> {
        let rows = self.rows_of(hold.subject).await?;
        Ok(rows.keys.into_iter().filter(|row| hold.is_on(row) && !row.is_destroyed()).collect())
    }

    async fn hold_row(
        &self,
        subject: SubjectId,
        guarded: Guarded,
        hold: HoldId,
        policy: &RetentionPolicy,
    ) -> Result<(), StoreError> {
        for _ in 0..ATTEMPTS {
            let rows = self.rows_of(subject).await?;
            let row = rows.keys.iter().find(|row| row.guarded == guarded);
            let Some(row) = row.filter(|row| !row.is_destroyed() && !row.holds.contains(&hold))
            else {
                return Ok(());
            };
            let write = self.rewrapped(row, with(&row.holds, hold), policy).await?;
            if self.transaction().and(write).commit("place_hold_rest").await?.is_whole() {
                return Ok(());
            }
        }
        Err(StoreError::Unavailable)
    }

    /// The replacement of a row by itself under these holds, if it is still the same.
    async fn rewrapped(
        &self,
        row: &KeyRow,
        holds: Vec<HoldId>,
        policy: &RetentionPolicy,
    ) -> Result<Write, StoreError> {
        let branch_key = self.key_that_opens(row).await?;
        let week_on = self.clock.now_ms() + AFTER_RELEASE_DAYS * DAY_MS;
        let until_ms = row.end_ms(policy).max(week_on);
        let next = row.with_holds(&branch_key, holds, until_ms)?;
        self.replaced(row, next.to_item(until_ms), "w = :w")
    }
}

/// The condition under which a hold was not released.
const IN_FORCE: &str = "attribute_exists(p) AND attribute_not_exists(l)";

fn with(holds: &[HoldId], id: HoldId) -> Vec<HoldId> {
    holds.iter().copied().chain([id]).collect()
}

fn without(holds: &[HoldId], id: HoldId) -> Vec<HoldId> {
    holds.iter().copied().filter(|held| *held != id).collect()
}
