//! Programs that are run to their end, and what they said when they failed.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Why something was not as it has to be, in a sentence.
#[derive(Debug)]
pub struct Failure(pub String);

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self(error.to_string())
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self(error.to_string())
    }
}

/// Fails with a sentence unless something holds.
///
/// # Errors
/// If it does not hold.
pub fn ensure(holds: bool, sentence: impl FnOnce() -> String) -> Result<(), Failure> {
    if holds { Ok(()) } else { Err(Failure(sentence())) }
}

/// The whole output of a program.
pub struct Said {
    /// Whether it ended well.
    pub well: bool,
    /// Standard output.
    pub out: String,
    /// Both, for people.
    pub all: String,
}

/// Runs a program to its end.
///
/// # Errors
/// If it cannot be started.
pub fn run(command: &mut Command) -> Result<Said, Failure> {
    outside_cargo(command);
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| Failure(format!("{name} does not start: {error}")))?;
    Ok(said(&output))
}

/// Runs a program to its end and gives its standard output.
///
/// # Errors
/// If it cannot be started or ends badly, with the end of what it said.
pub fn run_well(command: &mut Command) -> Result<String, Failure> {
    let said = run(command)?;
    let name = command.get_program().to_string_lossy().into_owned();
    let first = command.get_args().next().map(|word| word.to_string_lossy().into_owned());
    ensure(said.well, || {
        format!("{name} {} failed:\n{}", first.unwrap_or_default(), tail(&said.all))
    })?;
    Ok(said.out)
}

/// Where a tool is that `.ci/tools` installs.
///
/// # Errors
/// If it is not on the path.
pub fn tool(name: &str) -> Result<PathBuf, Failure> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|place| place.is_file())
        .ok_or_else(|| Failure(format!("{name} is missing: source \"$(.ci/tools)\"")))
}

/// The Python that has the emulator and the AWS CLI.
///
/// # Errors
/// If `.ci/tools` was not sourced.
pub fn emulator_python() -> Result<OsString, Failure> {
    std::env::var_os("SOTTO_EMULATOR_PYTHON")
        .ok_or_else(|| Failure("the emulator is missing: source \"$(.ci/tools)\"".to_owned()))
}

/// Copies a folder with all that is in it.
///
/// # Errors
/// If a file cannot be read or written.
pub fn copy_folder(from: &Path, to: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let place = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &place)?;
        } else {
            std::fs::copy(entry.path(), place)?;
        }
    }
    Ok(())
}

/// The end of a long text.
#[must_use]
pub fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let last = lines.iter().skip(lines.len().saturating_sub(30));
    last.copied().collect::<Vec<_>>().join(
        "
",
    )
}

fn said(output: &Output) -> Said {
    let out = String::from_utf8_lossy(&output.stdout).into_owned();
    let all = format!("{out}{}", String::from_utf8_lossy(&output.stderr));
    Said { well: output.status.success(), out, all }
}

/// Without what `cargo run` has added to the environment: a build inside would take it for a change of
/// its inputs and compile everything again.
fn outside_cargo(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if ["CARGO_PKG_", "CARGO_MANIFEST_", "LD_LIBRARY_PATH"]
            .iter()
            .any(|of| text.starts_with(of))
        {
            command.env_remove(&name);
        }
    }
}
