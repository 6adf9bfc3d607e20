//! The functions: the version that answers, its state, and how many may run at once.

use std::collections::{BTreeMap, BTreeSet};

use template::Template;

use crate::aws::{Clients, could_not, is_absent};
use crate::check::stack::Stack;
use crate::finding::{Chapter, CouldNot, Finding};

/// A quota below this is that of a new account: its functions throttle each other.
const FEW_AT_ONCE: i32 = 100;

/// A function as Lambda describes it.
#[derive(Debug, Clone, Default)]
pub struct Function {
    /// Version that the alias `live` points to; `None` without that alias.
    pub live: Option<u64>,
    /// Other versions that get traffic, with their part of it, 0 to 1.
    pub beside: BTreeMap<String, f64>,
    /// The newest version that was published.
    pub newest: Option<u64>,
    /// Why its last change failed; `None` if it did not.
    pub failed: Option<String>,
    /// Names in the environment of the live version.
    pub environment: BTreeSet<String>,
}

/// A fault of a function.
#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    /// The alias `live` is missing.
    NoAlias,
    /// Two versions answer.
    Rollout {
        /// The version before.
        from: u64,
        /// The new one.
        to: String,
        /// The new one's part of the traffic, 0 to 1.
        part: f64,
    },
    /// The newest version takes no traffic.
    Behind {
        /// The version that answers.
        live: u64,
        /// The newest one.
        newest: u64,
    },
    /// Lambda could not apply the last change.
    UpdateFailed(String),
    /// A variable that the function needs at its start is not set; the name of the variable.
    Unset(String),
}

/// Reads one function.
///
/// # Errors
/// [`CouldNot`], when Lambda does not answer.
pub async fn look(clients: &Clients, name: &str) -> Result<Function, CouldNot> {
    let lambda = &clients.lambda;
    let latest = lambda.get_function_configuration().function_name(name).send().await;
    let latest = latest.map_err(could_not("lambda:GetFunctionConfiguration"))?;
    let failed = latest.last_update_status().is_some_and(|status| status.as_str() == "Failed");
    let reason = latest.last_update_status_reason().unwrap_or("no reason was given");
    let mut function =
        Function { failed: failed.then(|| reason.to_owned()), ..Function::default() };
    match lambda.get_alias().function_name(name).name("live").send().await {
        Err(error) if is_absent(&error) => return Ok(function),
        Err(error) => return Err(could_not("lambda:GetAlias")(error)),
        Ok(alias) => {
            function.live = alias.function_version().and_then(|version| version.parse().ok());
            if let Some(weights) =
                alias.routing_config().and_then(|routing| routing.additional_version_weights())
            {
                function.beside.extend(weights.iter().map(|(name, part)| (name.clone(), *part)));
            }
        }
    }
    let live = lambda.get_function_configuration().function_name(name).qualifier("live");
    let live = live.send().await.map_err(could_not("lambda:GetFunctionConfiguration"))?;
    if let Some(variables) = live.environment().and_then(|environment| environment.variables()) {
        function.environment.extend(variables.keys().cloned());
    }
    let mut pages = lambda.list_versions_by_function().function_name(name).into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = page.map_err(could_not("lambda:ListVersionsByFunction"))?;
        let numbers = page.versions().iter().filter_map(|one| one.version()?.parse().ok());
        function.newest = function.newest.into_iter().chain(numbers).max();
    }
    Ok(function)
}

/// The faults of a function that needs `required` in its environment.
#[must_use]
pub fn judge<'name>(
    function: &Function,
    required: impl IntoIterator<Item = &'name str>,
) -> Vec<Fault> {
    let mut faults: Vec<Fault> =
        function.failed.clone().map(Fault::UpdateFailed).into_iter().collect();
    let Some(live) = function.live else {
        faults.push(Fault::NoAlias);
        return faults;
    };
    if let Some((to, part)) = function.beside.first_key_value() {
        faults.push(Fault::Rollout { from: live, to: to.clone(), part: *part });
    } else if let Some(newest) = function.newest.filter(|newest| *newest > live) {
        faults.push(Fault::Behind { live, newest });
    }
    let unset = required.into_iter().filter(|name| !function.environment.contains(*name));
    faults.extend(unset.map(|name| Fault::Unset(name.to_owned())));
    faults
}

impl Fault {
    /// The fault in sentences.
    #[must_use]
    pub fn finding(&self, function: &str) -> Finding {
        match self {
            Self::NoAlias => Finding::wrong(
                "function_no_alias",
                format!("{function} has no alias live, so nothing invokes it."),
                "Deploy again.",
                Chapter::Upgrades,
            ),
            Self::Rollout { from, to, part } => Finding::look(
                "function_rollout",
                format!(
                    "{function} is being rolled out: version {to} gets {:.0} % of the traffic, \
                     version {from} the rest.",
                    part * 100.0
                ),
                "Wait until it has ended, or stop the deployment in CodeDeploy.",
                Chapter::Upgrades,
            ),
            Self::Behind { live, newest } => Finding::look(
                "function_behind",
                format!("{function} runs version {live} although {newest} is newer."),
                "A rollout was stopped: see why, mend it and deploy again.",
                Chapter::RolledBack,
            ),
            Self::UpdateFailed(reason) => Finding::wrong(
                "function_update_failed",
                format!("The last change of {function} failed: {}.", reason.trim_end_matches('.')),
                "Mend the cause and deploy again.",
                Chapter::DeploymentFailed,
            ),
            Self::Unset(name) => Finding::wrong(
                "function_environment",
                format!("{function} has no {name} in its environment and stops at its start."),
                "Deploy again; what was changed by hand is put back.",
                Chapter::Upgrades,
            ),
        }
    }
}

/// Looks at every function of the stack.
pub async fn check(clients: &Clients, stack: &Stack, template: &Template) -> Vec<Finding> {
    let mut findings = Vec::new();
    for declared in template.functions() {
        let logical = declared.logical_id();
        let Some(resource) = stack.resources.iter().find(|resource| resource.logical == logical)
        else {
            findings.push(Finding::wrong(
                "function_absent",
                format!("{logical} is not part of the stack."),
                "Deploy the release that this command comes from.",
                Chapter::Upgrades,
            ));
            continue;
        };
        match look(clients, &resource.physical).await {
            Err(could_not) => findings.push(could_not.finding(&logical)),
            Ok(function) => {
                let faults = judge(&function, declared.required());
                if faults.is_empty() {
                    let live = function.live.unwrap_or_default();
                    let what = format!("{logical} runs version {live}, the newest.");
                    findings.push(Finding::fine("function_live", what, Chapter::Upgrades));
                }
                findings.extend(faults.iter().map(|fault| fault.finding(logical)));
            }
        }
    }
    match clients.lambda.get_account_settings().send().await {
        Err(error) => {
            findings.push(could_not("lambda:GetAccountSettings")(error).finding(&"The quota"));
        }
        Ok(settings) => findings
            .extend(settings.account_limit().map(|limit| quota(limit.concurrent_executions()))),
    }
    findings
}

fn quota(at_once: i32) -> Finding {
    let what = format!("The account may run {at_once} functions at once in this region.");
    let see = Chapter::Throttled;
    if at_once < FEW_AT_ONCE {
        let advice = "Ask AWS for more under Service Quotas, Lambda, Concurrent executions.";
        Finding::look("quota_small", what, advice, see)
    } else {
        Finding::fine("quota", what, see)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Severity;

    fn whole() -> Function {
        let environment = ["SOTTO_ROOT_PIN".to_owned()].into();
        Function { live: Some(2), newest: Some(2), environment, ..Function::default() }
    }

    #[test]
    fn the_newest_version_alone_is_fine_and_everything_else_is_said() {
        let required = ["SOTTO_ROOT_PIN"];
        assert_eq!(judge(&whole(), required), []);
        let rollout =
            Function { beside: [("3".to_owned(), 0.1)].into(), newest: Some(3), ..whole() };
        let expected = Fault::Rollout { from: 2, to: "3".to_owned(), part: 0.1 };
        assert_eq!(judge(&rollout, required), [expected]);
        let behind = Function { newest: Some(10), ..whole() };
        assert_eq!(judge(&behind, required), [Fault::Behind { live: 2, newest: 10 }]);
        assert_eq!(judge(&Function { live: None, ..whole() }, required), [Fault::NoAlias]);
        let failed = Function { failed: Some("no".to_owned()), ..whole() };
        assert_eq!(judge(&failed, required), [Fault::UpdateFailed("no".to_owned())]);
        let unset = [Fault::Unset("SOTTO_ROOT_PIN".to_owned())];
        assert_eq!(judge(&Function { environment: BTreeSet::new(), ..whole() }, required), unset);
    }

    #[test]
    fn a_new_accounts_quota_is_to_be_looked_at() {
        assert_eq!(quota(10).severity, Severity::LookAtIt);
        assert_eq!(quota(1_000).severity, Severity::Fine);
    }
}
