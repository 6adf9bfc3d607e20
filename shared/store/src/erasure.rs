//! Erasure: the keys of a subject are destroyed, by one query and one transaction, however many
//! messages they guard. The sweep deletes the ciphertext later; nobody can read it meanwhile.

use super::attributes::{Item, corrupt};
use super::key_row::{Guarded, KeyRow};
use super::lead;
use super::ledger::{Basis, Entry, Rest};
use super::receipt::{Receipt, SignedReceipt};
use super::security_event::{Action, SecurityEvent, SecurityEvents};
use super::subject::{Erased, Rows};
use super::write::{Write, emptied, put, put_if};
use super::{Store, StoreError};
use seal::suite;
use values::clock::UnixMillis;
use values::ids::{ConversationId, EventId, ReceiptId, StaffId, SubjectId};
use values::policy::{DAY_MS, RetentionPolicy};
use values::site::Site;

/// Keys destroyed in one transaction: DynamoDB takes 100 writes, of which some tell of the erasure.
const KEYS_AT_ONCE: usize = 85;
/// How long the receipt of an erasure of nothing is kept and nothing new is stored of its subject:
/// as long as the token is good by which it was asked for.
pub const NOTHING_MS: UnixMillis = DAY_MS;
/// Pages of 1 MB that are read at most to count what was destroyed.
const COUNTED_PAGES: usize = 256;

/// A request for an erasure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request {
    /// The subject to erase.
    pub subject: SubjectId,
    /// The site.
    pub site: &'static Site,
    /// Why.
    pub basis: Basis,
    /// When it was asked for.
    pub requested_ms: UnixMillis,
    /// Hash of the idempotency key and the body.
    pub idempotency: [u8; 32],
    /// How it is handled if nothing is stored.
    pub of_nothing: OfNothing,
}

/// How an erasure is handled when nothing is stored of the subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OfNothing {
    /// It is refused.
    Refused,
    /// There is a receipt of it for a day. It takes no number and nothing else that other erasures write,
    /// since anybody can ask for as many as they like.
    Passing,
    /// It is entered in the ledger like any other: it was asked for when there was something.
    Entered,
}

/// The result of an erasure.
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

/// The id of the event that tells of an erasure, by which the audit log has it. It does not tell the
/// receipt's, which is nothing that could be guessed.
#[must_use]
pub fn event_of(receipt: ReceiptId) -> EventId {
    let hash = suite::hash(&[b"sotto/v1 event of receipt", receipt.as_bytes()]);
    EventId::at(receipt.made_at_ms(), hash)
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

/// The result of one try.
enum Tried {
    Ended(Erasure),
    Overtaken,
}

impl Store {
    /// Erases a subject: destroys every key that is not held, and reads back that it is so. From then
    /// on nothing new is stored of the subject. Records a security event in the same transaction, with
    /// the staff member who asked, if one did ([`event_of`]).
    ///
    /// # Errors
    /// [`StoreError`]; then it was done or not, and the same call again tells.
    pub async fn erase(
        &self,
        request: &Request,
        recorded: (&SecurityEvents, Option<StaffId>),
    ) -> Result<Erasure, StoreError> {
        let mut tries = self.tries();
        loop {
            let rows = self.rows_of(request.subject).await?;
            match Box::pin(self.try_to_erase(request, recorded, &rows)).await? {
                Tried::Ended(erasure) => return Ok(erasure),
                Tried::Overtaken => tries.again().await?,
            }
        }
    }

    async fn try_to_erase(
        &self,
        request: &Request,
        recorded: (&SecurityEvents, Option<StaffId>),
        rows: &Rows,
    ) -> Result<Tried, StoreError> {
        // A ledger that was restored may not know of it; then it is carried out and told once more.
        let number = rows.subject.erased.and_then(|erased| erased.number);
        if let Some(number) = number
            && let Some(entry) = self.find_entry(number).await?
        {
            // An erasure cut off after its first transaction is finished before the answer.
            self.destroy_rest(request.subject).await?;
            return Ok(Tried::Ended(Erasure::Before(entry)));
        }
        if !rows.subject.holds.is_empty() {
            return Ok(Tried::Ended(Erasure::Held));
        }
        let is_nothing = number.is_none() && rows.are_nothing();
        if is_nothing {
            if let Some(erased) = rows.subject.erased {
                let entry = self.entry_of_nothing(request, erased.receipt);
                return Ok(Tried::Ended(Erasure::Before(entry)));
            }
            match request.of_nothing {
                OfNothing::Refused => return Ok(Tried::Ended(Erasure::Nothing)),
                OfNothing::Passing => {
                    return Box::pin(self.erase_nothing(request, rows)).await;
                }
                OfNothing::Entered => {}
            }
        }
        let (next, policy) =
            tokio::try_join!(self.next_number(), self.settings.retention_policy(request.site))?;
        let receipt = ReceiptId::generate(&self.clock)?;
        // From now on, since what was asked for may have waited for years.
        let now_ms = self.clock.now_ms();
        let end_ms = policy.policy.audit_end_ms(now_ms);
        let number = next.number;
        let mut entry = entry_of(request, rows, number, receipt, (now_ms, end_ms));
        if is_nothing {
            entry.rest = Rest::Nothing;
        }
        let erased = Erased { receipt, number: Some(number) };
        let mut writes = self.transaction().and_all(self.entry_writes(&entry, next).await?);
        writes.push(self.put_erased(request.subject, &rows.subject, erased, entry.end_ms)?);
        let (events, by) = recorded;
        writes.push(
            events
                .put(SecurityEvent {
                    id: Some(event_of(receipt)),
                    ..SecurityEvent::by_whom(by, Action::SubjectErased, request.subject)
                })
                .await?,
        );
        for row in doomed(rows).take(KEYS_AT_ONCE) {
            writes.extend(self.destruction(row)?);
        }
        if let Some(back) = &rows.way_back {
            writes.extend(self.emptied_customer(request.subject, back).await?);
        }
        if !writes.commit("erase").await?.is_whole() {
            return Ok(Tried::Overtaken);
        }
        self.forget(rows);
        // Nothing new can be stored by now: what is read back is all that is left.
        let rows = self.destroy_rest(request.subject).await?;
        let entry = self.corrected(entry, &rows).await?;
        Ok(Tried::Ended(Erasure::Done(entry)))
    }

    /// Marks the subject, of whom nothing is stored, so that nothing will be as long as the receipt is
    /// there. It writes to the subject's own row alone.
    async fn erase_nothing(&self, request: &Request, rows: &Rows) -> Result<Tried, StoreError> {
        // In a table that was restored something may be missing.
        self.next_number().await?;
        let entry = self.entry_of_nothing(request, receipt_of_nothing(request));
        let erased = Erased { receipt: entry.receipt, number: None };
        let mark = self.put_erased(request.subject, &rows.subject, erased, entry.end_ms)?;
        if !self.transaction().and(mark).commit("erase_nothing").await?.is_whole() {
            return Ok(Tried::Overtaken);
        }
        // Rows that were stored since the read are erased like all others, by another try.
        if self.rows_of(request.subject).await?.are_nothing() {
            Ok(Tried::Ended(Erasure::Done(entry)))
        } else {
            Ok(Tried::Overtaken)
        }
    }

    /// The entry of a receipt of nothing. The receipt's id tells whether this request asked for it.
    fn entry_of_nothing(&self, request: &Request, receipt: ReceiptId) -> Entry {
        let now_ms = self.clock.now_ms();
        let is_ours = receipt == receipt_of_nothing(request);
        Entry {
            number: 0,
            subject: request.subject,
            receipt,
            site: request.site,
            basis: request.basis,
            requested_ms: request.requested_ms,
            destroyed_ms: now_ms,
            idempotency: if is_ours { request.idempotency } else { [0; 32] },
            conversations: 0,
            keys_destroyed: 0,
            kept: Vec::new(),
            rest: Rest::Nothing,
            end_ms: now_ms + NOTHING_MS,
        }
    }

    /// The entry with the counts of what was destroyed: something may have been stored, or a hold have
    /// ended, between the last read and the transaction.
    async fn corrected(&self, entry: Entry, rows: &Rows) -> Result<Entry, StoreError> {
        let Seen { conversations, keys_destroyed, kept } = Seen::of(rows);
        let seen = Entry { conversations, keys_destroyed, kept, ..entry.clone() };
        if seen == entry || self.change_entry(&entry, &seen).await? {
            return Ok(seen);
        }
        // The sweep has gone on with it meanwhile.
        self.find_entry(entry.number).await?.ok_or(corrupt("k").in_table("ledger"))
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
        let (next, policy, earlier, signer, subject) = Box::pin(async {
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
        let number = next.number;
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
        let mut writes = self.transaction().and_all(self.entry_writes(&entry, next).await?);
        writes.push(self.replacement_of_receipt(entry.receipt, &receipt, entry.end_ms)?);
        let erased = Erased { receipt: entry.receipt, number: Some(number) };
        writes.push(self.put_erased(entry.subject, &subject, erased, entry.end_ms)?);
        if entry.kept.is_empty() {
            writes.push(self.fulfilled(entry.subject, known.number)?);
        }
        Ok(writes.commit("erase_kept").await?.is_whole())
    }

    /// Destroys what keys of an erased subject are left, unless they are held. Gives the rows as they
    /// were read last, with no such key among them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn destroy_rest(&self, subject: SubjectId) -> Result<Rows, StoreError> {
        let mut tries = self.tries();
        loop {
            let rows = self.rows_of(subject).await?;
            let doomed: Vec<&KeyRow> = doomed(&rows).collect();
            if doomed.is_empty() {
                return Ok(rows);
            }
            let mut all_ours = true;
            for some in doomed.chunks(KEYS_AT_ONCE) {
                let mut writes = self.transaction();
                for row in some {
                    writes.extend(self.destruction(row)?);
                }
                // Another caller who destroys them does the same.
                all_ours &= writes.commit("erase_rest").await?.is_whole();
            }
            self.forget(&rows);
            if !all_ours {
                tries.again().await?;
            }
        }
    }

    /// The receipt of an erasure; signs and stores it if there is none yet. It counts what is seen to be
    /// destroyed, and names what is seen to be kept, whatever the entry says. `None` when the entry says
    /// that something was erased which was not: such an entry is none of ours.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn receipt_of(
        &self,
        entry: &Entry,
        issuer: &str,
    ) -> Result<Option<SignedReceipt>, StoreError> {
        if let Some(receipt) = self.find_receipt(entry.receipt).await? {
            let is_theirs = receipt.receipt.subject_id == entry.subject.to_string();
            return Ok(is_theirs.then_some(receipt));
        }
        let rows = self.rows_of(entry.subject).await?;
        if !rows.prove(entry) {
            return Ok(None);
        }
        if doomed(&rows).next().is_some() {
            return Err(StoreError::Unavailable);
        }
        let destroyed_ms = self.clock.now_ms();
        let Seen { conversations, keys_destroyed, kept } = Seen::of(&rows);
        let seen = Entry { conversations, keys_destroyed, kept, ..entry.clone() };
        let messages = self.count_messages(&rows).await?;
        let signer = self.settings.receipt_signer().await?;
        let receipt = Receipt::of(&seen, destroyed_ms, messages).sign(&signer, issuer)?;
        self.put_receipt(entry.receipt, receipt, entry.end_ms).await.map(Some)
    }

    /// How many messages the destroyed keys of a subject guarded.
    async fn count_messages(&self, rows: &Rows) -> Result<u64, StoreError> {
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

    /// The replacement of a row by what erasure leaves of it, if it is still the same. The contact goes
    /// with its key, and the blind index of the address with the contact.
    fn destruction(&self, row: &KeyRow) -> Result<Vec<Write>, StoreError> {
        let now_ms = self.clock.now_ms();
        let condition = "w = :w AND attribute_not_exists(h)";
        let mut writes = vec![self.replaced(row, row.destroyed(now_ms), condition)?];
        if matches!(row.guarded, Guarded::Profile { .. }) {
            let contact = emptied(lead::key_of(row.subject), now_ms);
            writes.push(put(&self.profiles_table, contact)?);
        }
        Ok(writes)
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

/// The extent of an erasure, as the rows of the subject show it.
struct Seen {
    /// Conversations whose keys are destroyed.
    conversations: u64,
    /// Keys that are destroyed.
    keys_destroyed: u64,
    /// Conversations that are kept, since they are held.
    kept: Vec<ConversationId>,
}

impl Seen {
    fn of(rows: &Rows) -> Self {
        Self::among(rows, KeyRow::is_destroyed)
    }

    /// The same of rows whose keys are destroyed, or about to be.
    fn among(rows: &Rows, is_destroyed: impl Fn(&KeyRow) -> bool) -> Self {
        let mut seen = Self { conversations: 0, keys_destroyed: 0, kept: Vec::new() };
        for row in &rows.keys {
            let is_destroyed = is_destroyed(row);
            seen.keys_destroyed += u64::from(is_destroyed);
            if let Guarded::Conversation(id) = row.guarded {
                seen.conversations += u64::from(is_destroyed);
                if !is_destroyed && !row.holds.is_empty() {
                    seen.kept.push(id);
                }
            }
        }
        seen
    }
}

impl Rows {
    /// Whether nothing is stored of the subject, and nothing was destroyed.
    fn are_nothing(&self) -> bool {
        self.keys.is_empty() && self.way_back.is_none()
    }

    /// Whether the rows bear out that this erasure took place: the subject is marked with its receipt, and
    /// no less was destroyed than it says.
    fn prove(&self, entry: &Entry) -> bool {
        let seen = Seen::of(self);
        self.subject.has(entry.receipt)
            && entry.conversations <= seen.conversations
            && entry.keys_destroyed <= seen.keys_destroyed
    }
}

/// The id of the receipt of nothing that a request gets: the same for the same request, and not to be
/// guessed by who does not know its idempotency key.
fn receipt_of_nothing(request: &Request) -> ReceiptId {
    let subject = request.subject.as_bytes();
    let hash = suite::hash(&[b"receipt of nothing", subject, &request.idempotency]);
    ReceiptId::at(request.subject.made_at_ms(), hash)
}

fn entry_of(
    request: &Request,
    rows: &Rows,
    number: u64,
    receipt: ReceiptId,
    (destroyed_ms, end_ms): (UnixMillis, UnixMillis),
) -> Entry {
    let is_destroyed = |row: &KeyRow| row.is_destroyed() || row.holds.is_empty();
    let Seen { conversations, keys_destroyed, kept } = Seen::among(rows, is_destroyed);
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
        conversations,
        keys_destroyed,
        rest: Rest::Purge,
        kept,
    }
}

/// When an erasure may be forgotten: not before what it has kept is erased too, and a hold may last for
/// years.
fn end_of(kept: &[ConversationId], end_ms: UnixMillis, now_ms: UnixMillis) -> UnixMillis {
    if kept.is_empty() { end_ms } else { end_ms.max(now_ms + RetentionPolicy::LONGEST_MS) }
}
