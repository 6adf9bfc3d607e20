//! The whole deployment in one process, for people at work on it and for the tests.
//!
//! - [`aws`]: an embedded AWS on 127.0.0.1 that speaks DynamoDB and KMS to any SDK, with a fault
//!   injector and counters.
//! - the crate `template`: what `template.yaml` declares, so that tables and routes here are the deployed ones.
//! - [`iam`]: the roles that the template gives the functions, evaluated on every call.
//! - [`cli`] and [`run`]: `cargo local`, which puts every router and job on top of it.

mod advisories;
pub mod aws;
pub mod cli;
pub mod content;
mod control;
mod demo;
mod deployment;
mod detect;
mod event_files;
mod folder;
mod host;
pub mod iam;
mod jobs;
pub mod permissions;
pub mod run;
mod sequence;
