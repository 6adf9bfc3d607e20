//! Contacts that are to be sent to a site's webhook: the outbox.
//!
//! Item of the table `desk`: `p` = `delivery#<site>`, `k` = the subject, `i` the id of the delivery, `t` when
//! the contact was left, `d` when it is sent next, `n` how often it was tried, `r` why it is given up, if it
//! is, `expires_at` three days after `t`. It holds nothing of the contact. A contact that takes the place of
//! another takes its delivery's, too.

use super::attributes::{
    EXPIRES_AT, Item, corrupt, expiry, in_table, number, optional, read_number, string, take_string,
};
use super::table::Key;
use super::write::{Write, delete_if, put, update};
use super::{Store, StoreError};
use values::clock::UnixMillis;
use values::ids::{DeliveryId, SubjectId};
use values::policy::DAY_MS;
use values::site::Site;

/// How long a delivery is kept, sent or not.
pub const KEPT_MS: UnixMillis = 3 * DAY_MS;

const MINUTE_MS: UnixMillis = 60_000;
const HOUR_MS: UnixMillis = 60 * MINUTE_MS;

/// The pauses behind the first try, the second, and so on. The last one tells a try that broke off from
/// one that is under way.
pub const PAUSES_MS: [UnixMillis; 6] =
    [MINUTE_MS, 5 * MINUTE_MS, 30 * MINUTE_MS, 2 * HOUR_MS, 12 * HOUR_MS, 5 * MINUTE_MS];

/// A contact that is to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Its id, the same with each try.
    pub id: DeliveryId,
    /// The subject who left the contact.
    pub subject: SubjectId,
    /// When it was left.
    pub left_ms: UnixMillis,
    /// When it is sent next.
    pub due_ms: UnixMillis,
    /// How often it was tried.
    pub tries: usize,
    /// Why it is given up, if it is.
    pub given_up: Option<String>,
}

impl Delivery {
    /// Whether another try is left.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.tries < PAUSES_MS.len()
    }

    fn read(mut item: Item) -> Result<Self, StoreError> {
        Ok(Self {
            id: DeliveryId::parse(&take_string(&mut item, "i")?).ok_or(corrupt("i"))?,
            subject: SubjectId::parse(&take_string(&mut item, "k")?).ok_or(corrupt("k"))?,
            left_ms: read_number(&item, "t")?,
            due_ms: read_number(&item, "d")?,
            tries: read_number(&item, "n")?,
            given_up: optional(&mut item, "r", take_string)?,
        })
    }
}

fn partition(site: &Site) -> String {
    format!("delivery#{}", site.id)
}

fn key_of(site: &Site, subject: SubjectId) -> Key {
    Key::new(partition(site), subject)
}

impl Store {
    /// The write that puts a contact into the outbox, to be sent at once.
    pub(super) fn delivery_of(
        &self,
        site: &Site,
        (subject, left_ms): (SubjectId, UnixMillis),
    ) -> Result<Write, StoreError> {
        let mut item = key_of(site, subject).item();
        item.insert("i".to_owned(), string(DeliveryId::generate(&self.clock)?));
        item.insert("t".to_owned(), number(left_ms));
        item.insert("d".to_owned(), number(left_ms));
        item.insert("n".to_owned(), number(0));
        item.insert(EXPIRES_AT.to_owned(), expiry(left_ms + KEPT_MS));
        put(&self.desk_table, item)
    }

    /// The deliveries of a site, those that are given up as well; a damaged row gives its own error.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn deliveries(
        &self,
        site: &Site,
    ) -> Result<Vec<Result<Delivery, StoreError>>, StoreError> {
        let items = self.desk_table.query("deliveries", &partition(site)).await?;
        let read = |item| Delivery::read(item).map_err(in_table("desk"));
        Ok(items.into_iter().map(read).collect())
    }

    /// Takes a delivery for one try, together with `more`; false when somebody else has. From then on the
    /// next try is due after the pause, as if this one had failed: one that breaks off is not lost.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn take_delivery(
        &self,
        site: &Site,
        delivery: &Delivery,
        more: Option<Write>,
    ) -> Result<bool, StoreError> {
        let Delivery { id, subject, tries, .. } = delivery;
        let pause_ms = PAUSES_MS.get(*tries).copied().unwrap_or(KEPT_MS);
        let change = "SET d = :d, n = n + :o";
        let condition = "i = :i AND n = :n AND attribute_not_exists(r)";
        let values = [
            (":d", number(self.clock.now_ms() + pause_ms)),
            (":o", number(1)),
            (":i", string(*id)),
            (":n", number(u32::try_from(*tries).unwrap_or(u32::MAX))),
        ];
        let taken = update(&self.desk_table, &key_of(site, *subject), (change, condition), values)?;
        let writes = self.transaction().and(taken).and_all(more);
        Ok(writes.commit("take_delivery").await?.is_whole())
    }

    /// Takes a delivery out of the outbox, if no other contact has taken its place.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn end_delivery(&self, site: &Site, delivery: &Delivery) -> Result<(), StoreError> {
        let Delivery { id, subject, .. } = delivery;
        let values = [(":i", string(*id))];
        let ended = delete_if(&self.desk_table, &key_of(site, *subject), "i = :i", values)?;
        self.transaction().and(ended).commit("end_delivery").await.map(drop)
    }

    /// Gives a delivery up: it stays in the outbox until its end, and nobody sends it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn give_up_delivery(
        &self,
        site: &Site,
        delivery: &Delivery,
        reason: &str,
    ) -> Result<(), StoreError> {
        let Delivery { id, subject, .. } = delivery;
        let values = [(":i", string(*id)), (":r", string(reason))];
        let change = ("SET r = :r", "i = :i");
        let ended = update(&self.desk_table, &key_of(site, *subject), change, values)?;
        self.transaction().and(ended).commit("give_up_delivery").await.map(drop)
    }
}
