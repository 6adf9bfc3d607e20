//! Statements of a policy document, read strictly: what is not understood is an error.

use serde_json::Value;

use super::Request;
use super::condition::{Condition, texts};
use super::glob::glob_matches;
use template::TemplateError;

/// The names that an element of a statement may have.
const ELEMENTS: [&str; 6] = ["Sid", "Effect", "Principal", "Action", "Resource", "Condition"];

/// One statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Its name, unique in its document.
    pub sid: String,
    /// Whether it allows; otherwise it denies.
    pub allows: bool,
    /// Service and operation, e.g. `dynamodb:GetItem`.
    pub actions: Vec<String>,
    /// Names as `template::resolve` gives them, e.g. `<KeysTable.Arn>`.
    pub resources: Vec<String>,
    /// All of which have to be met.
    pub conditions: Vec<Condition>,
    /// The principals: `AWS: …` or `Service: …`. Only resource policies have any.
    pub principals: Vec<String>,
}

impl Statement {
    /// Reads the statements of a document, its functions resolved.
    pub(super) fn read_all(place: &str, document: &Value) -> Result<Vec<Self>, TemplateError> {
        let fault = |what: &str| TemplateError::at(place, what);
        // Without it IAM takes the language of 2008.
        if document.get("Version").and_then(Value::as_str) != Some("2012-10-17") {
            return Err(fault("is a policy document without Version 2012-10-17"));
        }
        let statements = match document.get("Statement") {
            Some(Value::Array(statements)) => statements.as_slice(),
            Some(one @ Value::Object(_)) => std::slice::from_ref(one),
            _ => return Err(fault("is a policy document without Statement")),
        };
        let mut read: Vec<Self> = Vec::new();
        for statement in statements {
            let statement = Self::read(place, statement)?;
            if read.iter().any(|other| other.sid == statement.sid) {
                return Err(fault(&format!("has two statements with the Sid {}", statement.sid)));
            }
            read.push(statement);
        }
        Ok(read)
    }

    fn read(place: &str, statement: &Value) -> Result<Self, TemplateError> {
        let sid = statement.get("Sid").and_then(Value::as_str).ok_or_else(|| {
            TemplateError::at(place, "has a statement without Sid, by which it is named")
        })?;
        let place = format!("{place}.{sid}");
        let fault = |what: &str| TemplateError::at(&place, what);
        let elements = statement.as_object().into_iter().flatten();
        for (name, _) in elements {
            if !ELEMENTS.contains(&name.as_str()) {
                return Err(fault(&format!("has {name}, which nobody here evaluates")));
            }
        }
        let list = |name: &str| {
            let found = statement.get(name).and_then(texts).filter(|found| !found.is_empty());
            found.ok_or_else(|| fault(&format!("lacks {name}, or has one that is no text")))
        };
        let allows = match statement.get("Effect").and_then(Value::as_str) {
            Some("Allow") => true,
            Some("Deny") => false,
            _ => return Err(fault("has an Effect that is neither Allow nor Deny")),
        };
        let actions = list("Action")?;
        if let Some(action) = actions.iter().find(|action| !action.contains(':')) {
            // `*` is an action as well; it stays, to be refused as a wildcard with its name.
            if action != "*" {
                return Err(fault(&format!("has the action {action}, which names no service")));
            }
        }
        let condition = statement.get("Condition").unwrap_or(&Value::Null);
        Ok(Self {
            sid: sid.to_owned(),
            allows,
            actions,
            resources: list("Resource")?,
            conditions: Condition::read_all(&place, condition)?,
            principals: principals(statement.get("Principal")).ok_or_else(|| {
                fault("has a Principal that is neither AWS nor Service with a text")
            })?,
        })
    }

    /// Whether it speaks of this request.
    pub(super) fn applies(&self, request: &Request) -> bool {
        self.is_about(&request.action, &request.resource)
            && self.conditions.iter().all(|condition| condition.is_met(&request.context))
    }

    /// Whether it speaks of that action on that resource, conditions aside. Actions have no case.
    pub(super) fn is_about(&self, action: &str, resource: &str) -> bool {
        let action = action.to_ascii_lowercase();
        self.actions.iter().any(|ours| glob_matches(&ours.to_ascii_lowercase(), &action))
            && self.resources.iter().any(|ours| glob_matches(ours, resource))
    }
}

/// `None` when it cannot be read; no principal at all is an empty list.
fn principals(principal: Option<&Value>) -> Option<Vec<String>> {
    let Some(principal) = principal else { return Some(Vec::new()) };
    let mut all = Vec::new();
    for (kind, names) in principal.as_object()? {
        if kind != "AWS" && kind != "Service" {
            return None;
        }
        all.extend(texts(names)?.iter().map(|name| format!("{kind}: {name}")));
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_document_that_is_not_understood_is_refused_by_name() {
        let whole = json!({
            "Sid": "S", "Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": "<T.Arn>",
        });
        let with = |name: &str, value: Value| {
            let mut statement = whole.clone();
            statement[name] = value;
            json!({"Version": "2012-10-17", "Statement": [statement]})
        };
        assert!(Statement::read_all("R", &with("Effect", json!("Deny"))).is_ok());
        for (document, named) in [
            (with("Effect", json!("Maybe")), "Effect"),
            (with("Sid", json!(null)), "Sid"),
            (with("NotAction", json!("x:Y")), "NotAction"),
            (with("NotResource", json!("x")), "NotResource"),
            (with("NotPrincipal", json!({"AWS": "x"})), "NotPrincipal"),
            (with("Action", json!([])), "Action"),
            (with("Action", json!("GetItem")), "GetItem"),
            (with("Resource", json!({"Ref": "T"})), "Resource"),
            (with("Principal", json!("*")), "Principal"),
            (with("Principal", json!({"Federated": "x"})), "Principal"),
            (with("Condition", json!({"StringMatches": {}})), ""),
            (json!({"Statement": [whole]}), "Version"),
            (json!({"Version": "2012-10-17"}), "Statement"),
            (json!({"Version": "2012-10-17", "Statement": [whole, whole]}), "two statements"),
        ] {
            match Statement::read_all("R", &document) {
                Ok(read) => assert!(named.is_empty() && read[0].conditions.is_empty()),
                Err(error) => assert!(error.to_string().contains(named), "{error}"),
            }
        }
    }
}
