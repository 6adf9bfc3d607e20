use serde_json::json;
use shared::ids::ConversationId;
use shared::store::attributes::Item;
use shared::store::canned::Canned;
use shared::values::site::Site;

use super::{Desk, answer, answer_as, at_desk, claim, list, said, texts};
use tests::site_server::{SiteServer, sign_in, visitor_of};
use tests::visitor::fresh_key;
use tests::world::World;

/// Two agents claim at the same instant, again and again: one has it, the other is told who.
#[tokio::test]
async fn one_of_two_agents_gets_it() {
    let desk = Desk::open().await;
    let other = desk.world.member(&desk.admin, "ben@example.org", &["agent"]).await;
    desk.there(&desk.agent).await;
    for _ in 0..12 {
        let (_, inbox) = desk.waiting().await;
        let (one, two) = tokio::join!(claim(&desk.agent, &inbox), claim(&other, &inbox));
        let mut statuses = [one.status, two.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409]);
        let (won, lost) = if one.status == 200 { (&one, &two) } else { (&two, &one) };
        assert_eq!(lost.code(), "claimed");
        assert_eq!(lost.json()["item"]["agent"], won.json()["agent"]);
        let (has, has_not) =
            if one.status == 200 { (&desk.agent, &other) } else { (&other, &desk.agent) };
        assert_eq!(claim(has, &inbox).await.status, 200, "claiming what one has");
        assert_eq!(answer(has, &inbox, "hello").await.status, 201);
        assert_eq!(answer(has_not, &inbox, "hello").await.refusal(), (409, "not_claimed".into()));
        for route in ["messages", "typing", "seen"] {
            let refused = match route {
                "messages" => has_not.get(&format!("{inbox}/messages")).await,
                "typing" => has_not.post(&format!("{inbox}/typing"), &json!({})).await,
                _ => {
                    let seen = json!({ "message_id": format!("{}.1.0", &inbox[10..]) });
                    has_not.post(&format!("{inbox}/seen"), &seen).await
                }
            };
            assert_eq!(refused.refusal(), (404, "not_found".into()), "{route}");
        }
    }
}

#[tokio::test]
async fn it_goes_back_to_the_queue_to_the_bot_and_to_a_colleague() {
    let desk = Desk::open().await;
    let Desk { agent, visitor, .. } = &desk;
    let (conversation, inbox) = desk.claimed().await;
    desk.world.advance_seconds(30);
    let (later, _) = desk.waiting().await;
    let back = agent.post(&format!("{inbox}/release"), &json!({ "to": "queue" })).await.json();
    assert_eq!((&back["status"], &back["agent"]), (&json!("waiting"), &json!(null)));
    let waiting = list(agent, "waiting").await;
    let ids: Vec<_> = waiting.iter().map(|item| item["conversation_id"].clone()).collect();
    assert_eq!(ids, [json!(conversation[18..]), json!(later[18..])], "the longest wait first");
    assert_eq!(agent.get(&format!("{inbox}/messages")).await.status, 404);
    assert_eq!(answer(agent, &inbox, "late").await.refusal(), (409, "not_claimed".into()));

    assert_eq!(claim(agent, &inbox).await.status, 200);
    let bad = agent.post(&format!("{inbox}/release"), &json!({ "to": "nowhere" })).await;
    assert_eq!(bad.refusal(), (422, "invalid".into()));
    let bot = agent.post(&format!("{inbox}/release"), &json!({ "to": "bot" })).await.json();
    assert_eq!(bot["status"], "open");
    assert!(visitor.say(&conversation, "where is my parcel?").await.json()["reply"].is_object());

    // A take-over of what the bot has, which the visitor sees.
    assert_eq!(claim(agent, &inbox).await.status, 200);
    let colleague = desk.world.member(&desk.admin, "ben@example.org", &["agent"]).await;
    desk.there(agent).await;
    let to = json!({ "agent_id": colleague.id, "note": "asks about a parcel" });
    let path = format!("{inbox}/transfer");
    assert_eq!(agent.post(&path, &to).await.refusal(), (422, "invalid".into()), "not there");
    desk.there(&colleague).await;
    let colleagues = agent.get("/v1/inbox").await.json()["colleagues"].clone();
    assert_eq!(colleagues[0]["id"], json!(colleague.id));
    let moved = agent.post(&path, &to).await.json();
    assert_eq!(moved["agent"]["id"], json!(colleague.id));
    assert_eq!(agent.get(&format!("{inbox}/messages")).await.status, 404);
    let done = desk.world.all_items().await;
    let by = |action: &str, staff: &str| {
        let is = |item: &Item| {
            item.get("w").and_then(|word| word.as_s().ok()).is_some_and(|word| word == action)
                && format!("{item:?}").contains(staff)
        };
        done.iter().filter(|(table, item)| table.ends_with("events") && is(item)).count()
    };
    assert_eq!(by("conversation_transferred", &agent.id), 1, "the act of who gave it away");
    assert_eq!(by("conversation_received", &colleague.id), 1, "who may read it since");
    assert_eq!(by("conversation_claimed", &colleague.id), 0);
    let read = colleague.get(&format!("{inbox}/messages")).await;
    assert_eq!(said(&read).last(), texts(&[("note", "asks about a parcel")]).last());
    let news = visitor.get(&format!("{conversation}/messages?after=&state=x")).await;
    assert!(said(&news).iter().all(|(author, _)| author != "note"));
    assert_eq!(news.json()["status"], "with_agent");
}

#[tokio::test]
async fn what_ended_meanwhile_takes_no_answer() {
    let desk = Desk::open().await;
    let (conversation, inbox) = desk.claimed().await;
    assert_eq!(desk.visitor.post(&format!("{conversation}/close"), &json!({})).await.status, 200);
    let refused = answer(&desk.agent, &inbox, "late").await;
    assert_eq!(refused.refusal(), (409, "conversation_closed".into()));
    assert_eq!(desk.agent.get(&format!("{inbox}/messages")).await.status, 404);
    assert_eq!(claim(&desk.agent, &inbox).await.code(), "conversation_closed");
    assert_eq!(list(&desk.agent, "mine").await.len(), 0);

    let (_, inbox) = desk.claimed().await;
    let request = tests::api::Request::new("DELETE", "/v1/me");
    let erased = desk.visitor.send(request.header("idempotency-key", fresh_key())).await;
    assert_eq!(erased.status, 200);
    let key = fresh_key();
    assert_eq!(
        answer_as(&desk.agent, &inbox, "late", &key).await.refusal(),
        (410, "erased".into())
    );
    assert_eq!(claim(&desk.agent, &inbox).await.refusal(), (410, "erased".into()));
    let nowhere = at_desk("/v1/conversations/01890000-0000-7000-8000-000000000000");
    assert_eq!(claim(&desk.agent, &nowhere).await.refusal(), (404, "not_found".into()));
}

/// A place in a conversation that is not there gives nothing away.
#[tokio::test]
async fn a_foreign_garbled_or_future_place_is_refused() {
    let desk = Desk::open().await;
    let (conversation, inbox) = desk.claimed().await;
    let id = &conversation[18..];
    let foreign = desk.world.visitor().await.open().await[18..].to_owned();
    for after in [
        format!("{foreign}.1.0"),
        format!("{id}.9.0"),
        format!("{id}.0.0"),
        format!("{id}.1.2"),
        format!("{id}.01.0"),
        format!("{id}.1"),
        format!("{id}.-1.0"),
        "x".to_owned(),
        "%00".to_owned(),
    ] {
        let visitors = desk.visitor.get(&format!("{conversation}/messages?after={after}")).await;
        assert_eq!(visitors.refusal(), (422, "invalid".into()), "{after}");
        let agents = desk.agent.get(&format!("{inbox}/messages?after={after}")).await;
        assert_eq!(agents.refusal(), (422, "invalid".into()), "{after}");
    }
    for query in ["status=all", "from=yesterday", "limit=0", "cursor=x"] {
        let refused = desk.agent.get(&format!("/v1/inbox?{query}")).await;
        assert_eq!(refused.refusal(), (422, "invalid".into()), "{query}");
    }
}

#[tokio::test]
async fn a_list_that_did_not_change_is_not_sent_again() {
    let desk = Desk::open().await;
    desk.waiting().await;
    let first = desk.agent.get("/v1/inbox").await;
    let tag = first.header("etag").to_owned();
    let again = tests::api::Request::new("GET", "/v1/inbox").header("if-none-match", &tag);
    assert_eq!(desk.agent.send(again.clone()).await.status, 304);
    desk.waiting().await;
    let changed = desk.agent.send(again).await;
    assert_eq!((changed.status, &changed.json()["counts"]["waiting"]), (200, &json!(2)));
    let page = desk.agent.get("/v1/inbox?limit=1").await.json();
    let cursor = page["next_cursor"].as_str().expect("a cursor").to_owned();
    let next = desk.agent.get(&format!("/v1/inbox?limit=1&cursor={cursor}")).await.json();
    assert_ne!(page["items"][0]["conversation_id"], next["items"][0]["conversation_id"]);
    let end = next["next_cursor"].as_str().map(|end| format!("/v1/inbox?limit=1&cursor={end}"));
    if let Some(end) = end {
        let end = desk.agent.get(&end).await.json();
        assert_eq!((&end["items"], &end["next_cursor"]), (&json!([]), &json!(null)));
    }
}

#[tokio::test]
async fn agents_share_canned_answers() {
    let desk = Desk::open().await;
    let put = async |shortcut: &str, body: serde_json::Value| {
        desk.agent.put(&format!("/v1/canned/{shortcut}"), &body).await
    };
    let body = json!({ "text": "Delayed, says {{agent.name}}.", "locale": "en" });
    let stored = put("delay", body).await;
    assert_eq!((stored.status, &stored.json()["shortcut"]), (200, &json!("delay")));
    assert_eq!(put("delay", json!({ "text": "It is late." })).await.status, 200);
    let other = desk.world.member(&desk.admin, "ben@example.org", &["agent"]).await;
    let expected = json!([{ "shortcut": "delay", "text": "It is late.", "locale": "en" }]);
    assert_eq!(other.get("/v1/canned").await.json()["items"], expected);
    for (shortcut, body, refused) in [
        ("Delay", json!({ "text": "x" }), (404, "not_found")),
        (&"x".repeat(33), json!({ "text": "x" }), (404, "not_found")),
        ("delay", json!({ "text": "" }), (422, "invalid")),
        ("delay", json!({ "text": "x", "shortcut": "other" }), (422, "invalid")),
    ] {
        let answer = put(shortcut, body).await;
        assert_eq!(answer.refusal(), (refused.0, refused.1.to_owned()), "{shortcut}");
    }
    for at in 0..31 {
        let text = json!({ "text": "\u{1f4e6}".repeat(4_000) });
        assert_eq!(put(&format!("long-{at}"), text).await.status, 200, "{at}");
    }
    let over = put("long-31", json!({ "text": "\u{1f4e6}".repeat(4_000) })).await;
    assert_eq!(over.refusal(), (409, "conflict".into()), "one answer holds them all");
    let shorter = put("long-30", json!({ "text": "x" })).await;
    assert_eq!(shorter.status, 200, "in the place of a longer one");
    // More than fits, from before there was a bound, can be shortened step by step.
    let from_before = Canned {
        shortcut: "from-before".to_owned(),
        text: "x".repeat(200_000),
        locale: "en".to_owned(),
    };
    let store = &desk.world.desk.store;
    store.put_canned(Site::SHIPPED, &from_before).await.expect("a table");
    assert_eq!(put("long-29", json!({ "text": "shorter" })).await.status, 200);
    assert_eq!(put("long-29", json!({ "text": "longer again" })).await.status, 409);
    assert_eq!(other.delete("/v1/canned/from-before").await.status, 204);
    let items = other.get("/v1/canned").await.json()["items"].clone();
    assert_eq!(items.as_array().map(Vec::len), Some(32));
    for at in 0..31 {
        assert_eq!(other.delete(&format!("/v1/canned/long-{at}")).await.status, 204);
    }
    assert_eq!(other.delete("/v1/canned/delay").await.status, 204);
    assert_eq!(desk.agent.get("/v1/canned").await.json()["items"], json!([]));
}

#[tokio::test]
async fn the_last_message_suggests_entries_to_its_agent_alone() {
    let desk = Desk::open().await;
    let (conversation, inbox) = desk.claimed().await;
    let path = format!("{inbox}/suggestions");
    assert_eq!(desk.agent.get(&path).await.json()["items"], json!([]));
    desk.visitor.say(&conversation, "where is my parcel?").await;
    let items = desk.agent.get(&path).await.json()["items"].clone();
    assert!(items[0]["answer"].is_string() && items[0]["score"].as_f64() > Some(0.3), "{items}");
    let other = desk.world.member(&desk.admin, "ben@example.org", &["agent"]).await;
    assert_eq!(other.get(&path).await.refusal(), (404, "not_found".into()));
}

/// An erasure takes the words of agents about its subject too, and the row that names it.
#[tokio::test]
async fn an_erasure_takes_the_row_and_its_tags() {
    let desk = Desk::open().await;
    let (conversation, inbox) = desk.claimed().await;
    desk.visitor.say(&conversation, "hello?").await;
    for tags in [json!(["  "]), json!([""]), json!(["x".repeat(33)]), json!(vec!["x"; 11])] {
        let close = json!({ "reason": "other", "tags": tags });
        let refused = desk.agent.post(&format!("{inbox}/close"), &close).await;
        assert_eq!(refused.refusal(), (422, "invalid".into()), "{tags}");
    }
    let close =
        json!({ "reason": "other", "tags": [" angry about a parcel ", "angry about a parcel"] });
    let closed = desk.agent.post(&format!("{inbox}/close"), &close).await;
    assert_eq!((closed.status, &closed.json()["tags"]), (200, &json!(["angry about a parcel"])));
    let listed = list(&desk.agent, "closed").await;
    assert_eq!((listed.len(), &listed[0]["unread"]), (1, &json!(0)));
    assert_eq!(listed[0]["tags"], json!(["angry about a parcel"]));
    for (tag, count) in [("angry%20about%20a%20parcel", 1), ("angry", 0)] {
        let path = format!("closed&tag={tag}");
        assert_eq!(list(&desk.agent, &path).await.len(), count, "{tag}");
    }
    let request = tests::api::Request::new("DELETE", "/v1/me");
    let erased = desk.visitor.send(request.header("idempotency-key", fresh_key())).await;
    assert_eq!(erased.status, 200);
    // The row is there until the sweep; what it says opens no more, in a warm function after a minute.
    desk.world.advance_seconds(60);
    assert_eq!(list(&desk.agent, "closed").await[0]["tags"], json!([]));
    for _ in 0..2 {
        desk.world.advance_seconds(240);
        desk.world.sweep().await;
    }
    assert_eq!(list(&desk.agent, "closed").await.len(), 0);
    let id = ConversationId::parse(conversation.rsplit('/').next().expect("an id"));
    let id = id.expect("an id").as_bytes().to_vec();
    let is_of_it =
        |item: &Item| item.get("c").and_then(|c| c.as_b().ok()).is_some_and(|c| c.as_ref() == id);
    let mut left = desk.world.all_items().await;
    left.retain(|(table, item)| table.ends_with("conversations") && is_of_it(item));
    assert_eq!(left.len(), 0, "{:?}", left.iter().map(|(_, item)| item.keys()).collect::<Vec<_>>());
}

/// An agent sees the conversations that they have closed. An admin sees those of all agents, and none that waits.
#[tokio::test]
async fn admins_see_all_that_is_closed_and_agents_their_own() {
    let desk = Desk::open().await;
    let (_, inbox) = desk.claimed().await;
    let close = json!({ "reason": "solved", "tags": ["parcel"] });
    assert_eq!(desk.agent.post(&format!("{inbox}/close"), &close).await.status, 200);
    let other = desk.world.member(&desk.admin, "ben@example.org", &["agent"]).await;
    let both = desk.world.member(&desk.admin, "cleo@example.org", &["agent", "admin"]).await;
    assert_eq!(list(&desk.agent, "closed").await.len(), 1);
    assert_eq!(list(&other, "closed").await.len(), 0);
    for admin in [&desk.admin, &both] {
        let closed = list(admin, "closed").await;
        assert_eq!(closed.len(), 1);
        assert_eq!(closed[0]["tags"], json!(["parcel"]));
        let at = closed[0]["last_message_at"].as_str().expect("a time").to_owned();
        for (filter, count) in [
            (format!("from={at}"), 1),
            (format!("to={at}"), 1),
            (format!("from={at}&to={at}&tag=parcel"), 1),
            ("from=2027-01-01T00:00:00.000Z".to_owned(), 0),
            ("to=2020-01-01T00:00:00.000Z".to_owned(), 0),
        ] {
            assert_eq!(list(admin, &format!("closed&{filter}")).await.len(), count, "{filter}");
        }
    }
    assert_eq!(list(&both, "mine").await.len(), 0);
    for status in ["waiting", "mine"] {
        let refused = desk.admin.get(&format!("/v1/inbox?status={status}")).await;
        assert_eq!(refused.refusal(), (403, "forbidden".into()), "{status}");
    }
}

/// An agent who takes a conversation from the bot sees whether the site knows its visitor.
#[tokio::test]
async fn a_customer_whom_an_agent_takes_from_the_bot_is_verified() {
    let world = World::new().await;
    let server = SiteServer::ed25519(1);
    world.register_identity_key(&server.jwk(), false).await;
    let admin = world.admin().await;
    let agent = world.member(&admin, "anna@example.org", &["agent"]).await;
    let identity = server.sign(&SiteServer::claims("customer-4711", world.clock.now_ms()));
    let customer = visitor_of(world.api(), &sign_in(&world.api(), &identity).await);
    for (visitor, verified) in [(customer, true), (world.visitor().await, false)] {
        let inbox = at_desk(&visitor.open().await);
        let taken = claim(&agent, &inbox).await;
        assert_eq!((taken.status, &taken.json()["verified"]), (200, &json!(verified)));
    }
}
