//! The body of an event: one type that writes its bytes and reads them.
//!
//! Consent and rating are JSON whose members stand in the order of their names, as every release has
//! written them.

use serde::{Deserialize, Serialize};

use super::StoreError;
use super::attributes::{corrupt, in_table};
use super::event::{Kind, Spoken};
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
    /// The conversation ended.
    Closed,
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
            Self::Closed => Kind::Closed,
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
            Self::Closed | Self::LeadOffered | Self::Erased => Ok(Plaintext::new(Vec::new())),
        }
    }

    /// Reads the bytes of an event of this kind.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when they are not what [`Body::encode`] makes.
    pub fn decode(kind: Kind, body: &Plaintext) -> Result<Self, StoreError> {
        Ok(match kind {
            Kind::Opened => Self::Opened(from_json(body).map_err(in_table("conversations"))?),
            Kind::Exchange | Kind::Message => Self::Said(
                Spoken::decode(kind, body)?.ok_or(corrupt("v").in_table("conversations"))?,
            ),
            Kind::Handover => Self::Handover(
                body.reveal_text().ok_or(corrupt("v").in_table("conversations"))?.to_owned(),
            ),
            Kind::Rated => Self::Rated(from_json(body).map_err(in_table("conversations"))?),
            Kind::Closed => Self::Closed,
            Kind::LeadOffered => Self::LeadOffered,
            Kind::Erased => Self::Erased,
        })
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
