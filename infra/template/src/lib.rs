//! The declarations of the deployment's template: functions, routes, schedules, streams and tables.
//!
//! The local AWS, the tests, the bench, the doctor and the rehearsal ask here, so that the template is
//! the one list. Nothing is evaluated: intrinsic functions stay what they are (`!Ref X` reads as
//! `{"Ref": "X"}`), or, by [`resolve`], become names.

#![expect(clippy::indexing_slicing, reason = "JSON indexed by name: what is absent reads as null")]

mod function;
mod resolve;
mod route;
mod table;
mod yaml;

use std::fmt;
use std::sync::LazyLock;

use serde_json::Value;

pub use function::{Function, Schedule, Stream};
pub use resolve::{logical_id, resolve};
pub use route::Route;
pub use table::Table;
pub use yaml::to_json;

/// The template of this deployment.
pub const DEPLOYED: &str = include_str!("../../../template.yaml");

/// A template that was read and checked.
#[derive(Debug, Clone)]
pub struct Template {
    document: Value,
    functions: Vec<Function>,
    tables: Vec<Table>,
    routes: Vec<Route>,
}

/// The template cannot be used; the text says where and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateError(String);

impl Template {
    /// Reads a template from its YAML text.
    ///
    /// # Errors
    /// When the text is not YAML, or a function or table lacks what it needs.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let document = yaml::to_json(text)?;
        let resources = document["Resources"]
            .as_object()
            .ok_or_else(|| TemplateError::at("Resources", "is missing or not a mapping"))?;
        let everywhere = &document["Globals"]["Function"]["Environment"]["Variables"];
        let (mut functions, mut tables, mut routes) = (Vec::new(), Vec::new(), Vec::new());
        for (id, resource) in resources {
            match resource["Type"].as_str() {
                Some("AWS::DynamoDB::Table") => tables.push(Table::read(id, resource)?),
                Some("AWS::Serverless::Function") => {
                    functions.push(Function::read(id, resource, everywhere)?);
                }
                Some("AWS::Serverless::HttpApi") => {
                    routes.extend(Route::read_all(id, &resource["Properties"])?);
                }
                _ => {}
            }
        }
        for function in &functions {
            for table in &mut tables {
                table.is_told_to(function);
            }
        }
        routes.sort();
        Ok(Self { document, functions, tables, routes })
    }

    /// The template of this deployment, read once.
    ///
    /// # Errors
    /// As [`Template::parse`].
    pub fn deployed() -> Result<&'static Self, TemplateError> {
        static READ: LazyLock<Result<Template, TemplateError>> =
            LazyLock::new(|| Template::parse(DEPLOYED));
        READ.as_ref().map_err(Clone::clone)
    }

    /// The whole as JSON, with the long forms of intrinsic functions.
    #[must_use]
    pub fn document(&self) -> &Value {
        &self.document
    }

    /// The properties of the resource with this logical id; null if there is none.
    #[must_use]
    pub fn properties(&self, logical_id: &str) -> &Value {
        &self.document["Resources"][logical_id]["Properties"]
    }

    /// The default of a parameter; null if it has none.
    #[must_use]
    pub fn default_of(&self, parameter: &str) -> &Value {
        &self.document["Parameters"][parameter]["Default"]
    }

    /// Every `AWS::Serverless::Function`, sorted by logical id.
    #[must_use]
    pub fn functions(&self) -> &[Function] {
        &self.functions
    }

    /// The function with this logical id, e.g. `IntakeFunction`.
    #[must_use]
    pub fn function(&self, logical_id: &str) -> Option<&Function> {
        self.functions.iter().find(|function| function.logical_id() == logical_id)
    }

    /// The function that runs this program, e.g. `rotate-keys`.
    #[must_use]
    pub fn function_of(&self, program: &str) -> Option<&Function> {
        self.functions.iter().find(|function| function.program() == Some(program))
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

    /// Every route of the HTTP API, sorted by path and method.
    #[must_use]
    pub fn routes(&self) -> &[Route] {
        &self.routes
    }

    /// Every schedule event of every function, sorted by both names.
    pub fn schedules(&self) -> impl Iterator<Item = &Schedule> {
        self.functions.iter().flat_map(Function::schedules)
    }

    /// Every stream that a function reads, sorted by both names.
    pub fn streams(&self) -> impl Iterator<Item = &Stream> {
        self.functions.iter().flat_map(Function::streams)
    }
}

impl TemplateError {
    /// That something is wrong at a place; `what` goes on after "the template's {place}".
    #[must_use]
    pub fn at(place: &str, what: &str) -> Self {
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
                ("ANY", "$default", "SiteFunction"),
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
                "Resources: {F: {Type: 'AWS::Serverless::Function', Properties: {Events: {E: {Type: HttpApi, Properties: {Method: get, Path: /}}}}}}",
                "F.Events.E",
            ),
            (
                "Resources: {F: {Type: 'AWS::Serverless::Function', Properties: {Events: {E: {Type: ScheduleV2, Properties: {ScheduleExpression: !Ref P}}}}}}",
                "F.Events.E",
            ),
            (
                "Resources: {A: {Type: 'AWS::Serverless::HttpApi', Properties: {DefinitionBody: {paths: {/x: {get: {}}}}}}}",
                "A./x.get",
            ),
        ] {
            let error = Template::parse(text).unwrap_err().to_string();
            assert!(error.contains(place), "{error} does not name {place}");
        }
    }

    #[test]
    fn a_function_has_its_program_role_settings_and_streams() {
        let template = Template::deployed().unwrap();
        let sweep = template.function_of("sweep").unwrap();
        assert_eq!((sweep.logical_id(), sweep.role()), ("SweepFunction", Some("SweepRole")));
        assert_eq!(sweep.schedules()[0].every_ms(), Some(300_000));
        assert!(sweep.environment().contains_key("SOTTO_STACK"), "what every function is told");
        assert!(sweep.required().all(|name| !["SOTTO_STACK", "SOTTO_FUNCTION"].contains(&name)));
        assert!(sweep.required().any(|name| name == "SOTTO_TABLE_KEYS"));
        let read: Vec<_> = template.streams().map(|read| (&*read.function, &*read.table)).collect();
        assert_eq!(
            read,
            [
                ("DetectFunction", "LogTable"),
                ("DetectFunction", "ConversationsTable"),
                ("DetectFunction", "EventsTable"),
                ("ReportsFunction", "ConversationsTable"),
                ("SequenceFunction", "EventsTable"),
            ]
        );
        assert_eq!(template.default_of("LogRetentionDays"), 30);
        assert!(template.properties("DataKey").get("KeyPolicy").is_some());
    }

    #[test]
    fn a_table_has_its_setting_name_recovery_stream_and_indexes() {
        let template = Template::deployed().unwrap();
        for table in template.tables() {
            let name = table.short_name();
            let setting = format!("SOTTO_TABLE_{}", name.to_uppercase());
            assert_eq!(table.setting(), Some(&*setting), "{name} is told to nobody");
        }
        let of = |id| template.table(id).unwrap();
        assert_eq!(of("ConversationsTable").recovery_days(), Some(7));
        assert_eq!(of("KeysTable").recovery_days(), None);
        assert_eq!(of("ConversationsTable").stream_view(), Some("KEYS_ONLY"));
        assert_eq!(of("EventsTable").stream_view(), Some("NEW_IMAGE"));
        assert_eq!(of("LogTable").stream_view(), Some("KEYS_ONLY"));
        assert_eq!(of("KeysTable").stream_view(), None);
        assert_eq!(of("ProfilesTable").indexes().collect::<Vec<_>>(), ["email", "leads"]);
    }

    #[test]
    fn a_rate_is_read_and_anything_else_is_none() {
        let every = |expression: &str| {
            let expression = expression.to_owned();
            Schedule { function: String::new(), event: String::new(), expression }.every_ms()
        };
        assert_eq!(every("rate(1 day)"), Some(86_400_000));
        assert_eq!(every("rate(12 hours)"), Some(43_200_000));
        assert_eq!(every("rate(5 weeks)"), None);
        assert_eq!(every("cron(0 3 * * ? *)"), None);
    }
}
