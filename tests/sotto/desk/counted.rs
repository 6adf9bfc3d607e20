//! What reports count of an event stands in the clear as one number, and of ordinary exchanges nothing does.

use std::collections::BTreeSet;

use serde_json::json;
use shared::store::attributes::{Item, read_number};
use shared::store::event::{Kind, StoredEvent};

use super::{Desk, at_desk, claim};

/// The events that are stored: kind, number, and the names of the attributes.
async fn stored(desk: &Desk) -> Vec<(Kind, Option<u8>, BTreeSet<String>)> {
    let items = desk.world.all_items().await.into_iter();
    let events = items.filter(|(table, item)| table.ends_with("conversations") && is_event(item));
    let read = |(_, item): (String, Item)| {
        let names = item.keys().cloned().collect();
        let number = item.contains_key("z").then(|| read_number(&item, "z").expect("a number"));
        (
            StoredEvent::from_item(item).map(|event| event.header.kind).expect("an event"),
            number,
            names,
        )
    };
    events.map(read).collect()
}

fn is_event(item: &Item) -> bool {
    item.contains_key("m")
}

async fn numbers(desk: &Desk, kind: Kind) -> Vec<u8> {
    let events = stored(desk).await;
    let mut numbers: Vec<_> =
        events.into_iter().filter(|event| event.0 == kind).filter_map(|event| event.1).collect();
    numbers.sort_unstable();
    numbers
}

#[tokio::test]
async fn scores_answers_and_reasons_are_counted_by_a_number() {
    let desk = Desk::open().await;
    let visitor = &desk.visitor;
    let conversation = visitor.open().await;
    let said = visitor.say(&conversation, "where is my parcel?").await.json();
    for helpful in [true, false] {
        let feedback = json!({ "message_id": said["reply"]["id"], "helpful": helpful });
        let path = format!("{conversation}/feedback");
        assert_eq!(visitor.post(&path, &feedback).await.status, 204);
    }
    for score in [4, 2] {
        let rating = json!({ "score": score, "comment": "xyzzy" });
        assert_eq!(visitor.post(&format!("{conversation}/rating"), &rating).await.status, 204);
    }
    assert_eq!(numbers(&desk, Kind::Feedback).await, [0, 1]);
    assert_eq!(numbers(&desk, Kind::Rated).await, [2, 4]);

    let mut closed = Vec::new();
    for (code, reason) in (1..).zip(["solved", "no_answer", "spam", "other"]) {
        let (_, inbox) = desk.claimed().await;
        let body = json!({ "reason": reason, "tags": ["xyzzy"] });
        assert_eq!(desk.agent.post(&format!("{inbox}/close"), &body).await.status, 200);
        closed.push(code);
        assert_eq!(numbers(&desk, Kind::Closed).await, closed);
    }
    assert_eq!(numbers(&desk, Kind::Handover).await, [1; 4]);
}

#[tokio::test]
async fn an_exchange_that_hands_over_says_why_and_a_crisis_counts_as_asked() {
    let desk = Desk::open().await;
    for (code, text) in [(1, "agent please"), (1, "I want to kill myself")] {
        let conversation = desk.visitor.open().await;
        let said = desk.visitor.say(&conversation, text).await.json();
        assert_eq!(said["status"], "waiting", "{text}");
        assert_eq!(numbers(&desk, Kind::Exchange).await.last(), Some(&code), "{text}");
    }
}

#[tokio::test]
async fn what_nothing_is_counted_of_has_no_number() {
    let desk = Desk::open().await;
    let visitor = &desk.visitor;
    let conversation = visitor.open().await;
    visitor.say(&conversation, "where is my parcel?").await;
    let asked = visitor.post(&format!("{conversation}/handover"), &json!({})).await;
    assert_eq!(asked.status, 202);
    visitor.say(&conversation, "are you there?").await;
    assert_eq!(claim(&desk.agent, &at_desk(&conversation)).await.status, 200);
    let closed = visitor.post(&format!("{conversation}/close"), &json!({})).await;
    assert_eq!(closed.status, 200);
    let mut seen = 0;
    for (kind, number, names) in stored(&desk).await {
        let counted = kind == Kind::Handover;
        assert_eq!(number.is_some(), counted, "{kind:?}");
        if kind == Kind::Exchange {
            assert_eq!(names, ["c", "expires_at", "m", "s", "v"].map(str::to_owned).into());
        }
        seen += 1;
    }
    // Opened, exchange, hand-over, message, claimed, closed.
    assert_eq!(seen, 6);
}
