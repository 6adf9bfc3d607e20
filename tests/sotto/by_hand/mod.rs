//! Somebody who can write the tables and use no key. Each attribute of each row is edited, exchanged for
//! another row's, and taken away; each row is deleted, copied to another place, and put back to each
//! earlier state. What people and jobs see then is what they saw before, or a refusal; or the sweep or
//! `cargo doctor check` tells of it; or docs/threat-model.md lists it, with its reason.
//!
//! The suite tries one in thirty-one, always the same. All of it takes some minutes:
//! `cargo test --workspace --locked --test sotto -- by_hand --ignored`. With `SOTTO_BY_HAND=900` it begins
//! with that change.

mod life;
mod looks;

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue as Value;
use shared::ids::{ConversationId, SubjectId};
use shared::store::attributes::Item;
use template::Template;

use life::{Life, Place, key_names, place_of, stored};
use looks::{Look, Lookers, Seen};

/// Rows of `watch` whose partition names somebody or something of the desk.
const DESK: [&str; 4] = ["live#", "presence#", "agent#", "waits#"];

/// The suite tries one change of so many.
const EVERY: usize = 31;

/// A change by hand: the row's kind, the attribute or `the row`, what is done, and the writes.
#[derive(Clone)]
struct Deed {
    kind: String,
    attribute: String,
    act: &'static str,
    deletes: Option<(Place, Item)>,
    puts: Option<(String, Item)>,
    /// Whose rows it touches.
    rows: Vec<Item>,
}

impl Deed {
    fn name(&self) -> (String, String, String) {
        (self.kind.clone(), self.attribute.clone(), self.act.to_owned())
    }
}

/// What a row is, as docs/data.md calls it.
fn kind_of(table: &str, item: &Item) -> String {
    let short = table.trim_start_matches("world-");
    let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok());
    let bytes = |name: &str| item.get(name).and_then(|value| value.as_b().ok()).map(AsRef::as_ref);
    let kind = match short {
        "keys" => match bytes("c").and_then(|name| std::str::from_utf8(name).ok()) {
            Some(name) if name.len() < 16 => name.to_owned(),
            _ if item.contains_key("w") => "conversation".to_owned(),
            _ => "destroyed".to_owned(),
        },
        "conversations" => match (bytes("c"), item.contains_key("m")) {
            (_, true) => "event".to_owned(),
            (Some(id), _) if id == [0; 16] => "ledger".to_owned(),
            _ => "inbox".to_owned(),
        },
        "profiles" => text("k").expect("a kind").clone(),
        "events" => "event".to_owned(),
        "training" if text("p").is_some_and(|partition| partition == "practice") => {
            "practice".to_owned()
        }
        "training" => "person".to_owned(),
        "incidents" => text("p").expect("a partition").clone(),
        "ledger" | "watch" => {
            let partition = text("p").expect("a partition");
            let parts = if short == "watch" { 2 } else { 1 };
            let parts: Vec<_> = partition.split('#').take(parts).collect();
            match (parts.join("#").as_str(), text("k")) {
                (desk, _) if DESK.iter().any(|kind| desk.starts_with(kind)) => parts[0].to_owned(),
                ("subject", _) => "read".to_owned(),
                (known, _) => known.to_owned(),
            }
        }
        "settings" if text("p").is_some_and(|partition| partition == "locks") => "lock".to_owned(),
        "settings" => {
            let kind = text("k").expect("a kind");
            let parts: Vec<_> = kind.split('#').take(2).collect();
            if parts[0] == "branch" { parts.join("#") } else { parts[0].to_owned() }
        }
        "desk" | "log" => {
            let partition = text("p").expect("a partition");
            partition.split('#').next().unwrap_or_default().to_owned()
        }
        _ => match text("p").expect("a partition").as_str() {
            alone @ ("directory" | "invited") => alone.to_owned(),
            _ => text("k").expect("a kind").split('#').take(1).collect(),
        },
    };
    format!("{short} {kind}")
}

/// Another value of the same type.
fn edits(value: &Value) -> Vec<Value> {
    match value {
        Value::N(digits) => {
            let number: i64 = digits.parse().unwrap_or_default();
            let further = number + 40 * 86_400 * if number > 100_000_000_000 { 1000 } else { 1 };
            [number + 1, (number - 1).max(0), further]
                .into_iter()
                .filter(|edited| *edited != number)
                .map(|edited| Value::N(edited.to_string()))
                .collect()
        }
        Value::S(text) => {
            let mut cut = text.clone();
            let last = cut.pop();
            let other = if last == Some('0') { '1' } else { '0' };
            vec![Value::S(format!("{cut}{other}"))]
        }
        Value::B(bytes) => {
            let mut bytes = bytes.as_ref().to_vec();
            match bytes.last_mut() {
                Some(last) => *last ^= 1,
                None => bytes.push(0),
            }
            vec![Value::B(Blob::new(bytes))]
        }
        Value::Ss(texts) => {
            let other = "01800000-0000-7000-8000-000000000001".to_owned();
            vec![Value::Ss(texts.iter().skip(1).cloned().chain([other]).collect())]
        }
        Value::Bool(is) => vec![Value::Bool(!is)],
        other => panic!("an attribute of no type that Sotto stores: {other:?}"),
    }
}

/// Everything that can be done by hand.
fn deeds(life: &Life) -> Vec<Deed> {
    let mut deeds = Vec::new();
    let rows: Vec<_> = life.rows.iter().collect();
    // Of rows of a kind with the same attributes, one.
    let mut states = BTreeSet::new();
    let state = |table: &str, item: &Item, more: &str| {
        let names: BTreeSet<_> = item.keys().cloned().collect();
        (kind_of(table, item), names, more.to_owned())
    };
    for ((table, _), item) in &rows {
        if !states.insert(state(table, item, "")) {
            continue;
        }
        let (kind, names) = (kind_of(table, item), key_names(table));
        let mut add =
            |attribute: &str, act, deletes: bool, puts: Option<Item>, other: Option<&Item>| {
                let mut touched = vec![(*item).clone()];
                touched.extend(puts.clone());
                touched.extend(other.cloned());
                deeds.push(Deed {
                    kind: kind.clone(),
                    attribute: attribute.to_owned(),
                    act,
                    deletes: deletes.then(|| (place_of(table, item), (*item).clone())),
                    puts: puts.map(|item| (table.clone(), item)),
                    rows: touched,
                });
            };
        let alike: Vec<&Item> = rows
            .iter()
            .filter(|((of, _), other)| of == table && *other != *item && kind_of(of, other) == kind)
            .map(|(_, other)| *other)
            .collect();
        for (name, value) in item.iter().filter(|(name, _)| !names.contains(&name.as_str())) {
            let with = |value: Value| {
                let mut edited = (*item).clone();
                edited.insert(name.clone(), value);
                Some(edited)
            };
            for edited in edits(value) {
                add(name, "edited", false, with(edited), None);
            }
            let mut other =
                alike.iter().filter(|other| other.get(name).is_some_and(|own| own != value));
            if let Some(other) = other.next() {
                add(name, "exchanged", false, with(other[name].clone()), Some(other));
            }
            let mut without = (*item).clone();
            without.remove(name);
            add(name, "taken away", false, Some(without), None);
        }
        add("the row", "deleted", true, None, None);
        let sort = names[1];
        for key in edits(&item[sort]).into_iter().take(1) {
            let mut copy = (*item).clone();
            copy.insert(sort.to_owned(), key);
            if !life.rows.contains_key(&place_of(table, &copy)) {
                add("the row", "copied", false, Some(copy), None);
            }
        }
        if let Some(other) = alike.first() {
            let mut copy = (*item).clone();
            copy.extend(names.map(|name| (name.to_owned(), other[name].clone())));
            add("the row", "copied over another", false, Some(copy), Some(other));
        }
    }
    for (place @ (table, _), item) in &life.before {
        let more = if life.rows.contains_key(place) { "earlier" } else { "gone" };
        if !states.insert(state(table, item, more)) {
            continue;
        }
        deeds.push(Deed {
            kind: kind_of(table, item),
            attribute: "the row".to_owned(),
            act: "put back",
            deletes: None,
            puts: Some((table.clone(), item.clone())),
            rows: vec![item.clone()],
        });
    }
    deeds
}

async fn write(life: &Life, table: &str, item: &Item) {
    let put = life.world.dynamo().put_item().table_name(table).set_item(Some(item.clone()));
    put.send().await.expect("put");
}

async fn delete(life: &Life, table: &str, item: &Item) {
    let key = key_names(table).map(|name| (name.to_owned(), item[name].clone()));
    let delete = life.world.dynamo().delete_item().table_name(table);
    delete.set_key(Some(key.into())).send().await.expect("deleted");
}

/// Everything as it was.
async fn restore(life: &Life) {
    let now = stored(&life.world).await;
    for ((table, key), item) in &now {
        if !life.rows.contains_key(&(table.clone(), key.clone())) {
            delete(life, table, item).await;
        }
    }
    for ((table, key), item) in &life.rows {
        if now.get(&(table.clone(), key.clone())) != Some(item) {
            write(life, table, item).await;
        }
    }
}

/// Who may be concerned: those whose id stands in one of the rows; of rows of nobody, some.
fn concerned(life: &Life, deed: &Deed) -> BTreeSet<usize> {
    let says = |item: &Item, id: &str, bytes: Option<&[u8]>| {
        item.values().any(|value| match value {
            Value::S(text) => text.contains(id),
            Value::B(own) => Some(own.as_ref()) == bytes,
            _ => false,
        })
    };
    let mut concerned = BTreeSet::new();
    for (at, person) in life.people.iter().enumerate() {
        let subject = &person.visitor.subject;
        let bytes = SubjectId::parse(subject).map(|id| id.as_bytes().to_vec());
        let mut ids = vec![(subject.clone(), bytes)];
        for path in &person.conversations {
            let id = path.rsplit('/').next().expect("an id").to_owned();
            let bytes = ConversationId::parse(&id).map(|id| id.as_bytes().to_vec());
            ids.push((id, bytes));
        }
        let of = |(id, bytes): &(String, Option<Vec<u8>>)| {
            deed.rows.iter().any(|item| says(item, id, bytes.as_deref()))
        };
        if ids.iter().any(of) {
            concerned.insert(at);
        }
    }
    if concerned.is_empty() {
        let some = ["live", "ended", "erased", "customer"];
        let named = |at: &usize| some.contains(&life.people[*at].name);
        concerned.extend((0..life.people.len()).filter(named));
    }
    concerned
}

/// The world as it was lived, and what is seen of it.
struct Bench {
    life: Life,
    seen: Seen,
    told: BTreeSet<String>,
    /// What is never the same.
    moves: BTreeSet<(String, String)>,
}

impl Bench {
    async fn new() -> Self {
        let life = Box::pin(Life::whole()).await;
        for table in Template::deployed().expect("the template").tables() {
            let name = format!("world-{}", table.short_name());
            assert!(life.rows.keys().any(|(of, _)| *of == name), "no row of {name} is tried");
        }
        let people = (0..life.people.len()).collect();
        let lookers = Lookers { life: &life, people, staff: true, officer: true, desk: true };
        let first = lookers.look(None).await;
        restore(&life).await;
        let mut moves = BTreeSet::new();
        let again = lookers.look(None).await;
        restore(&life).await;
        assert_eq!(first.told, again.told);
        for (what, (status, leaves)) in &first.seen {
            let (status_again, other) = &again.seen[what];
            assert_eq!(status, status_again, "{what}");
            for name in leaves.keys().chain(other.keys()) {
                if leaves.get(name) != other.get(name) {
                    moves.insert((what.clone(), name.clone()));
                }
            }
        }
        let Look { seen, told } = first;
        Self { life, seen, told, moves }
    }

    /// What follows from a deed that is neither refused nor shown.
    async fn follows(&self, deed: &Deed) -> Vec<String> {
        if let Some((place, item)) = &deed.deletes {
            delete(&self.life, &place.0, item).await;
        }
        if let Some((table, item)) = &deed.puts {
            write(&self.life, table, item).await;
        }
        let table = deed.kind.split(' ').next().unwrap_or_default();
        let staff =
            ["identity", "settings", "watch", "desk", "training", "incidents"].contains(&table);
        // detect tells of each change of an event and of the audit log, whose streams it reads. Visitors have
        // nothing to do with accounts.
        let is_of_visitors =
            !["identity", "events", "log", "desk", "training", "incidents"].contains(&table);
        let people = if is_of_visitors { concerned(&self.life, deed) } else { BTreeSet::new() };
        let officer = is_of_visitors && table != "watch";
        let desk =
            !["identity", "events", "log", "ledger", "transport", "incidents"].contains(&table);
        let lookers = Lookers { life: &self.life, people, staff, officer, desk };
        let look = lookers.look(Some(&self.told)).await;
        restore(&self.life).await;
        if look.told.difference(&self.told).next().is_some() {
            return Vec::new();
        }
        let mut follows = Vec::new();
        for (what, (status, leaves)) in &look.seen {
            // What is asked for only behind the change has nothing to be compared with.
            let Some((status_before, before)) = self.seen.get(what) else { continue };
            let is_broken = |leaves: &BTreeMap<String, serde_json::Value>| {
                leaves.iter().any(|(name, value)| name.ends_with("/integrity") && value == "broken")
            };
            let damaged = |leaves: &BTreeMap<String, serde_json::Value>| {
                leaves.get("/damaged").and_then(serde_json::Value::as_u64)
            };
            let is_counted = damaged(leaves) > damaged(before);
            if *status >= 400 || is_counted || (is_broken(leaves) && !is_broken(before)) {
                if leaves.get("/code").is_some_and(|code| code == "internal") {
                    follows.push(format!("{what}: a fault of ours"));
                }
                continue;
            }
            if status != status_before {
                follows.push(format!("{what}: {status_before}, then {status}"));
                continue;
            }
            let names: BTreeSet<_> = leaves.keys().chain(before.keys()).collect();
            for name in names {
                let moves = self.moves.contains(&(what.clone(), name.clone()));
                if !moves && leaves.get(name) != before.get(name) {
                    let (was, is) = (before.get(name), leaves.get(name));
                    follows.push(format!("{what}: {name} was {was:?} and is {is:?}"));
                }
            }
        }
        follows
    }
}

/// The list of docs/threat-model.md: kind, attribute, act.
fn listed() -> BTreeSet<(String, String, String)> {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/threat-model.md");
    let page = std::fs::read_to_string(page).expect("the page");
    let (_, chapter) = page.split_once("### Changes by hand").expect("the list");
    let rows = chapter.lines().take_while(|line| !line.starts_with('#'));
    let mut listed = BTreeSet::new();
    for row in rows.filter(|line| line.starts_with("| `")) {
        let cells: Vec<_> = row.split(" | ").map(|cell| cell.trim_matches(['|', ' '])).collect();
        let [kinds, attributes, acts, reason] = cells.as_slice() else { panic!("a row: {row}") };
        assert!(!reason.is_empty(), "{row}");
        let of = |cell: &str| -> Vec<String> {
            cell.split(", ").map(|one| one.trim_matches('`').to_owned()).collect()
        };
        for kind in of(kinds) {
            for attribute in of(attributes) {
                for act in of(acts) {
                    listed.insert((kind.clone(), attribute.clone(), act));
                }
            }
        }
    }
    listed
}

async fn try_out(bench: &Bench, deeds: &[Deed]) -> BTreeSet<(String, String, String)> {
    // A row that names another partition than it may leads a job to what its role refuses.
    bench.life.world.aws.provoke_refusals();
    let listed = listed();
    let (mut found, mut seen) = (BTreeMap::new(), BTreeSet::new());
    for deed in deeds {
        let follows = bench.follows(deed).await;
        if !follows.is_empty() {
            seen.insert(deed.name());
            if !listed.contains(&deed.name()) {
                found.entry(deed.name()).or_insert(follows);
            }
        }
    }
    let lines: Vec<_> = found
        .iter()
        .map(|((kind, attribute, act), follows)| {
            format!("{kind} | {attribute} | {act} | {follows:#?}")
        })
        .collect();
    assert!(
        lines.is_empty(),
        "{} things follow that nothing refuses, shows or lists:\n{}",
        lines.len(),
        lines.join("\n")
    );
    seen
}

#[tokio::test]
async fn what_is_changed_by_hand_is_refused_or_shown_or_listed() {
    let bench = Box::pin(Bench::new()).await;
    let all = deeds(&bench.life);
    let some: Vec<Deed> = all.iter().step_by(EVERY).cloned().collect();
    try_out(&bench, &some).await;
}

#[tokio::test]
#[ignore = "takes minutes"]
async fn whatever_is_changed_by_hand_is_refused_or_shown_or_listed() {
    let bench = Box::pin(Bench::new()).await;
    let mut all = deeds(&bench.life);
    let first = std::env::var("SOTTO_BY_HAND").ok().and_then(|first| first.parse().ok());
    let seen = try_out(&bench, &all.split_off(first.unwrap_or(0))).await;
    if first.is_some() {
        return;
    }
    let is_seen = |(kind, attribute, _): &&(String, String, String)| {
        seen.iter().any(|one| one.0 == *kind && one.1 == *attribute)
    };
    let stale: Vec<_> = listed().into_iter().filter(|one| !is_seen(&one)).collect();
    assert!(stale.is_empty(), "listed, and refused or shown all the same: {stale:#?}");
}
