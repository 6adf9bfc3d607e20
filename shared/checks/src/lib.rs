//! The rules that a deployed stack has to keep. `cargo doctor` looks when somebody asks, and an audit every
//! quarter: both by the same code.
//!
//! Each file looks at one part of the deployment and judges it. Looking decides nothing and judging
//! looks at nothing, so every judgement has a test without AWS.
//!
//! [`examine`] describes and counts. It reads no item, message or log line.

pub mod advisories;
pub mod aws;
pub mod finding;
pub mod functions;
pub mod gateway;
pub mod grants;
pub mod key;
pub mod log;
pub mod published;
pub mod records;
pub mod roles;
pub mod stack;
pub mod tables;
pub mod traffic;
pub mod verdict;
pub mod watch;

use shared::clock::Clock;
use shared::values::control::Control;
use template::Template;

use crate::aws::Clients;
use crate::finding::{Chapter, Finding, Severity};
use crate::stack::Stack;

/// Looks at the key and the tables alone.
pub async fn examine_data(clients: &Clients, stack: &Stack, template: &Template) -> Vec<Finding> {
    let mut findings = key::check(clients, stack, template).await;
    findings.extend(tables::check(clients, stack, template).await);
    findings
}

/// The finding about a stack that CloudFormation does not know, or does not tell of. Key and tables can be looked
/// at without it.
#[must_use]
pub fn unknown(what: String) -> Finding {
    let is_known =
        |asked: &str| ["kms:", "dynamodb:", "the "].iter().any(|of| asked.starts_with(of));
    let about = Control::ALL.iter().copied().filter(|control| {
        let asked = control.nature().asked;
        !asked.is_empty() && !is_known(asked)
    });
    let finding = Finding::look("could_not_look", what, "Look again.", Chapter::Doctor);
    Finding { severity: Severity::CouldNotLook, ..finding }.about(about)
}

/// Looks at everything of a stack, which has to be as `template` has it.
pub async fn examine(
    clients: &Clients,
    stack: &Stack,
    template: &Template,
    clock: &Clock,
) -> Vec<Finding> {
    // Side by side: each of them mostly waits.
    let (data, code, around) = tokio::join!(
        examine_data(clients, stack, template),
        async {
            let mut findings = functions::check(clients, stack, template, clock).await;
            findings.extend(roles::check(clients, stack, template, clock).await);
            findings
        },
        async {
            let mut findings = published::check(clients, stack, clock).await;
            findings.extend(gateway::check(clients, stack).await);
            findings.extend(traffic::check(clients, stack, template, clock).await);
            findings.extend(watch::check(clients, stack, template).await);
            findings
        },
    );
    let mut findings = stack::judge(stack);
    findings.extend(data);
    findings.extend(code);
    findings.extend(around);
    findings
}
