//! The steps that were tried, with their results and times.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::Path;
use std::time::Instant;

use serde_json::json;

use crate::command::Failure;

/// Step by step, in their order.
#[derive(Default)]
pub struct Report {
    steps: Vec<Step>,
}

struct Step {
    name: String,
    seconds: f64,
    /// How many things were checked, or what was wrong.
    outcome: Result<usize, String>,
}

impl Report {
    /// Tries one step, which gives how many things it has checked; whether it passed.
    pub fn step(&mut self, name: &str, step: impl FnOnce() -> Result<usize, Failure>) -> bool {
        say(&format!("--> {name}"));
        let started = now();
        let outcome = match step() {
            // A step that has checked nothing proves nothing.
            Ok(0) => Err("nothing was checked".to_owned()),
            Ok(checks) => Ok(checks),
            Err(failure) => Err(failure.to_string()),
        };
        let seconds = now().duration_since(started).as_secs_f64();
        if let Err(reason) = &outcome {
            say(&format!("FAILED: {name}: {reason}"));
        }
        let passed = outcome.is_ok();
        self.steps.push(Step { name: name.to_owned(), seconds, outcome });
        passed
    }

    /// Whether a step has failed so far.
    #[must_use]
    pub fn failed(&self) -> bool {
        self.steps.iter().any(|step| step.outcome.is_err())
    }

    /// Prints the summary and writes it as JSON; whether everything passed.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn finish(&self, folder: &Path) -> Result<bool, Failure> {
        let failed = self.steps.iter().filter(|step| step.outcome.is_err()).count();
        let steps: Vec<_> = self
            .steps
            .iter()
            .map(|step| {
                json!({
                    "step": step.name,
                    "seconds": (step.seconds * 10.0).round() / 10.0,
                    "checks": step.outcome.as_ref().ok(),
                    "failure": step.outcome.as_ref().err(),
                })
            })
            .collect();
        std::fs::create_dir_all(folder)?;
        let text = serde_json::to_string_pretty(&json!({ "steps": steps, "failed": failed }))?;
        std::fs::write(folder.join("summary.json"), text + "\n")?;
        say(&self.table());
        say(&format!("rehearsal: {} passed, {failed} failed", self.steps.len() - failed));
        Ok(failed == 0 && !self.steps.is_empty())
    }

    fn table(&self) -> String {
        let mut text = String::from("\n   seconds  checks  step\n");
        for step in &self.steps {
            let checks = step.outcome.as_ref().map_or("FAILED".to_owned(), usize::to_string);
            let _ = writeln!(text, "{:>10.1}  {checks:>6}  {}", step.seconds, step.name);
        }
        let all: f64 = self.steps.iter().map(|step| step.seconds).sum();
        let _ = write!(text, "{all:>10.1}          together");
        text
    }
}

/// Prints a line for the person who watches.
pub fn say(line: &str) {
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{line}");
    let _ = out.flush();
}

#[expect(clippy::disallowed_methods, reason = "a duration that is printed and decides nothing")]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::Report;
    use crate::command::Failure;

    #[test]
    fn a_step_that_fails_or_checks_nothing_fails_the_rehearsal() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut report = Report::default();
        assert!(!report.finish(folder.path()).expect("a summary"), "an empty rehearsal is none");
        assert!(report.step("one", || Ok(2)));
        assert!(report.finish(folder.path()).expect("a summary"));
        assert!(!report.step("two", || Ok(0)));
        assert!(!report.step("three", || Err(Failure("no".to_owned()))));
        assert!(!report.finish(folder.path()).expect("a summary"));
        let text = std::fs::read_to_string(folder.path().join("summary.json")).expect("a file");
        assert!(text.contains("\"failed\": 2"), "{text}");
    }
}
