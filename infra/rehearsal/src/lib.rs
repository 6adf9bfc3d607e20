//! The template, deployed for rehearsal: built as it is shipped, by `sam deploy` onto a local AWS that
//! evaluates IAM, used through its address, broken on purpose, upgraded, and removed.
//!
//! - [`cli`]: what was asked for.
//! - [`emulator`]: the local AWS, which ends with us.
//! - [`aws`] and [`stack`]: what the AWS CLI and SAM say about it.
//! - [`refusals`]: what each role must not do, for the tests as well.
//! - [`steps`]: what is tried, in its order. docs/rehearsal.md says what that proves.

#![allow(
    clippy::indexing_slicing,
    reason = "only JSON is indexed, which gives null for what is not there"
)]

pub mod aws;
pub mod cli;
pub mod command;
pub mod emulator;
pub mod refusals;
pub mod report;
pub mod stack;
pub mod steps;

use std::path::{Path, PathBuf};

use cli::{Act, Rehearsal};
use command::Failure;
use report::Report;

/// Rehearses what was asked for and prints the summary; whether all of it passed.
///
/// # Errors
/// If a tool is missing or the summary cannot be written; what fails within a step is a line of the
/// summary.
pub fn run(wanted: &Rehearsal) -> Result<bool, Failure> {
    let mut report = Report::default();
    let mut made = None;
    report.step("build the functions as they are shipped", || {
        made = Some(steps::package(wanted)?);
        Ok(1)
    });
    let Some(package) = made else { return report.finish(&target().join("rehearsal")) };
    let act = |act| wanted.only.is_none_or(|only| only == act);
    if act(Act::Stack) {
        steps::stack(wanted, &package, &mut report);
    }
    if act(Act::Upgrade) {
        steps::upgrade::act(&package, &mut report);
    }
    if act(Act::Operations) {
        steps::operations::act(&package, &mut report);
    }
    report.finish(&target().join("rehearsal"))
}

/// The checkout's root.
pub(crate) fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// Where builds go.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}
