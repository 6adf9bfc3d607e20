//! Sealing: what a message is protected by, on the wire and at rest. The only user of the KMS SDK.

pub mod blind_index;
pub mod cache;
pub mod conversation_key;
pub mod envelope;
pub mod key_list;
pub mod keyring;
pub mod mac;
pub mod place;
pub mod sign;
pub mod site_key;
pub mod suite;
pub mod transport;

/// Why something did not open or could not be sealed. One variant for every failed opening: what
/// exactly was wrong with it helps only a forger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SealError {
    /// It did not open: wrong key, wrong place, altered, or no envelope at all.
    DidNotOpen,
    /// KMS cannot be reached or is over its limits.
    Unavailable,
    /// The library or the operating system failed.
    Failed,
}

impl From<aws_lc_rs::error::Unspecified> for SealError {
    fn from(_: aws_lc_rs::error::Unspecified) -> Self {
        Self::Failed
    }
}

impl From<crate::random::NoRandomness> for SealError {
    fn from(_: crate::random::NoRandomness) -> Self {
        Self::Failed
    }
}
