//! `cargo doctor`: looks at a deployed stack and says in sentences what is wrong and what to do.
//!
//! It describes and counts. No item, message or log line is ever read, so who may run it need not be
//! allowed to. Beside that it verifies receipts of erasures ([`receipt`]), for which it needs nobody.

pub mod aws;
pub mod check;
pub mod finding;
pub mod receipt;
pub mod report;

use shared::clock::Clock;
use template::Template;

use crate::aws::Clients;
use crate::check::{functions, key, published, stack, tables, traffic, watch};
use crate::report::Report;

/// Looks at everything of the stack of that name, which has to be as `template` has it.
pub async fn examine(clients: &Clients, name: &str, template: &Template, clock: &Clock) -> Report {
    let mut findings = Vec::new();
    match stack::look(clients, name).await {
        Err(could_not) => findings.push(could_not.finding(&"The stack")),
        Ok(None) => findings.push(stack::absent(name, &clients.region)),
        Ok(Some(stack)) => {
            findings.extend(stack::judge(&stack));
            findings.push(key::check(clients, &stack).await);
            findings.extend(tables::check(clients, &stack, template).await);
            findings.extend(functions::check(clients, &stack, template).await);
            findings.extend(published::check(clients, &stack, name, clock).await);
            findings.extend(traffic::check(clients, &stack, template, clock).await);
            findings.extend(watch::check(clients, &stack).await);
        }
    }
    Report { stack: name.to_owned(), region: clients.region.clone(), findings }
}
