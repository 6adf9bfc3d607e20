//! How far the sweep is, so that the next run goes on there.
//!
//! Ledger item: `p` = `sweep`, `k` = `progress`; `h` the hour up to which all that was due is gone, `n`
//! the version of the policy that the stored ends follow, `m` the one that they are made to follow, `u`
//! and `c` the row behind which that goes on, `z` rows looked at, `s` the stamp that the last run left
//! in the keys table (`u` of zeros and `swept`, `n`): a table with another was restored from a copy.

use aws_sdk_dynamodb::types::AttributeValue;

use super::attributes::{
    Item, binary, corrupt, in_table, number, optional, read_number, string, take_binary,
    take_string,
};
use super::ledger::item_of_nobody_in_keys;
use super::table::key;
use super::{Store, StoreError, fault};

/// How far the sweep is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Progress {
    /// The hour up to which all that was due is gone.
    pub hour: Option<String>,
    /// The version of the policy that the stored ends follow.
    pub aligned_version: Option<u64>,
    /// The version that they are made to follow.
    pub aligning: Option<u64>,
    /// The row behind which that goes on.
    pub after: Option<(Vec<u8>, Vec<u8>)>,
    /// Rows looked at for it.
    pub looked_at: u64,
    /// The stamp that the last run left in the keys table.
    pub stamp: Option<i64>,
}

const SWEEP: &str = "sweep";
const PROGRESS: &str = "progress";

fn stamp_in_keys() -> Item {
    item_of_nobody_in_keys("swept")
}

impl Progress {
    pub(super) fn from_item(item: Item) -> Result<Self, StoreError> {
        Self::read_item(item).map_err(in_table("ledger"))
    }

    fn read_item(mut item: Item) -> Result<Self, StoreError> {
        let hour = optional(&mut item, "h", take_string)?;
        let mut version =
            |name: &'static str| optional(&mut item, name, |item, name| read_number(item, name));
        let (aligned_version, aligning) = (version("n")?, version("m")?);
        let looked_at = read_number(&item, "z")?;
        let after = optional(&mut item, "u", |item, name| {
            Ok((take_binary(item, name)?, take_binary(item, "c")?))
        })?;
        let stamp = optional(&mut item, "s", |item, name| read_number(item, name))?;
        Ok(Self { hour, aligned_version, aligning, after, looked_at, stamp })
    }

    pub(super) fn to_item(&self) -> Item {
        let Self { hour, aligned_version, aligning, after, looked_at, stamp } = self;
        let mut item = key(SWEEP, PROGRESS);
        item.insert("z".to_owned(), number(*looked_at));
        let texts = [("h", hour.clone().map(string))];
        let numbers = [("n", aligned_version), ("m", aligning)]
            .map(|(name, version)| (name, version.map(number)));
        if let Some(stamp) = stamp {
            item.insert("s".to_owned(), number(*stamp));
        }
        for (name, value) in texts.into_iter().chain(numbers) {
            if let Some(value) = value {
                item.insert(name.to_owned(), value);
            }
        }
        if let Some((subject, row)) = after {
            item.insert("u".to_owned(), binary(subject.clone()));
            item.insert("c".to_owned(), binary(row.clone()));
        }
        item
    }

    /// Makes every row be looked at again, from the first on.
    pub fn align_anew(&mut self) {
        self.aligned_version = None;
        self.aligning = None;
    }

    /// The row behind which aligning goes on, as a key of the table.
    #[must_use]
    pub fn start(&self) -> Option<Item> {
        let (subject, row) = self.after.as_ref()?;
        Some(Item::from([
            ("u".to_owned(), binary(subject.clone())),
            ("c".to_owned(), binary(row.clone())),
        ]))
    }

    /// Takes over the key behind which a scan goes on.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when it is none of the keys table.
    pub fn go_on_behind(&mut self, key: Option<Item>) -> Result<(), StoreError> {
        self.after = match key {
            None => None,
            Some(mut key) => {
                let subject = take_binary(&mut key, "u").map_err(in_table("keys"))?;
                match key.remove("c") {
                    Some(AttributeValue::B(row)) => Some((subject, row.into_inner())),
                    _ => return Err(corrupt("c").in_table("keys")),
                }
            }
        };
        Ok(())
    }
}

impl Store {
    /// How far the sweep is.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn sweep_progress(&self) -> Result<Progress, StoreError> {
        let found = self.ledger_table.get("find_progress", key(SWEEP, PROGRESS)).await?;
        found.map_or(Ok(Progress::default()), Progress::from_item)
    }

    /// Stores how far the sweep is.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn put_sweep_progress(&self, progress: &Progress) -> Result<(), StoreError> {
        self.ledger_table.put("put_progress", progress.to_item()).await
    }

    /// The stamp that the last run left in the keys table; `None` when there is none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn stamp_of_keys(&self) -> Result<Option<i64>, StoreError> {
        let found = self
            .dynamo
            .get_item()
            .table_name(&self.keys_table)
            .set_key(Some(stamp_in_keys()))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| fault("find_stamp", &error))?;
        found.item.map(|item| read_number(&item, "n")).transpose().map_err(in_table("keys"))
    }

    /// Leaves a new stamp in the keys table, and says which.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn stamp_keys(&self) -> Result<i64, StoreError> {
        let stamp = self.clock.now_ms();
        let mut item = stamp_in_keys();
        item.insert("n".to_owned(), number(stamp));
        self.dynamo
            .put_item()
            .table_name(&self.keys_table)
            .set_item(Some(item))
            .send()
            .await
            .map_err(|error| fault("put_stamp", &error))?;
        Ok(stamp)
    }
}
