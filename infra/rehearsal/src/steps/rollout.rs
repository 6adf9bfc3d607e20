//! New versions: what stops one, what takes it back, and what lets it through.

use std::collections::BTreeMap;
use std::path::Path;

use super::PARAMETERS;
use crate::command::{Failure, ensure};
use crate::stack::{Package, Stack, failed_events};

/// A bootstrap that starts, takes events and answers 500 to each.
const BROKEN: &str = r#"#!/bin/sh
api="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation"
headers=$(mktemp)
while curl -sS -D "$headers" -o /dev/null "$api/next"; do
    id=$(tr -d '\r' <"$headers" | awk -F': ' 'tolower($1) == "lambda-runtime-aws-request-id" { print $2 }')
    curl -sS -o /dev/null "$api/$id/response" -d '{"statusCode":500,"headers":{},"body":""}'
done
"#;

/// A new version is not let through while an alarm of its group is ringing.
pub(super) fn alarm(package: &Package, stack: &Stack) -> Result<usize, Failure> {
    // An alarm that no deployment changes, since a changed alarm is evaluated anew.
    let name = stack.physical("DeadLettersArrive")?;
    let ring = |state: &str| {
        let words = ["cloudwatch", "set-alarm-state", "--alarm-name", name, "--state-value", state];
        stack.aws.ask(&[&words[..], &["--state-reason", "rehearsal"]].concat())
    };
    ring("ALARM")?;
    let checks = refused(package, stack, &["Issuer=rehearsal"], "stopped the deployment")?;
    ring("OK")?;
    Ok(checks)
}

/// A version that answers 500 is found by the hook, and the old one goes on.
pub(super) fn broken(package: &Package, stack: &Stack, folder: &Path) -> Result<usize, Failure> {
    let broken = package.copy_to(&folder.join("broken"))?;
    let bootstrap = broken.folder.join("IntakeFunction/bootstrap");
    std::fs::write(bootstrap, BROKEN)?;
    refused(&broken, stack, &[], "BeforeAllowTraffic")
}

/// A change of a parameter makes new versions, which take over after the hook has said so.
pub(super) fn change(package: &Package, stack: &Stack) -> Result<usize, Failure> {
    let before = live(stack)?;
    let origins = "SiteOrigins=https://shop.example,https://second.example";
    package.deploy(&stack.aws, &[origins, "DeletionProtection=off", "GuestLimit=0"])?;
    ensure(stack.status()? == "UPDATE_COMPLETE", || "the update is not complete".to_owned())?;
    let after = live(stack)?;
    let intake = "IntakeFunction";
    ensure(before.get(intake) != after.get(intake), || "intake's alias did not move".to_owned())?;
    let headers = [("Origin", "https://second.example"), ("Access-Control-Request-Method", "POST")];
    let (_, answer) = stack.aws.http("OPTIONS", stack.host()?, "/v1/sessions", &headers)?;
    ensure(answer.contains("https://second.example"), || {
        format!("the second origin is not allowed: {answer}")
    })?;
    Ok(3)
}

/// An update that has to fail with this reason, leave the aliases where they were and intake up.
fn refused(
    package: &Package,
    stack: &Stack,
    parameters: &[&str],
    reason: &str,
) -> Result<usize, Failure> {
    let before = live(stack)?;
    ensure(!before.is_empty(), || "no alias is moved by CodeDeploy".to_owned())?;
    let parameters = [&PARAMETERS[..], parameters].concat();
    let said = package.try_deploy(&stack.aws, &parameters)?;
    ensure(!said.well, || "the update went through".to_owned())?;
    let reasons = failed_events(&stack.aws)?;
    ensure(reasons.contains(reason), || format!("it failed for another reason: {reasons}"))?;
    let status = stack.status()?;
    ensure(status == "UPDATE_ROLLBACK_COMPLETE", || format!("the stack is {status}"))?;
    let after = live(stack)?;
    ensure(before == after, || format!("the aliases moved from {before:?} to {after:?}"))?;
    let (code, _) = stack.aws.http("GET", stack.host()?, "/v1/keys", &[])?;
    ensure(code == 200, || format!("the old version answers {code}"))?;
    Ok(5)
}

/// The versions that answer, of the functions whose aliases are moved by `CodeDeploy`.
fn live(stack: &Stack) -> Result<BTreeMap<String, String>, Failure> {
    let groups = stack.resources.keys().filter_map(|name| name.strip_suffix("DeploymentGroup"));
    groups.map(|function| Ok((function.to_owned(), stack.live(function)?))).collect()
}
