//! The kit of the tests: a world with an AWS of its own, and the people in it. Tests enter where
//! users do: an API Gateway event, or HTTP, goes in; a response and stored bytes come out.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_errors_doc,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that meets what it does not expect has to stop there"
)]

pub mod api;
pub mod audit;
pub mod bulk;
pub mod exchange;
pub mod live;
pub mod openapi;
pub mod process;
pub mod proof;
pub mod sealed;
pub mod site_server;
pub mod staff;
pub mod tls;
pub mod tools;
pub mod visitor;
pub mod world;

/// How often a test may try again what the network or a fault can lose.
pub const PATIENCE: usize = 50;
