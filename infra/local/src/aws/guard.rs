//! The gate before the services: who calls, and whether a function's role allows it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use hyper::header::{AUTHORIZATION, HeaderMap};
use serde_json::Value;

use super::Service;
use crate::iam::dynamodb::{self, Tables};
use crate::iam::policies::Policies;
use crate::iam::seen::{Record, Sight, partition};
use crate::iam::{Decision, Grant, Request, kms, program_of};
use template::Table;

/// The key of the template that every alias here stands for.
const DATA_KEY: &str = "DataKey";

/// The roles, what they are about, and the record of what they did.
pub(super) struct Guard {
    policies: Arc<Policies>,
    tables: RwLock<Tables>,
    keys: RwLock<BTreeMap<String, &'static str>>,
    record: Option<Record>,
    provoked: AtomicBool,
}

impl Guard {
    pub(super) fn new(policies: Arc<Policies>, record: Option<PathBuf>) -> Self {
        Self {
            policies,
            tables: RwLock::default(),
            keys: RwLock::default(),
            record: record.map(Record::at),
            provoked: AtomicBool::new(false),
        }
    }

    /// From now on `name` is that table.
    pub(super) fn knows_table(&self, table: &Table, name: &str) {
        let mut tables = self.tables.write().unwrap_or_else(PoisonError::into_inner);
        tables.insert(name.to_owned(), table.clone());
    }

    /// From now on the key with that ARN is the template's.
    pub(super) fn knows_key(&self, arn: &str) {
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        keys.insert(arn.to_owned(), DATA_KEY);
    }

    /// From now on refusals are what a test wants to see.
    pub(super) fn provoke(&self) {
        self.provoked.store(true, Ordering::Relaxed);
    }

    /// Whether the caller may, with the text of the refusal. `key` is the ARN of the KMS key that the
    /// request is about.
    pub(super) fn check(
        &self,
        service: Service,
        operation: &str,
        headers: &HeaderMap,
        body: &[u8],
        key: Option<&str>,
    ) -> Result<(), String> {
        let Some(program) = caller(headers).and_then(program_of) else {
            return Ok(());
        };
        let Some(function) = self.policies.function_of(program) else {
            return Err(format!("The template has no function {program}"));
        };
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        for request in self.requests(service, operation, &body, key).map_err(|reason| {
            self.refused(function, &format!("{service:?}:{operation}"), "?", &reason)
        })? {
            match self.policies.decide(function, &request) {
                Decision::Allowed(grant) => self.allowed(function, request, grant),
                Decision::Refused(refusal) => {
                    let reason = refusal.to_string();
                    return Err(self.refused(
                        function,
                        &request.action,
                        &request.resource,
                        &reason,
                    ));
                }
            }
        }
        Ok(())
    }

    fn requests(
        &self,
        service: Service,
        operation: &str,
        body: &Value,
        key: Option<&str>,
    ) -> Result<Vec<Request>, String> {
        match service {
            Service::Kms => {
                let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
                let key = key.and_then(|arn| keys.get(arn).copied());
                Ok(vec![kms::request(operation, body, key)])
            }
            Service::DynamoDb => {
                let tables = self.tables.read().unwrap_or_else(PoisonError::into_inner);
                let mut requests = dynamodb::requests(operation, body, &tables)?;
                let touched = |table: &&Table| {
                    let arn = format!("<{}.Arn>", table.logical_id());
                    requests.iter().any(|request| request.resource.starts_with(&arn))
                };
                let at_rest: Vec<_> =
                    tables.values().filter(touched).filter_map(dynamodb::at_rest).collect();
                requests.extend(at_rest);
                Ok(requests)
            }
        }
    }

    fn allowed(&self, function: &str, request: Request, grant: Grant) {
        let Request { action, resource, mut context } = request;
        let leading = context.remove("dynamodb:LeadingKeys").unwrap_or_default();
        for key in leading {
            self.note(Sight::Reached {
                function: function.to_owned(),
                action: action.clone(),
                resource: resource.clone(),
                partition: partition(&key),
            });
        }
        let attributes = context.remove("dynamodb:Attributes").filter(|_| grant.limits_attributes);
        for attribute in attributes.unwrap_or_default() {
            self.note(Sight::Named {
                function: function.to_owned(),
                action: action.clone(),
                resource: resource.clone(),
                sid: grant.sid.clone(),
                attribute,
            });
        }
        self.note(Sight::Allowed {
            function: function.to_owned(),
            action,
            resource,
            sid: grant.sid,
            used: grant.used,
            key_sid: grant.key_sid,
        });
    }

    fn refused(&self, function: &str, action: &str, resource: &str, reason: &str) -> String {
        self.note(Sight::Refused {
            function: function.to_owned(),
            action: action.to_owned(),
            resource: resource.to_owned(),
            provoked: self.provoked.load(Ordering::Relaxed),
        });
        let role = self.policies.principals.get(function).map_or("", |who| who.role.as_str());
        format!(
            "User: arn:aws:sts::000000000000:assumed-role/{role}/{function} is not authorized to \
             perform: {action} on resource: {resource} {reason}"
        )
    }

    fn note(&self, sight: Sight) {
        if let Some(Err(error)) = self.record.as_ref().map(|record| record.add(sight)) {
            tracing::error!(error = %error, "what IAM saw could not be recorded");
        }
    }
}

/// The access key id of a signature: `AWS4-HMAC-SHA256 Credential=<id>/…`.
fn caller(headers: &HeaderMap) -> Option<&str> {
    let signed = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (_, credential) = signed.split_once("Credential=")?;
    credential.split('/').next()
}
