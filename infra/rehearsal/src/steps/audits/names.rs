//! The values of names in commands: documents that are changed and put back, and made-up items.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use data_encoding::{BASE64, HEXLOWER};
use serde_json::{Value, json};

use crate::command::{Failure, ensure};
use crate::stack::Stack;

/// Every course (`shared/values/src/training.rs`).
const COURSES: [&str; 5] =
    ["data-privacy", "safe-communication", "phishing", "first-hour", "assistants"];
/// A version that no course has come to.
const NEWEST: u32 = 1_000;
/// Two made-up members of the staff, and somebody whom no table knows.
const PEOPLE: [&str; 2] =
    ["018f0000-0000-7000-8000-00000000000a", "018f0000-0000-7000-8000-00000000000b"];
const NOBODY: &str = "018f0000-0000-7000-8000-00000000000c";
/// Routes that are led elsewhere, with the names of their ids and of where they lead.
const ROUTES: [(&str, [&str; 2]); 3] = [
    ("GET /console", ["ConsoleRoute", "ConsoleTarget"]),
    ("GET /v1/health", ["HealthRoute", "HealthTarget"]),
    ("GET /v1/keys", ["KeysRoute", "KeysTarget"]),
];
const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// An erasure that waits ends this many days after it was stored.
const LONGEST_DAYS: i64 = 3_650;
/// Values by the names that commands have for them.
type Values = Vec<(&'static str, String)>;

/// Policies, an alarm and settings, each as it is and as a fault has it.
pub(super) fn documents(stack: &Stack) -> Result<BTreeMap<String, String>, Failure> {
    let parts = [of_key(stack)?, of_tables(stack)?, of_role(stack)?, of_function(stack)?];
    let others = [of_alarm(stack)?, of_gateway(stack)?, vec![("Nobody", NOBODY.to_owned())]];
    let all = parts.into_iter().chain(others).flatten();
    Ok(all.map(|(name, value)| (name.to_owned(), value)).collect())
}

fn of_key(stack: &Stack) -> Result<Values, Failure> {
    let key = stack.physical("DataKey")?;
    let get = ["kms", "get-key-policy", "--policy-name", "default", "--key-id", key];
    let answer = stack.aws.ask(&get)?;
    let policy: Value = serde_json::from_str(answer["Policy"].as_str().unwrap_or_default())?;
    let other = stack.output("KmsKeyArn")?.replace(key, stack.physical("AlarmsKey")?);
    Ok(vec![
        ("KeyPolicy", policy.to_string()),
        ("WiderKeyPolicy", wider(&policy, "kms:Decrypt", Some("*"))),
        ("NarrowerKeyPolicy", narrower(&policy)),
        ("OtherKeyArn", other),
    ])
}

fn of_tables(stack: &Stack) -> Result<Values, Failure> {
    let ask = |what: &str, table: &str| {
        stack.aws.ask(&["dynamodb", what, "--table-name", stack.physical(table)?])
    };
    let desk = ask("describe-table", "DeskTable")?;
    let arn = desk["Table"]["TableArn"].as_str().unwrap_or_default();
    let backups = ask("describe-continuous-backups", "DeskTable")?;
    let recovery = &backups["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"];
    let mut specification = json!({ "PointInTimeRecoveryEnabled": true });
    if let Some(days) = recovery["RecoveryPeriodInDays"].as_i64() {
        specification["RecoveryPeriodInDays"] = days.into();
    }
    let profiles = ask("describe-table", "ProfilesTable")?;
    let indexes = profiles["Table"]["GlobalSecondaryIndexes"].as_array();
    let email = indexes.into_iter().flatten().find(|index| index["IndexName"] == "email");
    let email = email.ok_or_else(|| Failure("there is no index email".to_owned()))?;
    let parts = ["IndexName", "KeySchema", "Projection"];
    let parts: BTreeMap<_, _> = parts.map(|part| (part, email[part].clone())).into();
    let nothing = json!({ "Version": "2012-10-17", "Statement": [] });
    Ok(vec![
        ("TablePolicy", wider(&nothing, "dynamodb:GetItem", Some(arn))),
        ("DeskTableArn", arn.to_owned()),
        ("Recovery", specification.to_string()),
        ("Attributes", profiles["Table"]["AttributeDefinitions"].to_string()),
        ("EmailIndex", json!([{ "Create": parts }]).to_string()),
    ])
}

fn of_role(stack: &Stack) -> Result<Values, Failure> {
    let role = ["--role-name", stack.physical("TrainingRole")?];
    let ask = |what: &[&str]| stack.aws.ask(&[&["iam"], what, &role].concat());
    let policies = ask(&["list-role-policies"])?;
    let name = policies["PolicyNames"][0].as_str().unwrap_or_default();
    let policy = ask(&["get-role-policy", "--policy-name", name])?;
    let policy = &policy["PolicyDocument"];
    let trust = ask(&["get-role"])?;
    let trust = &trust["Role"]["AssumeRolePolicyDocument"];
    Ok(vec![
        ("PolicyName", name.to_owned()),
        ("RolePolicy", policy.to_string()),
        ("NarrowerPolicy", narrower(policy)),
        ("WiderPolicy", with_action(policy, "dynamodb:Scan")),
        ("Trust", trust.to_string()),
        ("WiderTrust", wider(trust, "sts:AssumeRole", None)),
    ])
}

fn of_function(stack: &Stack) -> Result<Values, Failure> {
    let name = stack.physical("ReportsFunction")?;
    let get = ["lambda", "get-function-configuration", "--function-name", name];
    let configuration = stack.aws.ask(&get)?;
    let variables = &configuration["Environment"]["Variables"];
    let mut fewer = variables.clone();
    let removed = fewer.as_object_mut().and_then(|variables| variables.remove("SOTTO_KMS_KEY"));
    ensure(removed.is_some(), || "ReportsFunction has no SOTTO_KMS_KEY".to_owned())?;
    let description = configuration["Description"].as_str().unwrap_or_default();
    Ok(vec![
        ("ReportsDescription", description.to_owned()),
        ("ReportsLive", stack.live("ReportsFunction")?),
        ("Environment", json!({ "Variables": variables }).to_string()),
        ("SmallerEnvironment", json!({ "Variables": fewer }).to_string()),
    ])
}

fn of_alarm(stack: &Stack) -> Result<Values, Failure> {
    let name = stack.physical("DeskErrors")?;
    let mut found = stack.aws.ask(&["cloudwatch", "describe-alarms", "--alarm-names", name])?;
    let mut alarm = found["MetricAlarms"][0].take();
    if let Some(members) = alarm.as_object_mut() {
        // CloudWatch adds the others.
        let is_given = |name: &str| !name.starts_with("State") && !name.ends_with("Timestamp");
        members.retain(|name, _| is_given(name) && name != "AlarmArn");
    }
    Ok(vec![("Alarm", alarm.to_string())])
}

fn of_gateway(stack: &Stack) -> Result<Values, Failure> {
    let api = ["--api-id", stack.physical("Api")?];
    let stage = ["apigatewayv2", "get-stage", "--stage-name", "$default"];
    let stage = stack.aws.ask(&[&stage[..], &api].concat())?;
    let certificate = "arn:aws:acm:eu-central-1:000000000000:certificate/rehearsal";
    let mut values = vec![
        ("Limits", stage["DefaultRouteSettings"].to_string()),
        ("AccessLog", stage["AccessLogSettings"].to_string()),
        ("Certificate", certificate.to_owned()),
    ];
    let routes = stack.aws.ask(&[&["apigatewayv2", "get-routes"], &api[..]].concat())?;
    for (key, [route, target]) in ROUTES {
        let mut all = routes["Items"].as_array().into_iter().flatten();
        let found = all.find(|one| one["RouteKey"] == key);
        let found = found.ok_or_else(|| Failure(format!("the gateway has no route {key}")))?;
        let text = |member: &str| found[member].as_str().unwrap_or_default().to_owned();
        values.extend([(route, text("RouteId")), (target, text("Target"))]);
    }
    Ok(values)
}

/// A policy with a statement for another account; without a resource where it is one of trust.
fn wider(policy: &Value, action: &str, resource: Option<&str>) -> String {
    let mut statement = json!({
        "Sid": "Rehearsal",
        "Effect": "Allow",
        "Principal": { "AWS": "arn:aws:iam::111111111111:root" },
        "Action": action,
    });
    if let Some(resource) = resource {
        statement["Resource"] = resource.into();
    }
    let mut policy = policy.clone();
    if let Some(statements) = policy["Statement"].as_array_mut() {
        statements.push(statement);
    }
    policy.to_string()
}

/// A policy without its last statement.
fn narrower(policy: &Value) -> String {
    let mut policy = policy.clone();
    if let Some(statements) = policy["Statement"].as_array_mut() {
        statements.pop();
    }
    policy.to_string()
}

/// A policy whose first statement allows one action more.
fn with_action(policy: &Value, action: &str) -> String {
    let mut policy = policy.clone();
    let actions = &mut policy["Statement"][0]["Action"];
    let mut all = actions.as_array().cloned().unwrap_or_else(|| vec![actions.clone()]);
    all.push(action.into());
    *actions = all.into();
    policy.to_string()
}

/// Made-up items in the form of docs/data.md: two admins who keep every rule, and items that break one.
pub(super) fn items(stack: &Stack, now_ms: i64) -> Result<BTreeMap<String, String>, Failure> {
    let ago = |days: i64| now_ms - days * DAY_MS;
    let end = |days: i64| number((now_ms + days * DAY_MS) / 1000);
    let sealed = binary(&[1; 29]);
    let [first, second] = PEOPLE;
    let account = |id: &str, roles: &str| {
        json!({
            "p": text(format!("staff#{id}")), "k": text("account"), "r": text(roles),
            "s": text("active"), "n": number(1), "e": number(1), "l": text(format!("made-up-{id}")),
            "v": sealed, "t": number(ago(900)),
        })
    };
    let factor = |id: &str, made_ms: i64, used_ms: i64| {
        json!({
            "p": text(format!("staff#{id}")), "k": text("totp"), "v": sealed, "c": number(1),
            "g": number(1), "t": number(made_ms), "u": number(used_ms),
        })
    };
    let certificate = json!({
        "version": NEWEST, "passed_ms": ago(30), "expires_ms": ago(-300), "jws": "made up",
    });
    let passed: BTreeMap<_, _> = COURSES.map(|course| (course, certificate.clone())).into();
    let training = |id: &str, passed: &Value| {
        let content = json!({ "certificates": passed, "attempts": {}, "practices": {} });
        json!({
            "p": text("staff"), "k": text(id), "g": number(ago(800)), "n": number(1),
            "j": text(content.to_string()),
        })
    };
    let (passed, nothing) = (json!(passed), json!({}));
    let (mut identity, mut trainings) = (Vec::new(), Vec::new());
    for id in PEOPLE {
        identity.push(account(id, "admin,security"));
        identity.push(factor(id, ago(200), ago(1)));
        identity.push(json!({ "p": text("directory"), "k": text(id) }));
        let login = text(format!("login#made-up-{id}"));
        let whose = binary(&bytes(id)?);
        identity.push(json!({ "p": login, "k": text("login"), "u": whose, "n": number(1) }));
        trainings.push(training(id, &passed));
    }
    let key = |item: &Value| json!({ "p": item["p"], "k": item["k"] });
    let requests = |of: &dyn Fn(&Value) -> Value| -> Result<String, Failure> {
        let of = |items: &[Value]| items.iter().map(of).collect::<Vec<_>>();
        let (people, training) =
            (stack.physical("IdentityTable")?, stack.physical("TrainingTable")?);
        Ok(json!({ people: of(&identity), training: of(&trainings) }).to_string())
    };
    let nobody = bytes(NOBODY)?;
    let plain = json!({ "u": binary(&nobody), "k": text("customer") });
    let mut plain_item = plain.clone();
    plain_item["p"] = number(ago(-30));
    plain_item["n"] = text("Ada Lovelace, Ockham Park");
    plain_item["expires_at"] = end(30);
    let made = [
        ("Staff", requests(&|item| json!({ "PutRequest": { "Item": item } }))?),
        ("NoStaff", requests(&|item| json!({ "DeleteRequest": { "Key": key(item) } }))?),
        ("Admin", account(second, "admin,security").to_string()),
        ("Officer", account(second, "security").to_string()),
        ("Factor", factor(first, ago(200), ago(1)).to_string()),
        ("FactorKey", key(&factor(first, 0, 0)).to_string()),
        ("OldFactor", factor(first, ago(800), ago(1)).to_string()),
        ("UnusedFactor", factor(first, ago(200), ago(100)).to_string()),
        ("Trained", training(first, &passed).to_string()),
        ("Untrained", training(first, &nothing).to_string()),
        ("Plain", plain_item.to_string()),
        ("PlainKey", plain.to_string()),
        ("Case", case(ago(200)).to_string()),
        ("Wish", wish(ago(3), &end(LONGEST_DAYS - 3)).to_string()),
        ("Incident", incident(ago(2), &end(400)).to_string()),
    ];
    Ok(made.map(|(name, value)| (name.to_owned(), value)).into())
}

/// A request to be erased. Its id is so old that no event has to tell of it.
fn case(received_ms: i64) -> Value {
    json!({
        "p": text("case"), "k": text(NOBODY), "d": text("erasure"), "b": text("gdpr"),
        "q": text("open"), "r": number(received_ms), "x": number(0), "n": number(1),
        "j": text("[]"), "m": binary(&[1; 32]),
    })
}

/// An erasure that waits although nothing is held.
fn wish(asked_ms: i64, end: &Value) -> Value {
    json!({
        "p": text("waiting"), "k": text(NOBODY), "b": text("gdpr_17"), "r": number(asked_ms),
        "i": binary(&[1; 32]), "s": text("default"), "m": binary(&[1; 32]), "expires_at": end,
    })
}

/// An incident that is as open as on its first day.
fn incident(opened_ms: i64, end: &Value) -> Value {
    let content = json!({
        "id": NOBODY, "kind": "unusual_reads", "about": null, "severity": "low", "status": "open",
        "opened_ms": opened_ms, "notify_by_ms": null, "evidence": [], "evidence_count": 0,
        "window": [opened_ms, opened_ms], "signals": [], "timeline": [], "actions": [],
        "assignee": null, "notes": [], "verdict": null, "settled_ms": null,
    });
    json!({
        "p": text("incident"), "k": text(NOBODY), "j": text(content.to_string()), "n": number(1),
        "expires_at": end,
    })
}

/// Leaves of which the last is another one: its last byte has one bit changed.
pub(super) fn changed(leaf: &Value) -> Result<Value, Failure> {
    let leaves = leaf["v"]["B"].as_str().unwrap_or_default();
    let leaves = BASE64.decode(leaves.as_bytes());
    let mut leaves = leaves.map_err(|error| Failure(error.to_string()))?;
    let last = leaves.last_mut().ok_or_else(|| Failure("the audit log has no leaf".to_owned()))?;
    *last ^= 1;
    let mut leaf = leaf.clone();
    leaf["v"] = binary(&leaves);
    Ok(leaf)
}

/// An id as DynamoDB stores it.
fn bytes(id: &str) -> Result<Vec<u8>, Failure> {
    let bytes = HEXLOWER.decode(id.replace('-', "").as_bytes());
    bytes.map_err(|error| Failure(error.to_string()))
}

pub(super) fn text(value: impl Into<String>) -> Value {
    json!({ "S": value.into() })
}

fn number(value: i64) -> Value {
    json!({ "N": value.to_string() })
}

fn binary(value: &[u8]) -> Value {
    json!({ "B": BASE64.encode(value) })
}

#[expect(
    clippy::disallowed_methods,
    reason = "the clock of the functions, which is this machine's"
)]
pub(super) fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leaf_changes_in_one_bit_and_a_policy_in_one_statement() {
        let leaf = json!({ "k": text("000"), "v": binary(&[7, 6]) });
        assert_eq!(changed(&leaf).unwrap()["v"], binary(&[7, 7]));
        assert!(changed(&json!({ "v": binary(&[]) })).is_err());
        let policy = json!({ "Version": "2012-10-17", "Statement": [{ "Action": "a" }] });
        let statements = |text: String| {
            let policy: Value = serde_json::from_str(&text).unwrap();
            policy["Statement"].as_array().unwrap().clone()
        };
        assert_eq!(statements(wider(&policy, "b", Some("*"))).len(), 2);
        assert_eq!(statements(narrower(&policy)), [json!(null); 0]);
        assert_eq!(statements(with_action(&policy, "b")), [json!({ "Action": ["a", "b"] })]);
    }
}
