//! What must not be possible.

mod erased;
mod expiry;
mod isolation;
mod keys;
mod tamper;
