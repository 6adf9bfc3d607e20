//! The bot asks back which entry is meant, and what a visitor says to that.

use serde_json::{Value, json};
use tests::api::{Request, Response};
use tests::visitor::{Visitor, fresh_key};

use super::Desk;

/// A text that the demo's English base is not sure about.
const UNSURE: &str = "wrong size";

async fn choose(visitor: &Visitor, conversation: &str, body: &Value, key: &str) -> Response {
    let request = Request::new("POST", &format!("{conversation}/messages"));
    visitor.send(request.header("idempotency-key", key).json(body)).await
}

/// A conversation in which it was asked which entry is meant, and the ids of the choices.
async fn asked_back(visitor: &Visitor) -> (String, Vec<String>) {
    let conversation = visitor.open().await;
    let reply = visitor.say(&conversation, UNSURE).await.json()["reply"].clone();
    let choices = reply["choices"].as_array().cloned().unwrap_or_default();
    assert!((2..=3).contains(&choices.len()), "{reply}");
    assert_eq!(reply["sources"], json!([]));
    assert!(reply.get("offers_person").is_none(), "{reply}");
    let ids = choices.iter().map(|choice| {
        assert!(choice["title"].as_str().is_some_and(|title| title.contains(' ')), "{choice}");
        choice["id"].as_str().expect("an id").to_owned()
    });
    (conversation, ids.collect())
}

fn source(exchange: &Value) -> Option<&str> {
    exchange["reply"]["sources"][0]["id"].as_str()
}

#[tokio::test]
async fn a_choice_is_answered_and_stands_in_the_conversation_as_its_title() {
    let Desk { visitor, .. } = &Desk::open().await;
    let (conversation, ids) = asked_back(visitor).await;
    let key = fresh_key();
    let second = json!({ "choice": ids[1] });
    let chosen = choose(visitor, &conversation, &second, &key).await;
    assert_eq!(chosen.status, 201, "{}", chosen.json());
    let title = chosen.json()["reply"]["sources"][0]["title"].clone();
    assert_eq!(source(&chosen.json()), Some(ids[1].as_str()));
    assert_eq!(chosen.json()["message"]["text"], title);

    // However often it is sent, it is one message; the same key with other words is refused.
    let again = choose(visitor, &conversation, &second, &key).await;
    assert_eq!(
        (again.status, again.json()["message"].clone()),
        (201, chosen.json()["message"].clone())
    );
    for other in [json!({ "choice": ids[0] }), json!({ "text": ids[1] })] {
        let refused = choose(visitor, &conversation, &other, &key).await;
        assert_eq!(
            (refused.status, &refused.json()["code"]),
            (422, &json!("idempotency_mismatch"))
        );
    }
    let list = visitor.get(&format!("{conversation}/messages")).await.json();
    let items = list["items"].as_array().expect("items");
    assert_eq!(items.len(), 4);
    assert_eq!(items[1]["choices"].as_array().map(Vec::len), Some(ids.len()));
    assert_eq!((&items[2]["text"], items[3].get("choices")), (&title, None));
}

#[tokio::test]
async fn a_choice_can_be_put_in_words() {
    let Desk { visitor, .. } = &Desk::open().await;
    for (said, expected) in [("the first one", 0), ("2", 1), ("das zweite bitte", 1)] {
        let (conversation, ids) = asked_back(visitor).await;
        let exchange = visitor.say(&conversation, said).await.json();
        assert_eq!(source(&exchange), ids.get(expected).map(String::as_str), "{said}");
    }
    let (conversation, ids) = asked_back(visitor).await;
    let last = visitor.say(&conversation, "the last one").await.json();
    assert_eq!(source(&last), ids.last().map(String::as_str));
    // A yes says not which.
    let (conversation, ids) = asked_back(visitor).await;
    let which = visitor.say(&conversation, "yes please").await.json();
    assert_eq!(which["reply"]["choices"].as_array().map(Vec::len), Some(ids.len()));
    // Another question is a question.
    let question = visitor.say(&conversation, "Where is my parcel?").await.json();
    assert_eq!(source(&question), Some("tracking"));
    // What was chosen from is over: a number is a number.
    let number = visitor.say(&conversation, "2").await.json();
    assert_eq!(source(&number), None, "{number}");
}

#[tokio::test]
async fn whoever_means_none_of_them_is_offered_a_person() {
    let Desk { visitor, .. } = &Desk::open().await;
    for said in ["Something else", "none of these", "no", "Etwas anderes"] {
        let (conversation, _) = asked_back(visitor).await;
        let offered = visitor.say(&conversation, said).await.json();
        assert_eq!(offered["reply"]["offers_person"], json!(true), "{said}: {offered}");
        let accepted = visitor.say(&conversation, "yes please").await.json();
        assert_eq!(accepted["status"], json!("waiting"), "{said}");
    }
}

#[tokio::test]
async fn an_answer_that_does_not_help_is_followed_by_another_entry_or_a_person() {
    let Desk { visitor, .. } = &Desk::open().await;
    let conversation = visitor.open().await;
    let first =
        visitor.say(&conversation, "my parcel says delivered but it is not here").await.json();
    let answered = source(&first).expect("an entry").to_owned();
    let next = visitor.say(&conversation, "That does not help.").await.json();
    let choices = next["reply"]["choices"].as_array().expect("choices").clone();
    assert!(choices.iter().all(|choice| choice["id"] != answered.as_str()), "{next}");
    let person = visitor.say(&conversation, "that doesn't help either").await.json();
    assert_eq!(person["reply"]["offers_person"], json!(true), "{person}");

    // At the beginning of a conversation there is nothing that could not have helped.
    let conversation = visitor.open().await;
    let said = visitor.say(&conversation, "that does not help").await.json();
    assert_eq!(said["reply"]["offers_person"], json!(true));
}

#[tokio::test]
async fn a_text_that_goes_on_is_understood_by_the_one_before() {
    let Desk { visitor, .. } = &Desk::open().await;
    let conversation = visitor.open().await;
    visitor.say(&conversation, "How much does delivery cost?").await;
    let alone = visitor.open().await;
    let leaning = "and for other countries?";
    let by_itself = visitor.say(&alone, leaning).await.json();
    let with_it = visitor.say(&conversation, leaning).await.json();
    assert_ne!(source(&by_itself), Some("shipcost"));
    assert_eq!(source(&with_it), Some("shipcost"), "{with_it}");
}

#[tokio::test]
async fn a_choice_for_people_fetches_one_and_while_one_answers_it_is_a_message() {
    let desk = Desk::open().await;
    let rules = json!({ "handover": { "words": [], "topics": ["sizes"] } });
    let request = Request::new("PUT", "/v1/sites/default").header("if-match", "\"0\"");
    let admin = desk.admin.stepped_up(&desk.world).await;
    assert_eq!(admin.send(request.json(&rules)).await.status, 200);
    desk.there(&desk.agent.signed_in(&desk.world).await).await;
    let Desk { visitor, .. } = &desk;
    let (conversation, ids) = asked_back(visitor).await;
    assert!(ids.iter().any(|id| id == "sizes"), "{ids:?}");
    let sizes = json!({ "choice": "sizes" });
    let fetched = choose(visitor, &conversation, &sizes, &fresh_key()).await.json();
    assert_eq!((&fetched["status"], source(&fetched)), (&json!("waiting"), None));
    let more = choose(visitor, &conversation, &sizes, &fresh_key()).await.json();
    assert_eq!(
        (&more["reply"], &more["message"]["text"]),
        (&Value::Null, &fetched["message"]["text"])
    );
}

#[tokio::test]
async fn what_is_no_choice_is_refused_and_leaves_nothing() {
    let Desk { visitor, .. } = &Desk::open().await;
    let (conversation, ids) = asked_back(visitor).await;
    for (body, pointer, code) in [
        (json!({ "choice": "nothing" }), "/choice", "not_allowed"),
        (json!({ "choice": "Where is my parcel?" }), "/choice", "too_long"),
        (json!({ "choice": "" }), "/choice", "too_short"),
        (json!({ "choice": ids[0], "text": "and this" }), "/choice", "not_allowed"),
        (json!({ "choice": null, "text": null }), "/text", "missing"),
        (json!({ "choice": "\u{0}" }), "/choice", "not_allowed"),
    ] {
        let refused = choose(visitor, &conversation, &body, &fresh_key()).await;
        assert_eq!(refused.status, 422, "{body}");
        let error = refused.json()["errors"][0].clone();
        assert_eq!((&error["pointer"], &error["code"]), (&json!(pointer), &json!(code)), "{body}");
    }
    let wrong = choose(visitor, &conversation, &json!({ "choice": 7 }), &fresh_key()).await;
    assert!((400..500).contains(&wrong.status), "{}", wrong.status);
    let list = visitor.get(&format!("{conversation}/messages")).await.json();
    assert_eq!(list["items"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn what_was_to_choose_from_is_in_the_export_and_read_by_staff() {
    let desk = Desk::open().await;
    let Desk { visitor, agent, .. } = &desk;
    let (conversation, ids) = asked_back(visitor).await;
    let export = visitor.get("/v1/me/export").await.json();
    let events = export["conversations"][0]["events"].as_array().expect("events").clone();
    let told: Vec<Value> = ids.iter().map(|id| json!({ "id": id })).collect();
    assert!(events.iter().any(|event| event["choices"] == json!(told)), "{events:#?}");
    visitor.post(&format!("{conversation}/handover"), &json!({})).await;
    let inbox = super::at_desk(&conversation);
    assert_eq!(super::claim(agent, &inbox).await.status, 200);
    let read = agent.get(&format!("{inbox}/messages")).await.json();
    let choices = read["items"][1]["choices"].as_array().cloned().unwrap_or_default();
    assert_eq!(choices.len(), ids.len(), "{read}");
    assert!(choices.iter().all(|choice| choice["title"] != choice["id"]));
}
