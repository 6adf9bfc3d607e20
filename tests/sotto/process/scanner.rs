//! Finds words in bytes, in every form in which text tends to be written down.

use std::fmt::Write;

use data_encoding::{BASE64, BASE64URL, HEXLOWER, HEXUPPER};
use memchr::memmem::Finder;

/// Looks for some words in all of their forms.
pub(super) struct Scanner(Vec<(String, Finder<'static>)>);

impl Scanner {
    /// A scanner for these words.
    pub(super) fn new(words: &[&str]) -> Self {
        let needles = words.iter().flat_map(|word| {
            forms(word).into_iter().map(move |(form, bytes)| {
                (format!("{word} as {form}"), Finder::new(&bytes).into_owned())
            })
        });
        Self(needles.collect())
    }

    /// The words found, each with a little of the text around it.
    pub(super) fn hits(&self, haystack: &[u8]) -> Vec<String> {
        let hit = |(name, finder): &(String, Finder<'static>)| {
            let at = finder.find(haystack)?;
            let end = haystack.len().min(at + 160);
            let around = String::from_utf8_lossy(&haystack[at.saturating_sub(80)..end]);
            Some(format!("{name}: …{around}…"))
        };
        self.0.iter().filter_map(hit).collect()
    }
}

/// The word as it is, and as encoders write it, wherever in their input it stands.
fn forms(word: &str) -> Vec<(&'static str, Vec<u8>)> {
    let bytes = word.as_bytes();
    let utf16 = || word.encode_utf16();
    let mut forms = vec![
        ("raw", bytes.to_vec()),
        ("hex", HEXLOWER.encode(bytes).into_bytes()),
        ("HEX", HEXUPPER.encode(bytes).into_bytes()),
        ("UTF-16LE", utf16().flat_map(u16::to_le_bytes).collect()),
        ("UTF-16BE", utf16().flat_map(u16::to_be_bytes).collect()),
        ("URL, all escaped", url(bytes, true, false)),
        ("URL, all escaped, lower case", url(bytes, true, true)),
        ("JSON, all escaped", json(word, true, false)),
        ("JSON, all escaped, upper case", json(word, true, true)),
    ];
    for after in 0..3 {
        forms.push(("base64", base64(&BASE64, bytes, after)));
        forms.push(("base64url", base64(&BASE64URL, bytes, after)));
    }
    // Of an ASCII word these are the word.
    if !word.is_ascii() {
        forms.push(("URL", url(bytes, false, false)));
        forms.push(("URL, lower case", url(bytes, false, true)));
        forms.push(("JSON, escaped", json(word, false, false)));
        forms.push(("JSON, escaped, upper case", json(word, false, true)));
        let debug = word.chars().flat_map(char::escape_unicode).collect::<String>();
        forms.push(("Rust, escaped", debug.into_bytes()));
        // Bytes read as Latin-1, and written as UTF-8 again.
        let twice: String = bytes.iter().copied().map(char::from).collect();
        forms.push(("UTF-8 twice", twice.into_bytes()));
    }
    forms
}

/// The digits that depend on nothing but the word, when `after` bytes of a group stand before it.
fn base64(alphabet: &data_encoding::Encoding, word: &[u8], after: usize) -> Vec<u8> {
    let input = [&vec![0; after], word].concat();
    let text = alphabet.encode(&input);
    text.as_bytes()[(after * 8).div_ceil(6)..input.len() * 8 / 6].to_vec()
}

fn url(word: &[u8], all: bool, lower: bool) -> Vec<u8> {
    let mut text = String::new();
    for byte in word {
        if byte.is_ascii() && !all {
            text.push(char::from(*byte));
        } else if lower {
            write!(text, "%{byte:02x}").expect("a string");
        } else {
            write!(text, "%{byte:02X}").expect("a string");
        }
    }
    text.into_bytes()
}

fn json(word: &str, all: bool, upper: bool) -> Vec<u8> {
    let mut text = String::new();
    for character in word.chars() {
        if character.is_ascii() && !all {
            text.push(character);
            continue;
        }
        for unit in character.encode_utf16(&mut [0; 2]) {
            if upper {
                write!(text, "\\u{unit:04X}").expect("a string");
            } else {
                write!(text, "\\u{unit:04x}").expect("a string");
            }
        }
    }
    text.into_bytes()
}

/// The scanner itself, held against encodings that were not made by it.
mod controls {
    use super::*;

    #[test]
    fn every_form_is_found_wherever_it_stands() {
        let word = "ä🦜zq81";
        let scanner = Scanner::new(&[word]);
        let mut planted: Vec<Vec<u8>> = [
            "ä🦜zq81",
            "c3a4f09fa69c7a713831",
            "C3A4F09FA69C7A713831",
            "%C3%A4%F0%9F%A6%9Czq81",
            "%c3%a4%f0%9f%a6%9czq81",
            "%C3%A4%F0%9F%A6%9C%7A%71%38%31",
            "\\u00e4\\ud83e\\udd9czq81",
            "\\u00E4\\uD83E\\uDD9Czq81",
            "\\u00e4\\ud83e\\udd9c\\u007a\\u0071\\u0038\\u0031",
            "\\u{e4}\\u{1f99c}\\u{7a}\\u{71}\\u{38}\\u{31}",
            "Ã¤ð\u{9f}¦\u{9c}zq81",
        ]
        .iter()
        .map(|text| text.as_bytes().to_vec())
        .collect();
        planted.push(b"\xe4\0\x3e\xd8\x9c\xddz\0q\08\x001\0".to_vec());
        planted.push(b"\0\xe4\xd8\x3e\xdd\x9c\0z\0q\08\x001".to_vec());
        for before in 0..3 {
            for after in 0..3 {
                let input = [&b"\xfb\xff"[..before.min(2)], word.as_bytes(), &b"\xff\xfe"[..after]];
                let input = [&b"abc"[..before / 2], &input.concat()].concat();
                planted.push(BASE64.encode(&input).into_bytes());
                planted.push(BASE64URL.encode(&input).into_bytes());
            }
        }
        for (number, bytes) in planted.iter().enumerate() {
            let hidden = [&b"noise"[..], bytes, b"noise"].concat();
            assert!(!scanner.hits(&hidden).is_empty(), "number {number} was not found");
            assert!(scanner.hits(&hidden[..bytes.len() / 2]).is_empty(), "number {number}: half");
        }
        assert_eq!(planted.len(), 31);
    }

    #[test]
    fn every_base64_alignment_is_found() {
        let word = "zq0123456789abcdef";
        let scanner = Scanner::new(&[word]);
        for before in 0..12 {
            let input = ["x".repeat(before), word.to_owned(), "y".repeat(before % 5)].concat();
            assert!(!scanner.hits(BASE64.encode(input.as_bytes()).as_bytes()).is_empty());
        }
    }
}
