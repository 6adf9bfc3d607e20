//! The bases that are shipped: where their files lie, publishing them, and asking them.

use std::path::{Path, PathBuf};

use bot::{Published, Source, publish};

use crate::phrasings::{self, Phrasing, Unasked};

/// Locales of the shipped bases.
pub const LOCALES: [&str; 2] = ["en", "de"];

/// Checks that there is a base in that language.
///
/// # Errors
/// A sentence with the locales that there are.
pub fn is_shipped(locale: &str) -> Result<(), String> {
    if LOCALES.contains(&locale) {
        return Ok(());
    }
    Err(format!("--locale {locale}: there is no such base; there are {}", LOCALES.join(" and ")))
}

/// Reads the source of a base: `functions/intake/knowledge/shop.<locale>.json`.
///
/// # Errors
/// The path and why it cannot be read.
pub fn source(locale: &str) -> Result<Source, String> {
    json(&knowledge(&format!("shop.{locale}.json")))
}

/// Questions that the base must refuse: `out-of-scope.<locale>.json`.
///
/// # Errors
/// The path and why it cannot be read.
pub fn out_of_scope(locale: &str) -> Result<Vec<String>, String> {
    json(&knowledge(&format!("out-of-scope.{locale}.json")))
}

/// Where the published base lies: `shop.<locale>.model`.
#[must_use]
pub fn model_path(locale: &str) -> PathBuf {
    knowledge(&format!("shop.{locale}.model"))
}

/// Phrasings that no base was trained on: `evaluation/<locale>.jsonl`.
///
/// # Errors
/// The path and why it cannot be read.
pub fn evaluation(locale: &str) -> Result<Vec<Phrasing>, String> {
    phrasings::read(&root().join(format!("infra/knowledge/evaluation/{locale}.jsonl")))
}

/// Texts of other hands that ask nothing of a shop: `evaluation/unasked.<locale>.jsonl`.
///
/// # Errors
/// The path and why it cannot be read.
pub fn unasked(locale: &str) -> Result<Vec<Unasked>, String> {
    phrasings::read(&root().join(format!("infra/knowledge/evaluation/unasked.{locale}.jsonl")))
}

/// Trains the base of a locale from its files.
///
/// # Errors
/// A file that cannot be read, or a source that breaks a rule.
pub fn train(locale: &str) -> Result<Published, String> {
    publish(&source(locale)?, &out_of_scope(locale)?).map_err(|error| format!("{locale}: {error}"))
}

/// Reads the published base of a locale.
///
/// # Errors
/// The path and why it cannot be read.
pub fn model(locale: &str) -> Result<Vec<u8>, String> {
    let path = model_path(locale);
    std::fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))
}

fn knowledge(name: &str) -> PathBuf {
    root().join("functions/intake/knowledge").join(name)
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn json<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, String> {
    let text =
        std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))
}
