//! An invitation: a secret that is handed over, good for one use in two days.
//!
//! Items: `p` = `invitation#<hash of the secret>`, `k` = `invitation`, `w` the purpose, `u` the
//! person who is invited, `i` the admin who invited, absent for the operator, `r` the roles of a
//! new person, `a` when the account of a new person ends (ms), absent for one that does not, `n` the
//! account's version of an existing one, `expires_at`, `v` the sealed address of a new person, or
//! nothing, sealed; bound to all of these, so that nobody makes or alters an invitation by writing
//! the table.
//!
//! For each new person also `p` = `invited`, `k` = the person, `v` the sealed name of the
//! invitation, `expires_at`: the pending invitations, for admins. A version of the function without
//! these rows lists nothing and leaves them where it accepts; a row without its invitation leads to
//! nothing.

use shared::clock::UnixMillis;
use shared::ids::StaffId;
use shared::random;
use shared::secret::Plaintext;
use shared::store::StoreError;
use shared::store::attributes::{
    EXPIRES_AT, Item, binary, corrupt, in_table, number, read_number, string, take_binary,
    take_string,
};
use shared::store::once::Kind;
use shared::store::write::{NEW, THERE, Write, check, delete, delete_if, put, put_if};
use shared::values::address::Address;
use shared::values::encoding::base64url;
use shared::values::role::{Role, Roles};

use super::Store;
use super::account::{Account, read_roles, roles, stored_address};
use crate::keys::{Keys, owner_with};
use shared::store::table::{Key, Page};

/// How long an invitation is good.
pub const LIFETIME_MS: UnixMillis = 48 * 60 * 60 * 1000;

pub(super) const INVITATION: &str = "invitation";
const INVITED: &str = "invited";

/// The purpose of an invitation.
#[derive(Clone)]
pub enum Purpose {
    /// To an account that is not there yet.
    Join {
        /// The address of the new account.
        address: Address,
        /// The roles of the new account.
        roles: Roles,
        /// When the new account ends by itself, if at all.
        ends_at_ms: Option<UnixMillis>,
    },
    /// To a new second factor, with the password that is there.
    SecondFactor {
        /// The account's version since the old ones were taken away.
        version: u64,
    },
    /// To a new password; the second factor stays.
    Password {
        /// The account's version since the old one was taken away.
        version: u64,
    },
}

/// An invitation as it is stored.
#[derive(Clone)]
pub struct Invitation {
    /// The person who is invited; for a new one, the id that is reserved for them.
    pub staff: StaffId,
    /// Its purpose.
    pub purpose: Purpose,
    /// The admin who invited; nobody for the operator.
    pub by: Option<StaffId>,
    /// When its two days are over.
    pub ends_at_ms: UnixMillis,
}

impl Invitation {
    /// Its use for that account as it is now: `password`, `second-factor`, or `none`.
    #[must_use]
    pub fn is_for(&self, account: &Account) -> &'static str {
        match self.purpose {
            Purpose::SecondFactor { version } | Purpose::Password { version }
                if version == account.version && self.staff == account.id =>
            {
                self.purpose.word()
            }
            _ => "none",
        }
    }

    /// Until when it is good: not for an account that would have ended.
    #[must_use]
    pub fn good_until_ms(&self) -> UnixMillis {
        match self.purpose {
            Purpose::Join { ends_at_ms: Some(end_ms), .. } => end_ms.min(self.ends_at_ms),
            _ => self.ends_at_ms,
        }
    }

    /// The object of the event that it was accepted: who was invited, and by whom.
    #[must_use]
    pub fn object(&self) -> String {
        match self.by {
            Some(by) => format!("{}/{by}", self.staff),
            None => format!("{}/operator", self.staff),
        }
    }
}

/// The name under which an invitation is stored: the hash of its secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Name(String);

impl Name {
    /// A name that a token of ours has carried.
    pub(super) fn stored(text: &str) -> Self {
        Self(text.to_owned())
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn partition(&self) -> String {
        format!("{INVITATION}#{}", self.0)
    }

    fn key(&self) -> Key {
        Key::new(self.partition(), INVITATION)
    }
}

/// The secret of an invitation. No `Debug`.
pub struct Secret(String);

impl Secret {
    /// A fresh one.
    ///
    /// # Errors
    /// [`StoreError::Failed`] when there is no randomness.
    pub fn generate() -> Result<Self, StoreError> {
        Ok(Self(base64url(&random::bytes::<32>()?)))
    }

    /// One that somebody came with.
    #[must_use]
    pub fn received(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The secret, for who hands it over.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The name under which its invitation is stored.
    #[must_use]
    pub fn name(&self) -> Name {
        Name(base64url(&shared::seal::suite::hash(&[b"sotto/v1 invitation", self.0.as_bytes()])))
    }
}

impl Store {
    /// Keeps an invitation.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    pub fn put_invitation(
        &self,
        keys: &Keys,
        secret: &Secret,
        invitation: &Invitation,
    ) -> Result<Vec<Write>, StoreError> {
        let (given, account_end_ms, version, address) = match &invitation.purpose {
            Purpose::Join { address, roles, ends_at_ms } => {
                (*roles, *ends_at_ms, 0, address.reveal())
            }
            Purpose::SecondFactor { version } | Purpose::Password { version } => {
                (Roles::default(), None, *version, "")
            }
        };
        let beside = Beside {
            staff: invitation.staff,
            by: invitation.by,
            word: invitation.purpose.word(),
            roles: given,
            account_end_ms,
            version,
            ends_at: invitation.ends_at_ms.div_euclid(1000),
        };
        let content = Plaintext::new(address.as_bytes().to_vec());
        let name = secret.name();
        let sealed = keys.seal(INVITATION, &beside.owner(&name), &content)?;
        let mut row = name.key().item();
        if let Some(by) = beside.by {
            row.insert("i".to_owned(), binary(by.as_bytes().to_vec()));
        }
        if let Some(end_ms) = beside.account_end_ms {
            row.insert("a".to_owned(), number(end_ms));
        }
        row.extend([
            ("u".to_owned(), binary(beside.staff.as_bytes().to_vec())),
            ("w".to_owned(), string(beside.word)),
            ("r".to_owned(), roles(beside.roles)),
            ("n".to_owned(), number(beside.version)),
            ("v".to_owned(), binary(sealed)),
            (EXPIRES_AT.to_owned(), number(beside.ends_at)),
        ]);
        let mut writes = vec![put_if(&self.identity, row, NEW, [])?];
        if let Purpose::Join { .. } = invitation.purpose {
            let owner = owner_with(beside.staff, &[]);
            let content = Plaintext::new(name.as_str().as_bytes().to_vec());
            let mut row = listed(beside.staff).item();
            row.insert("v".to_owned(), binary(keys.seal(INVITED, &owner, &content)?));
            row.insert(EXPIRES_AT.to_owned(), number(beside.ends_at));
            writes.push(put(&self.identity, row)?);
        }
        Ok(writes)
    }

    /// Invitations of people who are new and that wait, in the order in which they were made: of up to
    /// `limit` rows behind `after`, and the last of these if there may be more.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn invitations(
        &self,
        keys: &Keys,
        limit: usize,
        after: Option<StaffId>,
    ) -> Result<(Vec<Invitation>, Option<StaffId>), StoreError> {
        let page = Page {
            partition: INVITED,
            after: after.map(listed),
            limit: i32::try_from(limit).unwrap_or(i32::MAX),
            only: None,
        };
        let rows = self.identity.page("find_invited", page).await?;
        let is_full = rows.len() == limit;
        let (mut waiting, mut last) = (Vec::new(), None);
        for row in rows {
            let (id, name) = read_listed(keys, row)?;
            last = Some(id);
            // The row of what is past its time is there until DynamoDB deletes it.
            waiting.extend(self.invitation(keys, &name).await?);
        }
        Ok((waiting, last.filter(|_| is_full)))
    }

    /// The invitation of somebody who is new, if it waits.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn invitation_of(
        &self,
        keys: &Keys,
        staff: StaffId,
    ) -> Result<Option<(Name, Invitation)>, StoreError> {
        let found = self.identity.get("find_invited_one", &listed(staff)).await?;
        let Some(row) = found else { return Ok(None) };
        let (_, name) = read_listed(keys, row)?;
        Ok(self.invitation(keys, &name).await?.map(|invitation| (name, invitation)))
    }

    /// The invitation of that name, if it is good.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn invitation(
        &self,
        keys: &Keys,
        name: &Name,
    ) -> Result<Option<Invitation>, StoreError> {
        self.read_invitation(keys, name).await.map_err(in_table("identity"))
    }

    async fn read_invitation(
        &self,
        keys: &Keys,
        name: &Name,
    ) -> Result<Option<Invitation>, StoreError> {
        let found = self.identity.get("find_invitation", &name.key()).await?;
        let Some(row) = found else { return Ok(None) };
        let invitation = read(keys, name, row)?;
        Ok(Some(invitation).filter(|found| self.clock.now_ms() < found.good_until_ms()))
    }

    /// Uses an invitation up: it must be there, and must not have been used.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    pub fn spend_invitation(
        &self,
        name: &Name,
        invitation: &Invitation,
    ) -> Result<Vec<Write>, StoreError> {
        let parts = [name.as_str().as_bytes()];
        let deleted = delete_if(&self.identity, &name.key(), THERE, [])?;
        let used = self.once.put(Kind::Invitation, &parts, invitation.ends_at_ms)?;
        let mut writes = vec![deleted, used];
        if let Purpose::Join { .. } = invitation.purpose {
            writes.push(delete(&self.identity, &listed(invitation.staff))?);
        }
        Ok(writes)
    }
}

impl Store {
    /// Lets a transaction happen only if the invitation is there.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    pub(super) fn invitation_is_there(&self, name: &Name) -> Result<Write, StoreError> {
        let purpose = [(":w", string("password"))];
        check(&self.identity, &name.key(), "w = :w", purpose)
    }
}

fn listed(staff: StaffId) -> Key {
    Key::new(INVITED, staff.to_string())
}

fn read_listed(keys: &Keys, mut row: Item) -> Result<(StaffId, Name), StoreError> {
    let id = StaffId::parse(&take_string(&mut row, "k")?).ok_or(corrupt("k"))?;
    let name = keys.open(INVITED, &owner_with(id, &[]), take_binary(&mut row, "v")?)?;
    let name = name.reveal_text().ok_or(corrupt("v"))?;
    Ok((id, Name::stored(name)))
}

/// The attributes in the clear beside the sealed address.
struct Beside<'a> {
    staff: StaffId,
    by: Option<StaffId>,
    word: &'a str,
    roles: Roles,
    account_end_ms: Option<UnixMillis>,
    version: u64,
    ends_at: i64,
}

impl Beside<'_> {
    /// The bytes that the sealed address is bound to, with the name of the secret.
    fn owner(&self, name: &Name) -> Vec<u8> {
        let roles: Vec<_> = self.roles.iter().map(Role::as_str).collect();
        let (version, ends_at) = (self.version.to_be_bytes(), self.ends_at.to_be_bytes());
        let account_end = self.account_end_ms.map(i64::to_be_bytes);
        let roles = roles.join(",");
        let name = name.as_str().as_bytes();
        let mut beside: Vec<&[u8]> =
            vec![name, self.word.as_bytes(), roles.as_bytes(), &version, &ends_at];
        // Invitations of the release before, and the operator's, name nobody.
        beside.extend(self.by.as_ref().map(|by| &by.as_bytes()[..]));
        // An id has 16 bytes and a time 8: neither stands for the other.
        beside.extend(account_end.as_ref().map(|end| &end[..]));
        owner_with(self.staff, &beside)
    }
}

impl Purpose {
    const fn word(&self) -> &'static str {
        match self {
            Self::Join { .. } => "join",
            Self::SecondFactor { .. } => "second-factor",
            Self::Password { .. } => "password",
        }
    }
}

pub(super) fn read(keys: &Keys, name: &Name, mut row: Item) -> Result<Invitation, StoreError> {
    let staff = StaffId::from_slice(&take_binary(&mut row, "u")?).ok_or(corrupt("u"))?;
    let (word, roles) = (take_string(&mut row, "w")?, take_string(&mut row, "r")?);
    let by = if row.contains_key("i") {
        Some(StaffId::from_slice(&take_binary(&mut row, "i")?).ok_or(corrupt("i"))?)
    } else {
        None
    };
    let account_end_ms = if row.contains_key("a") { Some(read_number(&row, "a")?) } else { None };
    let beside = Beside {
        staff,
        by,
        word: &word,
        roles: read_roles(&roles)?,
        account_end_ms,
        version: read_number(&row, "n")?,
        ends_at: read_number(&row, EXPIRES_AT)?,
    };
    let content = keys.open(INVITATION, &beside.owner(name), take_binary(&mut row, "v")?)?;
    let version = beside.version;
    let purpose = match beside.word {
        "join" => {
            let text = content.reveal_text().ok_or(corrupt("v"))?;
            let (address, roles) = (stored_address(text)?, beside.roles);
            Purpose::Join { address, roles, ends_at_ms: beside.account_end_ms }
        }
        "second-factor" => Purpose::SecondFactor { version },
        "password" => Purpose::Password { version },
        _ => return Err(corrupt("w")),
    };
    Ok(Invitation { staff, purpose, by, ends_at_ms: beside.ends_at.saturating_mul(1000) })
}
