//! Each role is refused what it must not have: by the evaluator, with the roles of the template, and
//! over the wire, with the function's credentials.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::types::AttributeValue;
use local::iam::dynamodb::{Tables, requests};
use local::iam::policies::Policies;
use local::iam::{Decision, kms};
use serde_json::{Value, json};
use template::{Function, Template};
use tests::api::Api;
use tests::visitor::Visitor;
use tests::world::World;

const PURPOSES: [&str; 9] = [
    "transcript",
    "profile",
    "transport",
    "signing",
    "index",
    "credential",
    "audit",
    "evidence",
    "webhook",
];
const BRANCHES: [&str; 13] = [
    "root",
    "visitor",
    "identity",
    "receipt",
    "certificate",
    "bundle",
    "log",
    "staff",
    "staff-set",
    "staff-2026-11",
    "rows",
    "events",
    "2026-11",
];
/// Partitions that are told apart, and attributes beside the key.
const PARTITIONS: [&str; 43] = [
    "*",
    "audits",
    "audit#x",
    "checkpoint",
    "decoy",
    "habits",
    "head",
    "incident",
    "last",
    "rule",
    "staff",
    "ledger",
    "locks",
    "practice",
    "waiting",
    "x",
    "identity#x",
    "challenge#x",
    "invitation#x",
    "login#x",
    "staff#x",
    "throttle#account#x",
    "once#identity-jti#x",
    "guests#x",
    "agent#x",
    "base#x",
    "canned#x",
    "knowledge#x",
    "version#x",
    "facts#x",
    "delivery#x",
    "site#x",
    "webhook#x",
    "presence#x",
    "live#x",
    "waits#x",
    "waiting#x",
    "receipt#x",
    "subject#x",
    "touched#x",
    "leaves#x",
    "tile#x",
    "index#x",
];
const ATTRIBUTES: [&[&str]; 8] =
    [&[], &["b"], &["g"], &["u"], &["k", "w"], &["k", "s"], &["k", "v"], &["s", "m", "z"]];
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

/// Read once: the tests below ask thousands of questions.
pub(super) static TABLES: LazyLock<Tables> = LazyLock::new(|| {
    let template = Template::deployed().expect("the template");
    template.tables().iter().map(|table| (table.logical_id().to_owned(), table.clone())).collect()
});

fn functions() -> impl Iterator<Item = &'static str> {
    let template = Template::deployed().expect("the template");
    template.functions().iter().map(Function::logical_id)
}

/// Whether all of a call to DynamoDB is allowed.
fn may(function: &str, operation: &str, body: &Value) -> bool {
    let requests = requests(operation, body, &TABLES).expect("a call that is understood");
    assert!(!requests.is_empty(), "{operation} asks for nothing");
    let policies = Policies::deployed().expect("the roles");
    requests.iter().all(|one| matches!(policies.decide(function, one), Decision::Allowed(_)))
}

/// A call of that operation on items of a table whose partition key is `partition`, or on those of an
/// index, which is named as the page names it.
fn call(operation: &str, table: &str, partition: &str, more: &[&str]) -> (String, Value) {
    if let Some((table, index)) = table.split_once("/index/") {
        let key = TABLES[table].partition_key(Some(index)).expect("a partition key");
        let (operation, mut body) = call(operation, table, partition, more);
        body["IndexName"] = json!(index);
        if operation == "Query" {
            body["ExpressionAttributeNames"]["#p"] = json!(key);
        }
        return (operation, body);
    }
    let key = TABLES[table].partition_key(None).expect("a partition key");
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
        "Query" => {
            let mut body = json!({
                "TableName": table,
                "KeyConditionExpression": "#p = :p",
                "ExpressionAttributeNames": { "#p": key },
                "ExpressionAttributeValues": { ":p": { "S": partition } },
            });
            if !more.is_empty() {
                body["ProjectionExpression"] = json!(more.join(", "));
                body["Select"] = json!("SPECIFIC_ATTRIBUTES");
            }
            plain(body)
        }
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
fn a_context_with_one_more_name_is_another_place() {
    // Nobody seals with the key itself.
    assert!(!may_use_key("IntakeFunction", "Encrypt", "transcript", "2026-11", &[]));
    let of_auth = [("credential", "staff"), ("signing", "staff-2026-11"), ("evidence", "events")];
    for (purpose, branch) in of_auth {
        assert!(may_use_key("AuthFunction", "Decrypt", purpose, branch, &[]), "{purpose}");
        let more = may_use_key("AuthFunction", "Decrypt", purpose, branch, &["other"]);
        assert!(!more, "a context with one more name is another place");
    }
    assert!(may_use_key("IntakeFunction", "Decrypt", "transcript", "2026-11", &[]));
    let one_more = may_use_key("IntakeFunction", "Decrypt", "transcript", "2026-11", &["other"]);
    assert!(!one_more, "a context with one more name is another place");
}

/// The staff's sign-in and visitors' messages are kept apart: the function that answers the one
/// reaches nothing of the other, with no operation.
#[test]
fn the_staff_and_the_conversations_are_apart() {
    let refusals = rehearsal::refusals::Table::read().expect("the table");
    for declared in Template::deployed().expect("the template").functions() {
        let function = declared.logical_id();
        let role = declared.role().expect("a role");
        let tables = refusals.apart(role).unwrap_or_else(|| panic!("{role} is apart from nothing"));
        for table in tables {
            for operation in OPERATIONS {
                for partition in PARTITIONS {
                    for more in ATTRIBUTES {
                        let (called, body) = call(operation, table, partition, more);
                        let allowed = may(function, &called, &body);
                        assert!(!allowed, "{function} {operation} {table} {partition} {more:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn a_security_event_is_appended_and_never_changed() {
    for function in functions() {
        for operation in OPERATIONS {
            let (called, body) = call(operation, "EventsTable", "x", &["k"]);
            let named = [
                "AuditFunction",
                "AuthFunction",
                "DeskFunction",
                "DetectFunction",
                "EditorFunction",
                "MonitorFunction",
                "RetentionFunction",
                "SweepFunction",
                "TrainingFunction",
            ]
            .contains(&function);
            let of_nobody =
                ["ExamineFunction", "IntakeFunction", "RotateKeysFunction", "WebhooksFunction"];
            let tells = named || of_nobody.contains(&function);
            let puts = operation == "PutItem";
            // For the report of an incident, for a proof, and for an audit.
            let readers = ["AuditFunction", "ExamineFunction", "MonitorFunction"];
            let reads = readers.contains(&function) && operation == "Query"
                || is_sample(function, operation);
            let expected = (tells && puts) || reads;
            assert_eq!(may(function, &called, &body), expected, "{function} {operation}");
            // Some functions name nobody in an event.
            let (called, body) = call(operation, "EventsTable", "x", &["k", "a"]);
            let expected = (named && puts) || reads;
            assert_eq!(may(function, &called, &body), expected, "{function} {operation}");
        }
    }
}

/// Whether it is the audit's look at what is stored, which nothing opens for it.
fn is_sample(function: &str, operation: &str) -> bool {
    function == "ExamineFunction" && operation == "Scan"
}

/// The audit log is appended to by one function. No role changes or deletes a row of it.
#[test]
fn the_audit_log_is_appended_to_by_one_function_and_changed_by_none() {
    let readers = [
        "AuditFunction",
        "DetectFunction",
        "ExamineFunction",
        "RetentionFunction",
        "SequenceFunction",
    ];
    for function in functions() {
        for operation in OPERATIONS {
            for partition in ["leaves#x", "tile#x", "index#x", "checkpoint", "head"] {
                let (called, body) = call(operation, "LogTable", partition, &["k", "v"]);
                let allowed = may(function, &called, &body);
                match operation {
                    "PutItem" => assert_eq!(allowed, function == "SequenceFunction", "{function}"),
                    "GetItem" | "Query" if readers.contains(&function) => {}
                    "Scan" if is_sample(function, operation) => {}
                    _ => assert!(!allowed, "{function} {operation} {partition}"),
                }
            }
        }
    }
}

/// What is locked is decided by two functions, and one of them lifts it.
#[test]
fn a_lock_is_set_by_two_functions_and_lifted_by_one() {
    for function in functions() {
        for operation in ["PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem"] {
            for more in [&["k"][..], &["k", "w"], &["k", "i", "t"], &["k", "e"]] {
                let (called, body) = call(operation, "SettingsTable", "locks", more);
                let expected = match operation {
                    "PutItem" => ["DetectFunction", "MonitorFunction"].contains(&function),
                    "DeleteItem" => function == "MonitorFunction",
                    _ => false,
                };
                let allowed = may(function, &called, &body);
                assert_eq!(allowed, expected, "{function} {operation} {more:?}");
            }
        }
    }
}

/// Nobody changes a stored message, and only the sweep destroys it. The time at which an item ends
/// is all that is ever updated.
#[test]
fn what_was_said_is_changed_by_nobody_and_destroyed_by_one() {
    for function in functions() {
        for operation in ["UpdateItem", "DeleteItem", "Scan", "BatchWriteItem"] {
            for table in ["ConversationsTable", "KeysTable", "ProfilesTable"] {
                let (called, body) = call(operation, table, "x", &["v"]);
                let expected = function == "SweepFunction"
                    && [
                        ("Scan", "KeysTable"),
                        ("DeleteItem", "KeysTable"),
                        ("DeleteItem", "ProfilesTable"),
                        ("BatchWriteItem", "ConversationsTable"),
                    ]
                    .contains(&(operation, table))
                    || is_sample(function, operation);
                assert_eq!(
                    may(function, &called, &body),
                    expected,
                    "{function} {operation} {table}"
                );
            }
        }
        for table in ["ConversationsTable", "KeysTable", "ProfilesTable"] {
            let (called, body) = call("UpdateItem", table, "x", &["expires_at"]);
            let expected =
                ["RetentionFunction", "SweepFunction"].contains(&function) && table != "KeysTable";
            assert_eq!(may(function, &called, &body), expected, "{function} {table}");
        }
    }
}

#[test]
fn what_is_allowed_is_what_the_page_lists() {
    let mut allowed = BTreeSet::new();
    for function in functions() {
        let indexes = TABLES.iter().flat_map(|(name, table)| {
            table.indexes().map(move |index| format!("{name}/index/{index}"))
        });
        for table in TABLES.keys().cloned().chain(indexes) {
            let table = table.as_str();
            // Of an index nothing but a query or a scan can be asked.
            let of_index = |operation: &&str| matches!(*operation, "Query" | "Scan");
            let whole = !table.contains("/index/");
            for operation in OPERATIONS.into_iter().filter(|one| whole || of_index(one)) {
                let tried = PARTITIONS.iter().any(|partition| {
                    ATTRIBUTES.iter().any(|more| {
                        let (called, body) = call(operation, table, partition, more);
                        may(function, &called, &body)
                    })
                });
                if tried {
                    allowed.insert(format!("{function} dynamodb:{operation} {table}"));
                }
            }
        }
        for operation in [
            "Decrypt",
            "Encrypt",
            "GenerateDataKey",
            "GenerateDataKeyWithoutPlaintext",
            "DescribeKey",
            "CreateGrant",
        ] {
            for purpose in PURPOSES {
                let any = BRANCHES
                    .iter()
                    .any(|branch| may_use_key(function, operation, purpose, branch, &[]));
                // An audit looks at the key itself, whatever it is used for.
                let looks = (function, operation) == ("ExamineFunction", "DescribeKey");
                if any && !looks {
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
        // Others describe a table and reach no item.
        let of_items =
            action.strip_prefix("dynamodb:").is_some_and(|one| OPERATIONS.contains(&one));
        if of_items && !resource.contains("Stream") {
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
    let functions = Template::deployed().expect("the template").functions();
    let programs = functions.iter().filter_map(Function::program);
    for program in programs.chain(["nobody"]) {
        let dynamo = shared::http::aws::dynamodb(&world.config.backend, &world.sdk_of(program));
        for table in ["world-profiles", "world-conversations"] {
            let scan = dynamo.scan().table_name(table).send().await;
            // The audit takes a sample of what is stored; it has no key that opens any of it.
            if program == "examine" {
                scan.expect("a sample");
                continue;
            }
            let scan = scan.expect_err("no scan");
            assert_eq!(scan.code(), Some("AccessDeniedException"), "{program} {table}");
        }
        // These two read contacts; the others have to name the attributes that they read.
        if !["retention", "sweep"].contains(&program) {
            let read = dynamo.get_item().table_name("world-profiles").key("u", key());
            let refused = read.key("k", key()).send().await.expect_err("no contact is read");
            assert_eq!(refused.code(), Some("AccessDeniedException"), "{program}");
            if program == "intake" {
                let said = refused.message().unwrap_or_default();
                let named = said.contains("dynamodb:GetItem") && said.contains("ProfilesTable");
                assert!(named, "{said}");
            }
        }
        if program != "auth" {
            let read = dynamo.get_item().table_name("world-identity").key("p", key());
            let unread = read.key("k", key()).send().await.expect_err("no account is read");
            assert_eq!(unread.code(), Some("AccessDeniedException"), "{program}");
        }
        let changed = dynamo.delete_item().table_name("world-events").key("p", key());
        let unchanged = changed.key("k", key()).send().await.expect_err("an event stays");
        assert_eq!(unchanged.code(), Some("AccessDeniedException"), "{program}");
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
