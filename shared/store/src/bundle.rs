//! Bundles of audits: files with their sums, and a signature over the sums, so that a bundle is verified without
//! the service. The function that shows audits makes one, `cargo doctor verify-bundle` verifies it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::receipt::{self, Invalid};
use seal::sign::Verifier;
use seal::suite;

/// The type of the signature.
pub const BUNDLE_TYPE: &str = "sotto-bundle+jws";
/// The file of the sums, as `sha256sum` writes it.
pub const SUMS: &str = "SHA256SUMS";
/// The file of the signature: a compact JWS, whose payload is the file of the sums, byte for byte.
pub const SIGNATURE: &str = "SHA256SUMS.jws";

/// The sum of a file: SHA-256, in hexadecimal.
#[must_use]
pub fn sum(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in suite::hash(&[bytes]) {
        let _infallible = write!(text, "{byte:02x}");
    }
    text
}

/// The text of the file of the sums over these files, in the order of their names.
#[must_use]
pub fn sums(files: &BTreeMap<String, Vec<u8>>) -> String {
    files.iter().fold(String::new(), |mut text, (name, bytes)| {
        let _infallible = writeln!(text, "{}  {name}", sum(bytes));
        text
    })
}

/// The sums by the names of their files; `None` for a text that [`sums`] does not give.
#[must_use]
pub fn read_sums(text: &[u8]) -> Option<BTreeMap<&str, &str>> {
    let text = std::str::from_utf8(text).ok()?;
    let mut sums = BTreeMap::new();
    for line in text.split_terminator('\n') {
        let (sum, name) = line.split_once("  ").filter(|(_, name)| !name.is_empty())?;
        let is_sum =
            sum.len() == 64 && sum.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if !is_sum || sums.insert(name, sum).is_some() {
            return None;
        }
    }
    Some(sums)
}

/// The file of the sums, if the key that the signature names and `key_of` finds has signed it.
///
/// # Errors
/// [`Invalid`], the first reason that is found.
pub fn signed<'a>(
    jws: &str,
    key_of: impl Fn(&str) -> Option<&'a Verifier>,
) -> Result<Vec<u8>, Invalid> {
    let verifier = receipt::key_of_jws(jws, BUNDLE_TYPE, key_of)?;
    verifier.verify_bytes(BUNDLE_TYPE, jws).map_err(|_| Invalid::BadSignature)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sums_are_those_of_sha256sum_and_are_read_back() {
        let files = BTreeMap::from([
            ("proofs/checkpoint".to_owned(), b"abc".to_vec()),
            ("README.txt".to_owned(), Vec::new()),
        ]);
        let text = sums(&files);
        // FIPS 180-4, and the hash of nothing.
        assert_eq!(
            text,
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  README.txt\n\
             ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  proofs/checkpoint\n"
        );
        let read = read_sums(text.as_bytes()).unwrap();
        assert_eq!(read.keys().copied().collect::<Vec<_>>(), ["README.txt", "proofs/checkpoint"]);
        assert_eq!(read_sums(b""), Some(BTreeMap::new()));
    }

    #[test]
    fn another_text_has_no_sums() {
        let sum = "a".repeat(64);
        for text in [
            "a".to_owned(),
            sum.clone(),
            format!("{sum}  "),
            format!("{sum} x"),
            format!("{}  x", sum.to_uppercase()),
            format!("{}  x", &sum[1..]),
            format!("{sum}  x\n\n"),
            format!("{sum}  x\n{sum}  x"),
        ] {
            assert_eq!(read_sums(text.as_bytes()), None, "{text}");
        }
        assert_eq!(read_sums(b"\xff"), None);
    }
}
