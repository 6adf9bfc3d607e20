//! The facts of one conversation that reports count, read off the headers of its log. No id, no text.

use serde::{Deserialize, Serialize};

use crate::event::{Header, Kind};
use crate::state::Status;
use values::clock::UnixMillis;
use values::handover::HandoverReason;

/// The facts of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Facts {
    /// When it was opened.
    pub opened_ms: UnixMillis,
    /// Whether that was outside the opening hours.
    #[serde(default)]
    pub outside: bool,
    /// The last event that is counted in.
    pub events: u64,
    /// The visitor's first message.
    #[serde(default)]
    pub said_ms: Option<UnixMillis>,
    /// The first answer of anybody.
    #[serde(default)]
    pub answered_ms: Option<UnixMillis>,
    /// The first hand-over.
    #[serde(default)]
    pub asked_ms: Option<UnixMillis>,
    /// Its reason, as a code.
    #[serde(default)]
    pub reason: Option<u8>,
    /// The first claim.
    #[serde(default)]
    pub claimed_ms: Option<UnixMillis>,
    /// The last score.
    #[serde(default)]
    pub score: Option<u8>,
    /// Answers of the bot that helped.
    #[serde(default)]
    pub helped: u32,
    /// Answers of the bot that did not.
    #[serde(default)]
    pub failed: u32,
    /// Whether a contact was left.
    #[serde(default)]
    pub lead: bool,
    /// When it was closed.
    #[serde(default)]
    pub closed_ms: Option<UnixMillis>,
    /// The reason of the agent who closed it, as a code; nothing if the visitor did.
    #[serde(default)]
    pub closing: Option<u8>,
}

/// An event as reports see it: its place in the log, its header and the number that stands beside it.
pub struct Counted {
    /// From 1.
    pub seq: u64,
    /// In the clear.
    pub header: Header,
    /// A score, whether an answer helped, or why it was handed over or closed.
    pub number: Option<u8>,
}

impl Counted {
    /// Whether it is a message and an instant answer, behind which the bot still has the conversation.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.header.kind == Kind::Exchange && self.header.state.status == Status::Open
    }
}

impl Facts {
    /// Of a conversation that was opened then.
    #[must_use]
    pub fn opened(opened_ms: UnixMillis, outside: bool) -> Self {
        Self { opened_ms, outside, ..Self::default() }
    }

    /// Counts the next event in.
    pub fn add(&mut self, event: &Counted) {
        let at_ms = event.header.state.at_ms;
        self.events = event.seq;
        match event.header.kind {
            Kind::Exchange => {
                self.said_ms.get_or_insert(at_ms);
                self.answered_ms.get_or_insert(at_ms);
                if event.header.state.status == Status::Waiting {
                    self.hand_over(at_ms, event.number);
                }
            }
            Kind::Message => {
                self.said_ms.get_or_insert(at_ms);
            }
            Kind::Handover => self.hand_over(at_ms, event.number),
            Kind::Claimed => {
                self.hand_over(at_ms, Some(HandoverReason::TakenOver.code()));
                self.claimed_ms.get_or_insert(at_ms);
            }
            Kind::AgentMessage => {
                self.answered_ms.get_or_insert(at_ms);
            }
            Kind::Rated => self.score = event.number,
            Kind::Feedback => {
                let count =
                    if event.number == Some(1) { &mut self.helped } else { &mut self.failed };
                *count += 1;
            }
            Kind::LeadOffered => self.lead = true,
            Kind::Closed => {
                self.closed_ms.get_or_insert(at_ms);
                self.closing = event.number;
            }
            Kind::Opened | Kind::Released | Kind::Annotated | Kind::Erased => {}
        }
    }

    fn hand_over(&mut self, at_ms: UnixMillis, reason: Option<u8>) {
        if self.asked_ms.is_none() {
            (self.asked_ms, self.reason) = (Some(at_ms), reason);
        }
    }
}
