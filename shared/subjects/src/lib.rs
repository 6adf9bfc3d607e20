//! The rights of a subject, carried out for whoever may ask: a transcript, an export, an erasure.

pub mod cursor;
pub mod erase;
pub mod export;
pub mod transcript;
