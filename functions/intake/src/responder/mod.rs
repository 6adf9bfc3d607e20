//! Who answers: the published knowledge base of the site, in the visitor's language.

use shared::values::site::Site;

/// What the bot says.
pub struct Answer {
    /// The text.
    pub text: String,
    /// The entry that it is taken from.
    pub source: Option<&'static str>,
    /// Whether a person is asked for.
    pub hands_over: bool,
}

/// Answers `text`; the first answer of a conversation says that a bot gives it.
#[must_use]
pub fn answer(site: &Site, locale: u8, text: &str, introduced: bool) -> Answer {
    let _ = (site, locale, introduced);
    Answer { text: text.to_owned(), source: None, hands_over: false }
}

/// The title of an entry as it is published now; its id when it is published no more.
#[must_use]
pub fn title(site: &Site, locale: u8, id: &str) -> String {
    let _ = (site, locale);
    id.to_owned()
}
