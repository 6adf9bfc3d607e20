//! The tests that the pages name exist, so that no page claims what nothing shows any more.

use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Where a path in the pages may begin; otherwise it begins with the name of a shared crate.
const ROOTS: [&str; 2] = ["tests/sotto", "functions/auth/src"];

/// The texts between backquotes in a page, outside of blocks of code.
fn quoted(page: &str) -> Vec<&str> {
    let outside = page.split("\n```").step_by(2);
    outside.flat_map(|text| text.split('`').skip(1).step_by(2)).collect()
}

fn is_name(text: &str) -> bool {
    let letters = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    !text.is_empty() && text.bytes().all(letters)
}

/// A cited test: `module::module::name`.
fn is_path_of_test(text: &str) -> bool {
    text.contains("::") && text.split("::").all(is_name)
}

/// A test that is cited by its name alone; nothing else in these pages has so many words.
fn is_name_of_test(text: &str) -> bool {
    is_name(text) && text.matches('_').count() >= 3
}

/// Whether the source of a file defines a test or another function of that name.
fn defines(source: &str, name: &str) -> bool {
    source.contains(&format!("fn {name}("))
}

/// Whether a file of the tree at the place that `path` names has that function.
fn is_there(path: &str) -> bool {
    let Some((module, name)) = path.rsplit_once("::") else { return false };
    let (first, rest) = module.split_once("::").unwrap_or((module, ""));
    let shared = format!("shared/{first}/src/{rest}");
    let places = ROOTS.iter().map(|start| format!("{start}/{module}")).chain([shared]);
    let mut files = places.flat_map(|place| {
        let place = root().join(place.replace("::", "/"));
        [place.with_extension("rs"), place.join("mod.rs"), place.join("tests.rs")]
    });
    files.any(|file| std::fs::read_to_string(file).is_ok_and(|source| defines(&source, name)))
}

/// All sources of that kind in a folder, one after the other.
pub(crate) fn sources(folder: &Path, kind: &str, out: &mut String) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() && !matches!(&*name, "target" | "node_modules" | "dist") {
            sources(&path, kind, out);
        } else if path.extension().is_some_and(|extension| extension == kind) {
            out.push_str(&std::fs::read_to_string(&path).expect("a source"));
        }
    }
}

/// All sources that may have a cited test.
pub(crate) fn everything() -> String {
    let mut everything = String::new();
    for folder in ["shared", "functions", "infra", "tests"] {
        sources(&root().join(folder), "rs", &mut everything);
    }
    everything
}

/// The cited tests that are not there, and how many are.
pub(crate) fn missing<'page>(page: &'page str, everything: &str) -> (Vec<&'page str>, usize) {
    let cited: Vec<_> = quoted(page)
        .into_iter()
        .filter(|text| is_path_of_test(text) || is_name_of_test(text))
        .collect();
    let lost: Vec<_> = cited
        .iter()
        .copied()
        .filter(|text| {
            let found =
                if text.contains("::") { is_there(text) } else { defines(everything, text) };
            !found
        })
        .collect();
    let found = cited.len() - lost.len();
    (lost, found)
}

#[test]
fn every_test_that_the_pages_name_is_there() {
    let everything = everything();
    let pages =
        [("authentication.md", 55), ("asvs.md", 65), ("privacy.md", 15), ("threat-model.md", 110)];
    for (name, least) in pages {
        let page = std::fs::read_to_string(root().join("docs").join(name)).expect("a page");
        let (lost, found) = missing(&page, &everything);
        assert!(lost.is_empty(), "{name} names what is not there:\n{}", lost.join("\n"));
        assert!(found >= least, "{name} names {found} tests");
    }
}

#[test]
fn a_name_that_is_nowhere_is_found() {
    let everything = "fn a_test_that_is_there() {}";
    let page = "By `staff::documented::a_name_that_is_nowhere_is_found`, \
                `a_test_that_is_there` and `expires_at`; `a::B` and `Of::Account` are no tests.\n\
                ```toml\nname = `a_test_in_a_block_of_code`\n```\n\
                Not by `staff::documented::another_name`, `staff::nowhere::a_name`, \
                `a_test_that_is_nowhere` or `a_test_that_is`.";
    let (lost, found) = missing(page, everything);
    assert_eq!(
        lost,
        [
            "staff::documented::another_name",
            "staff::nowhere::a_name",
            "a_test_that_is_nowhere",
            "a_test_that_is",
        ]
    );
    assert_eq!(found, 2);
}
