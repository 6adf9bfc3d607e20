//! What must not be possible.

mod erased;
mod expiry;
mod inbox;
mod isolation;
mod keys;
mod roles;
mod tamper;
