//! `cargo doctor`: looks at a deployed stack and says in sentences what is wrong and what to do.
//!
//! The rules are those of every audit ([`checks`]). It describes and counts. It reads no item, message or log
//! line, so its user needs no right to read any. [`checks::records`] alone reads items, when it is asked to, and
//! opens none. The doctor also verifies receipts of erasures ([`receipt`]), certificates of trainings
//! ([`certificate`]) and bundles of audits ([`bundle`]), for which it needs no AWS.
//!
//! [`verify_log`] verifies the audit log and the events, whose items it reads.
//!
//! Two commands write: [`decoy`] plants a decoy, and [`drill`] plays an attack.

pub mod bundle;
pub mod certificate;
pub mod decoy;
pub mod deployment;
pub mod drill;
pub mod receipt;
pub mod report;
pub mod verify_log;

use checks::aws::Clients;
use checks::finding::CouldNot;
use checks::records::{Broken, Records};
use checks::stack;
use shared::clock::Clock;
use template::Template;

use crate::report::Report;

/// Looks at everything of the stack of that name, which has to be as `template` has it.
pub async fn examine(clients: &Clients, name: &str, template: &Template, clock: &Clock) -> Report {
    let mut findings = Vec::new();
    match stack::look(clients, name).await {
        Err(could_not) => findings.push(could_not.finding(&"The stack")),
        Ok(None) => findings.push(stack::absent(name, &clients.region)),
        Ok(Some(stack)) => {
            let looks = checks::examine(clients, &stack, template, clock);
            findings.extend(Box::pin(looks).await);
        }
    }
    Report { stack: name.to_owned(), region: clients.region.clone(), findings }
}

/// Reads all tables of the stack of that name and gives what is broken in them, and how many items there
/// are.
///
/// # Errors
/// A sentence, when the stack is not there or could not be read.
pub async fn examine_records(
    clients: &Clients,
    name: &str,
    template: &Template,
    clock: &Clock,
) -> Result<(usize, Vec<Broken>), String> {
    let say = |subject: &'static str| move |could_not: CouldNot| could_not.finding(&subject).what;
    let stack = stack::look(clients, name).await.map_err(say("The stack"))?;
    let stack = stack.ok_or_else(|| stack::absent(name, &clients.region).what)?;
    let physical =
        |logical: &str| stack.resource(logical).map(|resource| resource.physical.clone());
    let records =
        Records::read(&clients.dynamodb, template, physical, clock.now_seconds(), None).await;
    let records = records.map_err(say("A table"))?;
    Ok((records.count(), records.broken()))
}
