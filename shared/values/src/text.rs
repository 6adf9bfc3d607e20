//! Text from outside: kept byte for byte, or refused.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Visitor};
use zeroize::Zeroizing;

use super::problem::{FieldCode, FieldError};
use super::secret::Plaintext;

/// Characters of the longest message, of a visitor and of an agent.
pub const MESSAGE_CHARACTERS: usize = 4_000;

/// A JSON string as it came, before it is judged. Lone surrogates (`"\ud800"`) arrive as bytes that
/// are no UTF-8, so that they are refused as a value and not as broken JSON. No `Debug`.
pub struct RawText(Zeroizing<Vec<u8>>);

impl RawText {
    /// The text; nothing where it is not well-formed Unicode.
    pub(super) fn into_text(mut self) -> Option<String> {
        String::from_utf8(std::mem::take(&mut *self.0)).ok()
    }
}

impl From<&str> for RawText {
    fn from(text: &str) -> Self {
        Self(Zeroizing::new(text.as_bytes().to_vec()))
    }
}

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

/// A character that shows nothing where it stands, or turns others around: fillers and joints of no
/// width, byte order marks, overrides, embeddings and isolates of direction (Unicode's
/// `Default_Ignorable_Code_Point` and `Bidi_Control`).
#[must_use]
pub fn is_unseen(sign: char) -> bool {
    matches!(sign,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// Whether a character turns the direction of others: text with one reads otherwise than it is.
fn turns(sign: char) -> bool {
    matches!(sign, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Whether somebody who looks at the text sees anything.
#[must_use]
pub fn is_visible(text: &str) -> bool {
    // The braille pattern without dots is a letter that shows nothing.
    let shows = |sign: char| {
        !sign.is_whitespace() && !sign.is_control() && !is_unseen(sign) && sign != '\u{2800}'
    };
    text.chars().any(shows)
}

/// Whether a text can be seen and reads as it is: without control characters, except those of `but`, and
/// without any that turn the direction.
#[must_use]
pub fn is_legible(text: &str, but: &str) -> bool {
    let breaks = |sign: char| sign.is_control() || matches!(sign, '\u{2028}' | '\u{2029}');
    let refused = |sign: char| turns(sign) || (breaks(sign) && !but.contains(sign));
    is_visible(text) && !text.chars().any(refused)
}

/// The name of a person or key, or a reason: [`Text`] that can be seen, and that reads as it is. It
/// has no control characters and none that turn the direction; [`Named::line`] has one line.
pub struct Named<const MIN: usize, const MAX: usize>(Text<MIN, MAX>);

impl<const MIN: usize, const MAX: usize> Named<MIN, MAX> {
    /// Judges a name, the value at `pointer`, which must be there.
    ///
    /// # Errors
    /// As [`Text::required`]; [`FieldCode::BadFormat`].
    pub fn line(raw: Option<RawText>, pointer: &'static str) -> Result<Self, FieldError> {
        Self::of(Text::required(raw, pointer)?, pointer, "")
    }

    /// Judges a text of one line or more, which must be there.
    ///
    /// # Errors
    /// As [`Named::line`].
    pub fn lines(raw: Option<RawText>, pointer: &'static str) -> Result<Self, FieldError> {
        Self::of(Text::required(raw, pointer)?, pointer, "\n\r\t")
    }

    fn of(text: Text<MIN, MAX>, pointer: &'static str, but: &str) -> Result<Self, FieldError> {
        if !is_legible(text.reveal(), but) {
            return Err(FieldError { pointer, code: FieldCode::BadFormat });
        }
        Ok(Self(text))
    }

    /// The text itself, for the code that answers or seals it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        self.0.reveal()
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
    fn a_name_is_seen_and_reads_as_it_is() {
        fn named(text: &str) -> Option<FieldCode> {
            let raw = serde_json::from_str(&serde_json::to_string(text).unwrap()).unwrap();
            Named::<1, 60>::line(Some(raw), "/name").err().map(|error| error.code)
        }
        let family = "\u{1F468}\u{200D}\u{1F469}\u{200D}\u{1F467}";
        for text in
            ["Ada", "Jos\u{e9} O'Hara-Nguy\u{1ec5}n", "\u{645}\u{62d}\u{645}\u{62f}", family, "x"]
        {
            assert_eq!(named(text), None, "{text:?}");
        }
        for text in [
            " ",
            "\u{a0}\u{3000}",
            "\u{200b}",
            "\u{200b} \u{feff}",
            "\u{2800}",
            "\u{3164}",
            "\u{ad}",
            "\u{e0041}",
            "Ada\u{202e}nimda",
            "\u{2066}Ada",
            "Ada\u{200f}",
            "Ada\nadmin",
            "Ada\u{2028}x",
            "Ada\0",
            "Ada\u{85}",
        ] {
            assert_eq!(named(text), Some(FieldCode::BadFormat), "{text:?}");
        }
        assert_eq!(named(""), Some(FieldCode::TooShort));
    }

    #[test]
    fn what_is_no_text_is_refused_and_not_altered() {
        assert_eq!(judged(r#""\ud800""#), Err(FieldCode::NotUnicode));
        assert_eq!(judged(r#""a\udfff""#), Err(FieldCode::NotUnicode));
        assert_eq!(judged(r#""""#), Err(FieldCode::TooShort));
        assert_eq!(judged(&format!("\"{}\"", "x".repeat(4001))), Err(FieldCode::TooLong));
    }
}
