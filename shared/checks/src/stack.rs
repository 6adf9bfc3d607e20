//! The stack itself: whether it exists, how its last deployment ended, and which pages it serves.

use std::collections::BTreeMap;

use aws_sdk_cloudformation::types::StackEvent;

use crate::aws::{Clients, could_not};
use crate::finding::{Chapter, CouldNot, Finding};

/// The stack as CloudFormation describes it.
#[derive(Debug, Clone, Default)]
pub struct Stack {
    /// Its name.
    pub name: String,
    /// Its status, such as `UPDATE_COMPLETE`.
    pub status: String,
    /// The first thing that failed in the last deployment; what failed after it is a consequence.
    pub failed: Option<Failed>,
    /// When it was made or last changed, in seconds.
    pub changed_seconds: i64,
    /// When it was made, in seconds.
    pub made_seconds: i64,
    /// Its parameters.
    pub parameters: BTreeMap<String, String>,
    /// Its outputs.
    pub outputs: BTreeMap<String, String>,
    /// Its resources.
    pub resources: Vec<Resource>,
}

/// One resource of the stack.
#[derive(Debug, Clone)]
pub struct Resource {
    /// Its name in the template.
    pub logical: String,
    /// Its name at AWS.
    pub physical: String,
    /// Its type, such as `AWS::DynamoDB::Table`.
    pub kind: String,
}

/// The first resource that failed, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// Its name in the template.
    pub logical: String,
    /// The reason that CloudFormation gives.
    pub reason: String,
}

impl Stack {
    /// The resource of that name in the template.
    #[must_use]
    pub fn resource(&self, logical: &str) -> Option<&Resource> {
        self.resources.iter().find(|resource| resource.logical == logical)
    }

    /// The deployment's name in tokens and key lists.
    #[must_use]
    pub fn issuer(&self) -> &str {
        let issuer = self.parameters.get("Issuer").filter(|issuer| !issuer.is_empty());
        issuer.map_or(&self.name, String::as_str)
    }

    /// The resources of one type.
    pub fn of_kind(&self, kind: &str) -> impl Iterator<Item = &Resource> {
        self.resources.iter().filter(move |resource| resource.kind == kind)
    }
}

/// Reads the stack; `None` if there is none of that name.
///
/// # Errors
/// [`CouldNot`], when CloudFormation does not answer.
pub async fn look(clients: &Clients, name: &str) -> Result<Option<Stack>, CouldNot> {
    let action = "cloudformation:DescribeStacks";
    let described = clients.cloudformation.describe_stacks().stack_name(name).send().await;
    let described = match described {
        Ok(described) => described,
        // CloudFormation has no code of its own for a stack that does not exist.
        Err(error) if says_absent(&error) => return Ok(None),
        Err(error) => return Err(could_not(action)(error)),
    };
    let Some(stack) = described.stacks().first() else { return Ok(None) };
    let status = stack.stack_status().map(|status| status.as_str().to_owned());
    let status = status.ok_or_else(|| CouldNot::missing(action, "a status"))?;
    Ok(Some(Stack {
        name: name.to_owned(),
        made_seconds: stack
            .creation_time()
            .map(aws_sdk_cloudformation::primitives::DateTime::secs)
            .unwrap_or_default(),
        failed: if ended_well(&status) { None } else { first_failure(clients, name).await? },
        status,
        changed_seconds: [stack.creation_time(), stack.last_updated_time()]
            .into_iter()
            .flatten()
            .map(aws_sdk_cloudformation::primitives::DateTime::secs)
            .max()
            .unwrap_or_default(),
        parameters: stack
            .parameters()
            .iter()
            .filter_map(|one| Some((one.parameter_key()?.into(), one.parameter_value()?.into())))
            .collect(),
        outputs: stack
            .outputs()
            .iter()
            .filter_map(|one| Some((one.output_key()?.into(), one.output_value()?.into())))
            .collect(),
        resources: resources(clients, name).await?,
    }))
}

fn says_absent(error: &impl aws_sdk_cloudformation::error::ProvideErrorMetadata) -> bool {
    error.message().is_some_and(|message| message.contains("does not exist"))
}

fn ended_well(status: &str) -> bool {
    matches!(status, "CREATE_COMPLETE" | "UPDATE_COMPLETE" | "IMPORT_COMPLETE")
}

async fn resources(clients: &Clients, name: &str) -> Result<Vec<Resource>, CouldNot> {
    let mut pages =
        clients.cloudformation.list_stack_resources().stack_name(name).into_paginator().send();
    let mut resources = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(could_not("cloudformation:ListStackResources"))?;
        resources.extend(page.stack_resource_summaries().iter().filter_map(|summary| {
            Some(Resource {
                logical: summary.logical_resource_id()?.to_owned(),
                physical: summary.physical_resource_id()?.to_owned(),
                kind: summary.resource_type()?.to_owned(),
            })
        }));
    }
    Ok(resources)
}

async fn first_failure(clients: &Clients, name: &str) -> Result<Option<Failed>, CouldNot> {
    let events = clients.cloudformation.describe_stack_events().stack_name(name).send().await;
    let events = events.map_err(could_not("cloudformation:DescribeStackEvents"))?;
    Ok(first_failed(events.stack_events()))
}

/// The events come newest first; a deployment begins where the stack itself was told to begin.
fn first_failed(events: &[StackEvent]) -> Option<Failed> {
    let begins = |event: &&StackEvent| {
        event.physical_resource_id() == event.stack_id()
            && event.resource_status_reason() == Some("User Initiated")
    };
    let last = events.iter().position(|event| begins(&event)).map_or(events.len(), |at| at + 1);
    let of_last_deployment = events.iter().take(last);
    let mut failed = of_last_deployment.filter(|event| {
        let status = event.resource_status().map_or("", |status| status.as_str());
        let reason = event.resource_status_reason().unwrap_or_default();
        status.ends_with("_FAILED") && !reason.contains("cancelled")
    });
    let event = failed.next_back()?;
    Some(Failed {
        logical: event.logical_resource_id()?.to_owned(),
        reason: event.resource_status_reason().unwrap_or("no reason was given").to_owned(),
    })
}

/// The finding that there is no such stack.
#[must_use]
pub fn absent(name: &str, region: &str) -> Finding {
    Finding::wrong(
        "stack_absent",
        format!("There is no stack {name} in {region}."),
        "Name another with --stack or --region, or deploy it.",
        Chapter::FirstDeployment,
    )
}

/// The findings about the stack's status and its origins.
#[must_use]
pub fn judge(stack: &Stack) -> Vec<Finding> {
    let mut findings = vec![status(stack)];
    findings.push(origins(stack.parameters.get("SiteOrigins").map_or("", String::as_str)));
    findings
}

fn status(stack: &Stack) -> Finding {
    let see = Chapter::DeploymentFailed;
    let status = stack.status.as_str();
    let because = stack.failed.as_ref().map_or_else(String::new, |failed| {
        let reason = failed.reason.trim_end_matches('.');
        format!(" because of {}: {reason}", failed.logical)
    });
    match status {
        _ if ended_well(status) => {
            Finding::fine("stack_complete", format!("The stack is {status}."), see)
        }
        "UPDATE_ROLLBACK_COMPLETE" => Finding::look(
            "stack_rolled_back",
            format!("The last deployment was rolled back{because}; the version before it runs."),
            "Mend the cause and deploy again.",
            see,
        ),
        "ROLLBACK_COMPLETE" => Finding::wrong(
            "stack_never_made",
            format!("The first deployment failed{because}, and nothing was made."),
            "Delete the stack, mend the cause and deploy again.",
            see,
        ),
        "ROLLBACK_IN_PROGRESS"
        | "UPDATE_ROLLBACK_IN_PROGRESS"
        | "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS" => Finding::wrong(
            "stack_rolling_back",
            format!("A rollback is under way{because}."),
            "Wait until it has ended, then mend the cause.",
            see,
        ),
        "UPDATE_ROLLBACK_FAILED" => Finding::wrong(
            "stack_stuck",
            format!("A rollback failed{because}, and the stack takes no deployment."),
            "Mend the cause and run aws cloudformation continue-update-rollback.",
            see,
        ),
        _ if status.ends_with("_FAILED") => Finding::wrong(
            "stack_failed",
            format!("The stack is {status}{because}."),
            "Mend the cause, then deploy again or delete the stack.",
            see,
        ),
        _ if status.starts_with("DELETE_") => Finding::wrong(
            "stack_deleted",
            format!("The stack is {status}."),
            "What it retains is listed under removal.",
            see,
        ),
        _ => Finding::look(
            "stack_in_progress",
            format!("A deployment is under way ({status})."),
            "Look again when it has ended.",
            see,
        ),
    }
}

fn origins(listed: &str) -> Finding {
    let see = Chapter::Parameters;
    let listed: Vec<&str> = listed.split(',').filter(|origin| !origin.is_empty()).collect();
    let foreign: Vec<&str> =
        listed.iter().copied().filter(|origin| !origin.starts_with("https://")).collect();
    if listed.is_empty() {
        Finding::look(
            "origins_none",
            "No page may embed the widget but the demo page of the stack itself.",
            "Deploy with SiteOrigins set to the origins of your pages.",
            see,
        )
    } else if foreign.is_empty() {
        let count = listed.len();
        Finding::fine("origins_https", format!("{count} https origins may call the API."), see)
    } else {
        Finding::wrong(
            "origins_not_https",
            format!("Pages without TLS may call the API: {}.", foreign.join(", ")),
            "Deploy with https origins in SiteOrigins.",
            see,
        )
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_cloudformation::types::ResourceStatus;

    use super::*;
    use crate::finding::Severity;

    fn stack(status: &str) -> Stack {
        let failed = Failed { logical: "Api".to_owned(), reason: "No such thing.".to_owned() };
        let parameters = [("SiteOrigins".to_owned(), "https://shop.example".to_owned())];
        Stack {
            status: status.to_owned(),
            failed: (!ended_well(status)).then_some(failed),
            parameters: parameters.into(),
            ..Stack::default()
        }
    }

    #[test]
    fn every_status_has_its_sentence() {
        for (status, severity, code) in [
            ("CREATE_COMPLETE", Severity::Fine, "stack_complete"),
            ("UPDATE_COMPLETE", Severity::Fine, "stack_complete"),
            ("UPDATE_IN_PROGRESS", Severity::LookAtIt, "stack_in_progress"),
            ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", Severity::LookAtIt, "stack_in_progress"),
            ("UPDATE_ROLLBACK_COMPLETE", Severity::LookAtIt, "stack_rolled_back"),
            ("UPDATE_ROLLBACK_IN_PROGRESS", Severity::Wrong, "stack_rolling_back"),
            ("UPDATE_ROLLBACK_FAILED", Severity::Wrong, "stack_stuck"),
            ("ROLLBACK_COMPLETE", Severity::Wrong, "stack_never_made"),
            ("CREATE_FAILED", Severity::Wrong, "stack_failed"),
            ("DELETE_COMPLETE", Severity::Wrong, "stack_deleted"),
        ] {
            let finding = &judge(&stack(status))[0];
            assert_eq!((finding.severity, finding.code), (severity, code), "{status}");
        }
        let told = &judge(&stack("UPDATE_ROLLBACK_COMPLETE"))[0].what;
        assert!(told.contains("because of Api: No such thing;"), "{told}");
    }

    #[test]
    fn a_page_without_tls_and_no_page_at_all_are_named() {
        for (origins, code) in [
            ("https://a.example,https://b.example", "origins_https"),
            ("https://a.example,http://b.example", "origins_not_https"),
            ("", "origins_none"),
        ] {
            assert_eq!(super::origins(origins).code, code, "{origins}");
        }
    }

    #[test]
    fn the_cause_is_the_first_failure_of_the_last_deployment() {
        let event = |logical: &str, status: ResourceStatus, reason: &str| {
            let physical = if logical == "sotto" { "arn" } else { "other" };
            StackEvent::builder()
                .event_id("e")
                .stack_id("arn")
                .stack_name("sotto")
                .timestamp(aws_sdk_cloudformation::primitives::DateTime::from_secs(0))
                .logical_resource_id(logical)
                .physical_resource_id(physical)
                .resource_status(status)
                .resource_status_reason(reason)
                .build()
        };
        let events = [
            event("sotto", ResourceStatus::UpdateFailed, "The following failed"),
            event("Site", ResourceStatus::UpdateFailed, "Resource update cancelled"),
            event("Intake", ResourceStatus::UpdateFailed, "alias"),
            event("sotto", ResourceStatus::UpdateInProgress, "User Initiated"),
            event("Old", ResourceStatus::CreateFailed, "long ago"),
        ];
        let failed = first_failed(&events).unwrap();
        assert_eq!((failed.logical.as_str(), failed.reason.as_str()), ("Intake", "alias"));
    }
}
