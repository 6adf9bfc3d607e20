//! Reading and writing the attributes of an item, whose names are short because they are paid for.

use std::collections::HashMap;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;

use super::StoreError;

/// The value of an attribute.
pub type Value = AttributeValue;

/// An item as DynamoDB has it.
pub type Item = HashMap<String, Value>;

/// The TTL attribute of every table, in seconds since the Unix epoch.
pub const EXPIRES_AT: &str = "expires_at";

/// Bytes.
#[must_use]
pub fn binary(bytes: impl Into<Vec<u8>>) -> AttributeValue {
    AttributeValue::B(Blob::new(bytes))
}

/// A string.
#[must_use]
pub fn string(text: impl Into<String>) -> AttributeValue {
    AttributeValue::S(text.into())
}

/// A whole number.
#[must_use]
pub fn number(value: impl Into<i128>) -> AttributeValue {
    AttributeValue::N(value.into().to_string())
}

/// The TTL value for an end in milliseconds: the second in which it falls, rounded up, so that
/// DynamoDB never deletes early.
#[must_use]
pub fn expiry(end_ms: i64) -> AttributeValue {
    number(end_ms.saturating_add(999).div_euclid(1000))
}

/// The bytes of an attribute that must be there.
///
/// # Errors
/// [`StoreError::Corrupt`] when it is missing or no binary.
pub fn take_binary(item: &mut Item, name: &str) -> Result<Vec<u8>, StoreError> {
    match item.remove(name) {
        Some(AttributeValue::B(blob)) => Ok(blob.into_inner()),
        _ => Err(StoreError::Corrupt),
    }
}

/// The text of an attribute that must be there.
///
/// # Errors
/// [`StoreError::Corrupt`] when it is missing or no string.
pub fn take_string(item: &mut Item, name: &str) -> Result<String, StoreError> {
    match item.remove(name) {
        Some(AttributeValue::S(text)) => Ok(text),
        _ => Err(StoreError::Corrupt),
    }
}

/// Reads an attribute that may be missing.
///
/// # Errors
/// Those of `read`, when it is there.
pub fn optional<T>(
    item: &mut Item,
    name: &str,
    read: impl FnOnce(&mut Item, &str) -> Result<T, StoreError>,
) -> Result<Option<T>, StoreError> {
    if item.contains_key(name) { read(item, name).map(Some) } else { Ok(None) }
}

/// The value of an attribute that must be there.
///
/// # Errors
/// [`StoreError::Corrupt`] when it is missing or no whole number of that range.
pub fn read_number<T: std::str::FromStr>(item: &Item, name: &str) -> Result<T, StoreError> {
    match item.get(name) {
        Some(AttributeValue::N(digits)) => digits.parse().map_err(|_| StoreError::Corrupt),
        _ => Err(StoreError::Corrupt),
    }
}
