//! Files of phrasings: one JSON object a line, `{"text": "...", "intent": "..."}`, where an intent
//! of `null` means out of scope.

use std::path::Path;

use serde::Deserialize;

/// A phrasing and the intent that a person gave it.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct Phrasing {
    /// What somebody typed.
    pub text: String,
    /// What it asks for; none when no entry answers it.
    pub intent: Option<String>,
}

/// Reads a file of phrasings.
///
/// # Errors
/// The path and the first line that cannot be read.
pub fn read(path: &Path) -> Result<Vec<Phrasing>, String> {
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
