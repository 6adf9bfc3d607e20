//! Where a ciphertext belongs. A [`Place`] yields the additional authenticated data (AAD) of an
//! AEAD, and a [`BranchName`] the encryption context of a KMS call, so that what is moved to another
//! place does not open there. A place protects nothing but position: not order between items, not
//! deletion, not age (the chain of the log and `promised_until` do).

use std::fmt;

/// The AAD of one sealed value: a label and parts, each with its length before it, so that no two
/// different places have the same bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct Place(Vec<u8>);

impl Place {
    /// Starts a place; the label says what kind of value lives there and in which version.
    #[must_use]
    pub fn new(label: &str) -> Self {
        Self(Vec::with_capacity(128)).part(label.as_bytes())
    }

    /// Adds one part.
    #[must_use]
    pub fn part(mut self, bytes: &[u8]) -> Self {
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        self.0.extend_from_slice(&length.to_be_bytes());
        self.0.extend_from_slice(bytes);
        self
    }

    /// Adds a number.
    #[must_use]
    pub fn number(self, number: u64) -> Self {
        self.part(&number.to_be_bytes())
    }

    /// The AAD.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// A key purpose. A role may use only the key purposes that its job needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Conversations.
    Transcript,
    /// Leads, names, addresses.
    Profile,
    /// HPKE private keys.
    Transport,
    /// Ed25519 keys.
    Signing,
    /// Blind indexes.
    Index,
    /// Sign-in of the staff: pepper, second factors, session tokens.
    Credential,
    /// The staff's reasons for what they read, held and did, in their own words.
    Audit,
    /// Codes over the ledger's rows and policies.
    Evidence,
    /// Addresses and secrets of webhooks.
    Webhook,
}

impl Purpose {
    /// The purpose as it stands in the encryption context and in key names.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Transcript => "transcript",
            Self::Profile => "profile",
            Self::Transport => "transport",
            Self::Signing => "signing",
            Self::Index => "index",
            Self::Credential => "credential",
            Self::Audit => "audit",
            Self::Evidence => "evidence",
            Self::Webhook => "webhook",
        }
    }
}

/// The site name under which keys of the whole stack are kept.
pub const STACK: &str = "*";

/// The name of a branch key: one per site, purpose and month, or per site, purpose and fixed use.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct BranchName {
    /// The site, or [`STACK`].
    pub site: String,
    /// The key purpose.
    pub purpose: Purpose,
    /// The month (`2026-11`), or the fixed use (`visitor`, `root`, `email`).
    pub branch: String,
}

impl BranchName {
    /// The branch key of that name.
    #[must_use]
    pub fn new(site: &str, purpose: Purpose, branch: &str) -> Self {
        Self { site: site.to_owned(), purpose, branch: branch.to_owned() }
    }

    /// The KMS encryption context; roles are limited by it.
    #[must_use]
    pub fn encryption_context(&self) -> [(&'static str, &str); 3] {
        [
            ("sotto:site", &self.site),
            ("sotto:purpose", self.purpose.as_str()),
            ("sotto:branch", &self.branch),
        ]
    }
}

impl fmt::Debug for BranchName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/{}/{}", self.site, self.purpose.as_str(), self.branch)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn place(label: &str, parts: &[Vec<u8>]) -> Vec<u8> {
        parts.iter().fold(Place::new(label), |place, part| place.part(part)).as_bytes().to_vec()
    }

    proptest! {
        #[test]
        fn different_places_have_different_bytes(
            a in any::<(String, Vec<Vec<u8>>)>(),
            b in any::<(String, Vec<Vec<u8>>)>(),
        ) {
            prop_assert_eq!(a == b, place(&a.0, &a.1) == place(&b.0, &b.1));
        }

        #[test]
        fn a_border_between_parts_cannot_be_moved(
            parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..6), 1..5),
            at in any::<prop::sample::Index>(),
        ) {
            let mut moved = parts.clone();
            let at = at.index(parts.len());
            let middle = moved[at].len() / 2;
            let tail = moved[at].split_off(middle);
            moved.insert(at + 1, tail);
            prop_assert_ne!(place("x", &parts), place("x", &moved));
        }
    }
}
