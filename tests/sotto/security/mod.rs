//! Tests of everything that must not be possible.

mod compromised;
mod erased;
mod expiry;
mod guests;
mod identity;
mod inbox;
mod isolation;
mod keys;
mod once;
mod refusals;
mod roles;
mod sealed_only;
mod sessions;
mod tamper;
