//! The deletion of items past their TTL by our own sweep, and its records in the streams.

#![expect(clippy::indexing_slicing, reason = "JSON indexed by name: what is absent reads as null")]

use dynoxide::errors::DynoxideError;
use serde_json::{Value, json};

use super::dynamo::{DatabaseError, Dynamo, parse, to_json};

/// The properties of a table that a sweep needs.
struct Description {
    keys: Vec<String>,
    has_stream: bool,
}

impl Dynamo {
    /// Deletes what is past its TTL at `now_s`, in every table that has one, and says how many.
    ///
    /// The engine's own sweep knows only the system's clock when its data is in a file, so this one
    /// asks it to find and delete, each on condition that the item is still the expired one.
    pub(super) fn sweep(&self, now_s: i64) -> Result<usize, DatabaseError> {
        let mut deleted = 0;
        for name in self.table_names()? {
            if let Some(attribute) = self.ttl_attribute(&name)? {
                deleted += self.sweep_table(&name, &attribute, now_s)?;
            }
        }
        Ok(deleted)
    }

    fn sweep_table(&self, name: &str, ttl: &str, now_s: i64) -> Result<usize, DatabaseError> {
        let Description { keys, has_stream } = self.describe(name)?;
        let expired = json!({
            "ExpressionAttributeNames": {"#ttl": ttl},
            "ExpressionAttributeValues": {":now": {"N": now_s.to_string()}, ":zero": {"N": "0"}},
        });
        let condition = "#ttl BETWEEN :zero AND :now AND #ttl <> :now";
        let mut deleted = 0;
        let mut start = Value::Null;
        loop {
            let mut scan = expired.clone();
            scan["TableName"] = json!(name);
            scan["FilterExpression"] = json!(condition);
            // A page is one hold of the engine's lock; others wait no longer than for a page.
            scan["Limit"] = json!(100);
            if !start.is_null() {
                scan["ExclusiveStartKey"] = start;
            }
            let page = self
                .database()
                .scan(parse(scan)?)
                .map_err(|error| DatabaseError::of("scan", name, &error))
                .and_then(|page| to_json(&page))?;
            let mut noted = self.expired().lock();
            let mut stream = has_stream.then(|| self.stream_end(name)).transpose()?;
            for item in page["Items"].as_array().into_iter().flatten() {
                let key: serde_json::Map<_, _> = keys
                    .iter()
                    .map(|attribute| (attribute.clone(), item[attribute].clone()))
                    .collect();
                let mut delete = expired.clone();
                delete["TableName"] = json!(name);
                let key = Value::Object(key);
                delete["Key"] = key.clone();
                delete["ConditionExpression"] = json!(condition);
                match self.database().delete_item(parse(delete)?) {
                    Ok(_) => {
                        deleted += 1;
                        if let Some(stream) = &mut stream {
                            let number = self.deletion(stream, &key)?;
                            noted.extend(number.map(|number| (name.to_owned(), number)));
                        }
                    }
                    // Its life was lengthened, or somebody else deleted it, after the scan.
                    Err(DynoxideError::ConditionalCheckFailedException(..)) => {}
                    Err(error) => return Err(DatabaseError::of("delete from", name, &error)),
                }
            }
            drop(noted);
            start = page["LastEvaluatedKey"].clone();
            if start.is_null() {
                return Ok(deleted);
            }
        }
    }

    fn table_names(&self) -> Result<Vec<String>, DatabaseError> {
        let answer = self
            .database()
            .list_tables(parse(json!({}))?)
            .map_err(|error| DatabaseError::of("list", "tables", &error))?;
        Ok(to_json(&answer)?["TableNames"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|name| Some(name.as_str()?.to_owned()))
            .collect())
    }

    fn ttl_attribute(&self, name: &str) -> Result<Option<String>, DatabaseError> {
        let answer = self
            .database()
            .describe_time_to_live(parse(json!({"TableName": name}))?)
            .map_err(|error| DatabaseError::of("describe", name, &error))?;
        let description = &to_json(&answer)?["TimeToLiveDescription"];
        Ok(match description["TimeToLiveStatus"].as_str() {
            Some("ENABLED") => description["AttributeName"].as_str().map(str::to_owned),
            _ => None,
        })
    }

    fn describe(&self, name: &str) -> Result<Description, DatabaseError> {
        let table = self.describe_table(name)?;
        let keys = table["KeySchema"].as_array().into_iter().flatten();
        Ok(Description {
            keys: keys
                .filter_map(|element| Some(element["AttributeName"].as_str()?.to_owned()))
                .collect(),
            has_stream: table["LatestStreamArn"].is_string(),
        })
    }
}
