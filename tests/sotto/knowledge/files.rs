//! Entries from files and as files.

use serde_json::{Value, json};
use tests::api::{Request, Response};

use super::Room;

impl Room {
    async fn import(&self, kind: &str, file: &str) -> Response {
        let path = "/v1/knowledge/import?site=default&locale=en";
        self.admin.send(Request::new("POST", path).bytes(kind, file)).await
    }
}

fn counts(done: &Value) -> [u64; 3] {
    ["added", "changed", "unchanged"].map(|name| done[name].as_u64().expect("a number"))
}

#[tokio::test]
async fn right_lines_go_in_and_wrong_ones_come_back_with_line_and_code() {
    let room = Room::new().await;
    let file = "\u{feff}title,question,answer,url\r\n\
                Parking,Where can I park?|parking space,Behind the building.,/parking\r\n\
                ,No title?,An answer.,\r\n\
                No answer,Is there one?,,\r\n\
                No question,,An answer.,\r\n\
                Markup,Is it bold?,<b>It is.</b>,\r\n\
                Address,Where?,There.,javascript:alert(1)\r\n\
                Twice,parking SPACE,Elsewhere.,\r\n\
                Parking,Is there a car park?,,\r\n";
    let done = room.import("text/csv; charset=utf-8", file).await.json();
    assert_eq!(counts(&done), [1, 0, 0]);
    let rejected = [
        (3, "no_title"),
        (4, "no_answer"),
        (5, "no_question"),
        (6, "markup"),
        (7, "bad_url"),
        (8, "duplicate_question"),
    ];
    let rejected = rejected.map(|(line, code)| json!({ "line": line, "code": code }));
    assert_eq!(done["rejected"], json!(rejected));
    let entry = room.agent.get("/v1/knowledge/parking").await.json();
    let asked = ["Where can I park?", "parking space", "Is there a car park?"];
    assert_eq!((&entry["questions"], &entry["url"]), (&json!(asked), &json!("/parking")));

    let again = room.import("text/csv", file).await.json();
    assert_eq!(counts(&again), [0, 0, 1]);
    let changed = file.replace("Behind the building.", "In the yard.");
    assert_eq!(counts(&room.import("text/csv", &changed).await.json()), [0, 1, 0]);
    let entry = room.agent.get("/v1/knowledge/parking").await.json();
    assert_eq!((&entry["answer"], &entry["etag"]), (&json!("In the yard."), &json!("\"2\"")));
}

#[tokio::test]
async fn every_form_gives_the_same_entry_and_an_export_comes_back_unchanged() {
    let room = Room::new().await;
    let markdown = "# Help\n\n## Dogs\n- May I bring my dog?\n- dogs allowed\n\nOn a lead.\n\nThey get water.\n";
    let done = room.import("text/markdown", markdown).await.json();
    assert_eq!(counts(&done), [1, 0, 0], "{done}");
    let page = "<h2>Is there Wi-Fi?</h2><p>Yes &amp; it is free.</p><script>alert(1)</script>";
    let done = room.import("text/html; charset=utf-8", page).await.json();
    assert_eq!(counts(&done), [1, 0, 0], "{done}");
    let json = r#"{"title":"=Sum","question":"-1 + 2?","answer":"+3\n@home","url":null,"keep_together":[],"near_misses":["=1 + 1"]}"#;
    let done = room.import("application/jsonl", json).await.json();
    assert_eq!(counts(&done), [1, 0, 0], "{done}");
    let before = room.agent.get("/v1/knowledge").await.json();

    let csv = room.agent.get("/v1/knowledge/export").await;
    assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8");
    assert_eq!(csv.header("content-disposition"), "attachment; filename=\"knowledge.csv\"");
    let text = String::from_utf8(csv.body.clone()).expect("text");
    for cell in ["\"=", "\"-", "\"+", "\"@", "\n@"] {
        assert!(!text.contains(cell), "{text}");
    }
    assert_eq!(counts(&room.import("text/csv", &text).await.json()), [0, 0, 3]);
    let lines = room.agent.get("/v1/knowledge/export?format=jsonl").await;
    assert_eq!(lines.header("content-type"), "application/jsonl");
    let lines = String::from_utf8(lines.body.clone()).expect("text");
    assert_eq!(counts(&room.import("application/jsonl", &lines).await.json()), [0, 0, 3]);
    assert_eq!(room.agent.get("/v1/knowledge").await.json(), before);
    let refused = room.agent.get("/v1/knowledge/export?format=xml").await;
    assert_eq!(refused.refusal(), (422, "invalid".to_owned()));
}

#[tokio::test]
async fn a_file_of_another_kind_or_too_large_is_refused() {
    let room = Room::new().await;
    for kind in ["application/json", "text/plain", "application/pdf"] {
        let refused = room.import(kind, "{}").await;
        assert_eq!(refused.refusal(), (415, "unsupported_media_type".to_owned()), "{kind}");
    }
    let large = "a".repeat(2_000_001);
    let refused = room.import("text/csv", &large).await;
    assert_eq!(refused.refusal(), (413, "body_too_large".to_owned()));
    for (kind, file) in [
        ("text/csv", ""),
        ("text/csv", "name,text\na,b\n"),
        ("application/jsonl", "[]\n{\"title\""),
        ("text/markdown", "no title at all"),
        ("text/html", "<p>no title at all"),
        ("text/html", "<h2>What is &lt;b&gt;?</h2>Bold."),
    ] {
        let done = room.import(kind, file).await;
        assert_eq!((done.status, counts(&done.json())), (200, [0, 0, 0]), "{file}");
        let rejected = done.json()["rejected"].as_array().map_or(0, Vec::len);
        assert!(rejected > 0, "{file}");
    }
    let mut file = b"title,question,answer\nA,a?,\xff\n".to_vec();
    file.extend_from_slice("B,b?,two\n".as_bytes());
    let request = Request::new("POST", "/v1/knowledge/import").bytes("text/csv", file);
    let done = room.admin.send(request).await.json();
    assert_eq!(done["rejected"], json!([{ "line": 2, "code": "not_unicode" }]));
    assert_eq!(counts(&done), [1, 0, 0]);
}
