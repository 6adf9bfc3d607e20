//! Problem details (RFC 9457): one type, one exhaustive table from code to status and title.
//! Titles and details are written here and never repeat what a caller sent.

use axum_core::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Serialize;
use serde_json::Value;

/// The stable code of a problem; clients decide on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// The body is not the JSON that the route takes.
    MalformedJson,
    /// The body names a field that the route does not know.
    UnknownField,
    /// The content type is missing or not one that the route takes.
    UnsupportedMediaType,
    /// The stack takes and gives nothing that is not sealed.
    SealedRequired,
    /// The body is over 64 KiB.
    BodyTooLarge,
    /// There is no such route.
    NoSuchRoute,
    /// The route exists, the method does not.
    MethodNotAllowed,
    /// No token.
    TokenMissing,
    /// A token, but not one of ours for this use.
    TokenInvalid,
    /// A token past its time.
    TokenExpired,
    /// A token whose session was ended.
    TokenRevoked,
    /// A refresh token that was spent already; its session is ended.
    TokenReused,
    /// No account, a wrong password or a locked account: one answer for all.
    CredentialsInvalid,
    /// A second factor that is wrong, used already or past its time.
    CodeInvalid,
    /// The caller is known and may not.
    Forbidden,
    /// A second factor has to be shown or enrolled first.
    MfaRequired,
    /// The caller has to show a second factor again: the last time is too long ago.
    StepUpRequired,
    /// The right was granted or the account was reset less than a day ago.
    CoolingDown,
    /// The requested thing does not exist for this caller.
    NotFound,
    /// The conversation has ended.
    ConversationClosed,
    /// Another agent has the conversation.
    Claimed,
    /// The caller has the conversation no more.
    NotClaimed,
    /// The state of things does not allow it.
    Conflict,
    /// It was changed since the caller has read it; a [`Code::Conflict`] of a conditional request.
    Stale,
    /// A base that answers worse than the one that it would replace.
    Worse,
    /// The request has to say which state it changes.
    PreconditionRequired,
    /// The conversation was erased.
    Erased,
    /// The data to erase is under a legal hold.
    LegalHold,
    /// A transcript is read for a purpose, which was not named.
    PurposeRequired,
    /// Somebody's first days are over, and a certificate is missing or has ended.
    TrainingRequired,
    /// An incident has locked it.
    LockedDown,
    /// Nobody could manage the staff any more.
    LastAdmin,
    /// A stored event is not the one in the audit log.
    LeafMismatch,
    /// The time for the answers to a course's questions is over.
    AttemptExpired,
    /// A value is not allowed.
    Invalid,
    /// A conversation needs consent.
    ConsentRequired,
    /// The idempotency key was used with another body.
    IdempotencyMismatch,
    /// The key that sealed the body is unknown or retired.
    UnknownKey,
    /// The body did not open.
    UnsealingFailed,
    /// Too many requests.
    RateLimited,
    /// DynamoDB or KMS stays out of reach.
    Unavailable,
    /// Stored by a release whose shapes this one does not know.
    OtherVersion,
    /// Stored data failed its integrity check.
    IntegrityFailed,
    /// A fault of ours.
    Internal,
}

impl Code {
    /// Every code there is, for the tests and the documents that list them.
    pub const ALL: [Self; 44] = [
        Self::MalformedJson,
        Self::UnknownField,
        Self::UnsupportedMediaType,
        Self::SealedRequired,
        Self::BodyTooLarge,
        Self::NoSuchRoute,
        Self::MethodNotAllowed,
        Self::TokenMissing,
        Self::TokenInvalid,
        Self::TokenExpired,
        Self::TokenRevoked,
        Self::TokenReused,
        Self::CredentialsInvalid,
        Self::CodeInvalid,
        Self::Forbidden,
        Self::MfaRequired,
        Self::StepUpRequired,
        Self::CoolingDown,
        Self::NotFound,
        Self::ConversationClosed,
        Self::Claimed,
        Self::NotClaimed,
        Self::Conflict,
        Self::Stale,
        Self::Worse,
        Self::PreconditionRequired,
        Self::Erased,
        Self::LegalHold,
        Self::PurposeRequired,
        Self::TrainingRequired,
        Self::LockedDown,
        Self::LastAdmin,
        Self::LeafMismatch,
        Self::AttemptExpired,
        Self::Invalid,
        Self::ConsentRequired,
        Self::IdempotencyMismatch,
        Self::UnknownKey,
        Self::UnsealingFailed,
        Self::RateLimited,
        Self::Unavailable,
        Self::OtherVersion,
        Self::IntegrityFailed,
        Self::Internal,
    ];

    /// Status, code and title, in one row a problem.
    #[expect(
        clippy::too_many_lines,
        reason = "a table: one row for each code, which the compiler holds complete"
    )]
    const fn row(self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::MalformedJson => {
                (StatusCode::BAD_REQUEST, "malformed_json", "The body is not the expected JSON")
            }
            Self::UnknownField => {
                (StatusCode::BAD_REQUEST, "unknown_field", "The body has an unknown field")
            }
            Self::UnsupportedMediaType => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_media_type",
                "The content type is not supported",
            ),
            Self::SealedRequired => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "sealed_required",
                "The request and its response have to be sealed",
            ),
            Self::BodyTooLarge => {
                (StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", "The body is too large")
            }
            Self::NoSuchRoute => (StatusCode::NOT_FOUND, "no_such_route", "There is no such route"),
            Self::MethodNotAllowed => (
                StatusCode::METHOD_NOT_ALLOWED,
                "method_not_allowed",
                "The route does not take this method",
            ),
            Self::TokenMissing => {
                (StatusCode::UNAUTHORIZED, "token_missing", "A bearer token is required")
            }
            Self::TokenInvalid => {
                (StatusCode::UNAUTHORIZED, "token_invalid", "The bearer token is not valid")
            }
            Self::TokenExpired => {
                (StatusCode::UNAUTHORIZED, "token_expired", "The bearer token has expired")
            }
            Self::TokenRevoked => {
                (StatusCode::UNAUTHORIZED, "token_revoked", "The session has ended")
            }
            Self::TokenReused => {
                (StatusCode::UNAUTHORIZED, "token_reused", "The refresh token was used before")
            }
            Self::CredentialsInvalid => (
                StatusCode::UNAUTHORIZED,
                "credentials_invalid",
                "The address or the password is wrong",
            ),
            Self::CodeInvalid => {
                (StatusCode::UNAUTHORIZED, "code_invalid", "The second factor is not valid")
            }
            Self::Forbidden => (StatusCode::FORBIDDEN, "forbidden", "The caller may not do this"),
            Self::MfaRequired => {
                (StatusCode::FORBIDDEN, "mfa_required", "A second factor is required")
            }
            Self::StepUpRequired => {
                (StatusCode::FORBIDDEN, "step_up_required", "A second factor has to be shown again")
            }
            Self::CoolingDown => {
                (StatusCode::FORBIDDEN, "cooling_down", "The right may not be used for a day")
            }
            Self::NotFound => (StatusCode::NOT_FOUND, "not_found", "Not found"),
            Self::Conflict => {
                (StatusCode::CONFLICT, "conflict", "The present state does not allow it")
            }
            Self::Stale => {
                (StatusCode::PRECONDITION_FAILED, "conflict", "It was changed since it was read")
            }
            Self::Worse => (
                StatusCode::CONFLICT,
                "worse",
                "What would be published answers worse than what is published",
            ),
            Self::PreconditionRequired => (
                StatusCode::PRECONDITION_REQUIRED,
                "precondition_required",
                "The request has to name the state that it changes",
            ),
            Self::Claimed => {
                (StatusCode::CONFLICT, "claimed", "Another agent has the conversation")
            }
            Self::NotClaimed => {
                (StatusCode::CONFLICT, "not_claimed", "The conversation is with you no more")
            }
            Self::ConversationClosed => {
                (StatusCode::CONFLICT, "conversation_closed", "The conversation is closed")
            }
            Self::Erased => (StatusCode::GONE, "erased", "The conversation was erased"),
            Self::LegalHold => (StatusCode::CONFLICT, "legal_hold", "Under a legal hold"),
            Self::PurposeRequired => {
                (StatusCode::FORBIDDEN, "purpose_required", "A purpose and a reason are required")
            }
            Self::TrainingRequired => {
                (StatusCode::FORBIDDEN, "training_required", "A current training is required")
            }
            Self::LockedDown => {
                (StatusCode::FORBIDDEN, "locked_down", "Locked because of an incident")
            }
            Self::LastAdmin => {
                (StatusCode::CONFLICT, "last_admin", "Nobody could manage the staff any more")
            }
            Self::LeafMismatch => {
                (StatusCode::CONFLICT, "leaf_mismatch", "The event is not the one in the audit log")
            }
            Self::AttemptExpired => {
                (StatusCode::GONE, "attempt_expired", "The time for the answers is over")
            }
            Self::Invalid => {
                (StatusCode::UNPROCESSABLE_ENTITY, "invalid", "A value is not allowed")
            }
            Self::ConsentRequired => {
                (StatusCode::UNPROCESSABLE_ENTITY, "consent_required", "Consent is required")
            }
            Self::IdempotencyMismatch => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "idempotency_mismatch",
                "The idempotency key was used with another body",
            ),
            Self::UnknownKey => {
                (StatusCode::UNPROCESSABLE_ENTITY, "unknown_key", "The sealing key is not known")
            }
            Self::UnsealingFailed => {
                (StatusCode::UNPROCESSABLE_ENTITY, "unsealing_failed", "The body did not open")
            }
            Self::RateLimited => {
                (StatusCode::TOO_MANY_REQUESTS, "rate_limited", "Too many requests")
            }
            Self::Unavailable => {
                (StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Temporarily unavailable")
            }
            Self::OtherVersion => (
                StatusCode::SERVICE_UNAVAILABLE,
                "other_version",
                "Stored by another version of the service",
            ),
            Self::IntegrityFailed => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "integrity_failed",
                "Stored data failed its integrity check",
            ),
            Self::Internal => {
                (StatusCode::INTERNAL_SERVER_ERROR, "internal", "Something went wrong on our side")
            }
        }
    }

    /// The HTTP status: always 4xx or 5xx.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        self.row().0
    }

    /// The code as clients see it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.row().1
    }

    /// The title for people.
    #[must_use]
    pub const fn title(self) -> &'static str {
        self.row().2
    }
}

/// Work by which a caller over a limit is served all the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProofOfWork {
    /// The hash function: `sha256`.
    pub algorithm: &'static str,
    /// The challenge, base64url.
    pub challenge: String,
    /// How many zero bits the hash over challenge and nonce begins with.
    pub bits: u8,
    /// When the challenge ends, RFC 3339.
    pub expires_at: String,
}

/// Why a problem arose, where the code alone does not tell the operator; callers are not told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// Other writers of the same conversation won until it was given up.
    ConflictsExhausted,
    /// The rotation never ran here, or what it made is gone.
    KeysMissing,
    /// A table was restored, and the erasures since are not carried out again yet.
    LedgerBehind,
    /// The guests of a network are over their limit.
    NetworkOverLimit,
}

impl Cause {
    /// The word for the log.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ConflictsExhausted => "conflicts_exhausted",
            Self::KeysMissing => "keys_missing",
            Self::LedgerBehind => "ledger_behind",
            Self::NetworkOverLimit => "network_over_limit",
        }
    }
}

/// The reason why one value is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldCode {
    /// The value is required.
    Missing,
    /// Fewer characters than allowed.
    TooShort,
    /// More characters than allowed.
    TooLong,
    /// Not well-formed Unicode.
    NotUnicode,
    /// Not of the form or in the range that the field has.
    BadFormat,
    /// A password that many people use.
    Common,
    /// A password made of its owner's name or address.
    Personal,
    /// A password that is guessed too soon.
    Guessable,
    /// Not one of the values that the field takes.
    NotAllowed,
    /// A number below the least that is allowed.
    TooSmall,
    /// A number above the most that is allowed.
    TooLarge,
    /// An entry without a title.
    NoTitle,
    /// An entry without an answer.
    NoAnswer,
    /// An entry without a phrasing, or with an empty one.
    NoQuestion,
    /// A text with a tag or a character reference of HTML.
    Markup,
    /// An address that may not stand beside an answer.
    BadUrl,
    /// A phrasing that another entry has too.
    DuplicateQuestion,
    /// Colours of which one cannot be read on the other.
    LowContrast,
}

impl FieldCode {
    /// The code as clients see it, and a sentence for people.
    #[must_use]
    pub const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Missing => ("missing", "This value is required."),
            Self::TooShort => ("too_short", "This value is too short."),
            Self::TooLong => ("too_long", "This value is too long."),
            Self::NotUnicode => ("not_unicode", "This value is not well-formed Unicode."),
            Self::BadFormat => ("bad_format", "This value does not have the expected form."),
            Self::Common => ("common", "This value is one that many people use."),
            Self::Personal => ("personal", "This value contains your own name or address."),
            Self::Guessable => ("guessable", "This value is too easy to guess."),
            Self::NotAllowed => ("not_allowed", "This value is not one of those allowed."),
            Self::TooSmall => ("too_small", "This value is less than the least allowed."),
            Self::TooLarge => ("too_large", "This value is more than the most allowed."),
            Self::NoTitle => ("no_title", "An entry needs a title."),
            Self::NoAnswer => ("no_answer", "An entry needs an answer."),
            Self::NoQuestion => {
                ("no_question", "An entry needs a phrasing, and none may be empty.")
            }
            Self::Markup => ("markup", "This text contains HTML. Write plain text."),
            Self::BadUrl => ("bad_url", "Give a path of the site or an https address."),
            Self::LowContrast => {
                ("low_contrast", "Text needs a contrast of at least 4.5 to 1 to be read.")
            }
            Self::DuplicateQuestion => (
                "duplicate_question",
                "Another entry has this phrasing: a question has one answer.",
            ),
        }
    }
}

/// One value that was refused: where it stands (RFC 6901), and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldError {
    /// JSON pointer into the body; for headers and queries `/headers/…` and `/query/…`.
    pub pointer: &'static str,
    /// The reason.
    pub code: FieldCode,
}

/// A refusal, on its way to becoming a response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The kind of problem.
    pub code: Code,
    /// A sentence for the developer who calls; never anything a caller sent.
    pub detail: &'static str,
    /// The values that were refused.
    pub errors: Vec<FieldError>,
    /// Seconds after which trying again makes sense.
    pub retry_after_seconds: Option<u32>,
    /// Why, if the code does not say it all; only for the log.
    pub cause: Option<Cause>,
    /// The proof of work that the caller can do instead of waiting.
    pub proof_of_work: Option<Box<ProofOfWork>>,
    /// The thing in question as it is now: a conversation for an agent who cannot have it, an attempt under way.
    pub item: Option<Box<Value>>,
}

impl Problem {
    /// A problem with the sentence that explains it.
    #[must_use]
    pub fn new(code: Code, detail: &'static str) -> Self {
        let retry_after_seconds =
            matches!(code, Code::Unavailable | Code::OtherVersion | Code::RateLimited).then_some(1);
        Self {
            code,
            detail,
            errors: Vec::new(),
            retry_after_seconds,
            cause: None,
            proof_of_work: None,
            item: None,
        }
    }

    /// The refusal where other writers of the same conversation won until it was given up.
    #[must_use]
    pub fn contended() -> Self {
        Self::new(Code::Unavailable, "Many writers at once; nothing was changed.")
            .because(Cause::ConflictsExhausted)
    }

    /// The refusal of one value.
    #[must_use]
    pub fn invalid(pointer: &'static str, code: FieldCode) -> Self {
        FieldError { pointer, code }.into()
    }

    /// The same, with the seconds after which trying again makes sense.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after_seconds = Some(seconds.max(1));
        self
    }

    /// The same, with the work by which the caller is served all the same.
    #[must_use]
    pub fn unless(mut self, proof_of_work: ProofOfWork) -> Self {
        self.proof_of_work = Some(Box::new(proof_of_work));
        self
    }

    /// The same, with the thing in question as it is now.
    #[must_use]
    pub fn with_item(mut self, item: Value) -> Self {
        self.item = Some(Box::new(item));
        self
    }

    /// The same, with what the log says about its reason.
    #[must_use]
    pub fn because(mut self, cause: Cause) -> Self {
        self.cause = Some(cause);
        self
    }
}

impl From<Code> for Problem {
    fn from(code: Code) -> Self {
        Self::new(code, "")
    }
}

impl From<FieldError> for Problem {
    fn from(error: FieldError) -> Self {
        let mut problem = Self::new(Code::Invalid, "See the list of errors.");
        problem.errors.push(error);
        problem
    }
}

impl From<Vec<FieldError>> for Problem {
    fn from(errors: Vec<FieldError>) -> Self {
        let mut problem = Self::new(Code::Invalid, "See the list of errors.");
        problem.errors = errors;
        problem
    }
}

impl From<super::random::NoRandomness> for Problem {
    fn from(_: super::random::NoRandomness) -> Self {
        Code::Internal.into()
    }
}

/// A refusal travels in the extensions of a response and gets its body where the response is finished.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.code.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_problem_is_an_error_and_its_code_is_its_own() {
        // A conflict that a conditional request meets has a status of its own, and no code.
        let codes: HashSet<_> =
            Code::ALL.iter().map(|code| (code.as_str(), code.status())).collect();
        assert_eq!(codes.len(), Code::ALL.len());
        for code in Code::ALL {
            assert!(code.status().is_client_error() || code.status().is_server_error());
        }
    }
}
