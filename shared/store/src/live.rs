//! Short-lived state of the desk, in the table `watch`: who is there, who types, what was seen, how
//! long people waited. Losing it loses no message and lets nobody in.
//!
//! Items: `p` = `presence#<site>`, `k` = the agent's id, `u` until when they are there, `d` the name that
//! they work under; `p` = `agent#<id>`, `k` = `name`, `d` that name as auth knows it; `p` =
//! `live#<conversation>`, `k` = `visitor` or `agent`, `u` until when they type, `m` the last event that
//! the agent has seen, `n` how many messages of the visitor that were, `t` when; `p` = `waits#<site>`,
//! `k` = when somebody was claimed, `n` how many seconds they had waited; `expires_at`.

use super::attributes::{
    EXPIRES_AT, Item, corrupt, expiry, in_table, number, optional, read_number, string, take_string,
};
use super::body::{Agent, Why};
use super::inbox::Row;
use super::table::{Change, Key, Page, Table, key};
use super::write::{Write, put, update};
use super::{Store, StoreError};
use values::clock::UnixMillis;
use values::ids::{ConversationId, StaffId};
use values::policy::DAY_MS;
use values::site::Site;

/// How long a heartbeat counts.
pub const PRESENCE_MS: UnixMillis = 90_000;
/// A client says every three seconds that its person types; a second one within this is written by no function.
pub(super) const TYPED_LIFETIME_MS: UnixMillis = 1_000;
/// How long somebody is shown as typing.
pub const TYPING_MS: UnixMillis = 6_000;
/// After this long without an answer or a look, an agent loses the conversation.
pub const SILENCE_MS: UnixMillis = 5 * 60_000;
/// How long an agent is remembered who is not there: longer than a conversation can be claimed.
pub const REMEMBERED_MS: UnixMillis = 35 * DAY_MS;
/// Stands for the name of somebody who was at no desk yet.
const NAMELESS: &str = "-";
/// How long a side is kept: longer than a conversation is open.
pub const SIDE_MS: UnixMillis = 8 * DAY_MS;
/// How long a wait counts for estimates.
pub const WAIT_MS: UnixMillis = 7 * DAY_MS;
/// An estimate is the median of so many waits.
const WAITS: i32 = 20;
/// There is no estimate from fewer waits.
const FEWEST_WAITS: usize = 5;

/// An agent of a site, and until when they are there.
#[derive(Clone)]
pub struct Presence {
    /// The agent.
    pub agent: Agent,
    /// Until when they count as there.
    pub until_ms: UnixMillis,
}

/// Whether people of a site answer now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attendance {
    /// Whether it is within the opening hours.
    pub open_now: bool,
    /// Whether it is, and an agent is there.
    pub available: bool,
    /// When a closed site opens next.
    pub next_opening_ms: Option<UnixMillis>,
}

/// Live state of one side of a conversation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Side {
    /// Until when they type.
    pub typing_until_ms: UnixMillis,
    /// The last event that the agent has seen.
    pub seen_seq: u64,
    /// How many messages of the visitor that were.
    pub seen: u64,
    /// When they saw it.
    pub seen_ms: UnixMillis,
}

/// The sides of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Who {
    /// The visitor.
    Visitor,
    /// The agent who has claimed it.
    Agent,
}

impl Who {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Visitor => "visitor",
            Self::Agent => "agent",
        }
    }
}

/// Whether the agent of a row keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// They are there, and answer.
    Yes,
    /// They have lost it.
    No(Why),
    /// Several messages came since they looked last: the log says when the first of them did.
    Unclear,
}

/// Whether the agent of this row keeps it. `first_unseen_ms` is when the first message came that they have
/// not seen, where somebody has looked.
#[must_use]
pub fn kept(
    row: &Row,
    presence: Option<&Presence>,
    agent: Side,
    first_unseen_ms: Option<UnixMillis>,
    now_ms: UnixMillis,
) -> Kept {
    if presence.is_none_or(|presence| presence.until_ms <= now_ms) {
        return Kept::No(Why::Away);
    }
    let has_looked = row.answered < agent.seen_of(row);
    let (earliest_ms, latest_ms) = match (agent.unread(row), row.unanswered_since_ms) {
        (0, _) => return Kept::Yes,
        (_, Some(first_ms)) if !has_looked => (first_ms, first_ms),
        _ => match first_unseen_ms {
            Some(first_ms) => (first_ms, first_ms),
            None => (agent.seen_ms, row.last_message_ms),
        },
    };
    // Nobody is silent who has it for less than that.
    let is_silent = |since_ms: UnixMillis| now_ms - since_ms.max(row.claimed_ms) >= SILENCE_MS;
    match (is_silent(earliest_ms), is_silent(latest_ms)) {
        (_, true) => Kept::No(Why::Silent),
        (false, _) => Kept::Yes,
        (true, false) => Kept::Unclear,
    }
}

/// The median of the last waits, less what this one has waited; `None` where that says nothing.
#[must_use]
pub fn estimate_seconds(mut waits: Vec<i64>, waited_ms: UnixMillis) -> Option<u64> {
    if waits.len() < FEWEST_WAITS {
        return None;
    }
    waits.sort_unstable();
    let median = waits.get(waits.len() / 2)?;
    u64::try_from(median - waited_ms / 1000).ok().filter(|left| *left > 0)
}

fn presence_partition(site: &Site) -> String {
    format!("presence#{}", site.id)
}

fn side_key(id: ConversationId, who: Who) -> Key {
    Key::new(format!("live#{id}"), who.as_str())
}

/// The write by which auth says under which name somebody works, until their session ends.
///
/// # Errors
/// As [`put`].
pub fn put_name(
    table: &(impl AsRef<str> + ?Sized),
    id: StaffId,
    name: &str,
    end_ms: UnixMillis,
) -> Result<Write, StoreError> {
    let mut item = name_key(id).item();
    item.insert("d".to_owned(), string(name));
    item.insert(EXPIRES_AT.to_owned(), expiry(end_ms));
    put(table, item)
}

/// The write by which somebody is at no site's desk any more, with the change of what they may do: until
/// they sign in anew, no heartbeat counts. `epoch` is the least whose tokens are taken.
///
/// # Errors
/// As [`update`].
pub fn put_away(
    table: &(impl AsRef<str> + ?Sized),
    id: StaffId,
    epoch: u64,
    now_ms: UnixMillis,
) -> Result<Write, StoreError> {
    let change = "SET u = :u, x = :x, expires_at = :e, d = if_not_exists(d, :d)";
    let values = [
        (":u", number(now_ms)),
        (":x", number(epoch)),
        (":e", expiry(now_ms + REMEMBERED_MS)),
        (":d", string(NAMELESS)),
    ];
    let key = presence_key(Site::SHIPPED, id);
    update(table, &key, (change, "attribute_not_exists(x) OR x <= :x"), values)
}

fn presence_key(site: &Site, id: StaffId) -> Key {
    Key::new(presence_partition(site), id.to_string())
}

fn name_key(id: StaffId) -> Key {
    Key::new(format!("agent#{id}"), "name")
}

impl Presence {
    fn read(mut item: Item) -> Result<Self, StoreError> {
        let id = StaffId::parse(&take_string(&mut item, "k")?).ok_or(corrupt("k"))?;
        let name = take_string(&mut item, "d")?;
        Ok(Self { agent: Agent { id, name }, until_ms: read_number(&item, "u")? })
    }

    async fn of(watch: &Table, site: &Site, agent: StaffId) -> Result<Option<Self>, StoreError> {
        let key = presence_key(site, agent);
        let found = watch.get("presence", &key).await?;
        found.map(Self::read).transpose().map_err(in_table("watch"))
    }

    async fn all(watch: &Table, site: &Site) -> Result<Vec<Self>, StoreError> {
        let found = watch.query("agents", &presence_partition(site)).await?;
        found.into_iter().map(Self::read).collect::<Result<_, _>>().map_err(in_table("watch"))
    }
}

impl Side {
    /// Whether they type now: a mark from before the last message was of that one.
    #[must_use]
    pub const fn is_typing(&self, last_message_ms: UnixMillis, now_ms: UnixMillis) -> bool {
        now_ms < self.typing_until_ms && last_message_ms <= self.typing_until_ms - TYPING_MS
    }

    /// How many messages of the visitor follow the last answer that this agent has not seen.
    #[must_use]
    pub fn unread(&self, row: &Row) -> u64 {
        row.heard.saturating_sub(row.answered.max(self.seen_of(row)))
    }

    /// How many of the visitor's messages were seen since the agent got it: what another one saw before
    /// is unread to them.
    const fn seen_of(&self, row: &Row) -> u64 {
        if row.claimed_ms <= self.seen_ms { self.seen } else { 0 }
    }

    async fn of(watch: &Table, id: ConversationId, who: Who) -> Result<Self, StoreError> {
        let found = watch.get("live", &side_key(id, who)).await?;
        let Some(mut item) = found else { return Ok(Self::default()) };
        let mut read = |name| {
            let value: Option<i64> =
                optional(&mut item, name, |item, name| read_number(item, name))
                    .map_err(in_table("watch"))?;
            Ok::<i64, StoreError>(value.unwrap_or_default())
        };
        Ok(Self {
            typing_until_ms: read("u")?,
            seen_seq: read("m")?.unsigned_abs(),
            seen: read("n")?.unsigned_abs(),
            seen_ms: read("t")?,
        })
    }
}

impl Store {
    fn watch(&self) -> Table {
        Table::new(self.dynamo.clone(), self.watch_table.clone())
    }

    /// The name that somebody works under; nothing before their next sign-in or refresh.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn work_name(&self, id: StaffId) -> Result<Option<String>, StoreError> {
        let found = self.watch().get("work_name", &name_key(id)).await?;
        found.map(|mut item| take_string(&mut item, "d")).transpose().map_err(in_table("watch"))
    }

    /// Notes until when an agent is there, by a token of that epoch; false when what they may do has changed
    /// since, and nothing is noted.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn note_presence(
        &self,
        site: &Site,
        Presence { agent, until_ms }: &Presence,
        epoch: u64,
    ) -> Result<bool, StoreError> {
        let change = Change {
            key: &presence_key(site, agent.id),
            change: "SET u = :u, d = :d, expires_at = :e",
            condition: Some("attribute_not_exists(x) OR x <= :x"),
            values: vec![
                (":u", number(*until_ms)),
                (":d", string(&*agent.name)),
                (":e", expiry(self.clock.now_ms() + REMEMBERED_MS)),
                (":x", number(epoch)),
            ],
        };
        self.watch().update("note_presence", change).await
    }

    /// The agents of a site that were there in the last weeks.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn agents(&self, site: &Site) -> Result<Vec<Presence>, StoreError> {
        Presence::all(&self.watch(), site).await
    }

    async fn is_staffed(&self, site: &Site) -> Result<bool, StoreError> {
        let now_ms = self.clock.now_ms();
        Ok(self.agents(site).await?.iter().any(|agent| now_ms < agent.until_ms))
    }

    /// Whether somebody may wait for a person, and one is there.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) async fn serves_queue(&self, site: &Site) -> Result<bool, StoreError> {
        let queues = self.site_settings(site).await?.queues_at(self.clock.now_ms());
        Ok(queues && self.is_staffed(site).await?)
    }

    /// Whether the site is open and somebody is there. Outside the opening hours nobody counts as there.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn attendance(&self, site: &Site) -> Result<Attendance, StoreError> {
        let settings = self.site_settings(site).await?;
        let now_ms = self.clock.now_ms();
        let open_now = settings.open_at(now_ms);
        Ok(Attendance {
            open_now,
            available: open_now && self.is_staffed(site).await?,
            next_opening_ms: settings.next_opening(now_ms),
        })
    }

    /// Whether an agent is there.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn presence(
        &self,
        site: &Site,
        agent: StaffId,
    ) -> Result<Option<Presence>, StoreError> {
        Presence::of(&self.watch(), site, agent).await
    }

    /// The live state of one side.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn side(&self, id: ConversationId, who: Who) -> Result<Side, StoreError> {
        Side::of(&self.watch(), id, who).await
    }

    /// The same as it was some seconds ago.
    pub(super) async fn side_lately(
        &self,
        id: ConversationId,
        who: Who,
    ) -> Result<Side, StoreError> {
        let load = async || Side::of(&self.watch().lately(), id, who).await;
        self.sides.get(&(id, who), load).await
    }

    /// Until when somebody is there to answer, as it was a moment ago; 0 when nobody may wait any more.
    pub(super) async fn there_lately(&self, site: &Site) -> Result<UnixMillis, StoreError> {
        if !self.site_settings(site).await?.queues_at(self.clock.now_ms()) {
            return Ok(0);
        }
        let agents = Presence::all(&self.watch().lately(), site).await?;
        Ok(agents.iter().map(|agent| agent.until_ms).max().unwrap_or_default())
    }

    /// Whether an agent is there, as it was a moment ago.
    pub(super) async fn presence_of_lately(
        &self,
        site: &Site,
        agent: StaffId,
    ) -> Result<Option<Presence>, StoreError> {
        Presence::of(&self.watch().lately(), site, agent).await
    }

    /// Notes that one side types, once a second however often it is called.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn note_typing(&self, id: ConversationId, who: Who) -> Result<(), StoreError> {
        let note = async || {
            let now_ms = self.clock.now_ms();
            let change = Change {
                key: &side_key(id, who),
                change: "SET u = :u, expires_at = :e",
                condition: None,
                values: vec![(":u", number(now_ms + TYPING_MS)), (":e", expiry(now_ms + SIDE_MS))],
            };
            self.watch().update("note_typing", change).await.map(|_always| ())
        };
        self.typed.get(&(id, who), note).await
    }

    /// Notes what the agent has seen who got the conversation at `claimed_ms`: the event, and how many of the
    /// visitor's messages. What was seen once stays seen.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn note_seen(
        &self,
        id: ConversationId,
        (seq, seen): (u64, u64),
        claimed_ms: UnixMillis,
    ) -> Result<(), StoreError> {
        // Another function's clock may be behind the one that noted the claim.
        let now_ms = self.clock.now_ms().max(claimed_ms);
        let change = Change {
            key: &side_key(id, Who::Agent),
            change: "SET m = :m, n = :n, t = :t, expires_at = :e",
            // The agent before may have seen that message already.
            condition: Some("attribute_not_exists(m) OR m < :m OR (m = :m AND t < :c)"),
            values: vec![
                (":m", number(seq)),
                (":n", number(seen)),
                (":t", number(now_ms)),
                (":c", number(claimed_ms)),
                (":e", expiry(now_ms + SIDE_MS)),
            ],
        };
        self.watch().update("note_seen", change).await.map(|_newer| ())
    }

    /// Notes how long somebody waited for an agent.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn note_wait(&self, site: &Site, waited_ms: UnixMillis) -> Result<(), StoreError> {
        let now_ms = self.clock.now_ms();
        // Later ones first. Two claims in a millisecond count as one wait.
        let sort = format!("{:016}", i64::MAX / 1000 - now_ms);
        let mut item = key(format!("waits#{}", site.id), sort);
        item.insert("n".to_owned(), number(waited_ms.max(0) / 1000));
        item.insert(EXPIRES_AT.to_owned(), expiry(now_ms + WAIT_MS));
        self.watch().put("note_wait", item).await
    }

    /// Seconds that the last ones waited, up to twenty of them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn waits(&self, site: &Site) -> Result<Vec<i64>, StoreError> {
        let partition = format!("waits#{}", site.id);
        let page = Page { partition: &partition, after: None, limit: WAITS, only: None };
        let found = self.watch().page("waits", page).await?;
        let waits = found.iter().map(|item| read_number(item, "n")).collect::<Result<_, _>>();
        waits.map_err(in_table("watch"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_estimate_needs_five_waits_and_is_what_is_left_of_their_median() {
        assert_eq!(estimate_seconds(vec![60; 4], 0), None);
        assert_eq!(estimate_seconds(vec![10, 300, 60, 30, 90], 0), Some(60));
        assert_eq!(estimate_seconds(vec![10, 300, 60, 30, 90], 20_000), Some(40));
        assert_eq!(estimate_seconds(vec![10, 300, 60, 30, 90], 60_000), None);
    }
}
