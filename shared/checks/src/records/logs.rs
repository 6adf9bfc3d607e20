//! Each conversation's log is whole and belongs to a key; each contact has its own.

use std::collections::{BTreeMap, BTreeSet};

use shared::clock::UnixMillis;
use shared::ids::{ConversationId, SubjectId};
use shared::store::event::StoredEvent;
use shared::store::key_row::{Guarded, KeyRow};
use shared::store::state::Status;

use super::{Broken, Item, Records, breaks, bytes, conversation, is_position, text, whole};
use crate::tables::EXPIRY;

/// An event may be a little before the one that it follows: clocks of two functions differ.
const SKEW_MS: UnixMillis = 60_000;

pub(super) fn check(records: &Records, found: &mut Vec<Broken>) {
    let rows = rows(records);
    let mut logs = BTreeMap::<ConversationId, Vec<&Item>>::new();
    for item in records.of("conversations").filter(|item| !is_position(item)) {
        match conversation(item) {
            Some(id) => logs.entry(id).or_default().push(item),
            None => breaks(found, ("conversations", item), "no_conversation", "Its c is no id."),
        }
    }
    let purged: BTreeSet<_> =
        records.partition("ledger", "purge").filter_map(|item| text(item, "k")).collect();
    let unfinished: BTreeSet<_> = erasing(records);
    for (id, row) in rows.iter().filter(|(id, _)| !logs.contains_key(id)) {
        let lives = whole(row, EXPIRY).is_none_or(|end| end > records.now_seconds);
        if row.contains_key("w") && lives && !purged.contains(id.to_string().as_str()) {
            let what = "Its conversation has no log, not even an opening.";
            breaks(found, ("keys", row), "key_without_log", what);
        }
    }
    for (id, mut items) in logs {
        items.sort_by_key(|item| whole(item, "s"));
        let row = rows.get(&id).copied();
        events(&items, id, row, found);
        inbox(&items, found);
        let first = items.iter().find(|item| whole(item, "s") != Some(0)).copied();
        let (Some(first), None) = (first, row) else { continue };
        let ended = whole(first, EXPIRY).is_some_and(|end| end <= records.now_seconds);
        let going = first_subject(first).is_some_and(|subject| unfinished.contains(&subject));
        if !ended && !going && !purged.contains(id.to_string().as_str()) {
            let what =
                "Its conversation has no row in keys, and nothing says that it is to be deleted.";
            breaks(found, ("conversations", first), "log_without_key", what);
        }
    }
    for item in records.of("keys").filter(|item| !is_position(item)) {
        row_is_whole(item, found);
    }
    contacts(records, &unfinished, found);
}

/// The rows of conversations.
fn rows(records: &Records) -> BTreeMap<ConversationId, &Item> {
    let rows = records.of("keys").filter(|item| !is_position(item));
    rows.filter_map(|item| Some((conversation(item)?, item))).collect()
}

/// The subjects whose erasure is still to be finished.
fn erasing(records: &Records) -> BTreeSet<SubjectId> {
    let open: BTreeSet<_> =
        records.partition("ledger", "unfinished").filter_map(|item| text(item, "k")).collect();
    let entries = records.partition("ledger", "ledger");
    let entries =
        entries.filter(|item| text(item, "k").is_some_and(|number| open.contains(number)));
    entries.filter_map(|item| SubjectId::from_slice(bytes(item, "u")?)).collect()
}

fn first_subject(first: &Item) -> Option<SubjectId> {
    SubjectId::from_slice(bytes(first, "u")?)
}

fn events(items: &[&Item], id: ConversationId, row: Option<&Item>, found: &mut Vec<Broken>) {
    let site = row.and_then(|row| text(row, "i")).unwrap_or("default");
    let mut last: Option<(StoredEvent, [u8; 16])> = None;
    for item in items.iter().copied().filter(|item| whole(item, "s") != Some(0)) {
        let place = ("conversations", item);
        let Ok(event) = StoredEvent::from_item(item.clone()) else {
            breaks(found, place, "event_unreadable", "It is no event of this release.");
            continue;
        };
        let (expected, link) = match &last {
            None => (1, [0; 16]),
            Some((before, link)) => (before.seq + 1, *link),
        };
        if event.seq != expected {
            let what = format!("The events from {expected} to {} are missing.", event.seq - 1);
            breaks(found, place, "event_missing", what);
        } else if event.header.previous != link {
            let what = "It does not follow the event before, which was altered or replaced.";
            breaks(found, place, "chain_broken", what);
        }
        let before_ms = last.as_ref().map(|(before, _)| before.header.state.at_ms);
        if before_ms.is_some_and(|before_ms| event.header.state.at_ms + SKEW_MS < before_ms) {
            breaks(found, place, "time_goes_back", "It is older than the event before.");
        }
        if let Some(row) = row
            && item.contains_key(EXPIRY) == row.contains_key("h")
            && bytes(row, "w").is_some()
        {
            let what = "Its end does not fit the hold on its key.";
            breaks(found, place, "end_and_hold_differ", what);
        }
        let link = event.link(site, id);
        last = Some((event, link));
    }
}

/// The row by which staff find a conversation that waits for a person or has one, or that one has ended.
fn inbox(items: &[&Item], found: &mut Vec<Broken>) {
    let mut events = items.iter().filter(|item| whole(item, "s") != Some(0));
    let newest = events.next_back().map(|item| StoredEvent::from_item((*item).clone())).transpose();
    let Ok(newest) = newest else { return };
    let listed = items.iter().find(|item| whole(item, "s") == Some(0) && item.contains_key("q"));
    let status = newest.map(|newest| newest.header.state.status);
    let is_live = matches!(status, Some(Status::Waiting | Status::WithAgent));
    let list = listed.and_then(|item| text(item, "q")?.split('#').next());
    match listed {
        Some(item) if list != status.map(Status::as_str) => {
            let what = "The inbox lists a conversation whose log says another state.";
            breaks(found, ("conversations", item), "inbox_too_much", what);
        }
        None if is_live => {
            if let Some(item) = items.last() {
                let what = "The conversation waits for a person or has one, and no inbox lists it.";
                breaks(found, ("conversations", item), "inbox_missing", what);
            }
        }
        _ => {}
    }
}

/// When a contact was left, as the row of its key says.
fn left_at(row: &Item) -> Option<i64> {
    match KeyRow::from_item(row.clone()).ok()??.guarded {
        Guarded::Profile { left_ms } => Some(left_ms),
        Guarded::Conversation(_) => None,
    }
}

/// The parts of a wrapped key, and the index by which the sweep finds it.
fn row_is_whole(item: &Item, found: &mut Vec<Broken>) {
    let place = ("keys", item);
    let named = conversation(item).is_some() || bytes(item, "c") == Some(b"profile");
    if !named {
        return;
    }
    let (wrapped, commitment) = (bytes(item, "w"), bytes(item, "m"));
    if wrapped.is_some() != commitment.is_some()
        || wrapped.is_some_and(|wrapped| wrapped.len() != WRAPPED_LEN)
        || commitment.is_some_and(|commitment| commitment.len() != COMMITMENT_LEN)
    {
        breaks(found, place, "key_not_whole", "Its wrapped key or the commitment is not whole.");
    }
    if wrapped.is_some() && (text(item, "b").is_none() || whole(item, "p").is_none()) {
        breaks(found, place, "key_not_whole", "It has no branch, or no end that was promised.");
    }
    let Some(end) = whole(item, EXPIRY) else {
        if item.contains_key("x") {
            let what = "The sweep would find it by its index, though it has no end.";
            breaks(found, place, "index_differs", what);
        }
        return;
    };
    let promised = whole(item, "p").map(|promised_ms| promised_ms.saturating_add(999) / 1000);
    let released = whole(item, "r").map(|released_ms| released_ms.saturating_add(999) / 1000);
    if promised.into_iter().chain(released).max().is_some_and(|latest| end > latest) {
        breaks(
            found,
            place,
            "longer_than_promised",
            "It ends later than the visitor was promised.",
        );
    }
    // Rows of 0.1.0 have no index until a sweep has looked at them.
    let hour = shared::clock::rfc3339(end.saturating_mul(1000));
    if text(item, "x").is_some_and(|indexed| !hour.starts_with(indexed)) {
        breaks(
            found,
            place,
            "index_differs",
            "The sweep finds it by another hour than it ends in.",
        );
    }
}

/// A salt, a sealed key.
const WRAPPED_LEN: usize = 93;
const COMMITMENT_LEN: usize = 32;

fn contacts(records: &Records, unfinished: &BTreeSet<SubjectId>, found: &mut Vec<Broken>) {
    let rows = records.rows_by_subject();
    let left = records.of("profiles").filter(|item| text(item, "k") == Some("lead"));
    let left: BTreeSet<_> = left.filter_map(|item| bytes(item, "u")).collect();
    for row in records.of("keys").filter(|row| bytes(row, "c") == Some(b"profile")) {
        let lives = whole(row, EXPIRY).is_none_or(|end| end > records.now_seconds);
        if row.contains_key("w") && lives && bytes(row, "u").is_none_or(|of| !left.contains(of)) {
            breaks(
                found,
                ("keys", row),
                "key_without_contact",
                "There is no contact that it opens.",
            );
        }
    }
    for item in records.of("profiles").filter(|item| text(item, "k") == Some("lead")) {
        let place = ("profiles", item);
        let subject = bytes(item, "u").and_then(SubjectId::from_slice);
        let rows = bytes(item, "u").and_then(|subject| rows.get(subject)).into_iter().flatten();
        let profile = rows.copied().find(|row| bytes(row, "c") == Some(b"profile"));
        let going = subject.is_some_and(|subject| unfinished.contains(&subject));
        let ended = whole(item, EXPIRY).is_some_and(|end| end <= records.now_seconds);
        match profile {
            None if !going && !ended => {
                breaks(found, place, "contact_without_key", "No key in keys opens it.");
            }
            Some(row) if item.contains_key(EXPIRY) == row.contains_key("h") => {
                let what = "Its end does not fit the hold on its key.";
                breaks(found, place, "end_and_hold_differ", what);
            }
            Some(row) if row.contains_key("w") && left_at(row) != whole(item, "t") => {
                let what = "It was left at another time than its key says.";
                breaks(found, place, "contact_and_key_differ", what);
            }
            _ => {}
        }
        if bytes(item, "b").is_none_or(|index| index.len() != 16) || whole(item, "t").is_none() {
            breaks(found, place, "contact_not_whole", "It has no blind index, or no time.");
        }
    }
}
