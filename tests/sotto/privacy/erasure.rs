//! Erased data is unreadable at once, for everybody, and gone a little later.

use serde_json::json;
use shared::store::attributes::Item;
use tests::api::Request;
use tests::site_server::{SiteServer, sign_in, visitor_of};
use tests::visitor::{Visitor, fresh_key};
use tests::world::World;

use super::stage::{
    ask_for_erasure, conversation, erase, erase_me, erased, id_of, items_of, leave_contact, officer,
};

#[tokio::test]
async fn a_visitor_erases_themselves_and_nothing_is_left() {
    let world = World::new().await;
    let visitor = world.visitor().await;
    let path = conversation(&visitor, 3).await;
    leave_contact(&visitor, &path, "ada@example.org").await;

    let key = fresh_key();
    let response = erase_me(&visitor, &key).await;
    assert_eq!(response.status, 200, "{}", response.json());
    let receipt = response.json();
    assert_eq!(receipt["subject_id"], json!(visitor.subject));
    assert_eq!(
        (&receipt["conversations"], &receipt["keys_destroyed"], &receipt["messages"]),
        (&json!(1), &json!(2), &json!(6))
    );
    assert_eq!(receipt["basis"], "gdpr_17");
    assert!(receipt["log"].is_null() && receipt["jws"].is_string());
    assert!(receipt["completed_at"].as_str() > receipt["requested_at"].as_str());

    for request in [Request::new("GET", &path), Request::new("GET", &format!("{path}/messages"))] {
        assert_eq!(visitor.send(request).await.code(), "erased");
    }
    let again = erase_me(&visitor, &key).await;
    assert_eq!(again.json(), receipt);
    assert_eq!(again.headers["idempotent-replayed"], "true");
    let other = erase_me(&visitor, &fresh_key()).await;
    assert_eq!(other.json(), receipt, "there is one receipt");
    assert!(!other.headers.contains_key("idempotent-replayed"));

    world.advance_seconds(121);
    let swept = world.sweep().await;
    assert_eq!((swept.erasures, swept.items), (1, 5));
    assert_eq!(items_of(&world, "profiles", &visitor.subject).await.len(), 0);
    let id = id_of(&path);
    assert_eq!(items_of(&world, "conversations", &id).await.len(), 0);
    let rows = items_of(&world, "keys", &visitor.subject).await;
    assert!(rows.iter().all(|row| !row.contains_key("w") && !row.contains_key("m")), "{rows:?}");
    assert_eq!(world.sweep().await.erasures, 0, "it is finished once");
}

#[tokio::test]
async fn under_an_erased_subject_nothing_is_stored_any_more() {
    let world = World::new().await;
    let visitor = world.visitor().await;
    let path = conversation(&visitor, 1).await;
    assert_eq!(erase_me(&visitor, &fresh_key()).await.status, 200);

    let consent = json!({ "notice_version": "2026-11", "purposes": ["support"] });
    let opened = visitor.post("/v1/conversations", &json!({ "consent": consent })).await;
    assert_eq!(opened.code(), "erased");
    let lead = json!({ "name": "Ada", "email": "a@b.example", "consent": true });
    assert_eq!(visitor.post(&format!("{path}/lead"), &lead).await.code(), "erased");

    // A visitor who comes back with the old token begins anew.
    let body = json!({ "site": "default", "identity": null });
    let renewed = visitor.post("/v1/sessions", &body).await;
    assert_eq!(renewed.status, 201);
    assert_ne!(renewed.json()["subject_id"], json!(visitor.subject));
}

#[tokio::test]
async fn another_function_reads_nothing_from_memory() {
    let world = World::new().await;
    let visitor = world.visitor().await;
    let path = conversation(&visitor, 2).await;
    let other = tests::api::Api::Events(intake::router(world.another_function()));
    let there = Visitor { api: other, ..visitor.clone() };
    assert_eq!(there.transcript(&path).await.len(), 4);

    assert_eq!(erase_me(&visitor, &fresh_key()).await.status, 200);
    for path in [path.clone(), format!("{path}/messages")] {
        assert_eq!(there.get(&path).await.code(), "erased", "{path}");
    }
}

#[tokio::test]
async fn what_a_function_still_writes_from_memory_is_unreadable_and_swept() {
    let world = World::new().await;
    let visitor = world.visitor().await;
    let path = conversation(&visitor, 1).await;
    let other = tests::api::Api::Events(intake::router(world.another_function()));
    let there = Visitor { api: other, ..visitor.clone() };
    there.say(&path, "before").await;

    assert_eq!(erase_me(&visitor, &fresh_key()).await.status, 200);
    // Its row is in that function's memory for a minute.
    let late = there.say(&path, "late").await;
    assert!(matches!(late.status, 201 | 410), "{}", late.status);
    assert_eq!(there.get(&format!("{path}/messages")).await.code(), "erased");

    world.advance_seconds(121);
    assert_eq!(there.say(&path, "too late").await.code(), "erased");
    world.sweep().await;
    assert_eq!(items_of(&world, "conversations", &id_of(&path)).await.len(), 0);
}

#[tokio::test]
async fn erasing_at_once_from_everywhere_gives_one_receipt() {
    let world = World::new().await;
    let visitor = world.visitor().await;
    conversation(&visitor, 1).await;
    let officer = officer(&world).await;
    let (key, other) = (fresh_key(), fresh_key());
    let (a, b, c, d) = tokio::join!(
        erase_me(&visitor, &key),
        erase_me(&visitor, &other),
        erase(&officer, &visitor.subject, &key, "ccpa_delete"),
        erase(&officer, &visitor.subject, &other, "gdpr_17"),
    );
    let receipts = [a, b, c, d].map(|response| {
        assert!(matches!(response.status, 200 | 422), "{}", response.json());
        response
    });
    let ids: std::collections::HashSet<_> = receipts
        .iter()
        .filter(|response| response.status == 200)
        .map(|response| response.json()["id"].as_str().expect("an id").to_owned())
        .collect();
    assert_eq!(ids.len(), 1);
}

#[tokio::test]
async fn an_officer_erases_who_is_there_and_nobody_else() {
    let world = World::new().await;
    let visitor = world.visitor().await;
    let path = conversation(&visitor, 2).await;
    let bystander = world.visitor().await;
    let theirs = conversation(&bystander, 2).await;
    let officer = officer(&world).await;

    let unknown = world.visitor().await.subject;
    assert_eq!(erase(&officer, &unknown, &fresh_key(), "gdpr_17").await.code(), "not_found");
    assert_eq!(ask_for_erasure(&officer, "x", &fresh_key()).await.code(), "not_found");
    let refused = erase(&officer, &visitor.subject, &fresh_key(), "because").await;
    assert_eq!(refused.json()["errors"][0]["pointer"], "/basis");

    let key = fresh_key();
    let first = erase(&officer, &visitor.subject, &key, "ccpa_delete").await;
    assert_eq!(first.status, 200, "{}", first.json());
    assert_eq!(first.json()["basis"], "ccpa_delete");
    let again = erase(&officer, &visitor.subject, &key, "ccpa_delete").await;
    assert_eq!(again.json(), first.json());
    assert_eq!(again.headers["idempotent-replayed"], "true");
    let other_body = erase(&officer, &visitor.subject, &key, "gdpr_17").await;
    assert_eq!(other_body.code(), "idempotency_mismatch");

    assert_eq!(visitor.get(&path).await.code(), "erased");
    assert_eq!(bystander.transcript(&theirs).await.len(), 4);
    world.advance_seconds(121);
    world.sweep().await;
    assert_eq!(bystander.transcript(&theirs).await.len(), 4);
}

#[tokio::test]
async fn a_hundred_conversations_are_erased_in_two_transactions() {
    let world = World::new().await;
    let visitor = world.visitor().await;
    let mut paths = Vec::new();
    for _ in 0..100 {
        paths.push(visitor.open().await);
    }
    let response = erase_me(&visitor, &fresh_key()).await;
    assert_eq!(response.status, 200, "{}", response.json());
    assert_eq!(response.json()["keys_destroyed"], 100);
    for path in paths {
        assert_eq!(visitor.get(&path).await.code(), "erased");
    }
}

#[tokio::test]
async fn a_receipt_is_found_and_verified_by_anybody() {
    let world = World::new().await;
    let visitor = world.visitor().await;
    conversation(&visitor, 1).await;
    let officer = officer(&world).await;
    let receipt = erased(&officer, &visitor.subject).await;
    let api = world.staff_api();
    let path = format!("/v1/receipts/{}", receipt["id"].as_str().expect("an id"));
    assert_eq!(api.send(&Request::new("GET", &path)).await.json(), receipt);
    let unknown = "/v1/receipts/01800000-0000-7000-8000-000000000000";
    assert_eq!(api.send(&Request::new("GET", unknown)).await.code(), "not_found");

    let verify = async |body: &serde_json::Value| {
        api.send(&Request::new("POST", "/v1/receipts/verify").json(body)).await.json()
    };
    assert_eq!(verify(&receipt).await, json!({ "valid": true }));
    assert_eq!(verify(&json!({ "jws": receipt["jws"] })).await, json!({ "valid": true }));
    let mut altered = receipt.clone();
    altered["messages"] = json!(0);
    assert_eq!(verify(&altered).await["reason"], "altered");
    let mut token = receipt.clone();
    token["jws"] = json!(officer.token);
    assert_eq!(verify(&token).await["reason"], "wrong_type");
    assert_eq!(verify(&json!({ "jws": "a.b.c" })).await["reason"], "malformed");
    assert_eq!(verify(&json!({})).await["reason"], "malformed");

    let elsewhere = World::new().await;
    let there = elsewhere.staff_api();
    let body = Request::new("POST", "/v1/receipts/verify").json(&receipt);
    assert_eq!(there.send(&body).await.json()["reason"], "unknown_key");
}

#[tokio::test]
async fn a_customer_who_was_erased_is_somebody_new() {
    let world = World::new().await;
    let server = SiteServer::ed25519(7);
    world.register_identity_key(&server.jwk(), false).await;
    let arrive = async || {
        let identity = server.sign(&SiteServer::claims("customer-4711", world.clock.now_ms()));
        visitor_of(world.api(), &sign_in(&world.api(), &identity).await)
    };
    let customer = arrive().await;
    conversation(&customer, 1).await;
    assert_eq!(erase_me(&customer, &fresh_key()).await.status, 200);
    let again = arrive().await;
    assert_ne!(again.subject, customer.subject, "before anything is swept");
    conversation(&again, 1).await;

    let other = server.sign(&SiteServer::claims("customer-4712", world.clock.now_ms()));
    let other = visitor_of(world.api(), &sign_in(&world.api(), &other).await);
    conversation(&other, 1).await;
    assert_eq!(erase_me(&other, &fresh_key()).await.status, 200);
    let of_customers = async || {
        let items = world.all_items().await.into_iter();
        items.filter(|(table, item)| table.ends_with("profiles") && item.contains_key("s")).count()
    };
    assert_eq!(of_customers().await, 1, "the name of who came back leads to the new subject");
    world.advance_seconds(121);
    world.sweep().await;
    assert_eq!(of_customers().await, 1);
    assert_eq!(arrive().await.subject, again.subject);
}

#[tokio::test]
async fn an_officer_erases_a_customer_of_whom_only_the_name_is_there() {
    let world = World::new().await;
    let server = SiteServer::ed25519(7);
    world.register_identity_key(&server.jwk(), false).await;
    let identity = server.sign(&SiteServer::claims("customer-4711", world.clock.now_ms()));
    let customer = visitor_of(world.api(), &sign_in(&world.api(), &identity).await);
    let officer = officer(&world).await;
    let receipt = erased(&officer, &customer.subject).await;
    assert_eq!(receipt["keys_destroyed"], 0);
    world.advance_seconds(121);
    world.sweep().await;
    let items = world.all_items().await;
    let of_customers = items.iter().filter(|(table, item)| {
        table.ends_with("profiles") && (item.contains_key("s") || item.contains_key("i"))
    });
    assert_eq!(of_customers.count(), 0, "the name and the way back to it are gone");
    // A visitor without data has nothing to erase, and the sweep spends no time on their request.
    assert_eq!(world.sweep().await.erasures, 0);
    let nobody = world.visitor().await;
    assert_eq!(erase_me(&nobody, &fresh_key()).await.status, 200);
    world.advance_seconds(121);
    assert_eq!(world.sweep().await.erasures, 0);
}

/// An older version leaves them to the sweep, and so does a table that came back.
#[tokio::test]
async fn the_sweep_takes_what_an_erasure_has_left_of_a_customer() {
    let world = World::new().await;
    let server = SiteServer::ed25519(7);
    world.register_identity_key(&server.jwk(), false).await;
    let identity = server.sign(&SiteServer::claims("customer-4711", world.clock.now_ms()));
    let customer = visitor_of(world.api(), &sign_in(&world.api(), &identity).await);
    conversation(&customer, 1).await;
    let of_customers = async || {
        let items = world.all_items().await.into_iter();
        let is_row = |(table, item): &(String, Item)| {
            table.ends_with("profiles") && item.contains_key("s")
                || table.ends_with("keys") && item.contains_key("v")
        };
        items.filter(is_row).collect::<Vec<_>>()
    };
    let rows = of_customers().await;
    assert_eq!(rows.len(), 2, "the name, and the way back to it");
    assert_eq!(erase_me(&customer, &fresh_key()).await.status, 200);
    assert_eq!(of_customers().await.len(), 0);
    for (table, item) in rows {
        let put = world.dynamo().put_item().table_name(table).set_item(Some(item));
        put.send().await.expect("a put");
    }
    world.advance_seconds(121);
    world.sweep().await;
    assert_eq!(of_customers().await.len(), 0);
}

#[tokio::test]
async fn who_left_an_address_is_found_by_it_and_nobody_else() {
    let world = World::new().await;
    let officer = officer(&world).await;
    let search = async |email: &str| {
        let found = officer.post("/v1/subjects/search", &json!({ "email": email })).await;
        assert_eq!(found.status, 200, "{}", found.json());
        found.json()["items"].clone()
    };
    assert_eq!(search("ada@example.org").await, json!([]), "nobody ever left one");
    let visitor = world.visitor().await;
    let path = conversation(&visitor, 1).await;
    leave_contact(&visitor, &path, "ada@example.org").await;
    let found = search(" Ada@Example.org ").await;
    assert_eq!(found[0]["subject_id"], json!(visitor.subject));
    assert_eq!(
        (&found[0]["conversations"], &found[0]["lead"], &found[0]["erased"]),
        (&json!(1), &json!(true), &json!(false))
    );
    assert_eq!(search("ada@example.com").await, json!([]));
}

#[tokio::test]
async fn a_repeated_message_gives_nothing_out_after_an_erasure() {
    let world = World::new().await;
    let visitor = world.visitor().await;
    let path = visitor.open().await;
    let officer = officer(&world).await;
    let say = || {
        Request::new("POST", &format!("{path}/messages"))
            .header("idempotency-key", "the-same")
            .json(&json!({ "text": "where is my parcel?" }))
    };
    assert_eq!(visitor.send(say()).await.status, 201);
    assert_eq!(visitor.send(say()).await.header("idempotent-replayed"), "true");
    // The visitor's function keeps the conversation in memory, the officer's is another one.
    erased(&officer, &visitor.subject).await;
    assert_eq!(visitor.send(say()).await.refusal(), (410, "erased".to_owned()));
}
