//! Rows that tell of one another: an event of the case that it speaks of, an entry of the mark that it
//! left. An earlier state of a row has its code, so it is found here, and so is a row that is gone.

use std::collections::{BTreeMap, BTreeSet};

use shared::ids::CaseId;
use shared::store::attributes::{EXPIRES_AT, Item};

use super::{Broken, Records, breaks, bytes, id, text, whole};

/// A row may be deleted in the days after its end; what speaks of it ends at about the same time.
const NEAR_SECONDS: i64 = 7 * 24 * 60 * 60;
/// Events are kept for as long at least.
const LEAST_KEPT_MS: i64 = 360 * 24 * 60 * 60 * 1000;

pub(super) fn check(records: &Records, found: &mut Vec<Broken>) {
    let mut told = BTreeMap::<_, Vec<_>>::new();
    for event in records.of("events") {
        if let Some(object) = text(event, "o") {
            told.entry(object).or_default().push(event);
        }
    }
    for events in told.values_mut() {
        events.sort_by_key(|event| text(event, "k"));
    }
    let told = Told { records, told };
    told.rows(found, ("ledger", "case"), &["case_opened", "case_changed"]);
    told.rows(found, ("ledger", "hold"), &["hold_placed", "hold_released"]);
    told.rows(found, ("settings", "retention"), &["policy_changed"]);
    told.rows(found, ("settings", "settings"), &["site_changed"]);
    told.accounts(found);
    reads(records, found);
    entries(records, found);
}

struct Told<'a> {
    records: &'a Records,
    told: BTreeMap<&'a str, Vec<&'a Item>>,
}

impl Told<'_> {
    fn stays(&self, item: &Item) -> bool {
        whole(item, EXPIRES_AT).is_none_or(|end| end > self.records.now_seconds + NEAR_SECONDS)
    }

    /// Rows whose every change is an event.
    fn rows(&self, found: &mut Vec<Broken>, (table, kind): (&'static str, &str), words: &[&str]) {
        // A policy and the settings stand at their site, everything else at its kind.
        let of_site = table == "settings";
        let rows: BTreeMap<_, _> = self
            .records
            .of(table)
            .filter(|item| text(item, if of_site { "k" } else { "p" }) == Some(kind))
            .filter_map(|item| Some((text(item, if of_site { "p" } else { "k" })?, item)))
            .map(|(object, item)| (object.strip_prefix("site#").unwrap_or(object), item))
            .collect();
        let of = |event: &&&Item| text(event, "w").is_some_and(|word| words.contains(&word));
        for (object, events) in &self.told {
            let events: Vec<_> = events.iter().filter(of).collect();
            let Some(last) = events.last() else { continue };
            match rows.get(object) {
                None if self.stays(last) => {
                    let what =
                        format!("It tells of a {kind} that the table {table} does not have.");
                    breaks(found, ("events", last), "row_missing", what);
                }
                Some(row) if version(row) < events.len() => {
                    let what = "It is an earlier state: more changes of it were told.";
                    breaks(found, (table, row), "earlier_state", what);
                }
                _ => {}
            }
        }
        for (object, row) in rows.iter().filter(|_| !of_site) {
            let made_ms = CaseId::parse(object).map(|id| id.made_at_ms());
            let is_young =
                made_ms.is_some_and(|at| at + LEAST_KEPT_MS > self.records.now_seconds * 1000);
            let events = self.told.get(object).map_or(0, |all| all.iter().filter(of).count());
            if is_young && version(row) > events {
                let what = "An event that told of it is gone.";
                breaks(found, (table, row), "event_missing", what);
            }
        }
    }

    /// Accounts whose last change was another one.
    fn accounts(&self, found: &mut Vec<Broken>) {
        for account in self.records.of("identity").filter(|row| text(row, "k") == Some("account")) {
            let person = text(account, "p").and_then(|p| p.strip_prefix("staff#"));
            let events = person.and_then(|person| self.told.get(person));
            let words = events.into_iter().flatten().rev().filter_map(|event| text(event, "w"));
            let mut words = words.filter(|word| ["disabled", "enabled", "deleted"].contains(word));
            let is = match words.next() {
                Some("disabled") => "disabled",
                Some("enabled") => "active",
                Some(_) => "gone",
                None => continue,
            };
            if text(account, "s") != Some(is) {
                let what = format!("It is an earlier state: it was told to be {is}.");
                breaks(found, ("identity", account), "earlier_state", what);
            }
        }
    }
}

/// How many changes have led to a row: its version, or of a hold the release.
fn version(row: &Item) -> usize {
    let number = whole(row, "n").unwrap_or_else(|| 1 + i64::from(row.contains_key("l")));
    usize::try_from(number).unwrap_or_default()
}

/// Each read is an event, and a record for its subject.
fn reads(records: &Records, found: &mut Vec<Broken>) {
    let id_of = |item: &Item| Some(text(item, "k")?.rsplit_once('#')?.1.to_owned());
    let records_of_reads: Vec<_> = records
        .of("ledger")
        .filter(|item| text(item, "k").is_some_and(|kind| kind.starts_with("read#")))
        .collect();
    let events: Vec<_> = records.of("events").filter(|item| item.contains_key("d")).collect();
    let ids =
        |items: &[&Item]| items.iter().filter_map(|item| id_of(item)).collect::<BTreeSet<_>>();
    let (recorded, told) = (ids(&records_of_reads), ids(&events));
    let stays = |item: &&&Item| {
        whole(item, EXPIRES_AT).is_none_or(|end| end > records.now_seconds + NEAR_SECONDS)
    };
    let missing =
        |item: &&&Item, ids: &BTreeSet<String>| id_of(item).is_none_or(|id| !ids.contains(&id));
    for event in events.iter().filter(stays).filter(|event| missing(event, &recorded)) {
        let what = "It tells of a read that its subject is not told of.";
        breaks(found, ("events", event), "row_missing", what);
    }
    for read in records_of_reads.iter().filter(stays).filter(|read| missing(read, &told)) {
        breaks(found, ("ledger", read), "event_missing", "No event tells of it.");
    }
}

/// An erasure left a mark, and what is left to do of it is listed.
fn entries(records: &Records, found: &mut Vec<Broken>) {
    let names = records.names("ledger");
    let marks: BTreeMap<_, _> = records
        .of("keys")
        .filter(|row| bytes(row, "c") == Some(b"subject"))
        .filter_map(|row| Some((bytes(row, "u")?, row)))
        .collect();
    let waiting: BTreeMap<_, _> = records
        .partition("ledger", "waiting")
        .filter_map(|item| Some((text(item, "k")?.to_owned(), item)))
        .collect();
    let mut newest = BTreeMap::new();
    for entry in records.partition("ledger", "ledger") {
        if text(entry, "q") == Some("purge")
            && !names.contains(&("unfinished", text(entry, "k").unwrap_or_default()))
        {
            let what = "Its ciphertext is to be deleted, and nothing lists it for that.";
            breaks(found, ("ledger", entry), "unfinished_missing", what);
        }
        if let (Some(subject), Some(number)) = (bytes(entry, "u"), text(entry, "k")) {
            let newest = newest.entry(subject).or_insert((number, entry));
            if newest.0 < number {
                *newest = (number, entry);
            }
        }
    }
    let now = records.now_seconds;
    let lives = |item: &Item| whole(item, EXPIRES_AT).is_none_or(|end| end > now);
    for (subject, (number, entry)) in &newest {
        let number: Option<i64> = number.parse().ok();
        let mark = marks.get(subject);
        let is_marked =
            mark.is_some_and(|row| text(row, "g") == text(entry, "g") && whole(row, "n") == number);
        if lives(entry) && !is_marked {
            let what = "Its subject has no mark of this erasure.";
            breaks(found, ("ledger", entry), "mark_differs", what);
        }
        let kept = entry.get("l").and_then(|kept| kept.as_ss().ok()).into_iter().flatten();
        let of_subject = |row: &&Item| bytes(row, "u") == Some(*subject) && row.contains_key("w");
        let still: BTreeSet<_> = records
            .of("keys")
            .filter(of_subject)
            .filter_map(|row| bytes(row, "c").map(id))
            .collect();
        let waits = waiting.get(&id(subject)).and_then(|item| whole(item, "n"));
        if kept.into_iter().any(|kept| still.contains(kept)) && waits != number {
            let what = "It has kept something, and nothing waits for its hold to end.";
            breaks(found, ("ledger", entry), "waiting_missing", what);
        }
    }
    for (subject, mark) in marks.iter().filter(|(_, mark)| mark.contains_key("n") && lives(mark)) {
        if !newest.contains_key(subject) {
            let what = "Its subject was erased by an entry that the ledger does not have.";
            breaks(found, ("keys", mark), "entry_missing", what);
        }
    }
    for case in records.partition("ledger", "case") {
        let waits = bytes(case, "u").is_some_and(|subject| waiting.contains_key(&id(subject)));
        if text(case, "q") == Some("waiting") && !waits {
            let what = "It waits for an erasure, and nothing waits for its hold to end.";
            breaks(found, ("ledger", case), "waiting_missing", what);
        }
    }
    let held: BTreeSet<_> = records
        .of("keys")
        .filter_map(|row| row.get("h")?.as_ss().ok())
        .flatten()
        .map(String::as_str)
        .collect();
    for hold in records.partition("ledger", "hold").filter(|hold| !hold.contains_key("l")) {
        if text(hold, "k").is_none_or(|id| !held.contains(id)) {
            breaks(found, ("ledger", hold), "hold_on_nothing", "It holds no key.");
        }
    }
}
