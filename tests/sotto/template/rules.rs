//! Each rule of infra/rules refuses what is broken in the way that it is there for, and each exception
//! from checkov's own checks is one.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tests::tools;

const RULES: &str = include_str!("../../../infra/rules/checks/sotto.py");
const CONFIG: &str = include_str!("../../../infra/rules/checkov.yaml");

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The ids of what checkov refuses, by file.
fn refused(checkov: &Path, arguments: &[&str]) -> BTreeMap<String, BTreeSet<String>> {
    let output = Command::new(checkov)
        .current_dir(root())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .args(["--output", "json"])
        .args(arguments)
        .output()
        .expect("checkov starts");
    let report: Value = serde_json::from_slice(&output.stdout).expect("a report");
    let mut refused = BTreeMap::<String, BTreeSet<String>>::new();
    for finding in report["results"]["failed_checks"].as_array().expect("findings") {
        let text = |key: &str| finding[key].as_str().expect("a text").to_owned();
        refused.entry(text("file_path")).or_default().insert(text("check_id"));
    }
    refused
}

#[test]
fn what_is_broken_is_refused_by_its_rule_and_by_no_other() {
    let Some(checkov) = tools::checkov() else { return };
    let mut expected = BTreeMap::new();
    for entry in fs::read_dir(root().join("infra/rules/broken")).expect("the folder") {
        let path = entry.expect("an entry").path();
        let text = fs::read_to_string(&path).expect("a text");
        let rule = text.lines().next().and_then(|line| line.strip_prefix("# ")).expect("a rule");
        let name = path.file_name().and_then(|name| name.to_str()).expect("a name");
        expected.insert(format!("/infra/rules/broken/{name}"), BTreeSet::from([rule.to_owned()]));
    }
    let mut arguments = vec!["--config-file", "infra/rules/checkov.yaml", "--file"];
    arguments.extend(expected.keys().map(|path| path.trim_start_matches('/')));
    assert_eq!(refused(&checkov, &arguments), expected);

    let texts = RULES.split('"').skip(1).step_by(2);
    let rules = texts.filter(|text| text.starts_with("SOTTO_")).map(ToOwned::to_owned);
    let shown: BTreeSet<String> = expected.into_values().flatten().collect();
    assert_eq!(shown, rules.collect(), "each rule has something broken");
}

#[test]
fn every_exception_is_needed() {
    let Some(checkov) = tools::checkov() else { return };
    let exceptions: Vec<&str> =
        CONFIG.lines().filter_map(|line| line.strip_prefix("  - ")).collect();
    assert!(!exceptions.is_empty());
    let arguments = ["--framework", "cloudformation", "--skip-download", "--file", "template.yaml"];
    let found = refused(&checkov, &arguments).remove("/template.yaml").unwrap_or_default();
    assert_eq!(found, exceptions.into_iter().map(ToOwned::to_owned).collect());
}
