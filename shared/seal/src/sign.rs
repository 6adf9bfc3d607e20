//! Signatures: Ed25519 (RFC 8032) as compact JWS (RFC 7515, 8037), with `typ` set and checked, so
//! that one kind of token can never be taken for another.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use jsonwebtoken::jwk::{Jwk, ThumbprintHash};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, crypto};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::BranchKey;
use super::SealError;
use super::suite;
use values::encoding::{base64url, from_base64url};

/// A signing key in memory. No `Debug`.
pub struct Signer {
    private: EncodingKey,
    public: Verifier,
}

/// A verification key.
#[derive(Clone)]
pub struct Verifier {
    key: DecodingKey,
    raw: [u8; 32],
}

impl Signer {
    /// The Ed25519 key whose seed is derived from a KMS-wrapped key.
    ///
    /// # Errors
    /// [`SealError::Failed`] when the library fails.
    pub fn derive(branch: &BranchKey) -> Result<Self, SealError> {
        let (pair, public) = pair(branch)?;
        let document = pair.to_pkcs8()?;
        Ok(Self { private: EncodingKey::from_ed_der(document.as_ref()), public })
    }

    /// Signs `claims` as a compact JWS of that type.
    ///
    /// # Errors
    /// [`SealError::Failed`] when the library fails.
    pub fn sign(&self, typ: &str, claims: &impl Serialize) -> Result<String, SealError> {
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(typ.to_owned());
        jsonwebtoken::encode(&header, claims, &self.private).map_err(|_| SealError::Failed)
    }

    /// The same, under the name of the key among several: its thumbprint.
    ///
    /// # Errors
    /// [`SealError::Failed`] when the library fails.
    pub fn sign_named(&self, typ: &str, claims: &impl Serialize) -> Result<String, SealError> {
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(typ.to_owned());
        header.kid = Some(self.public.thumbprint()?);
        jsonwebtoken::encode(&header, claims, &self.private).map_err(|_| SealError::Failed)
    }

    /// Signs bytes as they are, such as a text file, under the name of the key.
    ///
    /// # Errors
    /// [`SealError::Failed`] when the library fails.
    pub fn sign_bytes(&self, typ: &str, payload: &[u8]) -> Result<String, SealError> {
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(typ.to_owned());
        header.kid = Some(self.public.thumbprint()?);
        let header = serde_json::to_vec(&header).map_err(|_| SealError::Failed)?;
        let signed = format!("{}.{}", base64url(&header), base64url(payload));
        let signature = crypto::sign(signed.as_bytes(), &self.private, Algorithm::EdDSA)
            .map_err(|_| SealError::Failed)?;
        Ok(format!("{signed}.{signature}"))
    }

    /// The verification key.
    #[must_use]
    pub fn verifier(&self) -> &Verifier {
        &self.public
    }
}

/// A key that signs the checkpoints of the audit log (C2SP signed notes), and no token. No `Debug`.
pub struct NoteSigner {
    pair: Ed25519KeyPair,
    public: Verifier,
}

impl NoteSigner {
    /// The key as [`Signer::derive`] derives it.
    ///
    /// # Errors
    /// [`SealError::Failed`] when the library fails.
    pub fn derive(branch: &BranchKey) -> Result<Self, SealError> {
        let (pair, public) = pair(branch)?;
        Ok(Self { pair, public })
    }

    /// The signature over the text of a note.
    #[must_use]
    pub fn sign(&self, text: &[u8]) -> [u8; 64] {
        let mut signature = [0; 64];
        for (to, from) in signature.iter_mut().zip(self.pair.sign(text).as_ref()) {
            *to = *from;
        }
        signature
    }

    /// The verification key.
    #[must_use]
    pub fn verifier(&self) -> &Verifier {
        &self.public
    }
}

fn pair(branch: &BranchKey) -> Result<(Ed25519KeyPair, Verifier), SealError> {
    let seed = suite::derive(branch, &[], "sotto/v1 ed25519")?;
    let pair =
        Ed25519KeyPair::from_seed_unchecked(seed.expose_secret()).map_err(|_| SealError::Failed)?;
    let public = Verifier::from_raw(pair.public_key().as_ref())?;
    Ok((pair, public))
}

/// The name of the key that a compact JWS says it was signed with; nothing of it is verified yet.
#[must_use]
pub fn named_key(jws: &str) -> Option<String> {
    jsonwebtoken::decode_header(jws).ok()?.kid
}

/// The name of the key and the type that a compact JWS claims; nothing of it is verified yet.
#[must_use]
pub fn named_key_and_type(jws: &str) -> Option<(Option<String>, Option<String>)> {
    let header = jsonwebtoken::decode_header(jws).ok()?;
    Some((header.kid, header.typ))
}

impl Verifier {
    /// The verification key with these 32 bytes.
    ///
    /// # Errors
    /// [`SealError::DidNotOpen`] when there are not 32.
    pub fn from_raw(raw: &[u8]) -> Result<Self, SealError> {
        let raw: [u8; 32] = raw.try_into().map_err(|_| SealError::DidNotOpen)?;
        Ok(Self { key: DecodingKey::from_ed_der(&raw), raw })
    }

    /// Checks signature, algorithm and type of a compact JWS and gives its claims. Times, issuer and
    /// audience are the caller's to check, against the injected clock.
    ///
    /// # Errors
    /// [`SealError::DidNotOpen`] for every cause there is.
    pub fn verify<C: DeserializeOwned + Clone>(
        &self,
        typ: &str,
        jws: &str,
    ) -> Result<C, SealError> {
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        let token = jsonwebtoken::decode::<C>(jws, &self.key, &validation)
            .map_err(|_| SealError::DidNotOpen)?;
        if token.header.typ.as_deref() == Some(typ) {
            Ok(token.claims)
        } else {
            Err(SealError::DidNotOpen)
        }
    }

    /// Checks signature, algorithm and type of a compact JWS whose payload is any bytes, and gives them.
    ///
    /// # Errors
    /// [`SealError::DidNotOpen`] for every cause there is.
    pub fn verify_bytes(&self, typ: &str, jws: &str) -> Result<Vec<u8>, SealError> {
        let header = jsonwebtoken::decode_header(jws).map_err(|_| SealError::DidNotOpen)?;
        // No extension is understood here, so none that the signer calls critical is passed over.
        let is_ours = header.alg == Algorithm::EdDSA
            && header.typ.as_deref() == Some(typ)
            && header.crit.is_none();
        let (signed, signature) = jws.rsplit_once('.').ok_or(SealError::DidNotOpen)?;
        let (_, payload) = signed.split_once('.').ok_or(SealError::DidNotOpen)?;
        let holds = crypto::verify(signature, signed.as_bytes(), &self.key, Algorithm::EdDSA)
            .map_err(|_| SealError::DidNotOpen)?;
        let payload = from_base64url(payload).filter(|_| is_ours && holds);
        payload.ok_or(SealError::DidNotOpen)
    }

    /// The 32 bytes of the key.
    #[must_use]
    pub fn as_raw(&self) -> &[u8; 32] {
        &self.raw
    }

    /// The key as a JWK (RFC 8037).
    #[must_use]
    pub fn jwk(&self) -> serde_json::Value {
        serde_json::json!({ "kty": "OKP", "crv": "Ed25519", "x": base64url(&self.raw) })
    }

    /// The pin of this key: `sha256-` and its RFC 7638 thumbprint.
    ///
    /// # Errors
    /// [`SealError::Failed`] when the library fails.
    pub fn pin(&self) -> Result<String, SealError> {
        Ok(format!("sha256-{}", self.thumbprint()?))
    }

    /// The RFC 7638 thumbprint of this key, base64url.
    ///
    /// # Errors
    /// [`SealError::Failed`] when the library fails.
    pub fn thumbprint(&self) -> Result<String, SealError> {
        let jwk: Jwk = serde_json::from_value(self.jwk()).map_err(|_| SealError::Failed)?;
        jwk.thumbprint(ThumbprintHash::SHA256).map_err(|_| SealError::Failed)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::{Value, json};

    use super::*;
    use values::secret::Secret;

    fn signer(seed: u8) -> Signer {
        Signer::derive(&Arc::new(Secret::from_slice(&[seed; 32]).unwrap())).unwrap()
    }

    #[test]
    fn a_token_is_valid_for_its_key_and_type_only() {
        let signer = signer(1);
        let jws = signer.sign("a+jwt", &json!({ "sub": "x" })).unwrap();
        let verified = |verifier: &Verifier, typ, jws: &str| verifier.verify::<Value>(typ, jws);
        assert_eq!(verified(signer.verifier(), "a+jwt", &jws).unwrap()["sub"], "x");
        assert!(verified(signer.verifier(), "b+jwt", &jws).is_err());
        assert!(verified(self::signer(2).verifier(), "a+jwt", &jws).is_err());
        assert!(verified(signer.verifier(), "a+jwt", &format!("{jws}.x")).is_err());
        let none =
            format!("eyJhbGciOiJub25lIiwidHlwIjoiYStqd3QifQ.{}.", jws.split('.').nth(1).unwrap());
        assert!(verified(signer.verifier(), "a+jwt", &none).is_err());
    }

    #[test]
    fn signed_bytes_come_back_as_they_were_for_their_key_and_type_only() {
        let signer = signer(1);
        for payload in [&b"0a  x\n\xff\0"[..], b"", b"{}"] {
            let jws = signer.sign_bytes("a+jws", payload).unwrap();
            let verified = |verifier: &Verifier, typ, jws: &str| verifier.verify_bytes(typ, jws);
            assert_eq!(verified(signer.verifier(), "a+jws", &jws).unwrap(), payload);
            assert_eq!(named_key(&jws).unwrap(), signer.verifier().thumbprint().unwrap());
            assert!(verified(signer.verifier(), "b+jws", &jws).is_err());
            assert!(verified(self::signer(2).verifier(), "a+jws", &jws).is_err());
            for changed in [
                format!("{jws}.x"),
                format!("x.{jws}"),
                format!("{jws}A"),
                jws.replacen('.', ".A", 1),
            ] {
                assert!(verified(signer.verifier(), "a+jws", &changed).is_err(), "{changed}");
            }
        }
    }

    #[test]
    fn an_extension_that_is_critical_is_not_passed_over() {
        let signer = signer(1);
        let forms = [
            (json!({ "typ": "a+jws", "alg": "EdDSA" }), true),
            (json!({ "typ": "a+jws", "alg": "EdDSA", "crit": ["b64"], "b64": false }), false),
            (json!({ "typ": "a+jws", "alg": "none" }), false),
        ];
        for (header, is_taken) in forms {
            let header = base64url(header.to_string().as_bytes());
            let signed = format!("{header}.{}", base64url(b"x"));
            let signature =
                crypto::sign(signed.as_bytes(), &signer.private, Algorithm::EdDSA).unwrap();
            let jws = format!("{signed}.{signature}");
            assert_eq!(signer.verifier().verify_bytes("a+jws", &jws).is_ok(), is_taken, "{jws}");
        }
    }

    /// RFC 8037, appendix A.3.
    #[test]
    fn the_pin_is_the_published_thumbprint() {
        let x = values::encoding::from_base64url("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
        let verifier = Verifier::from_raw(&x.unwrap()).unwrap();
        assert_eq!(verifier.pin().unwrap(), "sha256-kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }
}
