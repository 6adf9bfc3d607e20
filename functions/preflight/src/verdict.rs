//! The checks and their possible faults, in fixed words of the program: anything else that a new
//! version says stays out of the log.

use edge::telemetry::Label;
use seal::key_list::KeyListError;
use serde::{Serialize, Serializer};

/// Something that a visitor does and that has to work, in the order in which it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// The visitors' function answers.
    Health,
    /// The key list is signed by a pinned root, in date, and has both suites.
    KeyList,
    /// A session begins.
    Session,
    /// A conversation is opened with consent, sealed both ways.
    Conversation,
    /// A sealed message is stored and answered, sealed.
    Message,
    /// The same message again is the first response again.
    Replay,
    /// The conversation is read back, sealed, as it was said.
    Transcript,
    /// A sealed message that was altered is refused.
    Tampered,
    /// A request without a token is refused.
    NoToken,
    /// The conversation is closed.
    Close,
    /// The keys of staff tokens are published.
    StaffKeys,
    /// A sign-in of nobody is refused as one.
    SignIn,
    /// The retention policy is refused to somebody who is not on the staff.
    StaffOnly,
    /// A receipt that nobody was given is looked for, and is not there.
    Receipt,
    /// The inbox is refused to somebody who is not on the staff.
    Inbox,
    /// The bot's entries are refused to somebody who is not on the staff.
    Knowledge,
    /// The courses: staff only.
    Training,
    /// The incidents: staff only.
    Incidents,
    /// The checkpoint of the audit log: staff only.
    Checkpoint,
    /// The page comes with its policy and the pin.
    Page,
    /// The widget comes with its policy.
    Widget,
}

/// The reason why a check did not pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Lambda does not let the hook invoke the version.
    MayNotInvoke,
    /// Lambda has no such version.
    NoSuchVersion,
    /// Lambda has no capacity for it.
    Throttled,
    /// Lambda does not answer, or in no form that is known.
    LambdaFailed,
    /// The function ended with an error or was ended.
    FunctionFailed,
    /// It answered, but not with an HTTP response.
    NoResponse,
    /// The status is another.
    Status(u16),
    /// The body has not the form or the content that it has to have.
    Body,
    /// A header is missing or is another.
    Header,
    /// The response is not sealed.
    NotSealed,
    /// The response does not open.
    DoesNotOpen,
    /// The request could not be sealed.
    CannotSeal,
    /// The message was not answered.
    NoReply,
    /// The repeated message was taken for a new one.
    NotReplayed,
    /// A suite is missing in the key list.
    SuiteMissing,
    /// The key list is refused.
    KeyList(KeyListError),
    /// It took longer than there is time.
    OutOfTime,
}

/// A check that did not pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failure {
    /// Which.
    pub check: Check,
    /// Why.
    pub fault: Fault,
}

impl Label for Check {
    fn label(&self) -> &'static str {
        match self {
            Self::Health => "intake-health",
            Self::KeyList => "intake-key-list",
            Self::Session => "intake-session",
            Self::Conversation => "intake-conversation",
            Self::Message => "intake-message",
            Self::Replay => "intake-replay",
            Self::Transcript => "intake-transcript",
            Self::Tampered => "intake-tampered",
            Self::NoToken => "intake-no-token",
            Self::Close => "intake-close",
            Self::StaffKeys => "auth-staff-keys",
            Self::SignIn => "auth-sign-in",
            Self::StaffOnly => "retention-staff-only",
            Self::Receipt => "retention-receipt",
            Self::Inbox => "desk-inbox",
            Self::Knowledge => "editor-knowledge",
            Self::Training => "training-courses",
            Self::Incidents => "monitor-incidents",
            Self::Checkpoint => "audit-checkpoint",
            Self::Page => "site-page",
            Self::Widget => "site-widget",
        }
    }
}

impl Label for Fault {
    fn label(&self) -> &'static str {
        match self {
            Self::MayNotInvoke => "may-not-invoke",
            Self::NoSuchVersion => "no-such-version",
            Self::Throttled => "throttled",
            Self::LambdaFailed => "lambda-failed",
            Self::FunctionFailed => "function-failed",
            Self::NoResponse => "no-response",
            Self::Status(_) => "status",
            Self::Body => "body",
            Self::Header => "header",
            Self::NotSealed => "not-sealed",
            Self::DoesNotOpen => "does-not-open",
            Self::CannotSeal => "cannot-seal",
            Self::NoReply => "no-reply",
            Self::NotReplayed => "not-replayed",
            Self::SuiteMissing => "suite-missing",
            Self::KeyList(error) => match error {
                KeyListError::Malformed => "key-list-malformed",
                KeyListError::RootNotPinned => "root-not-pinned",
                KeyListError::NotSigned => "key-list-not-signed",
                KeyListError::OtherIssuer => "other-issuer",
                KeyListError::OutOfDate => "key-list-out-of-date",
            },
            Self::OutOfTime => "out-of-time",
        }
    }
}

impl Fault {
    /// The status, where that is what is wrong.
    #[must_use]
    pub fn status(self) -> Option<u64> {
        match self {
            Self::Status(status) => Some(status.into()),
            _ => None,
        }
    }
}

impl From<KeyListError> for Fault {
    fn from(error: KeyListError) -> Self {
        Self::KeyList(error)
    }
}

impl Serialize for Check {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.label())
    }
}

impl Serialize for Fault {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.label())
    }
}
