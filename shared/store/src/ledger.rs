//! The ledger of erasures, and how far each table has followed it.
//!
//! Every erasure has a number, one more than the one before. The number of the last stands at the head
//! (settings: `p` = `ledger`, `k` = `head`, `n`), and in each table that erasures change, in an item
//! that belongs to nobody (`n`; keys and profiles: `u` of zeros and `ledger`; conversations: `c` of
//! zeros and 0). All are written in the transaction of the erasure. A table that was restored from an
//! old copy has an old number: nothing is read by its keys until the sweep has carried out again what
//! was erased since.
//!
//! Ledger item: `p` = `ledger`, `k` the number in 20 digits, `u` subject, `g` receipt, `s` site,
//! `b` basis, `r` when it was asked for, `t` when keys were last destroyed, `i` hash of the
//! idempotency key and body, `o` conversations, `d` keys destroyed, `l` the conversations that were
//! kept under a hold, `q` what is left to do, `m` its code, `expires_at`.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

use super::attributes::{
    EXPIRES_AT, Item, binary, corrupt, expiry, in_table, number, read_number, string, take_binary,
    take_string,
};
use super::subject::Erased;
use super::table::key;
use super::write::{NEW, Write, put_if};
use super::{Store, StoreError, fault};
use values::clock::UnixMillis;
use values::ids::{ConversationId, ReceiptId, SubjectId};
use values::site::Site;

/// The partition of the ledger, and of its head.
const LEDGER: &str = "ledger";
const HEAD: &str = "head";
/// The owner of items that belong to nobody: no id has these bytes.
const NOBODY: [u8; 16] = [0; 16];

/// The work that is left of an erasure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rest {
    /// Ciphertext, contact and index entries are to be deleted.
    Purge,
    /// Conversations under a hold were kept.
    Kept,
    /// Nothing.
    Nothing,
}

impl Rest {
    const ALL: [Self; 3] = [Self::Purge, Self::Kept, Self::Nothing];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Purge => "purge",
            Self::Kept => "kept",
            Self::Nothing => "nothing",
        }
    }
}

/// Why somebody is erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// Article 17 of the GDPR.
    Gdpr17,
    /// A consumer's right under the CCPA.
    CcpaDelete,
    /// Another reason.
    Other,
}

impl Basis {
    const ALL: [Self; 3] = [Self::Gdpr17, Self::CcpaDelete, Self::Other];

    /// Its name in requests, receipts and items.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Gdpr17 => "gdpr_17",
            Self::CcpaDelete => "ccpa_delete",
            Self::Other => "other",
        }
    }

    /// The basis of that name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|basis| basis.as_str() == name)
    }
}

/// An erasure as the ledger has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its number.
    pub number: u64,
    /// The subject that was erased.
    pub subject: SubjectId,
    /// The receipt's id.
    pub receipt: ReceiptId,
    /// The site.
    pub site: &'static Site,
    /// Why.
    pub basis: Basis,
    /// When it was asked for.
    pub requested_ms: UnixMillis,
    /// When keys were last destroyed for it.
    pub destroyed_ms: UnixMillis,
    /// Hash of the idempotency key and the body that it was asked for with.
    pub idempotency: [u8; 32],
    /// Conversations whose keys were destroyed.
    pub conversations: u64,
    /// Keys destroyed.
    pub keys_destroyed: u64,
    /// Conversations that were kept, because they are under a hold.
    pub kept: Vec<ConversationId>,
    /// The work that is left.
    pub rest: Rest,
    /// When it may be forgotten.
    pub end_ms: UnixMillis,
}

impl Entry {
    pub(super) fn key(number: u64) -> String {
        format!("{number:020}")
    }

    pub(super) fn from_item(item: Item) -> Result<Self, StoreError> {
        Self::read_item(item).map_err(in_table("ledger"))
    }

    fn read_item(mut item: Item) -> Result<Self, StoreError> {
        let rest = take_string(&mut item, "q")?;
        let basis = take_string(&mut item, "b")?;
        let ends: i64 = read_number(&item, EXPIRES_AT)?;
        let kept = match item.remove("l") {
            None => Vec::new(),
            Some(AttributeValue::Ss(ids)) => ids
                .iter()
                .map(|id| ConversationId::parse(id).ok_or(corrupt("l")))
                .collect::<Result<_, _>>()?,
            Some(_) => return Err(corrupt("l")),
        };
        let number = take_string(&mut item, "k")?;
        Ok(Self {
            number: number.parse().map_err(|_| corrupt("k"))?,
            subject: SubjectId::from_slice(&take_binary(&mut item, "u")?).ok_or(corrupt("u"))?,
            receipt: ReceiptId::parse(&take_string(&mut item, "g")?).ok_or(corrupt("g"))?,
            site: Site::find(&take_string(&mut item, "s")?).ok_or(corrupt("s"))?,
            basis: Basis::find(&basis).ok_or(StoreError::OtherVersion)?,
            requested_ms: read_number(&item, "r")?,
            destroyed_ms: read_number(&item, "t")?,
            idempotency: take_binary(&mut item, "i")?.try_into().map_err(|_| corrupt("i"))?,
            conversations: read_number(&item, "o")?,
            keys_destroyed: read_number(&item, "d")?,
            kept,
            rest: Rest::ALL
                .into_iter()
                .find(|known| known.as_str() == rest)
                .ok_or(StoreError::OtherVersion)?,
            end_ms: ends.saturating_mul(1000),
        })
    }

    pub(super) fn to_item(&self) -> Item {
        let Self {
            number: at,
            subject,
            receipt,
            site,
            basis,
            requested_ms,
            destroyed_ms,
            idempotency,
            conversations,
            keys_destroyed,
            kept,
            rest,
            end_ms,
        } = self;
        let mut item = Item::from([
            ("p".to_owned(), string(LEDGER)),
            ("k".to_owned(), string(Self::key(*at))),
            ("u".to_owned(), binary(subject.as_bytes().to_vec())),
            ("g".to_owned(), string(*receipt)),
            ("s".to_owned(), string(site.id)),
            ("b".to_owned(), string(basis.as_str())),
            ("r".to_owned(), number(*requested_ms)),
            ("t".to_owned(), number(*destroyed_ms)),
            ("i".to_owned(), binary(*idempotency)),
            ("o".to_owned(), number(*conversations)),
            ("d".to_owned(), number(*keys_destroyed)),
            ("q".to_owned(), string(rest.as_str())),
            (EXPIRES_AT.to_owned(), expiry(*end_ms)),
        ]);
        if !kept.is_empty() {
            let kept = kept.iter().map(ToString::to_string).collect();
            item.insert("l".to_owned(), AttributeValue::Ss(kept));
        }
        item
    }
}

/// The number of an erasure to be entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Next {
    /// The number of the erasure before it.
    pub(super) last: u64,
    /// Its own.
    pub(super) number: u64,
}

/// The number in an entry's key, whoever has written the entry.
fn number_in_key(item: &Item) -> Option<u64> {
    item.get("k")?.as_s().ok()?.parse().ok()
}

/// The write of a number at its place, under a condition on `n`, the one that stands there: `:n` is
/// the number itself, `:l` the one of the erasure before.
fn position(
    table: &str,
    mut item: Item,
    Next { last, number: to }: Next,
    condition: &str,
) -> Result<Write, StoreError> {
    item.insert("n".to_owned(), number(to));
    // DynamoDB refuses a value that the condition does not name.
    let values = [(":n", to), (":l", last)];
    let named = values.into_iter().filter(|(name, _)| condition.contains(name));
    put_if(table, item, condition, named.map(|(name, value)| (name, number(value))))
}

/// The key of the ledger's head in the settings.
pub(super) fn head_key() -> Item {
    key(LEDGER, HEAD)
}

/// The key of the item in `keys` that says how far the table has followed.
pub(super) fn position_in_keys() -> Item {
    item_of_nobody_in_keys(LEDGER)
}

/// The key of an item of the keys table that is about the table itself.
pub(super) fn item_of_nobody_in_keys(name: &str) -> Item {
    Item::from([("u".to_owned(), binary(NOBODY)), ("c".to_owned(), binary(name))])
}

fn position_in_conversations() -> Item {
    Item::from([("c".to_owned(), binary(NOBODY)), ("s".to_owned(), number(0))])
}

fn position_in_profiles() -> Item {
    Item::from([("u".to_owned(), binary(NOBODY)), ("k".to_owned(), string(LEDGER))])
}

/// Whether an item of the settings is the head.
pub(super) fn is_head(item: &Item) -> bool {
    item.get("k") == Some(&string(HEAD))
}

/// Whether an item of the keys table is its position.
pub(super) fn is_position_in_keys(item: &Item) -> bool {
    item.get("u") == Some(&binary(NOBODY))
}

/// The number in a head or a position; 0 where nothing was ever erased.
pub(super) fn number_of(item: Option<&Item>) -> Result<u64, StoreError> {
    item.map_or(Ok(0), |item| read_number(item, "n"))
}

/// How far everything is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Positions {
    /// The number of the last erasure.
    pub head: u64,
    /// The least number of the tables.
    pub behind: u64,
}

impl Store {
    /// How far the ledger and the tables are.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn positions(&self) -> Result<Positions, StoreError> {
        let settings = &self.settings.table;
        let (head, last) =
            tokio::try_join!(self.number_at(settings, head_key()), self.last_entries())?;
        // After them, as in `next_number`.
        let (keys, conversations, profiles) = tokio::try_join!(
            self.position_of_keys(),
            self.number_at(&self.conversations_table, position_in_conversations()),
            self.number_at(&self.profiles_table, position_in_profiles()),
        )?;
        // The ledger itself may be newer than a head that was restored.
        Ok(Positions { head: head.max(last.0), behind: keys.min(conversations).min(profiles) })
    }

    /// Says that every table has followed up to `to`, of `head` erasures.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn set_positions(&self, to: u64, head: u64) -> Result<(), StoreError> {
        // Each by itself: one may be further already, by an erasure that was carried out meanwhile.
        for (table, key, to) in self.places(to, head) {
            let to = Next { last: 0, number: to };
            let write = position(table, key, to, "attribute_not_exists(n) OR n < :n")?;
            let _moved = self.transaction().and(write).commit("set_position").await?;
        }
        Ok(())
    }

    /// The subject of an erasure is told as erased again, in a table that was restored from before it.
    /// False when that cannot be: the subject is held as a whole, or was erased by another.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn mark_again(&self, entry: &Entry) -> Result<bool, StoreError> {
        let erased = Erased { receipt: entry.receipt, number: Some(entry.number) };
        let known = self.find_subject(entry.subject).await?;
        let is_told = known.erased.is_some_and(|erased| erased.number.is_some());
        if is_told || !known.holds.is_empty() {
            return Ok(known.has(entry.receipt));
        }
        let write = self.put_erased(entry.subject, &known, erased, entry.end_ms)?;
        self.transaction().and(write).commit_or_fail("mark_erased_again").await?;
        Ok(true)
    }

    /// The erasures from `number` on, in their order, `limit` at most, and the number of the last of
    /// them. One that is damaged stands for itself.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn entries_from(
        &self,
        number: u64,
        limit: i32,
    ) -> Result<(Vec<Result<Entry, StoreError>>, Option<u64>), StoreError> {
        let found = self
            .dynamo
            .query()
            .table_name(self.ledger_table.as_ref())
            .key_condition_expression("p = :p AND k >= :k")
            .expression_attribute_values(":p", string(LEDGER))
            .expression_attribute_values(":k", string(Entry::key(number)))
            .limit(limit)
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| fault("find_erasures", &error))?;
        let items = found.items.unwrap_or_default();
        let last = items.last().and_then(number_in_key);
        Ok((self.settings.proven(items, Entry::from_item).await?, last))
    }

    /// The erasure of that number.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_entry(&self, number: u64) -> Result<Option<Entry>, StoreError> {
        let found = self.ledger_table.get("find_erasure", key(LEDGER, Entry::key(number))).await?;
        self.settings.proven_row(found, Entry::from_item).await
    }

    /// Puts what has become of an erasure in the place of what was known of it; false when that has
    /// changed meanwhile.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn change_entry(&self, known: &Entry, entry: &Entry) -> Result<bool, StoreError> {
        let unchanged = [(":t", number(known.destroyed_ms)), (":q", string(known.rest.as_str()))];
        let item = self.with_code(entry.to_item()).await?;
        let put = put_if(&self.ledger_table, item, "t = :t AND q = :q", unchanged)?;
        Ok(self.transaction().and(put).commit("change_erasure").await?.is_whole())
    }

    /// The next number, as far as can be seen now.
    pub(super) async fn next_number(&self) -> Result<Next, StoreError> {
        // At once: the longer it takes, the more others are met.
        let (head, (last, taken), position) = Box::pin(async {
            tokio::try_join!(
                self.number_at(&self.settings.table, head_key()),
                self.last_entries(),
                self.position_of_keys()
            )
        })
        .await?;
        let head = head.max(last);
        // Again, after them: another erasure in between has moved both.
        if position < head && self.position_of_keys().await? < head {
            return Err(StoreError::LedgerBehind);
        }
        let free = (head..u64::MAX).map(|before| before + 1).find(|number| !taken.contains(number));
        let number = free.ok_or(corrupt("n").in_table("settings"))?;
        Ok(Next { last: head, number })
    }

    /// How far the table of keys has followed.
    pub(super) async fn position_of_keys(&self) -> Result<u64, StoreError> {
        self.number_at(&self.keys_table, position_in_keys()).await
    }

    /// The writes of a new entry besides the keys: the entry, the head, the positions.
    pub(super) async fn entry_writes(
        &self,
        entry: &Entry,
        next: Next,
    ) -> Result<Vec<Write>, StoreError> {
        let item = self.with_code(entry.to_item()).await?;
        let mut writes = vec![put_if(&self.ledger_table, item, NEW, [])?];
        writes.extend(self.rest_of(entry).await?);
        for (table, key, _) in self.places(entry.number, entry.number) {
            // A table that has not followed the ledger so far must not seem to by this write.
            let condition = match next.last {
                _ if table == self.settings.table => "attribute_not_exists(n) OR n < :n",
                0 => "attribute_not_exists(n)",
                _ => "n = :l",
            };
            writes.push(position(table, key, next, condition)?);
        }
        Ok(writes)
    }

    /// Where the number stands: the head, and the tables that follow.
    fn places(&self, to: u64, head: u64) -> [(&str, Item, u64); 4] {
        [
            (&self.settings.table, head_key(), head),
            (&self.keys_table, position_in_keys(), to),
            (&self.conversations_table, position_in_conversations(), to),
            (&self.profiles_table, position_in_profiles(), to),
        ]
    }

    async fn number_at(
        &self,
        table: &str,
        key: HashMap<String, AttributeValue>,
    ) -> Result<u64, StoreError> {
        let found = self
            .dynamo
            .get_item()
            .table_name(table)
            .set_key(Some(key))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| fault("find_position", &error))?;
        number_of(found.item.as_ref()).map_err(in_table(self.name_of(table)))
    }

    /// The name by which the docs know the table of a position.
    fn name_of(&self, table: &str) -> &'static str {
        if table == self.settings.table {
            "settings"
        } else if table == self.keys_table {
            "keys"
        } else if table == self.conversations_table {
            "conversations"
        } else {
            "profiles"
        }
    }

    /// The number of the last erasure, and the numbers behind it at which there is something that is no
    /// erasure of ours.
    async fn last_entries(&self) -> Result<(u64, Vec<u64>), StoreError> {
        let mut pages = self
            .dynamo
            .query()
            .table_name(self.ledger_table.as_ref())
            .key_condition_expression("p = :p")
            .expression_attribute_values(":p", string(LEDGER))
            .scan_index_forward(false)
            // More are there only if somebody else has put them there.
            .limit(1)
            .consistent_read(true)
            .into_paginator()
            .items()
            .send();
        let mut taken = Vec::new();
        while let Some(item) = pages.next().await {
            let item = item.map_err(|error| fault("find_last_erasure", &error))?;
            let place = number_in_key(&item);
            match self.settings.proven_row(Some(item), Entry::from_item).await {
                Ok(entry) => return Ok((entry.map_or(0, |entry| entry.number), taken)),
                Err(StoreError::Corrupt { .. }) => taken.extend(place),
                Err(error) => return Err(error),
            }
        }
        Ok((0, taken))
    }
}
