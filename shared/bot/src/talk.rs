//! Talk that asks nothing of a shop: yes and no, numbers and codes, abuse, a crisis, and whether a
//! machine answers. It is decided before the entries are asked, by the words of every language at
//! once, because people mix them.

pub(super) mod words;

use self::words::{
    ABOUT_ACCOUNT, ABUSE, AGREEING, AROUND, AROUND_A_MACHINE, ASKS_FOR, CONSTANTS, CRISIS,
    CRISIS_SIGNS, CRISIS_TOGETHER, CRISIS_WORDS, DECLINING, FILLING, FOR_A_MACHINE, IGNORED, SIGNS,
    UPSET,
};
use super::normal;

/// Longest talk, in words: a longer text says something else, too.
const MOST_WORDS: usize = 12;

/// Talk that asks nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Talk {
    /// Agrees, and nothing else.
    Yes,
    /// Declines, and nothing else.
    No,
    /// Numbers, dates, prices, codes, addresses of machines: no word that asks.
    Code,
    /// Asks whether a machine answers.
    Machine,
    /// Speaks of ending or harming oneself.
    Crisis,
    /// Insults, and nothing else.
    Abuse,
}

/// The kind of talk that a text is; none for a text that may be a question. `letters` is the text as
/// [`normal::words`] leaves it.
pub(super) fn of(text: &str, letters: &[char]) -> Option<Talk> {
    let normal: String = letters.iter().collect();
    let words = split(&normal);
    let begins_so = |word: &&str| CRISIS_WORDS.iter().any(|start| word.starts_with(start));
    let begins = |start: &&str| {
        words.iter().any(|word| begins_alike(word, start) && word.starts_with(*start))
    };
    if CRISIS.iter().any(|phrase| stands_in(phrase, &words))
        || words.iter().any(begins_so)
        || CRISIS_TOGETHER.iter().any(|starts| starts.iter().all(begins))
    {
        return Some(Talk::Crisis);
    }
    if words.len() > MOST_WORDS {
        return None;
    }
    if asks_for_a_machine(&words) {
        return Some(Talk::Machine);
    }
    if let Some(sign) = sign(text, &words) {
        return Some(sign);
    }
    let all = |lists: &[&[&str]]| covered(&words, lists);
    let any = |list: &[&str]| list.iter().any(|phrase| stands_in(phrase, &words));
    // "No, thanks" and "no, that is fine" decline; "yes, why not" agrees: the first word leads.
    if all(&[AGREEING, DECLINING, FILLING]) && (any(AGREEING) || any(DECLINING)) {
        return Some(first_of(&words));
    }
    if all(&[ABUSE, AROUND, FILLING]) && any(ABUSE) {
        return Some(Talk::Abuse);
    }
    is_code(text).then_some(Talk::Code)
}

/// Whether a text has a word that a crisis may have.
pub(super) fn has_sign_of_crisis(letters: &[char]) -> bool {
    let starts =
        letters.iter().enumerate().filter(|(_, letter)| **letter == ' ').map(|(at, _)| at + 1);
    std::iter::once(0).chain(starts).any(|from| {
        let left = letters.get(from..).unwrap_or_default();
        CRISIS_SIGNS.iter().any(|start| behind(start, left).is_some())
    })
}

/// The letters behind a beginning, if they begin so.
pub(super) fn behind<'a>(start: &str, letters: &'a [char]) -> Option<&'a [char]> {
    let mut rest = letters;
    for due in start.chars() {
        let (letter, left) = rest.split_first()?;
        if *letter != due {
            return None;
        }
        rest = left;
    }
    Some(rest)
}

/// The words of a normalised text.
pub(super) fn split(normal: &str) -> Vec<&str> {
    normal.split(' ').filter(|word| !word.is_empty()).collect()
}

/// Whether two texts begin with the same byte: a comparison that most phrases fail at once.
fn begins_alike(one: &str, other: &str) -> bool {
    one.as_bytes().first() == other.as_bytes().first()
}

/// Whether a visitor says that they are angry or have had enough, in the words of any language.
#[must_use]
pub fn is_upset(text: &str) -> bool {
    says_one_of(UPSET, text)
}

/// Whether a text is about the visitor's own account, order or payment.
#[must_use]
pub fn names_account(text: &str) -> bool {
    says_one_of(ABOUT_ACCOUNT, text)
}

fn says_one_of(phrases: &[&str], text: &str) -> bool {
    let normal = normal::normalise(text);
    let words = split(&normal);
    phrases.iter().any(|phrase| stands_in(phrase, &words))
}

/// Whether every word belongs to a phrase of the lists.
pub(super) fn covered(words: &[&str], lists: &[&[&str]]) -> bool {
    let mut left = words;
    while !left.is_empty() {
        let longest =
            lists.iter().copied().flatten().filter_map(|phrase| begins(phrase, left)).max();
        let Some(count) = longest else { return false };
        left = left.get(count..).unwrap_or_default();
    }
    true
}

/// Whether the text that is made of yes, no and fillers agrees or declines.
fn first_of(words: &[&str]) -> Talk {
    let mut left = words;
    while !left.is_empty() {
        let longest = |list: &[&str]| list.iter().filter_map(|phrase| begins(phrase, left)).max();
        let (yes, no) = (longest(AGREEING), longest(DECLINING));
        if no > yes {
            return Talk::No;
        }
        if yes.is_some() {
            return Talk::Yes;
        }
        left = left.get(longest(FILLING).unwrap_or(1)..).unwrap_or_default();
    }
    Talk::No
}

/// How many words the phrase has, if the words begin with it.
pub(super) fn begins(phrase: &str, words: &[&str]) -> Option<usize> {
    // Most phrases fail at their first letters. That has to be quick, because each message is
    // compared with some hundreds of phrases.
    if !begins_alike(phrase, words.first()?) {
        return None;
    }
    let mut rest = phrase;
    for (before, word) in words.iter().enumerate() {
        rest = rest.strip_prefix(word)?;
        if rest.is_empty() {
            return Some(before + 1);
        }
        rest = rest.strip_prefix(' ')?;
    }
    None
}

pub(super) fn stands_in(phrase: &str, words: &[&str]) -> bool {
    (0..words.len()).any(|from| begins(phrase, words.get(from..).unwrap_or_default()).is_some())
}

/// A question of whether a person or a machine writes: the form of the question, and behind it names
/// for either and little else. "Can I talk to a person" lacks the form, "are you able to deliver it in
/// person" says something else, too.
fn asks_for_a_machine(words: &[&str]) -> bool {
    let behind = (0..words.len()).filter_map(|from| {
        let left = words.get(from..)?;
        let count = ASKS_FOR.iter().filter_map(|form| begins(form, left)).max()?;
        left.get(count..)
    });
    let names = |words: &[&str]| words.iter().any(|word| FOR_A_MACHINE.contains(word));
    behind.into_iter().any(|left| names(left) && covered(left, &[FOR_A_MACHINE, AROUND_A_MACHINE]))
}

/// A picture alone that says yes or no.
fn sign(text: &str, words: &[&str]) -> Option<Talk> {
    if !words.is_empty() {
        return None;
    }
    SIGNS.iter().find(|(sign, _)| text.contains(*sign)).map(|(_, yes)| match yes {
        true => Talk::Yes,
        false => Talk::No,
    })
}

/// Whether no token of the text is a word that could ask something, and one of them has a digit or a
/// character that no word has.
fn is_code(text: &str) -> bool {
    let mut has_code = false;
    for token in text.split_whitespace() {
        let bare = token.trim_matches(|letter: char| {
            !letter.is_alphanumeric() && !"/\\{}[]<>$@#%&*=+~^|_`".contains(letter)
        });
        if bare.is_empty() {
            has_code |= token.chars().count() > 3;
        } else if is_word(bare) {
            let normal: String = normal::words(bare).into_iter().collect();
            if !IGNORED.contains(&normal.as_str()) {
                return false;
            }
            has_code |= CONSTANTS.contains(&normal.as_str());
        } else {
            has_code = true;
        }
    }
    has_code
}

/// Letters, joined by apostrophes, hyphens or single slashes: "parcel", "don't", "size/colour".
fn is_word(token: &str) -> bool {
    let mut before = '/';
    for letter in token.chars() {
        let joins = matches!(letter, '\'' | '’' | '-' | '/' | '.' | ',');
        if !letter.is_alphabetic() && (!joins || !before.is_alphabetic()) {
            return false;
        }
        before = letter;
    }
    before.is_alphabetic() && token.chars().filter(|letter| letter.is_alphabetic()).count() > 1
}

#[cfg(test)]
mod tests {
    use super::{Talk, is_upset, names_account, normal, of};

    #[test]
    fn anger_is_told_from_questions_about_it() {
        for text in [
            "This is unacceptable!",
            "I am SO ANGRY, where is my parcel",
            "im furious",
            "I've had enough of this",
            "Das ist eine Frechheit!!",
            "Ich bin stinksauer",
            "jetzt reicht es mir",
            "das ist eine Unverschämtheit",
        ] {
            assert!(is_upset(text), "{text}");
        }
        for text in [
            "where is my parcel?",
            "is the dress red or angry pink",
            "I am not sure",
            "Reicht die Garantie zwei Jahre?",
            "Wie sauer ist der Saft?",
            "enough stock?",
            "",
        ] {
            assert!(!is_upset(text), "{text}");
        }
    }

    #[test]
    fn what_is_ones_own_is_told_from_what_is_anybodys() {
        for text in [
            "why is my account locked",
            "my invoice is wrong",
            "mein Konto ist gesperrt",
            "was ist mit meiner Rechnung",
            "Meine Bestellung 4711 fehlt",
            "i was charged twice",
        ] {
            assert!(names_account(text), "{text}");
        }
        for text in ["do I need an account?", "brauche ich ein Konto", "what is an invoice", ""] {
            assert!(!names_account(text), "{text}");
        }
    }

    #[test]
    fn talk_is_told_from_questions() {
        for (text, expected) in [
            ("no", Some(Talk::No)),
            ("No, thanks!", Some(Talk::No)),
            ("not now", Some(Talk::No)),
            ("nein", Some(Talk::No)),
            ("nö", Some(Talk::No)),
            ("nope", Some(Talk::No)),
            ("no problem", Some(Talk::Yes)),
            ("y", Some(Talk::Yes)),
            ("klar", Some(Talk::Yes)),
            ("👍", Some(Talk::Yes)),
            ("👎🏽", Some(Talk::No)),
            ("yes, why not", Some(Talk::Yes)),
            ("Ja, gerne.", Some(Talk::Yes)),
            ("12345", Some(Talk::Code)),
            ("SW1A 1AA", Some(Talk::Code)),
            ("12. November 2026", Some(Talk::Code)),
            ("12,99 €", Some(Talk::Code)),
            ("true", Some(Talk::Code)),
            ("../../etc/passwd", Some(Talk::Code)),
            ("{{7*7}}", Some(Talk::Code)),
            ("order number 4711", Some(Talk::Code)),
            ("are you a human?", Some(Talk::Machine)),
            ("is this a real person or a bot", Some(Talk::Machine)),
            ("spreche ich mit einem Menschen?", Some(Talk::Machine)),
            ("can I talk to a human", None),
            ("is this machine washable?", None),
            ("are you able to deliver it in person", None),
            ("is there a human I can talk to", None),
            ("i want to kill myself", Some(Talk::Crisis)),
            ("Ich will nicht mehr leben", Some(Talk::Crisis)),
            ("you stupid idiot", Some(Talk::Abuse)),
            ("du Arschloch!", Some(Talk::Abuse)),
            ("where is my fucking parcel", None),
            ("no confirmation came", None),
            ("do you take klarna", None),
            ("yes but where is my parcel", None),
            ("size/colour", None),
            ("where is order 12345?", None),
            ("", None),
        ] {
            assert_eq!(of(text, &normal::words(text)), expected, "{text:?}");
        }
    }
}
