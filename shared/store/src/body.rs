//! The body of an event: one type that writes its bytes and reads them.
//!
//! Records are JSON whose members stand in the order of their names, as every release has written them.

use serde::{Deserialize, Serialize};

use super::StoreError;
use super::attributes::{corrupt, in_table};
use super::event::{Kind, Spoken};
use values::ids::StaffId;
use values::secret::Plaintext;

/// The body of an event. No `Debug`.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
pub enum Body {
    /// The conversation was opened with this consent.
    Opened(Consent),
    /// The visitor wrote, and the bot answered if a reply is there.
    Said(Spoken),
    /// A person was asked for; the reason may be empty.
    Handover(String),
    /// The visitor rated the conversation.
    Rated(Rating),
    /// The conversation ended; an agent who ended it says why.
    Closed(Option<Closing>),
    /// An agent took the conversation.
    Claimed(Claim),
    /// It went back to the queue or to the bot.
    Released(Release),
    /// An agent wrote to the visitor.
    AgentMessage(Words),
    /// An agent left a note for colleagues.
    Annotated(Words),
    /// An answer of the bot helped the visitor, or did not.
    Feedback(Feedback),
    /// The visitor left a contact, or tried to; the contact is stored elsewhere.
    LeadOffered,
    /// The conversation was erased.
    Erased,
}

/// The consent of a visitor. No `Debug`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(Debug))]
pub struct Consent {
    /// The language that was asked for; may be empty.
    pub locale: String,
    /// Version of the notice that was shown.
    pub notice_version: String,
    /// The purposes agreed to.
    pub purposes: Vec<String>,
}

/// How a conversation went for its visitor. No `Debug`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(Debug))]
pub struct Rating {
    /// In the visitor's words.
    pub comment: Option<String>,
    /// 1 to 5.
    pub score: u8,
}

/// A member of staff, as the visitor and the colleagues see them. No `Debug`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(Debug))]
pub struct Agent {
    /// Their id.
    pub id: StaffId,
    /// The name that they work under.
    pub name: String,
}

/// An agent takes a conversation. No `Debug`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(Debug))]
pub struct Claim {
    /// The agent.
    pub agent: Agent,
    /// The note of the colleague who handed it over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The colleague who handed it over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transferred_by: Option<Agent>,
}

/// Where a released conversation goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// To the other agents.
    Queue,
    /// To the bot.
    Bot,
}

impl Target {
    /// The target as the API names it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queue => "queue",
            Self::Bot => "bot",
        }
    }
}

/// Why an agent has a conversation no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// They gave it back.
    Released,
    /// They left a message unseen and unanswered for too long.
    Silent,
    /// They went away.
    Away,
    /// Nobody was there any more to take it from the queue.
    Nobody,
}

/// A conversation goes back. No `Debug`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(Debug))]
pub struct Release {
    /// Where it goes.
    pub to: Target,
    /// Why.
    pub why: Why,
}

/// Text of an agent. No `Debug`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(Debug))]
pub struct Words {
    /// The agent.
    pub agent: Agent,
    /// The text.
    pub text: String,
}

/// An agent ends a conversation. No `Debug`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(Debug))]
pub struct Closing {
    /// The agent.
    pub agent: Agent,
    /// `solved`, `no_answer`, `spam` or `other`.
    pub reason: String,
    /// The tags.
    pub tags: Vec<String>,
}

/// Whether an answer of the bot helped. No `Debug`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(Debug))]
pub struct Feedback {
    /// Whether it did.
    pub helpful: bool,
    /// The event of the answer.
    pub seq: u64,
}

/// Reasons for which an agent ends a conversation, in the order of their numbers, from 1.
pub const CLOSING_REASONS: [&str; 4] = ["solved", "no_answer", "spam", "other"];

impl Closing {
    /// The number of the reason.
    #[must_use]
    pub fn number(&self) -> Option<u8> {
        let at = CLOSING_REASONS.iter().position(|known| *known == self.reason)?;
        u8::try_from(at + 1).ok()
    }

    /// The reason of that number; `visitor` for 0, which is no agent's.
    #[must_use]
    pub fn reason_of(number: u8) -> &'static str {
        let at = usize::from(number).checked_sub(1);
        at.map_or("visitor", |at| CLOSING_REASONS.get(at).copied().unwrap_or("other"))
    }
}

impl Body {
    /// The kind of event.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Opened(_) => Kind::Opened,
            Self::Said(Spoken { message: _, reply: Some(_) }) => Kind::Exchange,
            Self::Said(Spoken { message: _, reply: None }) => Kind::Message,
            Self::Handover(_) => Kind::Handover,
            Self::Rated(_) => Kind::Rated,
            Self::Closed(_) => Kind::Closed,
            Self::Claimed(_) => Kind::Claimed,
            Self::Released(_) => Kind::Released,
            Self::AgentMessage(_) => Kind::AgentMessage,
            Self::Annotated(_) => Kind::Annotated,
            Self::Feedback(_) => Kind::Feedback,
            Self::LeadOffered => Kind::LeadOffered,
            Self::Erased => Kind::Erased,
        }
    }

    /// The bytes to seal.
    ///
    /// # Errors
    /// [`StoreError::Failed`] when the library fails.
    pub fn encode(&self) -> Result<Plaintext, StoreError> {
        match self {
            Self::Opened(consent) => to_json(consent),
            Self::Said(spoken) => Ok(spoken.encode()),
            Self::Handover(reason) => Ok(Plaintext::new(reason.as_bytes().to_vec())),
            Self::Rated(rating) => to_json(rating),
            Self::Closed(Some(closing)) => to_json(closing),
            Self::Claimed(claim) => to_json(claim),
            Self::Released(release) => to_json(release),
            Self::AgentMessage(words) | Self::Annotated(words) => to_json(words),
            Self::Feedback(feedback) => to_json(feedback),
            Self::Closed(None) | Self::LeadOffered | Self::Erased => Ok(Plaintext::new(Vec::new())),
        }
    }

    /// Reads the bytes of an event of this kind.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when they are not what [`Body::encode`] makes.
    pub fn decode(kind: Kind, body: &Plaintext) -> Result<Self, StoreError> {
        let read = match kind {
            Kind::Opened => from_json(body).map(Self::Opened),
            Kind::Exchange | Kind::Message => {
                Spoken::decode(kind, body)?.map(Self::Said).ok_or(corrupt("v"))
            }
            Kind::Handover => {
                body.reveal_text().map(|text| Self::Handover(text.to_owned())).ok_or(corrupt("v"))
            }
            Kind::Rated => from_json(body).map(Self::Rated),
            Kind::Closed if body.reveal().is_empty() => Ok(Self::Closed(None)),
            Kind::Closed => from_json(body).map(Some).map(Self::Closed),
            Kind::Claimed => from_json(body).map(Self::Claimed),
            Kind::Released => from_json(body).map(Self::Released),
            Kind::AgentMessage => from_json(body).map(Self::AgentMessage),
            Kind::Annotated => from_json(body).map(Self::Annotated),
            Kind::Feedback => from_json(body).map(Self::Feedback),
            Kind::LeadOffered => Ok(Self::LeadOffered),
            Kind::Erased => Ok(Self::Erased),
        };
        read.map_err(in_table("conversations"))
    }
}

/// A record as JSON, to be sealed.
pub(super) fn to_json<T: Serialize>(record: &T) -> Result<Plaintext, StoreError> {
    serde_json::to_vec(record).map(Plaintext::new).map_err(|_| StoreError::Failed)
}

/// A record out of its opened JSON.
pub(super) fn from_json<T: for<'a> Deserialize<'a>>(content: &Plaintext) -> Result<T, StoreError> {
    serde_json::from_slice(content.reveal()).map_err(|_| corrupt("v"))
}
