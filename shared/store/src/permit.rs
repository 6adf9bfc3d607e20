//! The permission to read what visitors wrote. There is one way to get it: to say who reads what,
//! for which purpose and why. That is stored before any key is unwrapped, so no read goes
//! unrecorded.

use std::sync::Arc;

use crate::Store;
use crate::StoreError;
use crate::conversation::{Conversation, Found};
use crate::key_row::{Guarded, KeyRow};
use crate::lead::Lead;
use crate::read_record::{ReadPurpose, ReadRecord, ReadScope};
use crate::security_event::{Action, Reason, SecurityEvent, SecurityEvents};
use crate::write::Write;
use seal::envelope::Sealed;
use values::ids::{CaseId, ConversationId, EventId, StaffId, SubjectId};
use values::policy::RetentionPolicy;
use values::problem::{Code, Problem};
use values::role::Role;
use values::site::Site;
use values::text::is_visible;

/// Least and most characters of a reason.
pub const REASON_CHARACTERS: (usize, usize) = (8, 200);

/// Writes of one transaction.
const MOST_WRITES: usize = 100;

/// The data to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubjectRef {
    /// One conversation of a subject.
    Conversation(SubjectId, ConversationId),
    /// All that is held about a subject.
    Everything(SubjectId),
    /// How a subject may be reached, and which conversations there are.
    Contact(SubjectId),
}

/// The reason for a read, as somebody has given it. No `Debug`.
pub struct Purpose {
    purpose: ReadPurpose,
    words: Option<String>,
}

/// The proof that somebody may read something, because their reading is stored. It cannot be
/// copied, made elsewhere, or used for anything else.
pub struct ReadPermit {
    what: SubjectRef,
    purpose: ReadPurpose,
}

impl Purpose {
    /// Takes a purpose and the words to it, as they came in headers.
    ///
    /// # Errors
    /// [`Code::PurposeRequired`] when there is no such purpose, or no reason to a purpose that asks
    /// for one, or one that is too short or too long.
    pub fn read(purpose: Option<&str>, words: Option<&str>) -> Result<Self, Problem> {
        let refused = || {
            Problem::new(
                Code::PurposeRequired,
                "Sotto-Purpose is one of support, quality, subject_request, incident, legal; \
                 Sotto-Reason has 8 to 200 characters, and only support needs none.",
            )
        };
        let purpose = purpose.and_then(ReadPurpose::find).ok_or_else(refused)?;
        let words = words.map(str::trim).filter(|words| !words.is_empty());
        let (least, most) = REASON_CHARACTERS;
        match words {
            None if purpose == ReadPurpose::Support => {}
            Some(words) if (least..=most).contains(&words.chars().count()) && is_visible(words) => {
            }
            _ => return Err(refused()),
        }
        Ok(Self { purpose, words: words.map(str::to_owned) })
    }

    /// The same, for an act that needs a reason whatever the purpose is: giving out or destroying
    /// all data about somebody.
    ///
    /// # Errors
    /// As [`Purpose::read`], and without a reason.
    pub fn read_with_reason(purpose: Option<&str>, words: Option<&str>) -> Result<Self, Problem> {
        let why = Self::read(purpose, words)?;
        if why.words.is_some() {
            return Ok(why);
        }
        Err(Problem::new(
            Code::PurposeRequired,
            "Name a verified case in Sotto-Case, or give Sotto-Purpose and Sotto-Reason.",
        ))
    }

    /// The request of a subject in a case. The case is the reason, and the subject sees it.
    #[must_use]
    pub fn of_case(case: CaseId) -> Self {
        Self { purpose: ReadPurpose::SubjectRequest, words: Some(format!("case {case}")) }
    }

    /// The words, sealed for the event that tells of the read.
    async fn sealed(&self, store: &Store, event: EventId) -> Result<Option<Sealed>, StoreError> {
        let Some(words) = &self.words else { return Ok(None) };
        let reasons = store.settings.reasons(Site::SHIPPED).await?;
        Ok(Some(reasons.seal(&event.to_string(), words)?))
    }

    /// The read purpose.
    #[must_use]
    pub const fn purpose(&self) -> ReadPurpose {
        self.purpose
    }

    /// The reason, in words.
    #[must_use]
    pub fn words(&self) -> Option<&str> {
        self.words.as_deref()
    }
}

impl ReadPermit {
    /// Stores that `staff` reads `what` in this role and why, as an event and for the subject, in one
    /// transaction.
    ///
    /// # Errors
    /// [`StoreError`]; then there is no permission.
    pub async fn issue(
        store: &Store,
        events: &SecurityEvents,
        (staff, role): (StaffId, Role),
        why: &Purpose,
        what: SubjectRef,
    ) -> Result<Self, StoreError> {
        let event = EventId::generate(store.clock())?;
        let words = why.sealed(store, event).await?;
        let (action, object, subject, scope) = match what {
            SubjectRef::Conversation(subject, id) => {
                let scope = ReadScope::Conversation(id);
                (Action::TranscriptRead, id.to_string(), subject, scope)
            }
            SubjectRef::Everything(subject) => {
                (Action::SubjectExported, subject.to_string(), subject, ReadScope::Everything)
            }
            SubjectRef::Contact(subject) => {
                (Action::ContactRead, subject.to_string(), subject, ReadScope::Contact)
            }
        };
        let record = ReadRecord {
            event,
            at: store.now(),
            staff,
            role,
            purpose: why.purpose,
            words: words.clone(),
            scope,
        };
        let recorded = SecurityEvent {
            reason: Some(Reason { purpose: why.purpose, words }),
            id: Some(event),
            ..SecurityEvent::by(staff, action, object)
        };
        let read = store.put_read(subject, &record, events.end_ms()).await?;
        store
            .transaction()
            .and(events.put(recorded).await?)
            .and(read)
            .commit_or_fail("read")
            .await?;
        Ok(Self { what, purpose: why.purpose })
    }

    /// Stores that `staff` reads the contacts of these subjects, and why: one event, and a record for each
    /// subject. Gives the permissions in their order.
    ///
    /// # Errors
    /// [`StoreError`]; then there is no permission.
    pub async fn issue_for_contacts(
        store: &Store,
        events: &SecurityEvents,
        (staff, action): (StaffId, Action),
        why: &Purpose,
        subjects: &[SubjectId],
    ) -> Result<Vec<Self>, StoreError> {
        let site = Site::SHIPPED;
        let event = EventId::generate(store.clock())?;
        let words = why.sealed(store, event).await?;
        let recorded = SecurityEvent {
            reason: Some(Reason { purpose: why.purpose, words: words.clone() }),
            id: Some(event),
            ..SecurityEvent::by(staff, action, site.id)
        };
        let record = ReadRecord {
            event,
            at: store.now(),
            staff,
            role: Role::Agent,
            purpose: why.purpose,
            words,
            scope: ReadScope::Contact,
        };
        let mut writes = vec![events.put(recorded).await?];
        for subject in subjects {
            writes.push(store.put_read(*subject, &record, events.end_ms()).await?);
        }
        while !writes.is_empty() {
            let some = writes.drain(..writes.len().min(MOST_WRITES));
            store.transaction().and_all(some).commit_or_fail("read_contacts").await?;
        }
        let permit = |subject: &SubjectId| Self {
            what: SubjectRef::Contact(*subject),
            purpose: why.purpose,
        };
        Ok(subjects.iter().map(permit).collect())
    }

    /// The writes that record that an agent takes a conversation, or gives it to another `reader`, who may
    /// read it until it ends: an event of each of them, and a reading for the subject. They belong into the
    /// transaction of the claim.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn by_claim(
        store: &Store,
        events: &SecurityEvents,
        (by, reader): (StaffId, StaffId),
        (subject, id): (SubjectId, ConversationId),
    ) -> Result<Vec<Write>, StoreError> {
        let event = EventId::generate(store.clock())?;
        let purpose = ReadPurpose::Support;
        let record = ReadRecord {
            event,
            at: store.now(),
            staff: reader,
            role: Role::Agent,
            purpose,
            words: None,
            scope: ReadScope::Conversation(id),
        };
        let action =
            if by == reader { Action::ConversationClaimed } else { Action::ConversationReceived };
        let recorded = SecurityEvent {
            reason: Some(Reason { purpose, words: None }),
            id: Some(event),
            ..SecurityEvent::by(reader, action, id)
        };
        let read = store.put_read(subject, &record, events.end_ms()).await?;
        let mut writes = vec![events.put(recorded).await?, read];
        if by != reader {
            writes.push(
                events.put(SecurityEvent::by(by, Action::ConversationTransferred, id)).await?,
            );
        }
        Ok(writes)
    }

    /// Opens the conversation that may be read.
    ///
    /// # Errors
    /// 404 for another one, and for what has ended unless it is read for a legal purpose under a hold;
    /// 410 for what was erased; 503.
    pub async fn open(
        &self,
        store: &Store,
        (row, policy): (&KeyRow, RetentionPolicy),
    ) -> Result<Arc<Conversation>, Problem> {
        let named = match (self.what, row.guarded) {
            (SubjectRef::Conversation(subject, id), Guarded::Conversation(of)) => {
                subject == row.subject && id == of
            }
            _ => false,
        };
        if !named {
            return Err(Code::NotFound.into());
        }
        match store.open_for_staff((row, policy), self.purpose == ReadPurpose::Legal).await? {
            Found::Live(conversation) => Ok(conversation),
            Found::Erased => Err(Code::Erased.into()),
            Found::Absent => Err(Code::NotFound.into()),
        }
    }

    /// Opens the contact that may be read; nothing where none was left.
    ///
    /// # Errors
    /// 404 where something else may be read; 503.
    pub async fn contact(&self, store: &Store) -> Result<Option<Lead>, Problem> {
        match self.what {
            SubjectRef::Contact(subject) => Ok(store.find_lead(subject).await?),
            SubjectRef::Conversation(..) | SubjectRef::Everything(_) => Err(Code::NotFound.into()),
        }
    }

    /// The data that may be read.
    #[must_use]
    pub const fn what(&self) -> SubjectRef {
        self.what
    }

    /// The read purpose.
    #[must_use]
    pub const fn purpose(&self) -> ReadPurpose {
        self.purpose
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_support_needs_no_reason() {
        fn reads(purpose: Option<&str>, words: Option<&str>) -> bool {
            Purpose::read(purpose, words).is_ok()
        }
        assert!(reads(Some("support"), None));
        for purpose in ["quality", "subject_request", "incident", "legal"] {
            assert!(!reads(Some(purpose), None), "{purpose}");
            assert!(!reads(Some(purpose), Some("1234567")), "{purpose}");
            assert!(!reads(Some(purpose), Some(&"x".repeat(201))), "{purpose}");
            assert!(reads(Some(purpose), Some("12345678")), "{purpose}");
            assert!(reads(Some(purpose), Some(&"ü".repeat(200))), "{purpose}");
        }
        assert!(!reads(None, Some("12345678")));
        assert!(!reads(Some("curiosity"), Some("12345678")));
        assert!(!reads(Some("support"), Some("short")));
    }
}
