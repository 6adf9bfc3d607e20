//! Records of the audit log: every row but the head is put once. So a row that was changed, or deleted by
//! anybody but the TTL, was changed by hand, and one that was put has to fit the log.

use std::collections::HashMap;

use serde_json::Value;
use shared::seal::sign::Verifier;
use shared::store::StoreError;
use shared::store::attributes::{in_table, take_string};
use shared::store::staff_keys::log_key;
use shared::store::table::{Key, Table};
use tiles::log::AuditLog;

use crate::record::by_ttl;
use crate::watch::shown;

/// The head: the one row that is replaced.
const HEAD: &str = "head";

/// Whether the record is of the audit log: its items have the key `p`, and its stream has no images.
pub(crate) fn is_of_log(record: &Value) -> bool {
    let view = record.pointer("/dynamodb/StreamViewType");
    view.is_some_and(|view| view == "KEYS_ONLY") && record.pointer("/dynamodb/Keys/p").is_some()
}

/// Judges the records of a batch, and asks the log once about each row.
pub(crate) struct Looks<'a> {
    log: &'a AuditLog,
    /// The key that signs checkpoints. Before the first rotation there is none, and no log.
    key: Option<Verifier>,
    asked: HashMap<(String, String), bool>,
}

impl<'a> Looks<'a> {
    /// Begins with the key that is published. Its seal is for those to verify who trust tokens: with another
    /// key in the set nobody of the staff gets in.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn begin(log: &'a AuditLog, settings: &Table) -> Result<Self, StoreError> {
        let set = settings.get("find_published_keys", &Key::new("staff", "jwks")).await?;
        let set = set.map(|mut set| take_string(&mut set, "j"));
        let set = set.transpose().map_err(in_table("settings"))?;
        let key = set.as_deref().and_then(log_key);
        Ok(Self { log, key, asked: HashMap::new() })
    }

    /// The name of a row that somebody has changed, deleted or made up; nothing for one that is as it should
    /// be.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn judge(&mut self, record: &Value) -> Result<Option<String>, StoreError> {
        let key =
            |name| record.pointer(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (partition, sort) = (key("/dynamodb/Keys/p/S"), key("/dynamodb/Keys/k/S"));
        let is_head = partition == HEAD && sort == HEAD;
        let is_right = match record.get("eventName").and_then(Value::as_str) {
            Some("REMOVE") => by_ttl(record),
            Some("MODIFY") if !is_head => false,
            _ => self.fits(&partition, &sort).await?,
        };
        Ok((!is_right).then(|| shown(&partition, &sort)))
    }

    async fn fits(&mut self, partition: &str, sort: &str) -> Result<bool, StoreError> {
        let key = (partition.to_owned(), sort.to_owned());
        if let Some(fits) = self.asked.get(&key) {
            return Ok(*fits);
        }
        let fits = match &self.key {
            Some(signed_by) => self.log.fits((partition, sort), signed_by).await?,
            None => false,
        };
        self.asked.insert(key, fits);
        Ok(fits)
    }
}
