//! The gateway: whether it limits and logs requests, and whether every address of it asks for a current TLS.

use shared::values::control::Control;

use crate::aws::{Clients, could_not};
use crate::finding::{Chapter, CouldNot, Finding};
use crate::stack::Stack;

/// The right that every reading call of the gateway asks for.
const ACTION: &str = "apigateway:GET";
const STAGE: &str = "$default";
/// Names of security policies without TLS 1.2.
const OLD: &str = "TLS_1_0";

/// The stage that answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stage {
    /// Whether it limits requests.
    pub limited: bool,
    /// Whether it logs requests.
    pub logged: bool,
}

/// Reads the stage that answers.
///
/// # Errors
/// [`CouldNot`], when the gateway does not answer.
pub async fn look(clients: &Clients, api: &str) -> Result<Stage, CouldNot> {
    let stage = clients.apigateway.get_stage().api_id(api).stage_name(STAGE).send().await;
    let stage = stage.map_err(could_not(ACTION))?;
    let limits = stage.default_route_settings();
    let limited = limits.is_some_and(|limits| {
        limits.throttling_rate_limit().is_some_and(|rate| rate > 0.0)
            && limits.throttling_burst_limit().is_some_and(|burst| burst > 0)
    });
    let logged = stage.access_log_settings().is_some_and(|log| log.destination_arn().is_some());
    Ok(Stage { limited, logged })
}

/// The findings about the stage.
#[must_use]
pub fn judge(stage: Stage) -> Vec<Finding> {
    let see = Chapter::Gateway;
    let wrong = |code, what| Finding::wrong(code, what, "Deploy again.", see);
    let mut findings = Vec::new();
    if !stage.limited {
        let what = "The gateway does not limit requests: anybody can use the account's quota up.";
        findings.push(wrong("api_not_throttled", what));
    }
    if !stage.logged {
        findings.push(wrong("api_not_logged", "The gateway does not log requests."));
    }
    if findings.is_empty() {
        let what = "The gateway limits requests and logs them.";
        findings.push(Finding::fine("api_stage_as_designed", what, see));
    }
    findings
}

/// The domains of the team that lead to the API, each with its oldest security policy.
///
/// # Errors
/// [`CouldNot`], when the gateway does not answer.
pub async fn look_at_domains(
    clients: &Clients,
    api: &str,
) -> Result<Vec<(String, String)>, CouldNot> {
    let client = &clients.apigateway;
    let mut found = Vec::new();
    let mut next = None;
    loop {
        let page = client.get_domain_names().set_next_token(next).send().await;
        let page = page.map_err(could_not(ACTION))?;
        for domain in page.items() {
            let name = domain.domain_name().unwrap_or_default();
            let mappings = client.get_api_mappings().domain_name(name).send().await;
            let mappings = mappings.map_err(could_not(ACTION))?;
            if mappings.items().iter().any(|mapping| mapping.api_id() == Some(api)) {
                let configurations = domain.domain_name_configurations().iter();
                let mut policies =
                    configurations.map(|one| one.security_policy().map_or("", |one| one.as_str()));
                let newest = policies.clone().next().unwrap_or_default();
                let policy = policies.find(|one| one.is_empty() || *one == OLD).unwrap_or(newest);
                found.push((name.to_owned(), policy.to_owned()));
            }
        }
        next = page.next_token().map(ToOwned::to_owned);
        if next.is_none() {
            return Ok(found);
        }
    }
}

/// The findings about the addresses. `url` is the API's own.
#[must_use]
pub fn judge_domains(url: &str, domains: &[(String, String)]) -> Vec<Finding> {
    let see = Chapter::Gateway;
    let mut findings = Vec::new();
    if !url.starts_with("https://") {
        let what = format!("The API's own address has no TLS: {url}.");
        findings.push(Finding::wrong("tls_old", what, "Deploy again.", see));
    }
    for (name, policy) in domains {
        if policy.is_empty() || policy == OLD {
            findings.push(Finding::wrong(
                "tls_old",
                format!("{name} takes connections older than TLS 1.2."),
                "Set the domain's security policy to TLS_1_2 or newer.",
                see,
            ));
        }
    }
    if findings.is_empty() {
        let what = format!(
            "The API's own address is https, for which AWS asks for TLS 1.2 or newer; so do {} domains.",
            domains.len()
        );
        findings.push(Finding::fine("tls_current", what, see));
    }
    findings
}

/// Looks at the stack's API.
pub async fn check(clients: &Clients, stack: &Stack) -> Vec<Finding> {
    let (Some(api), Some(url)) = (stack.resource("Api"), stack.outputs.get("ApiUrl")) else {
        return Vec::new();
    };
    let mut findings = Vec::new();
    match look(clients, &api.physical).await {
        Err(could_not) => {
            findings.push(could_not.finding(&"The gateway").about([Control::ApiStage]));
        }
        Ok(stage) => findings.extend(judge(stage)),
    }
    match look_at_domains(clients, &api.physical).await {
        Err(could_not) => {
            findings.push(could_not.finding(&"The domains").about([Control::Tls]));
        }
        Ok(domains) => findings.extend(judge_domains(url, &domains)),
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(findings: &[Finding]) -> Vec<&'static str> {
        findings.iter().map(|finding| finding.code).collect()
    }

    #[test]
    fn a_gateway_limits_and_logs() {
        let judged = |limited, logged| codes(&judge(Stage { limited, logged }));
        assert_eq!(judged(true, true), ["api_stage_as_designed"]);
        assert_eq!(judged(false, true), ["api_not_throttled"]);
        assert_eq!(judged(true, false), ["api_not_logged"]);
        assert_eq!(judged(false, false), ["api_not_throttled", "api_not_logged"]);
    }

    #[test]
    fn every_address_asks_for_a_current_tls() {
        let judged = |url: &str, policies: &[&str]| {
            let domains: Vec<_> =
                policies.iter().map(|policy| ("d".to_owned(), (*policy).to_owned())).collect();
            codes(&judge_domains(url, &domains))
        };
        assert_eq!(judged("https://a", &[]), ["tls_current"]);
        assert_eq!(judged("https://a", &["TLS_1_2"]), ["tls_current"]);
        assert_eq!(judged("https://a", &["TLS_1_2", "TLS_1_0"]), ["tls_old"]);
        assert_eq!(judged("https://a", &[""]), ["tls_old"]);
        assert_eq!(judged("http://a", &[]), ["tls_old"]);
    }
}
