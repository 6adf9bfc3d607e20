//! An e-mail address: of the staff, of a visitor's contact, and of a person who is searched for.

use idna::AsciiDenyList;
use unicode_normalization::UnicodeNormalization;

use super::problem::{FieldCode, FieldError};
use super::text::{RawText, Text, is_unseen};

/// An address in its one form, whatever keyboard, form or program it came through: without blanks
/// around it and characters that nobody sees, in NFC and lower case, the domain as the DNS has it
/// (UTS 46, RFC 5890) and without the dot at its end. So one mailbox has one name in sign-ins, in
/// invitations, in the index of contacts and in a search. No `Debug`.
#[derive(Clone)]
pub struct Address {
    canonical: String,
    written: String,
}

impl Address {
    /// Judges `raw`, the value at `pointer`.
    ///
    /// # Errors
    /// One [`FieldError`].
    pub fn judge(raw: Option<RawText>, pointer: &'static str) -> Result<Self, FieldError> {
        let text: Text<3, 254> = Text::required(raw, pointer)?;
        Self::read(text.reveal()).ok_or(FieldError { pointer, code: FieldCode::BadFormat })
    }

    /// Reads an address; `None` for what is none, such as a link (`mailto:`) or a name with an address.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let seen = text.chars().filter(|sign| !is_unseen(*sign)).nfc().collect::<String>();
        let seen = seen.trim();
        let (local, domain) = seen.split_once('@')?;
        let is_plain = |sign: char| {
            !sign.is_whitespace() && !sign.is_control() && !"()<>[]:;,\"\\@".contains(sign)
        };
        let is_local =
            !local.is_empty() && local.chars().count() <= 64 && local.chars().all(is_plain);
        let domain = domain.strip_suffix('.').unwrap_or(domain);
        if !is_local || domain.contains('@') {
            return None;
        }
        let domain = idna::domain_to_ascii_cow(domain.as_bytes(), AsciiDenyList::URL).ok()?;
        let is_label = |label: &str| {
            let signs = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
            (1..=63).contains(&label.len()) && label.bytes().all(signs)
        };
        let canonical = format!("{}@{domain}", local.to_lowercase().nfc().collect::<String>());
        let whole = domain.split('.').all(is_label) && canonical.len() <= 254;
        whole.then(|| Self { canonical, written: seen.to_owned() })
    }

    /// The address in its one form, for what is derived from it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.canonical
    }

    /// The address as its owner writes it.
    #[must_use]
    pub fn written(&self) -> &str {
        &self.written
    }

    /// Whether it may be somebody's of the staff: letters that only look like ASCII are refused, so no
    /// two accounts look alike, and the domain is one of the DNS.
    #[must_use]
    pub fn is_of_staff(&self) -> bool {
        let (_, domain) = self.canonical.split_once('@').unwrap_or_default();
        self.canonical.is_ascii() && domain.contains('.')
    }

    /// The forms under which an older release may have put it into the index: it took an address as it
    /// was written, in lower case. `typed` is what is searched for.
    #[must_use]
    pub fn older_forms(&self, typed: &str) -> Vec<String> {
        let (local, domain) = self.canonical.split_once('@').unwrap_or_default();
        let (domain, _) = idna::domain_to_unicode(domain);
        let unicode = format!("{local}@{domain}");
        let lower = |text: &str| text.trim().to_lowercase();
        let mut forms = vec![
            lower(typed),
            lower(&self.written),
            unicode.nfd().collect(),
            self.canonical.nfd().collect(),
            format!("{}.", self.canonical),
            unicode,
        ];
        forms.sort();
        forms.dedup();
        forms.retain(|form| *form != self.canonical);
        forms
    }
}

impl PartialEq for Address {
    fn eq(&self, other: &Self) -> bool {
        self.canonical == other.canonical
    }
}

impl Eq for Address {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_one_form() {
        for (text, read) in [
            ("Ada@Example.org", Some("ada@example.org")),
            ("a.b+c@x-1.example", Some("a.b+c@x-1.example")),
            (" ada@example.org\t", Some("ada@example.org")),
            ("ada@example.org\n", Some("ada@example.org")),
            ("ada@example.org.", Some("ada@example.org")),
            ("ad\u{200b}a@exam\u{ad}ple.org\u{feff}", Some("ada@example.org")),
            ("\u{202a}ada@example.org\u{202c}", Some("ada@example.org")),
            ("ada@m\u{fc}ller.example", Some("ada@xn--mller-kva.example")),
            ("ada@mu\u{308}ller.example", Some("ada@xn--mller-kva.example")),
            ("ada@M\u{dc}LLER.example", Some("ada@xn--mller-kva.example")),
            ("ada@xn--mller-kva.example", Some("ada@xn--mller-kva.example")),
            ("ada@XN--MLLER-KVA.example", Some("ada@xn--mller-kva.example")),
            ("ada@example\u{3002}org", Some("ada@example.org")),
            ("ada@\u{ff45}xample.org", Some("ada@example.org")),
            ("j\u{fc}rgen@m\u{fc}ller.example", Some("j\u{fc}rgen@xn--mller-kva.example")),
            ("ju\u{308}rgen@example.org", Some("j\u{fc}rgen@example.org")),
            ("a@b", Some("a@b")),
            ("mailto:ada@example.org", None),
            ("Ada <ada@example.org>", None),
            ("<ada@example.org>", None),
            ("ada@example.org, bob@example.org", None),
            ("ada@example..org", None),
            ("ada@.example.org", None),
            ("ada@example.org..", None),
            ("@example.org", None),
            ("ada@", None),
            ("ada", None),
            ("a@b@example.org", None),
            ("a da@example.org", None),
            ("ada@exa mple.org", None),
            ("ada@[192.0.2.1]", None),
            ("\u{200b}@example.org", None),
        ] {
            let address = Address::read(text);
            assert_eq!(address.as_ref().map(Address::reveal), read, "{text:?}");
        }
    }

    #[test]
    fn no_two_addresses_of_the_staff_look_alike() {
        for (text, may) in [
            ("ada@example.org", true),
            ("ada@m\u{fc}ller.example", true),
            ("\u{430}da@example.org", false),
            ("ada@localhost", false),
        ] {
            assert_eq!(Address::read(text).is_some_and(|read| read.is_of_staff()), may, "{text}");
        }
        let (one, other) =
            (Address::read("ada@ex\u{430}mple.org"), Address::read("ada@example.org"));
        assert!(one.is_some() && one != other);
    }

    #[test]
    fn what_an_older_release_has_stored_is_among_the_older_forms() {
        for stored in [
            "ada@m\u{fc}ller.example",
            "ada@mu\u{308}ller.example",
            "ada@xn--mller-kva.example",
            "ada@xn--mller-kva.example.",
        ] {
            for typed in ["ada@m\u{fc}ller.example", " ADA@xn--mller-kva.example", stored] {
                let address = Address::read(typed).unwrap();
                let forms = address.older_forms(typed);
                assert!(address.reveal() == stored || forms.iter().any(|form| form == stored));
            }
        }
        let plain = Address::read("ada@example.org").unwrap();
        assert_eq!(plain.older_forms("ada@example.org"), ["ada@example.org."]);
    }

    #[test]
    fn a_length_is_kept() {
        let long = format!("{}@example.org", "a".repeat(65));
        assert!(Address::read(&long).is_none());
        let label = format!("ada@{}.org", "a".repeat(64));
        assert!(Address::read(&label).is_none());
    }
}
