//! The table of what each role must not do (infra/rehearsal/src/refusals.txt), asked of the local AWS'
//! evaluation with the roles of the template. The rehearsal asks the same of an AWS with IAM.

use std::collections::BTreeMap;

use local::iam::condition::Context;
use local::iam::dynamodb::requests;
use local::iam::policies::Policies;
use local::iam::{Decision, Request, kms};
use rehearsal::refusals::{Outcome, Table};
use serde_json::{Map, Value, json};
use template::Template;

use super::roles::TABLES;

/// The request to IAM for a call of the AWS CLI.
fn asked(words: &[String]) -> Vec<Request> {
    let [service, command, arguments @ ..] = words else { panic!("no call: {words:?}") };
    let operation: String = command.split('-').map(capitalised).collect();
    let mut named = BTreeMap::new();
    let mut arguments = arguments.iter().peekable();
    while let Some(argument) = arguments.next() {
        // Beside the named ones there is only the file that an answer goes to.
        if let Some(name) = argument.strip_prefix("--") {
            named.insert(name.to_owned(), arguments.next().expect("a value").clone());
        }
    }
    let of_items = service == "dynamodb" && !["DeleteTable", "ListTables"].contains(&&*operation);
    if of_items {
        let body: Map<_, _> = named.iter().map(|(name, value)| as_sent(name, value)).collect();
        let requests = requests(&operation, &body.into(), &TABLES);
        return requests.unwrap_or_else(|fault| panic!("{words:?}: {fault}"));
    }
    let action = match (&**service, &*operation) {
        ("lambda", "Invoke") => "lambda:InvokeFunction".to_owned(),
        _ => format!("{service}:{operation}"),
    };
    let resources = ["table-name", "function-name", "queue-url", "key-id", "role-arn"];
    let resource = resources.iter().find_map(|name| named.get(*name));
    let resource = resource.map_or("*".to_owned(), |id| {
        let id = id.rsplit('/').next().unwrap_or(id);
        // An alias is named behind its function.
        let (id, alias) = id.split_at(id.find(':').unwrap_or(id.len()));
        format!("<{id}.Arn>{alias}")
    });
    vec![Request { action, resource, context: Context::default() }]
}

/// An argument as the CLI sends it.
fn as_sent(name: &str, value: &str) -> (String, Value) {
    let name = name.split('-').map(capitalised).collect();
    (name, serde_json::from_str(value).unwrap_or_else(|_| json!(value)))
}

fn capitalised(word: &str) -> String {
    let (first, rest) = word.split_at(1);
    first.to_uppercase() + rest
}

fn outcome(policies: &Policies, principal: &str, asked: &[Request]) -> Outcome {
    let allowed = |one| matches!(policies.decide(principal, one), Decision::Allowed(_));
    if asked.iter().all(allowed) { Outcome::Allowed } else { Outcome::Refused }
}

#[test]
fn a_role_is_refused_what_is_not_its_job() {
    let table = Table::read().expect("the table");
    let policies = Policies::deployed().expect("the roles");
    let resources = Template::deployed().expect("the template").document()["Resources"].clone();
    let names = resources.as_object().expect("resources").keys().map(|id| (id.clone(), id.clone()));
    let names: BTreeMap<String, String> = names.collect();
    let mut wrong = Vec::new();
    for (principal, held) in &policies.principals {
        let role = &*held.role;
        assert!(table.roles().contains(role), "refusals.txt says nothing of {role}");
        for call in table.of(role) {
            let words = table.filled(&call.words, &names).expect("the names of the table");
            if outcome(&policies, principal, &asked(&words)) != call.expected {
                wrong.push(format!("{role} {}: not {:?}", call.means, call.expected));
            }
        }
        for context in table.contexts_of(role) {
            let place = json!({ "EncryptionContext": {
                "sotto:site": "default",
                "sotto:purpose": context.purpose,
                "sotto:branch": context.branch,
            } });
            for (operation, expected) in [
                ("GenerateDataKey", context.making),
                ("GenerateDataKeyWithoutPlaintext", context.making_unseen),
                ("Decrypt", context.opening),
            ] {
                let asked = kms::request(operation, &place, Some("DataKey"));
                if outcome(&policies, principal, &[asked]) != expected {
                    let (purpose, branch) = (&context.purpose, &context.branch);
                    wrong.push(format!("{role} {operation} {purpose} {branch}: not {expected:?}"));
                }
            }
        }
    }
    assert_eq!(wrong, [""; 0]);
}
