//! Who calls: the keys to find that out, and the extractors that only a known caller passes.

pub mod app;
mod demands;
pub mod identity;
pub mod insight;
pub mod keychain;
pub mod request;
pub mod requirement;
pub mod staff;
pub mod staff_keychain;
pub mod token;
