//! The KMS key: while it is disabled nothing opens; once it is deleted no stored data opens again.

use crate::aws::{Clients, could_not, is_absent};
use crate::check::stack::Stack;
use crate::finding::{Chapter, CouldNot, Finding};

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

/// Looks at the stack's key.
pub async fn check(clients: &Clients, stack: &Stack) -> Finding {
    let key = match stack.outputs.get("KmsKeyArn") {
        None => Ok(None),
        Some(arn) => look(clients, arn).await,
    };
    match key {
        Err(could_not) => could_not.finding(&"The KMS key"),
        Ok(key) => judge(key.as_ref()).map_or_else(
            || {
                Finding::fine(
                    "key_enabled",
                    "The KMS key is enabled and rotates.",
                    Chapter::KeyInDanger,
                )
            },
            |fault| fault.finding(),
        ),
    }
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
