//! The words in which the staff say why. They may name somebody, so they are sealed, under a key of
//! their own: who may read the events need not read these.

use super::StoreError;
use super::attributes::in_table;
use super::settings::Settings;
use seal::envelope::{DataKey, Sealed};
use seal::place::{BranchName, Place, Purpose};
use values::secret::Plaintext;
use values::site::Site;

const LABEL: &str = "sotto/v1 reason";

/// Seals and opens reasons of a site.
pub struct Reasons {
    site: &'static Site,
    key: DataKey,
}

impl Settings {
    /// The key that seals and opens the reasons of a site.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn reasons(&self, site: &'static Site) -> Result<Reasons, StoreError> {
        let branch = BranchName::new(site.id, Purpose::Audit, "reasons");
        let branch_key = self.branch_key(&branch).await?;
        Ok(Reasons { site, key: DataKey::derive(&branch_key, LABEL)? })
    }
}

impl Reasons {
    /// Seals a reason of what has this id: a read, a hold, an entry of a case.
    ///
    /// # Errors
    /// [`StoreError::Failed`] when there is no randomness.
    pub fn seal(&self, id: &str, reason: &str) -> Result<Sealed, StoreError> {
        Ok(self.key.seal(&self.place(id), reason.as_bytes())?)
    }

    /// Opens the reason of what has this id.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when it does not open there.
    pub fn open(&self, id: &str, sealed: &Sealed) -> Result<Plaintext, StoreError> {
        self.key.open(&self.place(id), sealed).map_err(in_table("ledger"))
    }

    fn place(&self, id: &str) -> Place {
        Place::new(LABEL).part(self.site.id.as_bytes()).part(id.as_bytes())
    }
}
