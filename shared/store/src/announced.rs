//! Announcements of the sweep before it changes a log. By them the function that watches the logs
//! tells the sweep's changes from an intruder's. [`super::due`] writes and describes the item.

use aws_sdk_dynamodb::Client;

use super::attributes::{EXPIRES_AT, in_table, read_number};
use super::due::touched_key;
use super::{StoreError, fault};
use values::clock::Clock;
use values::ids::ConversationId;

/// The announcements, for a function that may read nothing else of the ledger.
#[derive(Clone)]
pub struct Announced {
    dynamo: Client,
    ledger_table: String,
    clock: Clock,
}

impl Announced {
    /// The announcements in a ledger.
    #[must_use]
    pub fn new(dynamo: Client, ledger_table: String, clock: Clock) -> Self {
        Self { dynamo, ledger_table, clock }
    }

    /// Whether a change of this log was announced in the last days. A caller who asks after the
    /// change gets the right answer, since the announcement comes first and the read is consistent.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn has(&self, id: ConversationId) -> Result<bool, StoreError> {
        let found = self
            .dynamo
            .get_item()
            .table_name(&self.ledger_table)
            .set_key(Some(touched_key(id)))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| fault("find_announcement", &error))?;
        match found.item {
            // The TTL may be late; an old announcement does not cover a change made today.
            Some(item) => Ok(read_number::<i64>(&item, EXPIRES_AT).map_err(in_table("ledger"))?
                > self.clock.now_seconds()),
            None => Ok(false),
        }
    }
}
