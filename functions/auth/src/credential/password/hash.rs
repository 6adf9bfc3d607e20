//! Argon2id (RFC 9106) over one piece of memory that is allocated once and wiped after each use.
//!
//! The pepper is Argon2's own secret input and not a part of the password, so a hash that leaks
//! without the key that KMS wraps cannot even be guessed at.

use std::hint::black_box;
use std::sync::{Mutex, MutexGuard, PoisonError};

use argon2::{Algorithm, Argon2, Block, Params, Version};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use shared::problem::{Code, Problem};
use shared::random::{self, NoRandomness};
use shared::secret::Secret;
use zeroize::{Zeroize, Zeroizing};

use super::Password;
use super::stored::{CURRENT, OUTPUT_LEN, SALT_LEN, StoredHash};

/// Why there is no hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HashError {
    /// The memory for it could not be had.
    NoMemory,
    /// The operating system gave no randomness for the salt.
    NoRandomness,
    /// The library failed.
    Failed,
}

impl From<NoRandomness> for HashError {
    fn from(_: NoRandomness) -> Self {
        Self::NoRandomness
    }
}

impl From<argon2::Error> for HashError {
    fn from(_: argon2::Error) -> Self {
        Self::Failed
    }
}

impl From<HashError> for Problem {
    fn from(error: HashError) -> Self {
        match error {
            HashError::NoMemory => Code::Unavailable.into(),
            HashError::NoRandomness | HashError::Failed => Code::Internal.into(),
        }
    }
}

/// The result of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// The password is the right one.
    pub matches: bool,
    /// A parameter is below [`CURRENT`]: when the password is right, hash it anew and store that.
    pub outdated: bool,
}

/// The memory that hashing needs, and the only way to hash. It hashes one password at a time and
/// lets the others wait, so that any number of sign-ins together take the memory of one.
pub struct Hasher(Mutex<Vec<Block>>);

impl Hasher {
    /// Allocates the memory for [`CURRENT`], once for the life of the function.
    ///
    /// # Errors
    /// [`HashError::NoMemory`].
    pub fn new() -> Result<Self, HashError> {
        let params = CURRENT.checked().ok_or(HashError::Failed)?;
        Ok(Self(Mutex::new(blocks(params.block_count())?)))
    }

    /// Hashes `password` with a fresh salt at the current cost.
    ///
    /// # Errors
    /// [`HashError`].
    pub fn hash(&self, pepper: &Secret, password: &Password) -> Result<StoredHash, HashError> {
        let (parameters, salt) = (CURRENT, random::bytes()?);
        let params = parameters.checked().ok_or(HashError::Failed)?;
        let output = *self.derive(pepper, &params, password, &salt)?;
        Ok(StoredHash { parameters, params, salt, output })
    }

    /// Compares `password` with a stored hash, in constant time.
    ///
    /// # Errors
    /// [`HashError`].
    pub fn verify(
        &self,
        pepper: &Secret,
        password: &Password,
        stored: &StoredHash,
    ) -> Result<Verdict, HashError> {
        let output = self.derive(pepper, &stored.params, password, &stored.salt)?;
        Ok(Verdict {
            matches: verify_slices_are_equal(&*output, &stored.output).is_ok(),
            outdated: stored.parameters.weaker_than(CURRENT),
        })
    }

    /// Does the work of [`Hasher::verify`] for an account that does not exist or has no password, so
    /// that the time of the answer does not tell.
    ///
    /// # Errors
    /// [`HashError`], as for one that exists.
    pub fn verify_nobody(&self, pepper: &Secret, password: &Password) -> Result<(), HashError> {
        let params = CURRENT.checked().ok_or(HashError::Failed)?;
        let output = self.derive(pepper, &params, password, &[0; SALT_LEN])?;
        let _always_different = black_box(verify_slices_are_equal(&*output, &[0; OUTPUT_LEN]));
        Ok(())
    }

    fn derive(
        &self,
        pepper: &Secret,
        params: &Params,
        password: &Password,
        salt: &[u8; SALT_LEN],
    ) -> Result<Zeroizing<[u8; OUTPUT_LEN]>, HashError> {
        let argon2 = Argon2::new_with_secret(
            pepper.expose_secret(),
            Algorithm::Argon2id,
            Version::V0x13,
            params.clone(),
        )?;
        let needed = params.block_count();
        let mut own = self.memory();
        if let Some(memory) = own.get_mut(..needed) {
            return fill(&argon2, password.reveal().as_bytes(), salt, memory);
        }
        // Stored when the cost was higher. The lock is kept, so there is one such piece at most.
        fill(&argon2, password.reveal().as_bytes(), salt, &mut blocks(needed)?)
    }

    fn memory(&self) -> MutexGuard<'_, Vec<Block>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn blocks(count: usize) -> Result<Vec<Block>, HashError> {
    let mut blocks = Vec::new();
    blocks.try_reserve_exact(count).map_err(|_| HashError::NoMemory)?;
    blocks.resize(count, Block::new());
    Ok(blocks)
}

/// Memory that is zero again whichever way it is left.
struct Wiped<'memory>(&'memory mut [Block]);

impl Drop for Wiped<'_> {
    fn drop(&mut self) {
        for block in &mut *self.0 {
            block.zeroize();
        }
    }
}

fn fill(
    argon2: &Argon2<'_>,
    password: &[u8],
    salt: &[u8],
    memory: &mut [Block],
) -> Result<Zeroizing<[u8; OUTPUT_LEN]>, HashError> {
    let memory = Wiped(memory);
    let mut output = Zeroizing::new([0; OUTPUT_LEN]);
    argon2.hash_password_into_with_memory(password, salt, &mut *output, &mut *memory.0)?;
    Ok(output)
}

#[cfg(test)]
mod tests {
    use argon2::{AssociatedData, ParamsBuilder};
    use data_encoding::HEXLOWER;

    use super::super::stored::Parameters;
    use super::*;

    fn password(text: &str) -> Password {
        let raw = serde_json::from_str(&serde_json::to_string(text).unwrap()).unwrap();
        Password::received(raw).unwrap()
    }

    fn pepper(byte: u8) -> Secret {
        Secret::from_slice(&[byte; 32]).unwrap()
    }

    /// A hash of "orchard" under `pepper(1)`, at a cost that is not the current one.
    fn stored(memory_kib: u32, iterations: u32, parallelism: u32) -> StoredHash {
        let parameters = Parameters { memory_kib, iterations, parallelism };
        let (params, salt) = (parameters.checked().unwrap(), [3; SALT_LEN]);
        let hasher = Hasher::new().unwrap();
        let output = *hasher.derive(&pepper(1), &params, &password("orchard"), &salt).unwrap();
        StoredHash { parameters, params, salt, output }
    }

    #[test]
    fn the_vectors_of_rfc_9106_sections_5_1_to_5_3_hold() {
        let vectors = [
            (
                Algorithm::Argon2d,
                "512b391b6f1162975371d30919734294f868e3be3984f3c1a13a4db9fabe4acb",
            ),
            (
                Algorithm::Argon2i,
                "c814d9d1dc7f37aa13f0d77f2494bda1c8de6b016dd388d29952a4c4672b6ce8",
            ),
            (
                Algorithm::Argon2id,
                "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659",
            ),
        ];
        let mut tested = 0;
        for (algorithm, tag) in vectors {
            let params = ParamsBuilder::new()
                .m_cost(32)
                .t_cost(3)
                .p_cost(4)
                .data(AssociatedData::new(&[4; 12]).unwrap())
                .output_len(OUTPUT_LEN)
                .build()
                .unwrap();
            let argon2 =
                Argon2::new_with_secret(&[3; 8], algorithm, Version::V0x13, params).unwrap();
            let output = fill(&argon2, &[1; 32], &[2; 16], &mut blocks(32).unwrap()).unwrap();
            assert_eq!(HEXLOWER.encode(&*output), tag);
            tested += 1;
        }
        assert_eq!(tested, 3);
    }

    #[test]
    fn only_the_right_password_under_the_right_pepper_matches() {
        let hasher = Hasher::new().unwrap();
        let hash = hasher.hash(&pepper(1), &password("orchard")).unwrap();
        let again = hasher.hash(&pepper(1), &password("orchard")).unwrap();
        assert_ne!(hash.to_stored(), again.to_stored(), "each has its own salt");
        assert_eq!(hash.parameters(), CURRENT);
        let verdict = |pepper, text| hasher.verify(&pepper, &password(text), &hash).unwrap();
        assert_eq!(verdict(pepper(1), "orchard"), Verdict { matches: true, outdated: false });
        assert!(!verdict(pepper(2), "orchard").matches);
        for wrong in ["", "Orchard", "orchard ", "orchar", "orchard\0"] {
            assert!(!verdict(pepper(1), wrong).matches);
        }
        hasher.verify_nobody(&pepper(1), &password("orchard")).unwrap();
    }

    #[test]
    fn the_memory_is_zero_after_each_use() {
        let hasher = Hasher::new().unwrap();
        let hash = hasher.hash(&pepper(1), &password("orchard")).unwrap();
        let clean =
            || hasher.memory().iter().all(|block| block.as_ref().iter().all(|word| *word == 0));
        assert!(clean());
        hasher.verify(&pepper(1), &password("orchard"), &hash).unwrap();
        assert!(clean());
        assert_eq!(hasher.memory().len(), CURRENT.memory_kib as usize);
    }

    #[test]
    fn a_weaker_hash_still_matches_and_says_that_it_is_outdated() {
        let hasher = Hasher::new().unwrap();
        let verdict = |m, t, p| {
            let hash = stored(m, t, p);
            hasher.verify(&pepper(1), &password("orchard"), &hash).unwrap()
        };
        assert_eq!(verdict(8, 2, 1), Verdict { matches: true, outdated: true });
        assert_eq!(verdict(19_456, 1, 1), Verdict { matches: true, outdated: true });
        let stronger = verdict(20_480, 2, 2);
        assert_eq!(
            stronger,
            Verdict { matches: true, outdated: false },
            "more memory than is owned"
        );
    }
}
