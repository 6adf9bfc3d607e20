//! A record of the stream, and what it says about the log.

use serde_json::Value;
use shared::clock::UnixMillis;
use shared::http::telemetry::Label;
use shared::http::telemetry::ids::ForeignId;
use shared::ids::ConversationId;
use shared::store::event::place_in_stream;

/// The type and principal that a record names when the TTL deleted its item. No request can set
/// them.
const TTL: (&str, &str) = ("Service", "dynamodb.amazonaws.com");

/// The change of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// It is new.
    Inserted,
    /// It was overwritten or updated.
    Modified,
    /// It was deleted by a request.
    Removed,
    /// It was deleted by DynamoDB, because its time was up.
    Expired,
}

impl Label for Change {
    fn label(&self) -> &'static str {
        match self {
            Self::Inserted => "inserted",
            Self::Modified => "modified",
            Self::Removed => "removed",
            Self::Expired => "expired",
        }
    }
}

/// The judgement on a record.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Finding {
    /// Nothing unusual.
    Expected,
    /// An item of the log went when its time was up.
    Expired,
    /// Somebody changed or deleted an event: the sweep, or somebody who may not.
    Changed(Change),
}

/// A record whose item is in a place of the log.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) conversation: ConversationId,
    /// The event's place in the log; 0 is the conversation's row in the inbox, which is no event.
    pub(crate) seq: u64,
    pub(crate) number: Option<ForeignId>,
    /// When it was, to the second.
    pub(crate) at_ms: Option<UnixMillis>,
    change: Change,
}

/// When the change of a record was, to the second.
pub(crate) fn changed_ms(record: &Value) -> Option<UnixMillis> {
    let time = record.pointer("/dynamodb/ApproximateCreationDateTime")?;
    // Lambda gives seconds, with or without a point.
    let text = time.to_string();
    let seconds: UnixMillis = text.split('.').next()?.parse().ok()?;
    seconds.checked_mul(1000)
}

impl Record {
    /// Reads a record; `None` for what no conversation can have left.
    pub(crate) fn read(record: &Value, number: &str) -> Option<Self> {
        let (conversation, seq) = place_in_stream(record)?;
        let change = match record.get("eventName")?.as_str()? {
            "INSERT" => Change::Inserted,
            "MODIFY" => Change::Modified,
            "REMOVE" if by_ttl(record) => Change::Expired,
            "REMOVE" => Change::Removed,
            _ => return None,
        };
        let at_ms = changed_ms(record);
        Some(Self { conversation, seq, number: ForeignId::of_record(number), at_ms, change })
    }

    /// Judges it. The row in the inbox follows the conversation's state, and may change and go.
    pub(crate) fn finding(&self) -> Finding {
        match (self.seq, self.change) {
            (_, Change::Expired) => Finding::Expired,
            (0, _) | (_, Change::Inserted) => Finding::Expected,
            (_, change) => Finding::Changed(change),
        }
    }
}

/// Whether DynamoDB deleted the item because its time was up.
pub(crate) fn by_ttl(record: &Value) -> bool {
    let named = |pointer| record.pointer(pointer).and_then(Value::as_str);
    (named("/userIdentity/type"), named("/userIdentity/principalId")) == (Some(TTL.0), Some(TTL.1))
}
