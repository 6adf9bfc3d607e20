//! The parameters of a request, each checked as KMS checks it.

use std::collections::BTreeMap;

use data_encoding::BASE64;
use serde_json::{Map, Value};

use super::error::Refusal;
use super::key::Context;

const MAX_CONTEXT: usize = 8192;

/// A request's body with the parameters that this KMS reads.
pub(super) struct Request(Map<String, Value>);

impl Request {
    pub(super) fn parse(body: &[u8]) -> Result<Self, Refusal> {
        serde_json::from_slice(body)
            .map(Self)
            .map_err(|_| Refusal::Validation("the body is not a JSON object".to_owned()))
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }

    pub(super) fn required(&self, name: &str) -> Result<&str, Refusal> {
        self.text(name)
            .filter(|text| !text.is_empty())
            .ok_or_else(|| Refusal::Validation(format!("{name} is required")))
    }

    pub(super) fn key_id(&self) -> Result<&str, Refusal> {
        self.required("KeyId")
    }

    pub(super) fn integer(&self, name: &str) -> Result<Option<i64>, Refusal> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => value
                .as_i64()
                .map(Some)
                .ok_or_else(|| Refusal::Validation(format!("{name} must be an integer"))),
        }
    }

    pub(super) fn bytes(&self, name: &str, max: usize) -> Result<Vec<u8>, Refusal> {
        let bytes = BASE64
            .decode(self.required(name)?.as_bytes())
            .map_err(|_| Refusal::Validation(format!("{name} must be base64")))?;
        if bytes.is_empty() || bytes.len() > max {
            return Err(Refusal::Validation(format!(
                "{name} must have a length between 1 and {max}"
            )));
        }
        Ok(bytes)
    }

    pub(super) fn context(&self) -> Result<Context, Refusal> {
        let context: Context = match self.0.get("EncryptionContext") {
            None | Some(Value::Null) => BTreeMap::new(),
            Some(value) => serde_json::from_value(value.clone()).map_err(|_| {
                Refusal::Validation("EncryptionContext must map texts to texts".to_owned())
            })?,
        };
        let size: usize = context.iter().map(|(k, v)| k.len() + v.len()).sum();
        if size > MAX_CONTEXT {
            return Err(Refusal::Validation(format!(
                "EncryptionContext must not exceed {MAX_CONTEXT} bytes"
            )));
        }
        Ok(context)
    }

    pub(super) fn symmetric_only(&self) -> Result<(), Refusal> {
        match self.text("EncryptionAlgorithm") {
            None | Some("SYMMETRIC_DEFAULT") => Ok(()),
            Some(other) => Err(Refusal::Validation(format!(
                "EncryptionAlgorithm {other} is not one of a symmetric key"
            ))),
        }
    }

    pub(super) fn data_key_len(&self) -> Result<usize, Refusal> {
        match (self.text("KeySpec"), self.integer("NumberOfBytes")?) {
            (Some("AES_256"), None) => Ok(32),
            (Some("AES_128"), None) => Ok(16),
            (None, Some(len @ 1..=1024)) => Ok(usize::try_from(len).unwrap_or(1)),
            _ => Err(Refusal::Validation(
                "give either KeySpec (AES_256 or AES_128) or NumberOfBytes (1 to 1024)".to_owned(),
            )),
        }
    }
}
