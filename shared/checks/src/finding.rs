//! The doctor's findings as data; the report makes lines or JSON of them.

use std::fmt::Display;

use serde::Serialize;
use shared::values::control::Control;

/// Findings of a kind that a look names one by one.
pub const MOST: usize = 20;

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Something does not work, or a promise is not kept.
    Wrong,
    /// It could not be looked at, so nothing is known.
    CouldNotLook,
    /// It works; somebody should know.
    LookAtIt,
    /// As it should be.
    Fine,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How much it matters.
    pub severity: Severity,
    /// A short name of the finding that does not change, for scripts.
    pub code: &'static str,
    /// One sentence: what is so.
    pub what: String,
    /// One sentence: what to do; empty if nothing is to be done.
    pub advice: String,
    /// The chapter of the guide that says more.
    pub see: Chapter,
    /// The controls of an audit that it is about, where its code does not say so.
    #[serde(skip)]
    pub about: Vec<Control>,
}

impl Finding {
    /// A finding that something is as it should be.
    #[must_use]
    pub fn fine(code: &'static str, what: impl Into<String>, see: Chapter) -> Self {
        let (what, advice) = (what.into(), String::new());
        Self { severity: Severity::Fine, code, what, advice, see, about: Vec::new() }
    }

    /// The same finding about these controls, and no others.
    #[must_use]
    pub fn about(self, controls: impl IntoIterator<Item = Control>) -> Self {
        Self { about: controls.into_iter().collect(), ..self }
    }

    /// The controls that it is about.
    #[must_use]
    pub fn controls(&self) -> Vec<Control> {
        if self.about.is_empty() {
            Control::of_code(self.code).collect()
        } else {
            self.about.clone()
        }
    }

    /// A finding that somebody should know of.
    #[must_use]
    pub fn look(
        code: &'static str,
        what: impl Into<String>,
        advice: impl Into<String>,
        see: Chapter,
    ) -> Self {
        Self { advice: advice.into(), severity: Severity::LookAtIt, ..Self::fine(code, what, see) }
    }

    /// A finding that something is wrong.
    #[must_use]
    pub fn wrong(
        code: &'static str,
        what: impl Into<String>,
        advice: impl Into<String>,
        see: Chapter,
    ) -> Self {
        Self { advice: advice.into(), severity: Severity::Wrong, ..Self::fine(code, what, see) }
    }
}

/// A failed look: the call, and the reason why it has no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CouldNot {
    /// The IAM action of the call, such as `kms:DescribeKey`.
    pub action: &'static str,
    /// Why there is no answer.
    pub reason: Obstacle,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Obstacle {
    /// The caller may not.
    Denied,
    /// The service refused, with this code.
    Refused(String),
    /// The service could not be asked.
    NoAnswer(String),
    /// The service answered, and this was not in the answer.
    Missing(&'static str),
}

impl CouldNot {
    /// An answer without the part `what`.
    #[must_use]
    pub fn missing(action: &'static str, what: &'static str) -> Self {
        Self { action, reason: Obstacle::Missing(what) }
    }

    /// The finding about `subject`.
    #[must_use]
    pub fn finding(&self, subject: &dyn Display) -> Finding {
        let action = self.action;
        let (what, advice) = match &self.reason {
            Obstacle::Denied => (
                format!("{subject} could not be looked at: these credentials may not {action}."),
                format!("Run again with credentials that are allowed {action}."),
            ),
            Obstacle::Refused(code) => (
                format!("{subject} could not be looked at: {action} was refused with {code}."),
                "Run again; if it stays, look at it in the console.".to_owned(),
            ),
            Obstacle::NoAnswer(reason) => (
                format!("{subject} could not be looked at: {action} got no answer ({reason})."),
                "Check credentials, region and network, and run again.".to_owned(),
            ),
            Obstacle::Missing(part) => (
                format!("{subject} could not be looked at: {action} answered without {part}."),
                "Run again; if it stays, look at it in the console.".to_owned(),
            ),
        };
        Finding {
            severity: Severity::CouldNotLook,
            advice,
            ..Finding::fine("could_not_look", what, Chapter::Doctor)
        }
    }
}

/// The headings of the operator's pages that findings point to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chapter {
    /// How the doctor is run and what it may not see.
    Doctor,
    /// From zero to a chat on a page.
    FirstDeployment,
    /// The meaning of the parameters.
    Parameters,
    /// New versions, and the way back.
    Upgrades,
    /// A deployment that did not come to its end.
    DeploymentFailed,
    /// The gate or an alarm stopped a new version.
    RolledBack,
    /// A table that somebody changed.
    TableChanged,
    /// A role that somebody changed.
    RoleChanged,
    /// A function that others may invoke.
    FunctionOpen,
    /// The gateway limits, logs or answers otherwise than was designed.
    Gateway,
    /// The KMS key is disabled, deleted or does not rotate.
    KeyInDanger,
    /// KMS does not answer.
    KmsDown,
    /// The daily job does not run.
    RotationFails,
    /// Items past their end are not destroyed.
    SweepOverdue,
    /// The published list is no longer in date.
    KeyListExpired,
    /// Requests are refused for lack of capacity.
    Throttled,
    /// Requests fail.
    ServerErrors,
    /// Something waits that could not be handled.
    DeadLetters,
    /// Alarms that nobody hears.
    Unheard,
    /// Log groups and what is in them.
    Logs,
    /// The audit log.
    Log,
    /// An item that is not as docs/data.md says.
    BrokenItem,
    /// Accounts, factors and roles of the staff.
    Staff,
    /// A person's request, and by when it is answered.
    Requests,
    /// Erasures that are not carried out to their end.
    ErasuresLate,
    /// An incident that nobody has looked at.
    IncidentWaits,
    /// Attacks that are played.
    Drills,
}

impl Chapter {
    /// All of them.
    pub const ALL: [Self; 27] = [
        Self::Doctor,
        Self::FirstDeployment,
        Self::Parameters,
        Self::Upgrades,
        Self::DeploymentFailed,
        Self::RolledBack,
        Self::TableChanged,
        Self::RoleChanged,
        Self::FunctionOpen,
        Self::Gateway,
        Self::KeyInDanger,
        Self::KmsDown,
        Self::RotationFails,
        Self::SweepOverdue,
        Self::KeyListExpired,
        Self::Throttled,
        Self::ServerErrors,
        Self::DeadLetters,
        Self::Unheard,
        Self::Logs,
        Self::Log,
        Self::BrokenItem,
        Self::Staff,
        Self::Requests,
        Self::ErasuresLate,
        Self::IncidentWaits,
        Self::Drills,
    ];

    /// The link to it.
    #[must_use]
    pub const fn link(self) -> &'static str {
        match self {
            Self::Doctor => "docs/deploy.md#the-doctor",
            Self::FirstDeployment => "docs/deploy.md#first-deployment",
            Self::Parameters => "docs/deploy.md#parameters",
            Self::Upgrades => "docs/upgrade-and-restore.md#upgrades-and-the-way-back",
            Self::DeploymentFailed => "docs/runbooks.md#a-deployment-failed",
            Self::RolledBack => "docs/runbooks.md#a-rollout-was-rolled-back",
            Self::RoleChanged => "docs/runbooks.md#a-role-is-not-as-designed",
            Self::FunctionOpen => "docs/runbooks.md#a-function-is-open-to-others",
            Self::Gateway => "docs/runbooks.md#the-gateway-is-not-as-designed",
            Self::TableChanged => "docs/runbooks.md#a-table-is-not-as-designed",
            Self::KeyInDanger => "docs/runbooks.md#the-kms-key-is-disabled-or-to-be-deleted",
            Self::KmsDown => "docs/runbooks.md#kms-is-down",
            Self::RotationFails => "docs/runbooks.md#the-rotation-fails",
            Self::SweepOverdue => "docs/runbooks.md#the-sweep-is-overdue",
            Self::KeyListExpired => "docs/runbooks.md#the-key-list-has-expired",
            Self::Throttled => "docs/runbooks.md#requests-are-throttled",
            Self::ServerErrors => "docs/runbooks.md#requests-answer-5xx",
            Self::DeadLetters => "docs/runbooks.md#a-dead-letter-queue-is-not-empty",
            Self::Unheard => "docs/runbooks.md#nobody-hears-the-alarms",
            Self::Log => "docs/runbooks.md#the-log-was-tampered-with",
            Self::Logs => "docs/runbooks.md#logs",
            Self::BrokenItem => "docs/runbooks.md#an-item-breaks-an-invariant",
            Self::Staff => "docs/authentication.md#the-staff",
            Self::Requests => "docs/privacy.md#a-subject-asks",
            Self::ErasuresLate => "docs/runbooks.md#erasures-are-late",
            Self::IncidentWaits => "docs/runbooks.md#an-incident-waits",
            Self::Drills => "docs/runbooks.md#drills",
        }
    }
}

impl Serialize for Chapter {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.link())
    }
}
