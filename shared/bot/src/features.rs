//! A text as counted features: words, the beginnings of words, pairs of words, and the character
//! n-grams inside words, each as a 32-bit hash.

use super::normal;

/// Kinds of feature; each kind is weighted and brought to length one by itself.
pub(super) const BLOCKS: usize = 4;

const WORD: u64 = 0;
const STEM: u64 = 1;
const PAIR: u64 = 2;
const GRAM: u64 = 3;

/// A cheap stemmer that needs no language: the first letters of a word.
const STEM_LETTERS: usize = 4;
const PAIR_LETTERS: usize = 5;
const GRAM_LETTERS: std::ops::RangeInclusive<usize> = 2..=4;

/// One feature of one text: which, of what kind, how often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Feature {
    pub(super) hash: u32,
    pub(super) block: usize,
    pub(super) count: usize,
}

/// The features of a text, each once, in a fixed order.
pub(super) fn features(text: &str) -> Vec<Feature> {
    of_words(&normal::words(text))
}

/// The features of words that are normalised already.
pub(super) fn of_words(words: &[char]) -> Vec<Feature> {
    let mut keys = Vec::with_capacity(6 * words.len());
    let mut before: Option<&[char]> = None;
    for word in words.split(|letter| *letter == ' ').filter(|word| !word.is_empty()) {
        keys.push(key(WORD, hash(word, WORD)));
        keys.push(key(STEM, hash(start(word, STEM_LETTERS), STEM)));
        if let Some(before) = before {
            let first = hash(start(before, PAIR_LETTERS), PAIR);
            keys.push(key(PAIR, finish(extend(step_all(first, start(word, PAIR_LETTERS)), ' '))));
        }
        grams(word, &mut keys);
        before = Some(word);
    }
    keys.sort_unstable();
    let mut features: Vec<Feature> = Vec::with_capacity(keys.len());
    for key in keys {
        let (hash, block) = split(key);
        match features.last_mut() {
            Some(last) if last.hash == hash && last.block == block => last.count += 1,
            _ => features.push(Feature { hash, block, count: 1 }),
        }
    }
    features
}

/// One word, as the hash of its feature.
pub(super) fn word(letters: &[char]) -> u32 {
    hash(letters, WORD)
}

/// The beginning of one word, as the hash of its feature.
pub(super) fn stem(letters: &[char]) -> u32 {
    hash(start(letters, STEM_LETTERS), STEM)
}

/// A whole phrase, as one number.
pub(super) fn phrase(words: &[char]) -> u32 {
    hash(words, BLOCKS as u64)
}

/// Every run of letters of the padded word, by extending one hash letter by letter.
fn grams(word: &[char], keys: &mut Vec<u64>) {
    let padded = || std::iter::once(' ').chain(word.iter().copied()).chain(std::iter::once(' '));
    for from in 0..=word.len() {
        let mut state = seed(GRAM);
        for (letters, letter) in padded().skip(from).take(*GRAM_LETTERS.end()).enumerate() {
            state = extend(state, letter);
            if GRAM_LETTERS.contains(&(letters + 1)) {
                keys.push(key(GRAM, finish(state)));
            }
        }
    }
}

fn start(word: &[char], letters: usize) -> &[char] {
    word.get(..letters).unwrap_or(word)
}

fn key(block: u64, hash: u32) -> u64 {
    (block << 32) | u64::from(hash)
}

fn split(key: u64) -> (u32, usize) {
    ((key & 0xffff_ffff) as u32, (key >> 32) as usize)
}

fn hash(letters: &[char], kind: u64) -> u32 {
    finish(step_all(seed(kind), letters))
}

fn step_all(state: u32, letters: &[char]) -> u32 {
    letters.iter().fold(state, |state, letter| extend(state, *letter))
}

/// FNV-1a over code points, a start for each kind, mixed at the end because the table uses the
/// upper bits and FNV's are the weak ones.
fn seed(kind: u64) -> u32 {
    0x811c_9dc5 ^ (kind as u32).wrapping_mul(0x9e37_79b9)
}

fn extend(state: u32, letter: char) -> u32 {
    (state ^ u32::from(letter)).wrapping_mul(0x0100_0193)
}

fn finish(state: u32) -> u32 {
    let state = (state ^ (state >> 15)).wrapping_mul(0x2c1b_3c6d);
    let state = (state ^ (state >> 12)).wrapping_mul(0x297a_2d39);
    state ^ (state >> 15)
}

#[cfg(test)]
mod tests {
    use super::{BLOCKS, features};

    #[test]
    fn counts_each_feature_once() {
        let found = features("my my parcel");
        // Words my, parcel; stems my, parc; pairs my-my, my-parcel.
        let in_block = |block| found.iter().filter(|feature| feature.block == block).count();
        assert_eq!((0..BLOCKS).map(in_block).collect::<Vec<_>>(), vec![2, 2, 2, 6 + 18]);
        assert_eq!(found.iter().map(|feature| feature.count).max(), Some(2));
        assert!(features("").is_empty());
    }

    #[test]
    fn work_is_bounded() {
        assert!(features(&"where is it 😀 ".repeat(400)).len() < 4_000);
        assert!(features(&"𝒳".repeat(4_000)).len() < 4_000);
    }
}
