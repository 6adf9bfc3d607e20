//! Erasures that somebody of the staff has asked for without a case. Another officer approves them, or
//! the same one after a day.
//!
//! Ledger item: `p` = `asked`, `k` the id, `v` all else, sealed under the key of reasons and bound to the
//! id: nobody who can only write to the table can ask for an erasure, or turn one to another subject.
//! `expires_at` is [`AskedErasure::LIFE_MS`] after it was asked for.

use serde::{Deserialize, Serialize};

use super::attributes::{
    EXPIRES_AT, Item, binary, corrupt, expiry, in_table, take_binary, take_string,
};
use super::erasure::{OfNothing, Request};
use super::ledger::Basis;
use super::read_record::ReadPurpose;
use super::reason::Reasons;
use super::security_event::{Action, SecurityEvent, SecurityEvents};
use super::table::key;
use super::write::{NEW, delete_if, put_if};
use super::{Store, StoreError};
use seal::envelope::Sealed;
use values::clock::UnixMillis;
use values::ids::{ErasureId, StaffId, SubjectId};
use values::policy::DAY_MS;
use values::secret::Plaintext;
use values::site::Site;

const PARTITION: &str = "asked";

/// An erasure that waits for an approval. No `Debug`: the reason may name somebody.
#[derive(Clone)]
pub struct AskedErasure {
    /// Its id.
    pub id: ErasureId,
    /// The erasure.
    pub request: Request,
    /// The officer who asked.
    pub by: StaffId,
    /// The read purpose.
    pub purpose: ReadPurpose,
    /// The reason.
    pub reason: String,
}

impl AskedErasure {
    /// The time that it waits; then it lapses.
    pub const LIFE_MS: UnixMillis = 30 * DAY_MS;
    /// The officer who asked may approve it alone after this time: a team may have a single officer.
    pub const DELAY_MS: UnixMillis = DAY_MS;

    /// From when on the officer who has asked may approve it alone.
    #[must_use]
    pub const fn not_before_ms(&self) -> UnixMillis {
        self.request.requested_ms + Self::DELAY_MS
    }

    const fn end_ms(&self) -> UnixMillis {
        self.request.requested_ms + Self::LIFE_MS
    }

    fn seal(&self, reasons: &Reasons) -> Result<Sealed, StoreError> {
        let Self { id, request, by, purpose, reason } = self;
        let stored = Stored {
            subject: request.subject.to_string(),
            basis: request.basis.as_str().to_owned(),
            requested_ms: request.requested_ms,
            repetition: request.idempotency.to_vec(),
            by: by.to_string(),
            purpose: purpose.as_str().to_owned(),
            reason: reason.clone(),
        };
        let json = serde_json::to_string(&stored).map_err(|_| StoreError::Failed)?;
        reasons.seal(&place(*id), &json)
    }

    fn open(id: ErasureId, sealed: &Sealed, reasons: &Reasons) -> Result<Self, StoreError> {
        let opened: Plaintext = reasons.open(&place(id), sealed)?;
        let stored: Stored = serde_json::from_slice(opened.reveal()).map_err(|_| corrupt("v"))?;
        let request = Request {
            subject: SubjectId::parse(&stored.subject).ok_or(corrupt("v"))?,
            site: Site::SHIPPED,
            basis: Basis::find(&stored.basis).ok_or(StoreError::OtherVersion)?,
            requested_ms: stored.requested_ms,
            idempotency: stored.repetition.try_into().map_err(|_| corrupt("v"))?,
            of_nothing: OfNothing::Refused,
        };
        Ok(Self {
            id,
            request,
            by: StaffId::parse(&stored.by).ok_or(corrupt("v"))?,
            purpose: ReadPurpose::find(&stored.purpose).ok_or(StoreError::OtherVersion)?,
            reason: stored.reason,
        })
    }
}

#[derive(Serialize, Deserialize)]
struct Stored {
    subject: String,
    basis: String,
    requested_ms: UnixMillis,
    repetition: Vec<u8>,
    by: String,
    purpose: String,
    reason: String,
}

/// Apart from the reasons of reads and holds, which have ids of the same form.
fn place(id: ErasureId) -> String {
    format!("asked erasure {id}")
}

impl Store {
    /// Stores that an erasure was asked for, with its event.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn ask_for_erasure(
        &self,
        events: &SecurityEvents,
        asked: &AskedErasure,
    ) -> Result<(), StoreError> {
        let reasons = self.settings.reasons(asked.request.site).await?;
        let mut item = key(PARTITION, asked.id);
        item.insert("v".to_owned(), binary(asked.seal(&reasons)?.as_stored()));
        item.insert(EXPIRES_AT.to_owned(), expiry(asked.end_ms()));
        let put = put_if(&self.ledger_table, item, NEW, [])?;
        let event = SecurityEvent::by(asked.by, Action::ErasureAsked, asked.request.subject);
        self.transaction()
            .and(put)
            .and(events.put(event).await?)
            .commit_or_fail("ask_for_erasure")
            .await
    }

    /// The erasure of that id that waits for an approval; none once its time is up.
    ///
    /// # Errors
    /// [`StoreError`], also for a row that nobody but the service could have written and did not.
    pub async fn find_asked_erasure(
        &self,
        id: ErasureId,
    ) -> Result<Option<AskedErasure>, StoreError> {
        let Some(item) = self.ledger_table.get("find_asked_erasure", key(PARTITION, id)).await?
        else {
            return Ok(None);
        };
        let reasons = self.settings.reasons(Site::SHIPPED).await?;
        let asked = read(item, &reasons)?;
        Ok((self.clock.now_ms() < asked.end_ms()).then_some(asked))
    }

    /// All that wait, in no order.
    ///
    /// # Errors
    /// As [`Store::find_asked_erasure`].
    pub async fn asked_erasures(&self) -> Result<Vec<AskedErasure>, StoreError> {
        let items = self.ledger_table.query("find_asked_erasures", PARTITION).await?;
        if items.is_empty() {
            return Ok(Vec::new());
        }
        let reasons = self.settings.reasons(Site::SHIPPED).await?;
        let asked = items.into_iter().map(|item| read(item, &reasons));
        let asked: Vec<_> = asked.collect::<Result<_, _>>()?;
        let now_ms = self.clock.now_ms();
        Ok(asked.into_iter().filter(|asked| now_ms < asked.end_ms()).collect())
    }

    /// Forgets an erasure that was asked for, with an event; false when it was not there.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn withdraw_erasure(
        &self,
        events: &SecurityEvents,
        by: StaffId,
        asked: &AskedErasure,
    ) -> Result<bool, StoreError> {
        let gone =
            delete_if(&self.ledger_table, key(PARTITION, asked.id), "attribute_exists(p)", [])?;
        let event = SecurityEvent::by(by, Action::ErasureWithdrawn, asked.request.subject);
        let writes = self.transaction().and(gone).and(events.put(event).await?);
        Ok(writes.commit("withdraw_erasure").await?.is_whole())
    }
}

fn read(item: Item, reasons: &Reasons) -> Result<AskedErasure, StoreError> {
    read_item(item, reasons).map_err(in_table("ledger"))
}

fn read_item(mut item: Item, reasons: &Reasons) -> Result<AskedErasure, StoreError> {
    let id = ErasureId::parse(&take_string(&mut item, "k")?).ok_or(corrupt("k"))?;
    let sealed = Sealed::from_stored(take_binary(&mut item, "v")?);
    AskedErasure::open(id, &sealed, reasons)
}
