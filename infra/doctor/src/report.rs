//! Findings for people and for scripts, and the exit code that sums them up.

use std::fmt::Write as _;

use serde_json::json;

use checks::finding::{Finding, Severity};

/// Everything that was found.
#[derive(Debug)]
pub struct Report {
    /// The stack.
    pub stack: String,
    /// The region it was looked for in.
    pub region: String,
    /// In the order in which things were looked at.
    pub findings: Vec<Finding>,
}

impl Report {
    /// 1 if something is wrong, else 2 if something could not be looked at, else 0.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        if self.count(Severity::Wrong) > 0 {
            1
        } else if self.count(Severity::CouldNotLook) > 0 {
            2
        } else {
            0
        }
    }

    /// One line a finding, the worst first, and a summary.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        for severity in
            [Severity::Wrong, Severity::CouldNotLook, Severity::LookAtIt, Severity::Fine]
        {
            for finding in self.findings.iter().filter(|finding| finding.severity == severity) {
                writeln!(text, "{:<14} {}", label(severity), finding.what).ok();
                if severity != Severity::Fine {
                    writeln!(text, "{:<14} {} See {}", "", finding.advice, finding.see.link()).ok();
                }
            }
        }
        writeln!(
            text,
            "\n{} in {}: {} wrong, {} not looked at, {} to look at, {} fine.",
            self.stack,
            self.region,
            self.count(Severity::Wrong),
            self.count(Severity::CouldNotLook),
            self.count(Severity::LookAtIt),
            self.count(Severity::Fine),
        )
        .ok();
        text
    }

    /// The same as one JSON object.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        json!({
            "stack": self.stack,
            "region": self.region,
            "exit_code": self.exit_code(),
            "findings": self.findings,
        })
    }

    fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.severity == severity).count()
    }
}

const fn label(severity: Severity) -> &'static str {
    match severity {
        Severity::Wrong => "WRONG",
        Severity::CouldNotLook => "could not look",
        Severity::LookAtIt => "look at it",
        Severity::Fine => "fine",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use checks::finding::{Chapter, CouldNot, Obstacle};

    fn report(findings: Vec<Finding>) -> Report {
        Report { stack: "sotto".to_owned(), region: "eu-central-1".to_owned(), findings }
    }

    #[test]
    fn what_could_not_be_looked_at_is_not_fine_and_hides_nothing_wrong() {
        let fine = Finding::fine("a", "A is fine.", Chapter::Doctor);
        let look = Finding::look("b", "B is odd.", "Look.", Chapter::Doctor);
        let wrong = Finding::wrong("c", "C is broken.", "Mend it.", Chapter::Doctor);
        let denied = CouldNot { action: "kms:DescribeKey", reason: Obstacle::Denied };
        let denied = denied.finding(&"The key");
        assert_eq!(report(vec![fine.clone(), look]).exit_code(), 0);
        assert_eq!(report(vec![fine.clone(), denied.clone()]).exit_code(), 2);
        assert_eq!(report(vec![fine, denied.clone(), wrong]).exit_code(), 1);
        assert!(denied.what.contains("may not kms:DescribeKey"), "{}", denied.what);
    }

    #[test]
    fn the_worst_stands_first_and_every_advice_has_its_chapter() {
        let text = report(vec![
            Finding::fine("a", "A is fine.", Chapter::Doctor),
            Finding::wrong("c", "C is broken.", "Mend it.", Chapter::Throttled),
        ])
        .text();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "WRONG          C is broken.");
        assert!(lines[1].ends_with("Mend it. See docs/runbooks.md#requests-are-throttled"));
        assert_eq!(lines[2], "fine           A is fine.");
        assert!(text.contains("1 wrong, 0 not looked at, 0 to look at, 1 fine."), "{text}");
    }
}
