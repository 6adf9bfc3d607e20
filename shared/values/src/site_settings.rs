//! Settings of a site that its admins edit, as far as visitors are served by them.

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;

use super::clock::UnixMillis;
use super::internet::Reach;
use super::look::{Look, RawLook};
use super::object::Object;
use super::opening_hours::{OpeningHours, RawOpeningHours, Zone};
use super::problem::{FieldCode, FieldError};
use super::text::{is_unseen, is_visible};

/// How long after closing time agents may take who waits.
const AFTER_CLOSING_MS: UnixMillis = 10 * 60_000;
/// Words that hand over at most.
const WORDS: usize = 200;
/// Topics that hand over at most.
const TOPICS: usize = 200;
/// Characters of such a word, or of a few of them that belong together.
const WORD_CHARACTERS: usize = 60;
/// The highest wage.
const MAX_WAGE: f64 = 100_000.0;
/// Origins at most.
const ORIGINS: usize = 50;
/// Bytes of an origin: those of the longest name of a host, its scheme and port.
const ORIGIN_BYTES: usize = 267;
/// Characters of a webhook's address.
const URL_BYTES: usize = 2_000;

/// What an admin sets of a site.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct SiteSettings {
    /// Its looks.
    #[serde(flatten)]
    pub look: Look,
    /// Pages that may embed the widget beside those that the deployment names: scheme, host and port.
    pub origins: Vec<String>,
    /// When people are there; `None` for always.
    pub opening_hours: Option<OpeningHours>,
    /// When the bot hands over by itself.
    pub handover: HandoverRules,
    /// What an hour of an agent costs, for the reports, in the operator's currency.
    pub hourly_wage: Option<f64>,
}

/// When the bot hands a conversation over to a person by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HandoverRules {
    /// Words that hand over at once, as whole words whatever their case.
    pub words: Vec<String>,
    /// Ids of the entries whose questions a person answers, while one is there.
    pub topics: Vec<String>,
    /// After so many answers in a row that the bot did not know it offers a person; before, it asks for
    /// other words.
    pub after_unknown: u8,
}

impl HandoverRules {
    /// Answers in a row that the bot did not know, until an admin sets another number.
    pub const AFTER_UNKNOWN: u8 = 2;
}

impl Default for HandoverRules {
    fn default() -> Self {
        Self { words: Vec::new(), topics: Vec::new(), after_unknown: Self::AFTER_UNKNOWN }
    }
}

/// Settings as they came, before they are judged. What is left out is as nobody has set it. What is not known
/// was stored by a later release, and is passed over after a rollback.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct RawSiteSettings {
    /// See [`SiteSettings::look`].
    #[serde(flatten)]
    pub look: RawLook,
    /// See [`SiteSettings::origins`].
    pub origins: Option<Vec<String>>,
    /// See [`SiteSettings::opening_hours`].
    pub opening_hours: Option<Object<RawOpeningHours>>,
    /// See [`SiteSettings::handover`].
    pub handover: Option<Object<RawHandoverRules>>,
    /// See [`SiteSettings::hourly_wage`].
    pub hourly_wage: Option<f64>,
}

/// Rules as they came.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawHandoverRules {
    words: Option<Vec<String>>,
    topics: Option<Vec<String>>,
    after_unknown: Option<u64>,
}

impl SiteSettings {
    /// Judges settings.
    ///
    /// # Errors
    /// Every fault, with its pointer.
    pub fn judge(raw: RawSiteSettings) -> Result<Self, Vec<FieldError>> {
        let mut errors = Vec::new();
        let look = Look::judge(raw.look, &mut errors);
        let origins = raw.origins.unwrap_or_default();
        if origins.len() > ORIGINS {
            errors.push(FieldError { pointer: "/origins", code: FieldCode::TooLong });
        }
        if !origins.iter().all(|origin| is_origin(origin)) {
            errors.push(FieldError { pointer: "/origins", code: FieldCode::BadFormat });
        }
        let opening_hours = raw.opening_hours.and_then(|Object(raw)| {
            OpeningHours::judge(raw).map_err(|faults| errors.extend(faults)).ok()
        });
        let handover = raw.handover.map(|Object(raw)| HandoverRules::judge(raw, &mut errors));
        let hourly_wage = raw.hourly_wage;
        if let Some(wage) = hourly_wage {
            if wage < 0.0 {
                errors.push(FieldError { pointer: "/hourly_wage", code: FieldCode::TooSmall });
            } else if wage > MAX_WAGE {
                errors.push(FieldError { pointer: "/hourly_wage", code: FieldCode::TooLarge });
            }
        }
        let handover = handover.unwrap_or_default();
        if errors.is_empty() {
            Ok(Self { look, origins, opening_hours, handover, hourly_wage })
        } else {
            Err(errors)
        }
    }

    /// The site's time zone; universal time without opening hours.
    #[must_use]
    pub fn zone(&self) -> Zone {
        self.opening_hours.as_ref().map_or(Zone::UTC, |hours| hours.zone().clone())
    }

    /// Whether the site is open. One without opening hours always is.
    #[must_use]
    pub fn open_at(&self, at_ms: UnixMillis) -> bool {
        self.opening_hours.as_ref().is_none_or(|hours| hours.open_at(at_ms))
    }

    /// Whether somebody may wait for a person: while the site is open, and for ten minutes after, in which
    /// agents may take who waits.
    #[must_use]
    pub fn queues_at(&self, at_ms: UnixMillis) -> bool {
        self.open_at(at_ms) || self.open_at(at_ms - AFTER_CLOSING_MS)
    }

    /// When a closed site opens next; `None` for an open one, and for one that stays closed for 60 days.
    #[must_use]
    pub fn next_opening(&self, at_ms: UnixMillis) -> Option<UnixMillis> {
        let hours = self.opening_hours.as_ref()?;
        hours.next_opening(at_ms).filter(|next_ms| at_ms < *next_ms)
    }
}

impl HandoverRules {
    /// Whether a text has one of the words, as whole words, whatever their case.
    #[must_use]
    pub fn is_named_in(&self, text: &str) -> bool {
        if self.words.is_empty() {
            return false;
        }
        let said = folded(text);
        self.words.iter().any(|word| {
            let wanted = folded(word);
            // Some scripts have no gaps between words.
            let is_joined = wanted.contains(|sign: char| matches!(sign,
                '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}'));
            let bare = wanted.trim_matches(' ');
            !bare.is_empty() && said.contains(if is_joined { bare } else { &wanted })
        })
    }

    fn judge(raw: RawHandoverRules, errors: &mut Vec<FieldError>) -> Self {
        let mut refuse = |pointer, code| errors.push(FieldError { pointer, code });
        let words = raw.words.unwrap_or_default();
        if words.len() > WORDS || words.iter().any(|word| word.chars().count() > WORD_CHARACTERS) {
            refuse("/handover/words", FieldCode::TooLong);
        }
        // A word without a letter or digit is no word of any text.
        if words.iter().any(|word| !is_visible(word) || !word.contains(char::is_alphanumeric)) {
            refuse("/handover/words", FieldCode::BadFormat);
        }
        let topics = raw.topics.unwrap_or_default();
        if topics.len() > TOPICS {
            refuse("/handover/topics", FieldCode::TooLong);
        }
        let is_id = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if topics.iter().any(|id| !(1..=10).contains(&id.len()) || !id.bytes().all(is_id)) {
            refuse("/handover/topics", FieldCode::BadFormat);
        }
        let after_unknown = raw.after_unknown.unwrap_or(u64::from(Self::AFTER_UNKNOWN));
        match after_unknown {
            0 => refuse("/handover/after_unknown", FieldCode::TooSmall),
            1..=5 => {}
            _ => refuse("/handover/after_unknown", FieldCode::TooLarge),
        }
        let after_unknown = u8::try_from(after_unknown).unwrap_or(Self::AFTER_UNKNOWN);
        Self { words, topics, after_unknown }
    }
}

/// Whether a browser sends this as the origin of a page (RFC 6454): `https`, a host in small letters, a port
/// if it is not the usual one. Pages that are not encrypted may not embed the widget.
fn is_origin(origin: &str) -> bool {
    let Some(rest) = origin.strip_prefix("https://") else { return false };
    let (host, port) = rest.split_once(':').map_or((rest, None), |(host, port)| (host, Some(port)));
    let is_part = |part: &str| {
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        (1..=63).contains(&part.len())
            && part.bytes().all(fits)
            && !part.starts_with('-')
            && !part.ends_with('-')
    };
    let is_port = |port: &str| {
        !port.starts_with('0')
            && port.parse::<u16>().is_ok_and(|number| number != 443)
            && port.bytes().all(|byte| byte.is_ascii_digit())
    };
    origin.len() <= ORIGIN_BYTES && host.split('.').all(is_part) && port.is_none_or(is_port)
}

/// The words of a text, each with a space before and behind it: compatible forms and case folded, what
/// is not seen left out.
fn folded(text: &str) -> String {
    let seen: String = text.chars().filter(|sign| !is_unseen(*sign)).nfkc().collect();
    // By way of the capitals both "ß" and "ss" become the same, and so do all forms of a sigma.
    let lower = seen.to_uppercase().to_lowercase();
    let words = lower.split(|sign: char| !sign.is_alphanumeric()).filter(|word| !word.is_empty());
    words.fold(" ".to_owned(), |all, word| all + word + " ")
}

/// An event that a webhook is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WebhookEvent {
    /// A contact was left.
    Lead,
    /// An incident was opened.
    Incident,
}

impl WebhookEvent {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Lead, Self::Incident];

    /// The word in requests, responses and calls.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Lead => "lead",
            Self::Incident => "incident",
        }
    }

    /// Judges a list, the value at `/webhook/events`: some of them, each once. A list that is left out asks for
    /// contacts.
    ///
    /// # Errors
    /// [`FieldError`].
    pub fn judge(words: Option<Vec<String>>) -> Result<Vec<Self>, FieldError> {
        let Some(words) = words else { return Ok(vec![Self::Lead]) };
        let is_named = |event: &Self| words.iter().any(|word| word == event.as_str());
        let events: Vec<_> = Self::ALL.into_iter().filter(is_named).collect();
        if words.is_empty() || events.len() != words.len() {
            return Err(FieldError { pointer: "/webhook/events", code: FieldCode::NotAllowed });
        }
        Ok(events)
    }
}

/// The address of a webhook: `https`, with a host, without credentials and fragment. Where a name leads is
/// judged when it is called, since it may lead elsewhere by then. No `Debug`: it may hold a token of the
/// receiver's.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookUrl(String);

impl WebhookUrl {
    /// Judges an address, the value at `/webhook/url`.
    ///
    /// # Errors
    /// One [`FieldError`].
    pub fn judge(url: String, reach: Reach) -> Result<Self, FieldError> {
        let refused = |code| FieldError { pointer: "/webhook/url", code };
        if url.len() > URL_BYTES {
            return Err(refused(FieldCode::TooLong));
        }
        let read: http::Uri = url.parse().map_err(|_| refused(FieldCode::BadFormat))?;
        let (Some(scheme), Some(authority)) = (read.scheme_str(), read.authority()) else {
            return Err(refused(FieldCode::BadFormat));
        };
        if scheme != "https" && (scheme != "http" || reach == Reach::Public) {
            return Err(refused(FieldCode::NotAllowed));
        }
        let host = authority.host();
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        if host.parse().is_ok_and(|address| !reach.holds(address)) {
            return Err(refused(FieldCode::NotAllowed));
        }
        let port = read.port_u16().is_some_and(|port| port > 0);
        let has_port = authority.as_str().rsplit(']').next().is_some_and(|rest| rest.contains(':'));
        if authority.as_str().contains('@')
            || host.is_empty()
            || (has_port && !port)
            || url.contains('#')
        {
            return Err(refused(FieldCode::BadFormat));
        }
        Ok(Self(url))
    }

    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn judged(settings: Value) -> Result<SiteSettings, Vec<(&'static str, FieldCode)>> {
        let raw: RawSiteSettings = serde_json::from_value(settings).unwrap();
        let named = |errors: Vec<FieldError>| {
            errors.into_iter().map(|error| (error.pointer, error.code)).collect()
        };
        SiteSettings::judge(raw).map_err(named)
    }

    #[test]
    fn a_site_that_nobody_has_set_is_always_open_and_what_is_written_is_read_again() {
        let settings = judged(json!({})).unwrap();
        assert!(settings.open_at(0) && settings.next_opening(0).is_none());
        assert_eq!(settings, SiteSettings::default());
        let given = json!({
            "opening_hours": { "time_zone": "Asia/Tokyo", "week": { "mon": [["09:00", "17:00"]] } },
            "handover": { "words": ["Anwalt", "my lawyer"], "topics": ["refund-2"], "after_unknown": 3 },
            "hourly_wage": 28.5,
            "name": "Shop", "greeting": { "en": "Hello!\nAsk away." }, "suggested": { "de": ["Wo?"] },
            "colours": { "accent": "#0B5A8F", "on_accent": "#ffffff" }, "launcher": { "en": "Ask" },
            "privacy_url": "https://shop.example/privacy#chat", "origins": ["https://shop.example"],
            "consent": { "text": { "en": "We too." }, "version": 3, "changed_ms": 5 }, "of_a_later_release": 1,
        });
        let settings = judged(given).unwrap();
        assert_eq!(settings.look.colours.as_ref().unwrap().accent, "#0b5a8f");
        assert_eq!(settings.look.consent.name(), "2026-11.3");
        assert_eq!(settings.handover.after_unknown, 3);
        assert_eq!(settings.zone().name(), "Asia/Tokyo");
        assert!(!settings.open_at(0) && settings.next_opening(0).is_some());
        assert_eq!(judged(serde_json::to_value(&settings).unwrap()), Ok(settings));
    }

    #[test]
    fn an_origin_is_what_a_browser_sends() {
        for good in [
            "https://shop.example",
            "https://www.shop.example:8443",
            "https://localhost",
            "https://xn--mller-kva.example",
        ] {
            assert!(is_origin(good), "{good}");
        }
        for bad in [
            "",
            "https://",
            "shop.example",
            "http://shop.example",
            "https://shop.example/",
            "https://shop.example:443",
            "https://shop.example:0",
            "https://shop.example:+1",
            "https://shop.example:",
            "https://Shop.example",
            "https://*.shop.example",
            "https://me@shop.example",
            "https://shop..example",
            "https://-a.example",
            "https://müller.example",
            "https://shop.example?x",
            "null",
            "*",
        ] {
            assert!(!is_origin(bad), "{bad}");
        }
    }

    #[test]
    fn faults_are_named() {
        let (words, topics) = ("/handover/words", "/handover/topics");
        for (settings, expected) in [
            (json!({ "handover": { "words": [""] } }), (words, FieldCode::BadFormat)),
            (json!({ "handover": { "words": ["?!"] } }), (words, FieldCode::BadFormat)),
            (json!({ "handover": { "words": ["a".repeat(61)] } }), (words, FieldCode::TooLong)),
            (json!({ "handover": { "words": vec!["a"; 201] } }), (words, FieldCode::TooLong)),
            (json!({ "handover": { "topics": ["Refund"] } }), (topics, FieldCode::BadFormat)),
            (json!({ "handover": { "topics": ["a".repeat(11)] } }), (topics, FieldCode::BadFormat)),
            (json!({ "handover": { "topics": [""] } }), (topics, FieldCode::BadFormat)),
            (json!({ "handover": { "topics": vec!["a"; 201] } }), (topics, FieldCode::TooLong)),
            (
                json!({ "handover": { "after_unknown": 0 } }),
                ("/handover/after_unknown", FieldCode::TooSmall),
            ),
            (
                json!({ "handover": { "after_unknown": 6 } }),
                ("/handover/after_unknown", FieldCode::TooLarge),
            ),
            (json!({ "origins": vec!["https://a.example"; 51] }), ("/origins", FieldCode::TooLong)),
            (json!({ "origins": ["https://a.example/"] }), ("/origins", FieldCode::BadFormat)),
            (json!({ "name": "" }), ("/name", FieldCode::BadFormat)),
            (json!({ "name": "Shop\u{202e}x" }), ("/name", FieldCode::BadFormat)),
            (json!({ "name": "x".repeat(61) }), ("/name", FieldCode::TooLong)),
            (json!({ "greeting": { "fr": "Bonjour" } }), ("/greeting", FieldCode::NotAllowed)),
            (json!({ "greeting": { "en": " " } }), ("/greeting", FieldCode::BadFormat)),
            (json!({ "greeting": { "en": "x".repeat(501) } }), ("/greeting", FieldCode::TooLong)),
            (json!({ "launcher": { "de": "a\nb" } }), ("/launcher", FieldCode::BadFormat)),
            (
                json!({ "suggested": { "en": ["a", "b", "c", "d", "e"] } }),
                ("/suggested", FieldCode::TooLong),
            ),
            (json!({ "suggested": { "en": [""] } }), ("/suggested", FieldCode::BadFormat)),
            (
                json!({ "consent": { "text": { "en": "x".repeat(2001) } } }),
                ("/consent/text", FieldCode::TooLong),
            ),
            (
                json!({ "privacy_url": "http://shop.example/privacy" }),
                ("/privacy_url", FieldCode::BadFormat),
            ),
            (
                json!({ "privacy_url": "javascript:alert(1)" }),
                ("/privacy_url", FieldCode::BadFormat),
            ),
            (
                json!({ "privacy_url": "https://a@shop.example/" }),
                ("/privacy_url", FieldCode::BadFormat),
            ),
            (
                json!({ "colours": { "accent": "#8a8a8a", "on_accent": "#000000" } }),
                ("/colours/accent", FieldCode::LowContrast),
            ),
            (
                json!({ "colours": { "accent": "#0b5a8f", "on_accent": "#333333" } }),
                ("/colours/on_accent", FieldCode::LowContrast),
            ),
            (
                json!({ "colours": { "accent": "#0b5a8f" } }),
                ("/colours/on_accent", FieldCode::Missing),
            ),
            (
                json!({ "colours": { "accent": "0b5a8f", "on_accent": "#ffffff" } }),
                ("/colours/accent", FieldCode::BadFormat),
            ),
            (
                json!({ "colours": { "accent": "#0b5a8é", "on_accent": "#ffffff" } }),
                ("/colours/accent", FieldCode::BadFormat),
            ),
            (json!({ "hourly_wage": -0.01 }), ("/hourly_wage", FieldCode::TooSmall)),
            (json!({ "hourly_wage": 1e300 }), ("/hourly_wage", FieldCode::TooLarge)),
            (
                json!({ "opening_hours": { "week": {} } }),
                ("/opening_hours/time_zone", FieldCode::Missing),
            ),
        ] {
            assert_eq!(judged(settings.clone()).unwrap_err(), [expected], "{settings}");
        }
    }

    #[test]
    fn a_word_hands_over_as_a_whole_word_whatever_its_case_or_script() {
        let named = |word: &str, text: &str| {
            let words = vec!["unsaid".to_owned(), word.to_owned()];
            HandoverRules { words, ..HandoverRules::default() }.is_named_in(text)
        };
        for (word, text) in [
            ("lawyer", "I call my LAWYER!"),
            ("lawyer", "lawyer"),
            ("Lawyer", "law\u{200b}yer"),
            ("my lawyer", "talk to my,  lawyer"),
            ("Straße", "die STRASSE"),
            ("strasse", "Straße."),
            ("Anwältin", "Anwa\u{308}ltin?"),
            ("адвокат", "Мой АДВОКАТ сказал"),
            ("ΟΔΟΣ", "οδος"),
            ("律师", "我要找律师谈"),
            ("弁護士", "弁護士に相談する"),
            ("ｌａｗ", "law"),
        ] {
            assert!(named(word, text), "{word} in {text}");
        }
        for (word, text) in [
            ("law", "lawyer"),
            ("law", "outlaw"),
            ("my lawyer", "my good lawyer"),
            ("lawyer", "law yer"),
            ("lawyer", ""),
            ("адвокат", "адвокаты"),
        ] {
            assert!(!named(word, text), "{word} in {text}");
        }
    }

    #[test]
    fn a_webhook_is_for_some_events_each_once() {
        let judged = |words: &[&str]| {
            let words = words.iter().map(|word| (*word).to_owned()).collect();
            WebhookEvent::judge(Some(words)).ok()
        };
        let (lead, incident) = (WebhookEvent::Lead, WebhookEvent::Incident);
        assert_eq!(WebhookEvent::judge(None), Ok(vec![lead]));
        assert_eq!(judged(&["lead"]), Some(vec![lead]));
        assert_eq!(judged(&["incident"]), Some(vec![incident]));
        assert_eq!(judged(&["incident", "lead"]), Some(vec![lead, incident]));
        let bad: [&[&str]; 4] = [&[], &["message"], &["lead", "lead"], &["lead", "message"]];
        for words in bad {
            assert_eq!(judged(words), None, "{words:?}");
        }
    }

    #[test]
    fn an_address_of_a_webhook_is_https_with_a_host_and_nothing_secret_in_front_of_it() {
        for good in [
            "https://crm.example/hook?x=1",
            "https://crm.example:8443",
            "https://[2001:4860:4860::8888]/",
        ] {
            assert!(WebhookUrl::judge(good.to_owned(), Reach::Public).is_ok(), "{good}");
        }
        for bad in [
            "",
            "/hook",
            "crm.example",
            "http://crm.example/",
            "ftp://crm.example/",
            "https://",
            "https:///hook",
            "https://me:secret@crm.example/",
            "https://crm.example/#x",
            "https://crm.example:0/",
            "https://crm.example:99999/",
            "https://crm example/",
            "https://crm.example/\n",
            "https://127.0.0.1/hook",
            "https://10.1.2.3:8443/hook",
            "https://169.254.169.254/latest/meta-data",
            "https://[::1]/hook",
            "https://[fd00:ec2::254]/",
            "https://[::ffff:10.0.0.1]/",
        ] {
            assert!(WebhookUrl::judge(bad.to_owned(), Reach::Public).is_err(), "{bad}");
        }
        for local in ["http://127.0.0.1:8080/", "https://[::1]/", "http://localhost/"] {
            assert!(WebhookUrl::judge(local.to_owned(), Reach::Anywhere).is_ok(), "{local}");
        }
        let other = "ftp://crm.example/".to_owned();
        assert!(WebhookUrl::judge(other, Reach::Anywhere).is_err());
        let long = format!("https://crm.example/{}", "a".repeat(URL_BYTES));
        assert_eq!(
            WebhookUrl::judge(long, Reach::Public).err().map(|error| error.code),
            Some(FieldCode::TooLong)
        );
    }
}
