//! The turn before a text, and the texts that make sense only by it.

use super::normal;
use super::talk::words::{AGREEING, DECLINING};
use super::talk::{begins, behind, covered, stands_in};

/// The words before a text.
#[derive(Clone, Copy, Debug, Default)]
pub struct Turn<'a> {
    /// Whether the bot's last answer offered a person.
    pub offered: bool,
    /// Whether it asked which entry is meant.
    pub asked: bool,
    /// The last exchange of the two.
    pub before: Before<'a>,
}

/// The exchange before a text.
#[derive(Clone, Copy, Debug, Default)]
pub enum Before<'a> {
    /// There is none.
    #[default]
    Nothing,
    /// Nobody has looked.
    Unread,
    /// The visitor said something, and the bot answered.
    Said {
        /// The visitor's text.
        text: &'a str,
        /// The entry that answered it.
        entry: Option<&'a str>,
        /// The entries that the visitor was to choose from.
        choices: &'a [String],
    },
}

/// The choice that a text makes among those that were named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pick {
    /// One of them, from 0.
    Nth(usize),
    /// The last one.
    Last,
    /// None of them.
    Neither,
}

/// Longest text that may lean on the one before, in words.
const MOST_LEANING: usize = 12;
/// Longest text that only goes on with the one before, in words.
const MOST_GOING_ON: usize = 4;

/// The choice that a text makes, if it is nothing else.
pub(super) fn pick(words: &[&str]) -> Option<Pick> {
    let picks = |list: &[&str]| covered(words, &[list, AROUND_A_PICK]);
    let names = |list: &[&str]| list.iter().any(|phrase| stands_in(phrase, words));
    let is = |list: &[&str]| picks(list) && names(list);
    if is(NEITHER) {
        return Some(Pick::Neither);
    }
    if let Some(at) = NTH.iter().position(|list| is(list)) {
        return Some(Pick::Nth(at));
    }
    is(LAST).then_some(Pick::Last)
}

/// The choice that a text makes by a number: normalised, all numbers are the same.
pub(super) fn numbered(text: &str) -> Option<Pick> {
    let digits: String = text.chars().filter(char::is_ascii_alphanumeric).collect();
    let at = digits.parse::<usize>().ok()?.checked_sub(1)?;
    (at < NTH.len()).then_some(Pick::Nth(at))
}

/// Whether a text says that the answer before did not help, and nothing else.
pub(super) fn is_unhelped(words: &[&str]) -> bool {
    UNHELPED.iter().any(|phrase| stands_in(phrase, words))
        && covered(words, &[UNHELPED, AROUND_UNHELPED])
}

/// A reaction to the bot's last answer, in words of the visitor's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reaction {
    /// The answer did not help.
    Unhelped,
    /// The visitor does not want the person or the choices that were offered.
    Declines,
    /// The person that was offered is wanted.
    Accepts,
}

/// The reaction that a text is which the entries know nothing about.
pub(super) fn reaction(words: &[&str], turn: &Turn<'_>) -> Option<Reaction> {
    if words.len() > MOST_LEANING {
        return None;
    }
    let has = |list: &[&str]| list.iter().any(|phrase| stands_in(phrase, words));
    let leads = |list: &[&str]| list.iter().any(|phrase| begins(phrase, words).is_some());
    if has(UNHELPED) {
        Some(Reaction::Unhelped)
    } else if (turn.offered || turn.asked) && leads(DECLINING) {
        Some(Reaction::Declines)
    } else {
        (turn.offered && leads(AGREEING)).then_some(Reaction::Accepts)
    }
}

/// How a text leans on the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Leaning {
    /// It stands alone.
    No,
    /// It may: it is short, and goes on or points back ("how long does that take?").
    Perhaps,
    /// It does: a few words that go on ("and to Austria?").
    Yes,
}

/// How a text leans on the one before.
pub(super) fn leaning(words: &[&str]) -> Leaning {
    let goes_on = GOING_ON.iter().any(|phrase| begins(phrase, words).is_some());
    if words.is_empty() || words.len() > MOST_LEANING {
        Leaning::No
    } else if goes_on && words.len() <= MOST_GOING_ON {
        Leaning::Yes
    } else if goes_on || words.iter().any(|word| POINTING_BACK.contains(word)) {
        Leaning::Perhaps
    } else {
        Leaning::No
    }
}

/// The parts of a text that may each ask something, normalised: sentences, and what stands between commas
/// and before and after an "and". None for a text of one part.
pub(super) fn parts(text: &str) -> Vec<Vec<char>> {
    let ends = |letter: char| matches!(letter, '.' | '?' | '!' | ';' | ',' | ':' | '\n');
    let mut parts = Vec::new();
    for sentence in text.split(ends) {
        let words = normal::words(sentence);
        let mut part: Vec<char> = Vec::new();
        for word in words.split(|letter| *letter == ' ') {
            let joins = JOINING.iter().any(|known| known.chars().eq(word.iter().copied()));
            if joins && part.contains(&' ') {
                parts.push(std::mem::take(&mut part));
            } else if !joins {
                if !part.is_empty() {
                    part.push(' ');
                }
                part.extend_from_slice(word);
            }
        }
        if part.contains(&' ') {
            parts.push(part);
        }
    }
    if parts.len() > 1 { parts } else { Vec::new() }
}

/// A question without the polite frame in front of it: "could you please tell me where my parcel is".
pub(super) fn without_frame(words: &[char]) -> &[char] {
    let mut left = words;
    while let Some(rest) = FRAMES.iter().find_map(|frame| behind(frame, left)?.strip_prefix(&[' ']))
    {
        left = rest;
    }
    left
}

/// Join two questions in one sentence.
const JOINING: &[&str] = &["and", "und", "also", "plus", "sowie", "but", "aber"];

/// Polite frames in front of a question.
const FRAMES: &[&str] = &[
    "could you please tell me",
    "could you tell me please",
    "could you tell me",
    "can you please tell me",
    "can you tell me",
    "can u tell me",
    "please can you tell me",
    "please could you tell me",
    "would you mind telling me",
    "would you tell me",
    "please tell me",
    "tell me",
    "let me know",
    "could you let me know",
    "can you let me know",
    "i would like to know",
    "id like to know",
    "i want to know",
    "i wanted to know",
    "i wanted to ask",
    "i was wondering if",
    "i was wondering",
    "i am wondering if",
    "im wondering if",
    "just wondering if",
    "just wondering",
    "wondering if",
    "do you know",
    "do you happen to know",
    "any idea",
    "quick question",
    "one question",
    "a question",
    "i have a question",
    "i have a quick question",
    "excuse me",
    "sorry to bother you",
    "sorry",
    "may i ask",
    "can i ask",
    "could i ask",
    "please",
    "koennten sie mir bitte sagen",
    "koennten sie mir sagen",
    "koennen sie mir bitte sagen",
    "koennen sie mir sagen",
    "koenntet ihr mir bitte sagen",
    "koenntet ihr mir sagen",
    "koennt ihr mir bitte sagen",
    "koennt ihr mir sagen",
    "kannst du mir bitte sagen",
    "kannst du mir sagen",
    "koenntest du mir sagen",
    "sagen sie mir bitte",
    "sag mir bitte",
    "sag mal",
    "sagt mal",
    "sagen sie mal",
    "ich wuerde gerne wissen",
    "ich wuerde gern wissen",
    "ich moechte gerne wissen",
    "ich moechte wissen",
    "ich wollte wissen",
    "ich wollte nur wissen",
    "ich wollte fragen",
    "ich wollte nur fragen",
    "ich wollte mal fragen",
    "wollte mal fragen",
    "wollte fragen",
    "ich haette gern gewusst",
    "ich haette gerne gewusst",
    "ich haette eine frage",
    "ich haette da eine frage",
    "ich habe eine frage",
    "ich hab eine frage",
    "ich hab ne frage",
    "hab ne frage",
    "hab mal ne frage",
    "habe eine frage",
    "kurze frage",
    "eine frage",
    "mal eine frage",
    "mal ne frage",
    "mich wuerde interessieren",
    "mich interessiert",
    "wissen sie",
    "weisst du",
    "wisst ihr",
    "darf ich fragen",
    "darf ich mal fragen",
    "entschuldigung",
    "entschuldigen sie",
    "verzeihung",
    "bitte",
];

/// Numbers of choices in words.
const NTH: [&[&str]; 3] = [
    &[
        "first",
        "the first",
        "1st",
        "one",
        "number one",
        "erste",
        "erstes",
        "ersten",
        "ersteres",
        "eins",
    ],
    &["second", "the second", "2nd", "two", "number two", "zweite", "zweites", "zweiten", "zwei"],
    &["third", "the third", "3rd", "three", "number three", "dritte", "drittes", "dritten", "drei"],
];

const LAST: &[&str] = &["last", "the last", "letzte", "letztes", "letzten", "letzteres"];

const NEITHER: &[&str] = &[
    "something else",
    "somethin else",
    "smth else",
    "sth else",
    "anything else",
    "none",
    "none of these",
    "none of those",
    "none of them",
    "none of that",
    "not these",
    "not those",
    "not one of these",
    "neither",
    "other",
    "another one",
    "another question",
    "etwas anderes",
    "was anderes",
    "was andres",
    "etwas andres",
    "nichts davon",
    "keins davon",
    "keines davon",
    "keine davon",
    "keiner davon",
    "keins",
    "keines",
    "weder noch",
    "anderes",
    "andere frage",
    "eine andere frage",
];

const AROUND_A_PICK: &[&str] = &[
    "the",
    "one",
    "that",
    "this",
    "it",
    "is",
    "its",
    "thats",
    "i",
    "mean",
    "meant",
    "please",
    "no",
    "yes",
    "sorry",
    "actually",
    "of",
    "option",
    "number",
    "choice",
    "answer",
    "its about",
    "about",
    "das",
    "die",
    "der",
    "den",
    "ist",
    "es",
    "ich",
    "meine",
    "meinte",
    "bitte",
    "nein",
    "ja",
    "nee",
    "leider",
    "eigentlich",
    "nummer",
    "thema",
    "frage",
    "geht um",
    "um",
    "war",
    "gemeint",
    "danke",
    "thanks",
];

const UNHELPED: &[&str] = &[
    "does not help",
    "doesnt help",
    "dont help",
    "didnt help",
    "did not help",
    "not helping",
    "not helpful",
    "no help",
    "of no help",
    "isnt helpful",
    "unhelpful",
    "not what i asked",
    "not what i meant",
    "not what i mean",
    "not my question",
    "not what i wanted",
    "not what i need",
    "not the answer",
    "does not answer my question",
    "doesnt answer my question",
    "didnt answer my question",
    "did not answer my question",
    "wrong answer",
    "thats wrong",
    "useless",
    "try again",
    "not what i wanted to know",
    "isnt what i meant",
    "isnt what i asked",
    "isnt really what i meant",
    "already tried that",
    "tried that already",
    "already done that",
    "done that already",
    "checked that already",
    "checked all that already",
    "still nothing",
    "doesnt solve",
    "does not solve",
    "im none the wiser",
    "nuetzt nichts",
    "nuetzt mir nichts",
    "nuetzt nix",
    "nichts anfangen",
    "bringt mir so nichts",
    "schon probiert",
    "schon versucht",
    "schon gemacht",
    "alles schon gemacht",
    "hat nicht geklappt",
    "loest mein problem nicht",
    "so schlau wie vorher",
    "hilft mir nicht",
    "hilft mir nicht weiter",
    "hilft mir leider nicht",
    "hilft mir leider nicht weiter",
    "hilft nicht",
    "hilft nicht weiter",
    "hilft nix",
    "hilft mir nix",
    "hilft mir gar nicht",
    "hilft mir garnicht",
    "hilft gar nicht",
    "hat nicht geholfen",
    "hat mir nicht geholfen",
    "nicht hilfreich",
    "bringt mir nichts",
    "bringt mir nix",
    "bringt nichts",
    "bringt mich nicht weiter",
    "nicht meine frage",
    "nicht das was ich wollte",
    "nicht gemeint",
    "nicht was ich meinte",
    "nicht was ich wollte",
    "nicht gefragt",
    "danach habe ich nicht gefragt",
    "danach hab ich nicht gefragt",
    "falsche antwort",
    "beantwortet meine frage nicht",
    "beantwortet das nicht",
    "nutzlos",
];

const AROUND_UNHELPED: &[&str] = &[
    "that",
    "this",
    "it",
    "thats",
    "its",
    "is",
    "was",
    "me",
    "at all",
    "really",
    "sorry",
    "but",
    "no",
    "hm",
    "hmm",
    "well",
    "um",
    "unfortunately",
    "either",
    "much",
    "very",
    "the",
    "your",
    "answer",
    "a",
    "bit",
    "ok",
    "okay",
    "thanks",
    "thank you",
    "i",
    "still",
    "im",
    "afraid",
    "any",
    "das",
    "dies",
    "es",
    "ist",
    "war",
    "die",
    "antwort",
    "leider",
    "aber",
    "nein",
    "nee",
    "ne",
    "also",
    "so",
    "auch",
    "hab",
    "habe",
    "ich",
    "mir",
    "danke",
    "na",
    "ja",
    "naja",
    "jetzt",
    "echt",
    "ueberhaupt",
    "wirklich",
    "diese",
    "deine",
    "ihre",
];

/// Begin a text that goes on with the one before.
const GOING_ON: &[&str] = &[
    "and",
    "what about",
    "how about",
    "also",
    "or",
    "but",
    "then",
    "so",
    "what if",
    "even if",
    "in that case",
    "same",
    "for",
    "to",
    "from",
    "with",
    "without",
    "who pays",
    "which one",
    "why",
    "und",
    "oder",
    "aber",
    "auch",
    "was ist mit",
    "was ist wenn",
    "was wenn",
    "wie ist es mit",
    "wie sieht es mit",
    "wie siehts mit",
    "dann",
    "gilt das",
    "ab",
    "nach",
    "fuer",
    "bei",
    "mit",
    "ohne",
    "selbst wenn",
    "wer zahlt",
    "wieso",
    "warum",
];

/// Point at what was said before.
const POINTING_BACK: &[&str] = &[
    "that", "it", "this", "those", "these", "they", "them", "there", "then", "das", "es", "die",
    "den", "dem", "dafuer", "dabei", "damit", "davon", "dazu", "dann", "darauf", "dort", "da",
    "sie", "ihn", "denn", "diese", "dieser", "dieses", "daraus", "dahin", "dorthin",
];

#[cfg(test)]
mod tests {
    use super::super::talk::split;
    use super::*;

    #[test]
    fn a_choice_is_told_from_a_question() {
        for (text, expected) in [
            ("the first one", Some(Pick::Nth(0))),
            ("second please", Some(Pick::Nth(1))),
            ("das dritte", Some(Pick::Nth(2))),
            ("the last one", Some(Pick::Last)),
            ("something else", Some(Pick::Neither)),
            ("nichts davon", Some(Pick::Neither)),
            ("no, none of these", Some(Pick::Neither)),
            ("where is the first parcel", None),
            ("is there something else in the box", None),
            ("the", None),
            ("", None),
        ] {
            assert_eq!(pick(&split(&normal::normalise(text))), expected, "{text}");
        }
        let by_number =
            [("2", Some(Pick::Nth(1))), ("3.", Some(Pick::Nth(2))), ("4", None), ("0", None)];
        for (text, expected) in by_number.into_iter().chain([("12 euro", None), ("", None)]) {
            assert_eq!(numbered(text), expected, "{text}");
        }
    }

    #[test]
    fn no_help_is_told_from_a_question_about_help() {
        for text in [
            "That does not help.",
            "hm, that doesn't help me at all",
            "Das hilft mir leider nicht.",
        ] {
            assert!(is_unhelped(&split(&normal::normalise(text))), "{text}");
        }
        for text in ["the code does not help with the discount", "who can help me", "that", ""] {
            assert!(!is_unhelped(&split(&normal::normalise(text))), "{text}");
        }
    }

    #[test]
    fn what_the_entries_do_not_know_may_be_a_reaction() {
        let offered = Turn { offered: true, ..Turn::default() };
        for (text, turn, expected) in [
            (
                "Checked all that already. Still nothing.",
                &Turn::default(),
                Some(Reaction::Unhelped),
            ),
            ("No thank you, it isn't that important.", &offered, Some(Reaction::Declines)),
            ("nö, ich frag meine Freundin", &offered, Some(Reaction::Declines)),
            ("yes, that would be lovely of you", &offered, Some(Reaction::Accepts)),
            ("yes, that would be lovely of you", &Turn::default(), None),
            ("nobody is there", &offered, None),
        ] {
            assert_eq!(reaction(&split(&normal::normalise(text)), turn), expected, "{text}");
        }
    }

    #[test]
    fn what_leans_on_the_text_before_is_short_and_goes_on_or_points_back() {
        for (text, expected) in [
            ("and to Austria?", Leaning::Yes),
            ("und nach Österreich?", Leaning::Yes),
            ("How long does that take?", Leaning::Perhaps),
            ("Was kostet das?", Leaning::Perhaps),
            ("where is my parcel", Leaning::No),
            ("Wo bleibt mein Paket?", Leaning::No),
            ("", Leaning::No),
        ] {
            assert_eq!(leaning(&split(&normal::normalise(text))), expected, "{text}");
        }
    }

    #[test]
    fn a_text_is_taken_apart_where_it_may_ask_twice() {
        let taken = |text| -> Vec<String> {
            parts(text).into_iter().map(|part| part.into_iter().collect()).collect()
        };
        assert_eq!(taken("Hi! My parcel is late. What now?"), ["my parcel is late", "what now"]);
        assert_eq!(taken("Do you wrap gifts and what is it?"), ["do you wrap gifts", "what is it"]);
        assert_eq!(taken("Habt ihr offen, und wo seid ihr"), ["habt ihr offen", "wo seid ihr"]);
        assert!(taken("salt and pepper").is_empty() && taken("where is my parcel?").is_empty());
    }

    #[test]
    fn a_polite_frame_is_taken_off_and_a_bare_one_stays() {
        let bare = |text: &str| -> String { without_frame(&normal::words(text)).iter().collect() };
        assert_eq!(bare("Sorry, could you please tell me where it is"), "where it is");
        assert_eq!(bare("Kurze Frage: wo seid ihr?"), "wo seid ihr");
        assert_eq!(bare("tell me"), "tell me");
        assert_eq!(bare("pleasent"), "pleasent");
    }
}
