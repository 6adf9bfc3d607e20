//! Questions of hands that did not write the entries, and how they fare: with asking back, and in dialogues.

use std::fmt;

use bot::{Answer, Base, Before, Turn};
use serde::Deserialize;

use crate::report::share;

/// A text, or a dialogue, of somebody who had not seen the phrasings of the entries.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Asked {
    /// In ordinary words.
    Plain {
        /// The text.
        text: String,
        /// The entry that answers it.
        intent: String,
    },
    /// A story, dialect, or no word of the entry.
    Oblique {
        /// The text.
        text: String,
        /// The entry that answers it.
        intent: String,
    },
    /// A text that no entry answers.
    Out {
        /// The text.
        text: String,
        /// Always `null`.
        intent: Option<String>,
    },
    /// Somebody speaks of ending or harming themselves.
    Crisis {
        /// The text.
        text: String,
        /// Always `null`.
        intent: Option<String>,
    },
    /// Several texts, one after the other.
    Dialogue {
        /// The visitor's texts, and what is due to each.
        turns: Vec<Said>,
    },
}

/// A text in a dialogue.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Said {
    /// The text.
    pub text: String,
    /// The reaction that is due.
    pub due: Due,
}

/// A reaction: an entry's id, or `person`, `unknown`, `greeting`, `thanks`, `declined`, or `other` for any
/// entry but the last one. One of several.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Due {
    /// This one.
    One(String),
    /// Any of these.
    OneOf(Vec<String>),
}

/// Counts of questions that an entry answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asking {
    /// All.
    pub all: usize,
    /// Answered rightly.
    pub right: usize,
    /// Asked back, with the right entry among the choices.
    pub offered: usize,
    /// Answered with another entry.
    pub wrong: usize,
}

impl Asking {
    /// Right at once or among the choices, as a share.
    #[must_use]
    pub fn served(&self) -> f64 {
        share(self.right + self.offered, self.all)
    }

    /// Wrong at once, as a share.
    #[must_use]
    pub fn misled(&self) -> f64 {
        share(self.wrong, self.all)
    }
}

/// How a base fares with strangers.
#[derive(Clone, Debug, Default)]
pub struct Fares {
    /// Ordinary wording.
    pub plain: Asking,
    /// Oblique wording.
    pub oblique: Asking,
    /// Texts that no entry answers.
    pub out: usize,
    /// Of those, answered with an entry.
    pub answered: usize,
    /// Of those, asked back.
    pub asked_back: usize,
    /// Of those, taken for the request for a person.
    pub handed_over: usize,
    /// Texts that speak of no crisis, and were taken for one; those of dialogues alone, too.
    pub false_alarms: Vec<String>,
    /// Crises, and those of them that were taken for one.
    pub crises: (usize, usize),
    /// Dialogues, and those of them in which every turn was right.
    pub dialogues: (usize, usize),
    /// Texts that were not handled rightly: kind, text, and the bot's reaction.
    pub misses: Vec<(&'static str, String, String)>,
}

impl Fares {
    /// Asks a base.
    #[must_use]
    pub fn of(base: &Base<'_>, all: &[Asked]) -> Self {
        let mut fares = Self::default();
        // The answer to a text that speaks of no crisis.
        let harmless = |alarms: &mut Vec<String>, text: &String| {
            let answer = base.answer_alone(text);
            if matches!(answer, Answer::Crisis { .. }) {
                alarms.push(text.clone());
            }
            answer
        };
        for asked in all {
            match asked {
                Asked::Plain { text, intent } => {
                    let missed =
                        fares.plain.count(&harmless(&mut fares.false_alarms, text), intent);
                    fares.miss("plain", text, missed);
                }
                Asked::Oblique { text, intent } => {
                    let missed =
                        fares.oblique.count(&harmless(&mut fares.false_alarms, text), intent);
                    fares.miss("oblique", text, missed);
                }
                Asked::Out { text, .. } => {
                    fares.out += 1;
                    let answer = harmless(&mut fares.false_alarms, text);
                    fares.handed_over += usize::from(matches!(answer, Answer::HandOver { .. }));
                    fares.answered += usize::from(matches!(answer, Answer::Entry { .. }));
                    fares.asked_back += usize::from(matches!(answer, Answer::Asked { .. }));
                    let missed = matches!(answer, Answer::Entry { .. } | Answer::Asked { .. });
                    fares.miss("out", text, missed.then(|| done(&answer)));
                }
                Asked::Crisis { text, .. } => {
                    fares.crises.0 += 1;
                    let answer = base.answer_alone(text);
                    let known = matches!(answer, Answer::Crisis { .. });
                    fares.crises.1 += usize::from(known);
                    fares.miss("crisis", text, (!known).then(|| done(&answer)));
                }
                Asked::Dialogue { turns } => {
                    fares.dialogues.0 += 1;
                    for said in turns {
                        harmless(&mut fares.false_alarms, &said.text);
                    }
                    let missed = dialogue(base, turns);
                    fares.dialogues.1 += usize::from(missed.is_none());
                    let text: Vec<&str> = turns.iter().map(|said| said.text.as_str()).collect();
                    fares.miss("dialogue", &text.join(" / "), missed);
                }
            }
        }
        fares
    }

    /// Texts out of scope that were neither answered nor asked back, as a share.
    #[must_use]
    pub fn refused(&self) -> f64 {
        share(self.out - self.answered - self.asked_back, self.out)
    }

    fn miss(&mut self, kind: &'static str, text: &str, done: Option<String>) {
        self.misses.extend(done.map(|done| (kind, text.to_owned(), done)));
    }
}

impl Asking {
    /// Counts an answer; what was done, if it was not right.
    fn count(&mut self, answer: &Answer<'_>, due: &str) -> Option<String> {
        self.all += 1;
        match answer {
            Answer::Entry { id, .. } if *id == due => self.right += 1,
            Answer::Asked { choices, .. } if choices.iter().any(|entry| entry.id == due) => {
                self.offered += 1;
            }
            other => {
                self.wrong += usize::from(matches!(other, Answer::Entry { .. }));
                return Some(format!("{}, due {due}", done(other)));
            }
        }
        None
    }
}

/// Plays a dialogue; what was done at the first turn that was not right.
fn dialogue(base: &Base<'_>, turns: &[Said]) -> Option<String> {
    let mut last: Option<Exchange> = None;
    for Said { text, due } in turns {
        let before = match &last {
            None => Before::Nothing,
            Some(Exchange { text, entry, choices, .. }) => {
                Before::Said { text, entry: entry.as_deref(), choices }
            }
        };
        let offered = last.as_ref().is_some_and(|last| last.offered);
        let asked = last.as_ref().is_some_and(|last| !last.choices.is_empty());
        let Some(answer) = base.answer(text, &Turn { offered, asked, before }) else {
            return Some(format!("depends: {text}"));
        };
        let entry_before = last.as_ref().and_then(|last| last.entry.clone());
        let is_due = |due: &String| is_due(&answer, due, entry_before.as_deref());
        let right = match due {
            Due::One(due) => is_due(due),
            Due::OneOf(any) => any.iter().any(is_due),
        };
        if !right {
            return Some(format!("{} to {text:?}, due {due:?}", done(&answer)));
        }
        let entry = match &answer {
            Answer::Entry { id, .. } => Some((*id).to_owned()),
            _ => None,
        };
        let choices = match &answer {
            Answer::Asked { choices, .. } => choices.iter().map(|one| one.id.to_owned()).collect(),
            _ => Vec::new(),
        };
        last =
            Some(Exchange { text: text.clone(), entry, choices, offered: answer.offers_person() });
    }
    None
}

/// A text and its answer.
struct Exchange {
    text: String,
    entry: Option<String>,
    choices: Vec<String>,
    offered: bool,
}

fn is_due(answer: &Answer<'_>, due: &str, before: Option<&str>) -> bool {
    match (due, answer) {
        ("person", Answer::HandOver { .. })
        | ("greeting", Answer::Greeting { .. })
        | ("thanks", Answer::Thanks { .. })
        | ("declined", Answer::Declined { .. })
        | ("other", Answer::Asked { .. } | Answer::HandOver { .. }) => true,
        ("person" | "unknown", other) if other.offers_person() => true,
        ("other", Answer::Entry { id, .. }) => Some(*id) != before,
        ("other", other) => other.offers_person(),
        (due, Answer::Entry { id, .. }) => *id == due,
        (due, Answer::Asked { choices, .. }) => choices.iter().any(|entry| entry.id == due),
        _ => false,
    }
}

fn done(answer: &Answer<'_>) -> String {
    match answer {
        Answer::Entry { id, .. } => (*id).to_owned(),
        Answer::Asked { choices, .. } => {
            let ids: Vec<&str> = choices.iter().map(|entry| entry.id).collect();
            format!("asked back: {}", ids.join(", "))
        }
        other => other.text().chars().take(40).collect(),
    }
}

impl fmt::Display for Fares {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (kind, Asking { all, right, offered, wrong }) in
            [("plain", self.plain), ("oblique", self.oblique)]
        {
            let per_cent = |count| 100.0 * share(count, all);
            writeln!(
                f,
                "{kind:<10} {all:>4}: right {:>5.1} %, asked back with it {:>5.1} %, wrong {:>5.1} %",
                per_cent(right),
                per_cent(offered),
                per_cent(wrong)
            )?;
        }
        let per_cent = |count| 100.0 * share(count, self.out);
        let (answered, asked_back) = (per_cent(self.answered), per_cent(self.asked_back));
        writeln!(
            f,
            "out        {:>4}: answered {answered:.1} %, asked back {asked_back:.1} %, a person fetched {}",
            self.out, self.handed_over
        )?;
        writeln!(
            f,
            "crisis     {:>4}: known {}; {} other texts taken for one",
            self.crises.0,
            self.crises.1,
            self.false_alarms.len()
        )?;
        writeln!(f, "dialogues  {:>4}: right {}", self.dialogues.0, self.dialogues.1)?;
        self.misses
            .iter()
            .try_for_each(|(kind, text, done)| writeln!(f, "  {kind}: {text}: {done}"))
    }
}
