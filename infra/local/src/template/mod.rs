//! What the deployment's template declares: tables, routes and schedules.
//!
//! Local tables are made from these definitions and the route tests compare with them, so that the
//! template is the one source. Nothing is evaluated: intrinsic functions stay what they are
//! (`!Ref X` reads as `{"Ref": "X"}`), or, for the roles, become names.

#![expect(clippy::indexing_slicing, reason = "JSON indexed by name: what is absent reads as null")]

mod resolve;
mod table;
mod yaml;

use std::fmt;

use serde_json::Value;

pub(crate) use resolve::{logical_id, resolve};
pub use table::Table;
pub use yaml::to_json;

/// The template of this deployment.
pub const DEPLOYED: &str = include_str!("../../../../template.yaml");

/// A template that was read and checked.
#[derive(Debug, Clone)]
pub struct Template {
    tables: Vec<Table>,
    routes: Vec<Route>,
    schedules: Vec<Schedule>,
}

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

/// One schedule of a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// The logical id of the function.
    pub function: String,
    /// The name of the event in the function's `Events`.
    pub event: String,
    /// `rate(1 day)` or `cron(…)`.
    pub expression: String,
}

/// The template cannot be used; the text says where and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateError(String);

impl Template {
    /// Reads a template from its YAML text.
    ///
    /// # Errors
    /// When the text is not YAML, or a table, route or schedule lacks what it needs.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let document = yaml::to_json(text)?;
        let resources = document["Resources"]
            .as_object()
            .ok_or_else(|| TemplateError::at("Resources", "is missing or not a mapping"))?;
        let mut template = Self { tables: Vec::new(), routes: Vec::new(), schedules: Vec::new() };
        for (id, resource) in resources {
            match resource["Type"].as_str() {
                Some("AWS::DynamoDB::Table") => {
                    template.tables.push(Table::read(id, &resource["Properties"])?);
                }
                Some("AWS::Serverless::Function") => template.read_function(id, resource)?,
                _ => {}
            }
        }
        template.routes.sort();
        Ok(template)
    }

    /// Every `AWS::DynamoDB::Table`, sorted by logical id.
    #[must_use]
    pub fn tables(&self) -> &[Table] {
        &self.tables
    }

    /// The table with this logical id, e.g. `KeysTable`.
    #[must_use]
    pub fn table(&self, logical_id: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.logical_id() == logical_id)
    }

    /// Every HTTP API event of every function, sorted by path and method.
    #[must_use]
    pub fn routes(&self) -> &[Route] {
        &self.routes
    }

    /// Every schedule event of every function, sorted by both names.
    #[must_use]
    pub fn schedules(&self) -> &[Schedule] {
        &self.schedules
    }

    fn read_function(&mut self, id: &str, resource: &Value) -> Result<(), TemplateError> {
        let Some(events) = resource["Properties"]["Events"].as_object() else {
            return Ok(());
        };
        for (name, event) in events {
            let place = format!("{id}.Events.{name}");
            let properties = &event["Properties"];
            let text = |key: &str| {
                properties[key]
                    .as_str()
                    .map(str::to_owned)
                    .ok_or_else(|| TemplateError::at(&place, &format!("needs a text in `{key}`")))
            };
            match event["Type"].as_str() {
                Some("HttpApi") => self.routes.push(Route {
                    path: text("Path")?,
                    method: text("Method")?.to_ascii_uppercase(),
                    function: id.to_owned(),
                }),
                Some("Schedule") => self.schedules.push(Schedule {
                    function: id.to_owned(),
                    event: name.clone(),
                    expression: text("Schedule")?,
                }),
                Some("ScheduleV2") => self.schedules.push(Schedule {
                    function: id.to_owned(),
                    event: name.clone(),
                    expression: text("ScheduleExpression")?,
                }),
                _ => {}
            }
        }
        Ok(())
    }
}

impl TemplateError {
    pub(crate) fn at(place: &str, what: &str) -> Self {
        Self(format!("the template's {place} {what}"))
    }
}

impl fmt::Display for TemplateError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for TemplateError {}

#[cfg(test)]
mod tests {
    use super::*;

    const FIXTURE: &str = include_str!("fixture.yaml");

    #[test]
    fn tables_come_sorted_with_their_whole_definition() {
        let template = Template::parse(FIXTURE).unwrap();
        let ids: Vec<_> = template.tables().iter().map(Table::logical_id).collect();
        assert_eq!(ids, ["ConversationsTable", "KeysTable"]);

        let table = template.table("ConversationsTable").unwrap();
        assert_eq!(table.ttl_attribute(), Some("expires_at"));
        let request = table.create_request("t-conversations");
        assert_eq!(request["TableName"], "t-conversations");
        assert_eq!(
            request["KeySchema"],
            serde_json::json!([
                {"AttributeName": "c", "KeyType": "HASH"},
                {"AttributeName": "s", "KeyType": "RANGE"}
            ])
        );
        assert_eq!(
            request["GlobalSecondaryIndexes"][0]["Projection"]["ProjectionType"],
            "KEYS_ONLY"
        );
        assert_eq!(
            request["StreamSpecification"],
            serde_json::json!({"StreamEnabled": true, "StreamViewType": "NEW_IMAGE"})
        );
        assert_eq!(request["BillingMode"], "PAY_PER_REQUEST");
        assert!(request.get("SSESpecification").is_none());
    }

    #[test]
    fn routes_are_sorted_and_methods_are_in_capitals() {
        let template = Template::parse(FIXTURE).unwrap();
        let routes: Vec<_> = template
            .routes()
            .iter()
            .map(|route| (route.method.as_str(), route.path.as_str(), route.function.as_str()))
            .collect();
        assert_eq!(
            routes,
            [
                ("GET", "/", "SiteFunction"),
                ("POST", "/v1/conversations/{id}/messages", "IntakeFunction"),
                ("GET", "/v1/health", "IntakeFunction"),
            ]
        );
    }

    #[test]
    fn both_kinds_of_schedule_are_read() {
        let template = Template::parse(FIXTURE).unwrap();
        let expressions: Vec<_> = template
            .schedules()
            .iter()
            .map(|schedule| (schedule.function.as_str(), schedule.expression.as_str()))
            .collect();
        assert_eq!(
            expressions,
            [("RotateKeysFunction", "rate(1 day)"), ("RotateKeysFunction", "cron(0 3 * * ? *)")]
        );
    }

    #[test]
    fn a_faulty_template_is_refused_with_the_place() {
        for (text, place) in [
            ("Resources: [", "YAML"),
            ("Outputs: {}", "Resources"),
            ("Resources: {T: {Type: 'AWS::DynamoDB::Table', Properties: {}}}", "T.KeySchema"),
            (
                "Resources: {F: {Type: 'AWS::Serverless::Function', Properties: {Events: {E: {Type: HttpApi, Properties: {Method: get}}}}}}",
                "F.Events.E",
            ),
            (
                "Resources: {F: {Type: 'AWS::Serverless::Function', Properties: {Events: {E: {Type: HttpApi, Properties: {Method: get, Path: !Ref P}}}}}}",
                "F.Events.E",
            ),
        ] {
            let error = Template::parse(text).unwrap_err().to_string();
            assert!(error.contains(place), "{error} does not name {place}");
        }
    }
}
