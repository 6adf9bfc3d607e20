//! Every item about a person has an end, in seconds, and is gone after it.

use super::{Broken, Item, Records, TABLES, breaks, is_position, text, whole};
use crate::tables::EXPIRY;

/// DynamoDB deletes within two days of the end; a day more is for the sweep.
const LATE_SECONDS: i64 = 3 * 24 * 60 * 60;
/// No end lies farther away: items kept by a hold end after ten years. An end in
/// milliseconds would be farther.
const FARTHEST_SECONDS: i64 = 11 * 366 * 24 * 60 * 60;

pub(super) fn check(records: &Records, found: &mut Vec<Broken>) {
    for (table, _) in TABLES {
        for item in records.of(table) {
            if !item.contains_key(EXPIRY) {
                if must_end(table, item) {
                    breaks(found, (table, item), "no_end", "It has no expires_at and no hold.");
                }
                continue;
            }
            let broken = match whole(item, EXPIRY) {
                None => Some((
                    "end_unreadable",
                    "Its expires_at is no whole number, so DynamoDB never deletes it.",
                )),
                Some(end) if end > records.now_seconds + FARTHEST_SECONDS => Some((
                    "end_too_far",
                    "Its expires_at is farther away than anything is kept: are these seconds?",
                )),
                Some(end) if end + LATE_SECONDS < records.now_seconds => {
                    Some(("overdue", "It ended more than three days ago and is still stored."))
                }
                Some(_) if held(item) => {
                    Some(("held_and_ending", "It is held and has an end all the same."))
                }
                Some(_) => None,
            };
            if let Some((invariant, what)) = broken {
                breaks(found, (table, item), invariant, what);
            }
        }
    }
}

/// Whether a row of `keys` has a hold upon it.
fn held(item: &Item) -> bool {
    item.get("h").is_some_and(|holds| holds.as_ss().is_ok_and(|holds| !holds.is_empty()))
}

/// Logs and contacts lose their end while their key is held; `logs.rs` compares them with it.
fn must_end(table: &str, item: &Item) -> bool {
    let kind = text(item, "k").unwrap_or_default();
    let partition = text(item, "p").unwrap_or_default();
    match table {
        "keys" => !held(item) && !is_position(item),
        "watch" | "events" | "transport" => true,
        "identity" => {
            ["session#", "notice#", "pending#"].iter().any(|start| kind.starts_with(start))
                || partition.starts_with("invitation#")
        }
        // Of customers; a contact loses its end by a hold.
        "profiles" => kind == "customer",
        // A person's training ends with the account.
        "training" => partition == "practice",
        // The record of a rule has none, nor has the day of the next audit.
        "incidents" => partition != "rule" && (partition, kind) != ("audits", "next"),
        // The index ends with the events that it names; the tree is kept for good.
        "log" => partition.starts_with("index#"),
        // Counts of a conversation, and deliveries of a contact.
        "desk" => ["facts#", "delivery#"].iter().any(|start| partition.starts_with(start)),
        "settings" => kind.starts_with("revoked#") || kind.starts_with("since#"),
        "ledger" => match partition {
            "hold" => item.contains_key("l"),
            "case" => item.contains_key("f"),
            "sweep" => false,
            _ => true,
        },
        _ => false,
    }
}
