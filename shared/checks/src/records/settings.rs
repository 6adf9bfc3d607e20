//! Every wrapped key has its branch key, and all tables have come as far as the ledger.

use std::collections::BTreeSet;

use super::{Broken, Records, breaks, bytes, is_position, text, whole};

/// Sweeps bring everything under a new key and destroy the one before within this time.
const REPLACED_FOR_MS: i64 = 24 * 60 * 60 * 1000;

pub(super) fn check(records: &Records, found: &mut Vec<Broken>) {
    let branches: BTreeSet<_> = records
        .of("settings")
        .filter(|item| text(item, "k").is_some_and(|kind| kind.starts_with("branch#")))
        .filter_map(|item| Some((text(item, "p")?, text(item, "k")?)))
        .collect();
    for item in records.of("keys").filter(|item| item.contains_key("w")) {
        let purpose = if bytes(item, "c") == Some(b"profile") { "profile" } else { "transcript" };
        let (Some(site), Some(branch)) = (text(item, "i"), text(item, "b")) else { continue };
        let name = format!("branch#{purpose}#{branch}");
        if !branches.contains(&(site, name.as_str())) {
            let what =
                format!("Its branch key {name} of the site {site} is gone: it never opens again.");
            breaks(found, ("keys", item), "branch_missing", what);
        }
    }
    for item in records.of("settings") {
        let branch = text(item, "k").is_some_and(|kind| kind.starts_with("branch#"));
        if branch && bytes(item, "w").is_none_or(<[u8]>::is_empty) {
            breaks(found, ("settings", item), "branch_empty", "It has no wrapped key.");
        }
        let changed_ms = whole(item, "t").unwrap_or_default();
        let is_late = changed_ms + REPLACED_FOR_MS < records.now_seconds.saturating_mul(1000);
        if branch && item.contains_key("o") && is_late {
            let what = "The key that it replaced is still there: no sweep has come to its end.";
            breaks(found, ("settings", item), "replaced_key_left", what);
        }
    }
    positions(records, found);
}

/// Each erasure raises the head and the positions of three tables in one transaction.
fn positions(records: &Records, found: &mut Vec<Broken>) {
    let head = records.partition("settings", "ledger").find(|item| text(item, "k") == Some("head"));
    let head = head.and_then(|item| whole(item, "n")).unwrap_or_default();
    for table in ["keys", "conversations", "profiles"] {
        let items = records.of(table).filter(|item| is_position(item));
        // The sweep's stamp stands beside the position of `keys`.
        for item in items.filter(|item| bytes(item, "c") != Some(b"swept")) {
            let position = whole(item, "n").unwrap_or_default();
            if position != head {
                let what = format!("It has come to erasure {position}, the ledger to {head}.");
                breaks(found, (table, item), "position_differs", what);
            }
        }
    }
    for item in records.partition("ledger", "ledger") {
        let number = text(item, "k").and_then(|number| number.parse::<i64>().ok());
        if number.is_none_or(|number| number > head) {
            let what = format!("Its number is none, or beyond the head, which is {head}.");
            breaks(found, ("ledger", item), "beyond_the_head", what);
        }
    }
}
