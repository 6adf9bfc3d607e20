//! The rules for passwords, after NIST SP 800-63B-4 section 3.1.1.2 and OWASP ASVS 5.0 V6.2: 15 to
//! 128 characters of any kind, with no rule of composition; not a common one, not one made of the
//! person's own name or address, not one that is guessed soon.
//!
//! Passwords are compared in Unicode's form NFC, so that the same text typed on two keyboards is the
//! same password. Nothing else is changed: no trimming, no folding, no cutting.

use std::ops::Range;

use shared::problem::{FieldCode, FieldError};
use shared::text::{RawText, Text};
use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;
use zxcvbn::{Score, zxcvbn};

use super::common;

/// Characters that a new password has at least.
pub const MIN_CHARACTERS: usize = 15;
/// Characters that a password has at most.
pub const MAX_CHARACTERS: usize = 128;

/// A text of more characters than this has more than [`MAX_CHARACTERS`] in NFC too, because no
/// character decomposes into more than four. So a long text is refused before it is normalised.
const MAX_RAW_CHARACTERS: usize = 4 * MAX_CHARACTERS;

/// Characters that are estimated; the estimate takes longer than linear time.
const ESTIMATED_CHARACTERS: usize = 100;

/// Signs at either end that do not make a common password another one.
const TRIMMED_SIGNS: usize = 4;

/// A password in NFC. No `Debug`; zeroized when dropped.
pub struct Password(Zeroizing<String>);

impl Password {
    /// The password that is hashed in place of input that cannot be one, so that it takes as long.
    #[must_use]
    pub fn stand_in() -> Self {
        Self(Zeroizing::new(String::new()))
    }

    /// Judges a new password, the value at `pointer`. `about` is what is known of its owner: name and
    /// address.
    ///
    /// # Errors
    /// One [`FieldError`] that says what is wrong and never repeats the value.
    pub fn choose(raw: RawText, pointer: &'static str, about: &[&str]) -> Result<Self, FieldError> {
        let refused = |code| FieldError { pointer, code };
        let password = normalised(&Text::judge(raw, pointer)?);
        match password.0.chars().count() {
            0..MIN_CHARACTERS => return Err(refused(FieldCode::TooShort)),
            MIN_CHARACTERS..=MAX_CHARACTERS => {}
            _ => return Err(refused(FieldCode::TooLong)),
        }
        let folded = fold(&password.0);
        let words = words(about);
        if is_common(&folded) {
            return Err(refused(FieldCode::Common));
        }
        if is_personal(&folded, &words) {
            return Err(refused(FieldCode::Personal));
        }
        if is_guessable(&password.0, &words) {
            return Err(refused(FieldCode::Guessable));
        }
        Ok(password)
    }

    /// Takes a password that somebody signs in with. `None` when it cannot be anybody's, because it is
    /// too long or no Unicode: answer as for a wrong one, after [`super::Hasher::verify_nobody`].
    #[must_use]
    pub fn received(raw: RawText) -> Option<Self> {
        let password = normalised(&Text::judge(raw, "").ok()?);
        (password.0.chars().count() <= MAX_CHARACTERS).then_some(password)
    }

    /// The password itself, for the code that hashes it.
    pub(super) fn reveal(&self) -> &str {
        &self.0
    }
}

/// NFC. No character grows to more than three times its bytes, so nothing is copied while it grows.
fn normalised(text: &Text<0, MAX_RAW_CHARACTERS>) -> Password {
    let text = text.reveal();
    let mut out = Zeroizing::new(String::with_capacity(3 * text.len()));
    out.extend(text.nfc());
    Password(out)
}

/// Folds a text to NFKC in lower case, so that texts that look or read alike become the same.
fn fold(text: &str) -> Zeroizing<String> {
    let mut out = Zeroizing::new(String::with_capacity(4 * text.len()));
    out.extend(text.nfkc().flat_map(char::to_lowercase));
    out
}

/// On the list, or one that is on it with up to four signs or digits at each end, with digits for
/// letters, or said twice; or a short text said again and again, whatever it is.
fn is_common(folded: &str) -> bool {
    let spellings = [plain(folded, 'l'), plain(folded, 'i'), Zeroizing::new(folded.to_owned())];
    ends_trimmed(folded).any(|within| {
        spellings.iter().any(|spelling| {
            spelling.get(within.clone()).is_some_and(|text| common::lists(text) || repeats(text))
        })
    })
}

/// Where `text` stands without none to four signs or digits at each end. Spellings have the same
/// bytes, one for one, so that it is the place in them too.
fn ends_trimmed(text: &str) -> impl Iterator<Item = Range<usize>> {
    let is_sign = |(_, sign): &(usize, char)| !sign.is_alphabetic();
    let starts = [0]
        .into_iter()
        .chain(text.char_indices().take_while(is_sign).map(|(at, sign)| at + sign.len_utf8()));
    let ends = [text.len()]
        .into_iter()
        .chain(text.char_indices().rev().take_while(is_sign).map(|(at, _)| at));
    let ends: Vec<usize> = ends.take(1 + TRIMMED_SIGNS).collect();
    let starts: Vec<usize> = starts.take(1 + TRIMMED_SIGNS).collect();
    starts.into_iter().flat_map(move |start| ends.clone().into_iter().map(move |end| start..end))
}

/// With letters for the signs that stand for them; `one` is what 1 stands for.
fn plain(text: &str, one: char) -> Zeroizing<String> {
    let mut out = Zeroizing::new(String::with_capacity(text.len()));
    out.extend(text.chars().map(|sign| match sign {
        '0' => 'o',
        '1' | '!' | '|' => one,
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' | '+' => 't',
        other => other,
    }));
    out
}

/// Whether `text` is a unit and its repetition, the last one perhaps cut off, where the unit alone
/// would be too short or is on the list.
fn repeats(text: &str) -> bool {
    let count = text.chars().count();
    let units =
        text.char_indices().enumerate().skip(1).take_while(|(length, _)| 2 * length <= count);
    for (length, (at, _)) in units {
        let (unit, rest) = text.split_at_checked(at).unwrap_or_default();
        if text.starts_with(rest) && (length < MIN_CHARACTERS || common::lists(unit)) {
            return true;
        }
    }
    false
}

/// The words of the owner's name and address, folded: each of four bytes or more, since shorter ones
/// stand in many words by chance, and each name said without spaces, forwards and backwards.
fn words(about: &[&str]) -> Vec<Zeroizing<String>> {
    let mut out = Vec::new();
    for text in about {
        let cut: String = text.chars().take(MAX_CHARACTERS).collect();
        let folded = fold(&cut);
        let mut parts: Vec<&str> = folded
            .split(|sign: char| !sign.is_alphanumeric())
            .filter(|part| !part.is_empty())
            .collect();
        if folded.contains('@') {
            // The last part of a host's name says nothing about a person.
            parts.pop();
        }
        out.extend(parts.iter().map(|part| Zeroizing::new((*part).to_owned())));
        out.push(Zeroizing::new(parts.concat()));
        parts.reverse();
        out.push(Zeroizing::new(parts.concat()));
    }
    out.retain(|word| word.chars().count() >= 4);
    out
}

fn is_personal(folded: &str, words: &[Zeroizing<String>]) -> bool {
    let joined = |text: &str| -> Zeroizing<String> {
        let mut out = Zeroizing::new(String::with_capacity(text.len()));
        out.extend(text.chars().filter(|sign| sign.is_alphanumeric()));
        out
    };
    [joined(folded), joined(&plain(folded, 'l')), joined(&plain(folded, 'i'))]
        .iter()
        .any(|text| words.iter().any(|word| text.contains(word.as_str())))
}

fn is_guessable(password: &str, words: &[Zeroizing<String>]) -> bool {
    let mut start = Zeroizing::new(String::with_capacity(password.len()));
    start.extend(password.chars().take(ESTIMATED_CHARACTERS));
    let known: Vec<&str> = words.iter().map(|word| word.as_str()).chain(["sotto"]).collect();
    zxcvbn(&start, &known).score() < Score::Three
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ABOUT: [&str; 2] = ["Wilhelmina O'Hara-Nguyen", "w.ohara@post.example.org"];

    fn raw(text: &str) -> RawText {
        serde_json::from_str(&serde_json::to_string(text).unwrap()).unwrap()
    }

    fn chosen(text: &str) -> Result<String, FieldCode> {
        Password::choose(raw(text), "/password", &ABOUT)
            .map(|password| password.reveal().to_owned())
            .map_err(|error| {
                assert_eq!(error.pointer, "/password");
                error.code
            })
    }

    fn received(text: &str) -> Option<String> {
        Password::received(raw(text)).map(|password| password.reveal().to_owned())
    }

    #[test]
    fn any_characters_make_a_password_and_none_are_changed() {
        for text in [
            "correct horse battery staple",
            " leading, inner  and trailing ",
            "nur kleine buchstaben hier",
            "\u{0}\u{1}tab\tand\u{7f}newline\nwithin",
            "Größe, Maß & Übermut im Öl",
            "山高水长风景独好之地不可多得也",
            "\u{1F98A}\u{1F33B}\u{1F681}\u{1F9ED}\u{1F34B}\u{1F3BB}\u{1F9F6}\u{1F40C}\u{1F527}\u{1F4A1}\u{1F6B2}\u{1F9C0}\u{1F335}\u{1F381}\u{1F3AF}",
        ] {
            assert_eq!(chosen(text).as_deref(), Ok(text));
            assert_eq!(received(text).as_deref(), Some(text));
        }
    }

    #[test]
    fn length_is_counted_in_characters_after_nfc() {
        let text = "vq8 Lm!zt0 Hw?ky7 Rb#pn4 Xj%cs2 Gd&fu6 ".repeat(4);
        let first = |count: usize| text.chars().take(count).collect::<String>();
        assert_eq!(chosen(&first(14)), Err(FieldCode::TooShort));
        assert!(chosen(&first(15)).is_ok());
        let filled = |count: usize| {
            (0..count).map(|n| char::from(b"!#%&*+=?"[n * n % 8])).collect::<String>() + &first(30)
        };
        assert!(chosen(&filled(98)).is_ok(), "128");
        assert_eq!(chosen(&filled(99)), Err(FieldCode::TooLong));
        assert_eq!(received(&filled(98)).map(|text| text.chars().count()), Some(128));
        assert_eq!(received(&filled(99)), None);
        assert_eq!(chosen(&"e\u{301}".repeat(14)), Err(FieldCode::TooShort), "28 before NFC");
        assert_eq!(received(&"e\u{301}".repeat(128)), Some("\u{e9}".repeat(128)));
        assert_eq!(received(&"\u{1f82}".repeat(128)).map(|text| text.chars().count()), Some(128));
        let apart = "\u{3b1}\u{313}\u{300}\u{345}".repeat(128);
        assert_eq!(received(&apart), Some("\u{1f82}".repeat(128)), "four characters make one");
        assert_eq!(received(&"x".repeat(1 << 20)), None);
        assert_eq!(chosen(&"x".repeat(1 << 20)), Err(FieldCode::TooLong));
    }

    #[test]
    fn what_is_no_unicode_is_nobodys_password() {
        let raw = || serde_json::from_str::<RawText>(r#""\ud800 and some more text""#).unwrap();
        assert!(Password::received(raw()).is_none());
        let refused = Password::choose(raw(), "/password", &[]).err().map(|error| error.code);
        assert_eq!(refused, Some(FieldCode::NotUnicode));
    }

    #[test]
    fn the_3000_most_common_ones_are_refused() {
        let mut tested = 0;
        for entry in include_str!("common-top.txt").lines() {
            for variant in [
                entry.to_owned(),
                entry.to_uppercase(),
                format!("{entry}1!"),
                format!("?{entry}2026"),
            ] {
                assert_eq!(chosen(&variant), Err(FieldCode::Common), "{variant}");
            }
            tested += 1;
        }
        assert_eq!(tested, 3_000);
    }

    #[test]
    fn variants_of_common_ones_are_refused() {
        for text in [
            "Manchester\u{ff35}nited",
            "m4nch3st3run1t3d",
            "!!ManchesterUnited2026",
            "passwordpassword",
            "P4ssw0rdP4ssw0rd1",
            "dragondragondragon",
            "dragondragondrag",
            "aaaaaaaaaaaaaaaaaaaaaaaa",
            "xK!9vQ#2xK!9vQ#2",
            "manchesterunitedmanchesterunited",
        ] {
            assert_eq!(chosen(text), Err(FieldCode::Common), "{text}");
        }
    }

    #[test]
    fn ones_own_name_and_address_are_refused() {
        for text in [
            "wilhelmina likes old maps",
            "velvet W1lhelm1na trombone",
            "the OHARA trombone velvet",
            "velvet o'hara nguyen tram",
            "tram ohara wilhelmina 88",
            "velvet n.g.u.y.e.n trombone",
            "w.ohara@post.example.org",
            "velvet example trombone map",
        ] {
            assert_eq!(chosen(text), Err(FieldCode::Personal), "{text}");
        }
        assert!(Password::choose(raw("wilhelmina likes old maps"), "", &[]).is_ok());
        let li = Password::choose(raw("velvet liwu trombone map"), "", &["Li Wu"]);
        assert_eq!(li.err().map(|error| error.code), Some(FieldCode::Personal));
        assert!(Password::choose(raw("likely velvet trombones"), "", &["Li Wu"]).is_ok());
        // Characters are counted and not bytes: two letters of Cyrillic are a part of many words.
        let short = "\u{411}\u{43e}";
        let within = "\u{442}\u{438}\u{445}\u{43e}\u{435} \u{431}\u{43e}\u{43b}\u{43e}\u{442}\u{43e} \u{43b}\u{443}\u{43d}\u{430} 47";
        assert!(Password::choose(raw(within), "", &[short]).is_ok());
        let long = "\u{411}\u{43e}\u{43b}\u{43e}";
        let personal = Password::choose(raw(within), "", &[long]).err();
        assert_eq!(personal.map(|error| error.code), Some(FieldCode::Personal));
    }

    #[test]
    fn what_is_soon_guessed_is_refused() {
        for text in ["abcdefghijklmnop", "sotto sotto 2026", "1357913579135791a"] {
            assert!(
                matches!(chosen(text), Err(FieldCode::Guessable | FieldCode::Common)),
                "{text}"
            );
        }
        assert_eq!(chosen("passwordsunshine"), Err(FieldCode::Guessable));
    }

    fn any_text() -> impl Strategy<Value = String> {
        let letters = prop_oneof![
            prop::char::range('a', 'z'),
            prop::char::range('\u{c0}', '\u{17f}'),
            prop::char::range('\u{1f80}', '\u{1fff}'),
            prop::char::range('\u{ac00}', '\u{d7a3}'),
            prop::char::range('\u{300}', '\u{345}'),
            any::<char>(),
        ];
        prop::collection::vec(letters, 0..140).prop_map(String::from_iter)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_form_of_unicode_makes_no_difference(text in any_text()) {
            let nfc: String = text.nfc().collect();
            let nfd: String = text.nfd().collect();
            prop_assert_eq!(chosen(&nfc), chosen(&nfd));
            prop_assert_eq!(chosen(&nfc), chosen(&text));
            prop_assert_eq!(received(&nfc), received(&nfd));
        }

        #[test]
        fn what_was_chosen_is_received_as_the_same_and_within_the_length(text in any_text()) {
            if let Ok(password) = chosen(&text) {
                prop_assert!((15..=128).contains(&password.chars().count()));
                prop_assert_eq!(received(&text), Some(password.clone()));
                prop_assert_eq!(received(&password), Some(password));
            }
        }

        #[test]
        fn a_short_text_does_not_become_a_password_by_being_repeated(
            unit in "[a-zA-Z0-9 !?é]{1,14}",
            cut in 0..14_usize,
        ) {
            let count = unit.chars().count();
            let length = (2 * count).max(15) + cut % count;
            let text: String = unit.chars().cycle().take(length).collect();
            prop_assert_eq!(chosen(&text), Err(FieldCode::Common));
        }
    }
}
