//! The roles of the template's functions and the policies of its keys, and what they decide.

#![expect(clippy::indexing_slicing, reason = "JSON indexed by name: what is absent reads as null")]

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::condition::ATTRIBUTES;
use super::statement::Statement;
use super::{Decision, Grant, Refusal, Request};
use template::{TemplateError, logical_id, resolve, to_json};

/// The account itself as a principal: a key policy that names it lets IAM policies allow.
const ACCOUNT: &str = "AWS: arn:<Partition>:iam::<AccountId>:root";

/// Everything that the template says about who may do what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policies {
    /// Functions and other holders of a role, by logical id.
    pub principals: BTreeMap<String, Principal>,
    /// The key policies, by the logical id of the key.
    pub keys: BTreeMap<String, Vec<Statement>>,
}

/// The holder of a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The function's program, e.g. `rotate-keys`; none for a role that is no function's.
    pub program: Option<String>,
    /// The logical id of the role.
    pub role: String,
    /// The statements of the role, in the order of the template.
    pub statements: Vec<Statement>,
    /// The function's own definition as text, to see what it refers to.
    pub definition: String,
}

impl Policies {
    /// Reads them from a template's text.
    ///
    /// # Errors
    /// When a function has no role of its own in the template, or a role or key policy has anything
    /// that is not evaluated here; the sentence names it.
    pub fn parse(template: &str) -> Result<Self, TemplateError> {
        let document = to_json(template)?;
        let empty = serde_json::Map::new();
        let resources = document.get("Resources").and_then(Value::as_object).unwrap_or(&empty);
        let of_type = |kind: &'static str| {
            let fits = move |resource: &Value| resource["Type"].as_str() == Some(kind);
            resources.iter().filter(move |(_, resource)| fits(resource))
        };
        let mut roles = BTreeMap::new();
        for (id, resource) in of_type("AWS::IAM::Role") {
            roles.insert(id.clone(), read_role(id, &resource["Properties"])?);
        }
        for (id, resource) in of_type("AWS::IAM::Policy") {
            attach(id, &resource["Properties"], &mut roles)?;
        }
        for kind in ["AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy"] {
            if let Some((id, _)) = of_type(kind).next() {
                return Err(TemplateError::at(
                    id,
                    &format!("is an {kind}, which nobody reads here"),
                ));
            }
        }
        let mut principals = BTreeMap::new();
        for (id, resource) in of_type("AWS::Serverless::Function") {
            principals.insert(id.clone(), read_function(id, resource, &roles)?);
        }
        let held: Vec<_> = principals.values().map(|principal| principal.role.clone()).collect();
        for (role, statements) in roles {
            if !held.contains(&role) {
                let definition = String::new();
                let other = Principal { program: None, role: role.clone(), statements, definition };
                principals.insert(role, other);
            }
        }
        let mut keys = BTreeMap::new();
        for (id, resource) in of_type("AWS::KMS::Key") {
            let place = format!("{id}.KeyPolicy");
            let policy = resolve(&place, &resource["Properties"]["KeyPolicy"])?;
            keys.insert(id.clone(), Statement::read_all(&place, &policy)?);
        }
        Ok(Self { principals, keys })
    }

    /// Those of this deployment's template.
    ///
    /// # Errors
    /// As [`Policies::parse`].
    pub fn deployed() -> Result<Arc<Self>, TemplateError> {
        use std::sync::LazyLock;
        static DEPLOYED: LazyLock<Result<Arc<Policies>, TemplateError>> =
            LazyLock::new(|| Policies::parse(template::DEPLOYED).map(Arc::new));
        DEPLOYED.clone()
    }

    /// The logical id of the function with this program.
    #[must_use]
    pub fn function_of(&self, program: &str) -> Option<&str> {
        let mut all = self.principals.iter();
        let found = all.find(|(_, principal)| principal.program.as_deref() == Some(program));
        found.map(|(function, _)| function.as_str())
    }

    /// IAM's decision about a function's request: a statement that denies wins; otherwise the role
    /// has to allow it, and for a key with a policy that policy as well. The policies here let the
    /// account's root leave it to IAM for calls of certain forms, so a call has to have one of
    /// these forms ("Key policies in AWS KMS", KMS developer guide).
    #[must_use]
    pub fn decide(&self, function: &str, request: &Request) -> Decision {
        let own = self.principals.get(function).map(|principal| principal.statements.as_slice());
        let own = own.unwrap_or_default();
        let key_policy = self.key_policy(&request.resource);
        let denies = |statement: &&Statement| !statement.allows && statement.applies(request);
        let allows = |statement: &&Statement| statement.allows && statement.applies(request);
        let of_key: Vec<_> = key_policy
            .unwrap_or_default()
            .iter()
            .filter(|statement| statement.principals.iter().any(|who| who == ACCOUNT))
            .collect();
        if let Some(denying) = own.iter().chain(of_key.iter().copied()).find(denies) {
            return Decision::Refused(Refusal::Denied(denying.sid.clone()));
        }
        let Some(allowing) = own.iter().find(allows) else {
            return Decision::Refused(Refusal::NoIdentityStatement);
        };
        let key_sid = match key_policy {
            None => None,
            Some(_) => match of_key.into_iter().find(|statement| allows(statement)) {
                Some(statement) => Some(statement.sid.clone()),
                None => return Decision::Refused(Refusal::NoKeyStatement),
            },
        };
        let used = allowing.conditions.iter().flat_map(|condition| {
            let used = condition.used(&request.context);
            used.map(|value| format!("{}={value}", condition.key))
        });
        let limits_attributes =
            allowing.conditions.iter().any(|condition| condition.key == ATTRIBUTES);
        Decision::Allowed(Grant {
            sid: allowing.sid.clone(),
            used: used.collect(),
            limits_attributes,
            key_sid,
        })
    }

    fn key_policy(&self, resource: &str) -> Option<&[Statement]> {
        let id = logical_id(resource)?;
        self.keys.get(id).map(Vec::as_slice)
    }
}

fn read_role(id: &str, properties: &Value) -> Result<Vec<Statement>, TemplateError> {
    for unread in ["ManagedPolicyArns", "PermissionsBoundary"] {
        if properties.get(unread).is_some() {
            return Err(TemplateError::at(id, &format!("has {unread}, which nobody here reads")));
        }
    }
    let policies = resolve(id, properties.get("Policies").unwrap_or(&Value::Null))?;
    let mut statements = Vec::new();
    for policy in policies.as_array().into_iter().flatten() {
        add(id, &mut statements, Statement::read_all(id, &policy["PolicyDocument"])?)?;
    }
    Ok(statements)
}

/// A policy that stands beside the roles that it belongs to.
fn attach(
    id: &str,
    properties: &Value,
    roles: &mut BTreeMap<String, Vec<Statement>>,
) -> Result<(), TemplateError> {
    let properties = resolve(id, properties)?;
    let statements = Statement::read_all(id, &properties["PolicyDocument"])?;
    for unread in ["Users", "Groups"] {
        if properties.get(unread).is_some() {
            return Err(TemplateError::at(id, &format!("has {unread}, which nobody here reads")));
        }
    }
    for role in properties["Roles"].as_array().into_iter().flatten() {
        let role = role.as_str().and_then(logical_id).and_then(|role| roles.get_mut(role));
        let role = role.ok_or_else(|| TemplateError::at(id, "is for a role of somewhere else"))?;
        add(id, role, statements.clone())?;
    }
    Ok(())
}

fn add(id: &str, to: &mut Vec<Statement>, more: Vec<Statement>) -> Result<(), TemplateError> {
    for statement in more {
        if to.iter().any(|other| other.sid == statement.sid) {
            let twice = format!("gives a role two statements with the Sid {}", statement.sid);
            return Err(TemplateError::at(id, &twice));
        }
        to.push(statement);
    }
    Ok(())
}

fn read_function(
    id: &str,
    resource: &Value,
    roles: &BTreeMap<String, Vec<Statement>>,
) -> Result<Principal, TemplateError> {
    let properties = &resource["Properties"];
    let role = resolve(id, &properties["Role"])?;
    let role = role.as_str().and_then(logical_id).unwrap_or_default().to_owned();
    // Without a role SAM would make one, with a policy of Amazon's.
    let statements = roles
        .get(&role)
        .ok_or_else(|| TemplateError::at(id, "has no role that the template makes"))?
        .clone();
    let program = resource["Metadata"]["BuildProperties"]["Binary"].as_str().map(str::to_owned);
    if program.is_none() {
        return Err(TemplateError::at(id, "names no program in its BuildProperties"));
    }
    let definition = properties.to_string();
    Ok(Principal { program, role, statements, definition })
}
