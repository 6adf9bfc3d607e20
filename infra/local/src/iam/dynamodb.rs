//! The IAM requests of a call to DynamoDB.
//!
//! - A transaction is its items, each with the action of its kind ("Using IAM with DynamoDB
//!   transactions", developer guide); a batch is one action a table, with the keys of all its items.
//! - `dynamodb:LeadingKeys` are the partition keys that the call names: of the items written, of the
//!   keys read, of a query the one that its condition equals. A scan names none.
//! - `dynamodb:Attributes` are the top-level attributes that the call names: of the item and of the
//!   key, and those in its expressions. A read that names none returns all, so a role that limits a
//!   read has to limit `dynamodb:Select` as well ("Using IAM policy conditions for fine-grained
//!   access control").
//! - DynamoDB opens a table's key in KMS in the name of the caller, under the context
//!   `aws:dynamodb:tableName` and `aws:dynamodb:subscriberId` ("DynamoDB encryption at rest: usage
//!   notes"); AWS keeps the opened key for five minutes, here every call asks.

#![expect(clippy::indexing_slicing, reason = "JSON indexed by name: what is absent reads as null")]

use std::collections::BTreeMap;

use serde_json::Value;

use super::Request;
use super::condition::Context;
use super::expression::Expression;
use super::kms::ACCOUNT_ID;
use template::Table;

/// The tables by their names at the endpoint.
pub type Tables = BTreeMap<String, Table>;

/// The service's name in `kms:ViaService`.
const VIA: &str = "dynamodb.<Region>.amazonaws.com";

/// The operations upon whole tables that a caller may ask for by `TableName`.
const OF_TABLES: [&str; 8] = [
    "CreateTable",
    "DeleteTable",
    "DescribeContinuousBackups",
    "DescribeTable",
    "DescribeTimeToLive",
    "UpdateContinuousBackups",
    "UpdateTable",
    "UpdateTimeToLive",
];

/// Everything that has to be allowed for a call.
///
/// # Errors
/// A sentence, when it cannot be told what the call is about: then it is refused.
pub fn requests(operation: &str, body: &Value, tables: &Tables) -> Result<Vec<Request>, String> {
    let reader = Reader { tables, enclosing: None };
    match operation {
        "GetItem" | "DeleteItem" | "UpdateItem" => {
            Ok(vec![reader.items(operation, body, &[&body["Key"]], body)?])
        }
        "PutItem" => Ok(vec![reader.items(operation, body, &[&body["Item"]], body)?]),
        "Query" => Ok(vec![reader.query(body)?]),
        "Scan" => Ok(vec![reader.request(operation, body, &[], body)?]),
        "TransactGetItems" | "TransactWriteItems" => {
            Reader { tables, enclosing: Some(operation) }.transaction(body)
        }
        "BatchGetItem" | "BatchWriteItem" => {
            let batches = body["RequestItems"].as_object().into_iter().flatten();
            batches.map(|(table, batch)| reader.batch(operation, table, batch)).collect()
        }
        _ if OF_TABLES.contains(&operation) => {
            Ok(vec![reader.request(operation, body, &[], &Value::Null)?])
        }
        _ => Err(format!("nobody here knows what dynamodb:{operation} needs")),
    }
}

/// The request that DynamoDB makes to KMS in the caller's name, for a table with a key of its own.
#[must_use]
pub fn at_rest(table: &Table) -> Option<Request> {
    let key = table.encrypted_with()?;
    let names = ["aws:dynamodb:subscriberId", "aws:dynamodb:tableName"];
    let values = [ACCOUNT_ID.to_owned(), format!("<{}>", table.logical_id())];
    let mut context: Context = names
        .iter()
        .zip(values)
        .map(|(name, value)| (format!("kms:EncryptionContext:{name}"), vec![value]))
        .collect();
    context.insert("kms:EncryptionContextKeys".to_owned(), names.map(str::to_owned).to_vec());
    context.insert("kms:ViaService".to_owned(), vec![VIA.to_owned()]);
    context.insert("kms:CallerAccount".to_owned(), vec![ACCOUNT_ID.to_owned()]);
    Some(Request { action: "kms:Decrypt".to_owned(), resource: format!("<{key}.Arn>"), context })
}

struct Reader<'a> {
    tables: &'a Tables,
    enclosing: Option<&'a str>,
}

impl Reader<'_> {
    fn table(&self, name: &Value) -> Result<&Table, String> {
        let name = name.as_str().unwrap_or_default();
        // A table may be called by its ARN.
        let plain = name.rsplit_once("table/").map_or(name, |(_, plain)| plain);
        self.tables.get(plain).ok_or_else(|| format!("{plain} is no table of the template"))
    }

    fn transaction(&self, body: &Value) -> Result<Vec<Request>, String> {
        let items = body["TransactItems"].as_array().into_iter().flatten();
        let parts = items.filter_map(Value::as_object).flatten();
        parts
            .map(|(kind, part)| {
                let operation = match kind.as_str() {
                    "Get" => "GetItem",
                    "Put" => "PutItem",
                    "Update" => "UpdateItem",
                    "Delete" => "DeleteItem",
                    "ConditionCheck" => "ConditionCheckItem",
                    other => return Err(format!("a transaction has no {other}")),
                };
                let item = if kind == "Put" { &part["Item"] } else { &part["Key"] };
                self.items(operation, part, &[item], part)
            })
            .collect()
    }

    fn batch(&self, operation: &str, table: &str, batch: &Value) -> Result<Request, String> {
        let items: Vec<&Value> = match batch {
            Value::Array(writes) => writes
                .iter()
                .map(|write| match write.get("PutRequest") {
                    Some(put) => &put["Item"],
                    None => &write["DeleteRequest"]["Key"],
                })
                .collect(),
            reads => reads["Keys"].as_array().into_iter().flatten().collect(),
        };
        let named = serde_json::json!({"TableName": table});
        self.items(operation, &named, &items, batch)
    }

    /// A request that names items, whole or by their keys.
    fn items(
        &self,
        operation: &str,
        named: &Value,
        items: &[&Value],
        expressions: &Value,
    ) -> Result<Request, String> {
        let partition = self.table(&named["TableName"])?.partition_key(None).unwrap_or_default();
        let mut leading = Vec::new();
        let mut attributes = Vec::new();
        for item in items {
            let key = item.get(partition).and_then(plain).ok_or("an item has no partition key")?;
            leading.push(key);
            attributes.extend(item.as_object().into_iter().flatten().map(|(name, _)| name.clone()));
        }
        let mut request = self.request(operation, named, &leading, expressions)?;
        extend(&mut request.context, "dynamodb:Attributes", attributes);
        Ok(request)
    }

    fn query(&self, body: &Value) -> Result<Request, String> {
        let table = self.table(&body["TableName"])?;
        let partition = table.partition_key(body["IndexName"].as_str()).unwrap_or_default();
        let condition = body["KeyConditionExpression"].as_str().unwrap_or_default();
        let equal = Expression::new(condition, body).equal_to(partition).and_then(plain);
        let leading = equal.ok_or("a query has no partition key")?;
        self.request("Query", body, &[leading], body)
    }

    fn request(
        &self,
        operation: &str,
        named: &Value,
        leading: &[String],
        expressions: &Value,
    ) -> Result<Request, String> {
        let table = self.table(&named["TableName"])?;
        let mut resource = format!("<{}.Arn>", table.logical_id());
        if let Some(index) = named["IndexName"].as_str() {
            resource = format!("{resource}/index/{index}");
        }
        let mut context = Context::new();
        extend(&mut context, "dynamodb:LeadingKeys", leading.to_vec());
        extend(&mut context, "dynamodb:Attributes", mentioned(expressions)?);
        for (key, value) in [
            ("dynamodb:Select", named["Select"].as_str()),
            ("dynamodb:EnclosingOperation", self.enclosing),
        ] {
            extend(&mut context, key, value.map(str::to_owned).into_iter().collect());
        }
        Ok(Request { action: format!("dynamodb:{operation}"), resource, context })
    }
}

/// Attributes that a request's parameters name, those of before expressions as well.
fn mentioned(request: &Value) -> Result<Vec<String>, String> {
    let mut names = Vec::new();
    for (parameter, value) in request.as_object().into_iter().flatten() {
        match (parameter.as_str(), value) {
            (expression, Value::String(text)) if expression.ends_with("Expression") => {
                names.extend(Expression::new(text, request).attributes()?);
            }
            ("AttributesToGet", Value::Array(listed)) => {
                names.extend(listed.iter().filter_map(|name| Some(name.as_str()?.to_owned())));
            }
            (
                "AttributeUpdates" | "Expected" | "KeyConditions" | "QueryFilter" | "ScanFilter",
                Value::Object(listed),
            ) => names.extend(listed.keys().cloned()),
            _ => {}
        }
    }
    Ok(names)
}

fn extend(context: &mut Context, key: &str, values: Vec<String>) {
    if !values.is_empty() {
        let all = context.entry(key.to_owned()).or_default();
        for value in values {
            if !all.contains(&value) {
                all.push(value);
            }
        }
    }
}

/// The value of a key's attribute: text, digits, or bytes in base64.
fn plain(attribute: &Value) -> Option<String> {
    let mut kinds = ["S", "N", "B"].iter().filter_map(|kind| attribute.get(*kind)?.as_str());
    kinds.next().map(str::to_owned)
}
