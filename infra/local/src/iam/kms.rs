//! The IAM request of a call to KMS.

use serde_json::Value;

use super::Request;
use super::condition::Context;

/// The account, as `!Ref AWS::AccountId` resolves.
pub(super) const ACCOUNT_ID: &str = "<AccountId>";

/// The request that IAM has to allow for a call. `key` is the logical id of the call's key, none
/// when it is about no key of the template ("Condition keys for AWS KMS", KMS developer guide).
#[must_use]
pub fn request(operation: &str, body: &Value, key: Option<&str>) -> Request {
    let mut context =
        Context::from([("kms:CallerAccount".to_owned(), vec![ACCOUNT_ID.to_owned()])]);
    let pairs = body["EncryptionContext"].as_object().into_iter().flatten();
    for (name, value) in pairs {
        let value = value.as_str().unwrap_or_default().to_owned();
        context.insert(format!("kms:EncryptionContext:{name}"), vec![value]);
        context.entry("kms:EncryptionContextKeys".to_owned()).or_default().push(name.clone());
    }
    let resource = key.map_or_else(|| "*".to_owned(), |key| format!("<{key}.Arn>"));
    Request { action: format!("kms:{operation}"), resource, context }
}
