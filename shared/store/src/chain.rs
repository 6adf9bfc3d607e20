//! Whether the events of a log follow one another. Each carries a hash of the one before, so what was
//! altered, moved or taken out shows when a log is read.

use super::conversation::Conversation;
use super::event::{LINK_LEN, StoredEvent};

/// Where a log was left: an event, and what the next one has to carry to follow it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// The event's sequence number.
    pub seq: u64,
    /// The beginning of its hash.
    pub hash: [u8; LINK_LEN],
}

/// A log while it is read, event by event.
pub struct Chain<'a> {
    conversation: &'a Conversation,
    next_seq: u64,
    last: Option<Link>,
    sound: bool,
}

impl<'a> Chain<'a> {
    /// Begins at the event `seq`. Unless that is the first, there is nothing to hold it against.
    #[must_use]
    pub fn from(conversation: &'a Conversation, seq: u64) -> Self {
        Self { conversation, next_seq: seq.max(1), last: None, sound: true }
    }

    /// Goes on behind an event that was read before.
    #[must_use]
    pub fn behind(conversation: &'a Conversation, last: Link) -> Self {
        let next_seq = last.seq.saturating_add(1);
        Self { conversation, next_seq, last: Some(last), sound: true }
    }

    /// Takes the next event, which has to follow the one before.
    pub fn follow(&mut self, event: &StoredEvent) {
        let carried = event.header.previous;
        let linked = match self.last {
            Some(last) => carried == last.hash,
            None => event.seq > 1 || carried == [0; LINK_LEN],
        };
        if event.seq != self.next_seq || !linked {
            self.sound = false;
            tracing::error!(conversation = %self.conversation.id, seq = event.seq, "the chain is broken");
        }
        let hash = event.link(self.conversation.site.id, self.conversation.id);
        self.last = Some(Link { seq: event.seq, hash });
        self.next_seq = event.seq.saturating_add(1);
    }

    /// Notes that an event is not what was stored there.
    pub fn did_not_open(&mut self, event: &StoredEvent) {
        self.sound = false;
        tracing::error!(conversation = %self.conversation.id, seq = event.seq, "an event did not open");
    }

    /// The sequence number of the event that comes next.
    #[must_use]
    pub const fn next_seq(&self) -> u64 {
        self.next_seq
    }

    /// The last event that was taken, or that it began behind.
    #[must_use]
    pub const fn last(&self) -> Option<Link> {
        self.last
    }

    /// Whether all was as it has to be so far.
    #[must_use]
    pub const fn is_sound(&self) -> bool {
        self.sound
    }
}
