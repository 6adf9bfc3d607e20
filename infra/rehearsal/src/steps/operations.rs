//! The commands of docs/operations.md, line by line, as a newcomer would run them.
//!
//! Blocks that begin with ```` ```sh ```` are run in one shell, in their order, from the checkout's root.
//! Blocks that begin with ```` ```sh no-rehearse=<why> ```` are only shown.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::cli::Rehearsal;
use crate::command::{self, Failure, ensure};
use crate::emulator::Emulator;
use crate::report::{Report, say};
use crate::root;

/// A block of commands.
struct Block {
    /// Of its first command in the document.
    line: usize,
    commands: String,
    /// Why it is not run.
    exempt: Option<String>,
}

/// Runs the operations guide.
pub fn act(_: &Rehearsal, report: &mut Report) {
    report.step("docs/operations.md, line by line", || {
        let text = std::fs::read_to_string(root().join("docs/operations.md"))?;
        let blocks = blocks(&text)?;
        let (shown, run): (Vec<_>, Vec<_>) =
            blocks.iter().partition(|block| block.exempt.is_some());
        for block in &shown {
            let why = block.exempt.as_deref().unwrap_or_default();
            say(&format!("    not run: line {}, {why}", block.line));
        }
        // As the document says of itself, so that no block is lost on the way.
        let counted = format!(
            "{} blocks of commands here are run by the rehearsal, {} are not",
            run.len(),
            shown.len()
        );
        ensure(text.contains(&counted), || format!("docs/operations.md has to say: {counted}"))?;
        let emulator = Emulator::start()?;
        run_all(&run, &emulator)
    });
}

/// The blocks of a document.
fn blocks(text: &str) -> Result<Vec<Block>, Failure> {
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
            let exempt = match info.trim() {
                "" => None,
                info => Some(
                    info.strip_prefix("no-rehearse=").filter(|why| !why.is_empty()).ok_or_else(
                        || {
                            Failure(format!(
                                "line {}: a block is ```sh or ```sh no-rehearse=<why>",
                                number + 1
                            ))
                        },
                    )?,
                ),
            };
            blocks.push(Block {
                line: number + 2,
                commands: String::new(),
                exempt: exempt.map(str::to_owned),
            });
            open = true;
        }
    }
    ensure(!open, || "the last block has no end".to_owned())?;
    Ok(blocks)
}

fn run_all(blocks: &[&Block], emulator: &Emulator) -> Result<usize, Failure> {
    let mut script = String::from("set -euo pipefail\n");
    for block in blocks {
        let _ = writeln!(script, "printf 'line %s\\n' {} >&2\n{}", block.line, block.commands);
    }
    let kept = Kept::aside(&root().join(".aws-sam"))?;
    let mut bash = emulator.aws.program("bash")?;
    bash.arg("-c").arg(script).env("PATH", with_wrappers(emulator)?).env("HOME", emulator.folder());
    for name in ["CARGO_HOME", "RUSTUP_HOME"] {
        // With another home cargo and rustup would start from nothing.
        if std::env::var_os(name).is_none()
            && let Some(home) = std::env::var_os("HOME")
        {
            let folder = if name == "CARGO_HOME" { ".cargo" } else { ".rustup" };
            bash.env(name, PathBuf::from(home).join(folder));
        }
    }
    let said = command::run(&mut bash)?;
    drop(kept);
    ensure(said.well, || format!("a command failed:\n{}", command::tail(&said.all)))?;
    Ok(blocks.len())
}

/// A path with programs before the real ones, where the local AWS is not reached as the real one is.
fn with_wrappers(emulator: &Emulator) -> Result<std::ffi::OsString, Failure> {
    let folder = emulator.folder().join("bin");
    std::fs::create_dir_all(&folder)?;
    let curl = command::tool("curl")?;
    // The gateway's name leads to the emulator, which speaks no TLS.
    let wrapper = format!(
        "#!/usr/bin/env bash\nwords=()\nfor word in \"$@\"; do\n  if [[ $word =~ ^https://([a-z0-9]+\\.execute-api\\.[a-z0-9.-]+)(/.*)?$ ]]; then\n    words+=(-H \"Host: ${{BASH_REMATCH[1]}}\" \"{}${{BASH_REMATCH[2]}}\")\n  else\n    words+=(\"$word\")\n  fi\ndone\nexec {} \"${{words[@]}}\"\n",
        emulator.aws.endpoint(),
        curl.display(),
    );
    executable(&folder.join("curl"), &wrapper)?;
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(folder).chain(std::env::split_paths(&path));
    std::env::join_paths(folders).map_err(|error| Failure(error.to_string()))
}

fn executable(place: &Path, text: &str) -> Result<(), Failure> {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::write(place, text)?;
    std::fs::set_permissions(place, std::fs::Permissions::from_mode(0o755))?;
    Ok(())
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
    use super::blocks;

    #[test]
    fn every_block_is_run_or_says_why_not() {
        let text = "```sh\none\ntwo\n```\n```console\n$ three\n```\n```sh no-rehearse=costs money\nfour\n```\n";
        let found = blocks(text).expect("blocks");
        let seen: Vec<_> = found
            .iter()
            .map(|block| (block.line, block.commands.as_str(), block.exempt.as_deref()))
            .collect();
        assert_eq!(seen, [(2, "one\ntwo\n", None), (9, "four\n", Some("costs money"))]);
        assert!(blocks("```sh quick\none\n```\n").is_err());
        assert!(blocks("```sh no-rehearse=\none\n```\n").is_err());
        assert!(blocks("```sh\none\n").is_err());
    }
}
