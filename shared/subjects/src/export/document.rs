//! The document: all that is held about a subject, as it is given out. Its published form is
//! docs/export.schema.json, which a test holds against these types. They hold what people wrote, so only
//! tests can print them.
//!
//! A contact is taken apart without `..`: a field that is added to it does not compile here until
//! somebody has decided whether the subject is told of it (Art. 15 GDPR). This takes all fields:
//!
//! ```
//! # use store::lead::Contact;
//! fn told(Contact { conversation: _, email, locale: _, name, phone }: Contact) -> [Option<String>; 3] {
//!     [Some(name), Some(email), phone]
//! }
//! ```
//!
//! With one left out, as if `phone` had been added today, it is an error:
//!
//! ```compile_fail,E0027
//! # use store::lead::Contact;
//! fn told(Contact { conversation: _, email, locale: _, name }: Contact) -> [Option<String>; 3] {
//!     [Some(name), Some(email), None]
//! }
//! ```

use serde::Serialize;
use utoipa::ToSchema;

use store::lead::{Contact, Lead};
use values::clock::rfc3339;
use values::ids::{ConversationId, SubjectId};

/// A part of all that is held about a subject; a document of its own.
#[derive(Serialize, ToSchema)]
#[cfg_attr(test, derive(Debug))]
pub struct Export {
    /// The form of the document.
    pub schema: Form,
    /// When it was made.
    #[schema(format = DateTime)]
    pub generated_at: String,
    /// The subject.
    #[schema(value_type = String)]
    pub subject_id: SubjectId,
    /// The site.
    pub site: &'static str,
    /// That the site's server has said who this is; in the first part.
    #[schema(required = true)]
    pub customer: Option<ExportedCustomer>,
    /// Up to when all sessions of the visitor are ended, at their own request; in the first part.
    #[schema(required = true, format = DateTime)]
    pub sessions_ended_at: Option<String>,
    /// The contact that was left; in the first part.
    #[schema(required = true)]
    pub lead: Option<ExportedLead>,
    /// Conversations, the oldest first.
    pub conversations: Vec<ExportedConversation>,
    /// Reads by the staff, with the reason; from the first part on, before conversations.
    pub reads: Vec<ExportedRead>,
    /// Where the next part begins, for the query `cursor`; null on the last.
    #[schema(required = true)]
    pub next_cursor: Option<String>,
}

/// The name of the document's form.
#[derive(Serialize, ToSchema)]
#[cfg_attr(test, derive(Debug))]
#[schema(as = ExportForm)]
pub enum Form {
    /// The only one there is.
    #[serde(rename = "urn:sotto:export:1")]
    One,
}

/// A customer of the site. Their name is not stored.
#[derive(Serialize, ToSchema)]
#[cfg_attr(test, derive(Debug))]
pub struct ExportedCustomer {
    /// Always true.
    pub verified: bool,
}

/// A contact.
#[derive(Serialize, ToSchema)]
#[cfg_attr(test, derive(Debug))]
pub struct ExportedLead {
    /// As it was left.
    pub name: String,
    /// As it was left.
    pub email: String,
    /// As it was left.
    #[schema(required = true)]
    pub phone: Option<String>,
    /// When.
    #[schema(format = DateTime)]
    pub left_at: String,
    /// Until when it is kept.
    #[schema(format = DateTime)]
    pub expires_at: String,
}

/// How many texts a contact has.
pub(super) const CONTACT_TEXTS: usize = 3;

impl ExportedLead {
    /// The contact as it is given out.
    pub(super) fn of(Lead { contact, left_ms, end_ms }: Lead) -> Self {
        // The conversation itself says that a contact was left in it, and in which language.
        let Contact { conversation: _, email, locale: _, name, phone } = contact;
        Self { name, email, phone, left_at: rfc3339(left_ms), expires_at: rfc3339(end_ms) }
    }

    /// The fields of the contact, in their order on the page.
    pub(super) fn texts(&self) -> [Option<&String>; CONTACT_TEXTS] {
        let Self { name, email, phone, left_at: _, expires_at: _ } = self;
        [Some(name), Some(email), phone.as_ref()]
    }

    /// A contact of these texts, in the order of [`Self::texts`]; those that may be missing are if empty.
    #[cfg(test)]
    pub(super) fn of_texts([name, email, phone]: [String; CONTACT_TEXTS]) -> Self {
        let optional = |text: String| (!text.is_empty()).then_some(text);
        let phone = optional(phone);
        Self { name, email, phone, left_at: rfc3339(1), expires_at: rfc3339(2) }
    }
}

/// A conversation, or as much of it as this part holds.
#[derive(Serialize, ToSchema)]
#[cfg_attr(test, derive(Debug))]
pub struct ExportedConversation {
    /// Its id.
    #[schema(value_type = String)]
    pub id: ConversationId,
    /// `open`, `waiting`, `with_agent` or `closed`: how it stands after the last event of this part.
    pub status: &'static str,
    /// When it was opened.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// Until when it is kept.
    #[schema(format = DateTime)]
    pub expires_at: String,
    /// Whether a legal hold is on it.
    pub held: bool,
    /// The consent given when it was opened; null where that is in an earlier part.
    #[schema(required = true)]
    pub consent: Option<ExportedConsent>,
    /// The events, in order.
    pub events: Vec<ExportedEvent>,
    /// `broken` when something of this part was altered, moved or taken out.
    pub integrity: Integrity,
}

/// A consent.
#[derive(Serialize, ToSchema)]
#[cfg_attr(test, derive(Debug))]
pub struct ExportedConsent {
    /// Version of the notice that was shown.
    pub notice_version: String,
    /// The purposes agreed to.
    pub purposes: Vec<String>,
    /// The language that was asked for; may be empty.
    pub locale: String,
}

/// Something that happened.
#[derive(Serialize, ToSchema)]
#[cfg_attr(test, derive(Debug))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ExportedEvent {
    /// Somebody wrote.
    Message {
        /// When.
        #[schema(format = DateTime)]
        at: String,
        /// The author.
        author: Author,
        /// The name of an agent who wrote.
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        /// The text.
        text: String,
        /// The entries of the knowledge base that a bot's answer is taken from.
        #[serde(skip_serializing_if = "Option::is_none")]
        sources: Option<Vec<ExportedSource>>,
        /// The entries that the bot asked about, when it was not sure which was meant.
        #[serde(skip_serializing_if = "Option::is_none")]
        choices: Option<Vec<ExportedSource>>,
    },
    /// A person was asked for.
    Handover {
        /// When.
        #[schema(format = DateTime)]
        at: String,
        /// Why, in the visitor's words.
        #[schema(required = true)]
        reason: Option<String>,
    },
    /// It was said how it went.
    Rated {
        /// When.
        #[schema(format = DateTime)]
        at: String,
        /// 1 to 5.
        #[schema(minimum = 1, maximum = 5)]
        score: u8,
        /// In the visitor's words.
        #[schema(required = true)]
        comment: Option<String>,
    },
    /// The conversation was ended.
    Closed {
        /// When.
        #[schema(format = DateTime)]
        at: String,
        /// Why, where an agent ended it: `solved`, `no_answer`, `spam` or `other`.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// The tags that an agent gave it.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        tags: Vec<String>,
    },
    /// An agent took the conversation.
    Claimed {
        /// When.
        #[schema(format = DateTime)]
        at: String,
        /// The name of the agent.
        name: String,
    },
    /// The conversation went back to the queue or to the bot.
    Released {
        /// When.
        #[schema(format = DateTime)]
        at: String,
        /// `queue` or `bot`.
        to: String,
    },
    /// An agent left a note for colleagues.
    Note {
        /// When.
        #[schema(format = DateTime)]
        at: String,
        /// The name of the agent.
        name: String,
        /// The text.
        text: String,
    },
    /// It was said whether an answer of the bot helped.
    Feedback {
        /// When.
        #[schema(format = DateTime)]
        at: String,
        /// Whether it did.
        helpful: bool,
    },
    /// A contact was left; the last one is `lead`.
    ContactLeft {
        /// When.
        #[schema(format = DateTime)]
        at: String,
    },
}

/// An entry of the knowledge base, by its id: what it was called then is not stored.
#[derive(Serialize, ToSchema)]
#[cfg_attr(test, derive(Debug))]
pub struct ExportedSource {
    /// As the knowledge base has it.
    pub id: String,
}

/// A reading by one of the staff.
#[derive(Serialize, ToSchema)]
#[cfg_attr(test, derive(Debug))]
pub struct ExportedRead {
    /// When.
    #[schema(format = DateTime)]
    pub at: String,
    /// In which role.
    pub by_role: &'static str,
    /// `support`, `quality`, `subject_request`, `incident` or `legal`.
    pub purpose: &'static str,
    /// Why, in their words.
    #[schema(required = true)]
    pub reason: Option<String>,
    /// Of which conversation; of everything if null, unless `only` says less.
    #[schema(required = true, value_type = Option<String>)]
    pub conversation_id: Option<ConversationId>,
    /// `contact` where only the contact and the list of conversations were read, and nothing that was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub only: Option<&'static str>,
}

/// The author of a message.
#[derive(Serialize, ToSchema, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
#[serde(rename_all = "snake_case")]
pub enum Author {
    /// The visitor.
    Visitor,
    /// The bot.
    Bot,
    /// One of the staff.
    Agent,
}

/// Whether what is stored is what was stored.
#[derive(Serialize, ToSchema, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
#[serde(rename_all = "snake_case")]
pub enum Integrity {
    /// It is.
    Ok,
    /// It is not.
    Broken,
}
