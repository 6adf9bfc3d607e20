//! The key by which a site's own server signs who its customers are. Its registration decides its
//! algorithm, and no token does (RFC 8725, sections 3.1 and 3.2).

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::de::DeserializeOwned;

use super::SealError;

/// Bytes that a secret of HS256 has at least: those of the hash (RFC 7518, section 3.2).
pub const SECRET_MIN_LEN: usize = 32;
/// And at most: a longer one would be hashed first.
pub const SECRET_MAX_LEN: usize = 64;
/// Messages by which a key is tried that may be one for which anybody can sign.
const TRIALS: u8 = 64;

/// A verification key of a site. No `Debug`: of HS256 it is the secret itself.
pub struct SiteKey {
    algorithm: Algorithm,
    key: DecodingKey,
    kid: Option<String>,
}

impl SiteKey {
    /// An Ed25519 public key.
    ///
    /// # Errors
    /// [`SealError::DidNotOpen`] when it has not 32 bytes, or is a point of small order: under such
    /// a key one signature, made by anybody, fits a message in eight or more.
    pub fn ed25519(public: &[u8]) -> Result<Self, SealError> {
        if public.len() != 32 || is_of_small_order(public) {
            return Err(SealError::DidNotOpen);
        }
        let key = DecodingKey::from_ed_der(public);
        Ok(Self { algorithm: Algorithm::EdDSA, key, kid: None })
    }

    /// A secret for HS256.
    ///
    /// # Errors
    /// [`SealError::DidNotOpen`] when it has fewer than [`SECRET_MIN_LEN`] or more than
    /// [`SECRET_MAX_LEN`] bytes.
    pub fn hs256(secret: &[u8]) -> Result<Self, SealError> {
        if !(SECRET_MIN_LEN..=SECRET_MAX_LEN).contains(&secret.len()) {
            return Err(SealError::DidNotOpen);
        }
        let key = DecodingKey::from_secret(secret);
        Ok(Self { algorithm: Algorithm::HS256, key, kid: None })
    }

    /// The same key under a name that tokens may call it by.
    #[must_use]
    pub fn named(self, kid: Option<String>) -> Self {
        Self { kid, ..self }
    }

    /// Checks header and signature of a compact JWS and gives its claims, which are the caller's to
    /// judge. The type is `JWT` or not named, so no token of ours is taken for one; a key that the
    /// header names has to be this one; an extension that is critical is one that we do not know.
    ///
    /// # Errors
    /// [`SealError::DidNotOpen`] for every cause there is.
    pub fn verify<C: DeserializeOwned>(&self, jws: &str) -> Result<C, SealError> {
        let mut validation = Validation::new(self.algorithm);
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        let token = jsonwebtoken::decode::<C>(jws, &self.key, &validation)
            .map_err(|_| SealError::DidNotOpen)?;
        let header = &token.header;
        let typed = header.typ.as_deref().is_none_or(|typ| typ.eq_ignore_ascii_case("JWT"));
        let named = header.kid.is_none() || header.kid == self.kid;
        if typed && named && header.crit.is_none() {
            Ok(token.claims)
        } else {
            Err(SealError::DidNotOpen)
        }
    }
}

/// Whether a signature that needs no key fits one of some messages: R the neutral element, S zero. It
/// does when the key times the message's hash is the neutral element as well, for a point of order
/// eight in one message of eight; for any other point never.
fn is_of_small_order(public: &[u8]) -> bool {
    let mut signature = [0; 64];
    signature[0] = 1;
    let key = UnparsedPublicKey::new(&ED25519, public);
    (0..TRIALS).any(|message| key.verify(&[message], &signature).is_ok())
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::hmac;
    use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
    use data_encoding::HEXLOWER;
    use serde_json::{Value, json};

    use super::*;
    use values::encoding::base64url;

    const SECRET: [u8; 32] = [7; 32];

    fn pair() -> Ed25519KeyPair {
        Ed25519KeyPair::from_seed_unchecked(&[1; 32]).unwrap()
    }

    fn signed(header: &Value, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
        let part = |value: &Value| base64url(value.to_string().as_bytes());
        let message = format!("{}.{}", part(header), part(&json!({ "sub": "x" })));
        format!("{message}.{}", base64url(&sign(message.as_bytes())))
    }

    fn by_hmac(secret: &[u8]) -> impl Fn(&[u8]) -> Vec<u8> {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
        move |message| hmac::sign(&key, message).as_ref().to_vec()
    }

    fn by_ed25519(message: &[u8]) -> Vec<u8> {
        pair().sign(message).as_ref().to_vec()
    }

    fn opens(key: &SiteKey, jws: &str) -> bool {
        key.verify::<Value>(jws).is_ok()
    }

    #[test]
    fn a_key_takes_its_own_algorithm_and_no_other() {
        let public = pair().public_key().as_ref().to_vec();
        let (ed25519, hs256) =
            (SiteKey::ed25519(&public).unwrap(), SiteKey::hs256(&SECRET).unwrap());
        let with_ed25519 = signed(&json!({ "alg": "EdDSA", "typ": "JWT" }), by_ed25519);
        let with_hs256 = signed(&json!({ "alg": "HS256" }), by_hmac(&SECRET));
        assert!(opens(&ed25519, &with_ed25519) && opens(&hs256, &with_hs256));
        assert!(!opens(&hs256, &with_ed25519) && !opens(&ed25519, &with_hs256));
        for alg in ["HS256", "EdDSA", "none", "HS512"] {
            let confused = signed(&json!({ "alg": alg }), by_hmac(&public));
            assert!(!opens(&ed25519, &confused), "{alg} with the public key as the secret");
        }
        for alg in ["none", "None", "NONE", "", "RS256", "HS384"] {
            let header = json!({ "alg": alg });
            let (message, _) = with_hs256.rsplit_once('.').unwrap();
            assert!(!opens(&hs256, &signed(&header, |_| Vec::new())), "{alg}, unsigned");
            assert!(!opens(&hs256, &signed(&header, by_hmac(&SECRET))), "{alg}");
            assert!(!opens(&hs256, &format!("{message}.")), "no signature");
        }
    }

    #[test]
    fn a_header_that_asks_for_something_else_is_refused() {
        let key = SiteKey::hs256(&SECRET).unwrap().named(Some("2026".to_owned()));
        let with = |header: Value| opens(&key, &signed(&header, by_hmac(&SECRET)));
        assert!(with(json!({ "alg": "HS256", "kid": "2026", "typ": "jwt" })));
        assert!(with(json!({ "alg": "HS256" })), "a name is not asked for");
        for header in [
            json!({ "alg": "HS256", "kid": "2025" }),
            json!({ "alg": "HS256", "kid": "" }),
            json!({ "alg": "HS256", "typ": "sotto-visitor+jwt" }),
            json!({ "alg": "HS256", "typ": "at+jwt" }),
            json!({ "alg": "HS256", "crit": ["exp"] }),
            json!({ "alg": "HS256", "crit": [] }),
        ] {
            assert!(!with(header.clone()), "{header}");
        }
        let nameless = SiteKey::hs256(&SECRET).unwrap();
        let named = signed(&json!({ "alg": "HS256", "kid": "2026" }), by_hmac(&SECRET));
        assert!(!opens(&nameless, &named), "a key without a name is nobody's namesake");
    }

    #[test]
    fn dots_and_bits_count() {
        let key = SiteKey::hs256(&SECRET).unwrap();
        let jws = signed(&json!({ "alg": "HS256" }), by_hmac(&SECRET));
        assert!(opens(&key, &jws));
        for other in [
            format!("{jws}."),
            format!(".{jws}"),
            format!("{jws}.x"),
            jws.replacen('.', "..", 1),
            jws.replacen('.', "", 1),
            format!("{jws}="),
            format!("{jws} "),
            String::new(),
            "..".to_owned(),
        ] {
            assert!(!opens(&key, &other), "{other}");
        }
        for at in 0..jws.len() {
            let mut altered = jws.clone().into_bytes();
            altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
            assert!(!opens(&key, std::str::from_utf8(&altered).unwrap()), "character {at}");
        }
    }

    /// The eight points of small order. Bytes that encode no point are a key that nobody can sign
    /// for, and do no harm.
    #[test]
    fn a_public_key_for_which_anybody_can_sign_is_refused() {
        let mut tested = 0;
        for point in [
            "0100000000000000000000000000000000000000000000000000000000000000",
            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "0000000000000000000000000000000000000000000000000000000000000000",
            "0000000000000000000000000000000000000000000000000000000000000080",
            "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
            "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        ] {
            let point = HEXLOWER.decode(point.as_bytes()).unwrap();
            assert!(SiteKey::ed25519(&point).is_err(), "{point:02x?}");
            tested += 1;
        }
        assert_eq!(tested, 8);
        assert!(SiteKey::ed25519(pair().public_key().as_ref()).is_ok());
        for length in [0, 31, 33, 64] {
            assert!(SiteKey::ed25519(&vec![9; length]).is_err(), "{length} bytes");
        }
        for (length, taken) in [(31, false), (32, true), (64, true), (65, false)] {
            assert_eq!(SiteKey::hs256(&vec![9; length]).is_ok(), taken, "{length} bytes");
        }
    }
}
