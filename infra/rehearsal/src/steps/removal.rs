//! The end of a stack.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::aws::Aws;
use crate::command::{self, Failure, ensure};
use crate::stack::{NAME, Stack};

/// The types that the template retains; nothing else may be left.
const RETAINED: [(&str, &str); 2] = [("AWS::DynamoDB::Table", "Table"), ("AWS::KMS::Key", "Key")];

/// Retained types that leave nothing of their own behind.
const GONE: [&str; 2] = ["AWS::CloudFormation::CustomResource", "AWS::Lambda::Version"];

/// Each service, the call that lists it, and the list in its answer.
const EMPTY: [(&[&str], &str); 9] = [
    (&["apigatewayv2", "get-apis"], "Items"),
    (&["cloudwatch", "describe-alarms"], "MetricAlarms"),
    (&["cloudwatch", "list-dashboards"], "DashboardEntries"),
    (&["iam", "list-roles"], "Roles"),
    (&["lambda", "list-event-source-mappings"], "EventSourceMappings"),
    (&["lambda", "list-functions"], "Functions"),
    (&["logs", "describe-log-groups"], "logGroups"),
    (&["scheduler", "list-schedules"], "Schedules"),
    (&["sns", "list-topics"], "Topics"),
];

/// Deletes the stack as docs/runbooks.md says, and looks for what is left.
pub(super) fn remove(stack: &Stack) -> Result<usize, Failure> {
    let aws = &stack.aws;
    let template = aws.ask(&[
        "cloudformation",
        "get-template",
        "--template-stage",
        "Processed",
        "--stack-name",
        NAME,
    ])?;
    let resources = template["TemplateBody"]["Resources"].as_object().cloned().unwrap_or_default();
    let kept: Vec<(&String, &Value)> = resources
        .iter()
        .filter(|(_, resource)| {
            resource["DeletionPolicy"].as_str().is_some_and(|policy| policy.starts_with("Retain"))
        })
        // A version goes with its function, and the first keys are only items in tables.
        .filter(|(_, resource)| !GONE.iter().any(|kind| resource["Type"] == *kind))
        .collect();
    for (name, resource) in &kept {
        let known = RETAINED.iter().any(|(kind, _)| resource["Type"] == *kind);
        ensure(known, || format!("{name} is retained, a {}", resource["Type"]))?;
    }
    let logged: BTreeSet<&String> = kept.iter().map(|(name, _)| *name).collect();

    let mut sam = aws.program("sam")?;
    command::run_well(sam.args([
        "delete",
        "--stack-name",
        NAME,
        "--no-prompts",
        "--region",
        aws.region(),
    ]))?;

    let mut checks = nothing_left(aws)?;
    let tables = aws.ask(&["dynamodb", "list-tables"])?;
    for name in &logged {
        let physical = stack.physical(name)?;
        let here = tables["TableNames"]
            .as_array()
            .is_some_and(|names| names.contains(&Value::from(physical)));
        let key = aws.try_ask(&["kms", "describe-key", "--key-id", physical])?;
        ensure(here || (key.well && key.out.contains("Enabled")), || format!("{name} is gone"))?;
        checks += 1;
    }
    let count = tables["TableNames"].as_array().map_or(0, Vec::len);
    let expected =
        kept.iter().filter(|(_, resource)| resource["Type"] == "AWS::DynamoDB::Table").count();
    ensure(count == expected, || format!("{count} tables are left, not {expected}"))?;
    Ok(checks + 1)
}

/// Looks for what a deleted stack left behind, but for tables and keys.
pub(super) fn nothing_left(aws: &Aws) -> Result<usize, Failure> {
    for (call, list) in EMPTY {
        let left = aws.ask(call)?;
        let ours: Vec<&Value> =
            left[list].as_array().into_iter().flatten().filter(|item| !sams_own(item)).collect();
        ensure(ours.is_empty(), || format!("{} has something left: {ours:?}", call.join(" ")))?;
    }
    let queues = aws.ask(&["sqs", "list-queues"])?;
    ensure(queues["QueueUrls"].as_array().is_none_or(Vec::is_empty), || {
        format!("queues are left: {queues}")
    })?;
    Ok(EMPTY.len() + 1)
}

/// SAM keeps a stack of its own, with a bucket.
fn sams_own(item: &Value) -> bool {
    item.to_string().contains("aws-sam-cli-managed")
}
