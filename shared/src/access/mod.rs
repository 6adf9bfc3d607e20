//! Who calls, and the keys to find that out.

pub mod identity;
pub mod keychain;
pub mod staff;
pub mod staff_keychain;
pub mod token;
