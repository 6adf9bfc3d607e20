//! The functions: the version that answers, its state, and how many may run at once.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_lambda::primitives::{DateTime, DateTimeFormat as Format};
use serde_json::Value;
use shared::clock::Clock;
use shared::values::control::Control;
use template::Template;

use crate::aws::{Clients, could_not, is_absent};
use crate::finding::{Chapter, CouldNot, Finding};
use crate::grants::statements;
use crate::stack::Stack;

/// A quota below this is that of a new account: its functions throttle each other.
const FEW_AT_ONCE: i32 = 100;
/// The runtime of every function, which AWS patches.
const RUNTIME: &str = "provided.al2023";
const DAY_SECONDS: i64 = 24 * 60 * 60;
/// A function that was not deployed for longer lacks the patches of a quarter.
const OLD_DAYS: i64 = 90;
/// The services that invoke functions by a policy of the function; the others assume a role.
const INVOKERS: [&str; 1] = ["apigateway.amazonaws.com"];
/// The controls that a look at a function is about.
const ALL: [Control; 5] = [
    Control::FunctionPublic,
    Control::FunctionRuntime,
    Control::FunctionSettings,
    Control::FunctionVersion,
    Control::BuildAge,
];

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
    /// The runtime of the live version, such as `provided.al2023`.
    pub runtime: String,
    /// The ARN of the role of the live version.
    pub role: String,
    /// When its code or its settings were changed last, in seconds.
    pub modified_seconds: i64,
    /// Whether it has an address of its own, beside the gateway.
    pub url: bool,
    /// The policies that say who invokes it: its own, and that of `live`.
    pub policies: Vec<Value>,
}

/// The names at AWS that belong to a function.
#[derive(Debug, Clone, Copy)]
pub struct Design<'a> {
    /// The id of the stack's API.
    pub api: &'a str,
    /// The name of the function's role, where the stack has it.
    pub role: Option<&'a str>,
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
    /// Somebody may invoke it whom the template does not name.
    Open(String),
    /// It has an address of its own.
    Url,
    /// It runs on another runtime than was designed.
    Runtime(String),
    /// It was not changed for so many days.
    Old(i64),
    /// It acts with the rights of another role.
    OtherRole(String),
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
    let mut qualifier = Some("live".to_owned());
    match lambda.get_alias().function_name(name).name("live").send().await {
        // The rest is looked at all the same: without the alias somebody may still get in.
        Err(error) if is_absent(&error) => qualifier = None,
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
    let action = "lambda:GetFunctionConfiguration";
    let asked = lambda.get_function_configuration().function_name(name);
    let live = asked.set_qualifier(qualifier).send().await.map_err(could_not(action))?;
    function.runtime =
        live.runtime().map(|runtime| runtime.as_str().to_owned()).unwrap_or_default();
    live.role().unwrap_or_default().clone_into(&mut function.role);
    let modified = latest.last_modified().and_then(seconds);
    function.modified_seconds = modified.ok_or_else(|| CouldNot::missing(action, "a time"))?;
    if let Some(variables) = live.environment().and_then(|environment| environment.variables()) {
        function.environment.extend(variables.keys().cloned());
    }
    let mut pages = lambda.list_versions_by_function().function_name(name).into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = page.map_err(could_not("lambda:ListVersionsByFunction"))?;
        let numbers = page.versions().iter().filter_map(|one| one.version()?.parse().ok());
        function.newest = function.newest.into_iter().chain(numbers).max();
    }
    let urls = lambda.list_function_url_configs().function_name(name).send().await;
    let urls = urls.map_err(could_not("lambda:ListFunctionUrlConfigs"))?;
    function.url = !urls.function_url_configs().is_empty();
    for qualifier in [None, Some("live".to_owned())] {
        let policy = lambda.get_policy().function_name(name).set_qualifier(qualifier).send().await;
        match policy {
            Ok(policy) => {
                let read = policy.policy().and_then(|text| serde_json::from_str(text).ok());
                let read = read.ok_or_else(|| CouldNot::missing("lambda:GetPolicy", "a policy"))?;
                function.policies.push(read);
            }
            Err(error) if is_absent(&error) => {}
            Err(error) => return Err(could_not("lambda:GetPolicy")(error)),
        }
    }
    Ok(function)
}

/// The seconds of a time as Lambda writes it: `2026-11-30T21:40:06.659+0000`.
fn seconds(time: &str) -> Option<i64> {
    let utc = time.strip_suffix("+0000").map_or_else(|| time.to_owned(), |time| format!("{time}Z"));
    DateTime::from_str(&utc, Format::DateTime).ok().map(|time| time.secs())
}

/// Whom a policy lets invoke the function beside the stack's own gateway; by what is after `Principal`.
fn strangers(policy: &Value, api_id: &str) -> Vec<String> {
    let mut strangers = Vec::new();
    for statement in statements(policy) {
        if statement.get("Effect").is_none_or(|effect| effect != "Allow") {
            continue;
        }
        let principal = statement.get("Principal").unwrap_or(&Value::Null);
        let service = principal.get("Service").and_then(Value::as_str).unwrap_or_default();
        // Without the stack's own API as the source, any account's gateway could invoke it.
        let is_ours = |source: &Value| {
            let api = source.as_str().and_then(|arn| arn.split(':').nth(5));
            api.and_then(|rest| rest.split('/').next()) == Some(api_id)
        };
        let conditions =
            statement.get("Condition").and_then(Value::as_object).into_iter().flatten();
        let has_source = conditions
            .filter(|(operator, _)| ["ArnLike", "ArnEquals"].contains(&operator.as_str()))
            .filter_map(|(_, keys)| keys.as_object())
            .flatten()
            .any(|(key, source)| key.eq_ignore_ascii_case("aws:SourceArn") && is_ours(source));
        if !(INVOKERS.contains(&service) && has_source) {
            strangers.push(principal.to_string());
        }
    }
    strangers
}

/// The faults of a function that needs `required` in its environment.
#[must_use]
pub fn judge<'name>(
    function: &Function,
    required: impl IntoIterator<Item = &'name str>,
    design: Design<'_>,
    now_seconds: i64,
) -> Vec<Fault> {
    let mut faults: Vec<Fault> =
        function.failed.clone().map(Fault::UpdateFailed).into_iter().collect();
    let strangers = |policy| strangers(policy, design.api);
    let strangers: BTreeSet<_> = function.policies.iter().flat_map(strangers).collect();
    faults.extend(strangers.into_iter().map(Fault::Open));
    if function.url {
        faults.push(Fault::Url);
    }
    let days = (now_seconds - function.modified_seconds).div_euclid(DAY_SECONDS);
    faults.extend((days > OLD_DAYS).then_some(Fault::Old(days)));
    let is_its_role = |role: &str| function.role.ends_with(&format!("/{role}"));
    if design.role.is_some_and(|role| !is_its_role(role)) {
        faults.push(Fault::OtherRole(function.role.clone()));
    }
    let Some(live) = function.live else {
        faults.push(Fault::NoAlias);
        return faults;
    };
    if let Some((to, part)) = function.beside.first_key_value() {
        faults.push(Fault::Rollout { from: live, to: to.clone(), part: *part });
    } else if let Some(newest) = function.newest.filter(|newest| *newest > live) {
        faults.push(Fault::Behind { live, newest });
    }
    if function.runtime != RUNTIME {
        faults.push(Fault::Runtime(function.runtime.clone()));
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
            Self::Open(principal) => Finding::wrong(
                "function_public",
                format!(
                    "{function} may be invoked by {principal}, whom the template does not name."
                ),
                "Run aws lambda remove-permission; CloudTrail says who added it.",
                Chapter::FunctionOpen,
            ),
            Self::Url => Finding::wrong(
                "function_url",
                format!("{function} has an address of its own, past the gateway."),
                "Run aws lambda delete-function-url-config; CloudTrail says who made it.",
                Chapter::FunctionOpen,
            ),
            Self::Runtime(runtime) => Finding::wrong(
                "function_runtime",
                format!("{function} runs on {runtime}, not on {RUNTIME}."),
                "Deploy again.",
                Chapter::Upgrades,
            ),
            Self::Old(days) => Finding::look(
                "build_old",
                format!("{function} was not deployed for {days} days."),
                "Build the newest release, with newer dependencies, and deploy it.",
                Chapter::Upgrades,
            ),
            Self::OtherRole(role) => Finding::wrong(
                "function_role",
                format!("{function} acts with the rights of {role}, which is not its role."),
                "Deploy again; CloudTrail says who changed it.",
                Chapter::RoleChanged,
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
pub async fn check(
    clients: &Clients,
    stack: &Stack,
    template: &Template,
    clock: &Clock,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for declared in template.functions() {
        let logical = declared.logical_id();
        let Some(resource) = stack.resource(logical) else {
            findings.push(Finding::wrong(
                "function_absent",
                format!("{logical} is not part of the stack."),
                "Deploy the release that this command comes from.",
                Chapter::Upgrades,
            ));
            continue;
        };
        match look(clients, &resource.physical).await {
            Err(could_not) => findings.push(could_not.finding(&logical).about(ALL)),
            Ok(function) => {
                let role = declared.role().and_then(|role| stack.resource(role));
                let role = role.map(|role| role.physical.as_str());
                let api = stack.resource("Api").map_or("", |api| api.physical.as_str());
                let design = Design { api, role };
                let now_seconds = clock.now_seconds();
                let faults = judge(&function, declared.required(), design, now_seconds);
                let of_function: Vec<_> =
                    faults.iter().map(|fault| fault.finding(logical)).collect();
                let failed: Vec<_> = of_function.iter().flat_map(Finding::controls).collect();
                let live = function.live.unwrap_or_default();
                let what = if failed.is_empty() {
                    format!("{logical} runs version {live}, the newest.")
                } else {
                    format!("{logical} is otherwise as designed.")
                };
                let fine = Finding::fine("function_live", what, Chapter::Upgrades);
                findings.push(fine.about(ALL.into_iter().filter(|one| !failed.contains(one))));
                findings.extend(of_function);
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
    use serde_json::json;

    use super::*;
    use crate::finding::Severity;

    const DESIGN: Design<'static> = Design { api: "a", role: Some("own") };

    fn whole() -> Function {
        let environment = ["SOTTO_ROOT_PIN".to_owned()].into();
        Function {
            live: Some(2),
            newest: Some(2),
            environment,
            runtime: RUNTIME.to_owned(),
            role: "arn:aws:iam::1:role/own".to_owned(),
            modified_seconds: 100 * DAY_SECONDS,
            ..Function::default()
        }
    }

    #[test]
    fn the_newest_version_alone_is_fine_and_everything_else_is_said() {
        let required = ["SOTTO_ROOT_PIN"];
        let judge = |function: &Function, required| super::judge(function, required, DESIGN, 0);
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
    fn a_way_in_past_the_gateway_another_runtime_and_age_are_named() {
        let required = ["SOTTO_ROOT_PIN"];
        let judged = |change: &dyn Fn(&mut Function)| {
            let mut function = whole();
            change(&mut function);
            let faults = super::judge(&function, required, DESIGN, 100 * DAY_SECONDS);
            faults.iter().map(|fault| fault.finding("F").code).collect::<Vec<_>>()
        };
        let invoked = |principal: Value, condition: Value| json!({"Statement": [{"Effect": "Allow", "Principal": principal, "Condition": condition}]});
        let from = |arn: &str| json!({"ArnLike": {"AWS:SourceArn": arn}});
        let source = from("arn:aws:execute-api:e:1:a/*");
        let gateway = json!({"Service": "apigateway.amazonaws.com"});
        let designed = invoked(gateway.clone(), source.clone());
        assert_eq!(judged(&|one| one.policies = vec![designed.clone()]), [""; 0]);
        for policy in [
            invoked(gateway.clone(), json!(null)),
            invoked(gateway.clone(), from("arn:aws:execute-api:*:2:*/*")),
            invoked(gateway.clone(), from("arn:aws:execute-api:e:1:b/*")),
            invoked(
                gateway,
                json!({"ArnNotLike": {"AWS:SourceArn": "arn:aws:execute-api:e:1:a/*"}}),
            ),
            invoked(json!("*"), source.clone()),
            invoked(json!({"AWS": "arn:aws:iam::2:root"}), source.clone()),
            invoked(json!({"Service": "s3.amazonaws.com"}), source),
        ] {
            assert_eq!(judged(&|one| one.policies = vec![policy.clone()]), ["function_public"]);
        }
        assert_eq!(judged(&|one| one.url = true), ["function_url"]);
        let admin = |one: &mut Function| one.role = "arn:aws:iam::1:role/Admin".to_owned();
        assert_eq!(judged(&admin), ["function_role"]);
        let open = |one: &mut Function| {
            one.live = None;
            one.url = true;
        };
        assert_eq!(judged(&open), ["function_url", "function_no_alias"], "also without the alias");
        assert_eq!(judged(&|one| one.runtime = "provided.al2".to_owned()), ["function_runtime"]);
        let at = |days: i64| (100 - days) * DAY_SECONDS;
        assert_eq!(judged(&|one| one.modified_seconds = at(91)), ["build_old"]);
        assert_eq!(judged(&|one| one.modified_seconds = at(90)), [""; 0]);
    }

    #[test]
    fn both_ways_of_writing_a_time_are_read() {
        assert_eq!(seconds("1970-01-02T00:00:00.659+0000"), Some(DAY_SECONDS));
        assert_eq!(seconds("1970-01-02T00:00:00.659Z"), Some(DAY_SECONDS));
        assert_eq!(seconds("yesterday"), None);
    }

    #[test]
    fn a_new_accounts_quota_is_to_be_looked_at() {
        assert_eq!(quota(10).severity, Severity::LookAtIt);
        assert_eq!(quota(1_000).severity, Severity::Fine);
    }
}
