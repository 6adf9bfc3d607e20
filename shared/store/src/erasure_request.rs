//! Erasures that are not finished: those whose keys are destroyed and whose ciphertext is not, and
//! those that wait for a hold to end.
//!
//! Ledger items: `p` = `unfinished`, `k` the erasure's number; and `p` = `waiting`, `k` a subject, `n`
//! the number of the erasure that kept something, or of one that was refused altogether `b` basis, `r`
//! when it was asked for, `i` hash of idempotency key and body, `a` by whom of the staff. All have
//! `expires_at`, far away. What waits has a code, `m`: it is carried out by itself.

use super::attributes::{
    EXPIRES_AT, Item, binary, corrupt, expiry, in_table, number, optional, read_number, string,
    take_binary, take_string,
};
use super::erasure::{OfNothing, Request};
use super::ledger::{Basis, Entry, Rest};
use super::security_event::{Action, SecurityEvent, SecurityEvents};
use super::table::key;
use super::write::{NEW, Write, delete_if, put, put_if};
use super::{Store, StoreError};
use values::clock::UnixMillis;
use values::ids::{StaffId, SubjectId};
use values::policy::RetentionPolicy;
use values::site::Site;

const UNFINISHED: &str = "unfinished";
pub(super) const WAITING: &str = "waiting";

/// An erasure that waits for a hold to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ErasureRequest {
    /// The subject.
    pub subject: SubjectId,
    /// The part that waits.
    pub what: Waiting,
}

/// The part of an erasure that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waiting {
    /// The conversations that the erasure of this number has kept.
    Kept(u64),
    /// All of it.
    Whole(Request, Option<StaffId>),
}

/// An erasure whose ciphertext is not deleted yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unfinished {
    /// Its number.
    pub number: u64,
    /// Since when, to the second.
    pub since_ms: UnixMillis,
}

impl ErasureRequest {
    pub(super) fn from_item(item: Item) -> Result<Self, StoreError> {
        Self::read_item(item).map_err(in_table("ledger"))
    }

    fn read_item(mut item: Item) -> Result<Self, StoreError> {
        let subject = SubjectId::parse(&take_string(&mut item, "k")?).ok_or(corrupt("k"))?;
        if item.contains_key("n") {
            return Ok(Self { subject, what: Waiting::Kept(read_number(&item, "n")?) });
        }
        let by = optional(&mut item, "a", |item, name| {
            StaffId::parse(&take_string(item, name)?).ok_or(corrupt(name))
        })?;
        let basis = Basis::find(&take_string(&mut item, "b")?).ok_or(StoreError::OtherVersion)?;
        let request = Request {
            subject,
            site: Site::find(&take_string(&mut item, "s")?).ok_or(corrupt("s"))?,
            basis,
            requested_ms: read_number(&item, "r")?,
            idempotency: take_binary(&mut item, "i")?.try_into().map_err(|_| corrupt("i"))?,
            // It is carried out even if nothing is stored by then.
            of_nothing: OfNothing::Entered,
        };
        Ok(Self { subject, what: Waiting::Whole(request, by) })
    }

    pub(super) fn to_item(self, end_ms: UnixMillis) -> Item {
        let Self { subject, what } = self;
        let mut item = row(WAITING, subject, end_ms);
        match what {
            Waiting::Kept(kept_by) => {
                item.insert("n".to_owned(), number(kept_by));
            }
            Waiting::Whole(request, by) => {
                let Request { subject: _, site, basis, requested_ms, idempotency, of_nothing: _ } =
                    request;
                item.insert("b".to_owned(), string(basis.as_str()));
                item.insert("r".to_owned(), number(requested_ms));
                item.insert("i".to_owned(), binary(idempotency));
                item.insert("s".to_owned(), string(site.id));
                if let Some(by) = by {
                    item.insert("a".to_owned(), string(by));
                }
            }
        }
        item
    }
}

impl Store {
    /// Stores a request for an erasure that a hold does not allow, with an event if a staff member
    /// asked. The first request of a subject counts; but the subject's own replaces that of the
    /// staff, since only the staff's is ever cancelled.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn wait_for_release(
        &self,
        request: &Request,
        (events, by): (&SecurityEvents, Option<StaffId>),
    ) -> Result<(), StoreError> {
        let what = Waiting::Whole(*request, by);
        let request = ErasureRequest { subject: request.subject, what };
        let item = self.with_code(request.to_item(self.far_end_ms())).await?;
        let condition =
            if by.is_some() { NEW } else { "attribute_not_exists(p) OR attribute_exists(a)" };
        let mut writes = self.transaction().and(put_if(&self.ledger_table, item, condition, [])?);
        if let Some(by) = by {
            let event = SecurityEvent::by(by, Action::ErasureWaits, request.subject);
            writes.push(events.put(event).await?);
        }
        // There is a request already: one is enough.
        let _new = writes.commit("wait_for_release").await?;
        Ok(())
    }

    /// All requests. One that is damaged stands for itself.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn erasure_requests(
        &self,
    ) -> Result<Vec<Result<ErasureRequest, StoreError>>, StoreError> {
        let items = self.ledger_table.query("find_wishes", WAITING).await?;
        self.settings.proven(items, ErasureRequest::from_item).await
    }

    /// The request of a subject.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_erasure_request(
        &self,
        subject: SubjectId,
    ) -> Result<Option<ErasureRequest>, StoreError> {
        let found = self.ledger_table.get("find_erasure_request", key(WAITING, subject)).await?;
        self.settings.proven_row(found, ErasureRequest::from_item).await
    }

    /// Forgets the staff's request for a subject, and no other: part of a transaction.
    pub(super) fn cancel_erasure_request(&self, subject: SubjectId) -> Result<Write, StoreError> {
        delete_if(&self.ledger_table, key(WAITING, subject), "attribute_exists(a)", [])
    }

    /// Forgets that an erasure of this number has kept something: part of a transaction.
    pub(super) fn fulfilled(&self, subject: SubjectId, kept_by: u64) -> Result<Write, StoreError> {
        let values = [(":n", number(kept_by))];
        delete_if(&self.ledger_table, key(WAITING, subject), "n = :n", values)
    }

    /// Forgets a request, which was fulfilled.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn forget_erasure_request(&self, subject: SubjectId) -> Result<(), StoreError> {
        self.ledger_table.delete("forget_erasure_request", key(WAITING, subject)).await
    }

    /// The erasures whose ciphertext is not deleted yet, the oldest first. One that is damaged stands for
    /// itself.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn unfinished(&self) -> Result<Vec<Result<Unfinished, StoreError>>, StoreError> {
        let items = self.ledger_table.query("find_unfinished", UNFINISHED).await?;
        let read = |mut item: Item| {
            let number = take_string(&mut item, "k")?.parse().map_err(|_| corrupt("k"))?;
            let end_seconds: i64 = read_number(&item, EXPIRES_AT)?;
            let since_ms = end_seconds.saturating_mul(1000) - RetentionPolicy::LONGEST_MS;
            Ok(Unfinished { number, since_ms })
        };
        Ok(items.into_iter().map(read).collect())
    }

    /// Takes an erasure that nothing bears out off the unfinished ones, in one transaction with the
    /// event that tells of it: it is told once.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn finish_unproven(
        &self,
        events: &SecurityEvents,
        entry: &Entry,
    ) -> Result<(), StoreError> {
        let key = key(UNFINISHED, Entry::key(entry.number));
        let gone = delete_if(&self.ledger_table, key, "attribute_exists(p)", [])?;
        let event = SecurityEvent::of(Action::ErasureUnproven, entry.subject);
        let unproven = self.transaction().and(gone).and(events.put(event).await?);
        let _ours = unproven.commit("unproven").await?;
        Ok(())
    }

    /// Takes an erasure off the unfinished ones.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn finished(&self, number: u64) -> Result<(), StoreError> {
        self.ledger_table.delete("finished", key(UNFINISHED, Entry::key(number))).await
    }

    /// Puts an erasure among the unfinished ones.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn unfinish(&self, entry: &Entry) -> Result<(), StoreError> {
        let item = row(UNFINISHED, Entry::key(entry.number), self.far_end_ms());
        self.ledger_table.put("unfinish", item).await
    }

    /// The writes that list an erasure as unfinished and store that it kept something: part of its
    /// transaction.
    pub(super) async fn rest_of(&self, entry: &Entry) -> Result<Vec<Write>, StoreError> {
        let mut items = Vec::new();
        if entry.rest == Rest::Purge {
            items.push(row(UNFINISHED, Entry::key(entry.number), self.far_end_ms()));
        }
        if !entry.kept.is_empty() {
            let what = Waiting::Kept(entry.number);
            let request = ErasureRequest { subject: entry.subject, what };
            items.push(self.with_code(request.to_item(self.far_end_ms())).await?);
        }
        items.into_iter().map(|item| put(&self.ledger_table, item)).collect()
    }

    /// A hold may last for years, and a request that waits for it must not be forgotten before.
    fn far_end_ms(&self) -> UnixMillis {
        self.clock.now_ms() + RetentionPolicy::LONGEST_MS
    }
}

fn row(partition: &str, sort: impl Into<String>, end_ms: UnixMillis) -> Item {
    let mut item = key(partition, sort);
    item.insert(EXPIRES_AT.to_owned(), expiry(end_ms));
    item
}
