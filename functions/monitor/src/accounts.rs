//! The accounts of the staff, as far as containment needs them: who there is, and who is an active admin.

use shared::ids::StaffId;
use shared::store::StoreError;
use shared::store::attributes::take_string;
use shared::store::table::{Page, Table};
use shared::values::role::{Role, Roles};

const DIRECTORY: &str = "directory";
/// The key of the row of an account, the first of its partition.
const ACCOUNT: &str = "account";
/// The state of an account that may sign in.
const ACTIVE: &str = "active";
/// People who are looked at. A small team has fewer.
const PEOPLE: i32 = 1_000;

/// The table `identity`, of which only roles and states may be read.
#[derive(Clone)]
pub struct Accounts(Table);

impl Accounts {
    /// The accounts in that table.
    #[must_use]
    pub const fn new(table: Table) -> Self {
        Self(table)
    }

    /// Whether there is such an account.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn has(&self, staff: StaffId) -> Result<bool, StoreError> {
        Ok(self.roles(staff).await?.is_some())
    }

    /// Whether nobody could manage the staff without this account, those in `locked` counted out.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn is_last_admin(
        &self,
        staff: StaffId,
        is_locked: impl Fn(StaffId) -> bool,
    ) -> Result<bool, StoreError> {
        if !self.is_active_admin(staff).await? {
            return Ok(false);
        }
        let page = Page { partition: DIRECTORY, after: None, limit: PEOPLE, only: Some("k") };
        for mut item in self.0.page("find_people", page).await? {
            let other = StaffId::parse(&take_string(&mut item, "k")?);
            let other = other.filter(|other| *other != staff && !is_locked(*other));
            if let Some(other) = other
                && self.is_active_admin(other).await?
            {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn is_active_admin(&self, staff: StaffId) -> Result<bool, StoreError> {
        let found = self.roles(staff).await?;
        Ok(found.is_some_and(|(roles, active)| active && roles.has(Role::Admin)))
    }

    async fn roles(&self, staff: StaffId) -> Result<Option<(Roles, bool)>, StoreError> {
        let partition = format!("staff#{staff}");
        let page = Page { partition: &partition, after: None, limit: 1, only: Some("k, r, s") };
        let Some(mut item) = self.0.page("find_roles", page).await?.into_iter().next() else {
            return Ok(None);
        };
        if take_string(&mut item, "k")? != ACCOUNT {
            return Ok(None);
        }
        let roles = take_string(&mut item, "r")?;
        let roles = Roles::read(roles.split(',').filter(|role| !role.is_empty()));
        let active = take_string(&mut item, "s")? == ACTIVE;
        Ok(Some((roles.unwrap_or_default(), active)))
    }
}
