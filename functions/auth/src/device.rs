//! A device on which somebody has signed in before, known by a token of its own. It opens nothing: it
//! only keeps strangers, who make an account wait, from making its owner wait.

use shared::clock::Clock;
use shared::random::{self, NoRandomness};
use shared::values::encoding::{base64url, from_base64url};

use crate::client::DEVICE_SECONDS;
use crate::keys::Keys;

const LABEL: &[u8] = b"device";
const ID: usize = 16;
const CONTENT: usize = ID + 8;

/// A known device of one account.
#[derive(Debug, Clone)]
pub struct Device {
    id: [u8; ID],
}

impl Device {
    /// A device that was not known before.
    ///
    /// # Errors
    /// [`NoRandomness`].
    pub fn generate() -> Result<Self, NoRandomness> {
        Ok(Self { id: random::bytes()? })
    }

    /// The device of a token, if it was given for that account and is in date.
    #[must_use]
    pub fn read(keys: &Keys, clock: &Clock, login: &str, token: &str) -> Option<Self> {
        let bytes = from_base64url(token)?;
        let (content, code) = bytes.split_at_checked(CONTENT)?;
        if !keys.tokens.verifies(&message(login, content), code) {
            return None;
        }
        let (id, end) = content.split_at_checked(ID)?;
        let end = i64::from_be_bytes(end.try_into().ok()?);
        (clock.now_seconds() < end).then_some(Self { id: id.try_into().ok()? })
    }

    /// A token for it.
    #[must_use]
    pub fn token(&self, keys: &Keys, clock: &Clock, login: &str) -> String {
        let mut bytes = self.id.to_vec();
        bytes.extend_from_slice(&(clock.now_seconds() + DEVICE_SECONDS).to_be_bytes());
        let code = keys.tokens.sign(&message(login, &bytes));
        bytes.extend_from_slice(&code);
        base64url(&bytes)
    }

    /// Its name among the counters of the account.
    #[must_use]
    pub fn name(&self) -> String {
        base64url(&self.id)
    }
}

fn message(login: &str, content: &[u8]) -> Vec<u8> {
    [LABEL, login.as_bytes(), content].concat()
}
