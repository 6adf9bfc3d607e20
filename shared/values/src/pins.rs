//! Pins of root keys.

use std::fmt;

const PREFIX: &str = "sha256-";
/// 32 bytes in base64url.
const DIGEST_LENGTH: usize = 43;

/// RFC 7638 thumbprints of root keys, as the embed snippet's `data-root` holds them. Made of letters,
/// digits, `-` and `_`, with single spaces between: they can stand in an HTML attribute and in an
/// `ETag` as they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pins(String);

/// Why pins were refused.
#[derive(Debug, PartialEq, Eq)]
pub enum PinError {
    /// The setting is missing.
    NotSet,
    /// One of them is not `sha256-` and a digest.
    NoPin,
}

impl fmt::Display for PinError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::NotSet => "SOTTO_ROOT_PIN is not set.",
            Self::NoPin => {
                "SOTTO_ROOT_PIN must be sha256- and a thumbprint of 43 characters in base64url, \
                 several separated by spaces."
            }
        })
    }
}

impl std::error::Error for PinError {}

impl TryFrom<&str> for Pins {
    type Error = PinError;

    fn try_from(text: &str) -> Result<Self, PinError> {
        let pins: Vec<&str> = text.split_ascii_whitespace().collect();
        if pins.iter().all(|pin| is_pin(pin)) {
            Ok(Self(pins.join(" ")))
        } else {
            Err(PinError::NoPin)
        }
    }
}

impl Pins {
    /// The value of `data-root`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether nothing is trusted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the key with this pin is trusted.
    #[must_use]
    pub fn contains(&self, pin: &str) -> bool {
        self.0.split_ascii_whitespace().any(|known| known == pin)
    }
}

fn is_pin(text: &str) -> bool {
    text.strip_prefix(PREFIX).is_some_and(|digest| {
        digest.len() == DIGEST_LENGTH
            && digest.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_several_and_none_are_taken() {
        let pin = format!("sha256-{}", "aB3-_".repeat(9).get(..43).unwrap());
        assert_eq!(Pins::try_from(pin.as_str()).unwrap().as_str(), pin);
        assert_eq!(
            Pins::try_from(format!(" {pin}  {pin} ").as_str()).unwrap().as_str(),
            format!("{pin} {pin}")
        );
        assert_eq!(Pins::try_from("").unwrap().as_str(), "");
    }

    #[test]
    fn only_what_is_listed_is_trusted() {
        let [one, two, three] = ["A", "B", "C"].map(|digit| format!("sha256-{}", digit.repeat(43)));
        let pins = Pins::try_from(format!("{one} {two}").as_str()).unwrap();
        assert!(pins.contains(&one) && pins.contains(&two));
        assert!(!pins.contains(&three) && !pins.contains("") && !pins.contains(pins.as_str()));
        let none = Pins::try_from("").unwrap();
        assert!(none.is_empty() && !none.contains(""));
    }

    #[test]
    fn nothing_else_reaches_the_page() {
        for text in [
            "sha256-",
            "sha512-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
            "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"><script>",
        ] {
            assert_eq!(Pins::try_from(text), Err(PinError::NoPin), "{text}");
        }
    }
}
