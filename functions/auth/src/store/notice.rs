//! Notices to a person about their own account: in the partition of the person ([`super::person`]),
//! `k` = `notice#<time>#<random>`, `v` sealed JSON of kind and actor, bound to person and row,
//! `expires_at`. Resets are told from the account itself, so that nothing pushes them out.

use serde::{Deserialize, Serialize};
use shared::clock::UnixMillis;
use shared::ids::StaffId;
use shared::random;
use shared::secret::Plaintext;
use shared::store::StoreError;
use shared::store::attributes::{
    EXPIRES_AT, Item, binary, corrupt, expiry, read_number, take_binary,
};
use shared::store::write::{Write, delete, put};
use shared::values::encoding::base64url;

use super::Store;
use super::account::key;
use crate::keys::{Keys, owner_with};

/// How long a notice is shown.
pub const NOTICE_MS: UnixMillis = 30 * 24 * 60 * 60 * 1000;
pub(super) const NOTICE: &str = "notice#";

/// The kind of notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    /// A second factor was enrolled.
    FactorEnrolled,
    /// A second factor was removed.
    FactorRemoved,
    /// New recovery codes replaced the old ones.
    RecoveryCodesMade,
    /// The password was changed.
    PasswordChanged,
    /// A sign-in on a device that the account did not know.
    NewDevice,
    /// A second factor that was shown again was wrong.
    StepUpFailed,
    /// The roles were changed.
    RolesChanged,
}

/// A notice.
#[derive(Clone)]
pub struct Notice {
    /// Its kind.
    pub told: Told,
    /// The actor's id.
    pub by: Option<String>,
    /// When.
    pub at_ms: UnixMillis,
    sort: String,
}

#[derive(Serialize, Deserialize)]
struct Content {
    kind: Told,
    by: Option<String>,
    at_ms: UnixMillis,
}

impl Notice {
    /// Reads a row; nothing when it is past its time.
    pub(super) fn read(
        keys: &Keys,
        id: StaffId,
        sort: String,
        mut row: Item,
        now_ms: UnixMillis,
    ) -> Result<Option<Self>, StoreError> {
        if read_number::<i64>(&row, EXPIRES_AT)?.saturating_mul(1000) <= now_ms {
            return Ok(None);
        }
        let content =
            keys.open(NOTICE, &owner_with(id, &[sort.as_bytes()]), take_binary(&mut row, "v")?)?;
        let Content { kind, by, at_ms } =
            serde_json::from_slice(content.reveal()).map_err(|_| corrupt("v"))?;
        Ok(Some(Self { told: kind, by, at_ms, sort }))
    }
}

impl Store {
    /// Keeps a notice.
    pub(super) fn put_notice(
        &self,
        keys: &Keys,
        id: StaffId,
        told: Told,
        by: Option<StaffId>,
    ) -> Result<Write, StoreError> {
        let now_ms = self.clock.now_ms();
        let sort = format!("{NOTICE}{now_ms:013}#{}", base64url(&random::bytes::<6>()?));
        let content = Content { kind: told, by: by.map(String::from), at_ms: now_ms };
        let content = serde_json::to_vec(&content).map_err(|_| StoreError::Failed)?;
        let owner = owner_with(id, &[sort.as_bytes()]);
        let sealed = keys.seal(NOTICE, &owner, &Plaintext::new(content))?;
        let mut row = key(id, sort).item();
        row.insert("v".to_owned(), binary(sealed));
        row.insert(EXPIRES_AT.to_owned(), expiry(now_ms + NOTICE_MS));
        put(&self.identity, row)
    }

    /// Deletes a notice.
    pub(super) fn delete_notice(&self, id: StaffId, notice: &Notice) -> Result<Write, StoreError> {
        delete(&self.identity, &key(id, notice.sort.as_str()))
    }
}
