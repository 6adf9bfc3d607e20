//! A contact that a visitor leaves, in the profiles table, under a key of its own in the keys table.
//!
//! Profile item: `u` subject, `k` = `lead`, `v` the sealed contact, `b` the blind index
//! of the address, `t` when it was left, `q` = `leads#<site>`, `expires_at` unless it is held. `q` and `t`
//! are the keys of the index `leads`, by which the staff list contacts; contacts of 0.1.0 are in no
//! list. Its key: see [`super::key_row`].

use serde::{Deserialize, Deserializer, Serialize, de};

use super::attributes::{
    EXPIRES_AT, Item, binary, corrupt, expiry, in_table, number, read_number, string, take_binary,
};
use super::body::{from_json, to_json};
use super::key_row::{Guarded, KeyOwner, KeyRow, profile_sort_key};
use super::subject::Subject;
use super::write::{put, put_if, update};
use super::{Store, StoreError, fault};
use seal::blind_index;
use seal::envelope::{DataKey, Sealed};
use seal::place::{BranchName, Place, Purpose};
use values::address::Address;
use values::clock::UnixMillis;
use values::ids::{ConversationId, SubjectId};
use values::policy::RetentionPolicy;
use values::secret::Secret;
use values::site::Site;

/// The key that opens and seals a subject's profile.
pub struct ProfileKey(Secret);

/// A contact as a visitor leaves it. No `Debug`.
///
/// JSON whose members stand in the order of their names, as every release has written them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(Debug))]
pub struct Contact {
    /// The conversation in which it was left.
    #[serde(deserialize_with = "conversation_id")]
    pub conversation: ConversationId,
    /// An address to write to.
    pub email: String,
    /// The language that its visitor was answered in; unknown in contacts of 0.1.0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// The name that the visitor gave.
    pub name: String,
    /// A number to call.
    pub phone: Option<String>,
}

/// A contact that was left. No `Debug`.
pub struct Lead {
    /// The contact.
    pub contact: Contact,
    /// When it was left.
    pub left_ms: UnixMillis,
    /// When it ends.
    pub end_ms: UnixMillis,
}

/// Where a list of contacts goes on: behind the one that was left then, by that subject.
pub type ListPlace = (UnixMillis, SubjectId);

/// Where a search by address goes on: in which form of the address, and after whom. A form under the
/// index key that was replaced has a number of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    form: u8,
    after: Option<SubjectId>,
}

/// Subjects that may have left an address.
pub struct Candidates {
    /// Some of them.
    pub subjects: Vec<SubjectId>,
    /// Where the others begin, if there may be others.
    pub next: Option<Position>,
}

impl Default for Position {
    fn default() -> Self {
        Self { form: BEGINNING, after: None }
    }
}

impl Position {
    /// The position as bytes.
    #[must_use]
    pub fn to_bytes(self) -> Vec<u8> {
        let mut bytes = vec![self.form];
        bytes.extend(self.after.iter().flat_map(SubjectId::as_bytes));
        bytes
    }

    /// The position that [`Position::to_bytes`] gave; `None` for other bytes.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (&form, after) = bytes.split_first()?;
        let after = if after.is_empty() { None } else { Some(SubjectId::from_slice(after)?) };
        Some(Self { form, after })
    }
}

/// The result of leaving a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Left {
    /// It is stored.
    There,
    /// The subject was erased.
    Erased,
    /// The session was ended.
    Ended,
    /// The one that is there is under a hold.
    Held,
}

/// The number of no form: the search begins.
const BEGINNING: u8 = u8::MAX;
/// Added to the number of a form under the index key that was replaced.
const REPLACED: u8 = 64;

const LEAD: &str = "lead";
const LABEL: &str = "sotto/v1 lead";
/// How often a contact is stored again when what is known of the subject has changed.
const ATTEMPTS: usize = 8;

impl Store {
    /// Keeps a contact for the site's lead days and replaces the one left before, if any. It was
    /// left in a session begun at `began`, in a conversation opened at `opened_ms`. The profile's
    /// key and the contact are written in one transaction, and with them what sends the contact to the
    /// site's webhook, if it has one. A contact under a hold is not replaced.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn put_lead(
        &self,
        (site, policy): (&'static Site, &RetentionPolicy),
        (subject, began, opened_ms): (SubjectId, i64, UnixMillis),
        ProfileKey(secret): ProfileKey,
        email: &Address,
        contact: &Contact,
    ) -> Result<Left, StoreError> {
        let left_ms = self.clock.now_ms();
        let guarded = Guarded::Profile { left_ms };
        let end_ms = policy.promised_lead_end_ms(left_ms, opened_ms);
        let branch = KeyRow::branch_of(site, guarded, left_ms);
        let index = email_index(site);
        let (branch_key, index_key, has_webhook) = tokio::try_join!(
            self.settings.branch_key(&branch),
            self.settings.branch_key(&index),
            self.has_webhook(site)
        )?;
        let sending =
            if has_webhook { Some(self.delivery_of(site, (subject, left_ms))?) } else { None };
        let place = place(site.id, subject);
        let sealed = DataKey::derive(&secret, LABEL)?.seal(&place, to_json(contact)?.reveal())?;
        let mut lead = key_of(subject);
        lead.insert("v".to_owned(), binary(sealed.into_stored()));
        lead.insert("b".to_owned(), binary(blind_index::email(&index_key, email.reveal())));
        lead.insert("t".to_owned(), number(left_ms));
        lead.insert("q".to_owned(), string(list_of(site)));

        let mut known = Subject::default();
        for _ in 0..ATTEMPTS {
            let owner = KeyOwner { subject, guarded, site };
            let named = (branch.clone(), &branch_key);
            let row = KeyRow::new(owner, end_ms, known.holds.clone(), named, &secret)?;
            let mut lead = lead.clone();
            if known.holds.is_empty() {
                lead.insert(EXPIRES_AT.to_owned(), expiry(end_ms));
            }
            // Nobody has taken its place since, and nobody has put it under a hold.
            let condition = "attribute_not_exists(h)";
            let writes = self
                .transaction()
                .and(put_if(&self.keys_table, row.to_item(end_ms), condition, [])?)
                .and(put(&self.profiles_table, lead)?)
                .and(self.unless_changed((subject, began), &known)?)
                .and_all(sending.clone());
            if writes.commit("put_lead").await?.is_whole() {
                return Ok(Left::There);
            }
            let rows = self.rows_of(subject).await?;
            if rows.subject.ended.is_some_and(|ended| began <= ended) {
                return Ok(Left::Ended);
            }
            if rows.subject.erased.is_some() {
                return Ok(Left::Erased);
            }
            let is_held_contact = |row: &KeyRow| {
                matches!(row.guarded, Guarded::Profile { .. }) && !row.holds.is_empty()
            };
            if rows.keys.iter().any(is_held_contact) {
                return Ok(Left::Held);
            }
            known = rows.subject;
        }
        Err(StoreError::Unavailable)
    }

    /// The key of the subject's profile; a fresh one, not stored yet, when there is none. Nothing when
    /// the contact is under a hold, and so to stay as it is.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn profile_key(&self, subject: SubjectId) -> Result<Option<ProfileKey>, StoreError> {
        let (row, policy) = self.row_and_policy(subject, profile_sort_key()).await?;
        if row.as_ref().is_some_and(|row| !row.holds.is_empty()) {
            return Ok(None);
        }
        let secret = match row.filter(|row| self.clock.now_ms() < row.end_ms(&policy)) {
            Some(row) => self.open_profile(&row).await?,
            None => None,
        };
        Ok(Some(ProfileKey(match secret {
            Some(secret) => secret,
            None => Secret::generate()?,
        })))
    }

    /// The subject's contact, if one was left and its time is not up.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_lead(&self, subject: SubjectId) -> Result<Option<Lead>, StoreError> {
        let Some((row, end_ms)) = self.find_profile_row(subject).await? else { return Ok(None) };
        let Some(secret) = self.open_profile(&row).await? else { return Ok(None) };
        let Guarded::Profile { left_ms } = row.guarded else { return Ok(None) };
        let found = self
            .dynamo
            .get_item()
            .table_name(&self.profiles_table)
            .set_key(Some(key_of(subject)))
            // The role may read these of the table.
            .projection_expression("v")
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| fault("find_lead", &error))?;
        let Some(mut item) = found.item else { return Ok(None) };
        let sealed =
            Sealed::from_stored(take_binary(&mut item, "v").map_err(in_table("profiles"))?);
        let contact = DataKey::derive(&secret, LABEL)?
            .open(&place(row.site.id, subject), &sealed)
            .map_err(in_table("profiles"))?;
        Ok(Some(Lead { contact: from_json(&contact)?, left_ms, end_ms }))
    }

    /// Subjects that left a contact with this address, by the index, also by one that an older release
    /// has made; candidates, to be looked at. `typed` is the address as it is searched for. At most `limit`
    /// from that position on, and where the others begin.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn subjects_with_email(
        &self,
        site: &Site,
        (address, typed): (&Address, &str),
        (limit, from): (usize, Position),
    ) -> Result<Candidates, StoreError> {
        let keys = self.settings.branch_keys_or_new(&email_index(site)).await?;
        let mut forms = vec![address.reveal().to_owned()];
        forms.extend(address.older_forms(typed));
        // First those under the key that was replaced: who is moved meanwhile is found twice, and not
        // missed.
        let under = |key, first: u8| {
            let forms = (first..).zip(&forms);
            forms.map(move |(number, form)| (number, blind_index::email(key, form)))
        };
        let mut indexes: Vec<_> =
            keys.before.iter().flat_map(|before| under(before, REPLACED)).collect();
        let first_present = indexes.len();
        indexes.extend(under(&keys.key, 0));
        let mut at = match indexes.iter().position(|(number, _)| *number == from.form) {
            Some(at) => at,
            None if from.form == BEGINNING => 0,
            None => first_present,
        };
        let is_there = indexes.get(at).is_some_and(|(number, _)| *number == from.form);
        let mut after = from.after.filter(|_| is_there);
        let mut subjects = Vec::new();
        while let Some((form, index)) = indexes.get(at).copied() {
            let room = limit - subjects.len();
            if room == 0 {
                return Ok(Candidates { subjects, next: Some(Position { form, after }) });
            }
            let (found, last) = self.subjects_indexed(index, after, room).await?;
            subjects.extend(found);
            if last.is_none() {
                at += 1;
            }
            after = last;
        }
        Ok(Candidates { subjects, next: None })
    }

    /// Subjects that left a contact from `from_ms` to `to_ms`, by the index, the newest first; candidates, to
    /// be looked at. At most `limit` behind a place, and where the others begin.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn leads(
        &self,
        site: &Site,
        (from_ms, to_ms): (UnixMillis, UnixMillis),
        (place, limit): (Option<ListPlace>, usize),
    ) -> Result<(Vec<SubjectId>, Option<ListPlace>), StoreError> {
        let start = place.map(|(left_ms, subject)| {
            let mut start = key_of(subject);
            start.insert("q".to_owned(), string(list_of(site)));
            start.insert("t".to_owned(), number(left_ms));
            start
        });
        let found = self
            .dynamo
            .query()
            .table_name(&self.profiles_table)
            .index_name("leads")
            .key_condition_expression("q = :q AND t BETWEEN :a AND :b")
            .expression_attribute_values(":q", string(list_of(site)))
            .expression_attribute_values(":a", number(from_ms))
            .expression_attribute_values(":b", number(to_ms))
            .scan_index_forward(false)
            .set_exclusive_start_key(start)
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .send()
            .await
            .map_err(|error| fault("find_leads", &error))?;
        let listed = |mut item: Item| -> Result<ListPlace, StoreError> {
            let subject = SubjectId::from_slice(&take_binary(&mut item, "u")?);
            Ok((read_number(&item, "t")?, subject.ok_or(corrupt("u"))?))
        };
        let last =
            found.last_evaluated_key.map(listed).transpose().map_err(in_table("profiles"))?;
        let items = found.items.unwrap_or_default().into_iter();
        let subjects: Result<Vec<_>, _> =
            items.map(|item| listed(item).map(|(_, subject)| subject)).collect();
        Ok((subjects.map_err(in_table("profiles"))?, last))
    }

    /// Brings the blind index of the contact of a row under the present key; false when another contact was
    /// left meanwhile.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn index_lead_anew(&self, row: &KeyRow) -> Result<bool, StoreError> {
        let Some(secret) = self.open_profile(row).await? else { return Ok(true) };
        let found = self
            .dynamo
            .get_item()
            .table_name(&self.profiles_table)
            .set_key(Some(key_of(row.subject)))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| fault("find_lead_to_index", &error))?;
        let Some(mut item) = found.item.filter(|item| item.contains_key("v")) else {
            return Ok(true);
        };
        let known = take_binary(&mut item, "b").map_err(in_table("profiles"))?;
        let stored =
            Sealed::from_stored(take_binary(&mut item, "v").map_err(in_table("profiles"))?);
        let opened = DataKey::derive(&secret, LABEL)?
            .open(&place(row.site.id, row.subject), &stored)
            .map_err(in_table("profiles"))?;
        let contact: Contact = from_json(&opened)?;
        let key = self.settings.branch_keys_or_new(&email_index(row.site)).await?.key;
        // An older release took what is no address now.
        let address = Address::read(&contact.email);
        let form = address.as_ref().map_or(&*contact.email, Address::reveal);
        let index = blind_index::email(&key, form);
        if known == index {
            return Ok(true);
        }
        // Another contact with the same index has the same address.
        let values = [(":b", binary(index)), (":o", binary(known))];
        let change = ("SET b = :b", "b = :o");
        let write = update(&self.profiles_table, key_of(row.subject), change, values)?;
        Ok(self.transaction().and(write).commit("index_lead_anew").await?.is_whole())
    }

    async fn subjects_indexed(
        &self,
        index: [u8; 16],
        after: Option<SubjectId>,
        limit: usize,
    ) -> Result<(Vec<SubjectId>, Option<SubjectId>), StoreError> {
        let start = after.map(|subject| {
            let mut start = key_of(subject);
            start.insert("b".to_owned(), binary(index));
            start
        });
        let found = self
            .dynamo
            .query()
            .table_name(&self.profiles_table)
            .index_name("email")
            .key_condition_expression("b = :b")
            .expression_attribute_values(":b", binary(index))
            .set_exclusive_start_key(start)
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .send()
            .await
            .map_err(|error| fault("find_subjects_by_email", &error))?;
        let subject = |mut item: Item| {
            SubjectId::from_slice(&take_binary(&mut item, "u").map_err(in_table("profiles"))?)
                .ok_or(corrupt("u").in_table("profiles"))
        };
        let last = found.last_evaluated_key.map(subject).transpose()?;
        let items = found.items.unwrap_or_default().into_iter();
        Ok((items.map(subject).collect::<Result<_, _>>()?, last))
    }

    /// The subject's profile row and when it ends, if its time is not up.
    async fn find_profile_row(
        &self,
        subject: SubjectId,
    ) -> Result<Option<(KeyRow, UnixMillis)>, StoreError> {
        let (row, policy) = self.row_and_policy(subject, profile_sort_key()).await?;
        let ended = |row: &KeyRow| row.end_ms(&policy) <= self.clock.now_ms();
        Ok(row.filter(|row| !ended(row)).map(|row| {
            let end_ms = row.end_ms(&policy);
            (row, end_ms)
        }))
    }

    async fn open_profile(&self, row: &KeyRow) -> Result<Option<Secret>, StoreError> {
        if row.is_destroyed() { Ok(None) } else { self.open_key_row(row).await }
    }
}

/// The name of the index key of addresses.
pub(super) fn email_index(site: &Site) -> BranchName {
    BranchName::new(site.id, Purpose::Index, "email")
}

/// The name of the list of a site's contacts.
fn list_of(site: &Site) -> String {
    format!("leads#{}", site.id)
}

/// The key of a subject's contact in the profiles table.
pub(super) fn key_of(subject: SubjectId) -> Item {
    Item::from([
        ("u".to_owned(), binary(subject.as_bytes().to_vec())),
        ("k".to_owned(), string(LEAD)),
    ])
}

fn place(site: &str, subject: SubjectId) -> Place {
    Place::new(LABEL).part(site.as_bytes()).part(subject.as_bytes())
}

fn conversation_id<'de, D: Deserializer<'de>>(text: D) -> Result<ConversationId, D::Error> {
    let text = String::deserialize(text)?;
    ConversationId::parse(&text).ok_or_else(|| de::Error::custom("no id of a conversation"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::round_trip::text;
    use super::*;
    use values::clock::Clock;

    proptest! {
        #[test]
        fn what_was_left_is_read_back(
            email in text(), name in text(), phone in prop::option::of(text()),
            locale in prop::option::of(text()),
        ) {
            let conversation = ConversationId::generate(&Clock::manual(1)).unwrap();
            let contact = Contact { conversation, email, locale, name, phone };
            let read: Result<Contact, StoreError> = from_json(&to_json(&contact).unwrap());
            prop_assert!(read == Ok(contact));
        }
    }
}
