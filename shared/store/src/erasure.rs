//! Erasure: the keys of a subject are destroyed, by one query and one transaction, however many
//! messages they guard. What they guarded is deleted later, by the sweep; nobody can read it meanwhile.

use super::attributes::Item;
use super::key_row::{Guarded, KeyRow};
use super::ledger::{Basis, Entry, Rest};
use super::receipt::{Receipt, SignedReceipt};
use super::security_event::{Action, SecurityEvent, SecurityEvents};
use super::subject::{Erased, Rows};
use super::write::{Write, put_if};
use super::{Store, StoreError};
use seal::suite;
use values::clock::UnixMillis;
use values::ids::{ConversationId, ReceiptId, StaffId, SubjectId};
use values::policy::RetentionPolicy;
use values::site::Site;

/// Keys destroyed in one transaction: DynamoDB takes 100 writes, of which some tell of the erasure.
const KEYS_AT_ONCE: usize = 85;
/// How often an erasure is begun again that another write was in the way of.
const ATTEMPTS: usize = 32;
/// Pages of 1 MB that are read at most to count what was destroyed.
const COUNTED_PAGES: usize = 256;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request {
    /// Who is to be erased.
    pub subject: SubjectId,
    /// The site.
    pub site: &'static Site,
    /// Why.
    pub basis: Basis,
    /// When it was asked for.
    pub requested_ms: UnixMillis,
    /// Hash of the idempotency key and the body.
    pub idempotency: [u8; 32],
    /// Whether it is carried out if nothing is stored: who asks for themselves gets a receipt for it.
    pub of_nothing: bool,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Erasure {
    /// The keys are destroyed.
    Done(Entry),
    /// They were before.
    Before(Entry),
    /// All that is the subject's is held.
    Held,
    /// There is nothing, and there was nothing.
    Nothing,
}

/// Hashes of the idempotency key, and of key and body, of a request: by which a repetition is known.
#[must_use]
pub fn idempotency(key: &str, body: &str) -> [u8; 32] {
    let [key_alone, whole] = [
        suite::hash(&[b"key", key.as_bytes()]),
        suite::hash(&[b"body", &key.len().to_be_bytes(), key.as_bytes(), body.as_bytes()]),
    ];
    let mut idempotency = [0; 32];
    for (to, from) in idempotency.iter_mut().zip(key_alone.iter().take(16).chain(&whole)) {
        *to = *from;
    }
    idempotency
}

/// How a request is like the one that was carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repetition {
    /// It is the same, repeated.
    Same,
    /// It has the same idempotency key and another body.
    OtherBody,
    /// It is another request for the same thing.
    Another,
}

/// How two requests are alike, by their hashes.
#[must_use]
pub fn repetition(a: &[u8; 32], b: &[u8; 32]) -> Repetition {
    let key = |idempotency: &[u8; 32]| idempotency.first_chunk::<16>().copied();
    if a == b {
        Repetition::Same
    } else if key(a) == key(b) {
        Repetition::OtherBody
    } else {
        Repetition::Another
    }
}

/// What came of one try.
enum Tried {
    Ended(Erasure),
    Overtaken,
}

impl Store {
    /// Erases a subject: destroys every key that is not held, and reads back that it is so. From then
    /// on nothing new is stored of the subject. Whoever of the staff has asked is told of as an event, in
    /// the same transaction.
    ///
    /// # Errors
    /// [`StoreError`]; then it was done or not, and the same call again tells.
    pub async fn erase(
        &self,
        request: &Request,
        recorded: Option<(&SecurityEvents, StaffId)>,
    ) -> Result<Erasure, StoreError> {
        for _ in 0..ATTEMPTS {
            let rows = self.rows_of(request.subject).await?;
            match Box::pin(self.try_to_erase(request, recorded, &rows)).await? {
                Tried::Ended(erasure) => return Ok(erasure),
                Tried::Overtaken => {}
            }
        }
        Err(StoreError::Unavailable)
    }

    async fn try_to_erase(
        &self,
        request: &Request,
        recorded: Option<(&SecurityEvents, StaffId)>,
        rows: &Rows,
    ) -> Result<Tried, StoreError> {
        // A ledger that was restored may not know of it; then it is carried out and told once more.
        if let Some(erased) = rows.subject.erased
            && let Some(entry) = self.find_entry(erased.number).await?
        {
            // What was cut off behind its first transaction is finished before anything is said.
            self.destroy_rest(request.subject).await?;
            return Ok(Tried::Ended(Erasure::Before(entry)));
        }
        if !rows.subject.holds.is_empty() {
            return Ok(Tried::Ended(Erasure::Held));
        }
        let is_customer = rows.keys.is_empty() && self.is_customer(request.subject).await?;
        let is_nothing = rows.keys.is_empty() && !is_customer && rows.subject.erased.is_none();
        if is_nothing && !request.of_nothing {
            return Ok(Tried::Ended(Erasure::Nothing));
        }
        let (number, policy) =
            tokio::try_join!(self.next_number(), self.settings.retention_policy(request.site))?;
        let receipt = ReceiptId::generate(&self.clock)?;
        // From now on, since what was asked for may have waited for years.
        let now_ms = self.clock.now_ms();
        let end_ms = policy.policy.audit_end_ms(now_ms);
        let mut entry = entry_of(request, rows, number, receipt, (now_ms, end_ms));
        if is_nothing {
            // Anybody can ask for such: the sweep has no time for them.
            entry.rest = Rest::Nothing;
        }
        let doomed: Vec<&KeyRow> = doomed(rows).collect();
        let (first, rest) = doomed.split_at(doomed.len().min(KEYS_AT_ONCE));
        let erased = Erased { receipt, number };
        let mut writes = self.transaction().and_all(self.entry_writes(&entry)?);
        writes.push(self.put_erased(request.subject, &rows.subject, erased, entry.end_ms)?);
        if let Some((events, by)) = recorded {
            writes.push(events.put(SecurityEvent::by(
                by,
                Action::SubjectErased,
                request.subject,
            ))?);
        }
        for row in first {
            writes.push(self.destruction(row)?);
        }
        if !writes.commit("erase").await?.is_whole() {
            return Ok(Tried::Overtaken);
        }
        self.forget(rows);
        // Nothing new can be stored by now: what is read back is all that is left.
        if !rest.is_empty() || !self.is_destroyed(request.subject).await? {
            self.destroy_rest(request.subject).await?;
        }
        Ok(Tried::Ended(Erasure::Done(entry)))
    }

    /// Enters that conversations were destroyed which an earlier erasure had kept: under a number of its
    /// own, with the receipt that tells of both in the place of the earlier one, in one transaction.
    /// False when somebody else was quicker, with this or another erasure.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn erase_rest(
        &self,
        known: &Entry,
        free: &[ConversationId],
        messages: u64,
        issuer: &str,
    ) -> Result<bool, StoreError> {
        let (number, policy, earlier, signer, subject) = Box::pin(async {
            tokio::try_join!(
                self.next_number(),
                self.settings.retention_policy(known.site),
                self.find_receipt(known.receipt),
                self.settings.receipt_signer(),
                self.find_subject(known.subject)
            )
        })
        .await?;
        let now_ms = self.clock.now_ms();
        let more = u64::try_from(free.len()).unwrap_or(u64::MAX);
        let kept: Vec<_> = known.kept.iter().copied().filter(|id| !free.contains(id)).collect();
        let entry = Entry {
            number,
            destroyed_ms: now_ms,
            conversations: known.conversations + more,
            keys_destroyed: known.keys_destroyed + more,
            end_ms: end_of(&kept, policy.policy.audit_end_ms(now_ms), now_ms),
            kept,
            rest: Rest::Purge,
            ..known.clone()
        };
        let messages = messages + earlier.map_or(0, |signed| signed.receipt.messages);
        let receipt = Receipt::of(&entry, now_ms, messages).sign(&signer, issuer)?;
        let mut writes = self.transaction().and_all(self.entry_writes(&entry)?);
        writes.push(self.replacement_of_receipt(entry.receipt, &receipt, entry.end_ms)?);
        let erased = Erased { receipt: entry.receipt, number };
        writes.push(self.put_erased(entry.subject, &subject, erased, entry.end_ms)?);
        if entry.kept.is_empty() {
            writes.push(self.fulfilled(entry.subject, known.number)?);
        }
        Ok(writes.commit("erase_kept").await?.is_whole())
    }

    /// Destroys what keys of an erased subject are left, unless they are held.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn destroy_rest(&self, subject: SubjectId) -> Result<(), StoreError> {
        for _ in 0..ATTEMPTS {
            let rows = self.rows_of(subject).await?;
            let doomed: Vec<&KeyRow> = doomed(&rows).collect();
            if doomed.is_empty() {
                return Ok(());
            }
            for some in doomed.chunks(KEYS_AT_ONCE) {
                let writes: Result<Vec<_>, _> =
                    some.iter().map(|row| self.destruction(row)).collect();
                // Who else destroys them does the same.
                let _ours = self.transaction().and_all(writes?).commit("erase_rest").await?;
            }
            self.forget(&rows);
        }
        Err(StoreError::Unavailable)
    }

    /// Whether no key of the subject is left that is not held.
    async fn is_destroyed(&self, subject: SubjectId) -> Result<bool, StoreError> {
        Ok(doomed(&self.rows_of(subject).await?).next().is_none())
    }

    /// The receipt of an erasure; signs and stores it if there is none yet. The keys were read back as
    /// destroyed before this is called.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn receipt_of(
        &self,
        entry: &Entry,
        issuer: &str,
    ) -> Result<SignedReceipt, StoreError> {
        if let Some(receipt) = self.find_receipt(entry.receipt).await? {
            return Ok(receipt);
        }
        let destroyed_ms = self.clock.now_ms();
        let messages = self.count_messages(entry.subject).await?;
        let signer = self.settings.receipt_signer().await?;
        let receipt = Receipt::of(entry, destroyed_ms, messages).sign(&signer, issuer)?;
        self.put_receipt(entry.receipt, receipt, entry.end_ms).await
    }

    /// How many messages the destroyed keys of a subject guarded.
    async fn count_messages(&self, subject: SubjectId) -> Result<u64, StoreError> {
        let rows = self.rows_of(subject).await?;
        let destroyed = rows.keys.iter().filter(|row| row.is_destroyed());
        let ids = destroyed.filter_map(|row| match row.guarded {
            Guarded::Conversation(id) => Some(id),
            Guarded::Profile { .. } => None,
        });
        self.count_messages_in(&ids.collect::<Vec<_>>()).await
    }

    /// How many messages these conversations hold, as their logs tell in the clear. Of what is beyond
    /// 256 MB an event counts as one message.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn count_messages_in(&self, ids: &[ConversationId]) -> Result<u64, StoreError> {
        let (mut messages, mut pages) = (0, COUNTED_PAGES);
        for id in ids {
            messages += self.count_messages_of(*id, &mut pages).await?;
        }
        Ok(messages)
    }

    /// The replacement of a row by what erasure leaves of it, if it is still the same.
    fn destruction(&self, row: &KeyRow) -> Result<Write, StoreError> {
        self.replaced(row, row.destroyed(), "w = :w AND attribute_not_exists(h)")
    }

    /// The replacement of a row by another, under a condition in which `:w` is its key as it was read.
    pub(super) fn replaced(
        &self,
        row: &KeyRow,
        item: Item,
        condition: &str,
    ) -> Result<Write, StoreError> {
        let wrapped = row.wrapped().map(|wrapped| (":w", wrapped));
        put_if(&self.keys_table, item, condition, wrapped)
    }

    /// Forgets what is in this function's memory of them.
    pub(super) fn forget(&self, rows: &Rows) {
        for row in &rows.keys {
            if let Guarded::Conversation(id) = row.guarded {
                self.conversations.forget(&(row.subject, id));
            }
        }
    }
}

/// The keys that erasing destroys.
fn doomed(rows: &Rows) -> impl Iterator<Item = &KeyRow> {
    rows.keys.iter().filter(|row| !row.is_destroyed() && row.holds.is_empty())
}

fn entry_of(
    request: &Request,
    rows: &Rows,
    number: u64,
    receipt: ReceiptId,
    (destroyed_ms, end_ms): (UnixMillis, UnixMillis),
) -> Entry {
    let is_conversation = |row: &&KeyRow| matches!(row.guarded, Guarded::Conversation(_));
    let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    let kept: Vec<_> = rows
        .keys
        .iter()
        .filter(|row| !row.is_destroyed() && !row.holds.is_empty())
        .filter_map(|row| match row.guarded {
            Guarded::Conversation(id) => Some(id),
            Guarded::Profile { .. } => None,
        })
        .collect();
    Entry {
        number,
        subject: request.subject,
        receipt,
        site: request.site,
        basis: request.basis,
        requested_ms: request.requested_ms,
        destroyed_ms,
        idempotency: request.idempotency,
        end_ms: end_of(&kept, end_ms, destroyed_ms),
        conversations: count(doomed(rows).filter(is_conversation).count()),
        keys_destroyed: count(doomed(rows).count()),
        rest: Rest::Purge,
        kept,
    }
}

/// When an erasure may be forgotten: not before what it has kept is erased too, and a hold may last for
/// years.
fn end_of(kept: &[ConversationId], end_ms: UnixMillis, now_ms: UnixMillis) -> UnixMillis {
    if kept.is_empty() { end_ms } else { end_ms.max(now_ms + RetentionPolicy::LONGEST_MS) }
}
