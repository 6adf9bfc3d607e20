//! Somebody of the staff: one partition of the identity table, `p` = `staff#<id>`.
//!
//! - `k` = `account`: `r` roles, `s` status, `n` version (every change adds one), `e` epoch (every change
//!   of what somebody may do, or of what an admin took, adds one), `l` the name of the sign-in row, `v`
//!   sealed name and address, bound to all of these, `t` made.
//! - `k` = `totp`: `v` the sealed secret, `c` whether a code has confirmed it, `g` the step of the last
//!   code, `t` made, `u` used.
//! - `k` = `passkey#<id>`: `v` the sealed passkey, `w` its sealed name, `t` made,
//!   `u` used.
//! - `k` = `recovery#<digest>`: one row a recovery code that is left.
//! - `k` = `session#<id>`: see [`super::session`].
//!
//! And `p` = `directory`, `k` = the id: who there is. Staff stay until they are deleted, so these rows
//! have no `expires_at`; a TOTP secret that nobody confirmed has.

use aws_sdk_dynamodb::types::TransactWriteItem;
use serde::{Deserialize, Serialize};
use shared::clock::UnixMillis;
use shared::ids::{SessionId, StaffId};
use shared::secret::Plaintext;
use shared::store::attributes::{
    Item, binary, number, read_number, string, take_binary, take_string,
};
use shared::store::{StoreError, fault};
use shared::values::address::Address;
use shared::values::encoding::from_base64url;
use shared::values::role::{Role, Roles};

use super::Store;
use super::factor::{PASSKEY, Passkey, RECOVERY, TOTP, Totp, read_passkey, read_totp};
use super::login::PasswordThen;
use super::session::{self, Session};
use super::write::{self, Key};
use crate::keys::{Keys, owner_with};

const ACCOUNT: &str = "account";
const DIRECTORY: &str = "directory";

/// Whether somebody may sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// They may.
    Active,
    /// An admin has said that they may not.
    Disabled,
}

impl Status {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Disabled => "disabled",
        }
    }
}

/// What somebody is called. No `Debug`.
#[derive(Clone, Serialize, Deserialize)]
pub struct Profile {
    /// As they wrote it.
    pub name: String,
    /// By which they sign in.
    pub email: String,
    /// What an admin took last, and when.
    pub reset: Option<Reset>,
}

/// What an admin took from somebody, so that they learn of it.
#[derive(Clone, Serialize, Deserialize)]
pub struct Reset {
    /// `second_factor` or `password`.
    pub what: String,
    /// When.
    pub at_ms: UnixMillis,
}

/// Whether a change ends what was begun before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ends {
    /// Every session and every token.
    Sessions,
    /// Only the steps of signing in that were not finished.
    Steps,
}

/// An account.
#[derive(Clone)]
pub struct Account {
    /// Who.
    pub id: StaffId,
    /// What they may do.
    pub roles: Roles,
    /// Whether they may sign in.
    pub status: Status,
    /// Counts the changes.
    pub version: u64,
    /// Counts those after which sessions and tokens from before are over.
    pub epoch: u64,
    /// The name of the sign-in row.
    pub login: String,
    /// What they are called.
    pub profile: Profile,
    /// When the account was made.
    pub made_at_ms: UnixMillis,
}

/// Everything about one person, read in one go.
pub struct Person {
    /// The account.
    pub account: Account,
    /// The TOTP secret, confirmed or not.
    pub totp: Option<Totp>,
    /// Their passkeys.
    pub passkeys: Vec<Passkey>,
    /// Digests of the recovery codes that are left.
    pub recovery: Vec<[u8; 32]>,
    /// Their sessions that have not ended.
    pub sessions: Vec<Session>,
    /// Everything that was read in the partition but the account, past its time or not.
    rows: Vec<String>,
}

impl Person {
    /// The confirmed TOTP secret.
    #[must_use]
    pub fn confirmed_totp(&self) -> Option<&Totp> {
        self.totp.as_ref().filter(|totp| totp.confirmed)
    }

    /// The second factors, by the names that the API has for them.
    #[must_use]
    pub fn factors(&self) -> Vec<&'static str> {
        let totp = self.confirmed_totp().map(|_| "totp");
        let passkey = (!self.passkeys.is_empty()).then_some("passkey");
        totp.into_iter().chain(passkey).collect()
    }

    /// Whether the session is one of theirs that goes on.
    #[must_use]
    pub fn is_in(&self, session: SessionId) -> bool {
        self.session(session).is_some()
    }

    /// That session of theirs, if it goes on.
    #[must_use]
    pub fn session(&self, id: SessionId) -> Option<&Session> {
        self.sessions.iter().find(|known| known.id == id)
    }

    /// How many second factors there are.
    #[must_use]
    pub fn count_of_factors(&self) -> usize {
        usize::from(self.confirmed_totp().is_some()) + self.passkeys.len()
    }
}

/// The partition of a person.
pub(super) fn partition(id: StaffId) -> String {
    format!("staff#{id}")
}

pub(super) fn key(id: StaffId, sort: impl Into<String>) -> Key {
    Key::new(partition(id), sort)
}

/// The key of an account's row.
pub(super) fn account_key(id: StaffId) -> Key {
    key(id, ACCOUNT)
}

impl Store {
    /// Everything about a person (one query); nothing when there is no such account.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn person(&self, keys: &Keys, id: StaffId) -> Result<Option<Person>, StoreError> {
        let mut rows = self
            .dynamo
            .query()
            .table_name(&self.identity)
            .key_condition_expression("p = :p")
            .expression_attribute_values(":p", string(partition(id)))
            .consistent_read(true)
            .into_paginator()
            .items()
            .send();
        let now_ms = self.clock.now_ms();
        let (mut account, mut totp) = (None, None);
        let (mut passkeys, mut recovery, mut sessions) = (Vec::new(), Vec::new(), Vec::new());
        let mut kinds = Vec::new();
        while let Some(row) = rows.next().await {
            let mut row = row.map_err(|error| fault("find_person", &error))?;
            let kind = take_string(&mut row, "k")?;
            if kind == ACCOUNT {
                account = Some(read_account(keys, id, row)?);
                continue;
            }
            kinds.push(kind.clone());
            if kind == TOTP {
                totp = read_totp(keys, id, row, now_ms)?;
            } else if let Some(name) = kind.strip_prefix(PASSKEY) {
                passkeys.push(read_passkey(keys, id, name, row)?);
            } else if let Some(digest) = kind.strip_prefix(RECOVERY) {
                let digest = from_base64url(digest).ok_or(StoreError::Corrupt)?;
                recovery.push(digest.try_into().map_err(|_| StoreError::Corrupt)?);
            } else if let Some(session) = session::read(&kind, row)? {
                sessions.push(session);
            }
        }
        let Some(account) = account else { return Ok(None) };
        sessions.retain(|session| session.epoch == account.epoch && !session.has_ended(now_ms));
        Ok(Some(Person { account, totp, passkeys, recovery, sessions, rows: kinds }))
    }

    /// The accounts of these people that are there, in this order.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn people(
        &self,
        limit: usize,
        after: Option<StaffId>,
    ) -> Result<Vec<StaffId>, StoreError> {
        let mut query = self
            .dynamo
            .query()
            .table_name(&self.identity)
            .key_condition_expression("p = :p")
            .expression_attribute_values(":p", string(DIRECTORY))
            .consistent_read(true)
            .limit(i32::try_from(limit).unwrap_or(i32::MAX));
        if let Some(after) = after {
            query =
                query.set_exclusive_start_key(Some(Key::new(DIRECTORY, after.to_string()).item()));
        }
        let found = query.send().await.map_err(|error| fault("find_people", &error))?;
        let read =
            |mut row: Item| StaffId::parse(&take_string(&mut row, "k")?).ok_or(StoreError::Corrupt);
        found.items.unwrap_or_default().into_iter().map(read).collect()
    }

    /// A new account with its row in the directory.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    pub fn put_account(
        &self,
        keys: &Keys,
        account: &Account,
    ) -> Result<[TransactWriteItem; 2], StoreError> {
        let listed = Key::new(DIRECTORY, account.id.to_string()).item();
        let row = account_row(keys, account)?;
        let new = Some("attribute_not_exists(p)");
        Ok([write::put(&self.identity, row, new)?, write::put(&self.identity, listed, None)?])
    }

    /// Changes an account, if nothing has changed meanwhile; gives it as it will be, with the next
    /// version, and the writes: the row of the sign-in is told as well.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    pub fn change_account(
        &self,
        keys: &Keys,
        before: &Account,
        (ends, password): (Ends, PasswordThen<'_>),
        change: impl FnOnce(&mut Account),
    ) -> Result<(Account, Vec<TransactWriteItem>), StoreError> {
        let mut account = before.clone();
        change(&mut account);
        account.version = before.version + 1;
        let mut writes = Vec::new();
        if ends == Ends::Sessions {
            account.epoch = before.epoch + 1;
            writes.push(self.settings.revoke_before(account.id, account.epoch)?);
        }
        let row = account_row(keys, &account)?;
        let unchanged = [(":n", number(before.version))];
        writes.push(write::put_if(&self.identity, row, "n = :n", unchanged)?);
        writes.push(match password {
            PasswordThen::Stays => self.tell_login(&account, false)?,
            PasswordThen::Goes => self.tell_login(&account, true)?,
            PasswordThen::Is(hash) => self.set_password(keys, &account, hash)?,
        });
        Ok((account, writes))
    }

    /// Lets the transaction happen only if the account is as it was read, and may sign in.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    pub fn unchanged(&self, account: &Account) -> Result<TransactWriteItem, StoreError> {
        write::check(
            &self.identity,
            &account_key(account.id),
            "n = :n AND s = :s",
            [(":n", number(account.version)), (":s", string(Status::Active.as_str()))],
        )
    }

    /// Deletes everything about a person, if the account is as it was read.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    pub fn delete_person(&self, person: &Person) -> Result<Vec<TransactWriteItem>, StoreError> {
        let Account { id, version, .. } = person.account;
        let unchanged = ("n = :n", [(":n", number(version))]);
        let directory = Key::new(DIRECTORY, id.to_string());
        let mut deleted = vec![
            write::delete_if(&self.identity, &account_key(id), unchanged.0, unchanged.1)?,
            write::delete(&self.identity, &directory, None)?,
        ];
        for sort in &person.rows {
            deleted.push(write::delete(&self.identity, &key(id, sort.as_str()), None)?);
        }
        Ok(deleted)
    }
}

pub(super) fn roles(roles: Roles) -> aws_sdk_dynamodb::types::AttributeValue {
    string(names(roles))
}

pub(super) fn read_roles(text: &str) -> Result<Roles, StoreError> {
    let names = text.split(',').filter(|name| !name.is_empty());
    Roles::read(names).ok_or(StoreError::Corrupt)
}

/// The row of an account. What stands in the clear is bound to what is sealed: whoever can write the
/// table gives nobody another role, and brings no earlier state of an account back in part.
fn account_row(keys: &Keys, account: &Account) -> Result<Item, StoreError> {
    let content = serde_json::to_vec(&account.profile).map_err(|_| StoreError::Failed)?;
    let sealed = keys.seal(ACCOUNT, &bound(account), &Plaintext::new(content))?;
    let mut row = account_key(account.id).item();
    row.extend([
        ("r".to_owned(), string(names(account.roles))),
        ("s".to_owned(), string(account.status.as_str())),
        ("n".to_owned(), number(account.version)),
        ("e".to_owned(), number(account.epoch)),
        ("l".to_owned(), string(&account.login)),
        ("v".to_owned(), binary(sealed)),
        ("t".to_owned(), number(account.made_at_ms)),
    ]);
    Ok(row)
}

fn bound(account: &Account) -> Vec<u8> {
    let numbers = [account.version, account.epoch, account.made_at_ms.unsigned_abs()];
    let [version, epoch, made] = numbers.map(u64::to_be_bytes);
    let roles = names(account.roles);
    let beside: [&[u8]; 6] = [
        roles.as_bytes(),
        account.status.as_str().as_bytes(),
        &version,
        &epoch,
        &made,
        account.login.as_bytes(),
    ];
    owner_with(account.id, &beside)
}

fn names(roles: Roles) -> String {
    roles.iter().map(Role::as_str).collect::<Vec<_>>().join(",")
}

fn read_account(keys: &Keys, id: StaffId, mut row: Item) -> Result<Account, StoreError> {
    let status = match &*take_string(&mut row, "s")? {
        "active" => Status::Active,
        "disabled" => Status::Disabled,
        _ => return Err(StoreError::Corrupt),
    };
    let mut account = Account {
        id,
        roles: read_roles(&take_string(&mut row, "r")?)?,
        status,
        version: read_number(&row, "n")?,
        epoch: read_number(&row, "e")?,
        login: take_string(&mut row, "l")?,
        profile: Profile { name: String::new(), email: String::new(), reset: None },
        made_at_ms: read_number(&row, "t")?,
    };
    let profile = keys.open(ACCOUNT, &bound(&account), take_binary(&mut row, "v")?)?;
    account.profile = serde_json::from_slice(profile.reveal()).map_err(|_| StoreError::Corrupt)?;
    Ok(account)
}

/// An address that was stored in its one form.
pub(super) fn stored_address(text: &str) -> Result<Address, StoreError> {
    Address::read(text).ok_or(StoreError::Corrupt)
}
