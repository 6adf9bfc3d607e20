//! Who calls, and the keys to find that out.

pub mod identity;
pub mod insight;
pub mod keychain;
pub mod permit;
pub mod staff;
pub mod staff_keychain;
pub mod token;
