//! How much of a part something takes: at least its bytes in what Lambda hands to the gateway, whether
//! it is given out as JSON or as a page, in the clear or sealed. So a part is the same in every form,
//! and a cursor of one is good for the others.
//!
//! The gateway gets a body as a string in JSON, in which quotes and backslashes count twice; in the
//! page, each of five characters is written out as an entity. The sealed form is not larger.
//!
//! Each counted record is taken apart without `..`, so that no text is given out uncounted.

use super::document::{ExportedConsent, ExportedEvent, ExportedLead, ExportedRead, ExportedSource};

/// The document around its contents: the page's head and its words.
pub(super) const FRAME: usize = 8 * 1024;
/// A conversation without what was agreed to and what happened.
pub(super) const CONVERSATION: usize = 1_024;

const LEAD: usize = 1_024;
const CONSENT: usize = 512;
const EVENT: usize = 224;
const READ: usize = 448;
/// The bytes around an element of a list.
const ELEMENT: usize = 32;

/// A text.
fn text(text: &str) -> usize {
    text.bytes().map(byte).sum()
}

/// The most that one byte of a text becomes in either form.
const fn byte(byte: u8) -> usize {
    match byte {
        // `&quot;` in the page; `\"` in JSON, which is `\\\"` inside a string.
        b'"' => 6,
        b'&' | b'\'' => 5,
        // `<br>` in the page, for the end of a line.
        b'<' | b'>' | b'\\' | b'\n' => 4,
        // `\u0001` in JSON, whose backslash counts twice.
        0..0x20 => 7,
        _ => 1,
    }
}

fn optional(words: Option<&String>) -> usize {
    words.map_or(0, |words| text(words))
}

pub(super) fn lead(lead: &ExportedLead) -> usize {
    LEAD + lead.texts().into_iter().map(optional).sum::<usize>()
}

pub(super) fn consent(consent: &ExportedConsent) -> usize {
    let ExportedConsent { notice_version, purposes, locale } = consent;
    let purposes = purposes.iter().map(|purpose| text(purpose) + ELEMENT);
    CONSENT + text(notice_version) + text(locale) + purposes.sum::<usize>()
}

pub(super) fn event(event: &ExportedEvent) -> usize {
    let said = match event {
        ExportedEvent::Message { at: _, author: _, name, text: said, sources, choices } => {
            let entries = sources.iter().chain(choices).flatten();
            let entries = entries.map(|ExportedSource { id }| text(id) + ELEMENT);
            optional(name.as_ref()) + text(said) + entries.sum::<usize>()
        }
        ExportedEvent::Handover { at: _, reason: words }
        | ExportedEvent::Rated { at: _, score: _, comment: words } => optional(words.as_ref()),
        ExportedEvent::Closed { at: _, reason, tags } => {
            optional(reason.as_ref()) + tags.iter().map(|tag| text(tag) + ELEMENT).sum::<usize>()
        }
        ExportedEvent::Claimed { at: _, name } => text(name),
        ExportedEvent::Note { at: _, name, text: said } => text(name) + text(said),
        ExportedEvent::Released { at: _, to } => text(to),
        ExportedEvent::Feedback { at: _, helpful: _ } | ExportedEvent::ContactLeft { at: _ } => 0,
    };
    EVENT + said
}

pub(super) fn read(read: &ExportedRead) -> usize {
    let ExportedRead { at: _, by_role: _, purpose: _, reason, conversation_id: _, only: _ } = read;
    READ + optional(reason.as_ref())
}
