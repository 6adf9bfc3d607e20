//! Decoys: conversations that nobody has a reason to read. The first event that reads one opens an incident.

use std::collections::HashMap;

use shared::clock::UnixMillis;
use shared::store::decoy::Decoy;

use crate::act::{Act, Event};

/// The decoys by the ids that an event may name: of the conversation, and of its subject. With each id, since when.
#[derive(Debug, Default)]
pub struct Decoys(HashMap<String, UnixMillis>);

impl Decoys {
    /// These decoys.
    #[must_use]
    pub fn new(decoys: &[Decoy]) -> Self {
        let ids = |decoy: &Decoy| {
            let Decoy { conversation, subject, planted_ms, end_ms: _ } = *decoy;
            [(conversation.to_string(), planted_ms), (subject.to_string(), planted_ms)]
        };
        Self(decoys.iter().flat_map(ids).collect())
    }

    /// Whether the event reads a decoy: a transcript, a claim, a transfer, a contact or an export.
    #[must_use]
    pub fn are_read_by(&self, event: &Event) -> bool {
        let reads = matches!(event.act, Act::Read | Act::Claim | Act::Receive | Act::Export);
        reads && self.0.get(&event.object).is_some_and(|planted_ms| event.at_ms >= *planted_ms)
    }
}

#[cfg(test)]
mod tests {
    use shared::clock::Clock;
    use shared::ids::{ConversationId, StaffId, SubjectId};

    use super::*;

    const PLANTED_MS: UnixMillis = 1_793_610_000_000;

    #[test]
    fn reading_claiming_receiving_and_exporting_read_a_decoy_and_other_acts_do_not() {
        let clock = Clock::manual(PLANTED_MS);
        let conversation = ConversationId::generate(&clock).unwrap();
        let subject = SubjectId::generate(&clock).unwrap();
        let end_ms = PLANTED_MS + 1_000;
        let decoys =
            Decoys::new(&[Decoy { conversation, subject, planted_ms: PLANTED_MS, end_ms }]);
        let staff = StaffId::generate(&clock).unwrap();
        let reads = |word: &str, object: String, at_ms| {
            let event = Event::of(("id".to_owned(), at_ms), word, Some(staff), object);
            event.is_some_and(|event| decoys.are_read_by(&event))
        };
        for (word, expected) in [
            ("transcript_read", true),
            ("conversation_claimed", true),
            ("conversation_received", true),
            ("conversation_transferred", false),
            ("incident_opened", false),
        ] {
            assert_eq!(reads(word, conversation.to_string(), PLANTED_MS), expected, "{word}");
        }
        for (word, expected) in
            [("contact_read", true), ("subject_exported", true), ("subject_erased", false)]
        {
            assert_eq!(reads(word, subject.to_string(), PLANTED_MS), expected, "{word}");
        }
        assert!(!reads("transcript_read", staff.to_string(), PLANTED_MS));
        assert!(!reads("transcript_read", conversation.to_string(), PLANTED_MS - 1));
    }
}
