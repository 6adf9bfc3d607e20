//! Accounts, the rows that lead to them, and what belongs to them.

use std::collections::{BTreeMap, BTreeSet};

use super::{Broken, Records, breaks, bytes, id, text, whole};

pub(super) fn check(records: &Records, found: &mut Vec<Broken>) {
    let names = records.names("identity");
    let accounts: BTreeMap<_, _> = records
        .of("identity")
        .filter(|item| text(item, "k") == Some("account"))
        .filter_map(|item| Some((text(item, "p")?.strip_prefix("staff#")?, item)))
        .collect();
    let listed: BTreeSet<_> =
        records.partition("identity", "directory").filter_map(|item| text(item, "k")).collect();
    for item in records.of("identity") {
        let place = ("identity", item);
        let (partition, kind) =
            (text(item, "p").unwrap_or_default(), text(item, "k").unwrap_or_default());
        if let Some(person) = partition.strip_prefix("staff#") {
            let Some(account) = accounts.get(person) else {
                breaks(found, place, "nobodys", "It belongs to an account that does not exist.");
                continue;
            };
            if kind == "account" {
                if !listed.contains(person) {
                    breaks(
                        found,
                        place,
                        "unlisted",
                        "The list of people does not name the account.",
                    );
                }
                let login = text(item, "l").map(|name| format!("login#{name}"));
                if login.is_none_or(|login| !names.contains(&(login.as_str(), "login"))) {
                    breaks(found, place, "login_missing", "No login row leads to the account.");
                }
            } else if kind.starts_with("session#") && whole(item, "e") > whole(account, "e") {
                breaks(found, place, "epoch_ahead", "Its epoch is later than the account's.");
            }
        } else if kind == "login" {
            if bytes(item, "u").is_none_or(|person| !accounts.contains_key(id(person).as_str())) {
                breaks(found, place, "nobodys", "It leads to an account that does not exist.");
            }
        } else if partition == "directory" && !accounts.contains_key(kind) {
            breaks(found, place, "nobodys", "It names an account that does not exist.");
        }
    }
}
