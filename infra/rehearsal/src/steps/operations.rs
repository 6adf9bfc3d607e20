//! The commands of the operator's pages, line by line, as a newcomer would run them.
//!
//! Blocks that begin with ```` ```sh ```` are run in one shell, page after page ([`PAGES`]), from the
//! checkout's root, from the first deployment to the removal. A block that mends something begins
//! with ```` ```sh after=<command> ````: the command, which a page does not show, breaks it first,
//! and the doctor has to see that.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::doctor::{Expected, judge};
use super::{removal, suite, wrappers};
use crate::command::{self, Failure, ensure};
use crate::emulator::Emulator;
use crate::report::{Report, say};
use crate::root;
use crate::stack::Package;

/// The pages in the order in which they are run: the first begins a stack, the last removes it.
const PAGES: [&str; 3] = ["deploy.md", "upgrade-and-restore.md", "runbooks.md"];

/// A block of commands.
struct Block {
    page: &'static str,
    /// Of its first command in the document.
    line: usize,
    commands: String,
    /// The command that first breaks what these commands mend.
    after: Option<String>,
}

/// Runs the operator's pages.
pub fn act(package: &Package, report: &mut Report) {
    let mut run = None;
    report.step("the operator's pages, line by line", || {
        let mut found = Vec::new();
        for page in PAGES {
            let text = std::fs::read_to_string(root().join("docs").join(page))?;
            let of_page = blocks(page, &text)?;
            ensure(!of_page.is_empty(), || format!("docs/{page} has no commands"))?;
            found.extend(of_page);
        }
        let blocks = found;
        let emulator = Emulator::start()?;
        let script = script(&blocks);
        run_script(&script.text, package, &emulator)?;
        run = Some((emulator, script.expected));
        Ok(blocks.len())
    });
    let Some((emulator, expected)) = run else { return };
    report.step("what the doctor found in it", || {
        let mut checks = 0;
        for (number, expected) in expected.iter().enumerate() {
            let found = std::fs::read_to_string(doctors(&emulator).join(number.to_string()))?;
            checks += judge(&serde_json::from_str(&found)?, *expected)
                .map_err(|failure| Failure(format!("run {number}: {failure}")))?;
        }
        Ok(checks)
    });
    report.step("nothing is left of it", || {
        let aws = &emulator.aws;
        let checks = removal::nothing_left(aws)?;
        let tables = aws.ask(&["dynamodb", "list-tables"])?;
        let tables: BTreeSet<&str> = tables["TableNames"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|t| t.as_str())
            .collect();
        ensure(tables.iter().all(|name| name.ends_with("-restored")), || {
            format!("tables are left: {tables:?}")
        })?;
        let keys = aws.ask(&["kms", "list-keys"])?;
        let keys = keys["Keys"].as_array().cloned().unwrap_or_default();
        for key in &keys {
            let id = key["KeyId"].as_str().unwrap_or_default();
            let described = aws.ask(&["kms", "describe-key", "--key-id", id])?;
            let state = &described["KeyMetadata"]["KeyState"];
            ensure(state == "PendingDeletion", || format!("the key {id} is {state}"))?;
        }
        Ok(checks + 1 + keys.len())
    });
    if report.failed() {
        super::log(&emulator);
    }
}

/// The blocks of a page.
fn blocks(page: &'static str, text: &str) -> Result<Vec<Block>, Failure> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut open = false;
    for (number, line) in text.lines().enumerate() {
        if let (true, Some(block)) = (open, blocks.last_mut()) {
            if line == "```" {
                open = false;
            } else {
                let _ = writeln!(block.commands, "{line}");
            }
        } else if let Some(info) = line.strip_prefix("```sh") {
            let after = match info.trim() {
                "" => None,
                info => {
                    let after = info.strip_prefix("after=").filter(|command| !command.is_empty());
                    Some(after.map(str::to_owned).ok_or_else(|| {
                        let number = number + 1;
                        Failure(format!(
                            "{page}, line {number}: a block is ```sh or ```sh after=<command>"
                        ))
                    })?)
                }
            };
            blocks.push(Block { page, line: number + 2, commands: String::new(), after });
            open = true;
        }
    }
    ensure(!open, || format!("the last block of {page} has no end"))?;
    Ok(blocks)
}

/// All pages as one shell script.
struct Script {
    text: String,
    /// The result that the doctor has to give, for each of its runs.
    expected: Vec<Expected>,
}

fn script(blocks: &[Block]) -> Script {
    let mut text = String::from("set -euo pipefail\n");
    let mut expected = Vec::new();
    for block in blocks {
        let doctor = "cargo doctor --stack \"$STACK\"\n";
        if let Some(after) = &block.after {
            let _ = write!(text, "{after}\n{doctor}");
            expected.push(Expected::SomethingWrong);
        }
        let removes = block.commands.contains("sam delete");
        if removes {
            text += doctor;
            expected.push(Expected::NothingWrong);
        }
        let place = format!("{} of {}", block.line, block.page);
        let _ = write!(
            text,
            "printf 'line {place}\\n' >&2; started=$SECONDS\n{}printf '%5d s  line {place}\\n' $((SECONDS - started)) >&2\n",
            block.commands,
        );
        let runs = block.commands.lines().filter(|line| line.starts_with("cargo doctor")).count();
        expected.extend(std::iter::repeat_n(Expected::NothingWrong, runs));
    }
    Script { text, expected }
}

fn run_script(script: &str, package: &Package, emulator: &Emulator) -> Result<(), Failure> {
    let _kept = Kept::aside(&root().join(".aws-sam"))?;
    let mut bash = emulator.aws.program("bash")?;
    bash.arg("-c").arg(script).env("PATH", with_wrappers(package, emulator)?);
    let said = command::run(&mut bash)?;
    for line in said.all.lines().filter(|line| line.contains(" s  line ")) {
        say(line);
    }
    ensure(said.well, || format!("a command failed:\n{}", command::tail(&said.all)))
}

/// A path with programs before the real ones, where the local AWS is not reached as the real one is.
fn with_wrappers(package: &Package, emulator: &Emulator) -> Result<std::ffi::OsString, Failure> {
    let folder = emulator.folder().join("bin");
    std::fs::create_dir_all(&folder)?;
    std::fs::create_dir_all(doctors(emulator))?;
    let endpoint = emulator.aws.endpoint();
    wrappers::curl(&folder, &endpoint, &command::tool("curl")?)?;
    wrappers::sam(&folder, &package.folder, &command::tool("sam")?)?;
    wrappers::aws(&folder, &endpoint, &command::tool("aws")?)?;
    wrappers::cargo(&folder, &command::tool("cargo")?, &suite::doctor()?, &doctors(emulator))?;
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(folder).chain(std::env::split_paths(&path));
    std::env::join_paths(folders).map_err(|error| Failure(error.to_string()))
}

/// Where the doctor's findings are written, the first time as `0`.
fn doctors(emulator: &Emulator) -> PathBuf {
    emulator.folder().join("doctor")
}

/// A folder of somebody's own that is put back afterwards.
struct Kept {
    place: PathBuf,
    aside: PathBuf,
}

impl Kept {
    fn aside(place: &Path) -> Result<Self, Failure> {
        let kept = Self { place: place.to_owned(), aside: place.with_extension("kept") };
        if kept.place.exists() {
            std::fs::rename(&kept.place, &kept.aside)?;
        }
        Ok(kept)
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        if self.place.exists() {
            let _ = std::fs::remove_dir_all(&self.place);
        }
        if self.aside.exists() {
            let _ = std::fs::rename(&self.aside, &self.place);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{blocks, script};
    use crate::steps::doctor::Expected;

    #[test]
    fn every_block_is_run_and_what_mends_is_run_after_what_breaks() {
        let text = "```sh\none\ncargo doctor\n```\n```console\n$ three\n```\n```sh after=two\nfour\n```\n```sh\nsam delete\n```\n";
        let found = blocks("a page", text).expect("blocks");
        let seen: Vec<_> = found
            .iter()
            .map(|block| (block.line, block.commands.as_str(), block.after.as_deref()))
            .collect();
        let expected = [
            (2, "one\ncargo doctor\n", None),
            (9, "four\n", Some("two")),
            (12, "sam delete\n", None),
        ];
        assert_eq!(seen, expected);
        let script = script(&found);
        let expected = [Expected::NothingWrong, Expected::SomethingWrong, Expected::NothingWrong];
        assert_eq!(script.expected, expected);
        assert_eq!(script.text.matches("cargo doctor").count(), expected.len());
        assert!(blocks("a page", "```sh quick\none\n```\n").is_err());
        assert!(blocks("a page", "```sh after=\none\n```\n").is_err());
        assert!(blocks("a page", "```sh\none\n").is_err());
    }
}
