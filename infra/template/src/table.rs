//! A table as the template declares it.

use serde_json::{Map, Value, json};

use super::{Function, TemplateError};

/// The properties that DynamoDB's `CreateTable` takes under the same name.
const TAKEN_AS_THEY_ARE: [&str; 4] =
    ["AttributeDefinitions", "GlobalSecondaryIndexes", "KeySchema", "LocalSecondaryIndexes"];

/// Days that DynamoDB keeps when the template does not say how many.
const LONGEST_RECOVERY: i32 = 35;

/// A table of the template, ready to be created under any name.
#[derive(Debug, Clone)]
pub struct Table {
    logical_id: String,
    ttl_attribute: Option<String>,
    encrypted_with: Option<String>,
    recovery_days: Option<i32>,
    setting: Option<String>,
    definition: Map<String, Value>,
}

impl Table {
    pub(super) fn read(id: &str, resource: &Value) -> Result<Self, TemplateError> {
        let properties = &resource["Properties"];
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
        let recovery = &properties["PointInTimeRecoverySpecification"];
        let recovery_days = if recovery["PointInTimeRecoveryEnabled"] == true {
            let days = recovery.get("RecoveryPeriodInDays").map_or(Some(LONGEST_RECOVERY), days);
            let place = format!("{id}.RecoveryPeriodInDays");
            Some(days.ok_or_else(|| TemplateError::at(&place, "is no number of days"))?)
        } else {
            None
        };
        let logical_id = id.to_owned();
        let setting = None;
        Ok(Self { logical_id, ttl_attribute, encrypted_with, recovery_days, setting, definition })
    }

    /// Notes the setting by which a function is told this table's name.
    pub(super) fn is_told_to(&mut self, function: &Function) {
        let told = |set: &Value| set["Ref"].as_str() == Some(&self.logical_id);
        let mut settings = function.environment().iter();
        if let Some((name, _)) = settings.find(|(_, set)| told(set)) {
            self.setting = Some(name.clone());
        }
    }

    /// The resource's name in the template, e.g. `KeysTable`.
    #[must_use]
    pub fn logical_id(&self) -> &str {
        &self.logical_id
    }

    /// Its name in prose and in local names: `keys` of `KeysTable`.
    #[must_use]
    pub fn short_name(&self) -> String {
        self.logical_id.trim_end_matches("Table").to_lowercase()
    }

    /// The setting by which functions are told its name, e.g. `SOTTO_TABLE_KEYS`; `None` if no
    /// function is.
    #[must_use]
    pub fn setting(&self) -> Option<&str> {
        self.setting.as_deref()
    }

    /// For how many days back it can be restored to any second; `None` for no recovery.
    #[must_use]
    pub fn recovery_days(&self) -> Option<i32> {
        self.recovery_days
    }

    /// The view of its stream; `None` for no stream.
    #[must_use]
    pub fn stream_view(&self) -> Option<&str> {
        self.definition.get("StreamSpecification")?["StreamViewType"].as_str()
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

fn days(value: &Value) -> Option<i32> {
    i32::try_from(value.as_i64()?).ok()
}
