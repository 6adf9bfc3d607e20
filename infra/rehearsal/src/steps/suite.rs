//! The tests of `tests/` that run against a deployed address.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use super::ORIGIN;
use crate::command::{self, Failure, ensure, tail};
use crate::root;
use crate::stack::Stack;

/// The integration tests, built.
pub(super) struct Suite {
    binary: PathBuf,
}

/// Visitors who chat until they are told to stop.
pub(super) struct Traffic {
    child: Child,
    stop: PathBuf,
}

impl Suite {
    /// Builds it.
    pub(super) fn build() -> Result<Self, Failure> {
        Ok(Self { binary: built("sotto", "test", "sotto")? })
    }

    pub(super) fn contract(&self, stack: &Stack) -> Result<usize, Failure> {
        self.pass("the_contract_holds", stack, None)
    }

    pub(super) fn gateway(&self, stack: &Stack) -> Result<usize, Failure> {
        self.pass("a_page_of_the_site_gets_cors_and_no_other", stack, None)?;
        self.pass("the_page_pins_the_root_of_the_list", stack, None)?;
        Ok(2)
    }

    /// Leaves conversations and contacts behind, and writes down who has to find what.
    pub(super) fn visit(&self, stack: &Stack, state: &Path) -> Result<usize, Failure> {
        self.pass("a_visit_is_written_down", stack, Some(state))
    }

    /// Finds what was left behind, and adds to it.
    pub(super) fn read_again(&self, stack: &Stack, state: &Path) -> Result<usize, Failure> {
        self.pass("what_was_written_down_is_still_there", stack, Some(state))
    }

    /// Starts visitors who meet no server error until [`Traffic::stop`].
    pub(super) fn traffic(&self, stack: &Stack, folder: &Path) -> Result<Traffic, Failure> {
        let stop = folder.join("stop");
        let mut test = self.test("visitors_meet_no_server_error", stack, Some(&stop))?;
        let child =
            test.stdout(Stdio::piped()).stderr(Stdio::piped()).stdin(Stdio::null()).spawn()?;
        Ok(Traffic { child, stop })
    }

    /// Runs one test, which has to be there and to pass.
    fn pass(&self, name: &str, stack: &Stack, state: Option<&Path>) -> Result<usize, Failure> {
        let said = command::run(&mut self.test(name, stack, state)?)?;
        passed(said.well, &said.all)
    }

    fn test(&self, name: &str, stack: &Stack, state: Option<&Path>) -> Result<Command, Failure> {
        let place = json!({
            "base": stack.aws.endpoint(),
            "host": stack.host()?,
            "origin": ORIGIN,
            "pin": stack.outputs.get("RootPin"),
            "state": state,
        });
        let mut test = Command::new(&self.binary);
        test.args(["--ignored", "--exact", "--nocapture"])
            .arg(format!("deployed::{name}"))
            .env("RUST_BACKTRACE", "0")
            .env("SOTTO_DEPLOYED", place.to_string())
            .current_dir(root().join("tests"));
        Ok(test)
    }
}

/// `cargo doctor`, as the tests have it built.
pub(super) fn doctor() -> Result<PathBuf, Failure> {
    built("operations", "bin", "doctor")
}

/// Builds a test of the workspace and gives the program of this kind and name that it comes with. With all
/// packages at once, as `cargo test --workspace` does: another choice has other features, and most of
/// what they depend on would be compiled again.
fn built(test: &str, kind: &str, name: &str) -> Result<PathBuf, Failure> {
    let mut build = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    build
        .args(["test", "--workspace", "--locked", "--no-run", "--message-format=json"])
        .args(["--test", test])
        .current_dir(root());
    let messages = command::run_well(&mut build)?;
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    messages
        .filter(|message| message["target"]["name"] == name)
        .filter(|message| message["target"]["kind"] == json!([kind]))
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .ok_or_else(|| Failure(format!("cargo names no {kind} {name}")))
}

impl Traffic {
    /// Ends the visits; fails if one of them met a server error or nobody could be served at all.
    pub(super) fn stop(self) -> Result<usize, Failure> {
        std::fs::write(&self.stop, "")?;
        let output = self.child.wait_with_output()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        passed(output.status.success(), &(text + &String::from_utf8_lossy(&output.stderr)))
    }
}

/// How many checks a test says that it made; without such a line it counts as one.
fn passed(well: bool, said: &str) -> Result<usize, Failure> {
    ensure(well && said.contains("test result: ok. 1 passed"), || {
        format!("the test failed:\n{}", tail(said))
    })?;
    let counted = said.lines().find_map(|line| line.strip_prefix("checks: "));
    Ok(counted.and_then(|count| count.trim().parse().ok()).unwrap_or(1))
}
