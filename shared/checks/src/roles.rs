//! The roles: whether each may do what the template says and nothing else, who takes it, and whether it is used.

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use shared::clock::Clock;
use shared::values::control::Control;
use template::Template;

use crate::aws::{Clients, could_not, is_absent};
use crate::finding::{Chapter, CouldNot, Finding};
use crate::grants::{Differences, Names, statements};
use crate::stack::{Resource, Stack};

const KIND: &str = "AWS::IAM::Role";
/// A policy that stands beside the roles that have it.
const BESIDE: &str = "AWS::IAM::Policy";
const DAY_SECONDS: i64 = 24 * 60 * 60;
/// A role that nobody has taken for longer is unused.
const UNUSED_DAYS: i64 = 90;
/// The controls that a look at a role is about.
const ALL: [Control; 3] = [Control::RolePermissions, Control::RoleTrust, Control::RoleUnused];
/// The rights of the roles that SAM makes for a schedule, and who takes them.
const OF_A_SCHEDULE: [&str; 2] = ["lambda:InvokeFunction", "sqs:SendMessage"];
const SCHEDULER: &str = "scheduler.amazonaws.com";

/// A role as IAM describes it.
#[derive(Debug, Clone, Default)]
pub struct Role {
    /// The policy that says who takes it.
    pub trust: Value,
    /// Its own policies by their names.
    pub policies: BTreeMap<String, Value>,
    /// The names of policies that are attached to it.
    pub attached: Vec<String>,
    /// When it was made, in seconds.
    pub made_seconds: i64,
    /// When it was taken last, in seconds.
    pub used_seconds: Option<i64>,
}

/// Reads a role; `None` if there is none of that name.
///
/// # Errors
/// [`CouldNot`], when IAM does not answer.
pub async fn look(clients: &Clients, name: &str) -> Result<Option<Role>, CouldNot> {
    let action = "iam:GetRole";
    let iam = &clients.iam;
    let described = match iam.get_role().role_name(name).send().await {
        Ok(described) => described,
        Err(error) if is_absent(&error) || says_no_such(&error) => return Ok(None),
        Err(error) => return Err(could_not(action)(error)),
    };
    let described = described.role().ok_or_else(|| CouldNot::missing(action, "a role"))?;
    let trust = described.assume_role_policy_document().and_then(document);
    let used = described.role_last_used().and_then(|used| used.last_used_date());
    let mut role = Role {
        trust: trust.ok_or_else(|| CouldNot::missing(action, "who may take it"))?,
        made_seconds: described.create_date().secs(),
        used_seconds: used.map(aws_sdk_iam::primitives::DateTime::secs),
        ..Role::default()
    };
    let mut names = iam.list_role_policies().role_name(name).into_paginator().items().send();
    while let Some(policy) = names.next().await {
        let policy = policy.map_err(could_not("iam:ListRolePolicies"))?;
        let action = "iam:GetRolePolicy";
        let read = iam.get_role_policy().role_name(name).policy_name(&policy).send().await;
        let read = document(read.map_err(could_not(action))?.policy_document());
        role.policies.insert(policy, read.ok_or_else(|| CouldNot::missing(action, "a policy"))?);
    }
    let mut pages =
        iam.list_attached_role_policies().role_name(name).into_paginator().items().send();
    while let Some(policy) = pages.next().await {
        let policy = policy.map_err(could_not("iam:ListAttachedRolePolicies"))?;
        role.attached.push(policy.policy_name().unwrap_or("without a name").to_owned());
    }
    Ok(Some(role))
}

/// IAM's code for what does not exist.
fn says_no_such(error: &impl aws_sdk_iam::error::ProvideErrorMetadata) -> bool {
    error.code() == Some("NoSuchEntity")
}

/// A policy as IAM gives it: JSON, percent-encoded.
fn document(encoded: &str) -> Option<Value> {
    let text = percent_decode_str(encoded).decode_utf8().ok()?;
    serde_json::from_str(&text).ok()
}

/// A role as the template has it.
pub struct Design<'a> {
    /// Its name in the template.
    pub logical: &'a str,
    /// The policy that says who takes it; null for a role that SAM makes.
    pub trust: &'a Value,
    /// Its policies, those too that stand beside it in the template.
    pub policies: Vec<&'a Value>,
}

impl<'a> Design<'a> {
    /// The role of that name, in a stack that has `beside` it the policies of these names.
    #[must_use]
    pub fn of(template: &'a Template, logical: &'a str, beside: &[&str]) -> Self {
        let role = template.properties(logical);
        let of_role = |policy: &&Value| {
            let mut roles = policy["Roles"].as_array().into_iter().flatten();
            roles.any(|role| role["Ref"] == logical)
        };
        let beside = beside.iter().map(|name| template.properties(name)).filter(of_role);
        let own = role["Policies"].as_array().into_iter().flatten();
        let trust = &role["AssumeRolePolicyDocument"];
        Self { logical, trust, policies: own.chain(beside).collect() }
    }
}

/// The findings about a role.
#[must_use]
pub fn judge(names: &Names, design: &Design<'_>, role: &Role, now_seconds: i64) -> Vec<Finding> {
    let logical = design.logical;
    let mut findings = judge_rights(names, design, role);
    findings.push(judge_trust(names, design, role));
    let since = role.used_seconds.unwrap_or(role.made_seconds);
    let days = (now_seconds - since).div_euclid(DAY_SECONDS);
    let see = Chapter::RoleChanged;
    findings.push(if days > UNUSED_DAYS {
        let what = format!("Nobody has taken {logical} for {days} days.");
        Finding::look("role_unused", what, "Find out why its function does not run.", see)
    } else {
        Finding::fine("role_used", format!("{logical} was made or taken {days} days ago."), see)
    });
    findings
}

fn judge_rights(names: &Names, design: &Design<'_>, role: &Role) -> Vec<Finding> {
    let Design { logical, trust, policies } = design;
    let see = Chapter::RoleChanged;
    let advice = "Deploy again; CloudTrail says who changed it.";
    let mut findings = Vec::new();
    let mut more = |what: String| findings.push(Finding::wrong("role_more", what, advice, see));
    for attached in &role.attached {
        more(format!(
            "The policy {attached} is attached to {logical}, which the template has not."
        ));
    }
    let designed: BTreeMap<&str, &Value> = policies
        .iter()
        .filter_map(|policy| Some((policy["PolicyName"].as_str()?, &policy["PolicyDocument"])))
        .collect();
    if trust.is_null() {
        let is_known = |statement: &Value| {
            let resources = texts(&statement["Resource"]);
            texts(&statement["Action"])
                .iter()
                .all(|action| OF_A_SCHEDULE.contains(&action.as_str()))
                && !resources.is_empty()
                && resources.iter().all(|one| one.starts_with("arn:") && !one.contains('*'))
        };
        for (name, policy) in &role.policies {
            if !statements(policy).iter().all(is_known) {
                more(format!("The policy {name} lets {logical} do more than start a function."));
            }
        }
    } else {
        for (name, live) in &role.policies {
            let Some(policy) = designed.get(name.as_str()) else {
                more(format!("{logical} has the policy {name}, which the template has not."));
                continue;
            };
            for statement in Differences::between(names, policy, live).more {
                more(format!(
                    "{logical} has the statement {statement}, which was not designed so."
                ));
            }
        }
    }
    for (name, policy) in designed {
        let live = role.policies.get(name).unwrap_or(&Value::Null);
        findings.extend(Differences::between(names, policy, live).less.iter().map(|statement| {
            let what = format!("{logical} lacks the statement {statement} as it was designed.");
            Finding::wrong("role_less", what, advice, see)
        }));
    }
    if findings.is_empty() {
        let what = format!("{logical} may do what the template says, and nothing else.");
        findings.push(Finding::fine("role_as_designed", what, see));
    }
    findings
}

fn judge_trust(names: &Names, design: &Design<'_>, role: &Role) -> Finding {
    let Design { logical, trust, .. } = design;
    let fits = if trust.is_null() {
        let only = [json!({"Service": SCHEDULER}), json!({"Service": [SCHEDULER]})];
        let trusted = statements(&role.trust);
        !trusted.is_empty() && trusted.iter().all(|one| only.contains(&one["Principal"]))
    } else {
        Differences::between(names, trust, &role.trust).is_empty()
    };
    let see = Chapter::RoleChanged;
    if fits {
        let what = format!("{logical} is taken by the service that the template names.");
        return Finding::fine("role_trusted_as_designed", what, see);
    }
    let principals: Vec<_> =
        statements(&role.trust).iter().map(|one| one["Principal"].to_string()).collect();
    Finding::wrong(
        "role_trust",
        format!("{logical} may be taken by {}, not as designed.", principals.join(", ")),
        "Deploy again; CloudTrail says who changed it.",
        see,
    )
}

fn texts(member: &Value) -> Vec<String> {
    let text = |one: &Value| one.as_str().unwrap_or_default().to_owned();
    match member {
        Value::Array(several) => several.iter().map(text).collect(),
        single => vec![text(single)],
    }
}

/// Looks at every role of the stack, side by side.
pub async fn check(
    clients: &Clients,
    stack: &Stack,
    template: &Template,
    clock: &Clock,
) -> Vec<Finding> {
    let names = Names::of(clients, stack);
    let beside: Vec<_> = stack.of_kind(BESIDE).map(|policy| policy.logical.as_str()).collect();
    let mut findings = Vec::new();
    for resource in stack.of_kind(KIND) {
        let Resource { logical, physical, .. } = resource;
        match look(clients, physical).await {
            Err(could_not) => findings.push(could_not.finding(logical).about(ALL)),
            Ok(None) => findings.push(Finding::wrong(
                "role_absent",
                format!("{logical} does not exist."),
                "Deploy again; CloudTrail says who deleted it.",
                Chapter::RoleChanged,
            )),
            Ok(Some(role)) => {
                let design = Design::of(template, logical, &beside);
                findings.extend(judge(&names, &design, &role, clock.now_seconds()));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(change: impl FnOnce(&mut Role)) -> Vec<&'static str> {
        let template = Template::deployed().unwrap();
        let design = template.properties("SiteRole");
        let policies = design["Policies"].as_array().unwrap().iter();
        let mut role = Role {
            trust: design["AssumeRolePolicyDocument"].clone(),
            policies: policies
                .map(|policy| {
                    let mut document = policy["PolicyDocument"].clone();
                    for statement in document["Statement"].as_array_mut().unwrap() {
                        statement["Resource"] = json!("arn:aws:logs:e:1:log-group:x");
                    }
                    (policy["PolicyName"].as_str().unwrap().to_owned(), document)
                })
                .collect(),
            made_seconds: 0,
            ..Role::default()
        };
        change(&mut role);
        let names = Names::none();
        let design = Design::of(template, "SiteRole", &[]);
        judge(&names, &design, &role, 91 * DAY_SECONDS)
            .iter()
            .map(|finding| finding.code)
            .filter(|code| {
                !["role_as_designed", "role_trusted_as_designed", "role_used"].contains(code)
            })
            .collect()
    }

    #[test]
    fn whatever_somebody_adds_takes_or_leaves_unused_is_named() {
        let recently = |role: &mut Role| role.used_seconds = Some(DAY_SECONDS);
        assert_eq!(codes(recently), [""; 0]);
        assert_eq!(codes(|_| {}), ["role_unused"]);
        let changed = |change: &dyn Fn(&mut Role)| {
            codes(|role| {
                recently(role);
                change(role);
            })
        };
        let allow =
            json!({"Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}});
        let own = |role: &mut Role| {
            let (_, policy) = role.policies.iter_mut().next().unwrap();
            policy["Statement"][0]["Action"] = json!(["logs:*"]);
        };
        assert_eq!(changed(&own), ["role_more", "role_less"]);
        assert_eq!(changed(&|role| role.attached.push("Admin".to_owned())), ["role_more"]);
        let another =
            |role: &mut Role| drop(role.policies.insert("other".to_owned(), allow.clone()));
        assert_eq!(changed(&another), ["role_more"]);
        assert!(changed(&|role| role.policies.clear()).iter().all(|code| *code == "role_less"));
        let account = |role: &mut Role| {
            role.trust["Statement"][0]["Principal"] = json!({"AWS": "arn:aws:iam::2:root"});
        };
        assert_eq!(changed(&account), ["role_trust"]);
    }

    #[test]
    fn a_policy_beside_a_role_is_of_that_role_where_the_stack_has_it() {
        let template = Template::deployed().unwrap();
        let count = |role, beside: &[&str]| Design::of(template, role, beside).policies.len();
        assert_eq!(count("RolloutRole", &["RolloutHook"]), count("RolloutRole", &[]) + 1);
        assert_eq!(count("IntakeRole", &["RolloutHook"]), 1);
        assert_eq!(count("IntakeRole", &["RolloutHook", "Traces"]), 2);
    }

    #[test]
    fn a_role_of_a_schedule_starts_functions_and_nothing_else() {
        let judged = |action: &str, service: &str| {
            let on = "arn:aws:lambda:e:1:function:f:live";
            let policy =
                json!({"Statement": [{"Effect": "Allow", "Action": action, "Resource": on}]});
            let role = Role {
                trust: json!({"Statement": [{"Principal": {"Service": service}}]}),
                policies: [("p".to_owned(), policy)].into(),
                ..Role::default()
            };
            let names = Names::none();
            let design = Design { logical: "S", trust: &Value::Null, policies: Vec::new() };
            let judged = judge(&names, &design, &role, 0);
            judged.iter().map(|finding| finding.code).collect::<Vec<_>>()
        };
        let fine = ["role_as_designed", "role_trusted_as_designed", "role_used"];
        assert_eq!(judged("lambda:InvokeFunction", SCHEDULER), fine);
        assert_eq!(judged("lambda:*", SCHEDULER)[0], "role_more");
        assert_eq!(judged("lambda:InvokeFunction", "ec2.amazonaws.com")[1], "role_trust");
    }

    #[test]
    fn a_document_is_read_as_iam_writes_it() {
        assert_eq!(document("%7B%22a%22%3A%20%22b%2Bc%22%7D"), Some(json!({"a": "b+c"})));
        assert_eq!(document("%7B"), None);
    }
}
