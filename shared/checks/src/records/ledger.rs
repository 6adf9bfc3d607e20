//! The ledger's items refer to one another, and what they say of an erasure is true.

use std::collections::BTreeSet;

use super::{Broken, Records, breaks, bytes, text};

pub(super) fn check(records: &Records, found: &mut Vec<Broken>) {
    let names = records.names("ledger");
    let rows = records.rows_by_subject();
    let entries: Vec<_> = records.partition("ledger", "ledger").collect();
    let numbers: BTreeSet<_> = entries.iter().filter_map(|item| text(item, "k")).collect();
    for item in records.partition("ledger", "unfinished") {
        if text(item, "k").is_none_or(|number| !numbers.contains(number)) {
            let what = "Ciphertext of an erasure is to be deleted that no entry names.";
            breaks(found, ("ledger", item), "unfinished_without_entry", what);
        }
    }
    for entry in entries {
        let place = ("ledger", entry);
        let Some(receipt) = text(entry, "g") else {
            breaks(found, place, "entry_not_whole", "It names no receipt.");
            continue;
        };
        let number = text(entry, "k").unwrap_or_default();
        let done = !names.contains(&("unfinished", number));
        if done && !names.contains(&(format!("receipt#{receipt}").as_str(), "receipt")) {
            let what = "The erasure is finished and has no receipt.";
            breaks(found, place, "receipt_missing", what);
        }
        let Some(subject) = bytes(entry, "u") else {
            breaks(found, place, "entry_not_whole", "It names no subject.");
            continue;
        };
        for row in rows.get(subject).into_iter().flatten() {
            if row.contains_key("w") && !row.contains_key("h") && !row.contains_key("r") {
                let what = "Its subject was erased, and the key is still there, without a hold.";
                breaks(found, ("keys", row), "erased_and_readable", what);
            }
        }
    }
    let holds: BTreeSet<_> = records
        .partition("ledger", "hold")
        .filter(|item| !item.contains_key("l"))
        .filter_map(|item| text(item, "k"))
        .collect();
    for item in records.of("keys") {
        let upon = item.get("h").and_then(|held| held.as_ss().ok()).into_iter().flatten();
        for hold in upon.filter(|hold| !holds.contains(hold.as_str())) {
            let what =
                format!("It is held by {hold}, which the ledger does not have, or has released.");
            breaks(found, ("keys", item), "hold_missing", what);
        }
    }
}
