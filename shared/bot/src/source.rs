//! How a base is written: JSON, one file a locale.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

/// A base as its author writes it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Language tag of every text in here, such as `en`.
    pub locale: String,
    /// Counts up with each publication.
    pub version: u32,
    /// The first line of a chat: that an automated assistant answers.
    pub disclosure: String,
    /// Said when no entry fits; offers a person.
    pub unknown: String,
    /// Greetings and what to say back.
    pub greeting: Reply,
    /// Thanks and farewells, and what to say back.
    pub thanks: Reply,
    /// Requests for a person, and what to say before one comes.
    pub hand_over: Reply,
    /// Texts of people who speak of ending or harming themselves. The reply is the bot's own.
    #[serde(default)]
    pub crisis: Vec<String>,
    /// The questions the bot can answer.
    pub entries: Vec<SourceEntry>,
}

/// Something said to the bot that is not a question, and the reply.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Reply {
    /// The bot's answer.
    pub answer: String,
    /// How visitors put it.
    pub questions: Vec<String>,
}

/// One question with its answer.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SourceEntry {
    /// 1 to 10 of `a-z`, `0-9`, `-`; stored with each answer given, in the one kilobyte that a write is
    /// paid by.
    pub id: String,
    /// Names the entry where it is cited.
    pub title: String,
    /// Several ways to ask it, at least one.
    pub questions: Vec<String>,
    /// The bot's answer.
    pub answer: String,
    /// A path on the site, or an `https` address, that says more.
    pub url: Option<String>,
}

/// Why a source cannot be published. Carries positions, never text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceError {
    /// The locale is not 2 to 35 letters, digits and hyphens.
    Locale,
    /// A reply, disclosure or `unknown` has no text.
    Reply,
    /// There are more than 2,000 entries.
    Entries,
    /// The entry at this position has an id that breaks the rule or stands twice.
    Id(usize),
    /// The entry at this position lacks a title, an answer or a question, or a text is too long.
    Text(usize),
    /// The entry at this position has a link that is neither a path on the site nor `https`.
    Url(usize),
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Locale => f.write_str("locale is not a language tag"),
            Self::Reply => f.write_str("a reply has no text, or too long a text"),
            Self::Entries => f.write_str("has more than 2,000 entries"),
            Self::Id(at) => write!(f, "entry {at}: id is not a slug of 1 to 10, or stands twice"),
            Self::Text(at) => {
                write!(f, "entry {at}: title, answer or questions missing or too long")
            }
            Self::Url(at) => write!(f, "entry {at}: url is neither a path on the site nor https"),
        }
    }
}

impl std::error::Error for SourceError {}

const MAX_ENTRIES: usize = 2_000;
const MAX_TEXT_BYTES: usize = 4_000;

impl Source {
    /// Checks what the format cannot say.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn check(&self) -> Result<(), SourceError> {
        let tag = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if !(2..=35).contains(&self.locale.len()) || !self.locale.bytes().all(tag) {
            return Err(SourceError::Locale);
        }
        let replies = [&self.greeting.answer, &self.thanks.answer, &self.hand_over.answer];
        if !replies.into_iter().chain([&self.disclosure, &self.unknown]).all(|text| fits(text)) {
            return Err(SourceError::Reply);
        }
        if self.entries.len() > MAX_ENTRIES {
            return Err(SourceError::Entries);
        }
        let mut seen = BTreeSet::new();
        for (at, entry) in self.entries.iter().enumerate() {
            if !slug(&entry.id) || !seen.insert(&entry.id) {
                return Err(SourceError::Id(at));
            }
            let asked = entry.questions.iter().any(|question| fits(question));
            if !fits(&entry.title) || !fits(&entry.answer) || !asked {
                return Err(SourceError::Text(at));
            }
            if entry.url.as_deref().is_some_and(|url| !is_link(url)) {
                return Err(SourceError::Url(at));
            }
        }
        Ok(())
    }
}

fn fits(text: &str) -> bool {
    !text.trim().is_empty() && text.len() <= MAX_TEXT_BYTES
}

fn slug(id: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=10).contains(&id.len()) && id.bytes().all(allowed)
}

/// Whether an address may stand beside an answer: a path of the site, or `https` with a host; at most 512
/// visible ASCII characters. `//host` and `/\host` would lead a browser elsewhere.
#[must_use]
pub fn is_link(url: &str) -> bool {
    let is_path = || {
        let mut bytes = url.bytes();
        bytes.next() == Some(b'/') && !matches!(bytes.next(), Some(b'/' | b'\\'))
    };
    let names_host = |rest: &str| {
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        !host.is_empty() && !host.contains(['@', '\\', '<', '>', '"'])
    };
    (is_path() || url.strip_prefix("https://").is_some_and(names_host))
        && url.len() <= 512
        && url.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::{MAX_ENTRIES, Reply, Source, SourceEntry, SourceError, is_link};

    fn source() -> Source {
        let reply = || Reply { answer: "Yes.".into(), questions: Vec::new() };
        Source {
            locale: "en".into(),
            version: 1,
            disclosure: "A machine answers.".into(),
            unknown: "I do not know.".into(),
            greeting: reply(),
            thanks: reply(),
            hand_over: reply(),
            crisis: Vec::new(),
            entries: vec![SourceEntry {
                id: "a".into(),
                title: "A".into(),
                questions: vec!["a?".into()],
                answer: "A.".into(),
                url: Some("/a".into()),
            }],
        }
    }

    #[test]
    fn refuses_what_breaks_a_rule() {
        assert_eq!(source().check(), Ok(()));
        let broken = |change: fn(&mut Source)| {
            let mut source = source();
            change(&mut source);
            source.check()
        };
        assert_eq!(broken(|s| s.locale.clear()), Err(SourceError::Locale));
        assert_eq!(broken(|s| s.unknown.clear()), Err(SourceError::Reply));
        assert_eq!(broken(|s| s.entries.clear()), Ok(()), "it talks all the same");
        let many = |s: &mut Source| s.entries = vec![s.entries[0].clone(); MAX_ENTRIES + 1];
        assert_eq!(broken(many), Err(SourceError::Entries));
        assert_eq!(broken(|s| s.entries[0].id = "A b".into()), Err(SourceError::Id(0)));
        assert_eq!(broken(|s| s.entries.push(s.entries[0].clone())), Err(SourceError::Id(1)));
        assert_eq!(broken(|s| s.entries[0].questions.clear()), Err(SourceError::Text(0)));
        for url in [
            "",
            "a",
            "//host",
            "/\\host",
            "http://host",
            "https://",
            "https:///a",
            "https://me@host",
            "javascript:alert(1)",
            "/a b",
        ] {
            let mut source = source();
            source.entries[0].url = Some(url.into());
            assert_eq!(source.check(), Err(SourceError::Url(0)), "{url}");
        }
        assert!(is_link("https://shop.example/help?a=1#b"));
    }
}
