//! Codes of an authenticator app: TOTP (RFC 6238) with HMAC-SHA-1, six digits and steps of 30
//! seconds, which is what every app can do.
//!
//! **Drift.** A code is right in its own step and in the one after it, so it lives for 60 seconds
//! from when it first shows: RFC 6238 section 5.2 advises one step at most, for the time between
//! reading a code and its arrival. A code of a step that has not begun is refused. It could only come
//! from a clock that runs ahead, and taking it would add 30 seconds to the life that OWASP ASVS 5.0
//! (6.5.5) wants short; phones set their clocks by the network, and ours is the one that counts.

use std::fmt::Write as _;

use aws_lc_rs::constant_time;
use data_encoding::{BASE32_NOPAD, HEXUPPER};
use qrcode::{Color, EcLevel, QrCode};
use shared::random::{self, NoRandomness};
use totp_rs::{Builder, Secret, Totp};
use zeroize::Zeroizing;

/// Seconds of a step.
pub const STEP_SECONDS: u64 = 30;
/// Steps before the current one whose codes are still taken.
pub const STEPS_BACK: u64 = 1;
/// Digits of a code.
pub const DIGITS: u8 = 6;

/// Modules of white around a QR code (ISO/IEC 18004).
const QUIET_ZONE: usize = 4;

/// The secret that an authenticator app and we share: 160 bits, the length of the hash (RFC 4226
/// section 4, R6). No `Debug`.
pub struct Secret20(Zeroizing<[u8; 20]>);

impl Secret20 {
    /// A fresh one.
    ///
    /// # Errors
    /// [`NoRandomness`] when the operating system's source fails.
    pub fn generate() -> Result<Self, NoRandomness> {
        random::bytes().map(|bytes| Self(Zeroizing::new(bytes)))
    }

    /// Takes over 20 bytes that were stored; `None` for any other length.
    #[must_use]
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(|bytes| Self(Zeroizing::new(bytes)))
    }

    /// The bytes, to be sealed.
    #[must_use]
    pub fn expose_secret(&self) -> &[u8; 20] {
        &self.0
    }

    /// The secret as people type it into an app, where they cannot scan it.
    #[must_use]
    pub fn base32(&self) -> Zeroizing<String> {
        Zeroizing::new(BASE32_NOPAD.encode(&*self.0))
    }

    /// The secret as an app takes it from a QR code.
    #[must_use]
    pub fn otpauth_uri(&self, issuer: &str, account: &str) -> Zeroizing<String> {
        let (issuer, account) = (percent_encoded(issuer), percent_encoded(account));
        let secret = self.base32();
        Zeroizing::new(format!(
            "otpauth://totp/{issuer}:{account}?secret={}&issuer={issuer}&algorithm=SHA1\
             &digits={DIGITS}&period={STEP_SECONDS}",
            *secret,
        ))
    }
}

/// The step whose code this is, if it is the current one or the one before. The caller consumes the
/// step: it, and every step before it, must never be taken again from this person.
#[must_use]
pub fn matching_step(secret: &Secret20, code: &str, now_seconds: i64) -> Option<u64> {
    let code: &[u8; DIGITS as usize] = code.as_bytes().try_into().ok()?;
    if !code.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let current = u64::try_from(now_seconds).ok()? / STEP_SECONDS;
    let totp = generator(secret)?;
    let mut found = None;
    // Both are always computed and compared, so that the time does not tell which one it was.
    for step in current.saturating_sub(STEPS_BACK)..=current {
        let right = Zeroizing::new(totp.generate(step * STEP_SECONDS).to_string());
        if constant_time::verify_slices_are_equal(code, right.as_bytes()).is_ok() {
            found = Some(step);
        }
    }
    found
}

fn generator(secret: &Secret20) -> Option<Totp> {
    Builder::new()
        .with_secret(Secret::new_stack(*secret.0))
        .with_digits(DIGITS)
        .with_step_duration(STEP_SECONDS)
        .build()
        .ok()
}

/// A QR code as an SVG without script, style or size of its own; `None` when `text` is too long for
/// one.
#[must_use]
pub fn qr_svg(text: &str) -> Option<Zeroizing<String>> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    let side = code.width() + 2 * QUIET_ZONE;
    let colors = Zeroizing::new(
        code.into_colors().into_iter().map(|color| color == Color::Dark).collect::<Vec<bool>>(),
    );
    let width = side - 2 * QUIET_ZONE;
    let mut path = Zeroizing::new(String::with_capacity(16 * colors.len()));
    for (row, modules) in colors.chunks(width.max(1)).enumerate() {
        for (column, dark) in modules.iter().enumerate() {
            if *dark {
                let (x, y) = (column + QUIET_ZONE, row + QUIET_ZONE);
                write!(path, "M{x} {y}h1v1h-1z").ok()?;
            }
        }
    }
    Some(Zeroizing::new(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" \
         shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0 0h{side}v{side}H0z\"/>\
         <path fill=\"#000\" d=\"{}\"/></svg>",
        *path,
    )))
}

/// RFC 3986: everything but the unreserved characters, byte by byte.
fn percent_encoded(text: &str) -> String {
    let mut out = String::with_capacity(3 * text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push_str(&HEXUPPER.encode(&[byte]));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238 appendix B, the rows for SHA-1.
    const VECTORS: [(u64, &str); 6] = [
        (59, "94287082"),
        (1_111_111_109, "07081804"),
        (1_111_111_111, "14050471"),
        (1_234_567_890, "89005924"),
        (2_000_000_000, "69279037"),
        (20_000_000_000, "65353130"),
    ];

    fn secret() -> Secret20 {
        Secret20::from_slice(b"12345678901234567890").unwrap()
    }

    #[test]
    fn the_vectors_of_rfc_6238_hold() {
        let long = Builder::new()
            .with_secret(Secret::new_stack(*secret().0))
            .with_digits(8)
            .with_step_duration(STEP_SECONDS)
            .build()
            .unwrap();
        let mut tested = 0;
        for (at, code) in VECTORS {
            assert_eq!(long.generate(at).to_string(), code);
            let now = i64::try_from(at).unwrap();
            assert_eq!(matching_step(&secret(), &code[2..], now), Some(at / 30), "{at}");
            tested += 1;
        }
        assert_eq!(tested, 6);
    }

    #[test]
    fn a_code_lives_in_its_own_step_and_the_next() {
        let (step, code) = (1_234_567_890 / 30, "005924");
        let begins = step * 30;
        for (now, taken) in [
            (begins - 1, false),
            (begins, true),
            (begins + 29, true),
            (begins + 30, true),
            (begins + 59, true),
            (begins + 60, false),
            (begins + 3_600, false),
            (-1, false),
            (i64::MIN, false),
            (i64::MAX, false),
        ] {
            let found = matching_step(&secret(), code, now);
            assert_eq!(found, taken.then(|| u64::try_from(step).unwrap()), "{now}");
        }
        assert_eq!(matching_step(&secret(), "755224", 0), Some(0), "RFC 4226, counter 0");
    }

    #[test]
    fn nothing_but_six_digits_is_a_code() {
        for code in [
            "",
            "05924",
            "0005924",
            "005924 ",
            " 05924",
            "+05924",
            "00592a",
            "00592\u{0664}",
            "89005924",
        ] {
            assert_eq!(matching_step(&secret(), code, 1_234_567_890), None, "{code}");
        }
        let other = Secret20::from_slice(b"12345678901234567891").unwrap();
        assert_eq!(matching_step(&other, "005924", 1_234_567_890), None);
    }

    #[test]
    fn an_app_reads_the_uri() {
        let uri = secret().otpauth_uri("Tea & Co", "zoë:o'hara@example.org?x=1");
        assert_eq!(
            *uri,
            "otpauth://totp/Tea%20%26%20Co:zo%C3%AB%3Ao%27hara%40example.org%3Fx%3D1\
             ?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Tea%20%26%20Co&algorithm=SHA1\
             &digits=6&period=30"
        );
    }

    #[test]
    fn the_qr_code_is_a_drawing_and_nothing_else() {
        let svg = qr_svg(&secret().otpauth_uri("Sotto", "zoe@example.org")).unwrap();
        assert!(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 "));
        for forbidden in ["script", "style", "href", "width", "<?", "GEZDGNBV"] {
            assert!(!svg.contains(forbidden), "{forbidden}");
        }
        // The finder pattern in the corner: seven dark modules, and the white around it.
        for column in 4..11 {
            assert!(svg.contains(&format!("M{column} 4h1v1h-1z")));
        }
        assert!(!svg.contains("M11 4h") && !svg.contains("M3 4h"));
        assert!(qr_svg(&"x".repeat(4_000)).is_none());
    }

    #[test]
    fn each_secret_is_new() {
        let (one, other) = (Secret20::generate().unwrap(), Secret20::generate().unwrap());
        assert_ne!(one.expose_secret(), other.expose_secret());
        assert_eq!(one.base32().len(), 32);
        assert!(Secret20::from_slice(&[0; 19]).is_none());
    }
}
