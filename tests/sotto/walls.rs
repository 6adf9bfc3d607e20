//! The walls that cargo holds: which crate may link which. A crate cannot use one that it does not
//! name, so these tests ask for the names, and cargo for all that follows from them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

const FUNCTIONS: [&str; 10] = [
    "audit",
    "auth",
    "desk",
    "editor",
    "intake",
    "monitor",
    "preflight",
    "retention",
    "site",
    "training",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// All that a crate of the workspace links when it is deployed.
fn linked(package: &str) -> BTreeSet<String> {
    tree(package, &["--edges", "normal"])
}

/// The crates that a crate of the workspace can name, in its tests and build script too.
fn direct(package: &str) -> BTreeSet<String> {
    tree(package, &["--edges", "normal,build,dev", "--depth", "1"])
}

fn tree(package: &str, which: &[&str]) -> BTreeSet<String> {
    let out = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--locked", "--prefix", "none", "--format", "{p}"])
        .args(which)
        .args(["--package", package])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let tree = String::from_utf8(out.stdout).expect("names");
    tree.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}

/// Each package of other people's that a function is built from, with its features, when it is built alone.
fn features(function: &str) -> BTreeMap<String, BTreeSet<String>> {
    // The dependencies of a build script are its own, and nothing is linked with them.
    let has_build_script = ["audit", "monitor", "training"].contains(&function);
    let edges = if has_build_script { "normal" } else { "normal,build" };
    let out = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--locked", "--prefix", "none", "--no-dedupe"])
        .args(["--format", "{p}|{f}", "--edges", edges, "--package", function])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let mut features = BTreeMap::<_, BTreeSet<_>>::new();
    for line in String::from_utf8(out.stdout).expect("names").lines() {
        let (package, chosen) = line.split_once('|').expect("a package and its features");
        if !package.contains(" (/") {
            features.entry(package.to_owned()).or_default().insert(chosen.to_owned());
        }
    }
    features
}

/// The dependencies that a crate's manifest names.
fn named(manifest: &str) -> BTreeSet<String> {
    let text = std::fs::read_to_string(root().join(manifest).join("Cargo.toml")).expect(manifest);
    let manifest: Value = toml::from_str(&text).expect("a manifest");
    let named = manifest["dependencies"].as_object().expect("dependencies");
    named.keys().cloned().collect()
}

/// A client of a service, or what all of them are configured with.
fn sdk(name: &str) -> bool {
    name.starts_with("aws-sdk-") || name == "aws-config"
}

#[test]
fn who_has_no_table_links_no_client_of_one() {
    for function in ["site", "preflight"] {
        let linked = linked(function);
        assert!(linked.contains("edge"), "{function}: the tree was not read");
        for client in ["aws-sdk-dynamodb", "aws-sdk-kms", "store"] {
            assert!(!linked.contains(client), "{function} links {client}");
        }
    }
    assert!(linked("intake").contains("aws-sdk-dynamodb"), "the tree was not read");
}

#[test]
fn what_is_pure_links_nothing_that_could_call() {
    for room in ["values", "bot", "seal"] {
        let linked = linked(room);
        assert!(linked.contains(room), "{room}: the tree was not read");
        for way_out in ["aws-config", "hyper", "lambda_http", "lambda_runtime", "mio", "socket2"] {
            assert!(!linked.contains(way_out), "{room} links {way_out}");
        }
        assert_eq!(linked.iter().find(|name| sdk(name)), None, "{room}");
    }
}

#[test]
fn one_shared_crate_talks_to_dynamodb_and_kms() {
    for room in
        ["access", "bot", "connect", "deploys", "edge", "seal", "subjects", "tiles", "values"]
    {
        let named = named(&format!("shared/{room}"));
        for client in ["aws-sdk-dynamodb", "aws-sdk-kms"] {
            assert!(!named.contains(client), "{room} names {client}");
        }
    }
    assert!(named("shared/store").contains("aws-sdk-kms"), "the manifests were not read");
}

#[test]
fn no_function_names_the_sdk_of_aws() {
    for function in FUNCTIONS {
        let direct = direct(function);
        assert!(direct.contains(function), "{function}: the tree was not read");
        assert_eq!(direct.iter().find(|name| sdk(name)), None, "{function}");
    }
    assert!(direct("store").contains("aws-sdk-dynamodb"), "the tree was not read");
}

/// Otherwise a deployment package compiles the AWS SDK once for each choice: `shared/connect/Cargo.toml`.
#[test]
fn functions_built_alone_choose_the_same_features() {
    let intake = features("intake");
    assert!(
        intake.keys().any(|package| package.starts_with("aws-sdk-dynamodb ")),
        "no tree was read"
    );
    let functions =
        ["audit", "auth", "desk", "editor", "monitor", "preflight", "retention", "training"];
    for function in functions {
        for (package, chosen) in features(function) {
            if let Some(expected) = intake.get(&package) {
                assert_eq!(&chosen, expected, "{function}: features of {package}");
            }
        }
    }
}

#[test]
fn functions_do_not_know_one_another() {
    for function in FUNCTIONS {
        let named = named(&format!("functions/{function}"));
        for other in FUNCTIONS.into_iter().filter(|other| *other != function) {
            assert!(!named.contains(other), "{function} knows {other}");
        }
    }
}
