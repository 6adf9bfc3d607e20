//! The table of what is granted and what was seen, and what is wrong with it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::condition::{ATTRIBUTES, Context, LEADING_KEYS};
use super::policies::{Policies, Principal};
use super::seen::Sight;
use super::services::{UNSEEN, Unseen};
use super::statement::Statement;
use template::logical_id;

/// The page and the faults.
#[derive(Debug, Default)]
pub struct Report {
    /// `docs/permissions.md`.
    pub page: String,
    /// The faults, a sentence each; empty when every grant is needed and nothing more is.
    pub faults: Vec<String>,
}

const INTRODUCTION: &str = "\
# Permissions

Made by `cargo local permissions` from `template.yaml` and from what all tests together were seen to do; \
CI compares it. A grant that no test makes use of, a wildcard, a partition or an attribute that a role may \
reach and no test needs, and a call that was refused although no test wanted that, each fail the build.

The embedded AWS evaluates each role, with all its conditions, and the key's policy on every call of a \
function, a transaction item by item (`infra/local/src/iam`). What only a service of AWS uses in the \
name of a role cannot be seen there; it names its user instead. Of a condition with a choice each value \
is a grant of its own.

| function | action | resource | condition | granted by | seen |
|---|---|---|---|---|---|
";

const OF_KEYS: &str = "
## The policies of the keys

The account's root there means: IAM may allow it to a role, in this form and no other. So a call above \
to a key was allowed by one of these statements as well.

| key | statement | principal | actions | condition | seen |
|---|---|---|---|---|---|
";

/// Compares what is granted with what was seen.
#[must_use]
pub fn report(policies: &Policies, seen: &BTreeSet<Sight>) -> Report {
    let mut report = Report { page: INTRODUCTION.to_owned(), faults: Vec::new() };
    let mut needed = vec![BTreeSet::new(); UNSEEN.len()];
    for (id, principal) in &policies.principals {
        for statement in &principal.statements {
            report.statement(id, principal, statement, seen, &mut needed);
        }
    }
    for (entry, needed) in UNSEEN.iter().zip(&needed) {
        for action in entry.actions.iter().filter(|action| !needed.contains(**action)) {
            report.faults.push(format!(
                "services.rs lists {action} of {} {}, which no role grants any more",
                entry.holder, entry.sid
            ));
        }
    }
    report.keys(policies, seen);
    report.faults.extend(unneeded_partitions(policies, seen));
    report.faults.extend(unneeded_attributes(policies, seen));
    for sight in seen {
        if let Sight::Refused { function, action, resource, provoked: false } = sight {
            report.faults.push(format!("{function} was refused {action} on {resource}"));
        }
    }
    report
}

impl Report {
    fn statement(
        &mut self,
        id: &str,
        principal: &Principal,
        statement: &Statement,
        seen: &BTreeSet<Sight>,
        needed: &mut [BTreeSet<&'static str>],
    ) {
        let sid = &statement.sid;
        for action in &statement.actions {
            let of = |entry: &Unseen| {
                (entry.holder == "*" || entry.holder == id)
                    && (entry.sid == "*" || entry.sid == sid)
                    && entry.actions.contains(&action.as_str())
            };
            let unseen = UNSEEN.iter().zip(needed.iter_mut()).find(|(entry, _)| of(entry));
            let unseen = unseen.map(|(entry, needed)| {
                needed.extend(entry.actions.iter().filter(|listed| *listed == action));
                entry
            });
            for resource in &statement.resources {
                let may = unseen.is_some_and(|entry| entry.wildcard.is_some());
                let wild = is_wild(action) || (is_wild(resource) && !may);
                if statement.allows && wild {
                    self.faults
                        .push(format!("{id}.{sid} grants a wildcard: {action} on {resource}"));
                }
                for (condition, used) in choices(statement) {
                    let is_seen = seen.iter().any(|sight| {
                        matches!(sight, Sight::Allowed { function, action: did, resource: upon, sid: by, used: of, .. }
                            if function == id && did == action && upon == resource && by == sid
                                && used.iter().all(|one| of.contains(one)))
                    });
                    let shown = match unseen {
                        _ if !statement.allows => "denied".to_owned(),
                        Some(entry) => format!("by {}", entry.user),
                        None if is_seen => "yes".to_owned(),
                        None => "**never**".to_owned(),
                    };
                    if statement.allows && unseen.is_none() && !is_seen {
                        self.faults.push(format!(
                            "{id}.{sid} grants {action} on {} {condition}, which was never seen",
                            plain(resource)
                        ));
                    }
                    let resource = plain(resource);
                    let _ = writeln!(
                        self.page,
                        "| {id} | {action} | {resource} | {condition} | {sid} | {shown} |"
                    );
                }
                if let (Some(_), Some(of)) = (unseen, logical_id(resource))
                    && principal.program.is_some()
                    && !resource.starts_with("<DataKey")
                    && !names(&principal.definition, of)
                {
                    self.faults.push(format!("{id}.{sid} is for {of}, which {id} does not name"));
                }
            }
        }
    }

    fn keys(&mut self, policies: &Policies, seen: &BTreeSet<Sight>) {
        self.page.push_str(OF_KEYS);
        for (key, statements) in &policies.keys {
            for statement in statements {
                let sid = &statement.sid;
                for action in statement.actions.iter().filter(|action| is_wild(action)) {
                    self.faults.push(format!("{key}.{sid} grants a wildcard: {action}"));
                }
                let mut used = BTreeSet::new();
                for sight in seen {
                    if let Sight::Allowed { action, key_sid: Some(by), .. } = sight
                        && by == sid
                    {
                        used.insert(action.as_str());
                    }
                }
                let (_, condition) = shown_conditions(statement, None);
                let _ = writeln!(
                    self.page,
                    "| {key} | {sid} | {} | {} | {condition} | {} |",
                    plain(&statement.principals.join(", ")),
                    statement.actions.join(", "),
                    used.into_iter().collect::<Vec<_>>().join(", "),
                );
            }
        }
    }
}

/// Whether an action is about a table and not about its partitions.
fn is_of_whole_table(action: &str) -> bool {
    action == "dynamodb:GetResourcePolicy"
        || ["dynamodb:Scan", "dynamodb:Describe"].iter().any(|start| action.starts_with(start))
}

/// Partitions that a role may reach and no test needed it to, of all that anybody reached in that table.
fn unneeded_partitions(policies: &Policies, seen: &BTreeSet<Sight>) -> Vec<String> {
    let mut partitions = BTreeMap::<&str, BTreeSet<&str>>::new();
    let mut needed = BTreeSet::new();
    for sight in seen {
        if let Sight::Reached { function, action, resource, partition } = sight {
            partitions.entry(resource).or_default().insert(partition);
            needed.insert((
                function.as_str(),
                action.as_str(),
                resource.as_str(),
                partition.as_str(),
            ));
        }
    }
    let mut faults = Vec::new();
    for (id, principal) in &policies.principals {
        let reaches = |statement: &Statement, partition: &str| {
            let context = Context::from([(LEADING_KEYS.to_owned(), vec![partition.to_owned()])]);
            let mut limits =
                statement.conditions.iter().filter(|condition| condition.key == LEADING_KEYS);
            limits.all(|condition| condition.is_met(&context))
        };
        for statement in principal.statements.iter().filter(|statement| statement.allows) {
            // A scan names no partition.
            for action in statement.actions.iter().filter(|action| !is_of_whole_table(action)) {
                for resource in &statement.resources {
                    let all = partitions.get(resource.as_str()).into_iter().flatten();
                    for partition in all.filter(|partition| reaches(statement, partition)) {
                        if !needed.contains(&(
                            id.as_str(),
                            action.as_str(),
                            resource.as_str(),
                            *partition,
                        )) {
                            faults.push(format!(
                                "{id}.{} grants {action} on the partition {partition} of {}, which no \
                                 test needed",
                                statement.sid,
                                plain(resource)
                            ));
                        }
                    }
                }
            }
        }
    }
    faults
}

/// Attributes that a role may name and no test needed it to.
fn unneeded_attributes(policies: &Policies, seen: &BTreeSet<Sight>) -> Vec<String> {
    let mut faults = Vec::new();
    for (id, principal) in &policies.principals {
        for statement in principal.statements.iter().filter(|statement| statement.allows) {
            let limits = statement
                .conditions
                .iter()
                .filter(|limit| limit.key == ATTRIBUTES && !limit.is_negated());
            for listed in limits.flat_map(|limit| &limit.values).collect::<BTreeSet<_>>() {
                let named = seen.iter().any(|sight| {
                    matches!(sight, Sight::Named { function, sid, attribute, .. }
                        if function == id && *sid == statement.sid && attribute == listed)
                });
                if !named {
                    faults.push(format!(
                        "{id}.{} grants the attribute {listed}, which no test named",
                        statement.sid
                    ));
                }
            }
        }
    }
    faults
}

/// A statement's conditions once for each value that a request has to choose, with what is recorded
/// when it was chosen. Values of which a request has any subset are all asked for together.
fn choices(statement: &Statement) -> Vec<(String, Vec<String>)> {
    let exclusive = statement.conditions.iter().find(|condition| condition.is_exclusive());
    match exclusive {
        None => vec![shown_conditions(statement, None)],
        Some(condition) => condition
            .values
            .iter()
            .map(|value| shown_conditions(statement, Some((&condition.key, value))))
            .collect(),
    }
    .into_iter()
    .map(|(used, shown)| (shown, used))
    .collect()
}

fn shown_conditions(
    statement: &Statement,
    chosen: Option<(&str, &String)>,
) -> (Vec<String>, String) {
    let mut used = Vec::new();
    let shown: Vec<_> = statement
        .conditions
        .iter()
        .map(|condition| match chosen {
            Some((key, value)) if key == condition.key && condition.is_exclusive() => {
                used.push(format!("{key}={value}"));
                condition.shown(std::slice::from_ref(value))
            }
            _ => condition.shown(&condition.values),
        })
        .collect();
    (used, plain(&shown.join("; ")))
}

fn is_wild(pattern: &str) -> bool {
    pattern.contains(['*', '?'])
}

/// A name for people: `KeysTable` for `<KeysTable.Arn>`.
fn plain(resolved: &str) -> String {
    resolved.replace(".Arn>", ">").replace(['<', '>'], "").replace('|', "\\|")
}

fn names(definition: &str, id: &str) -> bool {
    [format!("\"{id}\""), format!("\"{id}."), format!("${{{id}")]
        .iter()
        .any(|form| definition.contains(form.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iam::{Decision, Refusal, Request};
    use template::DEPLOYED;

    /// As if every grant had been seen.
    fn all_seen(policies: &Policies) -> BTreeSet<Sight> {
        let mut seen = BTreeSet::new();
        for (function, principal) in &policies.principals {
            for statement in &principal.statements {
                for action in &statement.actions {
                    for resource in &statement.resources {
                        let limits = statement.conditions.iter();
                        for attribute in limits
                            .filter(|limit| limit.key == ATTRIBUTES)
                            .flat_map(|limit| &limit.values)
                        {
                            seen.insert(Sight::Named {
                                function: function.clone(),
                                action: action.clone(),
                                resource: resource.clone(),
                                sid: statement.sid.clone(),
                                attribute: attribute.clone(),
                            });
                        }
                        for (_, used) in choices(statement) {
                            seen.insert(Sight::Allowed {
                                function: function.clone(),
                                action: action.clone(),
                                resource: resource.clone(),
                                sid: statement.sid.clone(),
                                used,
                                key_sid: None,
                            });
                        }
                    }
                }
            }
        }
        seen
    }

    fn faults(template: &str, change: impl FnOnce(&mut BTreeSet<Sight>)) -> Vec<String> {
        let policies = Policies::parse(template).unwrap();
        let mut seen = all_seen(&policies);
        change(&mut seen);
        report(&policies, &seen).faults
    }

    /// The template with something else in the statement of that name.
    fn with(sid: &str, from: &str, to: &str) -> String {
        let (before, statement) = DEPLOYED.split_once(&format!("- Sid: {sid}\n")).unwrap();
        assert!(statement.contains(from));
        format!("{before}- Sid: {sid}\n{}", statement.replacen(from, to, 1))
    }

    #[test]
    fn the_template_as_it_is_has_no_fault() {
        assert_eq!(faults(DEPLOYED, |_| {}), [""; 0]);
    }

    #[test]
    fn a_wildcard_is_named() {
        for (from, to) in [
            ("dynamodb:PutItem", "dynamodb:*"),
            ("dynamodb:PutItem", "\"*\""),
            ("!GetAtt ProfilesTable.Arn", "\"*\""),
            ("!GetAtt ProfilesTable.Arn", "!Sub \"${ProfilesTable.Arn}/index/*\""),
        ] {
            let found = faults(&with("Profiles", from, to), |_| {});
            assert!(
                found
                    .iter()
                    .any(|fault| fault.contains("IntakeFunction.Profiles grants a wildcard"))
            );
        }
    }

    #[test]
    fn a_grant_that_nobody_used_is_named_with_its_value() {
        let found = faults(DEPLOYED, |seen| {
            seen.retain(|sight| match sight {
                Sight::Allowed { used, .. } => !used.iter().any(|one| one.ends_with("=profile")),
                _ => true,
            });
        });
        assert_eq!(found.len(), 6, "four roles open, two of them make as well: {found:?}");
        assert!(
            found.iter().all(|fault| fault.contains(".Content") && fault.contains("= profile"))
        );
    }

    #[test]
    fn a_partition_that_a_role_may_reach_and_nobody_needs_is_named() {
        let reached = |function: &str, partition: &str| Sight::Reached {
            function: function.to_owned(),
            action: "dynamodb:PutItem".to_owned(),
            resource: "<LedgerTable.Arn>".to_owned(),
            partition: partition.to_owned(),
        };
        let puts = |seen: &[&str]| -> Vec<String> {
            let found = faults(DEPLOYED, |all| {
                all.extend(seen.iter().map(|function| reached(function, "receipt#*")));
            });
            found.into_iter().filter(|fault| fault.contains("PutItem on the partition")).collect()
        };
        let all = ["IntakeFunction", "RetentionFunction", "SweepFunction"];
        assert_eq!(puts(&all), [""; 0]);
        let found = puts(&all[..1]);
        assert_eq!(found.len(), 2, "{found:?}");
        for (fault, function) in found.iter().zip(&all[1..]) {
            assert!(fault.starts_with(function) && fault.contains("receipt#*"), "{fault}");
        }
    }

    #[test]
    fn an_attribute_that_a_role_may_name_and_nobody_does_is_named() {
        let found = faults(DEPLOYED, |seen| {
            seen.retain(|sight| {
                !matches!(sight, Sight::Named { sid, attribute, .. }
                    if sid == "NewBranchKeys" && attribute == "w")
            });
        });
        assert!(!found.is_empty(), "nothing was found");
        assert!(found.iter().all(|fault| fault.contains("NewBranchKeys grants the attribute w")));
    }

    #[test]
    fn a_refusal_is_a_fault_unless_a_test_wanted_it() {
        let refused = |provoked| Sight::Refused {
            function: "SiteFunction".to_owned(),
            action: "dynamodb:Scan".to_owned(),
            resource: "<KeysTable.Arn>".to_owned(),
            provoked,
        };
        assert!(faults(DEPLOYED, |seen| seen.extend([refused(true)])).is_empty());
        assert_eq!(faults(DEPLOYED, |seen| seen.extend([refused(false)])).len(), 1);
    }

    #[test]
    fn a_use_that_no_role_needs_any_more_is_named() {
        let found = faults(&with("Hook", "lambda:InvokeFunction", "lambda:GetFunction"), |_| {});
        assert!(
            found.iter().any(|fault| fault.contains("lists lambda:InvokeFunction of RolloutRole"))
        );
    }

    #[test]
    fn without_its_statement_a_branch_key_cannot_be_stored() {
        let context = [("dynamodb:LeadingKeys", "default"), ("dynamodb:Attributes", "p")]
            .map(|(key, value)| (key.to_owned(), vec![value.to_owned()]));
        let put = Request {
            action: "dynamodb:PutItem".to_owned(),
            resource: "<SettingsTable.Arn>".to_owned(),
            context: context.into(),
        };
        let decide = |text: &str| Policies::parse(text).unwrap().decide("IntakeFunction", &put);
        assert!(
            matches!(decide(DEPLOYED), Decision::Allowed(grant) if grant.sid == "NewBranchKeys")
        );
        for changed in [
            with("NewBranchKeys", "dynamodb:PutItem", "dynamodb:GetItem"),
            with("NewBranchKeys", "[p, k, w]", "[k, w]"),
        ] {
            assert_eq!(decide(&changed), Decision::Refused(Refusal::NoIdentityStatement));
        }
        let denied = with("NewBranchKeys", "Effect: Allow", "Effect: Deny");
        let refused = Decision::Refused(Refusal::Denied("NewBranchKeys".to_owned()));
        assert_eq!(decide(&denied), refused);
    }

    #[test]
    fn the_keys_policy_has_to_allow_it_as_well() {
        let text = DEPLOYED.replace(
            "kms:EncryptionContext:sotto:branch: \"false\"",
            "kms:EncryptionContext:sotto:moon: \"false\"",
        );
        let body = serde_json::json!({"EncryptionContext": {
            "sotto:site": "default", "sotto:purpose": "transcript", "sotto:branch": "2026-11",
        }});
        let request = crate::iam::kms::request("Decrypt", &body, Some("DataKey"));
        let decide = |text: &str| Policies::parse(text).unwrap().decide("IntakeFunction", &request);
        assert!(matches!(decide(DEPLOYED), Decision::Allowed(_)));
        assert_eq!(decide(&text), Decision::Refused(Refusal::NoKeyStatement));
    }
}
