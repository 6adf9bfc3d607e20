//! A published base, and what it says to a text.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Range;

use super::features::{self, Feature};
use super::file::{ENTRY_STRINGS, FIXED_STRINGS, Found, Layout, Malformed, Thresholds};
use super::sentences::Opening;
use super::talk::Talk;
use super::turn::{self, Before, Leaning, Pick, Reaction, Turn};
use super::{normal, sentences, talk, weighting};

/// How much the distance to the next best question counts in a confidence, against the distance
/// to "out of scope": the first tells wrong answers apart, the second foreign questions.
const RIVAL_SHARE: f32 = 0.75;
/// Longest small-talk phrase, in words, that is looked for before and after a question.
const MAX_PHRASE_WORDS: usize = 6;

/// Words beside thanks that need not be understood.
const MOST_BESIDE_THANKS: usize = 3;
/// Longest text that may be small talk in words that no phrase has.
const MOST_SMALL_TALK: usize = 4;

/// The confidence from which on a short text is small talk: a wrong "hello" costs little.
const SMALL_TALK: f32 = 0.2;

/// A word is telling when at most one in so many questions uses it.
const TELLING_SHARE: usize = 8;
/// Letters of a word that may be a typing mistake rather than a stranger.
const SHORT_WORD: usize = 4;
/// Letters that no single word of a question has.
const LONG_WORD: usize = 11;
/// Words of a text that has to be sure without a telling word.
const SHORT_TEXT: usize = 3;
/// Confidences, as the logarithm of the odds, that a text has to reach: with one telling word and
/// nothing else (odds 3), with one among strangers (9), with parts of words only (19). Found by
/// asking the shipped bases for the texts of `infra/knowledge/evaluation/unasked.*`.
const ALONE: f32 = 1.1;
const AMONG_STRANGERS: f32 = 2.2;
const ONLY_PARTS: f32 = 2.94;

/// Entries that are named at once, when it is asked which is meant.
pub(super) const MOST_CHOICES: usize = 3;

/// A published base. Borrows its bytes, copies and parses nothing.
#[derive(Clone, Copy, Debug)]
pub struct Base<'a> {
    layout: Layout<'a>,
}

/// One question that the base can answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// 1 to 10 of `a-z`, `0-9`, `-`.
    pub id: &'a str,
    /// Names the entry where it is cited.
    pub title: &'a str,
    /// The bot's answer.
    pub answer: &'a str,
    /// A path on the site that says more.
    pub url: Option<&'a str>,
}

impl<'a> Entry<'a> {
    fn given(self, score: f32) -> Answer<'a> {
        let Self { id, title, answer, url } = self;
        Answer::Entry { id, title, answer, url, score }
    }
}

/// The bot's reaction to a text; every word of it comes from the base.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer<'a> {
    /// A greeting and nothing else.
    Greeting {
        /// The text.
        text: &'a str,
    },
    /// Thanks or a farewell and nothing else.
    Thanks {
        /// The text.
        text: &'a str,
    },
    /// A question that the base can answer.
    Entry {
        /// Which entry.
        id: &'a str,
        /// Names the entry where it is cited.
        title: &'a str,
        /// The text.
        answer: &'a str,
        /// A path on the site that says more.
        url: Option<&'a str>,
        /// Confidence, 0 to 1; above [`Base::threshold`] where the text was not a choice.
        score: f32,
    },
    /// The bot is not sure which entry is meant, and asks.
    Asked {
        /// The question.
        text: &'a str,
        /// One to three entries, the likeliest first.
        choices: Vec<Entry<'a>>,
    },
    /// None of the entries that were named is meant, or the answer did not help and there is no other. The
    /// text offers a person.
    Unhelped {
        /// The text.
        text: &'a str,
    },
    /// The visitor asks for a person.
    HandOver {
        /// The text until one comes.
        text: &'a str,
    },
    /// Nothing fits well enough; the text offers a person.
    Unknown {
        /// The text.
        text: &'a str,
    },
    /// The visitor does not want the person that was offered, or says no to nothing.
    Declined {
        /// The text.
        text: &'a str,
    },
    /// The visitor asks whether a machine answers; it does (EU AI Act, Art. 50).
    Machine {
        /// The text; it offers a person.
        text: &'a str,
    },
    /// A number, a code or a bare yes: nothing is asked. The text offers a person.
    NothingAsked {
        /// The text.
        text: &'a str,
    },
    /// An insult. The text offers a person.
    Abuse {
        /// The text.
        text: &'a str,
    },
    /// The visitor speaks of ending or harming themselves. A person is fetched.
    Crisis {
        /// The text, with people who help at once.
        text: &'a str,
    },
}

impl<'a> Answer<'a> {
    /// The text that the bot says.
    #[must_use]
    pub fn text(&self) -> &'a str {
        match self {
            Self::Greeting { text }
            | Self::Thanks { text }
            | Self::HandOver { text }
            | Self::Unknown { text }
            | Self::Asked { text, .. }
            | Self::Unhelped { text }
            | Self::Declined { text }
            | Self::Machine { text }
            | Self::NothingAsked { text }
            | Self::Abuse { text }
            | Self::Crisis { text }
            | Self::Entry { answer: text, .. } => text,
        }
    }

    /// The text while nobody is there to hand over to; `opening` is when people are back, where the site
    /// is closed.
    #[must_use]
    pub fn text_alone(&self, locale: &str, opening: Option<&Opening<'_>>) -> Cow<'a, str> {
        match self {
            Self::HandOver { .. } => sentences::nobody(locale, opening).into(),
            Self::Crisis { .. } => sentences::of(locale).crisis_alone.into(),
            other => other.text().into(),
        }
    }

    /// The text of an answer that is not known, without the offer of a person.
    #[must_use]
    pub fn text_again(locale: &str) -> &'static str {
        sentences::of(locale).again
    }

    /// Whether the visitor asks for a person, or needs one.
    #[must_use]
    pub const fn asks_for_person(&self) -> bool {
        matches!(self, Self::HandOver { .. } | Self::Crisis { .. })
    }

    /// Whether the text offers a person, so that a yes to it asks for one.
    #[must_use]
    pub const fn offers_person(&self) -> bool {
        matches!(
            self,
            Self::Unknown { .. }
                | Self::Unhelped { .. }
                | Self::Machine { .. }
                | Self::NothingAsked { .. }
                | Self::Abuse { .. }
        )
    }
}

/// An entry that could be meant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Candidate<'a> {
    /// Which.
    pub entry: Entry<'a>,
    /// Confidence, 0 to 1, on the scale of [`Base::threshold`].
    pub score: f32,
}

impl<'a> Base<'a> {
    /// Takes the bytes of a published base; reads the header and the strings, not the weights.
    ///
    /// # Errors
    /// [`Malformed`] when sections are missing, overlap the end, or are not text where text is due.
    pub fn load(bytes: &'a [u8]) -> Result<Self, Malformed> {
        Layout::of(bytes).map(|layout| Self { layout })
    }

    /// Language tag of all texts.
    #[must_use]
    pub fn locale(&self) -> &'a str {
        self.layout.string(0)
    }

    /// Counts up with each publication.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.layout.version
    }

    /// The first line of a chat: that an automated assistant answers.
    #[must_use]
    pub fn disclosure(&self) -> &'a str {
        self.layout.string(1)
    }

    /// The reply when nothing fits.
    #[must_use]
    pub fn unknown(&self) -> &'a str {
        self.layout.string(2)
    }

    /// The reply before a person takes over.
    #[must_use]
    pub fn hand_over(&self) -> &'a str {
        self.layout.string(5)
    }

    /// Lowest score at which an entry is given as the answer.
    #[must_use]
    pub fn threshold(&self) -> f32 {
        score(self.layout.thresholds.answer)
    }

    /// All entries, in the author's order.
    pub fn entries(&self) -> impl Iterator<Item = Entry<'a>> + '_ {
        (0..self.layout.entries).map(|at| self.entry_at(at))
    }

    /// The entry of an id, for texts that are stored as ids.
    #[must_use]
    pub fn entry(&self, id: &str) -> Option<Entry<'a>> {
        self.entries().find(|entry| entry.id == id)
    }

    /// The bot's answer to a text that nothing was said before.
    #[must_use]
    pub fn answer_alone(&self, text: &str) -> Answer<'a> {
        let unknown = Answer::Unknown { text: self.unknown() };
        self.answer(text, &Turn::default()).unwrap_or(unknown)
    }

    /// The bot's answer to a text in its turn. `None` where it depends on what was said before, and nobody
    /// has looked ([`Before::Unread`]).
    #[must_use]
    pub fn answer(&self, text: &str, turn: &Turn<'_>) -> Option<Answer<'a>> {
        let said = sentences::of(self.locale());
        let words = normal::words(text);
        let talk = talk::of(text, &words);
        let normal: String = words.iter().collect();
        let spoken = talk::split(&normal);
        let picked = || match talk {
            Some(Talk::Crisis | Talk::Abuse | Talk::Machine) => None,
            Some(Talk::No) => turn::pick(&spoken).or(Some(Pick::Neither)),
            _ => turn::numbered(text).or_else(|| turn::pick(&spoken)),
        };
        if turn.asked
            && let Some(picked) = picked()
        {
            return self.picked(picked, turn);
        }
        let declined = Answer::Declined { text: said.declined };
        let thanks = || self.without_small_talk(&words).1 == Some(Polite::Thanks);
        Some(match talk {
            Some(Talk::Yes) if !turn.offered && thanks() => self.thanks(),
            Some(Talk::Yes) if turn.asked => return self.agreed(turn),
            Some(Talk::Yes) if turn.offered => Answer::HandOver { text: self.hand_over() },
            Some(Talk::No) if turn.offered => declined,
            Some(Talk::Machine) => Answer::Machine { text: said.machine },
            Some(Talk::Crisis) => Answer::Crisis { text: said.crisis },
            Some(Talk::Abuse) => Answer::Abuse { text: said.abuse },
            Some(Talk::Code) => Answer::NothingAsked { text: said.code },
            Some(Talk::No) => self.small_talk(&words).unwrap_or(declined),
            Some(Talk::Yes) => {
                self.small_talk(&words).unwrap_or(Answer::NothingAsked { text: said.yes })
            }
            None if turn::is_unhelped(&spoken) => return self.unhelped(turn),
            None => return self.asked(text, (&words, &spoken), turn),
        })
    }

    /// The answer of an entry that the visitor chose; `None` for one that is not published.
    #[must_use]
    pub fn chosen(&self, id: &str) -> Option<Answer<'a>> {
        self.entry(id).map(|entry| entry.given(1.0))
    }

    /// The answer to a choice among those that were named.
    fn picked(&self, pick: Pick, turn: &Turn<'_>) -> Option<Answer<'a>> {
        let choices = match (pick, turn.before) {
            (Pick::Neither, _) | (_, Before::Nothing) => return Some(self.nothing_better()),
            (_, Before::Unread) => return None,
            (_, Before::Said { choices, .. }) => choices,
        };
        let id = match pick {
            Pick::Nth(at) => choices.get(at),
            Pick::Last => choices.last(),
            Pick::Neither => None,
        };
        Some(id.and_then(|id| self.chosen(id)).unwrap_or_else(|| self.nothing_better()))
    }

    /// The answer to a yes where it was asked which entry is meant: the only one, or the same question.
    fn agreed(&self, turn: &Turn<'_>) -> Option<Answer<'a>> {
        let choices = match turn.before {
            Before::Unread => return None,
            Before::Said { choices, .. } => choices,
            Before::Nothing => &[],
        };
        let known: Vec<Entry<'a>> = choices.iter().filter_map(|id| self.entry(id)).collect();
        Some(match known.as_slice() {
            [] => self.nothing_better(),
            [only] => only.given(1.0),
            _ => self.which(known),
        })
    }

    /// The answer to somebody whom the answer before did not help: other entries that may be meant, or a
    /// person.
    fn unhelped(&self, turn: &Turn<'_>) -> Option<Answer<'a>> {
        let others = match turn.before {
            Before::Unread => return None,
            Before::Said { text, entry: Some(entry), .. } => {
                let ask = self.layout.thresholds.ask;
                self.choices(&normal::words(text), ask, Some(entry))
            }
            Before::Said { .. } | Before::Nothing => Vec::new(),
        };
        if others.is_empty() {
            return Some(self.nothing_better());
        }
        Some(self.which(others))
    }

    fn nothing_better(&self) -> Answer<'a> {
        Answer::Unhelped { text: self.unknown() }
    }

    fn which(&self, choices: Vec<Entry<'a>>) -> Answer<'a> {
        let said = sentences::of(self.locale());
        let text = if choices.len() == 1 { said.this } else { said.which };
        Answer::Asked { text, choices }
    }

    /// The answer to a question: by itself, by one of its parts, or with the text before it.
    fn asked(
        &self,
        text: &str,
        (words, spoken): (&[char], &[&str]),
        turn: &Turn<'_>,
    ) -> Option<Answer<'a>> {
        let is_sure =
            |answer: &Answer<'_>| !matches!(answer, Answer::Unknown { .. } | Answer::Asked { .. });
        let leaning = match turn.before {
            Before::Nothing => Leaning::No,
            _ => turn::leaning(spoken),
        };
        let whole = self.question(words);
        // An entry alone may be another one with the text before; a crisis is one.
        let may_change = leaning == Leaning::Yes && matches!(whole, Answer::Entry { .. });
        if is_sure(&whole) && !may_change {
            return Some(whole);
        }
        if !is_sure(&whole)
            && let Some(reaction) = turn::reaction(spoken, turn)
        {
            return match reaction {
                Reaction::Unhelped => self.unhelped(turn),
                Reaction::Declines if turn.asked => self.picked(Pick::Neither, turn),
                Reaction::Declines => {
                    let said = sentences::of(self.locale());
                    Some(Answer::Declined { text: said.declined })
                }
                Reaction::Accepts => Some(Answer::HandOver { text: self.hand_over() }),
            };
        }
        let (rest, polite) = self.without_small_talk(words);
        if !is_sure(&whole)
            && polite == Some(Polite::Thanks)
            && word_count(rest) <= MOST_BESIDE_THANKS
        {
            return Some(self.thanks());
        }
        let before = match turn.before {
            Before::Said { text, .. } if leaning > Leaning::No => Some(text),
            Before::Unread if leaning > Leaning::No => return None,
            _ => None,
        };
        // This text first: of a long one before it the end may be left out.
        let both = before.map(|before| normal::words(&format!("{text} {before}")));
        let together = both.as_ref().map(|both| self.question(both));
        if let Some(entry @ Answer::Entry { .. }) = together {
            return Some(entry);
        }
        if is_sure(&whole) {
            return Some(whole);
        }
        let parts: Vec<Answer<'a>> =
            turn::parts(text).iter().map(|part| self.question(part)).collect();
        let score = |answer: &Answer<'_>| match answer {
            Answer::Entry { score, .. } => Some(*score),
            Answer::HandOver { .. } => Some(1.0),
            Answer::Crisis { .. } => Some(2.0),
            _ => None,
        };
        let scored = parts.iter().filter_map(|part| Some((score(part)?, part)));
        if let Some((_, sure)) = scored.max_by(|(a, _), (b, _)| a.total_cmp(b)) {
            return Some(sure.clone());
        }
        if let Some(choices) = first_of_each(&parts) {
            return Some(self.which(choices));
        }
        // A visitor who goes on after an answer asks something of the site: the likeliest are named at least.
        if let (Some(both), Before::Said { entry: Some(entry), .. }) = (&both, turn.before) {
            let mut choices = self.choices(both, f32::MIN, None);
            if !choices.iter().any(|choice| choice.id == entry) {
                choices.truncate(MOST_CHOICES - 1);
                choices.extend(self.entry(entry));
            }
            if !choices.is_empty() {
                return Some(self.which(choices));
            }
        }
        Some(whole)
    }

    /// The answer to a text that is nothing but a greeting, thanks or a farewell.
    fn small_talk(&self, words: &[char]) -> Option<Answer<'a>> {
        let (question, said) = self.without_small_talk(words);
        said.filter(|_| question.is_empty()).map(|said| self.politely(said))
    }

    fn question(&self, words: &[char]) -> Answer<'a> {
        let (question, said) = self.without_small_talk(words);
        let question = turn::without_frame(question);
        if question.is_empty() {
            let unknown = Answer::Unknown { text: self.unknown() };
            return said.map_or(unknown, |said| self.politely(said));
        }
        let phrase = features::phrase(question);
        if self.layout.has_phrase(2, phrase) {
            return Answer::HandOver { text: self.hand_over() };
        }
        if self.layout.has_phrase(3, phrase) {
            return Answer::Unknown { text: self.unknown() };
        }
        let mut scores = self.scores(question);
        let entries = self.layout.entries;
        // Small talk in other words is short; what is longer asks something.
        if word_count(question) > MOST_SMALL_TALK {
            scores.leave_out(entries..entries + 2);
        }
        let Some((mut best, mut confidence)) = scores.best() else {
            return Answer::Unknown { text: self.unknown() };
        };
        let Thresholds { answer, hand_over, crisis, ask } = self.layout.thresholds;
        if best == entries + 2 && confidence >= hand_over {
            return Answer::HandOver { text: self.hand_over() };
        }
        if best == entries + 3 {
            if confidence >= crisis && talk::has_sign_of_crisis(question) {
                return Answer::Crisis { text: sentences::of(self.locale()).crisis };
            }
            scores.leave_out(best..best + 1);
            (best, confidence) = scores.best().unwrap_or((best, confidence));
        }
        let least = self.least_confidence(question);
        let enough = if best < entries { answer.max(least) } else { SMALL_TALK };
        if confidence < enough || best > entries + 1 {
            let choices = self.likely(&scores, ask.max(least), None);
            if choices.is_empty() {
                return Answer::Unknown { text: self.unknown() };
            }
            return self.which(choices);
        }
        if best == entries {
            return self.greeting();
        }
        if best == entries + 1 {
            return self.thanks();
        }
        self.entry_at(best).given(score(confidence))
    }

    /// The entries that a text may mean, but for one.
    fn choices(&self, words: &[char], enough: f32, but: Option<&str>) -> Vec<Entry<'a>> {
        self.likely(&self.scores(self.without_small_talk(words).0), enough, but)
    }

    /// The entries that lie at least so far before "out of scope", the likeliest first.
    fn likely(&self, scores: &Scores, enough: f32, but: Option<&str>) -> Vec<Entry<'a>> {
        if scores.known == 0 {
            return Vec::new();
        }
        let mut ranked: Vec<(f32, Entry<'a>)> = (0..self.layout.entries)
            .map(|at| (scores.before_none(at), at))
            .filter(|(margin, _)| *margin >= enough)
            .map(|(margin, at)| (margin, self.entry_at(at)))
            .filter(|(_, entry)| Some(entry.id) != but)
            .collect();
        ranked.sort_by(|(a, _), (b, _)| b.total_cmp(a));
        ranked.into_iter().map(|(_, entry)| entry).take(MOST_CHOICES).collect()
    }

    /// The entries that fit best, best first, whether or not they reach the threshold.
    #[must_use]
    pub fn candidates(&self, text: &str, most: usize) -> Vec<Candidate<'a>> {
        let words = normal::words(text);
        let scores = self.scores(self.without_small_talk(&words).0);
        if scores.known == 0 {
            return Vec::new();
        }
        let mut ranked: Vec<Candidate<'a>> = (0..self.layout.entries)
            .map(|at| Candidate { entry: self.entry_at(at), score: score(scores.confidence(at)) })
            .collect();
        ranked.sort_by(|a, b| b.score.total_cmp(&a.score));
        ranked.truncate(most);
        ranked
    }

    /// The confidence that a short text has to reach beyond the calibrated threshold, which was set by
    /// whole questions: one telling word among strangers, or none at all, is no question ("steve jobs
    /// birthday", "etc passwd").
    fn least_confidence(&self, question: &[char]) -> f32 {
        let classes = self.layout.classes();
        let rare = weighting::rarity(classes / TELLING_SHARE, classes);
        let (mut words, mut known, mut telling, mut strangers) = (0, 0, 0, 0);
        for word in question.split(|letter| *letter == ' ').filter(|word| !word.is_empty()) {
            words += 1;
            match self.layout.find(features::word(word)) {
                Some(found) if found.rarity >= rare => telling += 1,
                Some(_) if word.len() >= SHORT_WORD => known += 1,
                // Words written together, or a word of which the beginning is known.
                None if word.len() > LONG_WORD => return f32::MIN,
                None if word.len() > SHORT_WORD && !self.begins_known(word) => strangers += 1,
                _ => {}
            }
        }
        match (telling, strangers) {
            (0, _) if known == 0 && words <= SHORT_TEXT => ONLY_PARTS,
            (1, 1..) if words <= 2 * strangers => AMONG_STRANGERS,
            (1, 0) if words == 1 => ALONE,
            _ => f32::MIN,
        }
    }

    fn begins_known(&self, word: &[char]) -> bool {
        self.layout.find(features::stem(word)).is_some()
    }

    fn politely(&self, said: Polite) -> Answer<'a> {
        match said {
            Polite::Greeting => self.greeting(),
            Polite::Thanks => self.thanks(),
        }
    }

    fn greeting(&self) -> Answer<'a> {
        Answer::Greeting { text: self.layout.string(3) }
    }

    fn thanks(&self) -> Answer<'a> {
        Answer::Thanks { text: self.layout.string(4) }
    }

    fn entry_at(&self, at: usize) -> Entry<'a> {
        let string = |part| self.layout.string(FIXED_STRINGS + ENTRY_STRINGS * at + part);
        let url = string(3);
        Entry {
            id: string(0),
            title: string(1),
            answer: string(2),
            url: (!url.is_empty()).then_some(url),
        }
    }

    /// Takes greetings and thanks off both ends: "hi, where is my parcel, thanks" is a question.
    fn without_small_talk<'w>(&self, words: &'w [char]) -> (&'w [char], Option<Polite>) {
        let spans = spans(words);
        let (first, before) = self.talked(words, &spans.iter().copied());
        let left = spans.get(first..).unwrap_or_default();
        let (last, after) = self.talked(words, &left.iter().rev().copied());
        let kept = left.get(..left.len() - last).unwrap_or_default();
        let question = match (kept.first(), kept.last()) {
            (Some((from, _)), Some((_, to))) => words.get(*from..*to).unwrap_or_default(),
            _ => &[],
        };
        (question, before.max(after))
    }

    /// How many words, from either end, small-talk phrases one after the other can cover.
    fn talked(
        &self,
        words: &[char],
        spans: &(impl Iterator<Item = (usize, usize)> + Clone),
    ) -> (usize, Option<Polite>) {
        let mut said = None;
        // Counts of words that can be covered; a later one never stands before an earlier one.
        let mut covered = BTreeSet::from([0]);
        let mut furthest = 0;
        while let Some(count) = covered.pop_first() {
            furthest = count;
            let mut left = spans.clone().skip(count).take(MAX_PHRASE_WORDS).enumerate();
            let Some((_, first)) = left.next() else { break };
            for (more, span) in std::iter::once((0, first)).chain(left) {
                let (from, to) = (first.0.min(span.0), first.1.max(span.1));
                if let Some(talk) = self.talk(words.get(from..to).unwrap_or_default()) {
                    covered.insert(count + more + 1);
                    said = said.max(Some(talk));
                }
            }
        }
        (furthest, said)
    }

    fn talk(&self, phrase: &[char]) -> Option<Polite> {
        if phrase.is_empty() {
            return None;
        }
        let phrase = features::phrase(phrase);
        if self.layout.has_phrase(1, phrase) {
            Some(Polite::Thanks)
        } else {
            self.layout.has_phrase(0, phrase).then_some(Polite::Greeting)
        }
    }

    fn scores(&self, words: &[char]) -> Scores {
        let found = features::of_words(words);
        let mut lengths = weighting::Lengths::default();
        let mut known: Vec<(Feature, f32, Found<'a>)> = Vec::with_capacity(found.len());
        for feature in found {
            if let Some(row) = self.layout.find(feature.hash) {
                let weight = weighting::weight(&feature, row.rarity);
                lengths.add(feature.block, weight);
                known.push((feature, weight, row));
            } else {
                let unseen = weighting::weight(&feature, self.layout.unseen_rarity());
                lengths.add(feature.block, unseen);
            }
        }
        let mut factors = lengths.factors();
        for (factor, scale) in factors.iter_mut().zip(self.layout.scales) {
            *factor *= scale;
        }
        let mut classes = vec![0.0; self.layout.classes()];
        for (feature, weight, row) in &known {
            let factor = factors.get(feature.block).copied().unwrap_or(0.0);
            self.layout.add(*row, factor * weight, &mut classes);
        }
        Scores { classes, known: known.len() }
    }
}

/// The entries that the parts of a text may mean, each part's likeliest first; none where no part says any.
fn first_of_each<'a>(parts: &[Answer<'a>]) -> Option<Vec<Entry<'a>>> {
    let asked: Vec<&[Entry<'a>]> = parts
        .iter()
        .filter_map(|part| match part {
            Answer::Asked { choices, .. } => Some(choices.as_slice()),
            _ => None,
        })
        .collect();
    let mut named: Vec<Entry<'a>> = Vec::new();
    for rank in 0..MOST_CHOICES {
        for choice in asked.iter().filter_map(|choices| choices.get(rank)) {
            if named.len() < MOST_CHOICES && !named.contains(choice) {
                named.push(*choice);
            }
        }
    }
    (!named.is_empty()).then_some(named)
}

fn word_count(words: &[char]) -> usize {
    words.split(|letter| *letter == ' ').filter(|word| !word.is_empty()).count()
}

/// Where each word starts and ends.
fn spans(words: &[char]) -> Vec<(usize, usize)> {
    let mut from = 0;
    let of_word = |word: &[char]| {
        let span = (from, from + word.len());
        from = span.1 + 1;
        span
    };
    words.split(|letter| *letter == ' ').map(of_word).filter(|(from, to)| from < to).collect()
}

/// Small talk around a question; thanks outrank a greeting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Polite {
    Greeting,
    Thanks,
}

/// Scores of all classes; the last is "out of scope".
pub(super) struct Scores {
    pub(super) classes: Vec<f32>,
    pub(super) known: usize,
}

impl Scores {
    /// The best class in scope and its confidence; none for a text without a known feature.
    pub(super) fn best(&self) -> Option<(usize, f32)> {
        if self.known == 0 {
            return None;
        }
        let (_, in_scope) = self.classes.split_last()?;
        let ranked = in_scope.iter().enumerate();
        let best = ranked.max_by(|(_, a), (_, b)| a.total_cmp(b)).map(|(class, _)| class)?;
        Some((best, self.confidence(best)))
    }

    /// Makes classes the least likely.
    fn leave_out(&mut self, classes: Range<usize>) {
        self.classes.get_mut(classes).into_iter().flatten().for_each(|score| *score = f32::MIN);
    }

    /// How far a class lies before "out of scope".
    pub(super) fn before_none(&self, class: usize) -> f32 {
        let score = |at: usize| self.classes.get(at).copied().unwrap_or(f32::MIN);
        score(class) - score(self.classes.len().saturating_sub(1))
    }

    /// How far a class lies before its best rival and before "out of scope".
    pub(super) fn confidence(&self, class: usize) -> f32 {
        let Some((none, in_scope)) = self.classes.split_last() else {
            return 0.0;
        };
        let own = in_scope.get(class).copied().unwrap_or(f32::MIN);
        let rivals = in_scope.iter().enumerate().filter(|(at, _)| *at != class);
        let rival = rivals.map(|(_, score)| *score).fold(f32::MIN, f32::max).max(own - 100.0);
        RIVAL_SHARE * (own - rival) + (1.0 - RIVAL_SHARE) * (own - none)
    }
}

/// A confidence as a number from 0 to 1.
fn score(confidence: f32) -> f32 {
    1.0 / (1.0 + (-confidence).exp())
}
