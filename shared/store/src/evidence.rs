//! Codes over the rows by which others act, or that people are told: erasures of the ledger, erasures that
//! wait, holds, cases, read records and retention policies. Write access to a table alone makes no such row,
//! changes none, and moves none to another place.
//!
//! The code is the attribute `m`: HMAC-SHA256 over the names and values of all others, the row's key and
//! its end among them. No release without codes has written such a row, so there is none that may lack it.
//! An earlier state of a row has its code: `cargo doctor check` compares the rows with what tells of them.

use std::collections::BTreeMap;

use super::attributes::{Item, Value, binary, corrupt, take_binary};
use super::settings::{Settings, evidence_seed};
use super::{Store, StoreError};
use seal::mac::MacKey;
use seal::place::Place;

/// The attribute of the code.
const CODE: &str = "m";
const LABEL: &str = "sotto/v1 evidence";

/// Makes and checks the codes.
pub struct Evidence(MacKey);

impl Settings {
    /// The key of the codes; the rotation has made it.
    ///
    /// # Errors
    /// [`StoreError::KeysMissing`] before the first rotation.
    pub async fn evidence(&self) -> Result<Evidence, StoreError> {
        let seed = self.made_by_rotation(&evidence_seed()).await?;
        Ok(Evidence(MacKey::derive(&seed, LABEL)?))
    }

    /// Reads rows that have a code. One without its own is damaged, and stands for itself.
    pub(super) async fn proven<T>(
        &self,
        items: Vec<Item>,
        read: impl Fn(Item) -> Result<T, StoreError>,
    ) -> Result<Vec<Result<T, StoreError>>, StoreError> {
        if items.is_empty() {
            return Ok(Vec::new());
        }
        let evidence = self.evidence().await?;
        Ok(items.into_iter().map(|item| read(evidence.check(item)?)).collect())
    }

    /// The same of a row that may be absent.
    pub(super) async fn proven_row<T>(
        &self,
        item: Option<Item>,
        read: impl Fn(Item) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        self.proven(item.into_iter().collect(), read).await?.pop().transpose()
    }
}

impl Store {
    /// The item with its code.
    pub(super) async fn with_code(&self, item: Item) -> Result<Item, StoreError> {
        self.settings.evidence().await?.sign(item)
    }
}

impl Evidence {
    /// Codes of another key.
    pub(super) fn over(key: MacKey) -> Self {
        Self(key)
    }

    /// The item with its code.
    ///
    /// # Errors
    /// [`StoreError::Failed`] for an attribute of a type that no such row has.
    pub fn sign(&self, mut item: Item) -> Result<Item, StoreError> {
        let code = self.0.sign(&message(&item).ok_or(StoreError::Failed)?);
        item.insert(CODE.to_owned(), binary(code));
        Ok(item)
    }

    /// Whether the code of the item is its own.
    #[must_use]
    pub fn is_of(&self, item: &Item) -> bool {
        let mut rest = item.clone();
        let Ok(code) = take_binary(&mut rest, CODE) else { return false };
        message(&rest).is_some_and(|message| self.0.verifies(&message, &code))
    }

    /// The item without its code.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when the code is not that of this item.
    pub fn check(&self, mut item: Item) -> Result<Item, StoreError> {
        let table = if item.get("k") == Some(&Value::S(super::policy::POLICY.to_owned())) {
            "settings"
        } else {
            "ledger"
        };
        let damaged = corrupt(CODE).in_table(table);
        if self.is_of(&item) {
            item.remove(CODE);
            return Ok(item);
        }
        // Of a waiting erasure the key is a subject.
        let key = |name| item.get(name).and_then(|value| value.as_s().ok());
        let place =
            key("k").filter(|_| key("p").is_some_and(|p| p != super::erasure_request::WAITING));
        tracing::error!(partition = key("p"), place, "a row is not as it was written");
        Err(damaged)
    }
}

/// The bytes of an item that are the same in whatever order DynamoDB gives them.
fn message(item: &Item) -> Option<Vec<u8>> {
    let sorted: BTreeMap<_, _> = item.iter().collect();
    let mut place = Place::new("row");
    for (name, value) in sorted {
        place = place.part(name.as_bytes());
        place = match value {
            Value::S(text) => place.part(b"S").part(text.as_bytes()),
            Value::N(digits) => place.part(b"N").part(digits.as_bytes()),
            Value::B(bytes) => place.part(b"B").part(bytes.as_ref()),
            Value::Ss(texts) => {
                let mut texts: Vec<_> = texts.iter().collect();
                texts.sort();
                let count = u64::try_from(texts.len()).unwrap_or(u64::MAX);
                let place = place.part(b"SS").number(count);
                texts.into_iter().fold(place, |place, text| place.part(text.as_bytes()))
            }
            _ => return None,
        };
    }
    Some(place.as_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attributes::{number, string};
    use values::secret::Secret;

    fn row() -> Item {
        let held = Value::Ss(vec!["b".to_owned(), "a".to_owned()]);
        let all = [("p", string("hold")), ("k", string("1")), ("t", number(7)), ("l", held)];
        all.map(|(name, value)| (name.to_owned(), value)).into()
    }

    #[test]
    fn a_code_is_of_all_attributes_and_of_no_others() {
        let key = |byte| MacKey::derive(&Secret::from_slice(&[byte; 32]).unwrap(), LABEL).unwrap();
        let evidence = Evidence(key(1));
        let signed = evidence.sign(row()).unwrap();
        assert_eq!(evidence.check(signed.clone()), Ok(row()));
        let mut turned = signed.clone();
        turned.insert("l".to_owned(), Value::Ss(vec!["a".to_owned(), "b".to_owned()]));
        assert!(evidence.check(turned).is_ok(), "a set has no order");
        assert!(Evidence(key(2)).check(signed.clone()).is_err(), "another key");
        for name in signed.keys() {
            let mut without = signed.clone();
            without.remove(name);
            assert!(evidence.check(without).is_err(), "without {name}");
            for value in [string("7"), number(8), binary("7"), Value::Ss(vec!["a".to_owned()])] {
                let mut edited = signed.clone();
                edited.insert(name.clone(), value);
                assert!(evidence.check(edited).is_err(), "another {name}");
            }
        }
        for (name, value) in [("x", string("")), ("t ", number(7)), ("", Value::Bool(true))] {
            let mut more = signed.clone();
            more.insert(name.to_owned(), value);
            assert!(evidence.check(more).is_err(), "{name:?} more");
        }
    }
}
