//! A visit from beginning to end.

use serde_json::json;
use tests::api::{Api, Request};
use tests::sealed::published_keys;
use tests::visitor::Visitor;

pub(crate) async fn a_visitor_chats_and_reads_it_back(api: &Api) {
    visit(Visitor::arrive(api.clone()).await).await;
}

pub(crate) async fn the_same_sealed_with_each_published_key(api: &Api) {
    let keys = published_keys(api).await;
    assert!((2..=4).contains(&keys.len()), "{} keys are published", keys.len());
    for key in &keys {
        visit(Visitor::arrive(api.clone()).await.sealing_to(key)).await;
    }
}

async fn visit(visitor: Visitor) {
    let conversation = visitor.open().await;
    let said = visitor.say(&conversation, "where is my parcel?").await;
    assert_eq!(said.status, 201, "{}", said.json());
    let exchange = said.json();
    assert_eq!(exchange["message"]["author"], "visitor");
    assert_eq!(exchange["message"]["text"], "where is my parcel?");
    assert_eq!(exchange["reply"]["author"], "bot");
    assert_eq!(exchange["status"], "open");
    // A stack that was just deployed knows nothing, and offers a person.
    let is_new = matches!(visitor.api, Api::Deployed { .. });
    assert_eq!(exchange["reply"]["sources"].as_array().map(Vec::len), Some(usize::from(!is_new)));
    assert_eq!(exchange["reply"]["offers_person"] == json!(true), is_new);

    let reply = exchange["reply"]["text"].as_str().expect("a reply").to_owned();
    let expected =
        [("visitor".to_owned(), "where is my parcel?".to_owned()), ("bot".to_owned(), reply)];
    assert_eq!(visitor.transcript(&conversation).await, expected);

    let handed = visitor.post(&format!("{conversation}/handover"), &json!({})).await;
    // Nobody is at the desk here.
    assert_eq!((handed.status, handed.json()["status"].as_str()), (202, Some("open")));
    let goes_on = visitor.say(&conversation, "hello?").await.json();
    assert_eq!((goes_on["reply"].is_object(), &goes_on["status"]), (true, &json!("open")));
    let poll = format!("{conversation}/messages?after=");
    let news = visitor.get(&poll).await.json();
    let last = news["items"][3]["id"].as_str().expect("an id");
    assert_eq!(visitor.get(&format!("{poll}{last}")).await.status, 204);
    let state = news["state"].as_str().expect("a state");
    assert_eq!(visitor.get(&format!("{poll}{last}&state={state}")).await.status, 204);
    assert_eq!(visitor.post(&format!("{conversation}/typing"), &json!({})).await.status, 204);
    let helped = json!({ "message_id": goes_on["reply"]["id"], "helpful": true });
    assert_eq!(visitor.post(&format!("{conversation}/feedback"), &helped).await.status, 204);

    let lead = json!({ "name": "Ada", "email": "ada@example.org", "phone": null, "consent": true });
    assert_eq!(visitor.post(&format!("{conversation}/lead"), &lead).await.status, 201);
    let closed = visitor.send(Request::new("POST", &format!("{conversation}/close"))).await;
    assert_eq!((closed.status, closed.json()["status"].as_str()), (200, Some("closed")));
    let rating = json!({ "score": 5, "comment": "fine" });
    assert_eq!(visitor.post(&format!("{conversation}/rating"), &rating).await.status, 204);
    for (path, body) in
        [("messages", json!({ "text": "one more" })), ("handover", json!({})), ("lead", lead)]
    {
        let request = Request::new("POST", &format!("{conversation}/{path}"))
            .header("idempotency-key", "after-the-end")
            .json(&body);
        let refused = visitor.send(request).await;
        assert_eq!(refused.refusal(), (409, "conversation_closed".to_owned()), "{path}");
    }
}
