//! Decoys: conversations that nobody has a reason to read. An operator plants them with `cargo doctor plant-decoy`,
//! and of the functions only detect knows where they are.
//!
//! Item of the table `incidents`: `p` = `decoy`, `k` = the conversation, `u` its subject, `t` when it was planted (ms),
//! `expires_at` when the conversation ends.

use super::StoreError;
use super::attributes::{
    EXPIRES_AT, Item, corrupt, expiry, in_table, number, read_number, string, take_string,
};
use super::incident::IncidentTable;
use super::table::Key;
use values::clock::UnixMillis;
use values::ids::{ConversationId, SubjectId};

const PARTITION: &str = "decoy";

/// A decoy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decoy {
    /// The conversation.
    pub conversation: ConversationId,
    /// Its subject, whose export or contact nobody has a reason to read either.
    pub subject: SubjectId,
    /// When it was planted. What was read before is no incident.
    pub planted_ms: UnixMillis,
    /// When the conversation ends.
    pub end_ms: UnixMillis,
}

impl Decoy {
    fn read(mut item: Item) -> Result<Self, StoreError> {
        let conversation = ConversationId::parse(&take_string(&mut item, "k")?);
        let subject = SubjectId::parse(&take_string(&mut item, "u")?);
        let end_seconds: i64 = read_number(&item, EXPIRES_AT)?;
        Ok(Self {
            conversation: conversation.ok_or(corrupt("k"))?,
            subject: subject.ok_or(corrupt("u"))?,
            planted_ms: read_number(&item, "t")?,
            end_ms: end_seconds.saturating_mul(1000),
        })
    }

    fn item(&self) -> Item {
        let mut item = Key::new(PARTITION, self.conversation).item();
        item.insert("u".to_owned(), string(self.subject));
        item.insert("t".to_owned(), number(self.planted_ms));
        item.insert(EXPIRES_AT.to_owned(), expiry(self.end_ms));
        item
    }
}

impl IncidentTable {
    /// The decoys whose conversations have not ended (one query). A row that cannot be read is left out: it must not
    /// stop the watch over everything else.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn decoys(&self) -> Result<Vec<Decoy>, StoreError> {
        let now_ms = self.clock.now_ms();
        let mut decoys = Vec::new();
        for item in self.table.query("find_decoys", PARTITION).await? {
            match Decoy::read(item).map_err(in_table("incidents")) {
                Ok(decoy) if now_ms < decoy.end_ms => decoys.push(decoy),
                Ok(_) => {}
                Err(error) => tracing::error!(%error, "a decoy cannot be read"),
            }
        }
        Ok(decoys)
    }

    /// Plants a decoy.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn plant_decoy(&self, decoy: &Decoy) -> Result<(), StoreError> {
        self.table.put("plant_decoy", decoy.item()).await
    }
}

#[cfg(test)]
mod tests {
    use values::clock::Clock;

    use super::*;

    #[test]
    fn a_decoy_is_read_as_it_was_planted() {
        let clock = Clock::manual(1_793_610_000_000);
        let decoy = Decoy {
            conversation: ConversationId::generate(&clock).unwrap(),
            subject: SubjectId::generate(&clock).unwrap(),
            planted_ms: 1_793_610_000_123,
            end_ms: 1_796_202_000_000,
        };
        assert_eq!(Decoy::read(decoy.item()), Ok(decoy));
        for attribute in ["u", "t", EXPIRES_AT] {
            let mut item = decoy.item();
            item.remove(attribute);
            assert!(Decoy::read(item).is_err(), "{attribute}");
        }
    }
}
