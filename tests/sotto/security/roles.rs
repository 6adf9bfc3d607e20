//! Each role is refused what it must not have: by the evaluator, with the roles of the template, and
//! over the wire, with the function's credentials.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::types::AttributeValue;
use local::iam::dynamodb::{Tables, requests};
use local::iam::policies::Policies;
use local::iam::{Decision, kms};
use local::template::{DEPLOYED, Template};
use serde_json::{Value, json};
use tests::api::Api;
use tests::visitor::Visitor;
use tests::world::World;

const FUNCTIONS: [&str; 5] =
    ["IntakeFunction", "SiteFunction", "RotateKeysFunction", "DetectFunction", "PreflightFunction"];
const PURPOSES: [&str; 5] = ["transcript", "profile", "transport", "signing", "index"];
const BRANCHES: [&str; 3] = ["root", "visitor", "2026-11"];
/// Every operation upon items; the five first name one item.
const OPERATIONS: [&str; 9] = [
    "PutItem",
    "GetItem",
    "DeleteItem",
    "UpdateItem",
    "ConditionCheckItem",
    "Query",
    "Scan",
    "BatchGetItem",
    "BatchWriteItem",
];

fn tables() -> Tables {
    let template = Template::parse(DEPLOYED).expect("the template");
    template.tables().iter().map(|table| (table.logical_id().to_owned(), table.clone())).collect()
}

/// Whether all of a call to DynamoDB is allowed.
fn may(function: &str, operation: &str, body: &Value) -> bool {
    let policies = Policies::deployed().expect("the roles");
    let requests = requests(operation, body, &tables()).expect("a call that is understood");
    assert!(!requests.is_empty(), "{operation} asks for nothing");
    requests.iter().all(|one| matches!(policies.decide(function, one), Decision::Allowed(_)))
}

/// A call of that operation on items of a table whose partition key is `partition`.
fn call(operation: &str, table: &str, partition: &str, more: &[&str]) -> (String, Value) {
    let tables = tables();
    let key = tables[table].partition_key(None).expect("a partition key");
    let mut item = json!({ key: { "S": partition } });
    for name in more {
        item[*name] = json!({ "S": "x" });
    }
    let plain = |body: Value| (operation.to_owned(), body);
    match operation {
        "PutItem" => plain(json!({ "TableName": table, "Item": item })),
        "ConditionCheckItem" => {
            let check = json!({ "TableName": table, "Key": item });
            let body = json!({ "TransactItems": [{ "ConditionCheck": check }] });
            ("TransactWriteItems".to_owned(), body)
        }
        "Query" => plain(json!({
            "TableName": table,
            "KeyConditionExpression": "#p = :p",
            "ExpressionAttributeNames": { "#p": key },
            "ExpressionAttributeValues": { ":p": { "S": partition } },
        })),
        "Scan" => plain(json!({ "TableName": table })),
        "BatchGetItem" => plain(json!({ "RequestItems": { table: { "Keys": [item] } } })),
        "BatchWriteItem" => {
            plain(json!({ "RequestItems": { table: [{ "PutRequest": { "Item": item } }] } }))
        }
        _ => plain(json!({ "TableName": table, "Key": item })),
    }
}

fn may_use_key(
    function: &str,
    operation: &str,
    purpose: &str,
    branch: &str,
    more: &[&str],
) -> bool {
    let policies = Policies::deployed().expect("the roles");
    let mut context =
        json!({ "sotto:site": "x", "sotto:purpose": purpose, "sotto:branch": branch });
    for name in more {
        context[*name] = json!("x");
    }
    let request =
        kms::request(operation, &json!({ "EncryptionContext": context }), Some("DataKey"));
    matches!(policies.decide(function, &request), Decision::Allowed(_))
}

#[test]
fn a_role_is_refused_what_is_not_its_job() {
    for (function, operation, table, partition, more) in [
        ("IntakeFunction", "GetItem", "ProfilesTable", "x", &[][..]),
        ("IntakeFunction", "Query", "ProfilesTable", "x", &[]),
        ("IntakeFunction", "PutItem", "SettingsTable", "*", &["k", "w"]),
        ("IntakeFunction", "PutItem", "SettingsTable", "default", &["k", "w", "expires_at"]),
        ("IntakeFunction", "PutItem", "TransportTable", "*", &[]),
        ("IntakeFunction", "DeleteItem", "KeysTable", "x", &[]),
        ("RotateKeysFunction", "GetItem", "SettingsTable", "default", &[]),
        ("RotateKeysFunction", "PutItem", "SettingsTable", "default", &["k", "w"]),
        ("RotateKeysFunction", "GetItem", "KeysTable", "x", &[]),
        ("RotateKeysFunction", "Query", "ConversationsTable", "x", &[]),
        ("RotateKeysFunction", "PutItem", "ProfilesTable", "x", &[]),
    ] {
        let (called, body) = call(operation, table, partition, more);
        assert!(!may(function, &called, &body), "{function} {operation} {table} {partition}");
    }
    for (function, operation, purpose, branch) in [
        ("IntakeFunction", "Decrypt", "signing", "root"),
        ("IntakeFunction", "GenerateDataKey", "transport", "2026-11"),
        ("IntakeFunction", "GenerateDataKey", "signing", "visitor"),
        ("IntakeFunction", "Encrypt", "transcript", "2026-11"),
        ("RotateKeysFunction", "Decrypt", "transcript", "2026-11"),
        ("RotateKeysFunction", "Decrypt", "profile", "2026-11"),
        ("RotateKeysFunction", "Decrypt", "signing", "visitor"),
    ] {
        assert!(!may_use_key(function, operation, purpose, branch, &[]), "{function} {purpose}");
    }
    assert!(may_use_key("IntakeFunction", "Decrypt", "transcript", "2026-11", &[]));
    let one_more = may_use_key("IntakeFunction", "Decrypt", "transcript", "2026-11", &["other"]);
    assert!(!one_more, "a context with one more name is another place");
    let (called, body) = call("PutItem", "SettingsTable", "default", &["k", "w"]);
    assert!(may("IntakeFunction", &called, &body), "a new branch key");
}

#[test]
fn nobody_updates_deletes_or_scans_what_was_said() {
    for function in FUNCTIONS {
        for operation in ["UpdateItem", "DeleteItem", "Scan", "BatchWriteItem"] {
            for table in ["ConversationsTable", "KeysTable", "ProfilesTable"] {
                let (called, body) = call(operation, table, "x", &[]);
                assert!(!may(function, &called, &body), "{function} {operation} {table}");
            }
        }
    }
}

#[test]
fn what_is_allowed_is_what_the_page_lists() {
    let mut allowed = BTreeSet::new();
    for function in FUNCTIONS {
        for table in tables().keys() {
            for operation in OPERATIONS {
                let tried = ["*", "x"].iter().any(|partition| {
                    [&[][..], &["k", "w"]].iter().any(|more| {
                        let (called, body) = call(operation, table, partition, more);
                        may(function, &called, &body)
                    })
                });
                if tried {
                    allowed.insert(format!("{function} dynamodb:{operation} {table}"));
                }
            }
        }
        for operation in ["Decrypt", "Encrypt", "GenerateDataKey", "DescribeKey", "CreateGrant"] {
            for purpose in PURPOSES {
                let any = BRANCHES
                    .iter()
                    .any(|branch| may_use_key(function, operation, purpose, branch, &[]));
                if any {
                    allowed.insert(format!("{function} kms:{operation} {purpose}"));
                }
            }
        }
    }
    let page = include_str!("../../../docs/permissions.md");
    let mut listed = BTreeSet::new();
    for row in page.lines().filter(|row| row.contains("Function |")) {
        let cells: Vec<_> = row.split(" | ").map(|cell| cell.trim_matches(['|', ' '])).collect();
        let [function, action, resource, condition, ..] = cells.as_slice() else {
            panic!("a row of the page: {row}")
        };
        if action.starts_with("dynamodb:") && !resource.contains("Stream") {
            listed.insert(format!("{function} {action} {resource}"));
        }
        let purpose = condition.split("; ").find_map(|part| part.strip_prefix("sotto:purpose = "));
        if let Some(purpose) = purpose {
            listed.insert(format!("{function} {action} {purpose}"));
        }
    }
    assert!(listed.len() > 15, "the page has its table");
    assert_eq!(allowed, listed);
}

#[tokio::test]
async fn the_endpoint_refuses_by_the_callers_role_as_aws_does() {
    let world = World::new().await;
    world.aws.provoke_refusals();
    let key = || AttributeValue::S("x".to_owned());
    for program in ["site", "detect", "preflight", "intake", "rotate-keys", "nobody"] {
        let dynamo = shared::http::aws::dynamodb(&world.config.backend, &world.sdk_of(program));
        for table in ["world-profiles", "world-conversations"] {
            let scan = dynamo.scan().table_name(table).send().await.expect_err("no scan");
            assert_eq!(scan.code(), Some("AccessDeniedException"), "{program} {table}");
        }
        let read = dynamo.get_item().table_name("world-profiles").key("u", key()).key("k", key());
        let refused = read.send().await.expect_err("no contact is read");
        assert_eq!(refused.code(), Some("AccessDeniedException"), "{program}");
        if program == "intake" {
            let said = refused.message().unwrap_or_default();
            assert!(said.contains("dynamodb:GetItem") && said.contains("ProfilesTable"), "{said}");
        }
    }
    let sdk = world.sdk_of("intake");
    let refused = shared::http::aws::kms(&world.config.backend, &sdk)
        .generate_data_key()
        .key_id(&world.config.backend.kms_key)
        .number_of_bytes(32)
        .encryption_context("sotto:site", "*")
        .encryption_context("sotto:purpose", "transport")
        .encryption_context("sotto:branch", "2026-11")
        .send()
        .await
        .expect_err("only the rotation makes transport keys");
    assert!(refused.as_service_error().is_some(), "an answer of the service");
}

/// A contact that is left when the keys of contacts are there already, but not in memory: they are
/// opened, not made.
#[tokio::test]
async fn a_second_function_opens_the_keys_that_the_first_one_made() {
    let world = World::new().await;
    for router in [intake::router(world.another_function()), world.router.clone()] {
        let visitor = Visitor::arrive(Api::Events(router)).await;
        let conversation = visitor.open().await;
        let lead =
            json!({ "name": "Ada", "email": "ada@example.org", "phone": null, "consent": true });
        let left = visitor.post(&format!("{conversation}/lead"), &lead).await;
        assert!(left.status < 300, "{}", left.json());
    }
}
