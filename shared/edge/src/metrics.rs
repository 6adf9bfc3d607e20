//! The metrics, and the events that they count: one enum, one table from problems to counts.
//!
//! Successes are not counted here: Lambda and API Gateway count every request for free, and the
//! line of a request answers the rest. A metric counts events that an operator wants to be woken
//! by, or to see on the dashboard. The count travels in the line of the request that it is about
//! (CloudWatch's embedded metric format), so that there is never a second line.

use values::problem::{Cause, Code};

/// The namespace of our metrics in CloudWatch.
pub const NAMESPACE: &str = "Sotto";
/// The dimensions of our metrics; each is counted by the first one alone, and by both.
pub const DIMENSIONS: [&str; 2] = ["stack", "function"];
/// The third dimension by which one metric is counted as well: while a new version takes its first visitors, an
/// answer 5xx of it takes it back. For Lambda such an answer is a success.
pub const BY_VERSION: (&str, Metric) = ("version", Metric::Requests5xx);

/// A metric. It counts events; an age is in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    /// A token that we did not sign, or not for this use.
    TokenRefused,
    /// A request sealed to a key that is not published any more, or never was.
    UnknownKey,
    /// A sealed request that did not open.
    UnsealingFailed,
    /// A conversation over its allowance.
    RateLimited,
    /// A guest whose network is over its limit.
    NetworkOverLimit,
    /// A change that lost against other writers until it was given up.
    Conflict,
    /// DynamoDB or KMS out of reach.
    Unavailable,
    /// Something stored that did not open, or a log whose chain is broken.
    Corrupt,
    /// Something stored by a release whose shapes this one does not know.
    OtherVersion,
    /// There are no keys: the rotation never ran here.
    KeysMissing,
    /// A conversation in which a person was asked for.
    HandedOver,
    /// A response of 5xx, whatever its reason.
    Requests5xx,
    /// An event of a log that was overwritten or deleted.
    LogTampered,
    /// An item of a log that DynamoDB's TTL deleted.
    Expired,
    /// An event of a log that was changed or deleted, and the sweep had said so before.
    Purged,
    /// A record of a stream that could not be read.
    RecordFailed,
    /// A job without a caller that failed.
    JobFailed,
    /// An attempt to sign in with a wrong password or second factor.
    SignInFailed,
    /// A refresh token that came twice: one of the two holders is a thief.
    TokenReused,
    /// A sweep that went through to its end.
    Swept,
    /// A key that was destroyed because its time was up.
    KeyExpired,
    /// A request of a subject that is due within five days, or overdue.
    RequestsDue,
    /// A table that was restored, and has not followed the ledger of erasures yet.
    LedgerBehind,
    /// An erasure that the ledger has and nothing bears out.
    ErasureUnproven,
    /// An erasure that an officer asked for without a case.
    ErasureAsked,
    /// A key that an operator has changed.
    KeyChanged,
    /// A contact or an incident that no webhook has taken, and that is sent no more.
    DeliveryGivenUp,
    /// An answer while the site's published base cannot be used.
    BaseDamaged,
    /// An incident that was opened.
    IncidentOpened,
    /// An incident that has waited for a person for longer than its playbook says.
    IncidentWaiting,
    /// A finding of an audit whose due date has passed.
    FindingsOverdue,
    /// For how long the oldest erasure has waited to be finished, in seconds.
    ErasureAge,
    /// The same of the oldest log whose key ended before its items.
    PurgeAge,
}

impl Metric {
    /// Every metric there is.
    pub const ALL: [Self; 33] = [
        Self::TokenRefused,
        Self::UnknownKey,
        Self::UnsealingFailed,
        Self::RateLimited,
        Self::NetworkOverLimit,
        Self::Conflict,
        Self::Unavailable,
        Self::Corrupt,
        Self::OtherVersion,
        Self::KeysMissing,
        Self::HandedOver,
        Self::Requests5xx,
        Self::LogTampered,
        Self::Expired,
        Self::Purged,
        Self::RecordFailed,
        Self::JobFailed,
        Self::SignInFailed,
        Self::TokenReused,
        Self::Swept,
        Self::KeyExpired,
        Self::RequestsDue,
        Self::LedgerBehind,
        Self::ErasureUnproven,
        Self::ErasureAsked,
        Self::KeyChanged,
        Self::DeliveryGivenUp,
        Self::BaseDamaged,
        Self::IncidentOpened,
        Self::IncidentWaiting,
        Self::FindingsOverdue,
        Self::ErasureAge,
        Self::PurgeAge,
    ];

    /// Its name in CloudWatch, for alarms and dashboards.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::TokenRefused => "TokenRefused",
            Self::UnknownKey => "UnknownKey",
            Self::UnsealingFailed => "UnsealingFailed",
            Self::RateLimited => "RateLimited",
            Self::NetworkOverLimit => "NetworkOverLimit",
            Self::Conflict => "Conflict",
            Self::Unavailable => "Unavailable",
            Self::Corrupt => "Corrupt",
            Self::OtherVersion => "OtherVersion",
            Self::KeysMissing => "KeysMissing",
            Self::HandedOver => "HandedOver",
            Self::Requests5xx => "Requests5xx",
            Self::LogTampered => "LogTampered",
            Self::Expired => "Expired",
            Self::Purged => "Purged",
            Self::RecordFailed => "RecordFailed",
            Self::JobFailed => "JobFailed",
            Self::SignInFailed => "SignInFailed",
            Self::TokenReused => "TokenReused",
            Self::Swept => "Swept",
            Self::KeyExpired => "KeyExpired",
            Self::RequestsDue => "RequestsDue",
            Self::LedgerBehind => "LedgerBehind",
            Self::ErasureUnproven => "ErasureUnproven",
            Self::ErasureAsked => "ErasureAsked",
            Self::KeyChanged => "KeyChanged",
            Self::DeliveryGivenUp => "DeliveryGivenUp",
            Self::BaseDamaged => "BaseDamaged",
            Self::IncidentOpened => "IncidentOpened",
            Self::IncidentWaiting => "IncidentWaiting",
            Self::FindingsOverdue => "FindingsOverdue",
            Self::ErasureAge => "ErasureAge",
            Self::PurgeAge => "PurgeAge",
        }
    }

    /// Whether it tells of trouble, and not only of something that happened.
    #[must_use]
    pub const fn is_trouble(self) -> bool {
        !matches!(
            self,
            Self::HandedOver
                | Self::Expired
                | Self::Purged
                | Self::Swept
                | Self::KeyExpired
                | Self::ErasureAge
                | Self::PurgeAge
        )
    }
}

/// The names of all metrics, for what refers to them by name.
#[must_use]
pub fn names() -> Vec<&'static str> {
    Metric::ALL.iter().map(|metric| metric.name()).collect()
}

/// An event that a handler wants counted although it is no problem; put into its response's
/// extensions (`axum::Extension`).
#[derive(Debug, Clone, Copy)]
pub struct Noted(pub Metric);

/// The metrics that a problem counts as. A mistake of the caller alone counts as none: its code is
/// in the line, and a scanner that asks for every path there is must not raise an alarm.
#[must_use]
pub const fn of_problem(code: Code, cause: Option<Cause>) -> &'static [Metric] {
    match code {
        Code::MalformedJson
        | Code::UnknownField
        | Code::UnsupportedMediaType
        | Code::SealedRequired
        | Code::BodyTooLarge
        | Code::NoSuchRoute
        | Code::MethodNotAllowed
        | Code::TokenMissing
        | Code::TokenExpired
        | Code::TokenRevoked
        | Code::Forbidden
        | Code::MfaRequired
        | Code::StepUpRequired
        | Code::CoolingDown
        | Code::Conflict
        | Code::Stale
        | Code::Worse
        | Code::PreconditionRequired
        | Code::NotFound
        | Code::ConversationClosed
        | Code::Claimed
        | Code::NotClaimed
        | Code::Erased
        | Code::LegalHold
        | Code::PurposeRequired
        | Code::TrainingRequired
        | Code::LockedDown
        | Code::LastAdmin
        | Code::LeafMismatch
        | Code::AttemptExpired
        | Code::Invalid
        | Code::ConsentRequired
        | Code::IdempotencyMismatch => &[],
        Code::TokenInvalid => &[Metric::TokenRefused],
        Code::TokenReused => &[Metric::TokenReused],
        Code::CredentialsInvalid | Code::CodeInvalid => &[Metric::SignInFailed],
        Code::UnknownKey => &[Metric::UnknownKey],
        Code::UnsealingFailed => &[Metric::UnsealingFailed],
        Code::RateLimited => match cause {
            Some(Cause::NetworkOverLimit) => &[Metric::NetworkOverLimit],
            _ => &[Metric::RateLimited],
        },
        Code::Unavailable => match cause {
            None | Some(Cause::NetworkOverLimit) => &[Metric::Unavailable, Metric::Requests5xx],
            Some(Cause::ConflictsExhausted) => &[Metric::Conflict, Metric::Requests5xx],
            Some(Cause::KeysMissing) => &[Metric::KeysMissing, Metric::Requests5xx],
            Some(Cause::LedgerBehind) => &[Metric::LedgerBehind, Metric::Requests5xx],
        },
        Code::IntegrityFailed => &[Metric::Corrupt, Metric::Requests5xx],
        Code::OtherVersion => &[Metric::OtherVersion, Metric::Requests5xx],
        Code::Internal => &[Metric::Requests5xx],
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_metric_has_a_name_of_its_own_that_cloudwatch_takes() {
        let names: HashSet<_> = names().into_iter().collect();
        assert_eq!(names.len(), Metric::ALL.len());
        for name in names {
            assert!(name.chars().all(|letter| letter.is_ascii_alphanumeric()), "{name}");
            assert!(!DIMENSIONS.contains(&name), "{name} is a dimension's name");
        }
    }

    #[test]
    fn a_problem_is_a_5xx_exactly_when_it_counts_as_one() {
        for code in Code::ALL {
            for cause in [
                None,
                Some(Cause::ConflictsExhausted),
                Some(Cause::KeysMissing),
                Some(Cause::LedgerBehind),
                Some(Cause::NetworkOverLimit),
            ] {
                let counted = of_problem(code, cause).contains(&Metric::Requests5xx);
                assert_eq!(counted, code.status().is_server_error(), "{code:?} {cause:?}");
            }
        }
    }
}
