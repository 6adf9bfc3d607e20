//! Secrets are dull: no `Debug`, no `Display`, no `Serialize`, no `Clone`; zeroized when dropped;
//! read through a method whose name stops a reviewer.

use zeroize::Zeroizing;

/// A secret of 32 bytes: a key, or the seed of one.
pub struct Secret(Zeroizing<[u8; 32]>);

impl Secret {
    /// Takes over key material of exactly 32 bytes; `None` for any other length.
    #[must_use]
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(|array: [u8; 32]| Self(Zeroizing::new(array)))
    }

    /// A fresh random secret.
    ///
    /// # Errors
    /// [`super::random::NoRandomness`] when the operating system's source fails.
    pub fn generate() -> Result<Self, super::random::NoRandomness> {
        super::random::bytes().map(|bytes| Self(Zeroizing::new(bytes)))
    }

    /// The key material itself. Never log, store or compare it.
    #[must_use]
    pub fn expose_secret(&self) -> &[u8; 32] {
        &self.0
    }
}

/// A text that a person wrote or is told, in the clear, in memory only. It can be sealed, and it
/// can be read by [`Plaintext::reveal`]; it cannot be printed, serialized or stored as it is.
pub struct Plaintext(Zeroizing<Vec<u8>>);

impl Plaintext {
    /// Takes over the bytes.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The content itself, for the code that answers or seals it.
    #[must_use]
    pub fn reveal(&self) -> &[u8] {
        &self.0
    }

    /// The content as text; `None` when it is not UTF-8.
    #[must_use]
    pub fn reveal_text(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }
}
