//! IAM for the embedded AWS: the roles of `template.yaml`, evaluated on every call of a function, and
//! a record of what they were seen to allow.
//!
//! Written here because no crate does what is needed: those that evaluate policies treat an unknown
//! condition key as absent, and name neither the statement that allowed a request nor the value of
//! it that was used.
//!
//! - [`policies`]: the roles and key policies, and what they decide.
//! - [`dynamodb`] and [`kms`]: the requests that IAM is asked about for a call over the wire.
//! - [`seen`]: the record of a run of the tests.
//! - [`report`]: the table of `docs/permissions.md`, and what is wrong with it.

pub mod condition;
pub mod dynamodb;
mod expression;
mod glob;
pub mod kms;
pub mod policies;
pub mod report;
pub mod seen;
pub mod services;
pub mod statement;

use std::fmt;

use condition::Context;

/// A request to IAM: may the caller do this?
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Service and operation, e.g. `dynamodb:PutItem`.
    pub action: String,
    /// The resource, by its name in the template, e.g. `<KeysTable.Arn>`.
    pub resource: String,
    /// The context that the conditions look at.
    pub context: Context,
}

/// The answer of IAM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// It may.
    Allowed(Grant),
    /// It may not.
    Refused(Refusal),
}

/// The statement that allowed a request. If several allow it, the role's first one counts, so that
/// a statement that repeats another is never seen in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The statement of the role.
    pub sid: String,
    /// `key=value` of each of its conditions that has a choice, as far as the request made use of it.
    pub used: Vec<String>,
    /// Whether the statement says which attributes may be named.
    pub limits_attributes: bool,
    /// The statement of the key's policy, of requests to a key.
    pub key_sid: Option<String>,
}

/// Why a request was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// This statement denies it.
    Denied(String),
    /// No statement of the role allows it.
    NoIdentityStatement,
    /// The role would allow it, the key's policy does not.
    NoKeyStatement,
}

/// The access key id of a function's program, by which the local AWS knows its role. Any other
/// access key id is the account administrator's.
#[must_use]
pub fn access_key(program: &str) -> String {
    format!("{ACCESS_KEY_PREFIX}{program}")
}

/// The program that an access key id stands for.
#[must_use]
pub fn program_of(access_key: &str) -> Option<&str> {
    access_key.strip_prefix(ACCESS_KEY_PREFIX)
}

const ACCESS_KEY_PREFIX: &str = "function-";

impl fmt::Display for Refusal {
    /// The reason as AWS words it behind "is not authorized to perform".
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied(sid) => write!(formatter, "with an explicit deny in the statement {sid}"),
            Self::NoIdentityStatement => {
                formatter.write_str("because no identity-based policy allows it")
            }
            Self::NoKeyStatement => {
                formatter.write_str("because no resource-based policy allows it")
            }
        }
    }
}
