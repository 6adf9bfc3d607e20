//! Text from outside: kept byte for byte, or refused.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Visitor};
use zeroize::Zeroizing;

use super::problem::{FieldCode, FieldError};
use super::secret::Plaintext;

/// A JSON string as it came, before it is judged. Lone surrogates (`"\ud800"`) arrive as bytes that
/// are no UTF-8, so that they are refused as a value and not as broken JSON. No `Debug`.
pub struct RawText(Zeroizing<Vec<u8>>);

impl<'de> Deserialize<'de> for RawText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl Visitor<'_> for Bytes {
            type Value = RawText;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a string")
            }

            fn visit_str<E>(self, text: &str) -> Result<RawText, E> {
                Ok(RawText(Zeroizing::new(text.as_bytes().to_vec())))
            }

            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<RawText, E> {
                Ok(RawText(Zeroizing::new(bytes.to_vec())))
            }
        }
        deserializer.deserialize_bytes(Bytes)
    }
}

/// Text of `MIN` to `MAX` characters (Unicode scalar values). It may hold any character there is,
/// NUL and overrides of direction included; it is never trimmed, folded or normalised. No `Debug`.
pub struct Text<const MIN: usize, const MAX: usize>(Plaintext);

impl<const MIN: usize, const MAX: usize> Text<MIN, MAX> {
    /// Judges `raw`, the value at `pointer` (RFC 6901).
    ///
    /// # Errors
    /// One [`FieldError`] that says what is wrong and never repeats the value.
    pub fn judge(mut raw: RawText, pointer: &'static str) -> Result<Self, FieldError> {
        let refused = |code| FieldError { pointer, code };
        let text = std::str::from_utf8(&raw.0).map_err(|_| refused(FieldCode::NotUnicode))?;
        let characters = text.chars().count();
        if characters < MIN {
            return Err(refused(FieldCode::TooShort));
        }
        if characters > MAX {
            return Err(refused(FieldCode::TooLong));
        }
        Ok(Self(Plaintext::new(std::mem::take(&mut *raw.0))))
    }

    /// Judges a value that must be there.
    ///
    /// # Errors
    /// As [`Text::judge`]; [`FieldCode::Missing`] when there is none.
    pub fn required(raw: Option<RawText>, pointer: &'static str) -> Result<Self, FieldError> {
        let missing = FieldError { pointer, code: FieldCode::Missing };
        Self::judge(raw.ok_or(missing)?, pointer)
    }

    /// The text itself, for the code that answers or seals it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        self.0.reveal_text().unwrap_or_default()
    }
}

/// Judges an optional value: absent stays absent.
///
/// # Errors
/// As [`Text::judge`].
pub fn judge_optional<const MIN: usize, const MAX: usize>(
    raw: Option<RawText>,
    pointer: &'static str,
) -> Result<Option<Text<MIN, MAX>>, FieldError> {
    raw.map(|raw| Text::judge(raw, pointer)).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(json: &str) -> Result<String, FieldCode> {
        let raw: RawText = serde_json::from_str(json).unwrap();
        Text::<1, 4000>::judge(raw, "/text")
            .map(|text| text.reveal().to_owned())
            .map_err(|error| error.code)
    }

    #[test]
    fn every_character_is_kept() {
        for text in ["\0", "\u{202e}abc", "é", "e\u{301}", " x ", &"\u{1F600}".repeat(4000)] {
            assert_eq!(judged(&serde_json::to_string(text).unwrap()).unwrap(), text);
        }
    }

    #[test]
    fn what_is_no_text_is_refused_and_not_altered() {
        assert_eq!(judged(r#""\ud800""#), Err(FieldCode::NotUnicode));
        assert_eq!(judged(r#""a\udfff""#), Err(FieldCode::NotUnicode));
        assert_eq!(judged(r#""""#), Err(FieldCode::TooShort));
        assert_eq!(judged(&format!("\"{}\"", "x".repeat(4001))), Err(FieldCode::TooLong));
    }
}
