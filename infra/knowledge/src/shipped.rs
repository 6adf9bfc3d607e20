//! The demo's bases, and those without entries: where their files lie, publishing them, and asking them.

use std::path::{Path, PathBuf};

use bot::{Calibration, Published, Source, Words, publish};
use serde_json::json;

use crate::phrasings::{self, Phrasing, Unasked};
use crate::strangers::Asked;

pub use bot::LOCALES;

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

/// The source of the demo's base: its entries, `infra/local/demo/knowledge/<locale>.json`, and the words of
/// the bot.
///
/// # Errors
/// The path and why it cannot be read.
pub fn source(locale: &str) -> Result<Source, String> {
    Ok(words(locale)?.source(locale, 1, read(&demo(&format!("{locale}.json")))?))
}

/// Questions that every base must refuse.
///
/// # Errors
/// A sentence when the bot does not speak the language.
pub fn out_of_scope(locale: &str) -> Result<Vec<String>, String> {
    Ok(words(locale)?.out_of_scope)
}

/// Where the published base lies: `infra/local/demo/knowledge/<locale>.model`.
#[must_use]
pub fn model_path(locale: &str) -> PathBuf {
    demo(&format!("{locale}.model"))
}

/// The file of the judgement of the demo's base: `infra/local/demo/knowledge/<locale>.judged.json`.
#[must_use]
pub fn judged_path(locale: &str) -> PathBuf {
    demo(&format!("{locale}.judged.json"))
}

/// The judgement of a base, as its file has it.
///
/// # Errors
/// None that is known of.
pub fn judged(found: &Calibration) -> Result<Vec<u8>, String> {
    let missed: Vec<&String> = found.missed.iter().map(|(question, _, _)| question).collect();
    let (questions, right, offered) = (found.questions, found.right, found.offered);
    let (wrong, silent) = (found.misled(), found.silent());
    let evaluation = json!({
        "questions": questions, "right": right, "offered": offered, "wrong": wrong, "silent": silent,
    });
    let judged = json!({ "evaluation": evaluation, "missed": missed });
    let text = serde_json::to_string_pretty(&judged).map_err(|error| error.to_string())?;
    Ok((text + "\n").into_bytes())
}

/// Where the base without entries lies: `shared/bot/words/<locale>.model`.
#[must_use]
pub fn talk_path(locale: &str) -> PathBuf {
    root().join(format!("shared/bot/words/{locale}.model"))
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

/// Questions of hands that did not write the entries: `evaluation/strangers.<locale>.jsonl`, with which the
/// bot was tuned, and `evaluation/kept.<locale>.jsonl`, with which it was not.
///
/// # Errors
/// The path and why it cannot be read.
pub fn strangers(set: &str, locale: &str) -> Result<Vec<Asked>, String> {
    phrasings::read(&root().join(format!("infra/knowledge/evaluation/{set}.{locale}.jsonl")))
}

/// Trains the base without entries, which answers where nothing is published.
///
/// # Errors
/// As [`train`].
pub fn train_talk(locale: &str) -> Result<Published, String> {
    let words = words(locale)?;
    publish(&words.source(locale, 0, Vec::new()), &words.out_of_scope)
        .map_err(|error| format!("{locale}: {error}"))
}

/// Trains the demo's base of a locale from its files.
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

fn words(locale: &str) -> Result<Words, String> {
    Words::of(locale).ok_or_else(|| format!("the bot does not speak {locale}"))
}

fn demo(name: &str) -> PathBuf {
    root().join("infra/local/demo/knowledge").join(name)
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, String> {
    let text =
        std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))
}
