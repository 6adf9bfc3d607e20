//! The integration tests, in one binary.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_errors_doc,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that meets what it does not expect has to stop there"
)]

mod by_hand;
mod compliance;
mod conflicts;
mod contract;
mod counts;
mod deployed;
mod desk;
mod faults;
mod knowledge;
mod lifecycle;
mod privacy;
mod process;
mod routes;
mod security;
mod staff;
mod template;
mod upgrade;
mod vectors;
mod walls;
