//! Passwords, as NIST SP 800-63B-4 wants them: long, of any characters, not common, never rotated
//! without a reason, and kept only as a slow keyed hash.

mod common;
mod hash;
mod policy;
mod stored;

pub use hash::{HashError, Hasher, Verdict};
pub use policy::{MAX_CHARACTERS, MIN_CHARACTERS, Password};
pub use stored::{CURRENT, LIMITS, Parameters, StoredHash};
