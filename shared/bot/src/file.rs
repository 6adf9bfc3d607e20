//! The published form of a base: one run of bytes, read in place.
//!
//! Little-endian. A header of 64 bytes; 256 rarities (f32, by the number of questions that use a
//! feature); hashes of whole phrases of talk, and of those that are out of scope (u32); ends of the strings (u32); the strings;
//! offsets of the buckets (u32, one more than buckets); the rows. A row is the lower half of a
//! feature's hash (u16), the number of questions that use it (u8), the number of weights (u8), and
//! the weights: class (u8, u16 above 256 classes) and value (i8, times the kind's scale). The upper
//! bits of the hash name the bucket. Nothing guards against changed weights: who carries the bytes
//! must.

use std::fmt;

use super::features::BLOCKS;

const MAGIC: &[u8; 8] = b"sottokb2";
const HEADER: usize = 64;
const RARITIES: usize = 256;
/// Strings before those of the entries: locale, disclosure, unknown, and the three replies.
pub(super) const FIXED_STRINGS: usize = 6;
/// Strings of an entry: id, title, answer, url.
pub(super) const ENTRY_STRINGS: usize = 4;
/// Classes beside the entries: greeting, thanks, hand-over, crisis, out of scope.
pub(super) const FIXED_CLASSES: usize = 5;

/// The bytes are not a published base of this format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a published knowledge base")
    }
}

impl std::error::Error for Malformed {}

/// Confidences from which on the bot does something.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Thresholds {
    /// Answers with an entry.
    pub(super) answer: f32,
    /// Takes a text for the request for a person.
    pub(super) hand_over: f32,
    /// Takes a text for a crisis.
    pub(super) crisis: f32,
    /// Asks which entry is meant; before "out of scope" alone, for rivals are named.
    pub(super) ask: f32,
}

impl Thresholds {
    const fn list(&self) -> [f32; 4] {
        [self.answer, self.hand_over, self.crisis, self.ask]
    }
}

/// The contents of a file, for writing.
pub(super) struct Parts<'a> {
    pub(super) version: u32,
    pub(super) thresholds: Thresholds,
    pub(super) scales: [f32; BLOCKS],
    pub(super) rarities: Vec<f32>,
    pub(super) phrases: [Vec<u32>; 4],
    pub(super) strings: Vec<&'a str>,
    pub(super) rows: Vec<Row>,
}

/// One feature's weights, quantised, zeros left out.
pub(super) struct Row {
    pub(super) hash: u32,
    pub(super) groups: u8,
    pub(super) weights: Vec<(u16, i8)>,
}

/// The sections of a file, checked for their bounds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout<'a> {
    pub(super) version: u32,
    pub(super) entries: usize,
    pub(super) thresholds: Thresholds,
    pub(super) scales: [f32; BLOCKS],
    bucket_bits: u32,
    rarities: &'a [u8],
    phrases: [&'a [u8]; 4],
    ends: &'a [u8],
    text: &'a str,
    buckets: &'a [u8],
    rows: &'a [u8],
}

/// A row as it lies in the file.
#[derive(Clone, Copy)]
pub(super) struct Found<'a> {
    pub(super) rarity: f32,
    weights: &'a [u8],
}

pub(super) fn write(mut parts: Parts<'_>) -> Vec<u8> {
    let entries = parts.strings.len().saturating_sub(FIXED_STRINGS) / ENTRY_STRINGS;
    let bucket_bits = (parts.rows.len() / 4).max(2).ilog2().min(15);
    let wide = is_wide(entries);
    parts.rows.sort_by_key(|row| row.hash);
    let mut buckets = Vec::new();
    let mut rows = Vec::new();
    let mut waiting = parts.rows.iter().peekable();
    for bucket in 0..1_u32 << bucket_bits {
        buckets.extend(length(rows.len()));
        while let Some(row) = waiting.next_if(|row| row.hash >> (32 - bucket_bits) == bucket) {
            let weights = row.weights.get(..255).unwrap_or(&row.weights);
            rows.extend((row.hash as u16).to_le_bytes());
            rows.extend([row.groups, weights.len() as u8]);
            for (class, value) in weights {
                rows.extend(class.to_le_bytes().iter().take(if wide { 2 } else { 1 }));
                rows.extend(value.to_le_bytes());
            }
        }
    }
    buckets.extend(length(rows.len()));

    let mut out = Vec::new();
    out.extend(MAGIC);
    out.extend(parts.version.to_le_bytes());
    out.extend((entries as u16).to_le_bytes());
    out.extend((bucket_bits as u16).to_le_bytes());
    out.extend(parts.thresholds.list().iter().flat_map(|value| value.to_le_bytes()));
    out.extend(parts.scales.iter().flat_map(|value| value.to_le_bytes()));
    out.extend(parts.phrases.iter().flat_map(|some| (some.len() as u16).to_le_bytes()));
    out.extend(length(parts.strings.iter().map(|text| text.len()).sum()));
    out.extend(length(rows.len()));
    for count in 0..RARITIES {
        out.extend(parts.rarities.get(count).copied().unwrap_or(1.0).to_le_bytes());
    }
    for phrases in &mut parts.phrases {
        phrases.sort_unstable();
        out.extend(phrases.iter().flat_map(|phrase| phrase.to_le_bytes()));
    }
    let mut end = 0;
    for text in &parts.strings {
        end += text.len();
        out.extend(length(end));
    }
    out.extend(parts.strings.iter().flat_map(|text| text.bytes()));
    out.extend(buckets);
    out.extend(rows);
    out
}

impl<'a> Layout<'a> {
    /// Finds the sections; touches the header and the strings, not the weights.
    pub(super) fn of(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let (head, mut rest) = bytes.split_at_checked(HEADER).ok_or(Malformed)?;
        if !head.starts_with(MAGIC) {
            return Err(Malformed);
        }
        let entries = usize::from(u16_at(head, 12).ok_or(Malformed)?);
        let bucket_bits = u32::from(u16_at(head, 14).ok_or(Malformed)?);
        if !(1..=15).contains(&bucket_bits) {
            return Err(Malformed);
        }
        let thresholds = Thresholds {
            answer: number(head, 16)?,
            hand_over: number(head, 20)?,
            crisis: number(head, 24)?,
            ask: number(head, 28)?,
        };
        let scales = [number(head, 32)?, number(head, 36)?, number(head, 40)?, number(head, 44)?];
        let phrase_count = |at| u16_at(head, at).map(usize::from).ok_or(Malformed);
        let counts = [phrase_count(48)?, phrase_count(50)?, phrase_count(52)?, phrase_count(54)?];
        let text_len = u32_at(head, 56).ok_or(Malformed)? as usize;
        let rows_len = u32_at(head, 60).ok_or(Malformed)? as usize;

        let mut take = |items: usize, size: usize| {
            let (taken, left) = rest.split_at_checked(items.checked_mul(size)?)?;
            rest = left;
            Some(taken)
        };
        let mut section = |items, size| take(items, size).ok_or(Malformed);
        let layout = Self {
            version: u32_at(head, 8).ok_or(Malformed)?,
            entries,
            thresholds,
            scales,
            bucket_bits,
            rarities: section(RARITIES, 4)?,
            phrases: [
                section(counts[0], 4)?,
                section(counts[1], 4)?,
                section(counts[2], 4)?,
                section(counts[3], 4)?,
            ],
            ends: section(FIXED_STRINGS + ENTRY_STRINGS * entries, 4)?,
            text: std::str::from_utf8(section(text_len, 1)?).map_err(|_| Malformed)?,
            buckets: section((1 << bucket_bits) + 1, 4)?,
            rows: section(rows_len, 1)?,
        };
        let strings = FIXED_STRINGS + ENTRY_STRINGS * entries;
        let whole = (0..strings).all(|at| layout.find_string(at).is_some());
        if !rest.is_empty() || !whole {
            return Err(Malformed);
        }
        Ok(layout)
    }

    /// The string at a place that `of` has checked; empty elsewhere.
    pub(super) fn string(&self, at: usize) -> &'a str {
        self.find_string(at).unwrap_or_default()
    }

    pub(super) fn classes(&self) -> usize {
        self.entries + FIXED_CLASSES
    }

    /// Rarity of a feature that the base has never seen.
    pub(super) fn unseen_rarity(&self) -> f32 {
        self.rarity(0)
    }

    /// Whether a whole phrase is among those of greeting (0), thanks (1), hand-over (2) or out of scope (3).
    pub(super) fn has_phrase(&self, kind: usize, phrase: u32) -> bool {
        let known = self.phrases.get(kind).copied().unwrap_or_default();
        let (sorted, _) = known.as_chunks::<4>();
        sorted.binary_search_by_key(&phrase, |bytes| u32::from_le_bytes(*bytes)).is_ok()
    }

    /// The weights of a feature.
    pub(super) fn find(&self, hash: u32) -> Option<Found<'a>> {
        let bucket = (hash >> (32 - self.bucket_bits)) as usize;
        let from = u32_at(self.buckets, 4 * bucket)? as usize;
        let to = u32_at(self.buckets, 4 * bucket + 4)? as usize;
        let mut rows = self.rows.get(from..to)?;
        while let Some((&[low, high, groups, count], rest)) = rows.split_first_chunk() {
            let (weights, rest) = rest.split_at_checked(usize::from(count) * self.width())?;
            if u16::from_le_bytes([low, high]) == hash as u16 {
                return Some(Found { rarity: self.rarity(groups), weights });
            }
            rows = rest;
        }
        None
    }

    /// Adds a row, times `factor`, to the scores of the classes.
    pub(super) fn add(&self, found: Found<'a>, factor: f32, scores: &mut [f32]) {
        for weight in found.weights.chunks_exact(self.width()) {
            let (class, value) = match *weight {
                [class, value] => (usize::from(class), value),
                [low, high, value] => (usize::from(u16::from_le_bytes([low, high])), value),
                _ => continue,
            };
            if let Some(score) = scores.get_mut(class) {
                *score += f32::from(value as i8) * factor;
            }
        }
    }

    fn width(&self) -> usize {
        if is_wide(self.entries) { 3 } else { 2 }
    }

    fn rarity(&self, groups: u8) -> f32 {
        u32_at(self.rarities, 4 * usize::from(groups)).map_or(1.0, f32::from_bits)
    }

    fn find_string(&self, at: usize) -> Option<&'a str> {
        let from = match at.checked_sub(1) {
            Some(before) => u32_at(self.ends, 4 * before)? as usize,
            None => 0,
        };
        self.text.get(from..u32_at(self.ends, 4 * at)? as usize)
    }
}

fn is_wide(entries: usize) -> bool {
    entries + FIXED_CLASSES > 256
}

fn length(bytes: usize) -> [u8; 4] {
    u32::try_from(bytes).unwrap_or(u32::MAX).to_le_bytes()
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|bytes| u16::from_le_bytes(*bytes))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))
}

fn number(bytes: &[u8], at: usize) -> Result<f32, Malformed> {
    let value = f32::from_bits(u32_at(bytes, at).ok_or(Malformed)?);
    if value.is_finite() { Ok(value) } else { Err(Malformed) }
}
