//! One KMS key: its versions of key material, its state, and the blobs it seals.

use std::collections::BTreeMap;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::rand;
use data_encoding::BASE64;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use uuid::Uuid;

use super::error::Refusal;

/// Authenticated, not encrypted, and given by the caller with every request.
pub(super) type Context = BTreeMap<String, String>;

const FORMAT: u8 = 1;
const MATERIAL_LEN: usize = 32;
const NONCE_LEN: usize = 12;
/// Format, key id, version.
const HEADER_LEN: usize = 1 + 16 + 4;

/// A symmetric key with all its versions.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Key {
    pub(super) id: Uuid,
    pub(super) description: String,
    /// Milliseconds since the epoch.
    pub(super) created_ms: i64,
    pub(super) state: State,
    /// Whether somebody has switched its yearly rotation off.
    #[serde(default)]
    pub(super) stays: bool,
    /// The policy that somebody has put in the place of the template's.
    #[serde(default)]
    pub(super) policy: Option<String>,
    /// Never empty; the last one seals, every one opens.
    versions: Vec<Material>,
}

/// The state of a key, which decides which operations it allows.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum State {
    Enabled,
    Disabled,
    /// Gone from this instant on, in milliseconds since the epoch.
    PendingDeletion(i64),
}

/// Key material. No `Debug`, so that it cannot reach a log by accident.
#[derive(Clone)]
struct Material([u8; MATERIAL_LEN]);

impl Key {
    pub(super) fn generate(description: String, now_ms: i64) -> Result<Self, Refusal> {
        Ok(Self {
            id: Uuid::new_v4(),
            description,
            created_ms: now_ms,
            state: State::Enabled,
            stays: false,
            policy: None,
            versions: vec![Material::generate()?],
        })
    }

    /// Seals with the newest version from now on; older blobs still open.
    pub(super) fn rotate(&mut self) -> Result<(), Refusal> {
        self.versions.push(Material::generate()?);
        Ok(())
    }

    /// The identifier of the newest key material, 64 hexadecimal digits as in KMS.
    pub(super) fn material_id(&self) -> String {
        format!("{:032x}{:032x}", self.id.as_u128(), self.versions.len())
    }

    pub(super) fn seal(&self, plaintext: &[u8], context: &Context) -> Result<Vec<u8>, Refusal> {
        let (version, material) =
            self.versions.iter().enumerate().next_back().ok_or(Refusal::InvalidCiphertext)?;
        let version = u32::try_from(version).map_err(|_| Refusal::InvalidCiphertext)?;
        let mut blob = Vec::with_capacity(HEADER_LEN + NONCE_LEN + plaintext.len() + 16);
        blob.push(FORMAT);
        blob.extend(self.id.as_bytes());
        blob.extend(version.to_be_bytes());
        let nonce = random::<NONCE_LEN>()?;
        let aad = Aad::from(aad(&blob, context));
        blob.extend(nonce);
        let mut sealed = plaintext.to_vec();
        material
            .cipher()?
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut sealed)
            .map_err(|_| Refusal::InvalidCiphertext)?;
        blob.append(&mut sealed);
        Ok(blob)
    }

    /// Opens what [`Key::seal`] made under this key, whatever its version. Anything else is one
    /// opaque refusal.
    pub(super) fn open(&self, blob: &[u8], context: &Context) -> Result<Vec<u8>, Refusal> {
        let (header, rest) = split(blob, HEADER_LEN)?;
        let (nonce, sealed) = split(rest, NONCE_LEN)?;
        let nonce =
            Nonce::try_assume_unique_for_key(nonce).map_err(|_| Refusal::InvalidCiphertext)?;
        let (_, version) = split(header, HEADER_LEN - 4)?;
        let version =
            version.try_into().map(u32::from_be_bytes).map_err(|_| Refusal::InvalidCiphertext)?;
        let material = usize::try_from(version)
            .ok()
            .and_then(|version| self.versions.get(version))
            .ok_or(Refusal::InvalidCiphertext)?;
        let mut sealed = sealed.to_vec();
        let plaintext = material
            .cipher()?
            .open_in_place(nonce, Aad::from(aad(header, context)), &mut sealed)
            .map_err(|_| Refusal::InvalidCiphertext)?;
        Ok(plaintext.to_vec())
    }
}

/// The id of the key that a blob says it was sealed under; believed only once it opens.
pub(super) fn claimed_key(blob: &[u8]) -> Result<Uuid, Refusal> {
    match blob {
        [FORMAT, rest @ ..] => {
            let (id, _) = split(rest, 16)?;
            Uuid::from_slice(id).map_err(|_| Refusal::InvalidCiphertext)
        }
        _ => Err(Refusal::InvalidCiphertext),
    }
}

/// `N` bytes from the operating system's generator.
pub(super) fn random<const N: usize>() -> Result<[u8; N], Refusal> {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).map_err(|_| Refusal::Storage(std::io::ErrorKind::Other.into()))?;
    Ok(bytes)
}

impl Material {
    fn generate() -> Result<Self, Refusal> {
        random().map(Self)
    }

    fn cipher(&self) -> Result<LessSafeKey, Refusal> {
        UnboundKey::new(&AES_256_GCM, &self.0)
            .map(LessSafeKey::new)
            .map_err(|_| Refusal::InvalidCiphertext)
    }
}

impl Serialize for Material {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Material {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        BASE64
            .decode(text.as_bytes())
            .ok()
            .and_then(|bytes| bytes.try_into().ok())
            .map(Self)
            .ok_or_else(|| de::Error::custom("key material is not 32 bytes of base64"))
    }
}

/// The header, then every pair of the context, each part behind its length: no two contexts and
/// headers give the same bytes. The map's order makes it independent of the order of the request.
fn aad(header: &[u8], context: &Context) -> Vec<u8> {
    let mut aad = header.to_vec();
    for (name, value) in context {
        for part in [name, value] {
            aad.extend(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            aad.extend(part.as_bytes());
        }
    }
    aad
}

fn split(bytes: &[u8], at: usize) -> Result<(&[u8], &[u8]), Refusal> {
    bytes.split_at_checked(at).ok_or(Refusal::InvalidCiphertext)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(pairs: &[(&str, &str)]) -> Context {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn every_flipped_bit_of_a_blob_is_noticed() {
        let key = Key::generate(String::new(), 0).unwrap();
        let blob = key.seal(b"secret", &Context::new()).unwrap();
        assert_eq!(key.open(&blob, &Context::new()).unwrap(), b"secret");
        for bit in 0..blob.len() * 8 {
            let mut tampered = blob.clone();
            tampered[bit / 8] ^= 1 << (bit % 8);
            let opened = key.open(&tampered, &Context::new());
            assert!(matches!(opened, Err(Refusal::InvalidCiphertext)), "bit {bit}");
        }
        for len in 0..blob.len() {
            assert!(key.open(&blob[..len], &Context::new()).is_err());
        }
    }

    #[test]
    fn contexts_that_look_alike_when_joined_differ() {
        let key = Key::generate(String::new(), 0).unwrap();
        let blob = key.seal(b"secret", &context(&[("ab", "c")])).unwrap();
        for other in [context(&[("a", "bc")]), context(&[("ab", "c"), ("", "")]), Context::new()] {
            assert!(key.open(&blob, &other).is_err());
        }
    }

    #[test]
    fn a_rotated_key_opens_old_and_new_blobs() {
        let mut key = Key::generate(String::new(), 0).unwrap();
        let old = key.seal(b"old", &Context::new()).unwrap();
        let id = key.material_id();
        key.rotate().unwrap();
        let new = key.seal(b"new", &Context::new()).unwrap();
        assert_ne!(key.material_id(), id);
        assert_eq!(key.open(&old, &Context::new()).unwrap(), b"old");
        assert_eq!(key.open(&new, &Context::new()).unwrap(), b"new");
    }
}
