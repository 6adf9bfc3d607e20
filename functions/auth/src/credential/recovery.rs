//! Recovery codes, for people who lost every other second factor: ten, each good for one sign-in.
//!
//! A code has 100 random bits, so its stored digest needs no slow hash; it is keyed and bound to the
//! person all the same, so that a row says nothing without the key and nothing about another person.

use shared::random::{self, NoRandomness};
use shared::seal::place::Place;
use shared::seal::suite;
use shared::secret::Secret;
use shared::text::{RawText, Text};
use zeroize::Zeroizing;

/// Codes that a person gets.
pub const CODES: usize = 10;

/// Crockford's base 32: no I, L, O and U, which are misread.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LEN: usize = 25;
const GROUP_LEN: usize = 5;
const MAX_TYPED_CHARACTERS: usize = 64;

/// One code: 25 characters of [Crockford's base 32](https://www.crockford.com/base32.html). No `Debug`.
pub struct RecoveryCode(Zeroizing<[u8; LEN]>);

impl RecoveryCode {
    fn generate() -> Result<Self, NoRandomness> {
        let mut code = Zeroizing::new(random::bytes::<LEN>()?);
        for byte in code.iter_mut() {
            // 32 divides 256, so each character is as likely as any other.
            *byte = ALPHABET.get(usize::from(*byte & 31)).copied().unwrap_or_default();
        }
        Ok(Self(code))
    }

    /// Reads a code as somebody typed it: in either case, with or without hyphens and spaces, with O
    /// for 0 and I or L for 1. `None` for what is none; answer as for a wrong one.
    #[must_use]
    pub fn read(raw: RawText) -> Option<Self> {
        let text = Text::<0, MAX_TYPED_CHARACTERS>::judge(raw, "").ok()?;
        let mut code = Zeroizing::new([0; LEN]);
        let mut typed = text.reveal().chars().filter(|sign| !is_separator(*sign));
        for place in code.iter_mut() {
            let sign = match typed.next()?.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                other => other,
            };
            *place = u8::try_from(sign).ok().filter(|sign| ALPHABET.contains(sign))?;
        }
        typed.next().is_none().then_some(Self(code))
    }

    /// The code in groups of five, for its owner, once.
    #[must_use]
    pub fn reveal(&self) -> Zeroizing<String> {
        let mut out = Zeroizing::new(String::with_capacity(LEN + LEN / GROUP_LEN));
        for (index, byte) in self.0.iter().enumerate() {
            if index > 0 && index % GROUP_LEN == 0 {
                out.push('-');
            }
            out.push(char::from(*byte));
        }
        out
    }

    /// The digest that is stored and used up: HMAC-SHA256 of person and code. Compare it as a key
    /// in the store, not byte by byte.
    #[must_use]
    pub fn digest(&self, key: &Secret, staff: &[u8; 16]) -> [u8; 32] {
        let place = Place::new("sotto/v1 recovery code").part(staff).part(&*self.0);
        suite::mac(key, place.as_bytes())
    }
}

/// Ten fresh codes. They replace whatever codes the person had.
///
/// # Errors
/// [`NoRandomness`] when the operating system's source fails.
pub fn generate() -> Result<[RecoveryCode; CODES], NoRandomness> {
    Ok([
        RecoveryCode::generate()?,
        RecoveryCode::generate()?,
        RecoveryCode::generate()?,
        RecoveryCode::generate()?,
        RecoveryCode::generate()?,
        RecoveryCode::generate()?,
        RecoveryCode::generate()?,
        RecoveryCode::generate()?,
        RecoveryCode::generate()?,
        RecoveryCode::generate()?,
    ])
}

/// Whether it is a sign that people or word processors put between groups.
fn is_separator(sign: char) -> bool {
    let is_dash = matches!(sign, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}');
    // A soft hyphen, and what a word processor puts where a line may break.
    let is_unseen = matches!(sign, '\u{ad}' | '\u{200b}' | '\u{2060}' | '\u{feff}');
    sign.is_whitespace() || is_dash || is_unseen
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Option<String> {
        let raw = serde_json::from_str(&serde_json::to_string(text).unwrap()).unwrap();
        RecoveryCode::read(raw).map(|code| code.reveal().to_string())
    }

    #[test]
    fn ten_different_codes_are_read_back() {
        let codes = generate().unwrap();
        let texts: HashSet<String> = codes.iter().map(|code| code.reveal().to_string()).collect();
        assert_eq!(texts.len(), 10);
        for text in texts {
            assert_eq!(text.len(), 29);
            assert_eq!(read(&text).as_deref(), Some(&*text));
            assert_eq!(read(&text.to_lowercase().replace('-', " ")).as_deref(), Some(&*text));
        }
    }

    #[test]
    fn what_is_misread_is_read_right_and_nothing_else_is_read() {
        let right = "01101-ABCDE-FGHJK-MNPQR-STVWX";
        for text in [
            right,
            "OIlo1abcdefghjkmnpqrstvwx",
            " 01101 abcde fghjk mnpqr stvwx\n",
            "0110-1ABC-DEFG-HJKM-NPQR-STVW-X",
            "01101\u{2013}ABCDE\u{2013}FGHJK\u{2013}MNPQR\u{2013}STVWX",
            "01101\u{ad}ABCDE\u{ad}FGHJK\u{200b}MNPQR\u{2060}STVWX\u{feff}",
        ] {
            assert_eq!(read(text).as_deref(), Some(right), "{text}");
        }
        for text in [
            "",
            "01101-ABCDE-FGHJK-MNPQR-STVW",
            "01101-ABCDE-FGHJK-MNPQR-STVWXY",
            "U1101-ABCDE-FGHJK-MNPQR-STVWX",
            "\u{410}1101-ABCDE-FGHJK-MNPQR-STVWX",
            "*1101-ABCDE-FGHJK-MNPQR-STVWX",
            &format!("{right}{}", " ".repeat(64)),
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn a_digest_is_of_one_code_of_one_person_under_one_key() {
        let code = |text: &str| {
            RecoveryCode::read(serde_json::from_str(&format!("\"{text}\"")).unwrap()).unwrap()
        };
        let key = |byte| Secret::from_slice(&[byte; 32]).unwrap();
        let one = code("01101-ABCDE-FGHJK-MNPQR-STVWX");
        let digest = one.digest(&key(1), &[1; 16]);
        assert_eq!(digest, code("oil01 abcde fghjk mnpqr stvwx").digest(&key(1), &[1; 16]));
        assert_ne!(digest, one.digest(&key(2), &[1; 16]));
        assert_ne!(digest, one.digest(&key(1), &[2; 16]));
        assert_ne!(digest, code("01101-ABCDE-FGHJK-MNPQR-STVWZ").digest(&key(1), &[1; 16]));
    }

    proptest! {
        #[test]
        fn reading_never_fails_and_gives_twenty_five_characters(text in any::<String>()) {
            if let Some(code) = read(&text) {
                prop_assert_eq!(code.len(), 29);
            }
        }
    }
}
