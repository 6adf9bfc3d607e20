//! A table as the template declares it.

use serde_json::{Map, Value, json};

use super::TemplateError;

/// The properties that DynamoDB's `CreateTable` takes under the same name.
const TAKEN_AS_THEY_ARE: [&str; 4] =
    ["AttributeDefinitions", "GlobalSecondaryIndexes", "KeySchema", "LocalSecondaryIndexes"];

/// A table of the template, ready to be created under any name.
#[derive(Debug, Clone)]
pub struct Table {
    logical_id: String,
    ttl_attribute: Option<String>,
    encrypted_with: Option<String>,
    definition: Map<String, Value>,
}

impl Table {
    pub(super) fn read(id: &str, properties: &Value) -> Result<Self, TemplateError> {
        for required in ["KeySchema", "AttributeDefinitions"] {
            if !properties[required].is_array() {
                return Err(TemplateError::at(
                    &format!("{id}.{required}"),
                    "is missing or not a list",
                ));
            }
        }
        let mut definition: Map<String, Value> = TAKEN_AS_THEY_ARE
            .iter()
            .filter_map(|key| Some(((*key).to_owned(), properties.get(*key)?.clone())))
            .collect();
        definition.insert("BillingMode".to_owned(), json!("PAY_PER_REQUEST"));
        // CloudFormation has no `StreamEnabled`: a stream is on when its view type is given.
        if let Some(view) = properties["StreamSpecification"].get("StreamViewType") {
            definition.insert(
                "StreamSpecification".to_owned(),
                json!({"StreamEnabled": true, "StreamViewType": view}),
            );
        }
        let ttl = &properties["TimeToLiveSpecification"];
        let ttl_attribute = match (&ttl["AttributeName"], &ttl["Enabled"]) {
            (Value::String(name), Value::Bool(true)) => Some(name.clone()),
            _ => None,
        };
        let key = &properties["SSESpecification"]["KMSMasterKeyId"];
        let encrypted_with = key["Fn::GetAtt"][0].as_str().or(key["Ref"].as_str());
        let encrypted_with = encrypted_with.map(str::to_owned);
        Ok(Self { logical_id: id.to_owned(), ttl_attribute, encrypted_with, definition })
    }

    /// The resource's name in the template, e.g. `KeysTable`.
    #[must_use]
    pub fn logical_id(&self) -> &str {
        &self.logical_id
    }

    /// The attribute whose passing deletes an item, when the template enables one.
    #[must_use]
    pub fn ttl_attribute(&self) -> Option<&str> {
        self.ttl_attribute.as_deref()
    }

    /// The logical id of the KMS key of the template that encrypts it at rest.
    #[must_use]
    pub fn encrypted_with(&self) -> Option<&str> {
        self.encrypted_with.as_deref()
    }

    /// The partition key's attribute, of the table or of one of its indexes.
    #[must_use]
    pub fn partition_key(&self, index: Option<&str>) -> Option<&str> {
        let schema = match index {
            None => self.definition.get("KeySchema")?,
            Some(name) => ["GlobalSecondaryIndexes", "LocalSecondaryIndexes"]
                .iter()
                .filter_map(|kind| self.definition.get(*kind)?.as_array())
                .flatten()
                .find(|index| index["IndexName"] == name)?
                .get("KeySchema")?,
        };
        let mut elements = schema.as_array()?.iter();
        elements.find(|element| element["KeyType"] == "HASH")?["AttributeName"].as_str()
    }

    /// The names of its secondary indexes.
    pub fn indexes(&self) -> impl Iterator<Item = &str> {
        ["GlobalSecondaryIndexes", "LocalSecondaryIndexes"]
            .iter()
            .filter_map(|kind| self.definition.get(*kind)?.as_array())
            .flatten()
            .filter_map(|index| index["IndexName"].as_str())
    }

    /// The body of a `CreateTable` request for this table under `name`. Always on demand; what only
    /// matters in the cloud (encryption, recovery, protection, tags) is left out.
    #[must_use]
    pub fn create_request(&self, name: &str) -> Value {
        let mut request = self.definition.clone();
        request.insert("TableName".to_owned(), json!(name));
        Value::Object(request)
    }
}
