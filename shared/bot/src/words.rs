//! The bot's words on every site, whatever is published there: greetings, thanks, the request for a person,
//! and questions of all the world that no site's entries answer.

use std::sync::LazyLock;

use serde::Deserialize;

use super::base::Base;
use super::source::{Reply, Source, SourceEntry};

/// Languages that the bot speaks.
pub const LOCALES: [&str; 2] = ["en", "de"];

const WORDS: [&str; 2] = [include_str!("../words/en.json"), include_str!("../words/de.json")];

/// Bases without entries, published by `cargo knowledge publish`.
const TALK: [&[u8]; 2] = [include_bytes!("../words/en.model"), include_bytes!("../words/de.model")];

static BASES: LazyLock<Vec<Base<'static>>> =
    LazyLock::new(|| TALK.iter().filter_map(|bytes| Base::load(bytes).ok()).collect());

/// The words of a language.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    disclosure: String,
    unknown: String,
    greeting: Reply,
    thanks: Reply,
    hand_over: Reply,
    crisis: Vec<String>,
    /// Questions that a base must refuse.
    pub out_of_scope: Vec<String>,
}

impl Words {
    /// The words of a language; `None` for one that the bot does not speak.
    #[must_use]
    pub fn of(locale: &str) -> Option<Self> {
        let at = LOCALES.iter().position(|known| *known == locale)?;
        WORDS.get(at).and_then(|json| serde_json::from_str(json).ok())
    }

    /// The source of a base with these entries.
    #[must_use]
    pub fn source(&self, locale: &str, version: u32, entries: Vec<SourceEntry>) -> Source {
        Source {
            locale: locale.to_owned(),
            version,
            disclosure: self.disclosure.clone(),
            unknown: self.unknown.clone(),
            greeting: self.greeting.clone(),
            thanks: self.thanks.clone(),
            hand_over: self.hand_over.clone(),
            crisis: self.crisis.clone(),
            entries,
        }
    }
}

/// The base of a site that has published nothing in that language: it talks, and offers a person.
#[must_use]
pub fn talk(locale: &str) -> Option<&'static Base<'static>> {
    BASES.iter().find(|base| base.locale() == locale)
}

#[cfg(test)]
mod tests {
    use crate::Answer;

    use super::*;

    #[test]
    fn a_base_without_entries_talks_and_offers_a_person() {
        for (locale, asked, thanked) in
            [("en", "where is my parcel?", "thank you"), ("de", "Wo ist mein Paket?", "danke")]
        {
            let base = talk(locale).unwrap();
            assert_eq!(base.entries().count(), 0);
            let answer = base.answer_alone(asked);
            assert!(answer.offers_person(), "{locale}: {answer:?}");
            assert!(matches!(base.answer_alone(thanked), Answer::Thanks { .. }), "{locale}");
            assert!(base.candidates(asked, 3).is_empty());
        }
        assert!(talk("fr").is_none() && Words::of("fr").is_none());
    }
}
