//! Few phrasings an intent, drawn at random from a file; the rest, or another file, is asked.
//!
//! Compares with published figures for few-shot intent detection, so it looks at the best entry
//! without threshold, and at the threshold that refuses 90 % of the out-of-scope questions.

use std::collections::{BTreeMap, BTreeSet};

use bot::{Base, Reply, Source, SourceEntry, publish};

use crate::phrasings::Phrasing;
use crate::report::share;

/// Share of the out-of-scope questions that the second row's threshold refuses.
const REFUSED: f64 = 0.9;

/// The result of one draw.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Best entry is the right one, mean over the intents' own shares: classes of different size
    /// count alike.
    pub accuracy: f64,
    /// The same as a share of all phrasings.
    pub accuracy_of_all: f64,
    /// In scope, at 90 % refusal of what is out of scope: share answered right and share answered
    /// wrong; none without out-of-scope questions.
    pub at_refusal: Option<(f64, f64)>,
    /// Bytes of the published base.
    pub bytes: usize,
}

/// Draws `per_intent` phrasings of each intent (all, if it has fewer), publishes a base of them
/// with every out-of-scope phrasing of `train`, and asks `test`, or what was not drawn.
///
/// Without `test`, every other out-of-scope phrasing is kept for asking.
///
/// # Errors
/// Nothing to train on, or a base that cannot be published.
pub fn run(
    train: &[Phrasing],
    test: Option<&[Phrasing]>,
    per_intent: usize,
    seed: u64,
) -> Result<Outcome, String> {
    let drawn = draw(train, per_intent, seed);
    let mut kept = train.iter().filter(|phrasing| phrasing.intent.is_none());
    let out_of_scope: Vec<String> = match test {
        Some(_) => kept.map(|phrasing| phrasing.text.clone()).collect(),
        None => kept.by_ref().step_by(2).map(|phrasing| phrasing.text.clone()).collect(),
    };
    let intents: Vec<&str> = drawn.keys().copied().collect();
    let published = publish(&source(&drawn), &out_of_scope).map_err(|error| error.to_string())?;
    let base = Base::load(&published.bytes).map_err(|error| error.to_string())?;
    let used: BTreeSet<&str> =
        drawn.values().flatten().copied().chain(out_of_scope.iter().map(String::as_str)).collect();
    let asked = test.unwrap_or(train).iter().filter(|some| !used.contains(some.text.as_str()));
    let mut outcome = ask(&base, &intents, asked);
    outcome.bytes = published.bytes.len();
    Ok(outcome)
}

fn draw(train: &[Phrasing], per_intent: usize, seed: u64) -> BTreeMap<&str, Vec<&str>> {
    let mut by_intent: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for phrasing in train {
        if let Some(intent) = &phrasing.intent {
            by_intent.entry(intent).or_default().push(&phrasing.text);
        }
    }
    let mut state = seed;
    for texts in by_intent.values_mut() {
        for at in 0..per_intent.min(texts.len()) {
            let left = (texts.len() - at) as u64;
            texts.swap(at, at + (next(&mut state) % left) as usize);
        }
        texts.truncate(per_intent);
    }
    by_intent
}

/// The drawn phrasings as a base; ids are positions, because intents need not be slugs.
fn source(drawn: &BTreeMap<&str, Vec<&str>>) -> Source {
    let silent = || Reply { answer: "-".into(), questions: Vec::new() };
    let entry = |(at, texts): (usize, &Vec<&str>)| SourceEntry {
        id: at.to_string(),
        title: "-".into(),
        questions: texts.iter().map(|text| (*text).to_owned()).collect(),
        answer: "-".into(),
        url: None,
    };
    Source {
        locale: "en".into(),
        version: 1,
        disclosure: "-".into(),
        unknown: "-".into(),
        greeting: silent(),
        thanks: silent(),
        crisis: Vec::new(),
        hand_over: silent(),
        entries: drawn.values().enumerate().map(entry).collect(),
    }
}

fn ask<'p>(
    base: &Base<'_>,
    intents: &[&str],
    asked: impl Iterator<Item = &'p Phrasing>,
) -> Outcome {
    let mut by_intent: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let mut in_scope: Vec<(f32, bool)> = Vec::new();
    let mut out_of_scope: Vec<f32> = Vec::new();
    for phrasing in asked {
        let best = base.candidates(&phrasing.text, 1).into_iter().next();
        let score = best.map_or(0.0, |best| best.score);
        let Some(due) = phrasing.intent.as_deref() else {
            out_of_scope.push(score);
            continue;
        };
        let found = best.and_then(|best| intents.get(best.entry.id.parse::<usize>().ok()?));
        let right = found.is_some_and(|found| *found == due);
        let counts = by_intent.entry(due).or_default();
        counts.0 += usize::from(right);
        counts.1 += 1;
        in_scope.push((score, right));
    }
    let shares: Vec<f64> = by_intent.values().map(|(right, all)| share(*right, *all)).collect();
    let right = in_scope.iter().filter(|(_, right)| *right).count();
    Outcome {
        accuracy: shares.iter().sum::<f64>() / shares.len().max(1) as f64,
        accuracy_of_all: share(right, in_scope.len()),
        at_refusal: at_refusal(&in_scope, out_of_scope),
        bytes: 0,
    }
}

fn at_refusal(in_scope: &[(f32, bool)], mut out_of_scope: Vec<f32>) -> Option<(f64, f64)> {
    out_of_scope.sort_by(f32::total_cmp);
    let refused = (out_of_scope.len() as f64 * REFUSED).ceil() as usize;
    let threshold = *out_of_scope.get(refused.min(out_of_scope.len().checked_sub(1)?))?;
    let given = |due: bool| {
        let some = in_scope.iter().filter(|(score, right)| *score >= threshold && *right == due);
        share(some.count(), in_scope.len())
    };
    Some((given(true), given(false)))
}

/// `SplitMix64` (Steele, Lea and Flood, 2014): small, seedable, the same everywhere.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
