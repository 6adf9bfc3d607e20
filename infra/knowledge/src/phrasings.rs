//! Files of phrasings: one JSON object a line, `{"text": "...", "intent": "..."}`, where an intent
//! of `null` means out of scope.

use std::collections::BTreeSet;
use std::path::Path;

use bot::Base;
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// A phrasing and the intent that a person gave it.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct Phrasing {
    /// The text as it was typed.
    pub text: String,
    /// The id of the entry that answers it; none when no entry does.
    pub intent: Option<String>,
}

/// A text that asks nothing that an entry answers.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct Unasked {
    /// The text as it was typed.
    pub text: String,
    /// Its kind: `yes`, `no`, `thanks`, `machine`, `code`, `crisis`, `abuse` or `foreign`.
    pub kind: String,
}

/// Reads a file of one JSON object a line.
///
/// # Errors
/// The path and the first line that cannot be read.
pub fn read<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>, String> {
    let text =
        std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(at, line)| {
            serde_json::from_str(line)
                .map_err(|error| format!("{}:{}: {error}", path.display(), at + 1))
        })
        .collect()
}

/// Checks that each intent is an entry of the base: a misspelt one would count as a wrong answer.
///
/// # Errors
/// The intents that are no entry, and the entries of the base.
pub fn are_known(phrasings: &[Phrasing], base: &Base<'_>) -> Result<(), String> {
    let entries: BTreeSet<&str> = base.entries().map(|entry| entry.id).collect();
    let named = phrasings.iter().filter_map(|phrasing| phrasing.intent.as_deref());
    let unknown: BTreeSet<&str> = named.filter(|intent| !entries.contains(intent)).collect();
    if unknown.is_empty() {
        return Ok(());
    }
    let list = |ids: BTreeSet<&str>| ids.into_iter().collect::<Vec<_>>().join(", ");
    Err(format!(
        "no entry has the id: {}\nthe base has: {}\n`null` is for what no entry answers",
        list(unknown),
        list(entries)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shipped;

    #[test]
    fn a_misspelt_intent_and_a_language_without_a_base_are_refused() {
        for locale in shipped::LOCALES {
            let model = shipped::model(locale).unwrap();
            let base = Base::load(&model).unwrap();
            assert!(are_known(&shipped::evaluation(locale).unwrap(), &base).is_ok(), "{locale}");
            let id = base.entries().next().unwrap().id;
            let asked = |intent: Option<&str>| {
                let intent = intent.map(str::to_owned);
                vec![Phrasing { text: "Where is my parcel?".to_owned(), intent }]
            };
            assert!(are_known(&asked(Some(id)), &base).is_ok());
            assert!(are_known(&asked(None), &base).is_ok());
            let refused = are_known(&asked(Some("retunrs")), &base).unwrap_err();
            assert!(refused.contains("retunrs") && refused.contains(id), "{refused}");
            assert!(shipped::is_shipped(locale).is_ok());
        }
        let refused = shipped::is_shipped("fr").unwrap_err();
        assert!(refused.contains("fr") && refused.contains("en and de"), "{refused}");
    }
}
