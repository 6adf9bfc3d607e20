//! The calls that each role must be refused, as a table for two evaluators of IAM: [`crate::steps`]
//! asks the emulator, the tests ask the embedded AWS.

use std::collections::{BTreeMap, BTreeSet};

use crate::command::{Failure, ensure};

const TABLE: &str = include_str!("refusals.txt");

/// For a role that reaches every table, if only to take a sample.
const NONE: &str = "none";

/// How a call ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// The role may.
    Allowed,
    /// It may not.
    Refused,
}

/// The lines of the table.
#[derive(Default)]
pub struct Table {
    calls: Vec<Call>,
    contexts: Vec<Context>,
    apart: BTreeMap<String, Vec<String>>,
    values: BTreeMap<String, String>,
}

/// A call of the AWS CLI.
pub struct Call {
    role: String,
    /// How it ends.
    pub expected: Outcome,
    /// The harm that the call would do.
    pub means: String,
    /// The words behind `aws`, with names for values and ids.
    pub words: Vec<String>,
}

/// A data key under an encryption context.
pub struct Context {
    role: String,
    /// The purpose of the context.
    pub purpose: String,
    /// Its branch.
    pub branch: String,
    /// How making one ends.
    pub making: Outcome,
    /// How making one ends that its maker does not see.
    pub making_unseen: Outcome,
    /// How opening one ends that exists.
    pub opening: Outcome,
}

impl Table {
    /// The table, which is part of this program.
    ///
    /// # Errors
    /// If it has a line that cannot be read.
    pub fn read() -> Result<Self, Failure> {
        Self::parse(TABLE)
    }

    fn parse(text: &str) -> Result<Self, Failure> {
        let mut table = Self::default();
        for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let known = table.add(line);
            known.ok_or_else(|| {
                Failure(format!("refusals.txt has a line that is none: {line}"))
            })??;
        }
        Ok(table)
    }

    /// Takes a line; nothing, if it has too few words.
    fn add(&mut self, line: &str) -> Option<Result<(), Failure>> {
        let (first, rest) = line.split_once(' ')?;
        let rest = rest.trim_start();
        Some(match first {
            "value" => {
                let (name, value) = rest.split_once(' ')?;
                self.values.insert(name.to_owned(), value.trim_start().to_owned());
                Ok(())
            }
            "apart" => {
                let (role, tables) = rest.split_once(' ')?;
                let tables = tables.split_whitespace().filter(|table| *table != NONE);
                let tables = tables.map(str::to_owned).collect();
                self.apart.insert(role.to_owned(), tables);
                Ok(())
            }
            "context" => {
                let words: Vec<&str> = rest.split_whitespace().collect();
                let [role, purpose, branch, making, opening] = words.as_slice() else {
                    return None;
                };
                let (making, making_unseen) = match *making {
                    "unseen" => ("refused", Outcome::Allowed),
                    making => (making, Outcome::Refused),
                };
                outcome(making).and_then(|making| {
                    self.contexts.push(Context {
                        role: (*role).to_owned(),
                        purpose: (*purpose).to_owned(),
                        branch: (*branch).to_owned(),
                        making,
                        making_unseen,
                        opening: outcome(opening)?,
                    });
                    Ok(())
                })
            }
            role => {
                let (expected, rest) = rest.split_once("  ")?;
                let (means, call) = rest.split_once("  ")?;
                let words = call.split_whitespace().map(str::to_owned).collect();
                outcome(expected).map(|expected| {
                    let (role, means) = (role.to_owned(), means.trim().to_owned());
                    self.calls.push(Call { role, expected, means, words });
                })
            }
        })
    }

    /// The line of a role for a call; without one, the line of every role.
    pub fn of(&self, role: &str) -> impl Iterator<Item = &Call> {
        let own = move |call: &Call| {
            self.calls.iter().any(|other| other.role == role && other.words == call.words)
        };
        self.calls
            .iter()
            .filter(move |call| call.role == role || (call.role == "every" && !own(call)))
    }

    /// The roles that have lines of their own.
    #[must_use]
    pub fn roles(&self) -> BTreeSet<&str> {
        self.calls.iter().map(|call| call.role.as_str()).filter(|role| *role != "every").collect()
    }

    /// The tables that a role reaches with no operation; `None` if the table says nothing of that.
    #[must_use]
    pub fn apart(&self, role: &str) -> Option<&[String]> {
        self.apart.get(role).map(Vec::as_slice)
    }

    /// The data keys that are said of a role.
    pub fn contexts_of(&self, role: &str) -> impl Iterator<Item = &Context> {
        self.contexts.iter().filter(move |context| context.role == role)
    }

    /// A call with the values of the table, and of each logical id what `names` has for it.
    ///
    /// # Errors
    /// If a word is named nowhere.
    pub fn filled(
        &self,
        words: &[String],
        names: &BTreeMap<String, String>,
    ) -> Result<Vec<String>, Failure> {
        let fill = |word: &String| {
            let mut word = word.clone();
            let physical = names.iter().map(|(logical, id)| (format!("{{{logical}}}"), id));
            let values = self.values.iter().map(|(name, value)| (name.clone(), value));
            for (name, value) in values.chain(physical) {
                word = word.replace(&name, value);
            }
            let named = word.starts_with('{') && word.ends_with('}') && word.len() > 2;
            ensure(!named || word.contains('"'), || format!("nothing is named {word}"))?;
            Ok(word)
        };
        words.iter().map(fill).collect()
    }
}

fn outcome(word: &str) -> Result<Outcome, Failure> {
    match word {
        "allowed" => Ok(Outcome::Allowed),
        "refused" => Ok(Outcome::Refused),
        _ => Err(Failure(format!("an outcome is allowed or refused, not {word}"))),
    }
}

#[cfg(test)]
mod tests {
    use template::Template;

    use super::*;

    #[test]
    fn the_table_is_read_to_its_last_line() {
        let table = Table::parse(TABLE).expect("a table");
        let lines = TABLE.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).count();
        let read =
            table.calls.len() + table.contexts.len() + table.apart.len() + table.values.len();
        assert_eq!(read, lines);
        assert!(table.roles().contains("IntakeRole") && !table.roles().contains("every"));
        let deletes = |role| {
            let mut calls = table.of(role).filter(|call| {
                call.words.iter().any(|word| word == "delete-item")
                    && call.words.iter().any(|word| word == "{KeysTable}")
            });
            let found = calls.next().expect("a line").expected;
            assert!(calls.next().is_none(), "{role} has two");
            found
        };
        assert_eq!(deletes("SweepRole"), Outcome::Allowed);
        assert_eq!(deletes("RetentionRole"), Outcome::Refused);
        assert!(Table::parse("IntakeRole  maybe  reads  dynamodb scan").is_err());
        assert!(Table::parse("IntakeRole").is_err());
    }

    #[test]
    fn each_role_has_lines_and_each_functions_role_has_one_of_each_table() {
        let (table, template) = (Table::read().unwrap(), Template::deployed().unwrap());
        let resources = template.document()["Resources"].as_object().unwrap();
        let of_kind = |kind: &str| {
            let ids = resources.iter().filter(move |(_, resource)| resource["Type"] == kind);
            ids.map(|(id, _)| id.as_str()).collect::<BTreeSet<_>>()
        };
        assert_eq!(table.roles(), of_kind("AWS::IAM::Role"));
        let names = resources.keys().map(|id| (id.clone(), format!("<{id}>"))).collect();
        for role in template.functions().iter().filter_map(|function| function.role()) {
            let own = table.calls.iter().filter(|call| call.role == role);
            let filled = own.map(|call| table.filled(&call.words, &names).unwrap().join(" "));
            let said = filled.collect::<String>();
            for id in template.tables().iter().map(template::Table::logical_id) {
                assert!(said.contains(&format!("<{id}>")), "refusals.txt: {role} lacks {id}");
            }
            assert!(table.apart(role).is_some(), "refusals.txt: {role} is apart from nothing");
            assert!(
                table.contexts_of(role).next().is_some(),
                "refusals.txt: {role} lacks a context"
            );
        }
    }
}
