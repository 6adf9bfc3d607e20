//! A row of the keys table: the wrapped key of a conversation, or of a subject's profile. Deleting it,
//! or what is wrapped in it, destroys what the key guards.
//!
//! Item: `u` subject, `c` conversation or `profile`, `i` site, `b` branch key, `w` and `m` the wrapped
//! key and its commitment, `p` the end that the visitor was promised in milliseconds, `expires_at`,
//! `x` the hour of it, by which the sweep finds the row. A profile's also has `t`, when the contact
//! was left, which its wrapping holds. Under a legal hold there is `h`, the holds, and neither `expires_at` nor `x`; after one
//! `r`, until when it stays. A row without `w` is what erasure leaves.

use aws_sdk_dynamodb::types::AttributeValue;

use super::StoreError;
use super::attributes::{
    EXPIRES_AT, Item, binary, corrupt, expiry, in_table, number, read_number, string, take_binary,
    take_string,
};
use super::schema::Noun;
use seal::BranchKey;
use seal::conversation_key::{WrappedKey, unwrap, wrap};
use seal::place::{BranchName, Place, Purpose};
use values::clock::{self, UnixMillis};
use values::ids::{ConversationId, HoldId, SubjectId};
use values::policy::{DAY_MS, RetentionPolicy};
use values::secret::Secret;
use values::site::Site;

/// The sort key of a profile's row.
const PROFILE: &[u8] = b"profile";

/// How long a row without its key stays at least, for the receipt.
pub const COUNTED_MS: UnixMillis = 7 * DAY_MS;

/// The data that a key guards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guarded {
    /// A conversation.
    Conversation(ConversationId),
    /// The contact that a subject left.
    Profile {
        /// When it was left.
        left_ms: UnixMillis,
    },
}

/// Until when a key may be used. It is part of the wrapping, so whoever can edit the row cannot
/// lengthen a life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Term {
    /// Until the end that the visitor was promised, or the policy's if that is earlier.
    Promised,
    /// For as long as there is a legal hold.
    Held,
    /// For some days after the last hold, whatever was promised.
    Released(UnixMillis),
}

/// A row. No `Debug`.
#[derive(Clone)]
pub struct KeyRow {
    /// The subject it belongs to.
    pub subject: SubjectId,
    /// The data that it guards.
    pub guarded: Guarded,
    /// The site it belongs to.
    pub site: &'static Site,
    /// The latest end that the visitor was promised.
    pub promised_until_ms: UnixMillis,
    /// Until when it may be used.
    pub term: Term,
    /// The holds upon it.
    pub holds: Vec<HoldId>,
    branch: String,
    stored: Option<WrappedKey>,
    /// Whether the wrapping holds when a contact was left. Release 0.1.0 wrote no such time.
    is_dated: bool,
}

/// The subject of a new row, and the data that it guards.
#[derive(Debug, Clone, Copy)]
pub struct KeyOwner {
    /// The subject it belongs to.
    pub subject: SubjectId,
    /// The data that its key opens.
    pub guarded: Guarded,
    /// The site it belongs to.
    pub site: &'static Site,
}

impl Guarded {
    /// The sort key of the row.
    #[must_use]
    pub fn sort_key(&self) -> AttributeValue {
        match self {
            Self::Conversation(id) => binary(id.as_bytes().to_vec()),
            Self::Profile { .. } => binary(PROFILE),
        }
    }

    const fn purpose(&self) -> Purpose {
        match self {
            Self::Conversation(_) => Purpose::Transcript,
            Self::Profile { .. } => Purpose::Profile,
        }
    }
}

/// The sort key of a subject's profile row.
#[must_use]
pub fn profile_sort_key() -> AttributeValue {
    binary(PROFILE)
}

impl KeyRow {
    /// The branch key that wraps what is made now.
    #[must_use]
    pub fn branch_of(site: &Site, guarded: Guarded, now_ms: UnixMillis) -> BranchName {
        BranchName::new(site.id, guarded.purpose(), &clock::month(now_ms))
    }

    /// A new row, whose key is `secret`.
    ///
    /// # Errors
    /// [`StoreError::Failed`] when there is no randomness.
    pub fn new(
        KeyOwner { subject, guarded, site }: KeyOwner,
        promised_until_ms: UnixMillis,
        holds: Vec<HoldId>,
        (branch, branch_key): (BranchName, &BranchKey),
        secret: &Secret,
    ) -> Result<Self, StoreError> {
        let term = if holds.is_empty() { Term::Promised } else { Term::Held };
        let branch = branch.branch;
        let mut row = Self {
            subject,
            guarded,
            site,
            promised_until_ms,
            term,
            holds,
            branch,
            stored: None,
            is_dated: true,
        };
        row.stored = Some(wrap(branch_key, &row.place(), secret)?);
        Ok(row)
    }

    /// Reads a row of this subject. `None` for what is no key: other rows of a subject have names.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when it is damaged, [`StoreError::OtherVersion`] when another release
    /// wrote it.
    pub fn from_item(item: Item) -> Result<Option<Self>, StoreError> {
        Self::read_item(item).map_err(in_table("keys"))
    }

    fn read_item(mut item: Item) -> Result<Option<Self>, StoreError> {
        let subject = SubjectId::from_slice(&take_binary(&mut item, "u")?).ok_or(corrupt("u"))?;
        let name = take_binary(&mut item, "c")?;
        let noun = match ConversationId::from_slice(&name) {
            Some(_) => Noun::ConversationKey,
            None if name == PROFILE => Noun::ProfileKey,
            None => return Ok(None),
        };
        let is_dated = noun.shape_of(&item)? >= DATED_SHAPE;
        let promised_until_ms = read_number(&item, "p")?;
        let guarded = match ConversationId::from_slice(&name) {
            Some(id) => Guarded::Conversation(id),
            None if is_dated => Guarded::Profile { left_ms: read_number(&item, "t")? },
            // A time in the item was not wrapped with the key.
            None => Guarded::Profile { left_ms: left_ms_by(promised_until_ms) },
        };
        let site = Site::find(&take_string(&mut item, "i")?).ok_or(corrupt("i"))?;
        let holds = take_holds(&mut item)?;
        let term = if !holds.is_empty() {
            Term::Held
        } else if item.contains_key("r") {
            Term::Released(read_number(&item, "r")?)
        } else {
            Term::Promised
        };
        let (branch, stored) = if item.contains_key("w") {
            let commitment = take_binary(&mut item, "m")?;
            let stored = WrappedKey {
                wrapped: take_binary(&mut item, "w")?,
                commitment: commitment.try_into().map_err(|_| corrupt("m"))?,
            };
            (take_string(&mut item, "b")?, Some(stored))
        } else {
            (String::new(), None)
        };
        Ok(Some(Self {
            subject,
            guarded,
            site,
            promised_until_ms,
            term,
            holds,
            branch,
            stored,
            is_dated,
        }))
    }

    /// The key of its item.
    #[must_use]
    pub fn key(&self) -> Item {
        Item::from([
            ("u".to_owned(), binary(self.subject.as_bytes().to_vec())),
            ("c".to_owned(), self.guarded.sort_key()),
        ])
    }

    /// The item to store, to be deleted at `end_ms` unless it is held.
    #[must_use]
    pub fn to_item(&self, end_ms: UnixMillis) -> Item {
        let mut item = Item::from([
            ("u".to_owned(), binary(self.subject.as_bytes().to_vec())),
            ("c".to_owned(), self.guarded.sort_key()),
            ("i".to_owned(), string(self.site.id)),
            ("p".to_owned(), number(self.promised_until_ms)),
        ]);
        if let Some(stored) = &self.stored {
            item.insert("b".to_owned(), string(self.branch.clone()));
            item.insert("w".to_owned(), binary(stored.wrapped.clone()));
            item.insert("m".to_owned(), binary(stored.commitment));
        }
        let mut shape = if self.term == Term::Promised { 1 } else { HELD_SHAPE };
        if let Guarded::Profile { left_ms } = self.guarded
            && self.is_dated
        {
            item.insert("t".to_owned(), number(left_ms));
            shape = DATED_SHAPE;
        }
        Noun::name_shape(shape, &mut item);
        match self.term {
            Term::Held => {
                item.insert("h".to_owned(), holds_value(&self.holds));
                return item;
            }
            Term::Released(until_ms) => {
                item.insert("r".to_owned(), number(until_ms));
            }
            Term::Promised => {}
        }
        item.insert(EXPIRES_AT.to_owned(), expiry(end_ms));
        if self.stored.is_some() {
            item.insert("x".to_owned(), string(hour_of_expiry(end_ms)));
        }
        item
    }

    /// The same row without its key, as erasure leaves it: that there was something, and no more. It stays
    /// until the receipt has counted it.
    #[must_use]
    pub fn destroyed(&self, now_ms: UnixMillis) -> Item {
        let rest = Self { stored: None, term: Term::Promised, holds: Vec::new(), ..self.clone() };
        rest.to_item(self.promised_until_ms.max(now_ms + COUNTED_MS))
    }

    /// Whether its key was destroyed.
    #[must_use]
    pub const fn is_destroyed(&self) -> bool {
        self.stored.is_none()
    }

    /// The bytes of the wrapped key, by which a row is known not to have changed.
    #[must_use]
    pub fn wrapped(&self) -> Option<AttributeValue> {
        self.stored.as_ref().map(|stored| binary(stored.wrapped.clone()))
    }

    /// When it ends for its visitor: the earlier of what was promised and what the policy gives.
    #[must_use]
    pub fn end_ms(&self, policy: &RetentionPolicy) -> UnixMillis {
        let by_policy = match self.guarded {
            Guarded::Conversation(id) => policy.transcript_end_ms(id.made_at_ms()),
            Guarded::Profile { left_ms } => policy.lead_end_ms(left_ms),
        };
        self.promised_until_ms.min(by_policy)
    }

    /// When its key is to be destroyed; `None` as long as it is held.
    #[must_use]
    pub fn due_ms(&self, policy: &RetentionPolicy) -> Option<UnixMillis> {
        match self.term {
            Term::Promised => Some(self.end_ms(policy)),
            Term::Held => None,
            Term::Released(until_ms) => Some(until_ms),
        }
    }

    /// Whether its key is there and its time not up.
    #[must_use]
    pub fn is_kept(&self, policy: &RetentionPolicy, now_ms: UnixMillis) -> bool {
        !self.is_destroyed() && self.due_ms(policy).is_none_or(|due_ms| now_ms < due_ms)
    }

    /// The branch key that its key is wrapped by.
    #[must_use]
    pub fn branch(&self) -> BranchName {
        BranchName::new(self.site.id, self.guarded.purpose(), &self.branch)
    }

    /// Unwraps the key; `None` when it was destroyed.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when it does not open here.
    pub fn open(&self, branch_key: &BranchKey) -> Result<Option<Secret>, StoreError> {
        let Some(stored) = &self.stored else { return Ok(None) };
        unwrap(branch_key, &self.place(), stored).map(Some).map_err(in_table("keys"))
    }

    /// The same row under another branch key of the same name.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when the key does not open.
    pub fn under(&self, before: &BranchKey, now: &BranchKey) -> Result<Self, StoreError> {
        let secret = self.open(before)?.ok_or(corrupt("w").in_table("keys"))?;
        let stored = Some(wrap(now, &self.place(), &secret)?);
        Ok(Self { stored, ..self.clone() })
    }

    /// The same row for another term, its key wrapped anew by the same branch key.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when the key does not open.
    pub fn with_holds(
        &self,
        branch_key: &BranchKey,
        holds: Vec<HoldId>,
        released_until_ms: UnixMillis,
    ) -> Result<Self, StoreError> {
        let secret = self.open(branch_key)?.ok_or(corrupt("w").in_table("keys"))?;
        let term = if holds.is_empty() { Term::Released(released_until_ms) } else { Term::Held };
        let mut row = Self { term, holds, is_dated: true, ..self.clone() };
        row.stored = Some(wrap(branch_key, &row.place(), &secret)?);
        Ok(row)
    }

    /// Where its key belongs.
    fn place(&self) -> Place {
        let label = match (self.guarded, self.term) {
            (Guarded::Conversation(_), Term::Promised) => "sotto/v1 conversation key",
            (Guarded::Conversation(_), Term::Held) => "sotto/v2 held conversation key",
            (Guarded::Conversation(_), Term::Released(_)) => "sotto/v2 released conversation key",
            (Guarded::Profile { .. }, Term::Promised) if !self.is_dated => "sotto/v1 profile key",
            (Guarded::Profile { .. }, Term::Promised) => "sotto/v2 profile key",
            (Guarded::Profile { .. }, Term::Held) => "sotto/v3 held profile key",
            (Guarded::Profile { .. }, Term::Released(_)) => "sotto/v3 released profile key",
        };
        let mut place =
            Place::new(label).part(self.site.id.as_bytes()).part(self.subject.as_bytes());
        if let Guarded::Conversation(id) = self.guarded {
            place = place.part(id.as_bytes());
        }
        let place = place.part(self.branch.as_bytes());
        let mut place = place.number(self.promised_until_ms.unsigned_abs());
        if let Guarded::Profile { left_ms } = self.guarded
            && self.is_dated
        {
            place = place.number(left_ms.unsigned_abs());
        }
        match self.term {
            Term::Released(until_ms) => place.number(until_ms.unsigned_abs()),
            Term::Promised | Term::Held => place,
        }
    }
}

/// The shape of rows that are or were held: a release that knows no holds must not take one for a row
/// whose time is up.
const HELD_SHAPE: u8 = 2;
/// The shape of a profile's rows whose wrapping holds when the contact was left.
const DATED_SHAPE: u8 = 2;

/// The hour by which the sweep finds what ends at `end_ms`: that of the TTL's second.
#[must_use]
pub fn hour_of_expiry(end_ms: UnixMillis) -> String {
    clock::hour(end_ms.saturating_add(999).div_euclid(1000) * 1000)
}

/// The holds of an item.
pub(super) fn take_holds(item: &mut Item) -> Result<Vec<HoldId>, StoreError> {
    match item.remove("h") {
        None => Ok(Vec::new()),
        Some(AttributeValue::Ss(ids)) => {
            ids.iter().map(|id| HoldId::parse(id).ok_or(corrupt("h"))).collect::<Result<_, _>>()
        }
        Some(_) => Err(corrupt("h")),
    }
}

/// Holds as an attribute; a set has one at least.
pub(super) fn holds_value(holds: &[HoldId]) -> AttributeValue {
    AttributeValue::Ss(holds.iter().map(ToString::to_string).collect())
}

/// When a contact was left that release 0.1.0 has stored: it kept every contact for the same days.
fn left_ms_by(promised_until_ms: UnixMillis) -> UnixMillis {
    promised_until_ms - i64::from(RetentionPolicy::DEFAULT.lead_days()) * DAY_MS
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use values::clock::Clock;

    const DAY: i64 = DAY_MS;

    fn row(holds: Vec<HoldId>) -> (KeyRow, BranchKey, Secret) {
        let clock = Clock::manual(1_793_610_000_000);
        let subject = SubjectId::generate(&clock).unwrap();
        let guarded = Guarded::Conversation(ConversationId::generate(&clock).unwrap());
        let branch_key: BranchKey = Arc::new(Secret::generate().unwrap());
        let secret = Secret::generate().unwrap();
        let branch = KeyRow::branch_of(Site::SHIPPED, guarded, clock.now_ms());
        let named = (branch, &branch_key);
        let end_ms = clock.now_ms() + 30 * DAY;
        let owner = KeyOwner { subject, guarded, site: Site::SHIPPED };
        let row = KeyRow::new(owner, end_ms, holds, named, &secret).unwrap();
        (row, branch_key, secret)
    }

    #[test]
    fn a_row_is_read_back_in_every_term() {
        let (promised, branch_key, secret) = row(Vec::new());
        let hold = HoldId::generate(&Clock::manual(5)).unwrap();
        let held = promised.with_holds(&branch_key, vec![hold], 0).unwrap();
        let released = held.with_holds(&branch_key, Vec::new(), 99 * DAY).unwrap();
        for row in [&promised, &held, &released] {
            let item = row.to_item(row.promised_until_ms);
            assert_eq!(item.contains_key(EXPIRES_AT), row.term != Term::Held);
            assert_eq!(item.contains_key("x"), row.term != Term::Held);
            let read = KeyRow::from_item(item).unwrap().unwrap();
            assert_eq!((read.term, &read.holds), (row.term, &row.holds));
            let opened = read.open(&branch_key).unwrap().unwrap();
            assert_eq!(opened.expose_secret(), secret.expose_secret());
        }
    }

    #[test]
    fn a_term_cannot_be_edited() {
        let (promised, branch_key, _) = row(Vec::new());
        let hold = HoldId::generate(&Clock::manual(5)).unwrap();
        let mut item = promised.to_item(promised.promised_until_ms);
        item.insert("h".to_owned(), holds_value(&[hold]));
        item.insert("y".to_owned(), number(2));
        let forged = KeyRow::from_item(item).unwrap().unwrap();
        assert!(forged.open(&branch_key).is_err());

        let held = promised.with_holds(&branch_key, vec![hold], 0).unwrap();
        let released = held.with_holds(&branch_key, Vec::new(), 99 * DAY).unwrap();
        let mut item = released.to_item(99 * DAY);
        item.insert("r".to_owned(), number(100 * DAY));
        assert!(KeyRow::from_item(item).unwrap().unwrap().open(&branch_key).is_err());
    }

    #[test]
    fn when_a_contact_was_left_cannot_be_edited() {
        let clock = Clock::manual(1_793_610_000_000);
        let subject = SubjectId::generate(&clock).unwrap();
        let guarded = Guarded::Profile { left_ms: clock.now_ms() };
        let branch_key: BranchKey = Arc::new(Secret::generate().unwrap());
        let secret = Secret::generate().unwrap();
        let named = (KeyRow::branch_of(Site::SHIPPED, guarded, clock.now_ms()), &branch_key);
        let owner = KeyOwner { subject, guarded, site: Site::SHIPPED };
        let end_ms = clock.now_ms() + 180 * DAY;
        let promised = KeyRow::new(owner, end_ms, Vec::new(), named, &secret).unwrap();
        let hold = HoldId::generate(&Clock::manual(5)).unwrap();
        let held = promised.with_holds(&branch_key, vec![hold], 0).unwrap();
        let released = held.with_holds(&branch_key, Vec::new(), 99 * DAY).unwrap();
        for row in [&promised, &held, &released] {
            let item = row.to_item(end_ms);
            let opened = |item: Item| KeyRow::from_item(item).unwrap().unwrap().open(&branch_key);
            assert!(opened(item.clone()).is_ok());
            let mut later = item.clone();
            later.insert("t".to_owned(), number(clock.now_ms() + DAY));
            assert!(opened(later).is_err());
            let mut older = item;
            older.remove("y");
            older.remove("t");
            assert!(opened(older).is_err(), "it is not taken for one of an older release");
        }
        // A contact of release 0.1.0 was left when its end says, whatever stands beside it.
        let mut older = KeyRow { is_dated: false, ..promised };
        older.stored = Some(wrap(&branch_key, &older.place(), &secret).unwrap());
        let mut item = older.to_item(end_ms);
        assert!(!item.contains_key("t") && !item.contains_key("y"));
        item.insert("t".to_owned(), number(clock.now_ms() + 100 * DAY));
        let read = KeyRow::from_item(item).unwrap().unwrap();
        assert!(read.guarded == guarded && read.open(&branch_key).is_ok());
    }

    #[test]
    fn what_is_destroyed_says_only_that_it_was_there() {
        let (row, branch_key, _) = row(Vec::new());
        let item = row.destroyed(0);
        let mut names: Vec<_> = item.keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["c", "expires_at", "i", "p", "u"]);
        let read = KeyRow::from_item(item).unwrap().unwrap();
        assert!(read.is_destroyed() && read.open(&branch_key).unwrap().is_none());
    }

    #[test]
    fn a_shorter_policy_counts_and_a_longer_one_does_not() {
        let (row, ..) = row(Vec::new());
        let opened = row.promised_until_ms - 30 * DAY;
        let policy = |days| RetentionPolicy::new(days, 30, 730, 1).unwrap();
        assert_eq!(row.end_ms(&policy(10)), opened + 10 * DAY);
        assert_eq!(row.end_ms(&policy(300)), opened + 30 * DAY);
    }
}
