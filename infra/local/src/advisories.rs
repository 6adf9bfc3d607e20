//! `cargo local advisories DIR`: what the advisory database knows about the packages of Cargo.lock, as one file
//! that builds carry.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use checks::advisories::{Advisory, Carried, names};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::iam::seen::repository;

const SOURCE: &str = "https://github.com/rustsec/advisory-db";

/// The front matter of an advisory.
#[derive(Deserialize)]
struct Front {
    advisory: About,
    #[serde(default)]
    versions: Versions,
}

#[derive(Deserialize)]
struct About {
    id: String,
    package: String,
    /// The day on which it was withdrawn.
    withdrawn: Option<IgnoredAny>,
    informational: Option<String>,
}

#[derive(Default, Deserialize)]
struct Versions {
    #[serde(default)]
    patched: Vec<String>,
    #[serde(default)]
    unaffected: Vec<String>,
}

/// Writes the file from the checkout in `folder`; gives the text to print.
///
/// # Errors
/// A sentence for people, when the checkout is none, or an advisory cannot be read.
pub(crate) fn run(folder: &Path) -> Result<String, String> {
    let (commit, read_at) = last_commit(folder)?;
    let advisories = read(folder, &names())?;
    if advisories.is_empty() {
        return Err(format!("{} has no advisory about our packages.", folder.display()));
    }
    let said = format!("{} advisories of {read_at} are written.\n", advisories.len());
    let (read_at, commit) = (Some(read_at), Some(commit));
    let carried = Carried { read_at, source: SOURCE.to_owned(), commit, advisories };
    let mut text = serde_json::to_string_pretty(&carried).map_err(|error| error.to_string())?;
    text.push('\n');
    let file = repository().join("shared/checks/advisories.json");
    fs::write(&file, text).map_err(|error| unusable(&file, &error))?;
    Ok(said)
}

/// The last commit and its day. The folder's own `.git` is named, because git would otherwise take a repository
/// that the folder lies in.
fn last_commit(folder: &Path) -> Result<(String, String), String> {
    let git = Command::new("git")
        .arg("--git-dir")
        .arg(folder.join(".git"))
        .args(["log", "-1", "--format=%H %cs"])
        .output()
        .map_err(|error| format!("git cannot be run: {error}."))?;
    let said = String::from_utf8_lossy(&git.stdout);
    match said.trim().split_once(' ') {
        Some((commit, day)) if git.status.success() => Ok((commit.to_owned(), day.to_owned())),
        _ => Err(format!("{} is no checkout of the advisory database.", folder.display())),
    }
}

/// The advisories about these packages, by package and id.
fn read(folder: &Path, packages: &BTreeSet<&str>) -> Result<Vec<Advisory>, String> {
    let crates = folder.join("crates");
    if !crates.is_dir() {
        return Err(format!("{} has no folder crates.", folder.display()));
    }
    let mut advisories = Vec::new();
    for package in packages {
        let about = crates.join(package);
        if !about.is_dir() {
            continue;
        }
        for entry in fs::read_dir(&about).map_err(|error| unusable(&about, &error))? {
            let file = entry.map_err(|error| unusable(&about, &error))?.path();
            let stem = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
            let is_text = file.extension().is_some_and(|extension| extension == "md");
            if !is_text || !stem.starts_with("RUSTSEC-") {
                continue;
            }
            let text = fs::read_to_string(&file).map_err(|error| unusable(&file, &error))?;
            let advisory = parse(&text).map_err(|fault| format!("{}: {fault}", file.display()))?;
            if advisory.id != stem || advisory.package != *package {
                return Err(format!("{}: it is about another package or id", file.display()));
            }
            advisories.push(advisory);
        }
    }
    advisories.sort_by(|one, other| (&one.package, &one.id).cmp(&(&other.package, &other.id)));
    Ok(advisories)
}

fn parse(text: &str) -> Result<Advisory, String> {
    let front = text.strip_prefix("```toml\n").ok_or("the first line is not ```toml")?;
    let (front, text) = front.split_once("\n```").ok_or("the front matter does not end")?;
    let Front { advisory, versions } = toml::from_str(front).map_err(|error| error.to_string())?;
    let title = text.lines().find_map(|line| line.strip_prefix("# ")).ok_or("it has no title")?;
    let advisory = Advisory {
        id: advisory.id,
        package: advisory.package,
        title: title.trim().to_owned(),
        patched: versions.patched,
        unaffected: versions.unaffected,
        withdrawn: advisory.withdrawn.is_some(),
        informational: advisory.informational,
    };
    match advisory.unreadable() {
        Some(range) => Err(format!("{range} is no range of versions")),
        None => Ok(advisory),
    }
}

fn unusable(file: &Path, error: &std::io::Error) -> String {
    format!("{}: {error}", file.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = r#"```toml
[advisory]
id = "RUSTSEC-2026-9001"
package = "made-up"
date = "2026-01-31"
categories = ["memory-corruption"]

[affected.functions]
"made_up::read" = ["< 1.2.3"]

[versions]
patched = [">= 1.2.3, < 1.3.0", ">= 1.3.4"]
unaffected = ["< 1.0.0"]
```

# Reads past the end

# Another heading
"#;

    fn whole() -> Advisory {
        Advisory {
            id: "RUSTSEC-2026-9001".to_owned(),
            package: "made-up".to_owned(),
            title: "Reads past the end".to_owned(),
            patched: vec![">= 1.2.3, < 1.3.0".to_owned(), ">= 1.3.4".to_owned()],
            unaffected: vec!["< 1.0.0".to_owned()],
            withdrawn: false,
            informational: None,
        }
    }

    /// A folder of advisories, each with the name of its file below `crates`.
    fn database(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("crates")).unwrap();
        for (name, text) in files {
            let file = folder.path().join("crates").join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
        folder
    }

    #[test]
    fn an_advisory_is_read_as_it_stands() {
        let line = "date = \"2026-01-31\"";
        let with = |more: &str| WHOLE.replace(line, &format!("{line}\n{more}"));
        for (text, expected) in [
            (WHOLE.to_owned(), whole()),
            (with("withdrawn = \"2026-02-01\""), Advisory { withdrawn: true, ..whole() }),
            (
                with("informational = \"unmaintained\""),
                Advisory { informational: Some("unmaintained".to_owned()), ..whole() },
            ),
            (
                WHOLE.replace("unaffected = [\"< 1.0.0\"]\n", ""),
                Advisory { unaffected: vec![], ..whole() },
            ),
        ] {
            assert_eq!(parse(&text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_refused_by_its_fault() {
        for (text, fault) in [
            (WHOLE.replace("```toml", "+++"), "first line"),
            (WHOLE.replace("\n```\n", "\n"), "does not end"),
            (WHOLE.replace("package = \"made-up\"\n", ""), "package"),
            (WHOLE.replace("# ", ""), "no title"),
            (WHOLE.replace("< 1.0.0", "old ones"), "old ones is no range"),
        ] {
            let said = parse(&text).unwrap_err();
            assert!(said.contains(fault), "{said}");
        }
    }

    #[test]
    fn only_our_packages_are_kept_and_always_in_the_same_order() {
        let renamed = |id: &str, package: &str| {
            WHOLE.replace("RUSTSEC-2026-9001", id).replace("made-up", package)
        };
        let (second, other) =
            (renamed("RUSTSEC-2025-9002", "made-up"), renamed("RUSTSEC-2024-9003", "zeta"));
        let folder = database(&[
            ("zeta/RUSTSEC-2024-9003.md", &other),
            ("made-up/RUSTSEC-2026-9001.md", WHOLE),
            ("made-up/RUSTSEC-2025-9002.md", &second),
            ("made-up/README.md", "Not an advisory."),
            ("not-ours/RUSTSEC-2026-9004.md", "Never read."),
        ]);
        let packages = ["made-up", "not-known", "zeta"].into();
        let found = read(folder.path(), &packages).unwrap();
        let ids: Vec<_> = found.iter().map(|advisory| advisory.id.as_str()).collect();
        assert_eq!(ids, ["RUSTSEC-2025-9002", "RUSTSEC-2026-9001", "RUSTSEC-2024-9003"]);
        assert_eq!(read(folder.path(), &packages).unwrap(), found);
    }

    #[test]
    fn a_folder_that_is_no_database_is_refused() {
        let misplaced = database(&[("zeta/RUSTSEC-2026-9001.md", WHOLE)]);
        let said = read(misplaced.path(), &["zeta"].into()).unwrap_err();
        assert!(said.contains("another package"), "{said}");
        let empty = tempfile::tempdir().unwrap();
        assert!(read(empty.path(), &["zeta"].into()).unwrap_err().contains("no folder crates"));
        let said = last_commit(misplaced.path()).unwrap_err();
        assert!(said.contains("no checkout"), "{said}");
    }
}
