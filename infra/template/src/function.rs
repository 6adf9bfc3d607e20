//! A function as the template declares it: its program and role, its settings, and what starts it
//! beside the HTTP API.

#![expect(clippy::indexing_slicing, reason = "JSON indexed by name: what is absent reads as null")]

use std::collections::BTreeMap;

use serde_json::Value;

use super::{TemplateError, logical_id, resolve};

/// The settings that telemetry reads, which no function needs to start.
const OF_TELEMETRY: [&str; 2] = ["SOTTO_FUNCTION", "SOTTO_STACK"];

/// A function of the template.
#[derive(Debug, Clone)]
pub struct Function {
    logical_id: String,
    program: Option<String>,
    role: Option<String>,
    environment: BTreeMap<String, Value>,
    schedules: Vec<Schedule>,
    streams: Vec<Stream>,
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

/// One stream of a table that a function reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stream {
    /// The logical id of the function.
    pub function: String,
    /// The name of the event in the function's `Events`.
    pub event: String,
    /// The logical id of the table.
    pub table: String,
    /// The event's other properties, such as `BatchSize`.
    pub properties: Value,
}

impl Function {
    pub(super) fn read(
        id: &str,
        resource: &Value,
        everywhere: &Value,
    ) -> Result<Self, TemplateError> {
        let properties = &resource["Properties"];
        let its = &properties["Environment"]["Variables"];
        let environment = [everywhere, its].into_iter().filter_map(Value::as_object).flatten();
        let role = resolve(&format!("{id}.Role"), &properties["Role"])?;
        let mut function = Self {
            logical_id: id.to_owned(),
            program: resource["Metadata"]["BuildProperties"]["Binary"].as_str().map(str::to_owned),
            role: role.as_str().and_then(logical_id).map(str::to_owned),
            environment: environment.map(|(name, set)| (name.clone(), set.clone())).collect(),
            schedules: Vec::new(),
            streams: Vec::new(),
        };
        for (name, event) in properties["Events"].as_object().into_iter().flatten() {
            function.read_event(name, event)?;
        }
        Ok(function)
    }

    fn read_event(&mut self, name: &str, event: &Value) -> Result<(), TemplateError> {
        let function = self.logical_id.clone();
        let place = format!("{function}.Events.{name}");
        let properties = &event["Properties"];
        let text = |key: &str| {
            let value = properties[key].as_str().map(str::to_owned);
            value.ok_or_else(|| TemplateError::at(&place, &format!("needs a text in `{key}`")))
        };
        match event["Type"].as_str() {
            // Each would make a permission of its own.
            Some("HttpApi") => {
                return Err(TemplateError::at(&place, "is a route: it belongs to the API's paths"));
            }
            Some(kind @ ("Schedule" | "ScheduleV2")) => {
                let key = if kind == "Schedule" { "Schedule" } else { "ScheduleExpression" };
                let (event, expression) = (name.to_owned(), text(key)?);
                self.schedules.push(Schedule { function, event, expression });
            }
            Some("DynamoDB") => {
                let source = resolve(&place, &properties["Stream"])?;
                let table = source.as_str().and_then(logical_id).map(str::to_owned);
                let table = table
                    .ok_or_else(|| TemplateError::at(&place, "reads a stream of no table here"))?;
                let (event, properties) = (name.to_owned(), properties.clone());
                self.streams.push(Stream { function, event, table, properties });
            }
            _ => {}
        }
        Ok(())
    }

    /// The resource's name in the template, e.g. `IntakeFunction`.
    #[must_use]
    pub fn logical_id(&self) -> &str {
        &self.logical_id
    }

    /// The program that it runs, e.g. `rotate-keys`, when the template names one.
    #[must_use]
    pub fn program(&self) -> Option<&str> {
        self.program.as_deref()
    }

    /// The logical id of its role, when that is one of the template's.
    #[must_use]
    pub fn role(&self) -> Option<&str> {
        self.role.as_deref()
    }

    /// The names in its environment, those that every function has among them, and what they are set
    /// to: intrinsic functions stay what they are.
    #[must_use]
    pub fn environment(&self) -> &BTreeMap<String, Value> {
        &self.environment
    }

    /// The names in its environment without which it stops at its start.
    pub fn required(&self) -> impl Iterator<Item = &str> {
        self.environment.keys().map(String::as_str).filter(|name| !OF_TELEMETRY.contains(name))
    }

    /// When it is started, sorted by the name of the event.
    #[must_use]
    pub fn schedules(&self) -> &[Schedule] {
        &self.schedules
    }

    /// The streams that it reads, sorted by the name of the event.
    #[must_use]
    pub fn streams(&self) -> &[Stream] {
        &self.streams
    }
}

impl Schedule {
    /// The milliseconds between two starts, of a `rate(…)` in whole units.
    #[must_use]
    pub fn every_ms(&self) -> Option<i64> {
        let rate = self.expression.strip_prefix("rate(")?.strip_suffix(')')?;
        let (count, unit) = rate.split_once(' ')?;
        let unit_ms = match unit.trim_end_matches('s') {
            "minute" => 60_000,
            "hour" => 3_600_000,
            "day" => 86_400_000,
            _ => return None,
        };
        count.parse::<i64>().ok()?.checked_mul(unit_ms)
    }
}
