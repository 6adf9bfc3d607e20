//! How often guests of one network did something in a minute: counters in the table `watch`.
//!
//! Items: `p` = `guests#<act>#<name of the network>`, `k` = the minute since 1970, `n` how often, and
//! `expires_at`. The name is keyed and another one each day; see [`seal::network`]. The attempt is
//! counted, in one write by addition, so that exactly as many as the limit says are below it.

use aws_sdk_dynamodb::types::ReturnValue;

use super::attributes::{Item, expiry, number, read_number, string};
use super::once::{Kind, MARGIN_MS};
use super::security_event::{Action, SecurityEvent, SecurityEvents};
use super::{Store, StoreError, fault};
use values::clock::UnixMillis;

/// The window of the counters: one minute.
pub const WINDOW_MS: i64 = 60_000;

/// An act that somebody can do again and again, each time as another guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Beginning a session as somebody new.
    Session,
    /// Opening a conversation.
    Conversation,
    /// Having all that is one's own erased.
    Erasure,
}

impl Act {
    /// Every act there is.
    pub const ALL: [Self; 3] = [Self::Session, Self::Conversation, Self::Erasure];

    /// The word in the key.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Conversation => "conversation",
            Self::Erasure => "erasure",
        }
    }

    /// How often a minute the guests of one network may do it, where the limit is not scaled.
    #[must_use]
    pub const fn per_minute(self) -> u32 {
        match self {
            Self::Session => 30,
            Self::Conversation => 60,
            Self::Erasure => 20,
        }
    }
}

/// The beginning of the minute after that of `now_ms`.
#[must_use]
pub const fn next_window_ms(now_ms: UnixMillis) -> UnixMillis {
    (minute(now_ms) + 1) * WINDOW_MS
}

const fn minute(now_ms: UnixMillis) -> i64 {
    now_ms.div_euclid(WINDOW_MS)
}

impl Store {
    /// Counts one more act of a guest of that network, and says how many there were in this minute. An
    /// attempt whose answer was lost and that the SDK repeats counts twice, so never more pass.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn count_guest(&self, act: Act, network: &str) -> Result<u32, StoreError> {
        let now_ms = self.clock.now_ms();
        let key = Item::from([
            ("p".to_owned(), string(format!("guests#{}#{network}", act.as_str()))),
            ("k".to_owned(), string(minute(now_ms).to_string())),
        ]);
        let updated = self
            .dynamo
            .update_item()
            .table_name(&self.watch_table)
            .set_key(Some(key))
            .update_expression("ADD n :one SET expires_at = :e")
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":e", expiry(next_window_ms(now_ms) + MARGIN_MS))
            .return_values(ReturnValue::UpdatedNew)
            .send()
            .await
            .map_err(|error| fault("count_guest", &error))?;
        read_number(&updated.attributes.unwrap_or_default(), "n")
    }

    /// Records that a network is over its limit, once in a minute however often it is called.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn record_flood(
        &self,
        events: &SecurityEvents,
        network: &str,
    ) -> Result<(), StoreError> {
        let now_ms = self.clock.now_ms();
        let minute = minute(now_ms).to_be_bytes();
        let parts: [&[u8]; 2] = [network.as_bytes(), &minute];
        let event = SecurityEvent::of(Action::Flood, network);
        let once = self.once.put(Kind::Flood, &parts, next_window_ms(now_ms))?;
        let recording = self.transaction().and(once).and(events.put(event).await?);
        // A failed condition means that it is recorded.
        recording.commit("record_flood").await.map(|_recorded_now| ())
    }
}
