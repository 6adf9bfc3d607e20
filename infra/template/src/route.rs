//! The routes of the HTTP API, as its own description has them.

use serde_json::Value;

use super::{TemplateError, logical_id, resolve};

/// How API Gateway writes a route of every method.
const ANY: &str = "x-amazon-apigateway-any-method";

/// One method and path of the HTTP API, and the function that serves it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Route {
    /// The path as API Gateway writes it, e.g. `/v1/conversations/{id}`.
    pub path: String,
    /// The method in capitals, or `ANY`.
    pub method: String,
    /// The logical id of the function.
    pub function: String,
}

impl Route {
    /// The routes of an `AWS::Serverless::HttpApi`, in no order.
    pub(super) fn read_all(id: &str, properties: &Value) -> Result<Vec<Self>, TemplateError> {
        let mut routes = Vec::new();
        let paths = properties["DefinitionBody"]["paths"].as_object();
        for (path, operations) in paths.into_iter().flatten() {
            for (method, operation) in operations.as_object().into_iter().flatten() {
                let place = format!("{id}.{path}.{method}");
                let uri = resolve(&place, &operation["x-amazon-apigateway-integration"]["uri"])?;
                let called = uri.as_str().and_then(|uri| uri.split_once("/functions/"));
                let function = called.and_then(|(_, function)| logical_id(function));
                let function = function.ok_or_else(|| {
                    TemplateError::at(&place, "calls no function of the template")
                })?;
                routes.push(Self {
                    // The route of what is left over has a path only in this description.
                    path: path.replace("/$default", "$default"),
                    method: if method == ANY { "ANY".into() } else { method.to_ascii_uppercase() },
                    function: function.to_owned(),
                });
            }
        }
        Ok(routes)
    }
}
