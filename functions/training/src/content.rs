//! The content of a course, and of a practice, which has no questions. The build reads it from Markdown with
//! front matter, and the function from the file that the build has made.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The languages that every course and practice has; without a wish it is the first.
pub(crate) const LOCALES: [&str; 2] = ["en", "de"];

/// The languages of a course or a practice.
pub(crate) type Localised = BTreeMap<String, Content>;
/// Courses or practices by their ids.
pub(crate) type Courses = BTreeMap<String, Localised>;

/// A course or a practice in one language.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Content {
    pub(crate) title: String,
    /// How long all of it takes.
    pub(crate) minutes: u8,
    pub(crate) version: u32,
    /// The day of that version, `YYYY-MM-DD`.
    pub(crate) changed: String,
    /// The played chat: the first turn comes first.
    pub(crate) chat: Vec<Turn>,
    /// The pool that questions are drawn from; empty for a practice.
    #[serde(default)]
    pub(crate) questions: Vec<Question>,
    /// The text, in Markdown.
    #[serde(default)]
    pub(crate) text: String,
}

/// A message of the visitor in the played chat, and the possible reactions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Turn {
    pub(crate) id: String,
    /// The visitor's words.
    pub(crate) says: String,
    pub(crate) choices: Vec<Choice>,
}

/// A reaction, and its consequence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Choice {
    pub(crate) text: String,
    /// The consequence, as it is told to the learner.
    pub(crate) then: String,
    /// Whether it is a good choice.
    pub(crate) good: bool,
    /// The turn that follows; none where the chat ends.
    pub(crate) next: Option<String>,
}

/// A question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Question {
    pub(crate) id: String,
    pub(crate) text: String,
    /// Whether several options are right.
    pub(crate) multiple: bool,
    /// Why the right options are right.
    pub(crate) reason: String,
    pub(crate) options: Vec<Answer>,
}

/// An option of a question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Answer {
    pub(crate) id: String,
    pub(crate) text: String,
    pub(crate) right: bool,
}
