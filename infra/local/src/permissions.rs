//! `cargo local permissions`: what the roles grant, beside what the tests were seen to do.

use std::fs;
use std::path::Path;

use crate::iam::policies::Policies;
use crate::iam::report::report;
use crate::iam::seen::{file_of_the_tests, read, repository, reset};

/// The task for the record and the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// Write the page.
    Write,
    /// Compare the page with what it should be.
    Check,
    /// Empty the record before the tests.
    Reset,
}

/// Does the task; gives the text to print.
///
/// # Errors
/// Everything that is wrong, one line each, behind the page.
pub(crate) fn run(task: Task) -> Result<String, String> {
    let record = file_of_the_tests();
    let unusable = |file: &Path, error: std::io::Error| format!("{}: {error}", file.display());
    if task == Task::Reset {
        reset(&record).map_err(|error| unusable(&record, error))?;
        return Ok(String::new());
    }
    let policies = Policies::deployed().map_err(|error| error.to_string())?;
    let seen = read(&record).map_err(|error| unusable(&record, error))?;
    let mut report = report(&policies, &seen);
    let page = repository().join("docs").join("permissions.md");
    if task == Task::Write {
        fs::write(&page, &report.page).map_err(|error| unusable(&page, error))?;
    } else if fs::read_to_string(&page).ok().as_deref() != Some(report.page.as_str()) {
        let other = "docs/permissions.md is another: run `cargo local permissions` and commit it";
        report.faults.push(other.to_owned());
    }
    if is_older(&record) {
        report.faults.push("the tests have not run since template.yaml was changed".to_owned());
    }
    if report.faults.is_empty() {
        return Ok(report.page);
    }
    Err(format!("{}\n{}", report.page, report.faults.join("\n")))
}

fn is_older(record: &Path) -> bool {
    let changed = |file: &Path| fs::metadata(file).and_then(|file| file.modified()).ok();
    changed(record) < changed(&repository().join("template.yaml"))
}
