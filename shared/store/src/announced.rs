//! What the sweep says before it changes a log: by this, who watches the logs knows its changes from
//! those of an intruder. The item is described where it is written ([`super::due`]).

use aws_sdk_dynamodb::Client;

use super::attributes::{EXPIRES_AT, in_table, read_number};
use super::due::touched_key;
use super::{StoreError, fault};
use values::clock::Clock;
use values::ids::ConversationId;

/// The announcements, for one who may read nothing else.
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

    /// Whether it was said in the last days that this log is going to be changed. Whoever asks after
    /// the change is told the truth, since the announcement comes first and the read is consistent.
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
            // The TTL may be late; what was said long ago is no excuse for what is done today.
            Some(item) => Ok(read_number::<i64>(&item, EXPIRES_AT).map_err(in_table("ledger"))?
                > self.clock.now_seconds()),
            None => Ok(false),
        }
    }
}
