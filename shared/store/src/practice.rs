//! Practices: conversations that admins send to the staff, announced, to be played in the inbox.
//!
//! Items of the table `training`: `p` = `practice`, `k` its id, `s` the script, `t` when it began (ms), `a` the
//! id of the admin who sent it, `expires_at` [`Practice::LIFE_MS`] after `t`. An item is written once. How somebody
//! played it is in their own item ([`super::training`]).

use super::StoreError;
use super::attributes::{
    Item, corrupt, expiry, in_table, number, read_number, string, take_string,
};
use super::table::Key;
use super::training::{TABLE, Trainings};
use super::write::{NEW, Write, update};
use values::clock::UnixMillis;
use values::ids::{PracticeId, StaffId};
use values::policy::DAY_MS;

const PARTITION: &str = "practice";

/// A practice that an admin has sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Practice {
    /// Its id.
    pub id: PracticeId,
    /// The script that is played.
    pub script: String,
    /// When it began.
    pub begun_ms: UnixMillis,
    /// The admin who sent it.
    pub by: StaffId,
}

impl Practice {
    /// How long it can be played.
    pub const LIFE_MS: UnixMillis = 14 * DAY_MS;

    /// From then on it is not played any more.
    #[must_use]
    pub const fn ends_ms(&self) -> UnixMillis {
        self.begun_ms.saturating_add(Self::LIFE_MS)
    }

    fn read(mut item: Item) -> Result<Self, StoreError> {
        Ok(Self {
            id: PracticeId::parse(&take_string(&mut item, "k")?).ok_or(corrupt("k"))?,
            script: take_string(&mut item, "s")?,
            begun_ms: read_number(&item, "t")?,
            by: StaffId::parse(&take_string(&mut item, "a")?).ok_or(corrupt("a"))?,
        })
    }
}

impl Trainings {
    /// Stores a new practice together with `event`, which tells of it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn begin_practice(
        &self,
        practice: &Practice,
        event: Write,
    ) -> Result<(), StoreError> {
        let Practice { id, script, begun_ms, by } = practice;
        let values = [
            (":s", string(script.clone())),
            (":t", number(*begun_ms)),
            (":a", string(*by)),
            (":e", expiry(practice.ends_ms())),
        ];
        let change = ("SET s = :s, t = :t, a = :a, expires_at = :e", NEW);
        let write = update(&self.table, &Key::new(PARTITION, *id), change, values)?;
        self.table.transaction().and(write).and(event).commit_or_fail("begin_practice").await
    }

    /// The practices that can be played now, the oldest first. An item that cannot be read is left out: it must
    /// not keep the others from everybody.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn open_practices(&self) -> Result<Vec<Practice>, StoreError> {
        let now_ms = self.clock.now_ms();
        let mut open = Vec::new();
        for item in self.table.query("find_practices", PARTITION).await? {
            match Practice::read(item).map_err(in_table(TABLE)) {
                Ok(practice) if now_ms < practice.ends_ms() => open.push(practice),
                Ok(_) => {}
                Err(error) => tracing::error!(%error, "a practice cannot be read"),
            }
        }
        Ok(open)
    }

    /// The practice of that id, if it can be played now.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_practice(&self, id: PracticeId) -> Result<Option<Practice>, StoreError> {
        let found = self.table.get("find_practice", &Key::new(PARTITION, id)).await?;
        let found = found.map(Practice::read).transpose().map_err(in_table(TABLE))?;
        Ok(found.filter(|practice| self.clock.now_ms() < practice.ends_ms()))
    }
}
