//! A subject as a whole: whether they were erased, whether all that is theirs is held, and which of
//! their sessions are ended. There is a row only if one of these is so.
//!
//! Item of the keys table: `u` subject, `c` = `subject`; `g` receipt and `n` number of the erasure
//! (none when there was nothing to erase), or `h` the holds; `e` the last second whose sessions are
//! ended; `expires_at` unless it is held.

use aws_sdk_dynamodb::types::AttributeValue;

use super::attributes::{
    EXPIRES_AT, Item, binary, corrupt, expiry, in_table, number, optional, read_number, string,
    take_string,
};
use super::customer::WayBack;
use super::key_row::{KeyRow, holds_value, take_holds};
use super::write::{Write, check, put_if};
use super::{Store, StoreError, fault};
use values::clock::UnixMillis;
use values::ids::{HoldId, ReceiptId, SubjectId};
use values::policy::DAY_MS;
use values::token_life::{RENEWAL_SECONDS, TOKEN_SECONDS};

/// The sort key of the row.
const SUBJECT: &[u8] = b"subject";
/// How long it is kept that sessions are ended: until the last of their tokens gives no new one, and a
/// day more, for a function whose clock is late.
pub const ENDED_MS: i64 = (TOKEN_SECONDS + RENEWAL_SECONDS) * 1_000 + DAY_MS;

/// Whether there is something about the subject as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Subject {
    /// The erasure.
    pub erased: Option<Erased>,
    /// The holds on all that is theirs.
    pub holds: Vec<HoldId>,
    /// The last second whose sessions are ended.
    pub ended: Option<i64>,
    /// Until which second the row is kept; not one that is held.
    pub kept_until: Option<i64>,
}

/// The erasure of a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Erased {
    /// The receipt.
    pub receipt: ReceiptId,
    /// The number of the erasure in the ledger; none when there was nothing to erase.
    pub number: Option<u64>,
}

/// All rows of a subject.
pub struct Rows {
    /// The subject as a whole.
    pub subject: Subject,
    /// The keys, destroyed or not.
    pub keys: Vec<KeyRow>,
    /// The way back to the row of a customer whom the site's server has named.
    pub way_back: Option<WayBack>,
}

impl Subject {
    /// Whether the subject is marked as erased, by the erasure with this receipt.
    #[must_use]
    pub fn has(&self, receipt: ReceiptId) -> bool {
        self.erased.is_some_and(|erased| erased.receipt == receipt)
    }

    pub(super) fn from_item(item: Item) -> Result<Self, StoreError> {
        Self::read_item(item).map_err(in_table("keys"))
    }

    fn read_item(mut item: Item) -> Result<Self, StoreError> {
        let holds = take_holds(&mut item)?;
        let erased = optional(&mut item, "g", |item, name| {
            let receipt = ReceiptId::parse(&take_string(item, name)?);
            let receipt = receipt.ok_or(corrupt(name))?;
            let number = optional(item, "n", |item, name| read_number(item, name))?;
            Ok(Erased { receipt, number })
        })?;
        let ended = optional(&mut item, "e", |item, name| read_number(item, name))?;
        let kept_until = optional(&mut item, EXPIRES_AT, |item, name| read_number(item, name))?;
        Ok(Self { erased, holds, ended, kept_until })
    }

    /// The item to store, to be deleted at `end_ms`, or when nothing can be renewed any more of the
    /// sessions that are ended, unless it is held.
    pub(super) fn to_item(&self, subject: SubjectId, end_ms: UnixMillis) -> Item {
        let Self { erased, holds, ended, kept_until: _ } = self;
        let mut item = key_of(subject);
        let mut end_ms = end_ms;
        if let Some(ended) = ended {
            item.insert("e".to_owned(), number(*ended));
            end_ms = end_ms.max(ended.saturating_mul(1_000).saturating_add(ENDED_MS));
        }
        if let Some(Erased { receipt, number: at }) = erased {
            item.insert("g".to_owned(), string(*receipt));
            if let Some(at) = at {
                item.insert("n".to_owned(), number(*at));
            }
        }
        if holds.is_empty() {
            item.insert(EXPIRES_AT.to_owned(), expiry(end_ms));
        } else {
            item.insert("h".to_owned(), holds_value(holds));
        }
        item
    }
}

/// The key of a subject's row.
pub(super) fn key_of(subject: SubjectId) -> Item {
    Item::from([
        ("u".to_owned(), binary(subject.as_bytes().to_vec())),
        ("c".to_owned(), binary(SUBJECT)),
    ])
}

/// Whether an item of the keys table is a subject's row.
pub(super) fn is_row(item: &Item) -> bool {
    item.get("c") == Some(&binary(SUBJECT))
}

impl Store {
    /// All rows of a subject, by one consistent query; those past their time are among them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn rows_of(&self, subject: SubjectId) -> Result<Rows, StoreError> {
        let mut pages = self
            .dynamo
            .query()
            .table_name(&self.keys_table)
            .key_condition_expression("u = :u")
            .expression_attribute_values(":u", binary(subject.as_bytes().to_vec()))
            .consistent_read(true)
            .into_paginator()
            .items()
            .send();
        let mut rows = Rows { subject: Subject::default(), keys: Vec::new(), way_back: None };
        while let Some(item) = pages.next().await {
            let item = item.map_err(|error| fault("find_rows_of_subject", &error))?;
            if is_row(&item) {
                rows.subject = Subject::from_item(item)?;
            } else if WayBack::is_in(&item) {
                rows.way_back = WayBack::from_item(item)?;
            } else if let Some(row) = KeyRow::from_item(item)? {
                rows.keys.push(row);
            }
        }
        Ok(rows)
    }

    /// The data about the subject as a whole.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_subject(&self, subject: SubjectId) -> Result<Subject, StoreError> {
        let found = self
            .dynamo
            .get_item()
            .table_name(&self.keys_table)
            .set_key(Some(key_of(subject)))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| fault("find_subject", &error))?;
        found.item.map_or(Ok(Subject::default()), Subject::from_item)
    }

    /// The condition for storing anything new of a subject, as part of that transaction: nothing of
    /// an erased one, nothing of a held one without its hold, and nothing in an ended session.
    pub(super) fn unless_changed(
        &self,
        (subject, began): (SubjectId, i64),
        known: &Subject,
    ) -> Result<Write, StoreError> {
        let (condition, value) = condition_of(known);
        let values = value.into_iter().chain([(":began", number(began))]);
        let condition = format!("{condition} AND (attribute_not_exists(e) OR e < :began)");
        check(&self.keys_table, key_of(subject), &condition, values)
    }

    /// The write that marks the subject as erased, in the place of `known`.
    pub(super) fn put_erased(
        &self,
        subject: SubjectId,
        known: &Subject,
        erased: Erased,
        end_ms: UnixMillis,
    ) -> Result<Write, StoreError> {
        let erased = Subject { erased: Some(erased), holds: Vec::new(), ..known.clone() };
        self.put_subject(erased.to_item(subject, end_ms), known)
    }

    /// The write of the holds on all data of the subject, in the place of `known`.
    pub(super) fn put_subject_holds(
        &self,
        subject: SubjectId,
        known: &Subject,
        holds: &[HoldId],
        now_ms: UnixMillis,
    ) -> Result<Write, StoreError> {
        let held = Subject { erased: None, holds: holds.to_vec(), ..known.clone() };
        self.put_subject(held.to_item(subject, now_ms), known)
    }

    /// The write that ends the subject's sessions up to that second and keeps the rest of `known`.
    pub(super) fn put_ended(
        &self,
        subject: SubjectId,
        known: &Subject,
        ended: i64,
    ) -> Result<Write, StoreError> {
        let changed = Subject { ended: Some(ended), ..known.clone() };
        let end_ms = known.kept_until.unwrap_or_default().saturating_mul(1_000);
        self.put_subject(changed.to_item(subject, end_ms), known)
    }

    fn put_subject(&self, item: Item, known: &Subject) -> Result<Write, StoreError> {
        let (condition, value) = condition_of(known);
        let (same, ended) = match known.ended {
            None => ("attribute_not_exists(e)", None),
            Some(ended) => ("e = :e", Some((":e", number(ended)))),
        };
        let values = value.into_iter().chain(ended);
        put_if(&self.keys_table, item, &format!("{condition} AND {same}"), values)
    }
}

/// The condition that a row still has the known erasure and holds, and the value that it names.
fn condition_of(known: &Subject) -> (&'static str, Option<(&'static str, AttributeValue)>) {
    if let Some(erased) = &known.erased {
        return ("g = :g", Some((":g", string(erased.receipt))));
    }
    if known.holds.is_empty() {
        return ("attribute_not_exists(g) AND attribute_not_exists(h)", None);
    }
    ("h = :h", Some((":h", holds_value(&known.holds))))
}
