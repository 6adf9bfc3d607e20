//! The KMS key: while it is disabled nothing opens; once it is deleted no stored data opens again.

use serde_json::Value;
use shared::values::control::Control;
use template::Template;

use crate::aws::{Clients, could_not, is_absent};
use crate::finding::{Chapter, CouldNot, Finding};
use crate::grants::{Differences, Names};
use crate::stack::Stack;

/// The key as KMS describes it.
#[derive(Debug, Clone)]
pub struct Key {
    /// Its state, such as `Enabled`.
    pub state: String,
    /// Whether KMS makes a new version of it every year.
    pub rotates: bool,
}

/// A fault of the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// There is none.
    Absent,
    /// It opens nothing until it is enabled.
    Disabled,
    /// It is about to be destroyed.
    PendingDeletion,
    /// It is in another state in which it opens nothing.
    Unusable(String),
    /// It does not rotate.
    DoesNotRotate,
}

/// Reads the key; `None` if there is none of that name.
///
/// # Errors
/// [`CouldNot`], when KMS does not answer.
pub async fn look(clients: &Clients, arn: &str) -> Result<Option<Key>, CouldNot> {
    let action = "kms:DescribeKey";
    let described = match clients.kms.describe_key().key_id(arn).send().await {
        Ok(described) => described,
        Err(error) if is_absent(&error) => return Ok(None),
        Err(error) => return Err(could_not(action)(error)),
    };
    let state = described.key_metadata().and_then(|key| key.key_state());
    let state = state.ok_or_else(|| CouldNot::missing(action, "a state"))?.as_str().to_owned();
    // KMS does not give the rotation status of a key that cannot be used.
    let rotates = if state == "Enabled" {
        let status = clients.kms.get_key_rotation_status().key_id(arn).send().await;
        status.map_err(could_not("kms:GetKeyRotationStatus"))?.key_rotation_enabled()
    } else {
        false
    };
    Ok(Some(Key { state, rotates }))
}

/// The fault of the key; `None` if it is as it should be.
#[must_use]
pub fn judge(key: Option<&Key>) -> Option<Fault> {
    let Some(key) = key else { return Some(Fault::Absent) };
    match key.state.as_str() {
        "Enabled" if key.rotates => None,
        "Enabled" => Some(Fault::DoesNotRotate),
        "Disabled" => Some(Fault::Disabled),
        "PendingDeletion" => Some(Fault::PendingDeletion),
        other => Some(Fault::Unusable(other.to_owned())),
    }
}

impl Fault {
    /// The fault in sentences.
    #[must_use]
    pub fn finding(&self) -> Finding {
        let wrong =
            |code, what: &str, advice| Finding::wrong(code, what, advice, Chapter::KeyInDanger);
        match self {
            Self::Absent => wrong(
                "key_absent",
                "The KMS key does not exist: nothing that was stored can be opened again.",
                "Nothing brings it back; begin with a new stack.",
            ),
            Self::Disabled => wrong(
                "key_disabled",
                "The KMS key is disabled: within five minutes nothing opens any more.",
                "Run aws kms enable-key, and find in CloudTrail who disabled it.",
            ),
            Self::PendingDeletion => wrong(
                "key_pending_deletion",
                "The KMS key is to be deleted: after that nothing that was stored can be opened again.",
                "Run aws kms cancel-key-deletion and aws kms enable-key now.",
            ),
            Self::Unusable(state) => wrong(
                "key_unusable",
                &format!("The KMS key is {state}, in which it opens nothing."),
                "See the key in the console of KMS.",
            ),
            Self::DoesNotRotate => wrong(
                "key_does_not_rotate",
                "The KMS key does not rotate.",
                "Run aws kms enable-key-rotation.",
            ),
        }
    }
}

/// The rights on the key beside those that roles have.
#[derive(Debug, Clone)]
pub struct Rights {
    /// Its policy.
    pub policy: Value,
    /// Whom grants let use it.
    pub grantees: Vec<String>,
}

/// Reads who may use the key.
///
/// # Errors
/// [`CouldNot`], when KMS does not answer.
pub async fn look_at_rights(clients: &Clients, arn: &str) -> Result<Rights, CouldNot> {
    let action = "kms:GetKeyPolicy";
    let policy = clients.kms.get_key_policy().key_id(arn).send().await;
    let policy = policy.map_err(could_not(action))?;
    let policy = policy.policy().and_then(|text| serde_json::from_str(text).ok());
    let mut pages = clients.kms.list_grants().key_id(arn).into_paginator().items().send();
    let mut grantees = Vec::new();
    while let Some(grant) = pages.next().await {
        let grant = grant.map_err(could_not("kms:ListGrants"))?;
        grantees.push(grant.grantee_principal().unwrap_or("nobody named").to_owned());
    }
    let policy = policy.ok_or_else(|| CouldNot::missing(action, "a policy"))?;
    Ok(Rights { policy, grantees })
}

/// The findings about who may use the key, by its policy in the template.
#[must_use]
pub fn judge_rights(names: &Names, design: &Value, rights: &Rights) -> Vec<Finding> {
    let see = Chapter::KeyInDanger;
    let wrong = |code, what: String, advice| Finding::wrong(code, what, advice, see);
    let mut findings = Vec::new();
    let differences = Differences::between(names, design, &rights.policy);
    findings.extend(differences.more.iter().map(|statement| {
        wrong(
            "key_policy_statement",
            format!(
                "The policy of the KMS key has the statement {statement}, which was not designed."
            ),
            "Put the template's policy back; CloudTrail says who changed it.",
        )
    }));
    findings.extend(differences.less.iter().map(|statement| {
        wrong(
            "key_policy_missing",
            format!("The policy of the KMS key lacks the statement {statement}."),
            "Put the template's policy back; CloudTrail says who changed it.",
        )
    }));
    // DynamoDB and CloudWatch Logs give themselves grants for their work in the background.
    let others = rights.grantees.iter().filter(|grantee| !grantee.ends_with(".amazonaws.com"));
    findings.extend(others.map(|grantee| {
        wrong(
            "key_grants",
            format!("A grant lets {grantee} use the KMS key."),
            "Run aws kms revoke-grant; CloudTrail says who made it.",
        )
    }));
    if findings.is_empty() {
        let what = "The policy of the KMS key is as designed, and no grant adds to it.";
        findings.push(Finding::fine("key_policy_as_designed", what, see));
    }
    findings
}

/// Looks at the stack's key.
pub async fn check(clients: &Clients, stack: &Stack, template: &Template) -> Vec<Finding> {
    let Some(arn) = stack.outputs.get("KmsKeyArn") else {
        return vec![Fault::Absent.finding()];
    };
    let of_use = [Control::KeyState, Control::KeyRotation];
    let of_rights = [Control::KeyPolicy];
    let mut findings = Vec::new();
    let exists = match look(clients, arn).await {
        Err(could_not) => {
            findings.push(could_not.finding(&"The KMS key").about(of_use));
            true
        }
        Ok(key) => {
            let fine = |what| Finding::fine("key_enabled", what, Chapter::KeyInDanger);
            match judge(key.as_ref()) {
                None => findings.push(fine("The KMS key is enabled and rotates.")),
                Some(fault) => {
                    if fault == Fault::DoesNotRotate {
                        let enabled = fine("The KMS key is enabled.");
                        findings.push(enabled.about([Control::KeyState]));
                    }
                    findings.push(fault.finding());
                }
            }
            key.is_some()
        }
    };
    if exists {
        let names = Names::of(clients, stack);
        let design = &template.properties("DataKey")["KeyPolicy"];
        match look_at_rights(clients, arn).await {
            Err(could_not) => {
                findings.push(could_not.finding(&"The policy of the KMS key").about(of_rights));
            }
            Ok(rights) => findings.extend(judge_rights(&names, design, &rights)),
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_enabled_key_that_rotates_is_fine() {
        let judged = |state: &str, rotates| judge(Some(&Key { state: state.to_owned(), rotates }));
        assert_eq!(judged("Enabled", true), None);
        assert_eq!(judged("Enabled", false), Some(Fault::DoesNotRotate));
        assert_eq!(judged("Disabled", false), Some(Fault::Disabled));
        assert_eq!(judged("PendingDeletion", false), Some(Fault::PendingDeletion));
        let unavailable = Some(Fault::Unusable("Unavailable".to_owned()));
        assert_eq!(judged("Unavailable", false), unavailable);
        assert_eq!(judge(None), Some(Fault::Absent));
    }
}
