//! Cases: the requests of subjects, with their deadlines and results.
//!
//! Ledger item: `p` = `case`, `k` the id, `d` what is asked for, `b` by which law, `u` the subject once
//! it is known, `q` how far it is, `r` when it came, `x` 1 if there is more time, `g` the receipt of
//! the erasure, `j` the log (JSON: `t` when, `a` who, absent where it was the service, `w` what), `n`
//! version, one more with each change; `f` when it was closed, and only then `expires_at`; `m` its code.
//! By when it is due is counted from these and not stored.
//!
//! The log is in the item itself: it changes and ends with its case, and has a few lines. Each change
//! is one transaction of the case, on condition that it is the version that was read, and of its
//! security event.

mod course;

use serde::{Deserialize, Serialize};

use super::attributes::{
    EXPIRES_AT, Item, binary, corrupt, expiry, in_table, number, optional, read_number, string,
    take_binary, take_string,
};
use super::erasure_request::Waiting;
use super::security_event::{Action, SecurityEvent, SecurityEvents};
use super::table::key;
use super::write::{NEW, put_if};
use super::{Store, StoreError};
use values::clock::UnixMillis;
use values::deadline::Law;
use values::ids::{CaseId, ReceiptId, StaffId, SubjectId};
use values::policy::DAY_MS;
use values::site::Site;

pub use course::{Case, Kind, Line, NotNow, State, Step, What, Word};

/// So long before its answer is due, a case is due soon.
pub const ANSWER_SOON_MS: UnixMillis = 5 * DAY_MS;
/// How often the service begins a note again after somebody else has changed the case.
const ATTEMPTS: usize = 16;

const PARTITION: &str = "case";

/// The result of noting something in a case.
#[derive(Debug, PartialEq, Eq)]
pub enum Noted {
    /// It is in the case.
    There(Case),
    /// The case does not take it: closed, of another kind, or of somebody else.
    Refused,
    /// There is no such case.
    Absent,
}

impl Case {
    /// Reads an item of a case, whatever its code is.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], or [`StoreError::OtherVersion`] for a word of a later release.
    pub fn from_item(item: Item) -> Result<Self, StoreError> {
        Self::read_item(item).map_err(in_table("ledger"))
    }

    fn read_item(mut item: Item) -> Result<Self, StoreError> {
        let [kind, law, state, log] = ["d", "b", "q", "j"].map(|name| take_string(&mut item, name));
        let subject = optional(&mut item, "u", |item, name| {
            SubjectId::from_slice(&take_binary(item, name)?).ok_or(corrupt(name))
        })?;
        let receipt = optional(&mut item, "g", |item, name| {
            ReceiptId::parse(&take_string(item, name)?).ok_or(corrupt(name))
        })?;
        let closed_ms = optional(&mut item, "f", |item, name| read_number(item, name))?;
        let more: u8 = read_number(&item, "x")?;
        Ok(Self {
            id: CaseId::parse(&take_string(&mut item, "k")?).ok_or(corrupt("k"))?,
            kind: Kind::find(&kind?).ok_or(StoreError::OtherVersion)?,
            law: Law::find(&law?).ok_or(StoreError::OtherVersion)?,
            subject,
            state: State::find(&state?).ok_or(StoreError::OtherVersion)?,
            received_ms: read_number(&item, "r")?,
            extended: more == 1,
            receipt,
            closed_ms,
            log: read_log(&log?)?,
            version: read_number(&item, "n")?,
        })
    }

    pub(super) fn to_item(&self, end_ms: Option<UnixMillis>) -> Result<Item, StoreError> {
        let Self {
            id,
            kind,
            law,
            subject,
            state,
            received_ms,
            extended,
            receipt,
            closed_ms,
            log,
            version,
        } = self;
        let mut item = Item::from([
            ("p".to_owned(), string(PARTITION)),
            ("k".to_owned(), string(*id)),
            ("d".to_owned(), string(kind.as_str())),
            ("b".to_owned(), string(law.as_str())),
            ("q".to_owned(), string(state.as_str())),
            ("r".to_owned(), number(*received_ms)),
            ("x".to_owned(), number(u8::from(*extended))),
            ("j".to_owned(), string(write_log(log)?)),
            ("n".to_owned(), number(*version)),
        ]);
        if let Some(subject) = subject {
            item.insert("u".to_owned(), binary(subject.as_bytes().to_vec()));
        }
        if let Some(receipt) = receipt {
            item.insert("g".to_owned(), string(*receipt));
        }
        if let Some(closed_ms) = closed_ms {
            item.insert("f".to_owned(), number(*closed_ms));
        }
        if let Some(end_ms) = end_ms {
            item.insert(EXPIRES_AT.to_owned(), expiry(end_ms));
        }
        Ok(item)
    }
}

/// A line as it is stored.
#[derive(Serialize, Deserialize)]
struct StoredLine {
    #[serde(rename = "t")]
    at_ms: UnixMillis,
    #[serde(rename = "a", skip_serializing_if = "Option::is_none")]
    by: Option<String>,
    #[serde(rename = "w")]
    what: String,
}

fn read_log(json: &str) -> Result<Vec<Line>, StoreError> {
    let stored: Vec<StoredLine> = serde_json::from_str(json).map_err(|_| corrupt("j"))?;
    let read = |StoredLine { at_ms, by, what }: StoredLine| {
        let by = match by {
            Some(id) => Some(StaffId::parse(&id).ok_or(corrupt("j"))?),
            None => None,
        };
        let what = Word::find(&what).ok_or(StoreError::OtherVersion)?;
        Ok(Line { at_ms, by, what })
    };
    stored.into_iter().map(read).collect()
}

fn write_log(log: &[Line]) -> Result<String, StoreError> {
    let stored = |Line { at_ms, by, what }: &Line| StoredLine {
        at_ms: *at_ms,
        by: by.map(String::from),
        what: what.as_str().to_owned(),
    };
    let stored: Vec<_> = log.iter().map(stored).collect();
    serde_json::to_string(&stored).map_err(|_| StoreError::Failed)
}

impl Store {
    /// Stores a case that begins, and tells of it as an event.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn open_case(
        &self,
        events: &SecurityEvents,
        case: &Case,
        by: StaffId,
    ) -> Result<(), StoreError> {
        let item = self.with_code(case.to_item(None)?).await?;
        let put = put_if(&self.ledger_table, item, NEW, [])?;
        let event = events.put(SecurityEvent::by(by, Action::CaseOpened, case.id)).await?;
        self.transaction().and(put).and(event).commit_or_fail("open_case").await
    }

    /// The case of that id.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_case(&self, id: CaseId) -> Result<Option<Case>, StoreError> {
        let found = self.ledger_table.get("find_case", key(PARTITION, id)).await?;
        self.settings.proven_row(found, Case::from_item).await
    }

    /// All cases, closed ones included until they are forgotten, in no order. They are few: people
    /// write letters about each. One that is damaged stands for itself.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn cases(&self) -> Result<Vec<Result<Case, StoreError>>, StoreError> {
        let items = self.ledger_table.query("find_cases", PARTITION).await?;
        self.settings.proven(items, Case::from_item).await
    }

    /// Puts `changed` in the place of `known` and tells of it as an event; `None` when somebody else has
    /// changed the case meanwhile. With the refusal of an erasure that waits goes what it waits for,
    /// unless the subject has asked by themselves or another case waits too.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn change_case(
        &self,
        events: &SecurityEvents,
        by: Option<StaffId>,
        known: &Case,
        changed: Case,
    ) -> Result<Option<Case>, StoreError> {
        let changed = Case { version: known.version + 1, ..changed };
        let end_ms = match changed.closed_ms {
            Some(closed_ms) => {
                let policy = self.settings.retention_policy(Site::SHIPPED).await?.policy;
                Some(policy.audit_end_ms(closed_ms))
            }
            None => None,
        };
        let unchanged = [(":n", number(known.version))];
        let item = self.with_code(changed.to_item(end_ms)?).await?;
        let put = put_if(&self.ledger_table, item, "n = :n", unchanged)?;
        let event = SecurityEvent::by_whom(by, Action::CaseChanged, changed.id);
        let mut writes = self.transaction().and(put).and(events.put(event).await?);
        if let (State::Waiting, State::Refused, Some(subject)) =
            (known.state, changed.state, known.subject)
            && self.waits_alone(known.id, subject).await?
        {
            writes.push(self.cancel_erasure_request(subject)?);
        }
        Ok(writes.commit("change_case").await?.is_whole().then_some(changed))
    }

    /// Whether the erasure of a subject waits because the staff have asked for it, and for this case
    /// alone.
    async fn waits_alone(&self, id: CaseId, subject: SubjectId) -> Result<bool, StoreError> {
        let erasure_request =
            self.find_erasure_request(subject).await?.map(|erasure_request| erasure_request.what);
        if !matches!(erasure_request, Some(Waiting::Whole(_, Some(_)))) {
            return Ok(false);
        }
        let is_other = |case: &Case| {
            case.state == State::Waiting && case.subject == Some(subject) && case.id != id
        };
        let cases: Vec<Case> = self.cases().await?.into_iter().collect::<Result<_, _>>()?;
        Ok(!cases.iter().any(is_other))
    }

    /// Notes in a case what was carried out for it. Whether the case takes it can be seen before, by
    /// [`Case::noting`].
    ///
    /// # Errors
    /// [`StoreError`]; the same call again does no harm.
    pub async fn note_in_case(
        &self,
        events: &SecurityEvents,
        by: StaffId,
        id: CaseId,
        what: What,
        subject: SubjectId,
    ) -> Result<Noted, StoreError> {
        self.note(events, Some(by), id, what, subject).await
    }

    /// Notes in the cases that waited for a hold on the subject to end that it was erased, and says in
    /// how many.
    ///
    /// # Errors
    /// [`StoreError`]; the same call again does the rest.
    pub async fn close_waiting(
        &self,
        events: &SecurityEvents,
        subject: SubjectId,
        receipt: ReceiptId,
    ) -> Result<usize, StoreError> {
        let waits = |case: &Case| case.state == State::Waiting && case.subject == Some(subject);
        let mut closed = 0;
        // A damaged one is told of by the sweep, which reads them all.
        for case in self.cases().await?.into_iter().flatten().filter(waits) {
            let noted = self.note(events, None, case.id, What::Erased(receipt), subject).await?;
            closed += usize::from(matches!(noted, Noted::There(_)));
        }
        Ok(closed)
    }

    async fn note(
        &self,
        events: &SecurityEvents,
        by: Option<StaffId>,
        id: CaseId,
        what: What,
        subject: SubjectId,
    ) -> Result<Noted, StoreError> {
        for _ in 0..ATTEMPTS {
            let Some(known) = self.find_case(id).await? else { return Ok(Noted::Absent) };
            let noted = known.clone().noting(what, subject, by, self.clock.now_ms());
            let Ok(changed) = noted else { return Ok(Noted::Refused) };
            if changed == known {
                return Ok(Noted::There(known));
            }
            if let Some(changed) = self.change_case(events, by, &known, changed).await? {
                return Ok(Noted::There(changed));
            }
        }
        Err(StoreError::Unavailable)
    }
}
