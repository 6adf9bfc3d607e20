//! Contacts and incidents that are to be sent to a site's webhook: the outbox.
//!
//! Item of the table `desk`: `p` = `delivery#<site>`, `k` = the subject, or `incident#<id>`, `i` the id of the
//! delivery, `t` when the contact was left or the incident opened, `d` when it is sent next, `n` how often it was
//! tried, `r` why it is given up, if it is, `expires_at` three days after `t`; of an incident also `w` its kind and
//! `s` its severity. It holds nothing of the contact. A contact that takes the place of another takes its delivery's,
//! too.

use super::attributes::{
    EXPIRES_AT, Item, corrupt, expiry, in_table, number, optional, read_number, string, take_string,
};
use super::incident::Incident;
use super::table::Key;
use super::write::{Write, delete_if, put, update};
use super::{Store, StoreError};
use values::clock::UnixMillis;
use values::ids::{DeliveryId, IncidentId, SubjectId};
use values::incident::{Kind, Severity};
use values::policy::DAY_MS;
use values::site::Site;
use values::site_settings::WebhookEvent;

/// The beginning of the sort key of an incident's delivery.
const INCIDENT: &str = "incident#";

/// How long a delivery is kept, sent or not.
pub const KEPT_MS: UnixMillis = 3 * DAY_MS;

const MINUTE_MS: UnixMillis = 60_000;
const HOUR_MS: UnixMillis = 60 * MINUTE_MS;

/// The pauses behind the first try, the second, and so on. The last one tells a try that broke off from
/// one that is under way.
pub const PAUSES_MS: [UnixMillis; 6] =
    [MINUTE_MS, 5 * MINUTE_MS, 30 * MINUTE_MS, 2 * HOUR_MS, 12 * HOUR_MS, 5 * MINUTE_MS];

/// The content of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// The contact that a subject left.
    Contact(SubjectId),
    /// An incident that was opened.
    Incident {
        /// Its id.
        id: IncidentId,
        /// Its kind.
        kind: Kind,
        /// How bad it was when it was opened.
        severity: Severity,
    },
}

impl Content {
    /// The event that a webhook has to be for.
    #[must_use]
    pub const fn event(self) -> WebhookEvent {
        match self {
            Self::Contact(_) => WebhookEvent::Lead,
            Self::Incident { .. } => WebhookEvent::Incident,
        }
    }

    fn read(item: &mut Item) -> Result<Self, StoreError> {
        let sort = take_string(item, "k")?;
        let Some(id) = sort.strip_prefix(INCIDENT) else {
            return SubjectId::parse(&sort).map(Self::Contact).ok_or(corrupt("k"));
        };
        Ok(Self::Incident {
            id: IncidentId::parse(id).ok_or(corrupt("k"))?,
            kind: Kind::find(&take_string(item, "w")?).ok_or(corrupt("w"))?,
            severity: Severity::find(&take_string(item, "s")?).ok_or(corrupt("s"))?,
        })
    }

    fn key(self, site: &Site) -> Key {
        let sort = match self {
            Self::Contact(subject) => subject.to_string(),
            Self::Incident { id, .. } => format!("{INCIDENT}{id}"),
        };
        Key::new(partition(site), sort)
    }
}

/// A delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Its id, the same with each try.
    pub id: DeliveryId,
    /// The content of a delivery.
    pub content: Content,
    /// When the contact was left, or the incident opened.
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
            content: Content::read(&mut item)?,
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

impl Store {
    /// The write that puts a contact into the outbox, to be sent at once.
    pub(super) fn delivery_of(
        &self,
        site: &Site,
        (subject, left_ms): (SubjectId, UnixMillis),
    ) -> Result<Write, StoreError> {
        put(&self.desk_table, self.due_at_once(site, Content::Contact(subject), left_ms)?)
    }

    /// The write that puts an incident into the outbox, whether or not the webhook is for incidents: whoever opens one
    /// does not know that.
    ///
    /// # Errors
    /// [`StoreError::Failed`] when there is no randomness.
    pub fn incident_delivery(&self, site: &Site, incident: &Incident) -> Result<Write, StoreError> {
        let Incident { id, kind, severity, opened_ms, .. } = *incident;
        let content = Content::Incident { id, kind, severity };
        let mut item = self.due_at_once(site, content, opened_ms)?;
        item.insert("w".to_owned(), string(kind.as_str()));
        item.insert("s".to_owned(), string(severity.as_str()));
        put(&self.desk_table, item)
    }

    fn due_at_once(
        &self,
        site: &Site,
        content: Content,
        left_ms: UnixMillis,
    ) -> Result<Item, StoreError> {
        let mut item = content.key(site).item();
        item.insert("i".to_owned(), string(DeliveryId::generate(&self.clock)?));
        item.insert("t".to_owned(), number(left_ms));
        item.insert("d".to_owned(), number(left_ms));
        item.insert("n".to_owned(), number(0));
        item.insert(EXPIRES_AT.to_owned(), expiry(left_ms + KEPT_MS));
        Ok(item)
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
        let Delivery { id, content, tries, .. } = delivery;
        let pause_ms = PAUSES_MS.get(*tries).copied().unwrap_or(KEPT_MS);
        let change = "SET d = :d, n = n + :o";
        let condition = "i = :i AND n = :n AND attribute_not_exists(r)";
        let values = [
            (":d", number(self.clock.now_ms() + pause_ms)),
            (":o", number(1)),
            (":i", string(*id)),
            (":n", number(u32::try_from(*tries).unwrap_or(u32::MAX))),
        ];
        let taken = update(&self.desk_table, &content.key(site), (change, condition), values)?;
        let writes = self.transaction().and(taken).and_all(more);
        Ok(writes.commit("take_delivery").await?.is_whole())
    }

    /// Takes a delivery out of the outbox, if no other contact has taken its place.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn end_delivery(&self, site: &Site, delivery: &Delivery) -> Result<(), StoreError> {
        let Delivery { id, content, .. } = delivery;
        let values = [(":i", string(*id))];
        let ended = delete_if(&self.desk_table, &content.key(site), "i = :i", values)?;
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
        let Delivery { id, content, .. } = delivery;
        let values = [(":i", string(*id)), (":r", string(reason))];
        let change = ("SET r = :r", "i = :i");
        let ended = update(&self.desk_table, &content.key(site), change, values)?;
        self.transaction().and(ended).commit("give_up_delivery").await.map(drop)
    }
}
