use serde_json::json;

use super::{Desk, answer, answer_as, at_desk, claim, list, said, texts};
use shared::ids::ConversationId;
use shared::store::event::Kind;
use shared::values::site::Site;
use tests::api::Request;
use tests::visitor::fresh_key;
use tests::world::World;

/// From the question that the bot cannot answer to the rating.
#[tokio::test]
async fn a_visitor_is_answered_by_a_person() {
    let desk = Desk::open().await;
    let Desk { agent, visitor, .. } = &desk;
    let conversation = visitor.open().await;
    // The first time the bot asks for other words, the second time it offers a person.
    let unknown = visitor.say(&conversation, "xyzzy plugh").await.json();
    assert_ne!(unknown["reply"]["offers_person"], true);
    let unknown = visitor.say(&conversation, "plugh, I say").await.json();
    assert_eq!(unknown["reply"]["offers_person"], true);
    let yes = visitor.say(&conversation, "yes please").await.json();
    assert_eq!(yes["status"], "waiting");

    let waiting = list(agent, "waiting").await;
    assert_eq!(waiting.len(), 1);
    assert_eq!(waiting[0]["status"], "waiting");
    assert_eq!((&waiting[0]["unread"], &waiting[0]["agent"]), (&json!(1), &json!(null)));
    assert_eq!((&waiting[0]["locale"], &waiting[0]["verified"]), (&json!("en"), &json!(false)));
    assert_eq!(waiting[0]["subject_id"], json!(visitor.subject));

    let poll = visitor.get(&format!("{conversation}/messages?after=&state=x")).await;
    let news = poll.json();
    assert_eq!((&news["status"], &news["queue"]["position"]), (&json!("waiting"), &json!(1)));
    assert_eq!(news["items"].as_array().expect("items").len(), 6);
    let last = news["items"][5]["id"].as_str().expect("an id").to_owned();
    let state = news["state"].as_str().expect("a state").to_owned();
    let path = format!("{conversation}/messages?after={last}&state={state}");
    assert_eq!(visitor.get(&path).await.status, 204);

    let inbox = at_desk(&conversation);
    assert_eq!(agent.get(&format!("{inbox}/messages")).await.status, 404);
    let item = claim(agent, &inbox).await;
    assert_eq!((item.status, &item.json()["agent"]["name"]), (200, &json!("Ada")));
    let joined = visitor.get(&path).await;
    assert_eq!(joined.json()["status"], "with_agent");
    assert_eq!(joined.json()["agent"]["name"], "Ada");
    assert!(said(&joined).is_empty());

    let first = agent.get(&format!("{inbox}/messages")).await;
    assert_eq!(said(&first).len(), 6);
    let context = &first.json()["context"];
    assert_eq!((&context["purposes"], &context["locale"]), (&json!(["support"]), &json!("en")));
    assert_eq!(context["earlier"], json!([]));
    let agents_state = first.json()["state"].as_str().expect("a state").to_owned();
    let agents = format!("{inbox}/messages?after={last}&state={agents_state}");
    assert_eq!(agent.get(&agents).await.status, 204);

    // While a person has it the bot is silent.
    let alone = visitor.say(&conversation, "where is my parcel?").await.json();
    assert_eq!(alone["reply"], json!(null));
    let news = agent.get(&agents).await;
    assert_eq!(said(&news), texts(&[("visitor", "where is my parcel?")]));
    assert_eq!(list(agent, "mine").await[0]["unread"], 2);
    let seen = json!({ "message_id": alone["message"]["id"] });
    assert_eq!(agent.post(&format!("{inbox}/seen"), &seen).await.status, 204);
    assert_eq!(list(agent, "mine").await[0]["unread"], 0);
    assert_eq!(agent.post(&format!("{inbox}/typing"), &json!({})).await.status, 204);
    let news = visitor.get(&path).await.json();
    assert_eq!((&news["typing"], &news["seen"]), (&json!(true), &alone["message"]["id"]));
    desk.world.advance_seconds(6);
    assert_eq!(visitor.get(&path).await.json()["typing"], false);

    let noted = agent.post(&format!("{inbox}/notes"), &json!({ "text": "a regular" })).await;
    assert_eq!((noted.status, &noted.json()["author"]), (201, &json!("note")));
    let key = fresh_key();
    let sent = answer_as(agent, &inbox, "At the depot.", &key).await;
    assert_eq!((sent.status, &sent.json()["name"]), (201, &json!("Ada")));
    let again = answer_as(agent, &inbox, "At the depot.", &key).await;
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!(again.json(), sent.json());
    let other = answer_as(agent, &inbox, "Another text.", &key).await;
    assert_eq!((other.status, other.code()), (422, "idempotency_mismatch".to_owned()));

    // The visitor sees the answer once, and no note; a message brings the news along.
    let news = visitor.get(&path).await;
    let expected = texts(&[("visitor", "where is my parcel?"), ("agent", "At the depot.")]);
    assert_eq!(said(&news), expected);
    let body = json!({ "text": "Thank you", "after": last });
    let request = Request::new("POST", &format!("{conversation}/messages")).json(&body);
    let thanks = visitor.send(request.header("idempotency-key", fresh_key())).await.json();
    assert_eq!(thanks["news"]["items"].as_array().expect("items").len(), 3);
    let read = agent.get(&format!("{inbox}/messages?after={last}")).await;
    let authors: Vec<_> = said(&read).into_iter().map(|(author, _)| author).collect();
    assert_eq!(authors, ["visitor", "note", "agent", "visitor"]);

    let closing = json!({ "reason": "solved", "tags": ["parcel", "parcel"] });
    let closed = agent.post(&format!("{inbox}/close"), &closing).await.json();
    assert_eq!((&closed["status"], &closed["tags"]), (&json!("closed"), &json!(["parcel"])));
    assert_eq!(agent.get(&format!("{inbox}/messages")).await.status, 404);
    assert_eq!(list(agent, "mine").await.len() + list(agent, "waiting").await.len(), 0);
    assert_eq!(list(agent, "closed&tag=parcel").await.len(), 1);
    assert_eq!(list(agent, "closed&tag=other").await.len(), 0);
    assert_eq!(visitor.get(&path).await.json()["status"], "closed");
    let rating = json!({ "score": 5, "comment": null });
    assert_eq!(visitor.post(&format!("{conversation}/rating"), &rating).await.status, 204);
    let helpful = json!({ "message_id": unknown["reply"]["id"], "helpful": false });
    let feedback = format!("{conversation}/feedback");
    assert_eq!(visitor.post(&feedback, &helpful).await.status, 204);
    let own = json!({ "message_id": unknown["message"]["id"], "helpful": false });
    assert_eq!(visitor.post(&feedback, &own).await.refusal(), (422, "invalid".to_owned()));

    // The export has it all, the note and the claim as well.
    let export = visitor.get("/v1/me/export").await.json();
    let events = export["conversations"][0]["events"].as_array().expect("events").clone();
    let kinds: Vec<_> = events.iter().map(|event| event["kind"].as_str().expect("kind")).collect();
    for kind in ["claimed", "note", "closed", "rated", "feedback"] {
        assert!(kinds.contains(&kind), "{kind}: {kinds:?}");
    }
    assert_eq!(export["reads"][0]["by_role"], "agent");
    assert_eq!(export["reads"][0]["purpose"], "support");
}

#[tokio::test]
async fn nobody_at_the_desk_is_said_and_the_bot_goes_on() {
    let world = World::new().await;
    let visitor = world.visitor().await;
    let conversation = visitor.open().await;
    let asked = visitor.post(&format!("{conversation}/handover"), &json!({})).await.json();
    assert_eq!((&asked["status"], &asked["available"]), (&json!("open"), &json!(false)));
    assert_eq!((&asked["open_now"], &asked["next_opening"]), (&json!(true), &json!(null)));
    let person = visitor.say(&conversation, "human please").await.json();
    assert_eq!(
        (&person["status"], &person["reply"]["offers_contact"]),
        (&json!("open"), &json!(true))
    );
    let text = person["reply"]["text"].as_str().expect("a text");
    assert!(
        text.contains("Nobody is at the desk") && text.contains("automated assistant"),
        "{text}"
    );
    let question = visitor.say(&conversation, "where is my parcel?").await.json();
    assert!(question["reply"]["text"].is_string());
    assert!(world.waiting().await.is_empty());
}

#[tokio::test]
async fn an_estimate_is_the_median_of_at_least_five_waits() {
    let desk = Desk::open().await;
    for seconds in [10, 300, 60, 30, 90] {
        let (conversation, inbox) = desk.waiting().await;
        let poll =
            desk.visitor.get(&format!("{conversation}/messages?after=&state=x")).await.json();
        assert_eq!(poll["queue"]["estimated_wait_seconds"], json!(null));
        desk.world.advance_seconds(seconds);
        desk.there(&desk.agent).await;
        assert_eq!(claim(&desk.agent, &inbox).await.status, 200);
        let closing = json!({ "reason": "solved" });
        assert_eq!(desk.agent.post(&format!("{inbox}/close"), &closing).await.status, 200);
    }
    let first = desk.visitor.open().await;
    let queue = |asked: serde_json::Value| {
        let queue = &asked["queue"];
        (queue["position"].as_u64(), queue["estimated_wait_seconds"].as_u64())
    };
    let asked = desk.visitor.post(&format!("{first}/handover"), &json!({})).await.json();
    assert_eq!(queue(asked), (Some(1), Some(60)));
    desk.world.advance_seconds(20);
    let second = desk.visitor.open().await;
    let asked = desk.visitor.post(&format!("{second}/handover"), &json!({})).await.json();
    assert_eq!(queue(asked), (Some(2), Some(60)));
    let poll = desk.visitor.get(&format!("{first}/messages?after=&state=x")).await.json();
    assert_eq!(queue(poll), (Some(1), Some(40)));
    assert_eq!(answer(&desk.agent, &at_desk(&first), "hello").await.code(), "not_claimed");
}

/// Only the last twenty waits count.
#[tokio::test]
async fn an_estimate_forgets_what_is_more_than_twenty_waits_ago() {
    let desk = Desk::open().await;
    let (store, site) = (&desk.world.desk.store, Site::SHIPPED);
    // Twenty long ones, and then twenty short ones: of all of them the median would be 600.
    for seconds in [600; 20].into_iter().chain([30; 10]).chain([60; 10]) {
        desk.world.advance_seconds(1);
        store.note_wait(site, seconds * 1000).await.expect("a table");
    }
    desk.there(&desk.agent).await;
    let conversation = desk.visitor.open().await;
    let asked = desk.visitor.post(&format!("{conversation}/handover"), &json!({})).await.json();
    assert_eq!(asked["queue"]["estimated_wait_seconds"], json!(60));
}

/// The bot's answer and an agent's claim meet: whoever comes late is decided anew, and behind the claim the bot
/// says nothing.
#[tokio::test]
async fn an_answer_of_the_bot_that_comes_late_is_dropped() {
    let desk = Desk::open().await;
    for _ in 0..24 {
        let conversation = desk.visitor.open().await;
        let inbox = at_desk(&conversation);
        let (said, claimed) = tokio::join!(
            desk.visitor.say(&conversation, "where is my parcel?"),
            claim(&desk.agent, &inbox)
        );
        assert_eq!((said.status, claimed.status), (201, 200));
        let has_reply = said.json()["reply"].is_object();
        let id = ConversationId::parse(conversation.rsplit('/').next().expect("an id"));
        let events = desk.world.desk.store.events_from(id.expect("an id"), 1, 99).await;
        let kinds: Vec<_> =
            events.expect("a log").0.iter().map(|event| event.header.kind).collect();
        let at = |kind| kinds.iter().position(|one| *one == kind);
        let claim = at(Kind::Claimed).expect("a claim");
        assert!(at(Kind::Exchange).is_none_or(|exchange| exchange < claim), "{kinds:?}");
        assert_eq!(at(Kind::Exchange).is_some(), has_reply, "{kinds:?}");
    }
}

/// A note whose answer got lost comes again with its key: it is there once.
#[tokio::test]
async fn a_note_that_comes_again_is_stored_once() {
    let desk = Desk::open().await;
    let (_, inbox) = desk.claimed().await;
    let note = async |text: &str, key: &str| {
        let request = Request::new("POST", &format!("{inbox}/notes"));
        desk.agent.send(request.header("idempotency-key", key).json(&json!({ "text": text }))).await
    };
    let first = note("asks for a refund", "a-key").await;
    let again = note("asks for a refund", "a-key").await;
    assert_eq!((first.status, again.status), (201, 201));
    assert_eq!(first.json()["id"], again.json()["id"]);
    let other = note("asks for another", "a-key").await;
    assert_eq!(other.refusal(), (422, "idempotency_mismatch".into()));
    // A message with the same key is another request.
    assert_eq!(
        super::answer_as(&desk.agent, &inbox, "asks for a refund", "a-key").await.status,
        201
    );
    let read = said(&desk.agent.get(&format!("{inbox}/messages")).await);
    assert_eq!(read.iter().filter(|(author, _)| author == "note").count(), 1);
    for _ in 0..2 {
        let plain = desk.agent.post(&format!("{inbox}/notes"), &json!({ "text": "twice" })).await;
        assert_eq!(plain.status, 201, "without a key each is another note");
    }
    let read = said(&desk.agent.get(&format!("{inbox}/messages")).await);
    assert_eq!(read.iter().filter(|(_, text)| text == "twice").count(), 2);
}

/// Typing and seen marks ride in polls and write nothing into the log. An agent sees that the visitor types, and
/// when the subject was there before.
#[tokio::test]
async fn marks_are_seen_by_the_other_side_and_write_no_event() {
    let desk = Desk::open().await;
    let earlier = desk.visitor.open().await;
    let opened = desk.visitor.get(&earlier).await.json()["created_at"].clone();
    desk.world.advance_seconds(3600);
    let desk = Desk { agent: desk.agent.signed_in(&desk.world).await, ..desk };
    desk.there(&desk.agent).await;
    let (conversation, inbox) = desk.claimed().await;
    let said = desk.visitor.say(&conversation, "hello?").await.json();
    let first = desk.agent.get(&format!("{inbox}/messages")).await.json();
    assert_eq!(first["context"]["earlier"], json!([opened]), "the other conversation, as a date");
    assert_eq!(first["typing"], json!(false));
    let before = desk.world.count_items("conversations").await;
    let writes = desk.world.aws.counts();
    let typing = json!({});
    assert_eq!(desk.visitor.post(&format!("{conversation}/typing"), &typing).await.status, 204);
    assert_eq!(desk.agent.post(&format!("{inbox}/typing"), &typing).await.status, 204);
    let seen = json!({ "message_id": said["message"]["id"] });
    assert_eq!(desk.agent.post(&format!("{inbox}/seen"), &seen).await.status, 204);
    let written = desk.world.aws.counts().since(&writes);
    assert_eq!(desk.world.count_items("conversations").await, before);
    assert!(written.write_units() <= 3.0, "one small write each");
    let polled = desk.agent.get(&format!("{inbox}/messages?after=&state=x")).await.json();
    assert_eq!(polled["typing"], json!(true));
    let polled = desk.visitor.get(&format!("{conversation}/messages?after=&state=x")).await.json();
    assert_eq!((&polled["typing"], &polled["seen"]), (&json!(true), &said["message"]["id"]));
}

/// Its answer got lost, so it comes again, with the cursor of before: whatever has happened since, and whatever
/// it asks for, it is there once.
#[tokio::test]
async fn a_message_that_comes_again_with_an_old_cursor_is_stored_once() {
    let desk = Desk::open().await;
    for text in ["where is my parcel?", "is there an agent?", "this is unacceptable", "xyzzy plugh"]
    {
        for claims in [false, true] {
            let visitor = desk.world.visitor().await;
            let conversation = visitor.open().await;
            let first = visitor.say(&conversation, "how can I pay?").await;
            let cursor = first.header("sotto-cursor").to_owned();
            let asked = visitor.post(&format!("{conversation}/handover"), &json!({})).await;
            assert_eq!(asked.status, 202);
            if claims {
                assert_eq!(claim(&desk.agent, &at_desk(&conversation)).await.status, 200);
            }
            let key = fresh_key();
            let say = async || {
                let said = tests::visitor::message(&conversation, text, &key);
                visitor.send(said.header("sotto-cursor", &*cursor)).await
            };
            let (one, again) = (say().await, say().await);
            assert_eq!((one.status, again.status), (201, 201), "{text}");
            assert_eq!(one.json()["message"]["id"], again.json()["message"]["id"], "{text}");
            let said = visitor.transcript(&conversation).await;
            assert_eq!(said.iter().filter(|(_, said)| said == text).count(), 1, "{text}");
        }
    }
}

/// The table says who waits and who answers; no function's memory does.
#[tokio::test]
async fn a_function_that_starts_knows_who_waits_and_who_answers() {
    let desk = Desk::open().await;
    let (conversation, inbox) = desk.waiting().await;
    let cold = || tests::staff::Staff { api: desk.world.another_staff_api(), ..desk.agent.clone() };
    let visitor = || {
        let router = intake::router(desk.world.another_function());
        let api = tests::api::Api::Events(router);
        tests::visitor::Visitor { api, ..desk.visitor.clone() }
    };
    assert_eq!(list(&cold(), "waiting").await.len(), 1);
    assert_eq!(visitor().get(&conversation).await.json()["status"], "waiting");
    assert_eq!(claim(&cold(), &inbox).await.status, 200);
    assert_eq!(visitor().get(&conversation).await.json()["status"], "with_agent");
    let said = visitor().say(&conversation, "where is my parcel?").await.json();
    assert_eq!(said["reply"], json!(null), "the bot is silent");
    assert_eq!(list(&cold(), "mine").await[0]["unread"], 1);
}

/// Events decide who speaks. A text decides nothing, whatever it looks like.
#[tokio::test]
async fn no_text_of_an_answer_hands_anybody_over() {
    let desk = Desk::open().await;
    let (conversation, inbox) = desk.claimed().await;
    for text in [
        "[[handover]]",
        "HANDOFF_TO_HUMAN",
        r#"{"status":"waiting","handover":true}"#,
        "agent please",
    ] {
        assert_eq!(answer(&desk.agent, &inbox, text).await.status, 201);
        assert_eq!(desk.visitor.get(&conversation).await.json()["status"], "with_agent", "{text}");
    }
    let released = desk.agent.post(&format!("{inbox}/release"), &json!({ "to": "bot" })).await;
    assert!(released.status < 300, "{}", released.json());
    let said = desk.visitor.say(&conversation, "where is my parcel?").await.json();
    assert_eq!((&said["status"], said["reply"].is_object()), (&json!("open"), true));
}

/// The site says after how many answers in a row that the bot did not know it offers a person.
#[tokio::test]
async fn a_person_is_offered_after_as_many_unknown_answers_as_the_site_says() {
    let Desk { world, admin, .. } = Desk::open().await;
    for after_unknown in 1..=5_usize {
        let admin = admin.signed_in(&world).await.stepped_up(&world).await;
        let put = Request::new("PUT", "/v1/sites/default")
            .header("if-match", format!("\"{}\"", after_unknown - 1))
            .json(&json!({ "handover": { "after_unknown": after_unknown } }));
        assert_eq!(admin.send(put).await.status, 200);
        world.advance_seconds(61);
        for locale in ["en", "de"] {
            let visitor = world.visitor().await;
            let conversation = visitor.open_in(locale).await;
            let offers = async |text: &str| {
                let said = visitor.say(&conversation, text).await.json();
                assert_eq!(said["status"], "open");
                said["reply"]["offers_person"] == true
            };
            // One short of it, and then something that the bot knows: the count begins anew.
            for _ in 1..after_unknown {
                assert!(!offers("xyzzy plugh").await, "{after_unknown}");
            }
            assert!(
                !offers(if locale == "en" { "where is my parcel?" } else { "wo ist mein Paket?" })
                    .await
            );
            for number in 1..=after_unknown {
                let rated =
                    visitor.post(&format!("{conversation}/rating"), &json!({ "score": 5 })).await;
                assert!(rated.status < 300, "what is no answer counts for nothing");
                assert_eq!(
                    offers("xyzzy plugh").await,
                    number == after_unknown,
                    "{number} of {after_unknown}"
                );
            }
            assert!(offers("plugh xyzzy").await, "it goes on offering");
        }
    }
}
