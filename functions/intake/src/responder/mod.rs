//! Who answers: the published knowledge base of the site, in the visitor's language.

use std::sync::LazyLock;

use shared::answer::{Answer as Found, Base};
use shared::problem::{Code, Problem};
use shared::values::site::Site;

/// The bases of the default site, in the order of its languages. They are published by
/// `cargo knowledge publish` and part of the function, so that answering makes no call.
const PUBLISHED: [&[u8]; 2] = [
    include_bytes!("../../knowledge/shop.en.model"),
    include_bytes!("../../knowledge/shop.de.model"),
];

static BASES: LazyLock<Vec<Option<Base<'static>>>> =
    LazyLock::new(|| PUBLISHED.iter().map(|bytes| Base::load(bytes).ok()).collect());

/// What the bot says.
pub struct Answer {
    /// The text.
    pub text: String,
    /// The entry that it is taken from.
    pub source: Option<&'static str>,
    /// Whether a person is asked for.
    pub hands_over: bool,
}

/// Answers `text` from the published entries; the first answer of a conversation says that a bot
/// gives it (EU AI Act, Art. 50).
///
/// # Errors
/// [`Code::Internal`] when no base of that language was published.
pub fn answer(site: &Site, locale: u8, text: &str, introduced: bool) -> Result<Answer, Problem> {
    let base = base(site, locale).ok_or(Code::Internal)?;
    let found = base.answer(text);
    let source = match found {
        Found::Entry { id, .. } => Some(id),
        _ => None,
    };
    let said = found.text();
    let text =
        if introduced { said.to_owned() } else { format!("{}\n\n{said}", base.disclosure()) };
    Ok(Answer { text, source, hands_over: matches!(found, Found::HandOver { .. }) })
}

/// The title of an entry as it is published now; its id when it is published no more.
#[must_use]
pub fn title(site: &Site, locale: u8, id: &str) -> String {
    let entry = base(site, locale).and_then(|base| base.entry(id));
    entry.map_or(id, |entry| entry.title).to_owned()
}

fn base(site: &Site, locale: u8) -> Option<&'static Base<'static>> {
    let language = site.locales.get(usize::from(locale))?;
    BASES.iter().flatten().find(|base| base.locale() == *language)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_of_the_site_has_a_base() {
        let site = Site::find("default").unwrap();
        for (locale, language) in (0..).zip(site.locales) {
            assert_eq!(base(site, locale).map(Base::locale), Some(*language));
        }
    }

    #[test]
    fn an_answer_names_its_entry_and_the_first_one_says_who_speaks() {
        let site = Site::find("default").unwrap();
        let first = answer(site, 0, "where is my parcel?", false).unwrap();
        let second = answer(site, 0, "where is my parcel?", true).unwrap();
        assert_eq!((first.source, first.hands_over), (second.source, false));
        assert!(first.source.is_some() && first.text.ends_with(&second.text));
        assert!(first.text.len() > second.text.len());
    }
}
