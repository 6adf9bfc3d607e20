//! KMS's refusals, by the names that its SDKs know.

use std::io;

use serde_json::{Value, json};

/// Why a request was refused. The text is for people; clients decide by [`Refusal::name`].
#[derive(Debug)]
pub(crate) enum Refusal {
    /// A parameter is missing or out of its range.
    Validation(String),
    /// No such key or alias.
    NotFound(String),
    /// The key is switched off.
    Disabled(String),
    /// The key is waiting for its deletion.
    PendingDeletion(String),
    /// The alias is taken.
    AlreadyExists(String),
    /// The blob was opened under another key than the caller named.
    IncorrectKey,
    /// The blob does not open: tampered, foreign, or another encryption context.
    InvalidCiphertext,
    /// AWS KMS has this feature; this KMS does not.
    Unsupported(String),
    /// No such operation here.
    UnknownOperation,
    /// The key file could not be written: nothing was changed.
    Storage(io::Error),
}

impl Refusal {
    /// The error's name in the service's model.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Validation(_) => "ValidationException",
            Self::NotFound(_) => "NotFoundException",
            Self::Disabled(_) => "DisabledException",
            Self::PendingDeletion(_) => "KMSInvalidStateException",
            Self::AlreadyExists(_) => "AlreadyExistsException",
            Self::IncorrectKey => "IncorrectKeyException",
            Self::InvalidCiphertext => "InvalidCiphertextException",
            Self::Unsupported(_) => "UnsupportedOperationException",
            Self::UnknownOperation => "UnknownOperationException",
            Self::Storage(_) => "KMSInternalException",
        }
    }

    /// The HTTP status: 500 for what is our fault, 400 for the rest.
    pub(crate) fn status(&self) -> u16 {
        match self {
            Self::Storage(_) => 500,
            _ => 400,
        }
    }

    /// The body of the response.
    pub(crate) fn body(&self) -> Value {
        let message = match self {
            Self::Validation(text) | Self::Unsupported(text) => Some(text.clone()),
            Self::NotFound(name) => Some(format!("{name} does not exist")),
            Self::Disabled(arn) => Some(format!("{arn} is disabled.")),
            Self::PendingDeletion(arn) => Some(format!("{arn} is pending deletion.")),
            Self::AlreadyExists(name) => Some(format!("An alias with the name {name} exists")),
            Self::IncorrectKey => Some(
                "The key ID in the request does not identify a CMK that can perform this operation."
                    .to_owned(),
            ),
            Self::Storage(error) => Some(format!("the key file cannot be written: {error}")),
            // KMS gives no message with these two: one answer for every cause.
            Self::InvalidCiphertext | Self::UnknownOperation => None,
        };
        match message {
            Some(message) => json!({"__type": self.name(), "message": message}),
            None => json!({"__type": self.name()}),
        }
    }
}
