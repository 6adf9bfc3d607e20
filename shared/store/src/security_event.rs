//! Security events: who did what to which id, and never content. An item is written once; the roles
//! of the functions allow no change and no deletion.
//!
//! Items of the events table: `p` = `<day>#<shard>`, `k` = `<time>#<id>`, `a` who acted (an id, or
//! nothing where nobody was known), `w` what was done, `o` to what (an id), `d` for what purpose and `v`
//! why, sealed, where it was asked, `n` the salt of its leaf in the audit log, `m` its code
//! ([`super::event_codes`]), `expires_at`.

use std::sync::Arc;

use aws_sdk_dynamodb::Client;

use super::attributes::{EXPIRES_AT, Item, binary, expiry, string};
use super::read_record::ReadPurpose;
use super::settings::Settings;
use super::write::{NEW, Write, put_if};
use super::{StoreError, fault};
use seal::envelope::Sealed;
use values::clock::{Clock, UnixMillis, rfc3339};
use values::ids::{EventId, StaffId};
use values::policy::{AuditDays, DAY_MS};
use values::random;

/// Into how many partitions a day's events are spread.
const SHARDS: u8 = 4;

/// The action that a security event records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Somebody was invited by an operator of the account, not by an admin.
    Bootstrapped,
    /// An admin invited somebody.
    Invited,
    /// An admin withdrew an invitation that was not accepted.
    InvitationWithdrawn,
    /// An invitation was accepted: name and password are set.
    Accepted,
    /// A second factor was enrolled.
    FactorEnrolled,
    /// A second factor was removed by its owner.
    FactorRemoved,
    /// An admin took all second factors of somebody.
    FactorsReset,
    /// An admin made somebody choose a new password.
    PasswordReset,
    /// Somebody chose another password.
    PasswordChanged,
    /// New recovery codes replaced the old ones.
    RecoveryCodesMade,
    /// Somebody signed in, second factor included.
    SignedIn,
    /// Somebody signed in with a recovery code.
    RecoveryCodeUsed,
    /// A second factor was shown again.
    SteppedUp,
    /// A second factor that was shown again was wrong.
    StepUpFailed,
    /// Somebody asked for what their cool-down holds back.
    CoolingDown,
    /// A session was ended.
    SessionEnded,
    /// A spent refresh token came again, and its session was ended.
    TokenReused,
    /// A passkey's counter went back: there may be a copy of it.
    PasskeyCounterWentBack,
    /// Roles were changed.
    RolesChanged,
    /// Somebody was given a role that reaches other people's data or accounts.
    RolesWidened,
    /// An account was disabled.
    Disabled,
    /// An account was enabled again.
    Enabled,
    /// An account was deleted.
    Deleted,
    /// Attempts on an account or from an address have to wait from now on.
    ThrottleBegan,
    /// Attempts on an account need not wait any more.
    ThrottleEnded,
    /// The guests of a network went over their limit.
    Flood,
    /// The key by which a site's server vouches for its customers was changed.
    IdentityKeyChanged,
    /// An agent took a conversation, and may read it until it ends or goes elsewhere.
    ConversationClaimed,
    /// An agent gave a conversation to a colleague.
    ConversationTransferred,
    /// An agent was given a conversation by a colleague, and may read it from then on.
    ConversationReceived,
    /// A key was compromised, and another one took its place.
    KeyChanged,
    /// A transcript was read.
    TranscriptRead,
    /// All that is held about a subject was given out.
    SubjectExported,
    /// The contact of a subject was read, and which conversations they have.
    ContactRead,
    /// Contacts of a site were listed.
    LeadsRead,
    /// Contacts of a site were given out as a file.
    LeadsExported,
    /// Subjects were looked for.
    SubjectSearched,
    /// A subject was erased.
    SubjectErased,
    /// The erasure of a subject was asked for, and waits for a hold to end.
    ErasureWaits,
    /// An erasure was asked for without a case, and waits for an approval.
    ErasureAsked,
    /// Such an erasure was withdrawn.
    ErasureWithdrawn,
    /// The ledger has an erasure that nothing bears out: somebody else has entered it.
    ErasureUnproven,
    /// A site's retention policy was changed.
    PolicyChanged,
    /// A site keeps something for longer than before.
    PolicyLoosened,
    /// A legal hold was placed.
    HoldPlaced,
    /// A legal hold was released.
    HoldReleased,
    /// The case of a subject's request was opened.
    CaseOpened,
    /// The case of a subject's request was changed.
    CaseChanged,
    /// What is set of a site was changed: its hours, its rules, its webhook.
    SiteChanged,
    /// A contact was opened to be sent to the site's webhook.
    ContactSent,
    /// Another base was published: the bot answers from it.
    KnowledgePublished,
    /// Somebody without a current training asked to claim or to read.
    TrainingRequired,
    /// Somebody passed a course.
    TrainingPassed,
    /// An admin sent the staff a practice.
    PracticeBegun,
    /// The security events were looked at.
    AuditLogRead,
    /// A visitor asked for many ids that are not theirs.
    IdsProbed,
    /// An incident was opened: by detection, or by hand.
    IncidentOpened,
    /// An incident was judged, given to somebody, or noted upon.
    IncidentChanged,
    /// Something was done against an incident, or undone.
    IncidentAction,
    /// An audit was asked for, or has begun by itself.
    AuditBegun,
    /// An audit has ended.
    AuditFinished,
    /// Somebody has said how far people have come with a finding of an audit.
    FindingChanged,
    /// An audit was given out as a file.
    AuditExported,
}

impl Action {
    /// The word that is stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bootstrapped => "bootstrapped",
            Self::Invited => "invited",
            Self::InvitationWithdrawn => "invitation_withdrawn",
            Self::Accepted => "accepted",
            Self::FactorEnrolled => "factor_enrolled",
            Self::FactorRemoved => "factor_removed",
            Self::FactorsReset => "factors_reset",
            Self::PasswordReset => "password_reset",
            Self::PasswordChanged => "password_changed",
            Self::RecoveryCodesMade => "recovery_codes_made",
            Self::SignedIn => "signed_in",
            Self::RecoveryCodeUsed => "recovery_code_used",
            Self::SteppedUp => "stepped_up",
            Self::StepUpFailed => "step_up_failed",
            Self::CoolingDown => "cooling_down",
            Self::SessionEnded => "session_ended",
            Self::TokenReused => "token_reused",
            Self::PasskeyCounterWentBack => "passkey_counter_went_back",
            Self::RolesChanged => "roles_changed",
            Self::RolesWidened => "roles_widened",
            Self::Disabled => "disabled",
            Self::Enabled => "enabled",
            Self::Deleted => "deleted",
            Self::ThrottleBegan => "throttle_began",
            Self::ThrottleEnded => "throttle_ended",
            Self::Flood => "flood",
            Self::IdentityKeyChanged => "identity_key_changed",
            Self::ConversationClaimed => "conversation_claimed",
            Self::ConversationTransferred => "conversation_transferred",
            Self::ConversationReceived => "conversation_received",
            Self::KeyChanged => "key_changed",
            Self::TranscriptRead => "transcript_read",
            Self::SubjectExported => "subject_exported",
            Self::ContactRead => "contact_read",
            Self::LeadsRead => "leads_read",
            Self::LeadsExported => "leads_exported",
            Self::SubjectSearched => "subject_searched",
            Self::SubjectErased => "subject_erased",
            Self::ErasureWaits => "erasure_waits",
            Self::ErasureAsked => "erasure_asked",
            Self::ErasureWithdrawn => "erasure_withdrawn",
            Self::ErasureUnproven => "erasure_unproven",
            Self::PolicyChanged => "policy_changed",
            Self::PolicyLoosened => "policy_loosened",
            Self::HoldPlaced => "hold_placed",
            Self::HoldReleased => "hold_released",
            Self::CaseOpened => "case_opened",
            Self::CaseChanged => "case_changed",
            Self::SiteChanged => "site_changed",
            Self::ContactSent => "contact_sent",
            Self::KnowledgePublished => "knowledge_published",
            Self::TrainingRequired => "training_required",
            Self::TrainingPassed => "training_passed",
            Self::PracticeBegun => "practice_begun",
            Self::AuditLogRead => "audit_log_read",
            Self::IdsProbed => "ids_probed",
            Self::IncidentOpened => "incident_opened",
            Self::IncidentChanged => "incident_changed",
            Self::IncidentAction => "incident_action",
            Self::AuditBegun => "audit_begun",
            Self::AuditFinished => "audit_finished",
            Self::FindingChanged => "finding_changed",
            Self::AuditExported => "audit_exported",
        }
    }
}

/// An event, to be stored with what it tells of or right after it.
pub struct SecurityEvent {
    /// The action.
    pub action: Action,
    /// The id of the actor; `None` when nobody is known.
    pub actor: Option<String>,
    /// The id of the object.
    pub object: String,
    /// The reason, where one is asked for.
    pub reason: Option<Reason>,
    /// Its id, where something else is known by it or bound to it; otherwise it gets one.
    pub id: Option<EventId>,
}

/// The reason for an action.
pub struct Reason {
    /// The purpose.
    pub purpose: ReadPurpose,
    /// The words of the actor, sealed, and bound to the event's id.
    pub words: Option<Sealed>,
}

impl SecurityEvent {
    /// An event that somebody caused.
    #[must_use]
    pub fn by(actor: StaffId, action: Action, object: impl Into<String>) -> Self {
        Self::by_whom(Some(actor), action, object)
    }

    /// An event that somebody caused, or nobody where the service did it by itself.
    #[must_use]
    pub fn by_whom(actor: Option<StaffId>, action: Action, object: impl Into<String>) -> Self {
        Self {
            action,
            actor: actor.map(String::from),
            object: object.into(),
            reason: None,
            id: None,
        }
    }

    /// An event whose cause is not known by id.
    #[must_use]
    pub fn of(action: Action, object: impl Into<String>) -> Self {
        Self::by_whom(None, action, object)
    }
}

/// The partition that holds the event of that time, as it is stored, and that id.
#[must_use]
pub fn partition_of(time: &str, id: EventId) -> String {
    let day = time.get(..10).unwrap_or_default();
    let shard = id.as_bytes().last().copied().unwrap_or_default() % SHARDS;
    format!("{day}#{shard}")
}

/// The partitions that hold the events from one time to another.
pub fn partitions(from_ms: UnixMillis, to_ms: UnixMillis) -> impl Iterator<Item = String> {
    let days = from_ms.div_euclid(DAY_MS)..=to_ms.div_euclid(DAY_MS);
    days.flat_map(|day| {
        let time = rfc3339(day.saturating_mul(DAY_MS));
        let day = time.get(..10).unwrap_or_default().to_owned();
        (0..SHARDS).map(move |shard| format!("{day}#{shard}"))
    })
}

/// The table of security events, to append to.
#[derive(Clone)]
pub struct SecurityEvents {
    dynamo: Client,
    table: String,
    settings: Arc<Settings>,
    clock: Clock,
    kept: AuditDays,
}

impl SecurityEvents {
    /// The events of a deployment, whose codes are of a key in `settings`.
    #[must_use]
    pub fn new(
        dynamo: Client,
        table: String,
        settings: Arc<Settings>,
        clock: Clock,
        kept: AuditDays,
    ) -> Self {
        Self { dynamo, table, settings, clock, kept }
    }

    /// When an event that is stored now may be forgotten.
    #[must_use]
    pub fn end_ms(&self) -> UnixMillis {
        self.kept.end_ms(self.clock.now_ms())
    }

    /// The event as part of a transaction: it is stored exactly if what it tells of is.
    ///
    /// # Errors
    /// [`StoreError`], when there is no randomness, or the key of the codes is not to be had.
    pub async fn put(&self, event: SecurityEvent) -> Result<Write, StoreError> {
        put_if(&self.table, self.item(event).await?, NEW, [])
    }

    /// Stores an event by itself.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn append(&self, event: SecurityEvent) -> Result<(), StoreError> {
        // The key holds fresh randomness: what is already there can only be this very event, stored
        // by an attempt whose answer was lost.
        self.dynamo
            .put_item()
            .table_name(&self.table)
            .set_item(Some(self.item(event).await?))
            .send()
            .await
            .map_err(|error| fault("append_security_event", &error))?;
        Ok(())
    }

    async fn item(&self, event: SecurityEvent) -> Result<Item, StoreError> {
        let id = match event.id {
            Some(id) => id,
            None => EventId::generate(&self.clock)?,
        };
        let now_ms = self.clock.now_ms();
        let time = rfc3339(now_ms);
        let mut item = Item::from([
            ("p".to_owned(), string(partition_of(&time, id))),
            ("k".to_owned(), string(format!("{time}#{id}"))),
            ("w".to_owned(), string(event.action.as_str())),
            ("o".to_owned(), string(event.object)),
            ("n".to_owned(), binary(random::bytes::<16>()?)),
            (EXPIRES_AT.to_owned(), expiry(self.kept.end_ms(now_ms))),
        ]);
        if let Some(actor) = event.actor {
            item.insert("a".to_owned(), string(actor));
        }
        if let Some(reason) = event.reason {
            item.insert("d".to_owned(), string(reason.purpose.as_str()));
            if let Some(words) = reason.words {
                item.insert("v".to_owned(), binary(words.into_stored()));
            }
        }
        // Asking KMS for the key is a large future, and a rare one.
        Box::pin(self.settings.event_codes()).await?.sign(item)
    }
}
