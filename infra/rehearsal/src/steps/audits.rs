//! An audit finds each fault that somebody plants by hand, alone, and none in a stack as it was deployed.
//!
//! A fault of the table is planted and taken back with the AWS CLI, so nothing is deployed for it. The job runs
//! with the role of its schedule, and the results are read from the table of incidents.

mod faults;
mod names;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use tempfile::TempDir;
use template::Template;

use crate::aws::Aws;
use crate::command::{Failure, ensure};
use crate::emulator::pause;
use crate::stack::Stack;
use faults::{FAULTS, Fault, SUBSCRIBE};
use names::text;

/// Commands that make the stack clean: no dead letters, a subscriber, two admins.
const BEFORE: [&str; 4] = [
    // The poison record of the step before.
    "sqs purge-queue --queue-url {DetectFailures}",
    "sqs create-queue --queue-name rehearsal",
    SUBSCRIBE,
    "dynamodb batch-write-item --request-items {Staff}",
];
/// Commands that take the subscriber and the admins away.
const AFTER: [&str; 3] = [
    "dynamodb batch-write-item --request-items {NoStaff}",
    "sns unsubscribe --subscription-arn {SubscriptionArn}",
    "sqs delete-queue --queue-url {QueueUrl}",
];

/// Controls that fail by themselves: a release carries the advisories that were known by then.
const OF_THE_DAY: [&str; 2] = ["advisories", "advisories_age"];
/// Tries of an audit. One that breaks off is begun anew by the next run.
const TRIES: usize = 50;

/// The results of an audit by the names of controls.
type Results = BTreeMap<String, String>;

/// Plants each fault in turn, and gives how many results were as expected.
pub(super) fn find(stack: &Stack) -> Result<usize, Failure> {
    let mut stage = Stage::set(stack)?;
    let found = stage.run_all(&BEFORE).and_then(|()| stage.play());
    let cleared = stage.run_all(&AFTER);
    let checks = found?;
    cleared?;
    Ok(checks)
}

/// A stack with the names that commands need, and the job.
struct Stage<'stack> {
    stack: &'stack Stack,
    names: BTreeMap<String, String>,
    /// The role of the job's schedule.
    scheduler: Aws,
    job: String,
    folder: TempDir,
}

impl<'stack> Stage<'stack> {
    /// Notes everything that is put back later.
    fn set(stack: &'stack Stack) -> Result<Self, Failure> {
        let template = Template::deployed().map_err(|error| Failure(error.to_string()))?;
        let schedule = template.schedules().find(|one| one.function == "ExamineFunction");
        let schedule = schedule.ok_or_else(|| Failure("nothing starts the audits".to_owned()))?;
        let name = stack.physical(&format!("{}{}", schedule.function, schedule.event))?;
        let target = stack.aws.ask(&["scheduler", "get-schedule", "--name", name])?;
        let target = &target["Target"];
        let mut known = stack.resources.clone();
        known.extend(stack.outputs.clone());
        known.extend(names::documents(stack)?);
        known.extend(names::items(stack, names::now_ms())?);
        Ok(Self {
            stack,
            names: known,
            scheduler: stack.aws.assume(target["RoleArn"].as_str().unwrap_or_default())?,
            job: target["Arn"].as_str().unwrap_or_default().to_owned(),
            folder: tempfile::tempdir()?,
        })
    }

    fn play(&mut self) -> Result<usize, Failure> {
        // The first audit begins the log, of which a leaf is changed later.
        self.audit()?;
        let leaf = self.leaf()?;
        self.names.insert("OtherLeaf".to_owned(), names::changed(&leaf)?.to_string());
        self.names.insert("Leaf".to_owned(), leaf.to_string());
        let clean = self.audit()?;
        ensure(!clean.is_empty(), || "the audit has no results".to_owned())?;
        let reasons = self.reasons()?;
        let faulty: Vec<_> = clean
            .iter()
            .filter(|(control, _)| !OF_THE_DAY.contains(&control.as_str()))
            .filter(|(_, result)| !["passed", "manual"].contains(&result.as_str()))
            .map(|(control, result)| format!("{control} is {result}: {:?}", reasons.get(control)))
            .collect();
        ensure(faulty.is_empty(), || format!("of a clean stack\n{}", faulty.join("\n")))?;

        let mut wrong = Vec::new();
        for fault in FAULTS {
            let found = self.run_all(fault.plant).and_then(|()| self.audit());
            // Taken back in any case, so that the next fault is alone.
            let mended = self.run_all(fault.undo);
            let told = match (found, mended) {
                (Ok(found), Ok(())) => differs(fault, &clean, &found),
                (Err(failure), _) | (_, Err(failure)) => Some(failure.0),
            };
            let Fault { control, means, .. } = fault;
            wrong.extend(told.map(|told| format!("{control}, {means}: {told}")));
        }
        ensure(wrong.is_empty(), || wrong.join("\n"))?;
        let again = self.audit()?;
        ensure(again == clean, || format!("when all is mended, {:?}", changes(&clean, &again)))?;
        Ok(FAULTS.len() + 2)
    }

    fn run_all(&mut self, lines: &[&str]) -> Result<(), Failure> {
        lines.iter().try_for_each(|line| self.run(line))
    }

    /// Runs a command, and keeps the texts of its answer under their names.
    fn run(&mut self, line: &str) -> Result<(), Failure> {
        let words = filled(line, &self.names)?;
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let answer = self.stack.aws.ask(&words)?;
        for (name, value) in answer.as_object().into_iter().flatten() {
            if let (Some(text), None) = (value.as_str(), self.stack.resources.get(name)) {
                self.names.insert(name.clone(), text.to_owned());
            }
        }
        Ok(())
    }

    /// Makes an audit due, does it as the scheduler does, and gives its results.
    fn audit(&self) -> Result<Results, Failure> {
        let before = self.last()?;
        let table = self.stack.physical("IncidentsTable")?;
        let due = r#"{"p":{"S":"audits"},"k":{"S":"next"},"t":{"N":"1"}}"#;
        let answer = self.folder.path().join("answer.json").to_string_lossy().into_owned();
        let mut said = String::new();
        for _ in 0..TRIES {
            self.stack.aws.ask(&["dynamodb", "put-item", "--table-name", table, "--item", due])?;
            // The scheduler starts the job as well: either run may do the audit.
            let invoke = ["lambda", "invoke", "--payload", "{}", "--function-name"];
            let ran = self
                .scheduler
                .try_ask(&[&invoke[..], &[self.job.as_str(), answer.as_str()]].concat())?;
            if let Some(id) = self.last()?.filter(|id| before.as_ref() != Some(id)) {
                return self.results(&id);
            }
            said = ran.all + &std::fs::read_to_string(&answer).unwrap_or_default();
            pause();
        }
        Err(Failure(format!("no audit comes to its end: {said}")))
    }

    /// The audit that has ended last, unless another one is running.
    fn last(&self) -> Result<Option<String>, Failure> {
        let table = self.stack.physical("IncidentsTable")?;
        let key = r#"{"p":{"S":"audits"},"k":{"S":"last"}}"#;
        let get = ["dynamodb", "get-item", "--consistent-read", "--table-name", table];
        let row = self.stack.aws.ask(&[&get[..], &["--key", key]].concat())?;
        let [begun, ended] = ["i", "d"].map(|name| row["Item"][name]["S"].as_str());
        Ok(ended.filter(|_| begun == ended).map(str::to_owned))
    }

    fn results(&self, id: &str) -> Result<Results, Failure> {
        self.of_audit(id, "r")
    }

    /// Why the controls of the last audit have not passed.
    fn reasons(&self) -> Result<Results, Failure> {
        let last = self.last()?.ok_or_else(|| Failure("no audit has ended".to_owned()))?;
        self.of_audit(&last, "w")
    }

    /// An attribute of the rows of an audit, by the rows' controls.
    fn of_audit(&self, id: &str, attribute: &str) -> Result<Results, Failure> {
        let found = self.partition("IncidentsTable", &format!("audit#{id}"))?;
        let word = |row: &Value, name: &str| row[name]["S"].as_str().map(str::to_owned);
        Ok(found.iter().filter_map(|row| Some((word(row, "k")?, word(row, attribute)?))).collect())
    }

    /// The first leaves of the audit log, once they are there.
    fn leaf(&self) -> Result<Value, Failure> {
        for _ in 0..300 {
            let found = self.partition("LogTable", "leaves#0000000000")?;
            if let Some(first) = found.into_iter().next() {
                return Ok(first);
            }
            pause();
        }
        Err(Failure("the audit log stays empty".to_owned()))
    }

    fn partition(&self, table: &str, partition: &str) -> Result<Vec<Value>, Failure> {
        let table = self.stack.physical(table)?;
        let value = json!({ ":p": text(partition) }).to_string();
        let query = ["dynamodb", "query", "--consistent-read", "--table-name", table];
        let of = ["--key-condition-expression", "p = :p", "--expression-attribute-values", &value];
        let found = self.stack.aws.ask(&[&query[..], &of].concat())?;
        Ok(found["Items"].as_array().cloned().unwrap_or_default())
    }
}

/// The fault of an audit that was to find this one; `None` if it has.
fn differs(fault: &Fault, clean: &Results, found: &Results) -> Option<String> {
    let changes = changes(clean, found);
    let expected: BTreeSet<&str> =
        std::iter::once(fault.control).chain(fault.follows.iter().copied()).collect();
    let is_found = clean.get(fault.control).is_some_and(|before| before == "passed")
        && changes.get(fault.control) == Some(&"failed")
        && changes.keys().copied().eq(expected.iter().copied());
    (!is_found).then(|| format!("{changes:?}, not {expected:?}"))
}

/// The results that are not as they were.
fn changes<'a>(before: &Results, after: &'a Results) -> BTreeMap<&'a str, &'a str> {
    let is_changed = |(control, result): &(&String, &String)| before.get(*control) != Some(*result);
    after.iter().filter(is_changed).map(|(control, result)| (&**control, &**result)).collect()
}

/// The words of a command, with the value of each name in braces. Other braces are JSON, which has no blanks.
fn filled(line: &str, names: &BTreeMap<String, String>) -> Result<Vec<String>, Failure> {
    let is_name =
        |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let fill = |word: &str| {
        let (mut filled, mut rest) = (String::new(), word);
        while let Some((before, behind)) = rest.split_once('{') {
            filled += before;
            let named = behind.split_once('}').filter(|(name, _)| is_name(name));
            if let Some((name, after)) = named {
                let value = names.get(name);
                let value = value.ok_or_else(|| Failure(format!("nothing is named {name}")));
                filled += value?;
                rest = after;
            } else {
                filled.push('{');
                rest = behind;
            }
        }
        Ok(filled + rest)
    };
    line.split_whitespace().map(fill).collect()
}

#[cfg(test)]
mod tests {
    use values::control::Control;

    use super::faults::{UNPLANTED, fault};
    use super::*;

    fn results(of: &[(&str, &str)]) -> Results {
        of.iter().map(|(control, result)| ((*control).to_owned(), (*result).to_owned())).collect()
    }

    #[test]
    fn names_are_filled_in_and_json_stays() {
        let names = results(&[("Table", "t-1"), ("Item", r#"{"a": {Table}}"#)]);
        let words = filled(r#"put {Table} {"k":{"S":"{Table}"}} {Item} {}"#, &names).unwrap();
        assert_eq!(words, ["put", "t-1", r#"{"k":{"S":"t-1"}}"#, r#"{"a": {Table}}"#, "{}"]);
        assert!(filled("put {Other}", &names).is_err());
    }

    #[test]
    fn a_fault_is_found_if_its_control_fails_and_nothing_else_changes() {
        let clean = results(&[("a", "passed"), ("b", "passed"), ("c", "failed")]);
        let one = fault("a", "", &[], &[]);
        let found = |fault: &Fault, changed: &[(&str, &str)]| {
            let mut found = clean.clone();
            found.extend(results(changed));
            differs(fault, &clean, &found).is_none()
        };
        assert!(found(&one, &[("a", "failed")]));
        assert!(!found(&one, &[]));
        assert!(!found(&one, &[("a", "not_examined")]));
        assert!(!found(&one, &[("a", "failed"), ("b", "not_examined")]));
        assert!(found(&one.and(&["b"]), &[("a", "failed"), ("b", "not_examined")]));
        assert!(!found(&one.and(&["b"]), &[("a", "failed")]));
        assert!(!found(&fault("c", "", &[], &[]), &[]), "it has failed before");
    }

    #[test]
    fn each_fault_can_be_planted_and_taken_back() {
        for Fault { control, means, plant, undo, follows } in FAULTS {
            assert!(!plant.is_empty() && !undo.is_empty(), "{control}, {means}");
            assert!(!follows.contains(control), "{control}, {means}");
        }
    }

    #[test]
    fn each_control_by_machine_has_a_fault_or_a_reason_why_not() {
        let planted = FAULTS.iter().map(|fault| fault.control);
        let said: BTreeSet<_> = planted.chain(UNPLANTED.map(|(control, _)| control)).collect();
        let by_machine = Control::ALL.iter().filter(|control| !control.is_by_hand());
        assert_eq!(said, by_machine.map(|control| control.as_str()).collect());
        assert!(UNPLANTED.iter().all(|(one, _)| FAULTS.iter().all(|fault| fault.control != *one)));
        let known = |name: &str| Control::find(name).is_some();
        assert!(FAULTS.iter().all(|fault| fault.follows.iter().all(|name| known(name))));
        assert!(OF_THE_DAY.iter().all(|name| known(name)));
    }
}
