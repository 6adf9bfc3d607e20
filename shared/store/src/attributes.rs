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

/// The error of an attribute that is not what was stored. The reader of the item names the table:
/// [`StoreError::in_table`], [`in_table`].
#[must_use]
pub const fn corrupt(attribute: &'static str) -> StoreError {
    StoreError::Corrupt { table: StoreError::SOME_TABLE, attribute }
}

/// Names the table of an error.
pub fn in_table<E: Into<StoreError>>(name: &'static str) -> impl Fn(E) -> StoreError + Copy {
    move |error| error.into().in_table(name)
}

/// The bytes of an attribute that must be there.
///
/// # Errors
/// [`StoreError::Corrupt`], without its table, when it is missing or no binary.
pub fn take_binary(item: &mut Item, name: &'static str) -> Result<Vec<u8>, StoreError> {
    match item.remove(name) {
        Some(AttributeValue::B(blob)) => Ok(blob.into_inner()),
        _ => Err(corrupt(name)),
    }
}

/// The text of an attribute that must be there.
///
/// # Errors
/// [`StoreError::Corrupt`], without its table, when it is missing or no string.
pub fn take_string(item: &mut Item, name: &'static str) -> Result<String, StoreError> {
    match item.remove(name) {
        Some(AttributeValue::S(text)) => Ok(text),
        _ => Err(corrupt(name)),
    }
}

/// Reads an attribute that may be missing.
///
/// # Errors
/// Those of `read`, when it is there.
pub fn optional<T>(
    item: &mut Item,
    name: &'static str,
    read: impl FnOnce(&mut Item, &'static str) -> Result<T, StoreError>,
) -> Result<Option<T>, StoreError> {
    if item.contains_key(name) { read(item, name).map(Some) } else { Ok(None) }
}

/// The value of an attribute that must be there.
///
/// # Errors
/// [`StoreError::Corrupt`], without its table, when it is missing or no whole number of that range.
pub fn read_number<T: std::str::FromStr>(item: &Item, name: &'static str) -> Result<T, StoreError> {
    match item.get(name) {
        Some(AttributeValue::N(digits)) => digits.parse().map_err(|_| corrupt(name)),
        _ => Err(corrupt(name)),
    }
}
