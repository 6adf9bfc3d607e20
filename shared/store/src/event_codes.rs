//! Codes over security events: write access to their table alone makes no event that `detect` takes for ours.
//!
//! The code is the attribute `m`, made as [`super::evidence`] makes it, with a key of its own. The rotation
//! makes that key. No release without codes has stored an event, so there is none that may lack it.

use super::StoreError;
use super::attributes::Item;
use super::evidence::Evidence;
use super::settings::{Settings, events_seed};
use seal::mac::MacKey;

const LABEL: &str = "sotto/v1 events";

impl Settings {
    /// The key of the codes over events; the rotation has made it.
    ///
    /// # Errors
    /// [`StoreError::KeysMissing`] before the first rotation.
    pub(super) async fn event_codes(&self) -> Result<Evidence, StoreError> {
        let seed = self.made_by_rotation(&events_seed()).await?;
        Ok(Evidence::over(MacKey::derive(&seed, LABEL)?))
    }

    /// Whether the item of an event is one that a function has stored.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::KeysMissing`] where the key was deleted: no event passes without it.
    pub async fn bears_out(&self, item: &Item) -> Result<bool, StoreError> {
        if self.event_codes().await?.is_of(item) {
            return Ok(true);
        }
        // The key in memory may have been replaced.
        self.keyring.forget(&events_seed());
        Ok(self.event_codes().await?.is_of(item))
    }
}
