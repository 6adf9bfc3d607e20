//! The bot: it answers from the published knowledge base of the site, in the visitor's language.

use std::sync::LazyLock;

pub use shared::bot::says_nobody;
use shared::bot::{Answer as Found, Base, Entry};
use shared::problem::{Code, Problem};
use shared::store::state::State;
use shared::values::site::Site;

/// The bases of the default site, in the order of its languages. They are published by
/// `cargo knowledge publish` and part of the function, so that answering makes no call.
const PUBLISHED: [&[u8]; 2] = [
    include_bytes!("../../knowledge/shop.en.model"),
    include_bytes!("../../knowledge/shop.de.model"),
];

static BASES: LazyLock<Vec<Option<Base<'static>>>> =
    LazyLock::new(|| PUBLISHED.iter().map(|bytes| Base::load(bytes).ok()).collect());

/// An answer of the bot.
pub struct Answer {
    /// The text.
    pub text: String,
    /// The entry that it is taken from.
    pub source: Option<&'static str>,
    /// Whether the visitor asks for a person.
    pub asks_for_person: bool,
    /// Whether they are handed over to one.
    pub hands_over: bool,
    /// Whether the answer offers a person.
    pub offers_person: bool,
}

/// Answers `text` from the published entries; the first answer of a conversation says that a bot
/// gives it (EU AI Act, Art. 50). A yes accepts the person that was offered just before, a no declines.
/// Where nobody is there, the answer says so in the place of handing over.
///
/// # Errors
/// [`Code::Internal`] when no base of that language was published.
pub fn answer(site: &Site, state: &State, text: &str, is_staffed: bool) -> Result<Answer, Problem> {
    let base = base(site, state.locale).ok_or(Code::Internal)?;
    let found = base.answer(text, state.offered);
    let source = match found {
        Found::Entry { id, .. } => Some(id),
        _ => None,
    };
    let said = if is_staffed { found.text() } else { found.text_alone(base.locale()) };
    let text =
        if state.introduced { said.to_owned() } else { format!("{}\n\n{said}", base.disclosure()) };
    Ok(Answer {
        text,
        source,
        hands_over: found.asks_for_person() && is_staffed,
        asks_for_person: found.asks_for_person(),
        offers_person: found.offers_person(),
    })
}

/// An entry as it is published now.
#[must_use]
pub fn entry(site: &'static Site, locale: u8, id: &str) -> Option<Entry<'static>> {
    base(site, locale)?.entry(id)
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
        let opened = State::opened(0, 0);
        let first = answer(site, &opened, "where is my parcel?", true).unwrap();
        let second = answer(site, &opened.answered(false), "where is my parcel?", true).unwrap();
        assert_eq!((first.source, first.hands_over), (second.source, false));
        assert!(first.source.is_some() && first.text.ends_with(&second.text));
        assert!(first.text.len() > second.text.len());
    }

    #[test]
    fn a_yes_accepts_the_person_that_was_offered_and_nothing_else() {
        let site = Site::find("default").unwrap();
        for (locale, yes) in [(0, "Yes, please!"), (0, "ok"), (1, "Ja, gerne."), (1, "ja")] {
            let offered = State::opened(locale, 0).answered(true);
            assert!(answer(site, &offered, yes, true).unwrap().hands_over, "{yes}");
            assert!(
                !answer(site, &offered.answered(false), yes, true).unwrap().hands_over,
                "{yes}"
            );
        }
        let unknown = answer(site, &State::opened(0, 0), "xyzzy plugh", true).unwrap();
        assert!(unknown.offers_person && !unknown.hands_over);
    }

    #[test]
    fn while_nobody_is_there_nobody_is_promised() {
        let site = Site::find("default").unwrap();
        let alone = |locale, text| answer(site, &State::opened(locale, 0), text, false).unwrap();
        let asked = alone(0, "human please");
        assert!(asked.asks_for_person && !asked.hands_over && says_nobody(&asked.text));
        let crisis = alone(1, "Ich will nicht mehr leben");
        assert!(crisis.asks_for_person && !crisis.hands_over && crisis.text.ends_with("143)."));
        let staffed = answer(site, &State::opened(0, 0), "human please", true).unwrap();
        assert!(staffed.hands_over && !says_nobody(&staffed.text));
    }
}
