//! Sealing: the protection of a message, on the wire and at rest. No input or output: `store` asks KMS
//! for the branch keys.

pub mod blind_index;
pub mod cache;
pub mod conversation_key;
pub mod envelope;
pub mod key_list;
pub mod mac;
pub mod network;
pub mod place;
pub mod puzzle;
pub mod sign;
pub mod site_key;
pub mod suite;
pub mod transport;

use std::sync::Arc;

use values::secret::Secret;

/// A branch key in memory.
pub type BranchKey = Arc<Secret>;

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

impl From<values::random::NoRandomness> for SealError {
    fn from(_: values::random::NoRandomness) -> Self {
        Self::Failed
    }
}
