//! `cargo doctor check`: reads all tables and says which invariant of docs/data.md an item breaks.
//!
//! It opens nothing and needs no right on the KMS key. The functions check what seals and MACs
//! protect; this finds items that are missing, superfluous, out of order, unencrypted, or past
//! their end.

mod ends;
mod ledger;
mod logs;
pub mod own;
mod plain;
mod settings;
mod staff;
mod told;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use serde::Serialize;
use shared::clock::UnixMillis;
use shared::ids::{ConversationId, SubjectId};
use shared::store::attributes::Item;
use template::Template;

use crate::aws::could_not;
use crate::finding::{CouldNot, Finding};

/// An item that is not as docs/data.md says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Broken {
    /// The table, by its short name.
    pub table: &'static str,
    /// The item's key, for instance `p=ledger k=00000000000000000004`.
    pub item: String,
    /// A short name of the invariant that does not change.
    pub invariant: &'static str,
    /// One sentence that describes the item's fault.
    pub what: String,
}

/// The items of all tables, as they were read.
#[derive(Debug)]
pub struct Records {
    now_seconds: i64,
    tables: BTreeMap<&'static str, Vec<Item>>,
    /// Those of which only a part was read.
    cut: BTreeSet<&'static str>,
    /// Faults that an earlier reading had as well; `None` without one.
    seen_before: Option<BTreeSet<Broken>>,
}

/// A table and the attributes of its key.
const TABLES: [(&str, [&str; 2]); 13] = [
    ("keys", ["u", "c"]),
    ("conversations", ["c", "s"]),
    ("profiles", ["u", "k"]),
    ("settings", ["p", "k"]),
    ("transport", ["p", "k"]),
    ("watch", ["p", "k"]),
    ("identity", ["p", "k"]),
    ("events", ["p", "k"]),
    ("ledger", ["p", "k"]),
    ("desk", ["p", "k"]),
    ("training", ["p", "k"]),
    ("incidents", ["p", "k"]),
    ("log", ["p", "k"]),
];

/// A check, and the tables of which it needs every item.
type Check = (fn(&Records, &mut Vec<Broken>), &'static [&'static str]);

const CHECKS: [Check; 7] = [
    (ends::check, &[]),
    (plain::check, &[]),
    (logs::check, &["keys", "conversations", "profiles", "ledger"]),
    (settings::check, &["keys", "conversations", "profiles", "settings", "ledger"]),
    (ledger::check, &["keys", "ledger"]),
    (staff::check, &["identity"]),
    (told::check, &["keys", "settings", "identity", "events", "ledger"]),
];

/// Tables about whose people and requests an audit says something only if it has read all of them.
const NEEDED: [&str; 4] = ["identity", "incidents", "ledger", "training"];

impl Records {
    /// Reads everything. `name_of` gives a table's name at AWS for its name in the template; a table that
    /// it does not know is left out. Of each table `most` items are read (four times as many
    /// of [`NEEDED`]), or all.
    ///
    /// # Errors
    /// [`CouldNot`], when DynamoDB does not answer.
    pub async fn read(
        dynamo: &Client,
        template: &Template,
        name_of: impl Fn(&str) -> Option<String>,
        now_seconds: i64,
        most: Option<usize>,
    ) -> Result<Self, CouldNot> {
        let (mut tables, mut cut) = (BTreeMap::new(), BTreeSet::new());
        for table in template.tables() {
            let known = TABLES.iter().find(|(short, _)| *short == table.short_name());
            let (Some((short, _)), Some(name)) = (known, name_of(table.logical_id())) else {
                continue;
            };
            // Of these the controls need every item, and each is small.
            let most = most.map(|most| if NEEDED.contains(short) { most * 4 } else { most });
            let scan = dynamo.scan().table_name(name).consistent_read(true);
            let mut pages = scan.into_paginator().items().send();
            let mut items = Vec::new();
            while let Some(item) = pages.next().await {
                if most.is_some_and(|most| items.len() >= most) {
                    cut.insert(*short);
                    break;
                }
                items.push(item.map_err(could_not("dynamodb:Scan"))?);
            }
            tables.insert(*short, items);
        }
        Ok(Self { now_seconds, tables, cut, seen_before: None })
    }

    /// How many items were read.
    #[must_use]
    pub fn count(&self) -> usize {
        self.tables.values().map(Vec::len).sum()
    }

    /// Everything that is broken, in the order of tables and items. Of a table that was read in part, only the
    /// checks of single items tell: another item may be what an item seems to lack.
    #[must_use]
    pub fn broken(&self) -> Vec<Broken> {
        let mut found = Vec::new();
        for (check, tables) in CHECKS {
            if tables.iter().all(|table| !self.cut.contains(table)) {
                check(self, &mut found);
            }
        }
        found.sort();
        found.dedup();
        if let Some(before) = &self.seen_before {
            found.retain(|one| before.contains(one));
        }
        found
    }

    /// The same records, with faults that `earlier` had as well. Tables are read one after the other, so whatever
    /// is written meanwhile looks broken once.
    #[must_use]
    pub fn behind(self, earlier: &Self) -> Self {
        let seen = earlier.broken().into_iter().collect();
        Self { seen_before: Some(seen), ..self }
    }

    /// All findings of an audit about the items: those of [`own::invariants`] and of [`own::findings`].
    #[must_use]
    pub fn findings(
        &self,
        courses: &[(&str, u32)],
        now_ms: UnixMillis,
        since_ms: Option<UnixMillis>,
    ) -> Vec<Finding> {
        let mut findings = own::invariants(self);
        findings.extend(own::findings(self, courses, now_ms, since_ms));
        findings
    }

    fn of(&self, table: &str) -> impl Iterator<Item = &Item> {
        self.tables.get(table).into_iter().flatten()
    }

    /// The items of one partition of a table whose key is text.
    fn partition<'a>(&'a self, table: &str, partition: &'a str) -> impl Iterator<Item = &'a Item> {
        self.of(table).filter(move |item| text(item, "p") == Some(partition))
    }

    /// The keys of a table whose key is text.
    fn names(&self, table: &str) -> BTreeSet<(&str, &str)> {
        self.of(table).filter_map(|item| Some((text(item, "p")?, text(item, "k")?))).collect()
    }

    /// The rows of `keys` by their subject.
    fn rows_by_subject(&self) -> BTreeMap<&[u8], Vec<&Item>> {
        let mut rows = BTreeMap::<_, Vec<_>>::new();
        for item in self.of("keys").filter(|item| !is_position(item)) {
            if let Some(subject) = bytes(item, "u") {
                rows.entry(subject).or_default().push(item);
            }
        }
        rows
    }
}

/// Notes a fault of an item.
fn breaks(
    found: &mut Vec<Broken>,
    (table, item): (&'static str, &Item),
    invariant: &'static str,
    what: impl Into<String>,
) {
    found.push(Broken { table, item: key(table, item), invariant, what: what.into() });
}

/// The key of an item for people: ids as the API writes them.
fn key(table: &str, item: &Item) -> String {
    let names =
        TABLES.iter().find(|(short, _)| *short == table).map_or(["p", "k"], |(_, key)| *key);
    let mut shown = String::new();
    for name in names {
        let value = match item.get(name) {
            Some(AttributeValue::S(text) | AttributeValue::N(text)) => text.clone(),
            Some(AttributeValue::B(bytes)) => id(bytes.as_ref()),
            _ => "?".to_owned(),
        };
        let gap = if shown.is_empty() { "" } else { " " };
        write!(shown, "{gap}{name}={value}").ok();
    }
    shown
}

fn id(bytes: &[u8]) -> String {
    match (SubjectId::from_slice(bytes), std::str::from_utf8(bytes)) {
        (Some(id), _) => id.to_string(),
        (None, Ok(word)) if word.bytes().all(|byte| byte.is_ascii_lowercase()) => word.to_owned(),
        _ => bytes.iter().fold(String::new(), |mut hex, byte| {
            write!(hex, "{byte:02x}").ok();
            hex
        }),
    }
}

fn text<'a>(item: &'a Item, name: &str) -> Option<&'a str> {
    item.get(name)?.as_s().ok().map(String::as_str)
}

fn bytes<'a>(item: &'a Item, name: &str) -> Option<&'a [u8]> {
    item.get(name)?.as_b().ok().map(AsRef::as_ref)
}

fn whole(item: &Item, name: &str) -> Option<i64> {
    item.get(name)?.as_n().ok()?.parse().ok()
}

fn conversation(item: &Item) -> Option<ConversationId> {
    ConversationId::from_slice(bytes(item, "c")?)
}

/// How far a table knows the ledger, and the sweep's stamp, stand at an id of zeros.
fn is_position(item: &Item) -> bool {
    ["u", "c"].iter().any(|name| bytes(item, name).is_some_and(|id| id == [0; 16]))
}

/// A sealed value begins with its version and has nonce and tag.
fn is_sealed(value: &[u8]) -> bool {
    value.first() == Some(&1) && value.len() >= SEALED_MIN_LEN
}

/// Version, nonce and tag.
const SEALED_MIN_LEN: usize = 29;
