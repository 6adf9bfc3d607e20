//! The tools that some tests need beside Rust; `.ci/tools` installs them.
//!
//! A test whose tool is missing is left out with one line that says so, and fails where everything
//! has to run: under `CI=true`.

use std::env;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Python with pyhpke.
#[must_use]
pub fn python() -> Option<PathBuf> {
    python_with("pyhpke")
}

/// Python with this module.
#[must_use]
pub fn python_with(module: &str) -> Option<PathBuf> {
    let python = env::var_os("SOTTO_PYTHON").map(PathBuf::from).or_else(|| on_path(&["python3"]));
    let what = format!("Python with {module}");
    found(&what, python.filter(|python| knows(python, module)))
}

/// Chromium; a test hands it to its driver as `CHROMIUM`.
#[must_use]
pub fn chromium() -> Option<PathBuf> {
    let chromium = env::var_os("CHROMIUM")
        .map(PathBuf::from)
        .or_else(|| on_path(&["chromium", "chromium-browser", "google-chrome"]));
    found("Chromium", chromium.filter(|path| path.is_file()))
}

/// Node, with the packages of `tests/browser` installed.
#[must_use]
pub fn node() -> Option<PathBuf> {
    let installed = browser_folder().join("node_modules/playwright-core").is_dir();
    found("Node with the packages of tests/browser", on_path(&["node"]).filter(|_| installed))
}

/// Node, without any package.
#[must_use]
pub fn bare_node() -> Option<PathBuf> {
    found("Node", on_path(&["node"]))
}

/// cargo-lambda.
#[must_use]
pub fn cargo_lambda() -> Option<PathBuf> {
    found("cargo-lambda", on_path(&["cargo-lambda"]))
}

/// checkov.
#[must_use]
pub fn checkov() -> Option<PathBuf> {
    found("checkov", on_path(&["checkov"]))
}

/// The folder of the scripts that drive Chromium.
#[must_use]
pub fn browser_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("browser")
}

fn on_path(names: &[&str]) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    let mut places =
        env::split_paths(&path).flat_map(|folder| names.iter().map(move |name| folder.join(name)));
    places.find(|place| place.is_file())
}

fn knows(python: &Path, module: &str) -> bool {
    Command::new(python)
        .args(["-c", &format!("import {module}")])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Prints what is missing past the test harness, which hides the output of a test that passes.
fn found(what: &str, tool: Option<PathBuf>) -> Option<PathBuf> {
    if tool.is_none() {
        assert!(
            env::var("CI").as_deref() != Ok("true"),
            "{what} is missing: source \"$(.ci/tools)\""
        );
        let test = std::thread::current().name().unwrap_or("a test").to_owned();
        let line =
            format!("{test} is left out: {what} is missing; source \"$(.ci/tools)\" brings it\n");
        std::io::stderr().write_all(line.as_bytes()).ok();
    }
    tool
}
