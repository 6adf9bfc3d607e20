//! What each role must not do, asked of the emulator's IAM evaluation with the role's own rights.
//!
//! `roles.txt` is the table. For each role that has any right it also has something that the role may do
//! with the same call: otherwise a call that is wrong in itself would pass for a refusal.
//! `cargo local permissions` holds the same documents against another evaluator.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::{Value, json};

use crate::aws::Aws;
use crate::command::{Failure, ensure};
use crate::stack::Stack;

const TABLE: &str = include_str!("roles.txt");

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Outcome {
    Allowed,
    Refused,
}

/// The lines of the table.
#[derive(Default)]
struct Table {
    calls: Vec<Call>,
    contexts: Vec<Context>,
    values: BTreeMap<String, String>,
}

struct Call {
    role: String,
    expected: Outcome,
    means: String,
    words: Vec<String>,
}

/// A data key under an encryption context.
struct Context {
    role: String,
    purpose: String,
    branch: String,
    making: Outcome,
    opening: Outcome,
}

/// Tries all of it, and gives how many outcomes were as expected.
pub(super) fn refused(stack: &Stack) -> Result<usize, Failure> {
    let table = Table::parse(TABLE)?;
    let folder = tempfile::tempdir()?;
    let mut wrong = Vec::new();
    let mut checks = 0;
    for role in roles(&table, stack)? {
        let name = stack.aws.assume(&stack.role(role)?)?;
        for call in table.of(role) {
            checks += 1;
            let words = table.filled(&call.words, stack)?;
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let differs = differs(&name.try_ask(&words)?.all, call.expected);
            wrong.extend(differs.map(|how| format!("{role} {}: {how}", call.means)));
        }
        for context in table.contexts.iter().filter(|context| context.role == role) {
            checks += 2;
            let place = format!("{role}, {} {}", context.purpose, context.branch);
            let names = json!({
                "sotto:site": "default",
                "sotto:purpose": context.purpose,
                "sotto:branch": context.branch,
            });
            let [made, opened] = data_key(stack, &name, &names, folder.path())?;
            let making = differs(&made, context.making);
            wrong.extend(making.map(|how| format!("{place}, making: {how}")));
            let opening = differs(&opened, context.opening);
            wrong.extend(opening.map(|how| format!("{place}, opening: {how}")));
        }
    }
    checks += other_contexts(stack, folder.path(), &mut wrong)?;
    ensure(wrong.is_empty(), || wrong.join("\n"))?;
    Ok(checks)
}

/// The roles of the stack. Each has lines of its own in the table, but for those that SAM makes for the
/// sources of events: these are only tried with what is said of every role.
fn roles<'a>(table: &Table, stack: &'a Stack) -> Result<Vec<&'a str>, Failure> {
    let names = stack.resources.keys().map(String::as_str);
    let roles: Vec<&str> = names.filter(|name| name.ends_with("Role")).collect();
    let said = table.roles();
    for role in &roles {
        ensure(said.contains(role) || role.contains("Function"), || {
            format!("roles.txt says nothing of {role}")
        })?;
    }
    let gone = said.iter().find(|role| !roles.contains(role));
    ensure(gone.is_none(), || format!("the stack has no {}", gone.unwrap_or(&"")))?;
    Ok(roles)
}

/// A context with a name more, or none at all, is another place, whatever its purpose.
fn other_contexts(stack: &Stack, folder: &Path, wrong: &mut Vec<String>) -> Result<usize, Failure> {
    let intake = stack.aws.assume(&stack.role("IntakeRole")?)?;
    let mut more =
        json!({ "sotto:site": "default", "sotto:purpose": "transcript", "sotto:branch": "x" });
    more["more"] = json!("x");
    let contexts = [more, json!({})];
    for context in &contexts {
        for said in data_key(stack, &intake, context, folder)? {
            let differs = differs(&said, Outcome::Refused);
            wrong.extend(differs.map(|how| format!("IntakeRole, {context}: {how}")));
        }
    }
    Ok(contexts.len() * 2)
}

/// What making a key under this context says, and opening one that the account's root has made.
fn data_key(
    stack: &Stack,
    name: &Aws,
    context: &Value,
    folder: &Path,
) -> Result<[String; 2], Failure> {
    let context = context.to_string();
    let key = stack.physical("DataKey")?;
    let make = ["kms", "generate-data-key", "--key-spec", "AES_256", "--key-id", key];
    let make = [&make[..], &["--encryption-context", &context]].concat();
    let made = name.try_ask(&make)?.all;
    let sealed = stack.aws.ask(&make)?;
    let sealed = sealed["CiphertextBlob"].as_str().unwrap_or_default();
    let sealed = data_encoding::BASE64.decode(sealed.as_bytes());
    let blob = folder.join("sealed");
    std::fs::write(&blob, sealed.map_err(|error| Failure(error.to_string()))?)?;
    let place = format!("fileb://{}", blob.display());
    let open = ["kms", "decrypt", "--ciphertext-blob", &place, "--encryption-context", &context];
    Ok([made, name.try_ask(&open)?.all])
}

/// What is wrong with an answer; nothing, if it is as expected.
fn differs(said: &str, expected: Outcome) -> Option<String> {
    let refused = said.contains("AccessDenied");
    let outcome = if refused { Outcome::Refused } else { Outcome::Allowed };
    let broken = !refused && said.contains("rror");
    let text = said.trim();
    (outcome != expected || broken).then(|| format!("{outcome:?}, not {expected:?}: {text}"))
}

impl Table {
    fn parse(text: &str) -> Result<Self, Failure> {
        let mut table = Self::default();
        for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let known = table.add(line);
            known
                .ok_or_else(|| Failure(format!("roles.txt has a line that is none: {line}")))??;
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
            "context" => {
                let words: Vec<&str> = rest.split_whitespace().collect();
                let [role, purpose, branch, making, opening] = words.as_slice() else {
                    return None;
                };
                outcome(making).and_then(|making| {
                    self.contexts.push(Context {
                        role: (*role).to_owned(),
                        purpose: (*purpose).to_owned(),
                        branch: (*branch).to_owned(),
                        making,
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

    /// What is said of a role, and of every role unless this one has a line of its own for that call.
    fn of(&self, role: &str) -> impl Iterator<Item = &Call> {
        let own = move |call: &Call| {
            self.calls.iter().any(|other| other.role == role && other.words == call.words)
        };
        self.calls
            .iter()
            .filter(move |call| call.role == role || (call.role == "every" && !own(call)))
    }

    fn roles(&self) -> BTreeSet<&str> {
        self.calls.iter().map(|call| call.role.as_str()).filter(|role| *role != "every").collect()
    }

    /// A call with the values of the table and the physical ids of this stack.
    fn filled(&self, words: &[String], stack: &Stack) -> Result<Vec<String>, Failure> {
        let fill = |word: &String| {
            let mut word = word.clone();
            let physical =
                stack.resources.iter().map(|(logical, id)| (format!("{{{logical}}}"), id));
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
    use super::{Outcome, TABLE, Table, differs};

    #[test]
    fn the_table_is_read_to_its_last_line() {
        let table = Table::parse(TABLE).expect("a table");
        let lines = TABLE.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).count();
        let read = table.calls.len() + table.contexts.len() + table.values.len();
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
    fn a_call_that_breaks_is_neither_allowed_nor_refused() {
        let denied = "An error occurred (AccessDeniedException) when calling";
        assert_eq!(differs(denied, Outcome::Refused), None);
        assert!(differs(denied, Outcome::Allowed).is_some());
        assert_eq!(differs("{}", Outcome::Allowed), None);
        assert!(differs("An error occurred (ValidationException)", Outcome::Allowed).is_some());
        assert!(differs("Unknown options: x, error", Outcome::Refused).is_some());
    }
}
