//! What must not be possible.

mod erased;
mod expiry;
mod identity;
mod inbox;
mod isolation;
mod keys;
mod once;
mod roles;
mod tamper;
