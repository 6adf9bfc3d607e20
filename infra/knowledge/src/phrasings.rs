//! Files of phrasings: one JSON object a line, `{"text": "...", "intent": "..."}`, where an intent
//! of `null` means out of scope.

use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;

/// A phrasing and the intent that a person gave it.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct Phrasing {
    /// What somebody typed.
    pub text: String,
    /// What it asks for; none when no entry answers it.
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
