//! The export of all data about a subject, for them or for the staff who answer them (GDPR 15 and
//! 20, CCPA): as JSON for other programs, or as a page for people, in parts that fit into a
//! response. Nothing is stored for it; each part says where the next begins.
//!
//! `gather` reads and opens, and is asked only with a `SubjectAccess`, the proof that the caller may see it.
//! `answer` gives the part its form.

mod answer;
mod cost;
mod cursor;
mod document;
mod gather;
mod page;
mod words;

pub use answer::{asks_for_page, printed, respond};
pub use cursor::{Bound, Position};
pub use document::{
    Author, Export, ExportedConsent, ExportedConversation, ExportedCustomer, ExportedEvent,
    ExportedLead, ExportedRead, ExportedSource, Form, Integrity,
};
pub use gather::{Holdings, Limits, Part};
pub use page::escape;
