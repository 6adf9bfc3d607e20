//! Finds out who calls: the keys for that, and the extractors that only a known caller passes.

pub mod app;
pub mod bases;
mod demands;
pub mod identity;
pub mod keychain;
pub mod request;
pub mod requirement;
pub mod staff;
pub mod staff_app;
pub mod staff_keychain;
pub mod subject_access;
pub mod token;
pub mod transport;
