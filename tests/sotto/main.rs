//! The integration tests, in one binary.

mod contract;
mod counts;
mod faults;
mod routes;
mod security;
