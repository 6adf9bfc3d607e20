//! The e-mail address by which somebody of the staff signs in.

use super::problem::{FieldCode, FieldError};
use super::text::{RawText, Text};

/// An address in its one form: ASCII, lower case, one `@` with something on both sides and a dot in
/// the domain. Letters that only look like ASCII are refused and not folded, so no two addresses that
/// look alike are two accounts; a domain in another script is written in its ASCII form (RFC 5890).
#[derive(Clone, PartialEq, Eq)]
pub struct Address(String);

impl Address {
    /// Judges `raw`, the value at `pointer`.
    ///
    /// # Errors
    /// One [`FieldError`].
    pub fn judge(raw: Option<RawText>, pointer: &'static str) -> Result<Self, FieldError> {
        let text: Text<3, 254> = Text::required(raw, pointer)?;
        let refused = FieldError { pointer, code: FieldCode::BadFormat };
        Self::read(text.reveal()).ok_or(refused)
    }

    /// Reads an address; `None` for what is none.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let (local, domain) = text.split_once('@')?;
        let plain = text.len() <= 254 && text.bytes().all(|byte| byte.is_ascii_graphic());
        let labels = domain.split('.').all(|label| {
            let letters = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
            letters && (1..=63).contains(&label.len())
        });
        let whole = plain && labels && domain.contains('.') && (1..=64).contains(&local.len());
        whole.then(|| Self(text.to_ascii_lowercase()))
    }

    /// The address, for who is told it and for what is derived from it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_one_form() {
        for (text, read) in [
            ("Ada@Example.org", Some("ada@example.org")),
            ("a.b+c@x-1.example", Some("a.b+c@x-1.example")),
            ("\u{430}da@example.org", None),
            ("ada@ex\u{430}mple.org", None),
            ("ada@\u{ff45}xample.org", None),
            ("ada@localhost", None),
            ("ada@example..org", None),
            ("@example.org", None),
            ("ada@", None),
            ("a@b@example.org", None),
            ("a da@example.org", None),
            ("ada@example.org\n", None),
        ] {
            let address = Address::read(text);
            assert_eq!(address.as_ref().map(Address::reveal), read, "{text:?}");
        }
    }
}
