//! The looks of a site: its name, colours, greeting and notice. Admins set them, and everybody may read them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::clock::UnixMillis;
use super::object::Object;
use super::problem::{FieldCode, FieldError};
use super::site::Site;
use super::text::is_legible;

/// Characters of a name, of the launcher's text, of a suggested question, of a greeting and of a notice.
const NAME: usize = 60;
const LAUNCHER: usize = 40;
const SUGGESTION: usize = 100;
const GREETING: usize = 500;
const NOTICE: usize = 2_000;
/// Suggested questions in a language.
const SUGGESTIONS: usize = 4;
/// Bytes of an address.
const URL_BYTES: usize = 2_000;
/// The contrast that text needs (WCAG 2.2, 1.4.3).
const CONTRAST: f64 = 4.5;
/// How long the notice before may still be agreed to: pages show it that were opened meanwhile.
const NOTICE_BEFORE_MS: UnixMillis = 60 * 60_000;
/// The version of the notice that the widget shows of itself; that of a site's own text follows a point.
const WORDING: &str = "2026-11";

/// A text in each language of a site that has one (BCP 47 primary subtags).
pub type Texts = BTreeMap<String, String>;

/// The looks of a site. All of them may be missing: the widget then has words and colours of its own.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Look {
    /// The name above the conversation.
    pub name: Option<String>,
    /// The first words in the window.
    pub greeting: Texts,
    /// Questions to ask by a click.
    pub suggested: BTreeMap<String, Vec<String>>,
    /// The colours of buttons and links.
    pub colours: Option<Colours>,
    /// The words on the button that opens the window.
    pub launcher: Texts,
    /// The address of the operator's privacy notice.
    pub privacy_url: Option<String>,
    /// The operator's own words in the notice that visitors agree to.
    pub consent: Notice,
}

/// Two colours as `#rrggbb`, of which each can be read on the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Colours {
    /// Of buttons, links and frames; can be read on white too.
    pub accent: String,
    /// Of the text on it.
    pub on_accent: String,
}

/// The operator's own words in the notice, and which version of them is in force.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Notice {
    /// The words in each language; empty for none.
    pub text: Texts,
    /// One more with each change; 0 before the first.
    pub version: u32,
    /// When they were changed.
    pub changed_ms: UnixMillis,
}

/// A look as it came, before it is judged.
#[derive(Default, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "see `Look`")]
pub struct RawLook {
    pub name: Option<String>,
    pub greeting: Option<Texts>,
    pub suggested: Option<BTreeMap<String, Vec<String>>>,
    pub colours: Option<Object<RawColours>>,
    pub launcher: Option<Texts>,
    pub privacy_url: Option<String>,
    pub consent: Option<Object<RawNotice>>,
}

/// Colours as they came.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "see `Colours`")]
pub struct RawColours {
    pub accent: Option<String>,
    pub on_accent: Option<String>,
}

/// A notice as it came, without a version, or as it was stored.
#[derive(Default, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "see `Notice`")]
pub struct RawNotice {
    pub text: Texts,
    pub version: u32,
    pub changed_ms: UnixMillis,
}

impl Look {
    /// Judges a look.
    pub(super) fn judge(mut raw: RawLook, errors: &mut Vec<FieldError>) -> Self {
        let mut refuse = |pointer, code| errors.push(FieldError { pointer, code });
        let mut judged = |pointer, text: &str, (most, but): (usize, &str)| {
            if text.chars().count() > most {
                refuse(pointer, FieldCode::TooLong);
            } else if !is_legible(text, but) {
                refuse(pointer, FieldCode::BadFormat);
            }
        };
        if let Some(name) = &raw.name {
            judged("/name", name, (NAME, ""));
        }
        let greeting = raw.greeting.take().unwrap_or_default();
        let launcher = raw.launcher.take().unwrap_or_default();
        let suggested = raw.suggested.take().unwrap_or_default();
        let consent = raw.consent.take().map(|Object(notice)| notice).unwrap_or_default();
        for text in greeting.values() {
            judged("/greeting", text, (GREETING, "\n"));
        }
        for text in launcher.values() {
            judged("/launcher", text, (LAUNCHER, ""));
        }
        for text in suggested.values().flatten() {
            judged("/suggested", text, (SUGGESTION, ""));
        }
        for text in consent.text.values() {
            judged("/consent/text", text, (NOTICE, "\n"));
        }
        if suggested.values().any(|texts| texts.len() > SUGGESTIONS) {
            refuse("/suggested", FieldCode::TooLong);
        }
        let spoken = |locale: &String| Site::SHIPPED.locales.contains(&locale.as_str());
        for (pointer, known) in [
            ("/greeting", greeting.keys().all(spoken)),
            ("/launcher", launcher.keys().all(spoken)),
            ("/suggested", suggested.keys().all(spoken)),
            ("/consent/text", consent.text.keys().all(spoken)),
        ] {
            if !known {
                refuse(pointer, FieldCode::NotAllowed);
            }
        }
        if let Some(url) = &raw.privacy_url {
            if url.len() > URL_BYTES {
                refuse("/privacy_url", FieldCode::TooLong);
            } else if !is_page(url) {
                refuse("/privacy_url", FieldCode::BadFormat);
            }
        }
        let colours = raw.colours.take().and_then(|Object(colours)| {
            Colours::judge(colours).map_err(|fault| errors.push(fault)).ok()
        });
        let RawNotice { text, version, changed_ms } = consent;
        let consent = Notice { text, version, changed_ms };
        let RawLook { name, privacy_url, .. } = raw;
        Self { name, greeting, suggested, colours, launcher, privacy_url, consent }
    }
}

impl Colours {
    fn judge(raw: RawColours) -> Result<Self, FieldError> {
        let read = |colour: Option<String>, pointer| {
            let colour = colour.ok_or(FieldError { pointer, code: FieldCode::Missing })?;
            let light =
                luminance(&colour).ok_or(FieldError { pointer, code: FieldCode::BadFormat })?;
            Ok((colour.to_ascii_lowercase(), light))
        };
        let (accent, light) = read(raw.accent, "/colours/accent")?;
        let (on_accent, light_on) = read(raw.on_accent, "/colours/on_accent")?;
        for (pointer, other) in [("/colours/accent", 1.0), ("/colours/on_accent", light_on)] {
            if contrast(light, other) < CONTRAST {
                return Err(FieldError { pointer, code: FieldCode::LowContrast });
            }
        }
        Ok(Self { accent, on_accent })
    }
}

impl Notice {
    /// The version that a visitor's consent names, as in `2026-11.2`: the widget's wording, and behind a point
    /// that of the operator's text.
    #[must_use]
    pub fn name(&self) -> String {
        match self.version {
            0 => WORDING.to_owned(),
            own => format!("{WORDING}.{own}"),
        }
    }

    /// Whether somebody may agree to a version now, as in `2026-11.2 (30, 180)`: the one in force, and for an
    /// hour the one before it.
    #[must_use]
    pub fn takes(&self, named: &str, now_ms: UnixMillis) -> bool {
        let wording = named.split(' ').next().unwrap_or_default();
        let own: u32 = wording.rsplit_once('.').and_then(|(_, own)| own.parse().ok()).unwrap_or(0);
        let is_before = own.checked_add(1) == Some(self.version);
        own == self.version
            || (is_before && now_ms < self.changed_ms.saturating_add(NOTICE_BEFORE_MS))
    }

    /// This text in the place of another one, under the next version if it is another.
    #[must_use]
    pub fn after(self, before: &Self, now_ms: UnixMillis) -> Self {
        let Self { text, .. } = self;
        if text == before.text {
            return before.clone();
        }
        Self { text, version: before.version.saturating_add(1), changed_ms: now_ms }
    }
}

/// How light a colour is, from 0 to 1 (WCAG's relative luminance); `None` for what is no `#rrggbb`.
fn luminance(colour: &str) -> Option<f64> {
    let digits = colour.strip_prefix('#').filter(|digits| digits.len() == 6)?;
    if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let part = |at: usize| {
        let value = f64::from(u8::from_str_radix(&digits[at..at + 2], 16).ok()?) / 255.0;
        Some(if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) })
    };
    Some(0.2126 * part(0)? + 0.7152 * part(2)? + 0.0722 * part(4)?)
}

fn contrast(one: f64, other: f64) -> f64 {
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// Whether an address is one of a page: `https`, with a host and without credentials.
fn is_page(url: &str) -> bool {
    let plain = url.split('#').next().unwrap_or_default();
    let read: Option<http::Uri> = plain.parse().ok();
    let host = read.as_ref().filter(|read| read.scheme_str() == Some("https"));
    host.and_then(http::Uri::authority)
        .is_some_and(|authority| !authority.host().is_empty() && !authority.as_str().contains('@'))
        && is_legible(url, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contrast_is_that_of_the_standard() {
        let of =
            |one: &str, other: &str| contrast(luminance(one).unwrap(), luminance(other).unwrap());
        assert!((of("#000000", "#ffffff") - 21.0).abs() < 1e-9);
        // The greys on both sides of the bound.
        assert!(of("#767676", "#ffffff") > 4.54 && of("#767676", "#ffffff") < 4.55);
        assert!(of("#777777", "#ffffff") > 4.47 && of("#777777", "#ffffff") < 4.48);
    }

    #[test]
    fn a_changed_text_is_another_version_and_the_one_before_holds_for_an_hour() {
        let texts = |text: &str| Texts::from([("en".to_owned(), text.to_owned())]);
        let none = Notice::default();
        assert!(none.takes("2026-11 (30, 180)", 0) && none.takes("v. anything", 0));
        assert!(
            !none.takes("2026-11.1", 0),
            "nobody has set one, or this function does not know yet"
        );
        let with =
            |text, before: &Notice, at| Notice { text, ..Notice::default() }.after(before, at);
        let first = with(texts("a"), &none, 1_000);
        assert_eq!((first.name(), first.changed_ms), ("2026-11.1".to_owned(), 1_000));
        assert_eq!(with(texts("a"), &first, 9_000), first, "the same text");
        let emptied = with(Texts::new(), &first, 2_000);
        assert_eq!(emptied.version, 2, "no text is another text");
        let hour = 2_000 + NOTICE_BEFORE_MS;
        for (named, at_ms, taken) in [
            ("2026-11.2 (30, 180)", hour, true),
            ("2026-11.2", hour, true),
            ("2027-01.2", hour, true),
            ("2026-11.1 (30, 180)", hour - 1, true),
            ("2026-11.1 (30, 180)", hour, false),
            ("2026-11", hour - 1, false),
            ("2026-11.3", hour - 1, false),
            ("2026-11.x", hour - 1, false),
            ("", hour, false),
        ] {
            assert_eq!(emptied.takes(named, at_ms), taken, "{named} at {at_ms}");
        }
        assert!(first.takes("2026-11", 1_000), "the one before had no text of the operator's");
        assert!(!first.takes("2026-11", 1_000 + NOTICE_BEFORE_MS));
    }
}
