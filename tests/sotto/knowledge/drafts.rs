//! Entries as they are edited.

use serde_json::{Value, json};
use tests::api::Request;

use super::Room;

fn entry() -> Value {
    json!({
        "title": "Parking", "questions": ["Where can I park?"], "answer": "Behind it. It is free.",
        "near_misses": ["parking brake"], "url": "/parking", "keep_together": ["It is free."], "review_on": "2027-01-31",
    })
}

#[tokio::test]
async fn an_entry_is_written_read_changed_and_deleted() {
    let room = Room::new().await;
    let path = "/v1/knowledge/parking";
    let new = Request::new("PUT", path).json(&entry()).header("if-none-match", "*");
    let created = room.admin.send(new.clone()).await;
    assert_eq!((created.status, created.header("etag")), (201, "\"1\""));
    let mut expected = entry();
    for (name, value) in [
        ("id", json!("parking")),
        ("locale", json!("en")),
        ("site", json!("default")),
        ("state", json!("draft")),
        ("etag", json!("\"1\"")),
        ("changed_at", created.json()["changed_at"].clone()),
    ] {
        expected[name] = value;
    }
    assert_eq!(created.json(), expected);
    let read = room.agent.get(path).await;
    assert_eq!((read.json(), read.header("etag")), (expected.clone(), "\"1\""));
    let list = room.agent.get("/v1/knowledge").await.json();
    assert_eq!(list, json!({ "items": [expected], "next_cursor": null, "gone": 0 }));
    assert_eq!(room.agent.get("/v1/knowledge?state=published").await.json()["items"], json!([]));
    assert_eq!(room.agent.get("/v1/knowledge?locale=de").await.json()["items"], json!([]));

    assert_eq!(room.admin.send(new).await.refusal(), (412, "conflict".to_owned()));
    let change = |tag: &str| {
        let mut entry = entry();
        entry["title"] = json!("Car park");
        Request::new("PUT", path).json(&entry).header("if-match", tag)
    };
    let changed = room.admin.send(change("\"1\"")).await;
    assert_eq!((changed.status, changed.header("etag")), (200, "\"2\""));
    assert_eq!(room.admin.send(change("\"1\"")).await.refusal(), (412, "conflict".to_owned()));
    let bare = Request::new("PUT", path).json(&entry());
    let refused = room.admin.send(bare).await.refusal();
    assert_eq!(refused, (428, "precondition_required".to_owned()));

    let stale = Request::new("DELETE", path).header("if-match", "\"1\"");
    assert_eq!(room.admin.send(stale).await.refusal(), (412, "conflict".to_owned()));
    assert_eq!(room.admin.delete(path).await.status, 204);
    assert_eq!(room.admin.delete(path).await.refusal(), (404, "not_found".to_owned()));
    assert_eq!(room.agent.get(path).await.refusal(), (404, "not_found".to_owned()));
}

#[tokio::test]
async fn of_two_admins_who_save_at_once_one_is_told() {
    let room = Room::new().await;
    let (one, two) = tokio::join!(
        room.add("parking", "Parking", &["Where can I park?"], "Behind it."),
        room.add("parking", "Car park", &["car park"], "In front of it."),
    );
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 412]);
    let kept = room.agent.get("/v1/knowledge/parking").await.json()["title"].clone();
    assert_eq!(kept == json!("Parking"), one.status == 201);
}

#[tokio::test]
async fn what_is_not_right_is_named_and_nothing_is_stored() {
    let room = Room::new().await;
    room.with_two().await;
    let many: Vec<String> = (0..101).map(|number| format!("question {number}")).collect();
    for (field, value, pointer, code) in [
        ("title", json!(null), "/title", "no_title"),
        ("title", json!(" \u{200b}"), "/title", "no_title"),
        ("title", json!("a".repeat(201)), "/title", "too_long"),
        ("title", json!("<b>Bold</b>"), "/title", "markup"),
        ("answer", json!(""), "/answer", "no_answer"),
        ("answer", json!("a".repeat(2_001)), "/answer", "too_long"),
        ("answer", json!("See <a href='/x'>this</a>"), "/answer", "markup"),
        ("questions", json!([]), "/questions", "no_question"),
        ("questions", json!(many), "/questions", "too_long"),
        ("questions", json!(["dogs  ALLOWED!"]), "/questions", "duplicate_question"),
        ("near_misses", json!(many), "/near_misses", "too_long"),
        ("near_misses", json!([""]), "/near_misses", "no_question"),
        ("near_misses", json!(["<i>x</i>"]), "/near_misses", "markup"),
        ("near_misses", json!(["A question of its own?"]), "/near_misses", "not_allowed"),
        ("url", json!("javascript:alert(1)"), "/url", "bad_url"),
        ("url", json!("http://shop.example"), "/url", "bad_url"),
        ("keep_together", json!(["Not in it."]), "/keep_together", "not_allowed"),
        ("review_on", json!("31.01.2027"), "/review_on", "bad_format"),
        ("site", json!("other"), "/site", "not_allowed"),
        ("locale", json!("fr"), "/locale", "not_allowed"),
        ("id", json!("other"), "/id", "not_allowed"),
    ] {
        let mut body = entry();
        body["questions"] = json!(["A question of its own?"]);
        body[field] = value;
        let path = "/v1/knowledge/new";
        let request = Request::new("PUT", path).json(&body).header("if-none-match", "*");
        let refused = room.admin.send(request).await;
        assert_eq!(refused.refusal(), (422, "invalid".to_owned()), "{field}");
        let error = refused.json()["errors"][0].clone();
        assert_eq!(
            (error["pointer"].as_str(), error["code"].as_str()),
            (Some(pointer), Some(code))
        );
        assert_eq!(room.agent.get(path).await.status, 404, "{field}");
    }
    for id in ["Parking", "a b", "import", "export", "publish", "eleven-char"] {
        let refused = room.add(id, "A", &["a?"], "a").await;
        assert!(matches!(refused.status, 404 | 405), "{id}: {}", refused.status);
    }
    for query in ["state=new", "site=other", "locale=fr"] {
        let refused = room.agent.get(&format!("/v1/knowledge?{query}")).await;
        assert_eq!(refused.refusal(), (422, "invalid".to_owned()), "{query}");
    }
}

#[tokio::test]
async fn a_language_has_room_for_so_much_and_no_more() {
    let room = Room::new().await;
    let mut file = String::new();
    let letter = |number: u8| char::from(b'a' + number);
    for number in 0..501_u16 {
        let question: String = [number / 26 / 26, number / 26 % 26, number % 26]
            .map(|n| letter(u8::try_from(n).unwrap_or(0)))
            .into_iter()
            .collect();
        let answer = "a".repeat(1_900);
        let line =
            json!({ "title": format!("T{number}"), "questions": [question], "answer": answer });
        file.extend([&*line.to_string(), "\n"]);
    }
    let import = Request::new("POST", "/v1/knowledge/import").bytes("application/jsonl", file);
    let done = room.admin.send(import).await.json();
    let added = done["added"].as_u64().expect("a number");
    assert!((480..500).contains(&added), "{added}");
    let codes: Vec<_> =
        done["rejected"].as_array().expect("a list").iter().map(|r| &r["code"]).collect();
    assert!(codes.iter().all(|code| **code == "too_many"), "{codes:?}");
    let full = room.add("one-more", "One more", &["one more"], &"a".repeat(2_000)).await;
    assert_eq!(full.refusal(), (409, "conflict".to_owned()));
}
