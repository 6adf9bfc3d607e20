//! The row that an address and a password are checked against: `p` = `login#<name>`, where the name
//! is a keyed hash of the address; `k` = `login`, `u` the person, `n` the account's version, `d`
//! whether the account is disabled, `h` the hash of the password, sealed for this row and this
//! person, absent while a new one has to be chosen, `f` the version of the account in which it was
//! chosen, bound to it.

use std::hint::black_box;

use shared::ids::StaffId;
use shared::secret::Plaintext;
use shared::store::StoreError;
use shared::store::attributes::{
    Item, binary, corrupt, in_table, number, read_number, take_binary,
};
use shared::store::write::{NEW, THERE, Write, delete_if, put_if, update};

use super::Store;
use super::account::{Account, Status};
use super::throttle::{Attempt, Counter};
use crate::credential::password::StoredHash;
use crate::keys::{Keys, owner_with};
use shared::store::table::Key;

const LOGIN: &str = "login";
/// A hash that no password has.
const STAND_IN: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA\
                        $AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// The row of an address.
pub struct Login {
    /// The person who signs in with the address.
    pub staff: StaffId,
    /// The version of the account.
    pub version: u64,
    /// Whether the account is disabled.
    pub disabled: bool,
    /// The hash of the password, if there is one.
    pub password: Option<Kept>,
}

/// The effect of a change of the account on its password. No `Debug`.
#[derive(Clone, Copy)]
pub enum PasswordThen<'a> {
    /// It stays.
    Stays,
    /// It goes: a new one has to be chosen.
    Goes,
    /// Another one takes its place.
    Is(&'a StoredHash),
}

/// A hash as it is stored.
pub struct Kept {
    /// The hash.
    pub hash: StoredHash,
    /// The version of the account in which the password was chosen.
    pub chosen_in: u64,
    /// The bytes that are stored of it, by which it is known again.
    sealed: Vec<u8>,
}

fn key(name: &str) -> Key {
    Key::new(format!("login#{name}"), LOGIN)
}

impl Store {
    /// The row of an address and the counters of an attempt on it, in one request.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn login(
        &self,
        keys: &Keys,
        name: &str,
        attempt: Attempt,
    ) -> Result<(Option<Login>, Attempt), StoreError> {
        let counters: Vec<_> = attempt.counters().map(Counter::key).collect();
        let counters = (&self.watch, counters.as_slice());
        let (mut found, counted) =
            self.identity.get_with("find_login", &[key(name)], counters).await?;
        let login = if let Some(row) = found.pop() {
            let login = read(keys, name, row).map_err(in_table("identity"))?;
            if let Ok(mut known) = self.stand_in.lock() {
                *known = Some(login.staff);
            }
            Some(login)
        } else {
            stand_in(keys, name)?;
            None
        };
        Ok((login, attempt.with(counted)?))
    }

    /// A new row; nobody else may have the address.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    pub fn put_login(
        &self,
        keys: &Keys,
        account: &Account,
        hash: &StoredHash,
    ) -> Result<Write, StoreError> {
        let name = &*account.login;
        let mut row = key(name).item();
        row.extend([
            ("u".to_owned(), binary(account.id.as_bytes().to_vec())),
            ("n".to_owned(), number(account.version)),
            ("d".to_owned(), number(u8::from(account.status == Status::Disabled))),
            ("h".to_owned(), binary(seal(keys, name, (account.id, account.version), hash)?)),
            ("f".to_owned(), number(account.version)),
        ]);
        put_if(&self.identity, row, NEW, [])
    }

    /// The account as it was changed, for who comes with the password; which is taken away if
    /// `forget` says so.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    pub(super) fn tell_login(&self, account: &Account, forget: bool) -> Result<Write, StoreError> {
        let disabled = u8::from(account.status == Status::Disabled);
        let change = if forget { "SET n = :n, d = :d REMOVE h, f" } else { "SET n = :n, d = :d" };
        update(
            &self.identity,
            &key(&account.login),
            (change, THERE),
            [(":n", number(account.version)), (":d", number(disabled))],
        )
    }

    /// Another password, with the account's version.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    pub fn set_password(
        &self,
        keys: &Keys,
        account: &Account,
        hash: &StoredHash,
    ) -> Result<Write, StoreError> {
        let whose = (account.id, account.version);
        let sealed = seal(keys, &account.login, whose, hash)?;
        update(
            &self.identity,
            &key(&account.login),
            ("SET h = :h, n = :n, f = :n", THERE),
            [(":h", binary(sealed)), (":n", number(account.version))],
        )
    }

    /// The same password hashed by today's parameters, unless it was changed meanwhile.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    pub fn upgrade_password(
        &self,
        keys: &Keys,
        name: &str,
        (staff, before): (StaffId, &Kept),
        hash: &StoredHash,
    ) -> Result<Write, StoreError> {
        update(
            &self.identity,
            &key(name),
            ("SET h = :h", "h = :o"),
            [
                (":h", binary(seal(keys, name, (staff, before.chosen_in), hash)?)),
                (":o", binary(before.sealed.clone())),
            ],
        )
    }

    /// Deletes the row of an account, if it is theirs.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    pub fn delete_login(&self, account: &Account) -> Result<Write, StoreError> {
        let theirs = [(":u", binary(account.id.as_bytes().to_vec()))];
        delete_if(&self.identity, &key(&account.login), "u = :u", theirs)
    }
}

fn seal(
    keys: &Keys,
    name: &str,
    whose: (StaffId, u64),
    hash: &StoredHash,
) -> Result<Vec<u8>, StoreError> {
    let content = Plaintext::new(hash.to_stored().into_bytes());
    Ok(keys.seal(LOGIN, &owner_of(name, whose), &content)?)
}

/// The place that a hash is bound to. The last release bound it to no version, which is 0 here.
fn owner_of(name: &str, (staff, chosen_in): (StaffId, u64)) -> Vec<u8> {
    let version = chosen_in.to_be_bytes();
    let parts = [name.as_bytes(), &version];
    owner_with(staff, parts.get(..if chosen_in == 0 { 1 } else { 2 }).unwrap_or(&parts))
}

/// Does the work of opening a row where there is none, so that the time does not tell.
fn stand_in(keys: &Keys, name: &str) -> Result<(), StoreError> {
    // As long as an owner: an id and the name.
    let owner = [&[0; 32][..], name.as_bytes()].concat();
    let sealed = keys.seal(LOGIN, &owner, &Plaintext::new(STAND_IN.as_bytes().to_vec()))?;
    let _parsed = black_box((sealed, StoredHash::from_stored(STAND_IN)));
    Ok(())
}

fn read(keys: &Keys, name: &str, mut row: Item) -> Result<Login, StoreError> {
    let staff = StaffId::from_slice(&take_binary(&mut row, "u")?).ok_or(corrupt("u"))?;
    let password = if row.contains_key("h") {
        let sealed = take_binary(&mut row, "h")?;
        let chosen_in = if row.contains_key("f") { read_number(&row, "f")? } else { 0 };
        let content = keys.open(LOGIN, &owner_of(name, (staff, chosen_in)), sealed.clone())?;
        let hash = content.reveal_text().and_then(StoredHash::from_stored);
        Some(Kept { hash: hash.ok_or(corrupt("h"))?, chosen_in, sealed })
    } else {
        None
    };
    let disabled = read_number::<u8>(&row, "d")? != 0;
    Ok(Login { staff, version: read_number(&row, "n")?, disabled, password })
}
