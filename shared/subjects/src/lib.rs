//! The rights of a subject, for a caller who may ask: a transcript, an export, an erasure.

pub mod cursor;
pub mod erase;
pub mod export;
pub mod live;
pub mod transcript;
