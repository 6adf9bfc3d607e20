//! The calls that each role must not make, tried on the emulator's IAM with the role's own rights.
//!
//! `refusals.txt` is the table. For each role that has any right it also has something that the role may do
//! with the same call: otherwise a call that is wrong in itself would pass for a refusal.
//! Another evaluator is asked the same in `tests/sotto/security/refusals.rs`.

use std::path::Path;

use serde_json::{Value, json};

use crate::aws::Aws;
use crate::command::{Failure, ensure};
use crate::refusals::{Outcome, Table};
use crate::stack::Stack;

/// Tries all of it, and gives how many outcomes were as expected.
pub(super) fn refused(stack: &Stack) -> Result<usize, Failure> {
    let table = Table::read()?;
    let folder = tempfile::tempdir()?;
    let mut wrong = Vec::new();
    let mut checks = 0;
    for role in roles(&table, stack)? {
        let name = stack.aws.assume(&stack.role(role)?)?;
        for call in table.of(role) {
            checks += 1;
            let words = table.filled(&call.words, &stack.resources)?;
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let differs = differs(&name.try_ask(&words)?.all, call.expected);
            wrong.extend(differs.map(|how| format!("{role} {}: {how}", call.means)));
        }
        for context in table.contexts_of(role) {
            checks += 3;
            let place = format!("{role}, {} {}", context.purpose, context.branch);
            let names = json!({
                "sotto:site": "default",
                "sotto:purpose": context.purpose,
                "sotto:branch": context.branch,
            });
            let answers = data_key(stack, &name, &names, folder.path())?;
            let expected = [
                ("making", context.making),
                ("making unseen", context.making_unseen),
                ("opening", context.opening),
            ];
            for (said, (what, expected)) in answers.iter().zip(expected) {
                let differs = differs(said, expected);
                wrong.extend(differs.map(|how| format!("{place}, {what}: {how}")));
            }
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
            format!("refusals.txt says nothing of {role}")
        })?;
    }
    let gone = said.iter().find(|role| !roles.contains(role));
    ensure(gone.is_none(), || format!("the stack has no {}", gone.unwrap_or(&"")))?;
    Ok(roles)
}

/// A context with one more name, or without any, is another context, whatever its purpose.
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
    Ok(contexts.len() * 3)
}

/// The answers to making a key under this context, to making one unseen, and to opening one that the
/// account's root has made.
fn data_key(
    stack: &Stack,
    name: &Aws,
    context: &Value,
    folder: &Path,
) -> Result<[String; 3], Failure> {
    let context = context.to_string();
    let key = stack.physical("DataKey")?;
    let like = ["--key-spec", "AES_256", "--key-id", key, "--encryption-context", &context];
    let make = [&["kms", "generate-data-key"], &like[..]].concat();
    let made = name.try_ask(&make)?.all;
    let unseen = [&["kms", "generate-data-key-without-plaintext"], &like[..]].concat();
    let made_unseen = name.try_ask(&unseen)?.all;
    let sealed = stack.aws.ask(&make)?;
    let sealed = sealed["CiphertextBlob"].as_str().unwrap_or_default();
    let sealed = data_encoding::BASE64.decode(sealed.as_bytes());
    let blob = folder.join("sealed");
    std::fs::write(&blob, sealed.map_err(|error| Failure(error.to_string()))?)?;
    let place = format!("fileb://{}", blob.display());
    let open = ["kms", "decrypt", "--ciphertext-blob", &place, "--encryption-context", &context];
    Ok([made, made_unseen, name.try_ask(&open)?.all])
}

/// The fault of an answer; `None` if it is as expected.
fn differs(said: &str, expected: Outcome) -> Option<String> {
    let refused = said.contains("AccessDenied");
    let outcome = if refused { Outcome::Refused } else { Outcome::Allowed };
    let broken = !refused && said.contains("rror");
    let text = said.trim();
    (outcome != expected || broken).then(|| format!("{outcome:?}, not {expected:?}: {text}"))
}

#[cfg(test)]
mod tests {
    use super::{Outcome, differs};

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
