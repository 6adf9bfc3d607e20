//! Counts of conversations for the reports, from metadata alone.
//!
//! Items of the table `desk`, none of which names anybody:
//!
//! - *Facts* of a conversation: `p` = `facts#<site>#<date of its opening, UTC>`, `k` the beginning of the
//!   SHA-256 of its id, `d` the [`Facts`] as JSON, `n` the last event counted in, `expires_at` sixteen days
//!   after its opening.
//! - *Exchanges*: `p` = `exchanges#<site>`, `k` the date of the conversations' opening in UTC, `n` how many
//!   messages were answered at once, `expires_at`.
//! - *Totals* of a day: `p` = `totals#<site>`, `k` the date in the site's time zone, `d` the [`Tally`] as
//!   JSON, `expires_at` three years later. They take the place of the day's facts.

pub mod facts;
pub mod tally;

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::Select;

use super::attributes::{
    Item, binary, corrupt, expiry, in_table, number, optional, read_number, string, take_binary,
    take_string,
};
use super::event::Header;
use super::table::{Change, Key};
use super::{Store, StoreError, fault};
use facts::{Counted, Facts};
use seal::suite;
use tally::Tally;
use values::clock::{UnixMillis, rfc3339};
use values::encoding::base64url;
use values::ids::ConversationId;
use values::policy::DAY_MS;
use values::site::Site;

/// How long the facts of a conversation are kept. It lasts seven days at most.
pub const FACTS_MS: UnixMillis = 16 * DAY_MS;
/// How long totals are kept.
pub const TOTALS_MS: UnixMillis = 3 * 365 * DAY_MS;
/// Bytes of the hash of a conversation's id.
const HASH: usize = 16;
/// How often a conversation is counted again that another run counts at the same time.
const ATTEMPTS: usize = 8;

/// The date of an instant in UTC, `2026-11-28`.
#[must_use]
pub fn utc_date(at_ms: UnixMillis) -> String {
    rfc3339(at_ms).get(..10).unwrap_or_default().to_owned()
}

fn facts_key(site: &Site, id: ConversationId) -> Key {
    let hash = suite::hash(&[id.as_bytes()]);
    let partition = format!("facts#{}#{}", site.id, utc_date(id.made_at_ms()));
    Key::new(partition, base64url(&hash[..HASH]))
}

fn read_facts(mut item: Item) -> Result<Facts, StoreError> {
    serde_json::from_str(&take_string(&mut item, "d")?).map_err(|_| corrupt("d"))
}

fn read_counted(mut item: Item) -> Result<Counted, StoreError> {
    Ok(Counted {
        seq: read_number(&item, "s")?,
        header: Header::decode(&take_binary(&mut item, "m")?)?,
        number: optional(&mut item, "z", |item, name| read_number(item, name))?,
    })
}

impl Store {
    /// The events of a conversation from one on, as reports see them: nothing that was said is read. That of
    /// `last` is among them, if it is stored.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn counted_events(
        &self,
        id: ConversationId,
        (from, last): (u64, u64),
    ) -> Result<Vec<Counted>, StoreError> {
        // For half the price; a copy that has not got the last one yet is not believed.
        let events = self.events_seen(id, from, false).await?;
        if events.iter().any(|event| event.seq >= last) {
            return Ok(events);
        }
        self.events_seen(id, from, true).await
    }

    async fn events_seen(
        &self,
        id: ConversationId,
        from: u64,
        consistent: bool,
    ) -> Result<Vec<Counted>, StoreError> {
        let mut pages = self
            .dynamo
            .query()
            .table_name(&self.conversations_table)
            .key_condition_expression("c = :c AND s >= :s")
            .expression_attribute_values(":c", binary(id.as_bytes().to_vec()))
            .expression_attribute_values(":s", number(from.max(1)))
            .projection_expression("c, s, m, z")
            // The role may read no other attributes, and AWS takes it at its word.
            .select(Select::SpecificAttributes)
            .consistent_read(consistent)
            .into_paginator()
            .items()
            .send();
        let mut events = Vec::new();
        while let Some(item) = pages.next().await {
            let item = item.map_err(|error| fault("counted_events", &error))?;
            events.push(read_counted(item).map_err(in_table("conversations"))?);
        }
        Ok(events)
    }

    /// Counts in what has happened in a conversation since it was counted last; a run that counts the same
    /// events again changes nothing. `events` are some that follow one another, and those between them and
    /// what was counted are read. `outside` says whether an instant is outside the opening hours.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn count_in(
        &self,
        site: &Site,
        id: ConversationId,
        mut events: Vec<Counted>,
        outside: impl Fn(UnixMillis) -> bool,
    ) -> Result<(), StoreError> {
        let (key, opened_ms) = (facts_key(site, id), id.made_at_ms());
        for _ in 0..ATTEMPTS {
            let found = self.desk_table.get("facts", &key).await?;
            let known = found.map(read_facts).transpose().map_err(in_table("desk"))?;
            let (condition, counted) = match &known {
                Some(known) => ("n = :n", Some((":n", number(known.events)))),
                None => ("attribute_not_exists(p)", None),
            };
            let mut facts = known.unwrap_or_else(|| Facts::opened(opened_ms, outside(opened_ms)));
            let next = facts.events + 1;
            if events.first().is_none_or(|first| first.seq > next) {
                let last = events.last().map_or(next, |last| last.seq);
                events = self.counted_events(id, (next, last)).await?;
            }
            if events.last().is_none_or(|last| last.seq < next) {
                return Ok(());
            }
            for event in events.iter().filter(|event| event.seq >= next) {
                facts.add(event);
            }
            let json = serde_json::to_string(&facts).map_err(|_| StoreError::Failed)?;
            let mut values = vec![
                (":d", string(json)),
                (":m", number(facts.events)),
                (":e", expiry(opened_ms + FACTS_MS)),
            ];
            values.extend(counted);
            let set = "SET d = :d, n = :m, expires_at = :e";
            let change = Change { key: &key, change: set, condition: Some(condition), values };
            if self.desk_table.update("count_in", change).await? {
                return Ok(());
            }
        }
        Err(StoreError::Unavailable)
    }

    /// Counts answered messages of conversations that were opened on that date in UTC.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn count_exchanges(
        &self,
        site: &Site,
        (date, opened_ms): (&str, UnixMillis),
        more: u64,
    ) -> Result<(), StoreError> {
        let key = Key::new(format!("exchanges#{}", site.id), date);
        let end = (":e", expiry(opened_ms + TOTALS_MS));
        let change = Change {
            key: &key,
            change: "SET expires_at = if_not_exists(expires_at, :e) ADD n :n",
            condition: None,
            values: vec![(":n", number(more)), end],
        };
        self.desk_table.update("count_exchanges", change).await.map(drop)
    }

    /// The facts of the conversations that were opened on that date in UTC.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn facts_of(&self, site: &Site, date: &str) -> Result<Vec<Facts>, StoreError> {
        let partition = format!("facts#{}#{date}", site.id);
        let items = self.desk_table.query("facts_of", &partition).await?.into_iter();
        items.map(read_facts).collect::<Result<_, _>>().map_err(in_table("desk"))
    }

    /// Keeps the totals of a day; false where they are kept already.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn keep_totals(
        &self,
        site: &Site,
        (date, at_ms): (&str, UnixMillis),
        tally: &Tally,
    ) -> Result<bool, StoreError> {
        let key = Key::new(format!("totals#{}", site.id), date);
        let json = serde_json::to_string(tally).map_err(|_| StoreError::Failed)?;
        let change = Change {
            key: &key,
            change: "SET d = :d, expires_at = :e",
            condition: Some("attribute_not_exists(p)"),
            values: vec![(":d", string(json)), (":e", expiry(at_ms + TOTALS_MS))],
        };
        self.desk_table.update("keep_totals", change).await
    }

    /// The totals of the days from one date to another, both included, by their dates.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn totals(
        &self,
        site: &Site,
        (from, to): (&str, &str),
    ) -> Result<BTreeMap<String, Tally>, StoreError> {
        let read = |mut item: Item| -> Result<(String, Tally), StoreError> {
            let tally = serde_json::from_str(&take_string(&mut item, "d")?);
            Ok((take_string(&mut item, "k")?, tally.map_err(|_| corrupt("d"))?))
        };
        let items = self
            .desk_table
            .between("totals", &format!("totals#{}", site.id), (from, to))
            .await?
            .into_iter();
        items.map(read).collect::<Result<_, _>>().map_err(in_table("desk"))
    }

    /// How many messages were answered at once in conversations that were opened between two dates in UTC.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn exchanges(&self, site: &Site, dates: (&str, &str)) -> Result<u64, StoreError> {
        let items = self
            .desk_table
            .between("exchanges", &format!("exchanges#{}", site.id), dates)
            .await?
            .into_iter();
        let count = |item: Item| read_number::<u64>(&item, "n");
        items.map(count).sum::<Result<u64, _>>().map_err(in_table("desk"))
    }
}
