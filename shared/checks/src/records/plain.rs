//! No table holds text of a visitor in the clear: where content stands, it is sealed, and the other
//! attributes are short words.

use aws_sdk_dynamodb::types::AttributeValue;

use super::{Broken, Records, breaks, bytes, is_position, is_sealed};

/// Tables of visitors, with the longest text and the attributes that may be text.
const WORDS: [(&str, usize, &[&str]); 3] = [
    // A month, an hour, an id, a kind.
    ("keys", 40, &["i", "b", "x", "g", "c"]),
    // A list of the inbox; id and name of the agent who has it, a word of up to 100 characters.
    ("conversations", 400, &["q", "a", "d"]),
    ("profiles", 40, &["k", "i", "q"]),
];
/// Attributes that are sealed, in the tables where they are.
const SEALED: [(&str, &[&str]); 4] = [
    ("keys", &["v"]),
    ("conversations", &["v", "t"]),
    ("profiles", &["v", "s"]),
    ("identity", &["v", "h", "w"]),
];

pub(super) fn check(records: &Records, found: &mut Vec<Broken>) {
    for (table, longest, words) in WORDS {
        for item in records.of(table).filter(|item| !is_position(item)) {
            for (name, value) in item {
                let AttributeValue::S(text) = value else { continue };
                if !words.contains(&name.as_str()) || text.len() > longest {
                    let what = format!("Its attribute {name} is text in the clear.");
                    breaks(found, (table, item), "plain_text", what);
                }
            }
        }
    }
    for (table, sealed) in SEALED {
        for item in records.of(table).filter(|item| !is_position(item)) {
            for name in sealed.iter().filter(|name| item.contains_key(**name)) {
                // Of a passkey `w` is its name; a login row has the word of its invitation there.
                let Some(value) = bytes(item, name) else {
                    if table != "identity" {
                        let what = format!("Its attribute {name} is not sealed.");
                        breaks(found, (table, item), "not_sealed", what);
                    }
                    continue;
                };
                if !is_sealed(value) {
                    let what = format!("Its attribute {name} is not sealed.");
                    breaks(found, (table, item), "not_sealed", what);
                }
            }
        }
    }
}
