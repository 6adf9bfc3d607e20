//! The keys of the sign-in, all derived from one that KMS wraps (`credential`, `staff`).

use shared::ids::StaffId;
use shared::seal::envelope::{DataKey, Sealed};
use shared::seal::mac::MacKey;
use shared::seal::network::NetworkNames;
use shared::seal::place::Place;
use shared::seal::suite::derived;
use shared::seal::{BranchKey, SealError};
use shared::secret::{Plaintext, Secret};
use shared::values::address::Address;
use shared::values::encoding::base64url;

/// The keys in memory. No `Debug`.
pub struct Keys {
    /// Goes into every hash of a password.
    pub pepper: Secret,
    /// Goes into every digest of a recovery code.
    pub recovery: Secret,
    /// Authenticates refresh and device tokens.
    pub tokens: MacKey,
    /// Names the addresses and networks from which attempts come.
    pub networks: NetworkNames,
    index: MacKey,
    challenges: DataKey,
    rest: DataKey,
}

impl Keys {
    /// Derives them.
    ///
    /// # Errors
    /// [`SealError::Failed`] when the library fails.
    pub fn derive(branch: &BranchKey) -> Result<Self, SealError> {
        Ok(Self {
            pepper: derived(branch, "sotto/v1 pepper")?,
            recovery: derived(branch, "sotto/v1 recovery")?,
            tokens: MacKey::derive(branch, "sotto/v1 staff tokens")?,
            networks: NetworkNames::derive(branch, "sotto/v1 network")?,
            index: MacKey::derive(branch, "sotto/v1 staff index")?,
            challenges: DataKey::derive(branch, "sotto/v1 staff challenges")?,
            rest: DataKey::derive(branch, "sotto/v1 staff")?,
        })
    }

    /// The name under which an address is found again without being stored.
    #[must_use]
    pub fn login(&self, address: &Address) -> String {
        base64url(&self.index.short::<16>(address.reveal().as_bytes()))
    }

    /// The name under which attempts with what is no address are counted: nobody has it.
    #[must_use]
    pub fn nobody(&self, text: &str) -> String {
        let place = Place::new("nobody").part(text.as_bytes());
        base64url(&self.index.short::<16>(place.as_bytes()))
    }

    /// Seals what belongs to a person under the name of its kind.
    ///
    /// # Errors
    /// [`SealError::Failed`] when there is no randomness.
    pub fn seal(
        &self,
        kind: &str,
        owner: &[u8],
        content: &Plaintext,
    ) -> Result<Vec<u8>, SealError> {
        Ok(self.rest.seal(&place(kind, owner), content.reveal())?.into_stored())
    }

    /// Seals the state of a challenge: under a key of its own, because anybody can ask for challenges
    /// without end, and none of them may count against the key of the accounts.
    ///
    /// # Errors
    /// [`SealError::Failed`] when there is no randomness.
    pub fn seal_challenge(
        &self,
        kind: &str,
        bytes: &[u8],
        state: &Plaintext,
    ) -> Result<Vec<u8>, SealError> {
        Ok(self.challenges.seal(&place(kind, bytes), state.reveal())?.into_stored())
    }

    /// Opens what [`Keys::seal_challenge`] has sealed.
    ///
    /// # Errors
    /// [`SealError::DidNotOpen`].
    pub fn open_challenge(
        &self,
        kind: &str,
        bytes: &[u8],
        stored: Vec<u8>,
    ) -> Result<Plaintext, SealError> {
        self.challenges.open(&place(kind, bytes), &Sealed::from_stored(stored))
    }

    /// Opens what [`Keys::seal`] has sealed for the same kind and owner.
    ///
    /// # Errors
    /// [`SealError::DidNotOpen`].
    pub fn open(&self, kind: &str, owner: &[u8], stored: Vec<u8>) -> Result<Plaintext, SealError> {
        self.rest.open(&place(kind, owner), &Sealed::from_stored(stored))
    }
}

fn place(kind: &str, owner: &[u8]) -> Place {
    Place::new("sotto/v1 staff").part(kind.as_bytes()).part(owner)
}

/// The bytes by which a person owns what is sealed.
#[must_use]
pub fn owner(id: StaffId) -> [u8; 16] {
    *id.as_bytes()
}

/// The same, bound to what stands beside it in the clear: with other values it does not open.
#[must_use]
pub fn owner_with(id: StaffId, beside: &[&[u8]]) -> Vec<u8> {
    let place = Place::new("with").part(id.as_bytes());
    beside.iter().fold(place, |place, part| place.part(part)).as_bytes().to_vec()
}
