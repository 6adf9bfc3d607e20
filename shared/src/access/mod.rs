//! Who calls, and the keys to find that out.

pub mod keychain;
pub mod token;
