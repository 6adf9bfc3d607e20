//! The row of an account: what somebody may do, what they are called, and what an admin took.

use serde::{Deserialize, Serialize};
use shared::access::staff::Cooling;
use shared::clock::UnixMillis;
use shared::ids::StaffId;
use shared::secret::Plaintext;
use shared::store::StoreError;
use shared::store::attributes::{
    Item, Value, binary, corrupt, number, read_number, string, take_binary, take_string,
};
use shared::store::table::Key;
use shared::values::address::Address;
use shared::values::role::{Role, Roles};

use crate::keys::{Keys, owner_with};

pub(super) const ACCOUNT: &str = "account";
/// How many resets an account remembers.
const RESETS: usize = 20;
/// How long rights rest that were granted to oneself, or whose account was reset.
const COOLING_SECONDS: i64 = 24 * 60 * 60;

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
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Disabled => "disabled",
        }
    }
}

/// One of the two factors that an admin takes away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Taken {
    /// All second factors and the recovery codes.
    SecondFactor,
    /// The password.
    Password,
}

impl Taken {
    /// Its name in requests and answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SecondFactor => "second_factor",
            Self::Password => "password",
        }
    }

    /// The one of that name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        [Self::SecondFactor, Self::Password].into_iter().find(|taken| taken.as_str() == name)
    }
}

/// A factor that an admin or an operator reset.
#[derive(Clone, Serialize, Deserialize)]
pub struct Reset {
    /// Which factor.
    pub what: Taken,
    /// When.
    pub at_ms: UnixMillis,
    /// The admin's id; nobody for the operator, and where an older release stored it.
    #[serde(default)]
    pub by: Option<String>,
}

/// The factors that an account has, each by its stored version, digest or name. Any other row is no
/// factor: writing the table brings back none that was taken, replaced or used up.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct FactorSet {
    /// The version of the account in which the password was chosen; 0 for one that was chosen under a
    /// release that did not store it.
    pub password: u64,
    /// The digest of the confirmed TOTP secret as it is sealed.
    pub totp: Option<String>,
    /// The names of the passkeys.
    pub passkeys: Vec<String>,
    /// The recovery codes that are left, by the names of their rows.
    pub recovery: Vec<String>,
}

/// The sealed part of an account. No `Debug`.
#[derive(Clone, Serialize, Deserialize)]
pub struct Profile {
    /// As they wrote it.
    pub name: String,
    /// By which they sign in.
    pub email: String,
    /// The last reset, as the release before stored it; read into `resets`.
    #[serde(default, skip_serializing)]
    reset: Option<Reset>,
    /// The last resets, the newest last.
    #[serde(default)]
    pub resets: Vec<Reset>,
    /// The factor that was taken, until both factors were shown at the gate again. Until then the other
    /// factor is the only sign of whose account it is, so it cannot be taken as well.
    #[serde(default)]
    pub unproven: Option<Taken>,
    /// The roles that may not be used yet.
    #[serde(default)]
    pub cooling: Option<Cooling>,
    /// The factors; nothing where the release before stored the account last. The next sign-in takes
    /// those that are there then.
    #[serde(default)]
    pub factors: Option<FactorSet>,
    /// When the account ends by itself; an auditor's does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_at_ms: Option<UnixMillis>,
}

impl Profile {
    /// The profile of a new person, whose account ends at that time, if at all.
    #[must_use]
    pub fn new(name: &str, address: &Address, ends_at_ms: Option<UnixMillis>) -> Self {
        let email = address.reveal().to_owned();
        Self { name: name.to_owned(), email, ends_at_ms, ..Self::blank() }
    }

    const fn blank() -> Self {
        Self {
            name: String::new(),
            email: String::new(),
            reset: None,
            resets: Vec::new(),
            unproven: None,
            cooling: None,
            factors: Some(FactorSet {
                password: 1,
                totp: None,
                passkeys: Vec::new(),
                recovery: Vec::new(),
            }),
            ends_at_ms: None,
        }
    }

    /// Changes what the account has of factors, where that is stored.
    pub fn factors(&mut self, change: impl FnOnce(&mut FactorSet)) {
        if let Some(factors) = &mut self.factors {
            change(factors);
        }
    }

    /// Records that a factor was taken: the other one is now all that is known of the person, and the
    /// rights of an officer rest.
    pub fn take(&mut self, what: Taken, by: Option<StaffId>, at_ms: UnixMillis) {
        let over = (self.resets.len() + 1).saturating_sub(RESETS);
        self.resets.drain(..over);
        self.resets.push(Reset { what, at_ms, by: by.map(String::from) });
        self.unproven = Some(what);
        self.factors(|factors| match what {
            // A hash that comes back is of no version.
            Taken::Password => factors.password = u64::MAX,
            Taken::SecondFactor => {
                *factors = FactorSet { password: factors.password, ..FactorSet::default() };
            }
        });
        self.cool(Roles::OFFICERS, at_ms);
    }

    /// Records that both factors were shown. The day of a reset begins here: waiting with the link
    /// does not wait the day out.
    pub fn prove(&mut self, now_ms: UnixMillis) {
        if self.unproven.take().is_some() && self.cooling.is_some() {
            self.cool(Roles::OFFICERS, now_ms);
        }
    }

    /// Lets these roles rest for a day, beside those that rest already.
    pub fn cool(&mut self, roles: Roles, now_ms: UnixMillis) {
        let now = now_ms.div_euclid(1000);
        let before = self.cooling.filter(|cooling| now < cooling.until);
        let roles = before.map_or(roles, |cooling| cooling.roles.with(roles));
        self.cooling = Some(Cooling { until: now + COOLING_SECONDS, roles });
    }

    fn read(content: &Plaintext) -> Result<Self, StoreError> {
        let mut profile: Self =
            serde_json::from_slice(content.reveal()).map_err(|_| corrupt("v"))?;
        if let Some(reset) = profile.reset.take() {
            // The release before did not store whether both factors were shown since.
            profile.unproven = Some(reset.what);
            profile.resets.push(reset);
        }
        Ok(profile)
    }
}

/// An account.
#[derive(Clone)]
pub struct Account {
    /// The id of its owner.
    pub id: StaffId,
    /// The person's roles.
    pub roles: Roles,
    /// Whether they may sign in.
    pub status: Status,
    /// Counts the changes.
    pub version: u64,
    /// Counts those after which sessions and tokens from before are over.
    pub epoch: u64,
    /// The name of the sign-in row.
    pub login: String,
    /// The person's name.
    pub profile: Profile,
    /// When the account was made.
    pub made_at_ms: UnixMillis,
}

impl Account {
    /// Whether it has ended by itself.
    #[must_use]
    pub fn has_ended(&self, now_ms: UnixMillis) -> bool {
        self.profile.ends_at_ms.is_some_and(|end_ms| end_ms <= now_ms)
    }

    /// Its status at that time: one that has ended is as good as disabled.
    #[must_use]
    pub fn status_at(&self, now_ms: UnixMillis) -> Status {
        if self.has_ended(now_ms) { Status::Disabled } else { self.status }
    }

    /// Whether its owner may sign in at that time.
    #[must_use]
    pub fn is_active(&self, now_ms: UnixMillis) -> bool {
        self.status_at(now_ms) == Status::Active
    }

    /// Seconds until it ends by itself; none for an account that does not.
    #[must_use]
    pub fn rest_seconds(&self, now_ms: UnixMillis) -> Option<i64> {
        self.profile.ends_at_ms.map(|end_ms| (end_ms - now_ms).max(0).div_euclid(1000))
    }
}

pub(super) fn roles(roles: Roles) -> Value {
    string(names(roles))
}

pub(super) fn read_roles(text: &str) -> Result<Roles, StoreError> {
    let names = text.split(',').filter(|name| !name.is_empty());
    Roles::read(names).ok_or(corrupt("r"))
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

/// The row of an account. The sealed part is bound to the part in the clear: writing the table
/// gives nobody another role, and brings no earlier state of an account back in part.
pub(super) fn account_row(keys: &Keys, account: &Account) -> Result<Item, StoreError> {
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

pub(super) fn read_account(keys: &Keys, id: StaffId, mut row: Item) -> Result<Account, StoreError> {
    let status = match &*take_string(&mut row, "s")? {
        "active" => Status::Active,
        "disabled" => Status::Disabled,
        _ => return Err(corrupt("s")),
    };
    let mut account = Account {
        id,
        roles: read_roles(&take_string(&mut row, "r")?)?,
        status,
        version: read_number(&row, "n")?,
        epoch: read_number(&row, "e")?,
        login: take_string(&mut row, "l")?,
        profile: Profile::blank(),
        made_at_ms: read_number(&row, "t")?,
    };
    let sealed = take_binary(&mut row, "v")?;
    account.profile = Profile::read(&keys.open(ACCOUNT, &bound(&account), sealed)?)?;
    Ok(account)
}

/// An address that was stored in its one form.
pub(super) fn stored_address(text: &str) -> Result<Address, StoreError> {
    Address::read(text).ok_or(corrupt("v"))
}
