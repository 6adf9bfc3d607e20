//! Messages.

use serde_json::{Value, json};
use tests::api::{Api, Request, Response};
use tests::visitor::{Visitor, fresh_key, message};

pub(crate) async fn a_key_is_required_and_is_visible_ascii(api: &Api) {
    let visitor = Visitor::arrive(api.clone()).await;
    let conversation = visitor.open().await;
    let without =
        Request::new("POST", &format!("{conversation}/messages")).json(&json!({ "text": "hello" }));
    let refused = visitor.send(without).await;
    assert_eq!(refused.refusal(), (422, "invalid".to_owned()));
    assert_eq!(refused.json()["errors"][0]["code"], "missing");
    for key in [String::new(), "a b".to_owned(), "k".repeat(129), "ä".to_owned()] {
        let refused = visitor.say_as(&conversation, "hello", &key).await;
        assert_eq!(refused.refusal(), (422, "invalid".to_owned()), "{key:?}");
    }
    for key in ["k".repeat(128), "!~".to_owned()] {
        assert_eq!(visitor.say_as(&conversation, "hello", &key).await.status, 201);
    }
}

pub(crate) async fn the_same_key_gives_the_first_response_again(api: &Api) {
    let visitor = Visitor::arrive(api.clone()).await;
    let conversation = visitor.open().await;
    let first = visitor.say_as(&conversation, "what does delivery cost?", "one").await;
    assert_eq!((first.status, first.header("idempotent-replayed")), (201, ""));
    for _ in 0..3 {
        visitor.say(&conversation, "thank you").await;
    }
    let again = visitor.say_as(&conversation, "what does delivery cost?", "one").await;
    assert_eq!((again.status, again.header("idempotent-replayed")), (201, "true"));
    assert_eq!(again.json(), first.json());
    let other = visitor.say_as(&conversation, "another text", "one").await;
    assert_eq!(other.refusal(), (422, "idempotency_mismatch".to_owned()));
    assert_eq!(visitor.transcript(&conversation).await.len(), 8);
    visitor.send(Request::new("POST", &format!("{conversation}/close"))).await;
    let after = visitor.say_as(&conversation, "what does delivery cost?", "one").await;
    assert_eq!(after.json(), first.json(), "the end of a conversation changes a replay");
}

pub(crate) async fn twins_at_the_same_instant_make_one_exchange(api: &Api) {
    let visitor = Visitor::arrive(api.clone()).await;
    let conversation = visitor.open().await;
    let mut twins = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let (visitor, conversation) = (visitor.clone(), conversation.clone());
        twins.spawn(async move { visitor.say_as(&conversation, "hello there", "twin").await });
    }
    let answers: Vec<Response> = twins.join_all().await;
    let first = answers.iter().filter(|one| one.header("idempotent-replayed").is_empty()).count();
    assert_eq!(first, 1, "more than one of the twins was the first");
    for answer in &answers {
        assert_eq!((answer.status, answer.json()), (201, answers[0].json()));
    }
    assert_eq!(visitor.transcript(&conversation).await.len(), 2);

    let mut crowd = tokio::task::JoinSet::new();
    for number in 0..8 {
        let (visitor, conversation) = (visitor.clone(), conversation.clone());
        crowd.spawn(async move { visitor.say(&conversation, &format!("number {number}")).await });
    }
    for answer in crowd.join_all().await {
        assert_eq!(answer.status, 201, "{}", answer.json());
    }
    assert_eq!(visitor.transcript(&conversation).await.len(), 18);
}

pub(crate) async fn a_cursor_changes_nothing_but_the_cost(api: &Api) {
    let visitor = Visitor::arrive(api.clone()).await;
    let conversation = visitor.open().await;
    let say = async |text: &str, key: &str, cursor: &str| {
        visitor.send(message(&conversation, text, key).header("sotto-cursor", cursor)).await
    };
    let first = visitor.say_as(&conversation, "one", "k1").await;
    let old = first.header("sotto-cursor").to_owned();
    assert!(!old.is_empty());
    let second = say("two", "k2", &old).await;
    let new = second.header("sotto-cursor").to_owned();
    assert_eq!(second.status, 201);
    assert_eq!(say("three", "k3", &old).await.status, 201, "an old cursor");
    assert_eq!(say("four", "k4", "nonsense").await.status, 201, "no cursor at all");
    let altered = format!("A{}", &new[1..]);
    assert_eq!(say("five", "k5", &altered).await.status, 201, "an altered cursor");
    for (text, key, response) in [("one", "k1", &first), ("two", "k2", &second)] {
        for cursor in [&old, &new] {
            let again = say(text, key, cursor).await;
            assert_eq!(again.header("idempotent-replayed"), "true", "{key}");
            assert_eq!(again.json(), response.json(), "{key}");
        }
    }
    let said: Vec<_> = visitor.transcript(&conversation).await.into_iter().step_by(2).collect();
    let texts: Vec<_> = said.iter().map(|(_, text)| text.as_str()).collect();
    assert_eq!(texts, ["one", "two", "three", "four", "five"]);

    let elsewhere = visitor.open().await;
    let foreign = visitor.send(message(&elsewhere, "x", "k").header("sotto-cursor", &new)).await;
    assert_eq!(foreign.status, 201);
    assert_eq!(visitor.transcript(&elsewhere).await.len(), 2);
}

pub(crate) async fn pages_hold_every_message_once_in_order(api: &Api) {
    let visitor = Visitor::arrive(api.clone()).await;
    let conversation = visitor.open().await;
    for number in 0..7 {
        visitor.say(&conversation, &format!("number {number}")).await;
        let rating = json!({ "score": 3 });
        visitor.post(&format!("{conversation}/rating"), &rating).await;
    }
    let whole = visitor.transcript(&conversation).await;
    assert_eq!(whole.len(), 14);
    for limit in [1, 2, 3, 13, 14, 15] {
        let mut ids: Vec<Value> = Vec::new();
        let mut query = format!("limit={limit}");
        loop {
            let page = visitor.get(&format!("{conversation}/messages?{query}")).await.json();
            let items = page["items"].as_array().expect("items");
            assert!(items.len() <= limit && page["integrity"] == "ok", "{page}");
            ids.extend(items.iter().map(|item| item["id"].clone()));
            match page["next_cursor"].as_str() {
                Some(cursor) => query = format!("limit={limit}&cursor={cursor}"),
                None => break,
            }
        }
        let mut once = ids.clone();
        once.dedup();
        assert_eq!((ids.len(), once.len()), (14, 14), "limit {limit}");
    }
    let stranger = Visitor::arrive(api.clone()).await;
    let page = visitor.get(&format!("{conversation}/messages?limit=1")).await.json();
    let cursor = page["next_cursor"].as_str().expect("a cursor");
    let elsewhere = stranger.open().await;
    for query in [
        format!("cursor={cursor}"),
        "cursor=x".to_owned(),
        "limit=0".to_owned(),
        "limit=101".to_owned(),
        "limit=x".to_owned(),
    ] {
        let refused = stranger.get(&format!("{elsewhere}/messages?{query}")).await;
        assert_eq!(refused.refusal(), (422, "invalid".to_owned()), "{query}");
    }
}

pub(crate) async fn a_log_of_more_than_a_megabyte_is_read_to_its_end(api: &Api) {
    let visitor = Visitor::arrive(api.clone()).await;
    let conversation = visitor.open().await;
    let text = "\u{1F600}".repeat(4_000);
    for number in 0..70 {
        let said = visitor.say(&conversation, &format!("{number}{}", &text[8..])).await;
        assert_eq!(said.status, 201);
    }
    let said: Vec<_> = visitor.transcript(&conversation).await.into_iter().step_by(2).collect();
    assert_eq!(said.len(), 70);
    for (number, (_, text)) in said.iter().enumerate() {
        assert!(text.starts_with(&format!("{number}\u{1F600}")), "message {number}");
    }
}

pub(crate) async fn events_without_text_end_a_page_early_and_lose_nothing(api: &Api) {
    let visitor = Visitor::arrive(api.clone()).await;
    let conversation = visitor.open().await;
    visitor.say(&conversation, "before").await;
    // As many as the rate limit allows, less the two messages.
    for _ in 0..200 {
        let rated = visitor.post(&format!("{conversation}/rating"), &json!({ "score": 1 })).await;
        assert_eq!(rated.status, 204);
    }
    visitor.say(&conversation, "after").await;
    let said: Vec<_> = visitor.transcript(&conversation).await.into_iter().step_by(2).collect();
    assert_eq!(said.len(), 2, "{said:?}");
}

pub(crate) async fn odd_text_is_kept_byte_for_byte_or_refused(api: &Api) {
    let visitor = Visitor::arrive(api.clone()).await;
    let conversation = visitor.open().await;
    let kept = [
        "\0".to_owned(),
        "a\0b".to_owned(),
        "\u{202e}abc\u{2066}".to_owned(),
        "\u{1F600}".repeat(4_000),
        "e\u{301} \u{e9} \u{fb01}".to_owned(),
        "  spaces and\ttabs\r\n  ".to_owned(),
        "\u{feff}\u{fffd}\u{ffff}\u{10ffff}".to_owned(),
        "<script>alert(1)</script>".to_owned(),
    ];
    for text in &kept {
        let said = visitor.say(&conversation, text).await;
        assert_eq!(said.status, 201);
        assert_eq!(said.json()["message"]["text"], json!(text));
    }
    let said: Vec<_> = visitor.transcript(&conversation).await.into_iter().step_by(2).collect();
    assert!(said.iter().map(|(_, text)| text).eq(kept.iter()));
    for (raw, code) in [
        (r#"{"text":"\ud800"}"#.to_owned(), "not_unicode"),
        (r#"{"text":"a\udc00b"}"#.to_owned(), "not_unicode"),
        (r#"{"text":""}"#.to_owned(), "too_short"),
        (r#"{"text":null}"#.to_owned(), "missing"),
        (format!(r#"{{"text":"{}"}}"#, "x".repeat(4_001)), "too_long"),
    ] {
        let request = Request::new("POST", &format!("{conversation}/messages"))
            .header("idempotency-key", fresh_key())
            .bytes("application/json", raw);
        let refused = visitor.send(request).await;
        assert_eq!(refused.refusal(), (422, "invalid".to_owned()));
        assert_eq!(refused.json()["errors"][0]["code"], code);
    }
    assert_eq!(visitor.transcript(&conversation).await.len(), 2 * kept.len());
}

pub(crate) async fn the_first_answer_says_that_a_bot_gives_it(api: &Api) {
    let visitor = Visitor::arrive(api.clone()).await;
    for (locale, word) in [("en", "automated"), ("de", "automatisch")] {
        let conversation = visitor.open_in(locale).await;
        let reply = async |text: &str| {
            let said = visitor.say(&conversation, text).await.json();
            said["reply"]["text"].as_str().expect("a reply").to_lowercase()
        };
        assert!(reply("xyzzy").await.contains(word), "{locale}");
        assert!(!reply("xyzzy").await.contains(word), "{locale}: it says so twice");
    }
}

pub(crate) async fn asking_for_a_person_says_that_nobody_is_there(api: &Api) {
    let visitor = Visitor::arrive(api.clone()).await;
    let conversation = visitor.open().await;
    let said = visitor.say(&conversation, "agent please").await.json();
    assert_eq!((&said["status"], &said["reply"]["offers_contact"]), (&json!("open"), &json!(true)));
    assert!(said["reply"]["text"].as_str().expect("a text").contains("Nobody is at the desk"));
    assert_eq!(visitor.get(&conversation).await.json()["status"], "open");
}
