//! The document as a page that a person can read and print. Plain elements, no script, and whatever
//! somebody wrote is text and nothing else: markup is only what stands in this file.
//!
//! The document is taken apart without `..`, a contact by [`ExportedLead::texts`], so that the page leaves
//! nothing out that JSON has.

use std::fmt::Write as _;
use std::sync::LazyLock;

use data_encoding::BASE64;

use super::document::{
    Author, Export, ExportedConsent, ExportedConversation, ExportedCustomer, ExportedEvent,
    ExportedLead, ExportedRead, ExportedSource, Integrity,
};
use super::words::{Language, Words};
use seal::suite;

/// For a page that is opened as it is; the console has a style of its own for it.
const STYLE: &str = "body{max-width:48rem;margin:2rem auto;padding:0 1.5rem;font:1rem/1.5 system-ui,sans-serif}\
table{width:100%;border-collapse:collapse}\
th,td{padding:.375rem .75rem .375rem 0;border-top:1px solid #d3dbe3;text-align:start;vertical-align:top}\
dt{font-weight:600}\
dd{margin:0 0 .5rem}\
p,dd,td[dir],li{overflow-wrap:anywhere}\
tr,li,article{break-inside:avoid}";

/// `Content-Security-Policy` of the page: nothing but that style.
pub(super) fn policy() -> &'static str {
    static POLICY: LazyLock<String> = LazyLock::new(|| {
        format!(
            "default-src 'none'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'; \
             frame-ancestors 'none'",
            BASE64.encode(&suite::hash(&[STYLE.as_bytes()])),
        )
    });
    &POLICY
}

/// The page; `cost` is what it takes at most.
pub(super) fn write(export: &Export, language: Language, cost: usize) -> String {
    let mut page = Page { out: String::with_capacity(cost), words: language.words() };
    page.document(export);
    page.out
}

/// A page in English around markup.
pub(super) fn framed(title: &'static str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>\
         <meta name=\"viewport\" content=\"width=device-width\"><style>{STYLE}</style></head>\
         <body><main><h1>{title}</h1>{body}</main></body></html>"
    )
}

/// A page while it is written.
struct Page {
    out: String,
    words: &'static Words,
}

impl Page {
    /// Markup, or words of the page's own; nobody else's text is `'static`.
    fn raw(&mut self, markup: &'static str) -> &mut Self {
        self.out.push_str(markup);
        self
    }

    /// Somebody's text.
    fn text(&mut self, text: &str) -> &mut Self {
        for (at, line) in text.split('\n').enumerate() {
            if at > 0 {
                self.out.push_str("<br>");
            }
            escape(line, &mut self.out);
        }
        self
    }

    /// A time as people write it, to the second; it is in UTC.
    fn time(&mut self, at: &str) -> &mut Self {
        let (day, time) = at.split_once('T').unwrap_or((at, ""));
        let time = time.split('.').next().unwrap_or_default();
        self.text(day).raw(" ").text(time).raw(" UTC")
    }

    fn heading(&mut self, open: &'static str, words: &'static str, close: &'static str) {
        self.raw(open).raw(words).raw(close);
    }

    /// One line of a list of what is called how.
    fn row(&mut self, name: &'static str, value: impl FnOnce(&mut Self)) {
        self.raw("<dt>").raw(name).raw("</dt><dd dir=\"auto\">");
        value(self);
        self.raw("</dd>");
    }

    fn document(&mut self, export: &Export) {
        let Export {
            schema: _,
            generated_at,
            subject_id,
            site,
            customer,
            sessions_ended_at,
            lead,
            conversations,
            reads,
            next_cursor,
        } = export;
        let words = self.words;
        self.raw("<!doctype html><html lang=\"").raw(words.language);
        self.raw("\"><head><meta charset=\"utf-8\"><title>").raw(words.title);
        self.raw("</title><meta name=\"viewport\" content=\"width=device-width\"><style>");
        self.raw(STYLE).raw("</style></head><body><main>");
        self.heading("<h1>", words.title, "</h1>");
        self.heading("<p>", words.about, "</p><dl>");
        self.row(words.subject, |page| {
            page.text(&subject_id.to_string());
        });
        self.row(words.site, |page| {
            page.text(site);
        });
        self.row(words.made, |page| {
            page.time(generated_at);
        });
        if let Some(ExportedCustomer { verified: true }) = customer {
            self.row(words.customer, |page| {
                page.raw(words.is_customer);
            });
        }
        if let Some(ended) = sessions_ended_at {
            self.row(words.sessions_ended, |page| {
                page.time(ended);
            });
        }
        self.raw("</dl>");
        if let Some(lead) = lead {
            self.lead(lead);
        }
        self.reads(reads);
        for conversation in conversations {
            self.conversation(conversation);
        }
        match next_cursor {
            Some(cursor) => {
                self.heading("<p>", words.goes_on, "</p><p>");
                self.text(cursor).raw("</p>");
            }
            None if conversations.is_empty() && reads.is_empty() => {
                self.heading("<p>", words.nothing, "</p>");
            }
            None => self.heading("<p>", words.end, "</p>"),
        }
        self.raw("</main></body></html>");
    }

    fn lead(&mut self, lead: &ExportedLead) {
        let words = self.words;
        self.heading("<h2>", words.contact, "</h2><dl>");
        for (called, value) in words.contact_texts.into_iter().zip(lead.texts()) {
            if let Some(value) = value {
                self.row(called, |page| {
                    page.text(value);
                });
            }
        }
        for (called, at) in [(words.left, &lead.left_at), (words.kept_until, &lead.expires_at)] {
            self.row(called, |page| {
                page.time(at);
            });
        }
        self.raw("</dl>");
    }

    fn reads(&mut self, reads: &[ExportedRead]) {
        if reads.is_empty() {
            return;
        }
        let words = self.words;
        self.heading("<h2>", words.reads, "</h2>");
        self.heading("<p>", words.reads_about, "</p><table><tr>");
        for name in [words.when, words.role, words.purpose, words.reason, words.what] {
            self.heading("<th>", name, "</th>");
        }
        self.raw("</tr>");
        for ExportedRead { at, by_role, purpose, reason, conversation_id, only } in reads {
            self.raw("<tr><td>").time(at);
            self.raw("</td><td>").raw(words.called(by_role));
            self.raw("</td><td>").raw(words.called(purpose));
            self.raw("</td><td dir=\"auto\">").text(reason.as_deref().unwrap_or_default());
            self.raw("</td><td>");
            match (conversation_id, only) {
                (Some(id), _) => self.raw(words.conversation).raw(" ").text(&id.to_string()),
                (None, Some(_)) => self.raw(words.only_contact),
                (None, None) => self.raw(words.everything),
            };
            self.raw("</td></tr>");
        }
        self.raw("</table>");
    }

    fn conversation(&mut self, conversation: &ExportedConversation) {
        let ExportedConversation {
            id,
            status,
            created_at,
            expires_at,
            held,
            consent,
            events,
            integrity,
        } = conversation;
        let words = self.words;
        self.raw("<h2>").raw(words.conversation).raw(" ").time(created_at);
        self.raw("</h2><dl>");
        self.row(words.number, |page| {
            page.text(&id.to_string());
        });
        self.row(words.status, |page| {
            page.raw(words.called(status));
        });
        self.row(words.opened, |page| {
            page.time(created_at);
        });
        self.row(words.kept_until, |page| {
            page.time(expires_at);
        });
        if *held {
            self.row(words.held, |page| {
                page.raw(words.is_held);
            });
        }
        self.raw("</dl>");
        match consent {
            Some(ExportedConsent { notice_version, purposes, locale }) => {
                self.heading("<h3>", words.consent, "</h3><dl>");
                self.row(words.notice, |page| {
                    page.text(notice_version);
                });
                self.row(words.purposes, |page| {
                    for (at, purpose) in purposes.iter().enumerate() {
                        page.raw(if at > 0 { ", " } else { "" }).text(purpose);
                    }
                });
                self.row(words.locale, |page| {
                    page.text(locale);
                });
                self.raw("</dl>");
            }
            None => self.heading("<p>", words.continued, "</p>"),
        }
        if *integrity == Integrity::Broken {
            self.heading("<p>", words.broken, "</p>");
        }
        self.heading("<h3>", words.happened, "</h3>");
        for event in events {
            self.event(event);
        }
    }

    fn event(&mut self, event: &ExportedEvent) {
        let words = self.words;
        self.raw("<article><p>");
        match event {
            ExportedEvent::Message { at, author, name, text, sources, choices } => {
                let author = match author {
                    Author::Visitor => words.visitor,
                    Author::Bot => words.bot,
                    Author::Agent => words.agent,
                };
                self.time(at).raw(": ").raw(author);
                if let Some(name) = name {
                    self.raw(" (").text(name).raw(")");
                }
                self.raw("</p>").words_of(text);
                for (called, entries) in [(words.source, sources), (words.choices, choices)] {
                    let Some(entries) = entries.as_ref().filter(|some| !some.is_empty()) else {
                        continue;
                    };
                    self.raw("<p>").raw(called).raw(":");
                    for ExportedSource { id } in entries {
                        self.raw(" ").text(id);
                    }
                    self.raw("</p>");
                }
            }
            ExportedEvent::Handover { at, reason } => {
                self.time(at).raw(": ").raw(words.handover).raw("</p>");
                self.words_of(reason.as_deref().unwrap_or_default());
            }
            ExportedEvent::Rated { at, score, comment } => {
                self.time(at).raw(": ").raw(words.rated).raw(": ");
                let _infallible = write!(self.out, "{score}");
                self.raw("</p>").words_of(comment.as_deref().unwrap_or_default());
            }
            ExportedEvent::Closed { at, reason, tags } => {
                self.time(at).raw(": ").raw(words.closed);
                for word in reason.iter().chain(tags) {
                    self.raw(", ").text(words.called(word));
                }
                self.raw("</p>");
            }
            ExportedEvent::Claimed { at, name } => {
                self.time(at).raw(": ").raw(words.claimed).raw(": ").text(name).raw("</p>");
            }
            ExportedEvent::Released { at, to } => {
                self.time(at).raw(": ").raw(words.released).raw(": ").text(words.called(to));
                self.raw("</p>");
            }
            ExportedEvent::Note { at, name, text } => {
                self.time(at).raw(": ").raw(words.note).raw(" (").text(name).raw(")</p>");
                self.words_of(text);
            }
            ExportedEvent::Feedback { at, helpful } => {
                let said = if *helpful { words.helpful } else { words.unhelpful };
                self.time(at).raw(": ").raw(said).raw("</p>");
            }
            ExportedEvent::ContactLeft { at } => {
                self.time(at).raw(": ").raw(words.contact_left).raw("</p>");
            }
        }
        self.raw("</article>");
    }

    fn words_of(&mut self, text: &str) {
        if !text.is_empty() {
            self.raw("<p dir=\"auto\">").text(text).raw("</p>");
        }
    }
}

/// Writes a text so that nothing in it is markup, in an element or in a quoted attribute.
pub fn escape(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.find(['&', '<', '>', '"', '\'', '\0']) {
        let (before, after) = rest.split_at(at);
        out.push_str(before);
        let mut characters = after.chars();
        out.push_str(match characters.next() {
            Some('&') => "&amp;",
            Some('<') => "&lt;",
            Some('>') => "&gt;",
            Some('"') => "&quot;",
            // No HTML parser takes it; this is how an unreadable character is shown.
            Some('\0') => "\u{fffd}",
            _ => "&#39;",
        });
        rest = characters.as_str();
    }
    out.push_str(rest);
}

#[cfg(test)]
mod tests;
