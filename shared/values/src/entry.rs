//! An entry of the knowledge base as somebody edits it: a question with its phrasings, and the answer.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::problem::{FieldCode, FieldError};
use super::text::{RawText, is_visible};

/// Characters of a title at most.
pub const TITLE: usize = 200;
/// Characters of a phrasing at most.
pub const QUESTION: usize = 300;
/// Phrasings of an entry at most.
pub const QUESTIONS: usize = 100;
/// Characters of an answer at most.
pub const ANSWER: usize = 2_000;
/// Entries of a site in one language at most.
pub const ENTRIES: usize = 500;

/// Ids that are routes beside the entries.
const TAKEN: [&str; 6] = ["import", "export", "try", "publish", "versions", "unanswered"];

/// The id of an entry: 1 to 10 of `a-z0-9-`. It is stored with each answer that is given from the entry.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct EntryId(String);

impl EntryId {
    /// Reads an id; nothing for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let fits = (1..=10).contains(&text.len()) && text.bytes().all(known);
        (fits && !TAKEN.contains(&text)).then(|| Self(text.to_owned()))
    }

    /// An id that is not among `others`, and reads like the title.
    #[must_use]
    pub fn of_title(title: &str, others: impl Fn(&str) -> bool) -> Self {
        let slug: String = title
            .chars()
            .map(|sign| sign.to_ascii_lowercase())
            .map(|sign| if sign.is_ascii_alphanumeric() { sign } else { '-' })
            .collect();
        let parts: Vec<&str> = slug.split('-').filter(|part| !part.is_empty()).collect();
        let mut slug = parts.join("-");
        slug.truncate(10);
        let slug = if slug.is_empty() { "entry" } else { slug.trim_end_matches('-') };
        if let Some(id) = Self::parse(slug).filter(|id| !others(&id.0)) {
            return id;
        }
        let numbered = (2_u32..).map(|number| {
            let number = number.to_string();
            let stem: String = slug.chars().take(9 - number.len()).collect();
            format!("{}-{number}", stem.trim_end_matches('-'))
        });
        let free = numbered.into_iter().find(|id| !others(id) && Self::parse(id).is_some());
        Self(free.unwrap_or_else(|| slug.to_owned()))
    }

    /// The id as it is stored.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An entry without its id. The same form is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Names the entry where it is cited, 1 to 200 characters.
    pub title: String,
    /// 1 to 100 ways to ask it, each 1 to 300 characters.
    pub questions: Vec<String>,
    /// Up to 100 questions that look like them and that this entry does not answer, each 1 to 300 characters.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub near_misses: Vec<String>,
    /// The answer, 1 to 2,000 characters.
    pub answer: String,
    /// A path on the site, or an `https` address, that says more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Parts of the answer that are never shown apart.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keep_together: Vec<String>,
    /// The date on which somebody should look whether it still holds, `2027-01-31`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review_on: Option<String>,
}

/// An entry as it came.
#[derive(Default)]
pub struct RawEntry {
    /// See [`Entry::title`].
    pub title: Option<RawText>,
    /// See [`Entry::questions`].
    pub questions: Vec<RawText>,
    /// See [`Entry::near_misses`].
    pub near_misses: Vec<RawText>,
    /// See [`Entry::answer`].
    pub answer: Option<RawText>,
    /// See [`Entry::url`].
    pub url: Option<RawText>,
    /// See [`Entry::keep_together`].
    pub keep_together: Vec<RawText>,
    /// See [`Entry::review_on`].
    pub review_on: Option<RawText>,
}

impl Entry {
    /// Judges an entry; `is_link` says whether an address may stand beside an answer. Texts lose the blanks
    /// around them, and a phrasing that stands twice counts once.
    ///
    /// # Errors
    /// Every fault, with its pointer; none repeats a value.
    pub fn judge(raw: RawEntry, is_link: impl Fn(&str) -> bool) -> Result<Self, Vec<FieldError>> {
        let mut errors = Vec::new();
        let mut refuse = |pointer, code| errors.push(FieldError { pointer, code });
        let title = text(raw.title, ("/title", FieldCode::NoTitle, TITLE), &mut refuse);
        if title.contains(['\n', '\r']) {
            refuse("/title", FieldCode::BadFormat);
        }
        let answer = text(raw.answer, ("/answer", FieldCode::NoAnswer, ANSWER), &mut refuse);
        let mut listed = |raw: Vec<RawText>, pointer| {
            if raw.len() > QUESTIONS {
                refuse(pointer, FieldCode::TooLong);
            }
            let mut kept: Vec<String> = Vec::new();
            for question in raw.into_iter().take(QUESTIONS) {
                let field = (pointer, FieldCode::NoQuestion, QUESTION);
                let question = text(Some(question), field, &mut refuse);
                if !kept.contains(&question) {
                    kept.push(question);
                }
            }
            kept
        };
        let questions = listed(raw.questions, "/questions");
        let near_misses = listed(raw.near_misses, "/near_misses");
        if near_misses.iter().any(|near| questions.contains(near)) {
            refuse("/near_misses", FieldCode::NotAllowed);
        }
        if questions.is_empty() {
            refuse("/questions", FieldCode::NoQuestion);
        }
        let url = raw.url.map(|url| text(Some(url), ("/url", FieldCode::BadUrl, 512), &mut refuse));
        if url.as_deref().is_some_and(|url| !is_link(url)) {
            refuse("/url", FieldCode::BadUrl);
        }
        if raw.keep_together.len() > QUESTIONS {
            refuse("/keep_together", FieldCode::TooLong);
        }
        let kept = raw.keep_together.into_iter().take(QUESTIONS);
        let kept = kept.map(|part| {
            text(Some(part), ("/keep_together", FieldCode::TooShort, ANSWER), &mut refuse)
        });
        let keep_together: Vec<String> = kept.collect();
        if keep_together.iter().any(|part| !answer.contains(part.as_str())) {
            refuse("/keep_together", FieldCode::NotAllowed);
        }
        let review_on = raw.review_on.and_then(|date| {
            let is_date = |date: &String| date.len() == 10 && date.parse::<Date>().is_ok();
            let date = date.into_text().filter(is_date);
            if date.is_none() {
                refuse("/review_on", FieldCode::BadFormat);
            }
            date
        });
        errors.dedup();
        if errors.is_empty() {
            Ok(Self { title, questions, near_misses, answer, url, keep_together, review_on })
        } else {
            Err(errors)
        }
    }
}

/// The text of a field, without the blanks around it.
fn text(
    raw: Option<RawText>,
    (pointer, missing, most): (&'static str, FieldCode, usize),
    refuse: &mut impl FnMut(&'static str, FieldCode),
) -> String {
    let Some(raw) = raw else {
        refuse(pointer, missing);
        return String::new();
    };
    let Some(text) = raw.into_text() else {
        refuse(pointer, FieldCode::NotUnicode);
        return String::new();
    };
    let text = text.trim();
    let is_control = |sign: char| sign.is_control() && sign != '\n';
    if !is_visible(text) {
        refuse(pointer, missing);
    } else if text.chars().count() > most {
        refuse(pointer, FieldCode::TooLong);
    } else if has_markup(text) {
        refuse(pointer, FieldCode::Markup);
    } else if text.contains(is_control) {
        refuse(pointer, FieldCode::BadFormat);
    }
    text.to_owned()
}

/// Whether a text has a tag, a comment or a character reference of HTML: visitors would read it as it is.
fn has_markup(text: &str) -> bool {
    let tag = text.split('<').skip(1).any(|behind| {
        let begins = |sign: char| sign.is_ascii_alphabetic() || matches!(sign, '/' | '!' | '?');
        behind.starts_with(begins) && behind.contains('>')
    });
    let reference = text.split('&').skip(1).any(|behind| {
        let name = behind.split_once(';').map(|(name, _)| name).unwrap_or_default();
        let known = |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric());
        (1..=10).contains(&name.len()) && known(name.strip_prefix('#').unwrap_or(name))
    });
    tag || reference
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::problem::FieldCode::{
        BadFormat, BadUrl, Markup, NoAnswer, NoQuestion, NoTitle, TooLong,
    };

    fn raw(text: &str) -> RawText {
        RawText::from(text)
    }

    fn entry() -> RawEntry {
        RawEntry {
            title: Some(raw("Delivery")),
            questions: vec![RawText::from(" how long? "), RawText::from("how long?")],
            answer: Some(raw("Two days. Abroad, five.")),
            ..RawEntry::default()
        }
    }

    fn codes(raw: RawEntry) -> Vec<(&'static str, FieldCode)> {
        let judged = Entry::judge(raw, |url| url.starts_with('/'));
        judged.err().unwrap_or_default().iter().map(|e| (e.pointer, e.code)).collect()
    }

    #[test]
    fn each_fault_has_its_pointer_and_code() {
        let good = Entry::judge(entry(), |_| true).unwrap();
        assert_eq!(good.questions, ["how long?"]);
        let with = |change: fn(&mut RawEntry)| {
            let mut raw = entry();
            change(&mut raw);
            codes(raw)
        };
        assert_eq!(with(|e| e.title = None), [("/title", NoTitle)]);
        assert_eq!(with(|e| e.title = Some(raw(" \u{200b} "))), [("/title", NoTitle)]);
        assert_eq!(with(|e| e.answer = None), [("/answer", NoAnswer)]);
        assert_eq!(with(|e| e.answer = Some(raw(&"a".repeat(2_001)))), [("/answer", TooLong)]);
        assert_eq!(with(|e| e.questions.clear()), [("/questions", NoQuestion)]);
        let many = |e: &mut RawEntry| {
            e.questions = (0..100_000).map(|n| raw(&n.to_string())).collect();
        };
        assert_eq!(with(many), [("/questions", TooLong)]);
        for text in ["<b>no</b>", "a <script>", "a <!-- b -->", "&nbsp;", "&#160;", "</p>"] {
            let mut markup = entry();
            markup.answer = Some(raw(text));
            assert_eq!(codes(markup), [("/answer", Markup)], "{text}");
        }
        for text in ["2 < 3 and 5 > 4", "Tom & Jerry; friends", "<3", "a -> b"] {
            let mut plain = entry();
            plain.answer = Some(raw(text));
            assert_eq!(codes(plain), [], "{text}");
        }
        assert_eq!(with(|e| e.url = Some(raw("javascript:alert(1)"))), [("/url", BadUrl)]);
        assert_eq!(with(|e| e.review_on = Some(raw("2026-02-30"))), [("/review_on", BadFormat)]);
        let kept = with(|e| e.keep_together = vec![RawText::from("not in it")]);
        assert_eq!(kept, [("/keep_together", FieldCode::NotAllowed)]);
        assert_eq!(with(|e| e.keep_together = vec![RawText::from("Two days.")]), []);
    }

    #[test]
    fn an_id_is_made_of_the_title_and_is_new() {
        let made = |title: &str, taken: &[&str]| {
            EntryId::of_title(title, |id| taken.contains(&id)).as_str().to_owned()
        };
        assert_eq!(made("Delivery time", &[]), "delivery-t");
        assert_eq!(made("Delivery time", &["delivery-t"]), "delivery-2");
        assert_eq!(made("Ünïcode", &[]), "n-code");
        assert_eq!(made("配送", &["entry"]), "entry-2");
        assert_eq!(made("Publish", &[]), "publish-2");
    }

    proptest! {
        #[test]
        fn every_title_has_an_id_that_is_one(title in ".{0,40}", taken in 0_usize..30) {
            let mut known: Vec<String> = Vec::new();
            for _ in 0..taken {
                let id = EntryId::of_title(&title, |id| known.iter().any(|known| known == id));
                prop_assert_eq!(EntryId::parse(id.as_str()), Some(id.clone()));
                prop_assert!(!known.contains(&id.0));
                known.push(id.0);
            }
        }
    }
}
