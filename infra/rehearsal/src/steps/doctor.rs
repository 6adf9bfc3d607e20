//! The findings of `cargo doctor` in a stack on the local AWS, and those that the local AWS itself
//! causes.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::command::{Failure, ensure};

/// The result that the doctor has to give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expected {
    /// Nothing is wrong, but for the gaps.
    NothingWrong,
    /// Something was broken, and it has to find that.
    SomethingWrong,
}

/// A finding's code and a word of its sentence, and why the local AWS makes the doctor say it. Each has
/// to occur: what the local AWS does right is no gap.
const GAPS: [(&str, &str, &str); 0] = [];

/// The findings about every healthy stack that nobody subscribed to.
const KNOWN: [&str; 1] = ["alarms_unheard"];

/// Judges each finding; gives how many there were.
pub(super) fn judge(report: &Value, expected: Expected) -> Result<usize, Failure> {
    let findings = report["findings"].as_array().map(Vec::as_slice).unwrap_or_default();
    let text = |finding: &Value, name: &str| finding[name].as_str().unwrap_or_default().to_owned();
    let mut met = BTreeSet::new();
    let mut bad = Vec::new();
    for finding in findings {
        let (code, what) = (text(finding, "code"), text(finding, "what"));
        let gap = GAPS.iter().position(|(of, word, _)| *of == code && what.contains(word));
        if let Some(gap) = gap {
            met.insert(gap);
        } else if finding["severity"] != "fine" && !KNOWN.contains(&code.as_str()) {
            bad.push(format!("{code}: {what}"));
        }
    }
    for (gap, (code, word, _)) in GAPS.iter().enumerate() {
        ensure(met.contains(&gap), || format!("{code} ({word}) is no gap of the local AWS"))?;
    }
    ensure(!findings.is_empty(), || "the doctor found nothing to say".to_owned())?;
    match expected {
        Expected::NothingWrong => ensure(bad.is_empty(), || bad.join("\n"))?,
        Expected::SomethingWrong => {
            ensure(!bad.is_empty(), || "the doctor did not see what was broken".to_owned())?;
        }
    }
    Ok(findings.len())
}
