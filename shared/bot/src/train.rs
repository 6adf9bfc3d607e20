//! Publishing: from a source to the bytes of a base, the same bytes for the same source.

use std::collections::BTreeMap;

use super::base::{MOST_CHOICES, Scores};
use super::classifier::{self, Example, Weights};
use super::features::{self, BLOCKS, Feature};
use super::file::{self, FIXED_CLASSES, Parts, Row, Thresholds};
use super::source::{Source, SourceError};
use super::{normal, weighting};

/// Parts of the phrasings that are held out in turn to find the thresholds.
const FOLDS: usize = 5;
/// Shares of the held-out out-of-scope examples that get no answer, and about which nothing is asked back.
/// Held-out phrasings of entries are no guide: they were written to differ, visitors mostly repeat them. Many
/// of the examples are near misses, so that of strangers' questions fewer get through: with these shares some 4
/// in a hundred are answered, and about some 15 it is asked back (`cargo knowledge evaluate`).
const ANSWER_REFUSES: f64 = 0.92;
const ASK_REFUSES: f64 = 0.85;
/// With fewer examples than this the share says nothing.
const LEAST_EXAMPLES: usize = 20;
const DEFAULT_THRESHOLD: f32 = 0.6;
/// Below, the best two questions are nearly even.
const LEAST_THRESHOLD: f32 = 0.2;
/// The cost of handing over a question that the bot could answer, in questions rightly handed over.
const COST_OF_WRONG_HAND_OVER: i64 = 10;
/// The cost of help lines that nobody needed, in crises that were seen.
const COST_OF_WRONG_CRISIS: i64 = 2;

/// A base ready to be stored, and what its calibration found.
#[derive(Clone, Debug)]
pub struct Published {
    /// For [`super::Base::load`].
    pub bytes: Vec<u8>,
    /// How the phrasings fare when they are held out.
    pub calibration: Calibration,
}

/// Counts over phrasings that the classifier had not seen when it was asked (five parts, each held
/// out once). Held-out phrasings were written to differ from the rest, so visitors fare better.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Calibration {
    /// Phrasings of entries.
    pub questions: usize,
    /// Of those, answered with their own entry.
    pub right: usize,
    /// Of the others, asked back with their own entry among the choices.
    pub offered: usize,
    /// Answered with another entry, out-of-scope examples included.
    pub wrong: usize,
    /// Out-of-scope examples.
    pub out_of_scope: usize,
    /// Phrasings that were neither answered rightly nor asked back with their entry: the phrasing, its
    /// entry's id, and the id of the entry given instead, if any. For the author to read.
    pub missed: Vec<(String, String, Option<String>)>,
}

impl Calibration {
    /// Phrasings of entries that another entry answered.
    #[must_use]
    pub fn misled(&self) -> usize {
        self.missed.iter().filter(|(_, _, instead)| instead.is_some()).count()
    }

    /// Phrasings of entries that no entry answered, and whose entry was not among the choices.
    #[must_use]
    pub fn silent(&self) -> usize {
        self.missed.len() - self.misled()
    }
}

/// Trains a base and calibrates its thresholds; `out_of_scope` are questions it must refuse.
///
/// # Errors
/// [`SourceError`] when the source breaks a rule of the format.
pub fn publish(source: &Source, out_of_scope: &[String]) -> Result<Published, SourceError> {
    source.check()?;
    let entries = source.entries.len();
    let talk = [&source.greeting, &source.thanks, &source.hand_over];
    let in_scope = source.entries.iter().map(|entry| &entry.questions);
    let groups: Vec<&[String]> = in_scope
        .chain(talk.iter().map(|reply| &reply.questions))
        .map(Vec::as_slice)
        .chain([source.crisis.as_slice(), out_of_scope])
        .collect();
    let mut phrasings: Vec<Phrasing<'_>> = phrasings(&groups);
    phrasings.extend(own_words(source));
    let (thresholds, calibration) = calibrate(source, &phrasings);
    let model = Model::train(&phrasings.iter().collect::<Vec<_>>(), entries + FIXED_CLASSES);
    let (scales, rows) = model.quantised();
    let phrase_hashes = |questions: &[String]| {
        let known = questions.iter().map(|text| features::phrase(&normal::words(text)));
        known.collect::<Vec<u32>>()
    };
    let mut strings = vec![
        source.locale.as_str(),
        &source.disclosure,
        &source.unknown,
        &source.greeting.answer,
        &source.thanks.answer,
        &source.hand_over.answer,
    ];
    for entry in &source.entries {
        let url = entry.url.as_deref().unwrap_or_default();
        strings.extend([entry.id.as_str(), &entry.title, &entry.answer, url]);
    }
    let bytes = file::write(Parts {
        version: source.version,
        thresholds,
        scales,
        rarities: (0..256).map(|with| weighting::rarity(with, model.classes)).collect(),
        phrases: {
            let [greeting, thanks, person] = talk.map(|reply| phrase_hashes(&reply.questions));
            [greeting, thanks, person, phrase_hashes(out_of_scope)]
        },
        strings,
        rows,
    });
    Ok(Published { bytes, calibration })
}

struct Phrasing<'a> {
    text: &'a str,
    class: usize,
    fold: usize,
    features: Vec<Feature>,
}

fn phrasings<'a>(groups: &[&'a [String]]) -> Vec<Phrasing<'a>> {
    let mut all = Vec::new();
    for (class, texts) in groups.iter().enumerate() {
        for (at, text) in texts.iter().enumerate() {
            let features = features::features(text);
            if !features.is_empty() {
                all.push(Phrasing { text, class, fold: at % FOLDS, features });
            }
        }
    }
    all
}

/// The fold of texts that are never held out.
const NEVER: usize = FOLDS;

/// Each entry's title and the sentences of its answer: who asks about it uses some of the same words.
fn own_words(source: &Source) -> impl Iterator<Item = Phrasing<'_>> {
    let ends = |letter: char| matches!(letter, '.' | ';' | '!' | '?');
    source.entries.iter().enumerate().flat_map(move |(class, entry)| {
        let texts = entry.answer.split(ends).chain([entry.title.as_str()]);
        let told = texts.map(|text| (text, features::features(text)));
        told.filter(|(_, features)| !features.is_empty()).map(move |(text, features)| Phrasing {
            text,
            class,
            fold: NEVER,
            features,
        })
    })
}

/// Which features there are, how rare each is, and its weights.
struct Model {
    known: BTreeMap<(u32, usize), (usize, usize)>,
    weights: Weights,
    classes: usize,
}

impl Model {
    fn train(phrasings: &[&Phrasing<'_>], classes: usize) -> Self {
        let mut groups: BTreeMap<(u32, usize), Vec<usize>> = BTreeMap::new();
        for phrasing in phrasings {
            for feature in &phrasing.features {
                let with = groups.entry((feature.hash, feature.block)).or_default();
                if with.last() != Some(&phrasing.class) {
                    with.push(phrasing.class);
                }
            }
        }
        let numbered = groups.into_iter().enumerate();
        let known: BTreeMap<_, _> =
            numbered.map(|(number, (key, with))| (key, (number, with.len().min(255)))).collect();
        let mut model = Self { known, weights: classifier::train(&[], 0, classes), classes };
        let examples: Vec<Example> = phrasings
            .iter()
            .map(|phrasing| Example {
                class: phrasing.class,
                vector: model.vector(&phrasing.features),
            })
            .collect();
        model.weights = classifier::train(&examples, model.known.len(), classes);
        model
    }

    fn vector(&self, features: &[Feature]) -> Vec<(usize, f32)> {
        let mut lengths = weighting::Lengths::default();
        let mut values = Vec::with_capacity(features.len());
        for feature in features {
            let found = self.known.get(&(feature.hash, feature.block));
            let with = found.map_or(0, |(_, with)| *with);
            let weight = weighting::weight(feature, weighting::rarity(with, self.classes));
            lengths.add(feature.block, weight);
            if let Some((number, _)) = found {
                values.push((*number, weight, feature.block));
            }
        }
        let factors = lengths.factors();
        let factor = |block: usize| factors.get(block).copied().unwrap_or(0.0);
        values.into_iter().map(|(number, weight, block)| (number, weight * factor(block))).collect()
    }

    fn scores(&self, features: &[Feature]) -> Scores {
        let vector = self.vector(features);
        let mut classes = vec![0.0; self.classes];
        for (feature, value) in &vector {
            for (score, weight) in classes.iter_mut().zip(self.weights.row(*feature)) {
                *score += value * weight;
            }
        }
        Scores { classes, known: vector.len() }
    }

    /// Rows as whole numbers of a scale for each kind of feature. Each row is first moved so that
    /// its middle is zero, which changes no difference between classes and empties most places.
    fn quantised(&self) -> ([f32; BLOCKS], Vec<Row>) {
        let centred = |number: usize| {
            let row = self.weights.row(number);
            let mut sorted = row.to_vec();
            sorted.sort_by(f32::total_cmp);
            let middle = sorted.get(sorted.len() / 2).copied().unwrap_or(0.0);
            row.iter().map(move |weight| weight - middle)
        };
        let mut scales = [0.0_f32; BLOCKS];
        for ((_, block), (number, _)) in &self.known {
            if let Some(scale) = scales.get_mut(*block) {
                *scale =
                    centred(*number).fold(*scale, |most, weight| most.max(weight.abs() / 127.0));
            }
        }
        let rows = self.known.iter().filter_map(|((hash, block), (number, with))| {
            let scale = scales.get(*block).copied().filter(|scale| *scale > 0.0)?;
            let mut weights: Vec<(u16, i8)> = centred(*number)
                .enumerate()
                .map(|(class, weight)| (class as u16, (weight / scale).round() as i8))
                .filter(|(_, weight)| weight.unsigned_abs() >= LEAST_WEIGHT)
                .collect();
            if weights.len() > 255 {
                weights.sort_by_key(|(_, weight)| std::cmp::Reverse(weight.unsigned_abs()));
                weights.truncate(255);
            }
            Some(Row { hash: *hash, groups: *with as u8, weights })
        });
        (scales, rows.filter(|row| !row.weights.is_empty()).collect())
    }
}

/// Smaller weights, in steps of 127, are left out of the file.
const LEAST_WEIGHT: u8 = 2;

/// Asks each part of the phrasings what a classifier trained on the other parts says, and puts the
/// thresholds where the answers pay best.
fn calibrate(source: &Source, phrasings: &[Phrasing<'_>]) -> (Thresholds, Calibration) {
    let entries = source.entries.len();
    let classes = entries + FIXED_CLASSES;
    let mut asked: Vec<Held<'_>> = Vec::new();
    for fold in 0..FOLDS {
        let rest: Vec<&Phrasing<'_>> = phrasings.iter().filter(|some| some.fold != fold).collect();
        let model = Model::train(&rest, classes);
        for phrasing in phrasings.iter().filter(|some| some.fold == fold) {
            let scores = model.scores(&phrasing.features);
            let Some((best, confidence)) = scores.best() else { continue };
            let mut margins: Vec<(f32, usize)> =
                (0..entries).map(|class| (scores.before_none(class), class)).collect();
            margins.sort_by(|(a, _), (b, _)| b.total_cmp(a));
            margins.truncate(MOST_CHOICES);
            asked.push(Held { phrasing, best, confidence, margins });
        }
    }
    let refused = || asked.iter().filter(|held| held.phrasing.class + 1 == classes);
    let answer =
        threshold_refusing(ANSWER_REFUSES, refused().map(|held| held.confidence).collect())
            .max(LEAST_THRESHOLD);
    let margins = refused().filter_map(|held| held.margins.first().map(|(margin, _)| *margin));
    let ask = threshold_refusing(ASK_REFUSES, margins.collect());
    let hand_over = threshold_of(&asked, entries + 2, COST_OF_WRONG_HAND_OVER);
    let crisis = threshold_of(&asked, entries + 3, COST_OF_WRONG_CRISIS);

    let mut calibration = Calibration::default();
    for Held { phrasing, best, confidence, margins } in asked {
        let given = (best < entries && confidence >= answer).then_some(best);
        calibration.out_of_scope += usize::from(phrasing.class + 1 == classes);
        calibration.wrong += usize::from(given.is_some_and(|given| given != phrasing.class));
        let Some(entry) = source.entries.get(phrasing.class) else {
            continue;
        };
        calibration.questions += 1;
        let named =
            margins.iter().any(|(margin, class)| *class == phrasing.class && *margin >= ask);
        if given == Some(phrasing.class) {
            calibration.right += 1;
        } else if given.is_none() && named {
            calibration.offered += 1;
        } else {
            let instead = given.and_then(|given| source.entries.get(given));
            calibration.missed.push((
                phrasing.text.to_owned(),
                entry.id.clone(),
                instead.map(|entry| entry.id.clone()),
            ));
        }
    }
    (Thresholds { answer, hand_over, crisis, ask }, calibration)
}

/// A phrasing, asked of a classifier that had not seen it.
struct Held<'a> {
    phrasing: &'a Phrasing<'a>,
    best: usize,
    confidence: f32,
    /// The entries before "out of scope" the most, with how far.
    margins: Vec<(f32, usize)>,
}

/// The confidence that the due share of out-of-scope examples does not reach.
fn threshold_refusing(share: f64, mut confidences: Vec<f32>) -> f32 {
    confidences.sort_by(f32::total_cmp);
    let refused = (confidences.len() as f64 * share).ceil() as usize;
    let found = confidences.get(refused).filter(|_| confidences.len() >= LEAST_EXAMPLES);
    found.map_or(DEFAULT_THRESHOLD, |confidence| *confidence)
}

/// The confidence from which on a class of talk is believed.
fn threshold_of(asked: &[Held<'_>], class: usize, cost_of_wrong: i64) -> f32 {
    let taken = asked.iter().filter(|held| held.best == class);
    let judged = taken.map(|held| (held.confidence, held.phrasing.class == class));
    best_threshold(judged.collect(), cost_of_wrong).max(LEAST_THRESHOLD)
}

/// The confidence from which on what was rightly taken for the class, less the cost of what was wrongly, is
/// most; between two confidences that were seen, the middle.
fn best_threshold(mut judged: Vec<(f32, bool)>, cost_of_wrong: i64) -> f32 {
    judged.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    let mut gain = 0;
    let mut most = 0;
    let mut threshold = judged.first().map_or(1.0, |(confidence, _)| confidence + 0.1);
    for (at, (confidence, right)) in judged.iter().enumerate() {
        gain += if *right { 1 } else { -cost_of_wrong };
        if gain > most {
            most = gain;
            let next = judged.get(at + 1).map_or(*confidence, |(next, _)| *next);
            threshold = f32::midpoint(*confidence, next);
        }
    }
    threshold.max(0.0)
}
