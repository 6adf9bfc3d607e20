//! Somebody of the staff: one partition of the identity table, `p` = `staff#<id>`.
//!
//! - `k` = `account`: `r` roles, `s` status, `n` version (every change adds one), `e` epoch (every change
//!   of what somebody may do, or of what an admin took, adds one), `l` the name of the sign-in row, `v`
//!   sealed name, address and end, bound to all of these, `t` made.
//! - `k` = `totp`: `v` the sealed secret, `c` whether a code has confirmed it, `g` the step of the last
//!   code, `t` made, `u` used.
//! - `k` = `passkey#<id>`: `v` the sealed passkey, `w` its sealed name, `t` made,
//!   `u` used.
//! - `k` = `recovery#<digest>`: one row a recovery code that is left.
//! - `k` = `session#<id>`: see [`super::session`].
//! - `k` = `notice#<time>#<random>`: see [`super::notice`].
//!
//! And `p` = `directory`, `k` = the id: who there is. Staff stay until they are deleted, so these rows
//! have no `expires_at`; a TOTP secret that nobody confirmed has.

use shared::ids::{SessionId, StaffId};
use shared::store::StoreError;
use shared::store::attributes::{Item, corrupt, in_table, number, string, take_string};
use shared::store::live::put_away;
use shared::store::write::{NEW, Write, check, delete, delete_if, put, put_if};
use shared::values::encoding::from_base64url;

use super::Store;
use super::account::{ACCOUNT, account_key, account_row, key, partition, read_account};
pub use super::account::{Account, FactorSet, Profile, Reset, Status, Taken};
use super::factor::{
    PASSKEY, Passkey, RECOVERY, TOTP, Totp, read_passkey, read_totp, recovery_key, recovery_name,
};
use super::login::{Login, PasswordThen};
use super::notice::{NOTICE, Notice, Told};
use super::session::{self, Session};
use crate::keys::Keys;
use shared::store::table::{Key, Page};

const DIRECTORY: &str = "directory";
/// How many rows are deleted in one transaction, which takes a hundred.
const BATCH: i32 = 50;

/// How many sessions one transaction ends, with two writes each. There are more than [`SESSIONS`] when
/// many sign-ins came at once.
const ENDED_AT_ONCE: usize = 30;

/// How many notices are kept; one more pushes the oldest out.
const NOTICES: usize = 20;
/// How many are pushed out by one write, which has other things to do.
const PUSHED_OUT: usize = 5;

/// Whether a change ends what was begun before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ends {
    /// Every session and every token.
    Sessions,
    /// Only the steps of signing in that were not finished.
    Steps,
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
    /// Their notices, the oldest first.
    pub notices: Vec<Notice>,
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

    /// The factors as they are stored now, for an account that does not name them yet.
    #[must_use]
    pub fn present_factors(&self) -> FactorSet {
        FactorSet {
            password: 0,
            totp: self.confirmed_totp().map(|totp| totp.digest.clone()),
            passkeys: self.passkeys.iter().map(|passkey| passkey.id.clone()).collect(),
            recovery: self.recovery.iter().map(recovery_name).collect(),
        }
    }

    /// How many second factors there are.
    #[must_use]
    pub fn count_of_factors(&self) -> usize {
        usize::from(self.confirmed_totp().is_some()) + self.passkeys.len()
    }
}

impl Store {
    /// Everything about a person (one query); nothing when there is no such account.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn person(&self, keys: &Keys, id: StaffId) -> Result<Option<Person>, StoreError> {
        self.read_person(keys, id).await.map_err(in_table("identity"))
    }

    async fn read_person(&self, keys: &Keys, id: StaffId) -> Result<Option<Person>, StoreError> {
        let rows = self.identity.query("find_person", &partition(id)).await?;
        let now_ms = self.clock.now_ms();
        let (mut account, mut totp) = (None, None);
        let (mut passkeys, mut recovery) = (Vec::new(), Vec::new());
        let (mut sessions, mut notices) = (Vec::new(), Vec::new());
        for mut row in rows {
            let kind = take_string(&mut row, "k")?;
            if kind == ACCOUNT {
                account = Some(read_account(keys, id, row)?);
                continue;
            }
            if kind == TOTP {
                totp = read_totp(keys, id, row, now_ms)?;
            } else if let Some(name) = kind.strip_prefix(PASSKEY) {
                passkeys.push(read_passkey(keys, id, name, row)?);
            } else if let Some(digest) = kind.strip_prefix(RECOVERY) {
                let digest = from_base64url(digest).ok_or(corrupt("k"))?;
                recovery.push(digest.try_into().map_err(|_| corrupt("k"))?);
            } else if kind.starts_with(NOTICE) {
                notices.extend(Notice::read(keys, id, kind, row, now_ms)?);
            } else if let Some(session) = session::read(keys, id, &kind, row)? {
                sessions.push(session);
            }
        }
        let Some(account) = account else { return Ok(None) };
        // A factor that the account does not name was reset or used up: somebody else put its row back.
        if let Some(factors) = &account.profile.factors {
            totp =
                totp.filter(|totp| !totp.confirmed || factors.totp.as_ref() == Some(&totp.digest));
            passkeys.retain(|passkey| factors.passkeys.contains(&passkey.id));
            recovery.retain(|digest| factors.recovery.contains(&recovery_name(digest)));
            sessions.retain(|session: &Session| session.authentic);
        }
        // The sessions of an account end with it.
        sessions.retain(|session| {
            account.is_active(now_ms)
                && session.epoch == account.epoch
                && !session.has_ended(now_ms)
        });
        Ok(Some(Person { account, totp, passkeys, recovery, sessions, notices }))
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
        let page = Page {
            partition: DIRECTORY,
            after: after.map(|after| Key::new(DIRECTORY, after)),
            limit: i32::try_from(limit).unwrap_or(i32::MAX),
            only: None,
        };
        let found = self.identity.page("find_people", page).await?;
        let read = |mut row: Item| StaffId::parse(&take_string(&mut row, "k")?).ok_or(corrupt("k"));
        found.into_iter().map(read).collect::<Result<_, _>>().map_err(in_table("identity"))
    }

    /// A new account with its row in the directory.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    pub fn put_account(&self, keys: &Keys, account: &Account) -> Result<[Write; 2], StoreError> {
        let listed = Key::new(DIRECTORY, account.id.to_string()).item();
        let row = account_row(keys, account)?;
        Ok([put_if(&self.identity, row, NEW, [])?, put(&self.identity, listed)?])
    }

    /// Changes an account, if nothing has changed meanwhile; gives it as it will be, with the next
    /// version, and the writes, which change the row of the sign-in as well.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    pub fn change_account(
        &self,
        keys: &Keys,
        before: &Account,
        (ends, password): (Ends, PasswordThen<'_>),
        change: impl FnOnce(&mut Account),
    ) -> Result<(Account, Vec<Write>), StoreError> {
        let mut account = before.clone();
        change(&mut account);
        account.version = before.version + 1;
        if let PasswordThen::Is(_) = password {
            let version = account.version;
            account.profile.factors(|factors| factors.password = version);
        }
        let mut writes = Vec::new();
        if ends == Ends::Sessions {
            account.epoch = before.epoch + 1;
            writes.extend(self.shut_out(account.id, account.epoch)?);
        }
        let row = account_row(keys, &account)?;
        let unchanged = [(":n", number(before.version))];
        writes.push(put_if(&self.identity, row, "n = :n", unchanged)?);
        writes.push(match password {
            PasswordThen::Stays => self.tell_login(&account, false)?,
            PasswordThen::Goes => self.tell_login(&account, true)?,
            PasswordThen::Is(hash) => self.set_password(keys, &account, hash)?,
        });
        Ok((account, writes))
    }

    /// The writes by which somebody's tokens of an epoch before this one open nothing, and keep nobody at a desk.
    fn shut_out(&self, id: StaffId, epoch: u64) -> Result<[Write; 2], StoreError> {
        let away = put_away(&self.watch, id, epoch, self.clock.now_ms())?;
        Ok([self.settings.revoke_before(id, epoch)?, away])
    }

    /// Lets the transaction happen only if the account is as it was read, and may sign in.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    pub fn unchanged(&self, account: &Account) -> Result<Write, StoreError> {
        check(
            &self.identity,
            &account_key(account.id),
            "n = :n AND s = :s",
            [(":n", number(account.version)), (":s", string(Status::Active.as_str()))],
        )
    }

    /// Decides that a person is deleted: they are out by every door, and their address is free. The rest
    /// of their rows goes after it, in [`Store::delete_rows`]; if that stops, the account is left as a
    /// disabled one, which can be deleted again.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    pub fn begin_deletion(
        &self,
        keys: &Keys,
        (before, login): (&Account, Option<&Login>),
    ) -> Result<(Account, Vec<Write>), StoreError> {
        let mut account = before.clone();
        account.status = Status::Disabled;
        account.version += 1;
        account.epoch += 1;
        let unchanged = [(":n", number(before.version))];
        let row = account_row(keys, &account)?;
        let mut writes = vec![put_if(&self.identity, row, "n = :n", unchanged)?];
        // A session that begins at this very moment finds the account changed.
        writes.extend(self.shut_out(account.id, u64::from(u32::MAX))?);
        // After a deletion that stopped, the address may be somebody else's by now.
        if login.is_some_and(|login| login.staff == account.id) {
            writes.push(self.delete_login(&account)?);
        }
        Ok((account, writes))
    }

    /// Deletes all rows of a person whose deletion has begun, however many there are: the account and
    /// its row in the directory are the last. False when the account was changed meanwhile.
    ///
    /// # Errors
    /// [`StoreError`]; what is left is deleted by the next try.
    pub async fn delete_rows(&self, account: &Account) -> Result<bool, StoreError> {
        let id = account.id;
        loop {
            let rows = self.some_rows(id).await?;
            if rows.is_empty() {
                break;
            }
            let deleted: Result<Vec<_>, _> =
                rows.into_iter().map(|sort| delete(&self.identity, &key(id, sort))).collect();
            self.transaction().and_all(deleted?).commit_patiently("delete_rows").await?;
        }
        let directory = Key::new(DIRECTORY, id.to_string());
        let unchanged = [(":n", number(account.version))];
        let last = self
            .transaction()
            .and(delete_if(&self.identity, &account_key(id), "n = :n", unchanged)?)
            .and(delete(&self.identity, &directory)?);
        Ok(last.commit_patiently("delete_account").await?.is_whole())
    }

    /// The names of some rows of a person but the account: as many as a transaction takes.
    async fn some_rows(&self, id: StaffId) -> Result<Vec<String>, StoreError> {
        let page = Page { partition: &partition(id), after: None, limit: BATCH, only: Some("k") };
        let found = self.identity.page("find_rows", page).await?;
        let mut names = Vec::new();
        for mut row in found {
            names.push(take_string(&mut row, "k")?);
        }
        names.retain(|name| name != ACCOUNT);
        Ok(names)
    }
}

impl Store {
    /// Deletes all second factors and recovery codes that were read.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    pub fn delete_factors(&self, person: &Person) -> Result<Vec<Write>, StoreError> {
        let id = person.account.id;
        let passkeys = person.passkeys.iter().map(|passkey| format!("{PASSKEY}{}", passkey.id));
        let totp = person.totp.as_ref().map(|_| TOTP.to_owned());
        let mut deleted = self.delete_recovery_codes(person)?;
        for sort in passkeys.chain(totp) {
            deleted.push(delete(&self.identity, &key(id, sort))?);
        }
        Ok(deleted)
    }

    /// Deletes the recovery codes that were read.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    pub fn delete_recovery_codes(&self, person: &Person) -> Result<Vec<Write>, StoreError> {
        let rows = person.recovery.iter().map(|digest| recovery_key(person.account.id, digest));
        rows.map(|row| delete(&self.identity, &row)).collect()
    }

    /// Ends the sessions of a person that were read, but `kept`: all, or as many as a transaction takes
    /// beside what else is in it.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    pub fn end_sessions(
        &self,
        person: &Person,
        kept: Option<SessionId>,
    ) -> Result<Vec<Write>, StoreError> {
        let ended = person.sessions.iter().filter(|session| Some(session.id) != kept);
        let ended = ended.take(ENDED_AT_ONCE);
        let pairs: Result<Vec<_>, _> =
            ended.map(|session| self.end_session(person.account.id, session.id)).collect();
        Ok(pairs?.into_iter().flatten().collect())
    }

    /// Tells somebody; what is one too many goes.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    pub fn tell(
        &self,
        keys: &Keys,
        person: &Person,
        told: Told,
        by: Option<StaffId>,
    ) -> Result<Vec<Write>, StoreError> {
        let id = person.account.id;
        let over = (person.notices.len() + 1).saturating_sub(NOTICES);
        let pushed_out = person.notices.iter().take(over.min(PUSHED_OUT));
        let pushed_out = pushed_out.map(|notice| self.delete_notice(id, notice));
        [self.put_notice(keys, id, told, by)].into_iter().chain(pushed_out).collect()
    }
}
