//! What admins set of a site, and what of it is in force where.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use shared::store::attributes::Item;
use shared::store::security_event::{Action, SecurityEvent};
use shared::store::site_settings::StoredSite;
use shared::store::webhook::{Webhook, WebhookChange};
use shared::values::internet::Reach;
use shared::values::site::Site;
use shared::values::site_settings::{RawSiteSettings, SiteSettings, WebhookUrl};
use tests::api::{Request, Response};
use tests::staff::Staff;
use tests::world::World;

use super::Desk;

const URL: &str = "https://crm.example/hook?token=canary-of-the-receiver";

fn open_on_mondays() -> SiteSettings {
    let raw = json!({
        "opening_hours": { "time_zone": "Europe/Berlin", "week": { "mon": [["09:00", "17:00"]] } },
    });
    let raw: RawSiteSettings = serde_json::from_value(raw).expect("settings");
    SiteSettings::judge(raw).expect("good settings")
}

async fn set(
    world: &World,
    known: &StoredSite,
    settings: SiteSettings,
    webhook: WebhookChange,
) -> Option<StoredSite> {
    let event = SecurityEvent::of(Action::SiteChanged, "default");
    let event = world.desk.events.put(event).expect("an event");
    let put = world.desk.store.put_site(Site::SHIPPED, known, (settings, webhook), event);
    put.await.expect("an answer")
}

#[tokio::test]
async fn of_two_who_set_a_site_at_once_one_is_told() {
    let world = World::new().await;
    let nobody = world.desk.store.stored_site(Site::SHIPPED).await.expect("a site");
    assert_eq!((nobody.version, nobody.changed_ms), (0, None));
    let (one, two) = tokio::join!(
        set(&world, &nobody, open_on_mondays(), WebhookChange::Keep),
        set(&world, &nobody, SiteSettings::default(), WebhookChange::Keep),
    );
    assert_eq!(one.is_some(), two.is_none());
    let stored = world.desk.store.stored_site(Site::SHIPPED).await.expect("a site");
    assert_eq!((stored.version, stored.changed_ms), (1, Some(world.clock.now_ms())));
    assert_eq!(*stored.settings == open_on_mondays(), one.is_some());
    assert!(set(&world, &nobody, open_on_mondays(), WebhookChange::Keep).await.is_none());
    assert!(set(&world, &stored, open_on_mondays(), WebhookChange::Keep).await.is_some());
}

#[tokio::test]
async fn a_change_is_in_force_within_a_minute_in_a_warm_function() {
    let world = World::new().await;
    let site = Site::SHIPPED;
    let visitors = &world.app.store;
    assert_eq!(*visitors.site_settings(site).await.expect("settings"), SiteSettings::default());
    let known = world.desk.store.stored_site(site).await.expect("a site");
    set(&world, &known, open_on_mondays(), WebhookChange::Keep).await.expect("set");
    world.advance_seconds(59);
    assert_eq!(*visitors.site_settings(site).await.expect("settings"), SiteSettings::default());
    world.advance_seconds(1);
    assert_eq!(*visitors.site_settings(site).await.expect("settings"), open_on_mondays());
    assert_eq!(*world.desk.store.site_settings(site).await.expect("settings"), open_on_mondays());
}

#[tokio::test]
async fn a_webhook_is_sealed_and_the_visitors_function_cannot_open_it() {
    let world = World::new().await;
    let (site, desk) = (Site::SHIPPED, &world.desk.store);
    assert!(desk.webhook(site).await.expect("an answer").is_none());
    let url = WebhookUrl::judge(URL.to_owned(), Reach::Public).expect("an address");
    let webhook = Webhook::new(&url).expect("randomness");
    let secret = webhook.expose_secret().to_owned();
    assert_eq!(secret.len(), 43);
    let known = desk.stored_site(site).await.expect("a site");
    let change = WebhookChange::Set(webhook);
    let stored = set(&world, &known, SiteSettings::default(), change).await.expect("set");
    assert!(stored.has_webhook);

    let opened = desk.webhook(site).await.expect("it opens").expect("a webhook");
    assert_eq!((opened.url(), opened.expose_secret()), (URL, &*secret));
    for (table, item) in world.all_items().await {
        let text = format!("{item:?}");
        assert!(!text.contains("crm.example") && !text.contains(&secret), "{table}");
    }
    world.aws.provoke_refusals();
    assert!(world.app.store.webhook(site).await.is_err(), "intake has no right to it");

    let stored =
        set(&world, &stored, SiteSettings::default(), WebhookChange::Keep).await.expect("set");
    assert!(stored.has_webhook && desk.webhook(site).await.expect("an answer").is_some());
    let stored =
        set(&world, &stored, SiteSettings::default(), WebhookChange::Remove).await.expect("set");
    assert!(!stored.has_webhook && desk.webhook(site).await.expect("an answer").is_none());
}

async fn put(admin: &Staff, tag: Option<&str>, body: &Value) -> Response {
    let request = Request::new("PUT", "/v1/sites/default").json(body);
    let request = match tag {
        Some(tag) => request.header("if-match", tag),
        None => request,
    };
    admin.send(request).await
}

#[tokio::test]
async fn an_admin_sets_a_site_and_what_is_read_is_what_is_sent() {
    let desk = Desk::open().await;
    let admin = desk.admin.stepped_up(&desk.world).await;
    let unset = admin.get("/v1/sites/default").await;
    let shape = json!({
        "id": "default", "opening_hours": null, "handover": { "words": [], "topics": [], "after_unknown": 2 },
        "webhook": null, "hourly_wage": null, "etag": "\"0\"",
    });
    assert_eq!((unset.status, unset.json(), unset.header("etag")), (200, shape.clone(), "\"0\""));
    let listed = desk.agent.get("/v1/sites").await.json();
    assert_eq!(listed, json!({ "items": [shape], "next_cursor": null }));

    let week = json!({ "mon": [["09:00", "12:30"], ["13:00", "17:00"]] });
    let body = json!({
        "opening_hours": { "time_zone": "Europe/Berlin", "week": week, "closed_on": ["2026-12-25"] },
        "handover": { "words": ["Anwalt"], "topics": ["refund"], "after_unknown": 3 },
        "webhook": { "url": URL, "events": ["lead"] },
        "hourly_wage": 28.5,
    });
    let set = put(&admin, Some("\"0\""), &body).await;
    assert_eq!((set.status, set.header("etag")), (200, "\"1\""), "{}", set.json());
    let secret = set.json()["webhook"]["secret"].as_str().expect("a secret").to_owned();
    let read = admin.get("/v1/sites/default").await;
    assert!(!String::from_utf8_lossy(&read.body).contains(&secret), "it is shown once");
    let mut sent_back = read.json();
    assert_eq!(sent_back["opening_hours"]["week"]["tue"], json!([]));
    assert_eq!(sent_back["hourly_wage"], json!(28.5));
    sent_back.as_object_mut().expect("an object").remove("etag");
    let again = put(&admin, Some("\"1\""), &sent_back).await;
    assert_eq!((again.status, again.header("etag")), (200, "\"2\""), "{}", again.json());
    assert_eq!(
        again.json()["webhook"],
        json!({ "url": URL, "events": ["lead"] }),
        "its own secret"
    );
    // An instance that has made no key opens the one that is there.
    let api = desk.world.another_staff_api();
    let cold = tests::staff::Staff { api, ..admin.clone() };
    assert_eq!(cold.get("/v1/sites/default").await.json()["webhook"]["url"], URL);
    let webhook = desk.world.desk.store.webhook(Site::SHIPPED).await.expect("it opens");
    assert_eq!(webhook.expect("a webhook").expose_secret(), secret);

    // Agents see that there is a webhook and not where it leads to.
    let seen = desk.agent.get("/v1/sites/default").await.json();
    assert_eq!(seen["webhook"], json!({ "url": null, "events": ["lead"] }));
    let other = json!({ "webhook": { "url": "https://other.example/" } });
    let moved = put(&admin, Some("\"2\""), &other).await.json();
    assert_ne!(moved["webhook"]["secret"], json!(secret), "another address, another secret");
    assert_eq!(moved["opening_hours"], json!(null), "what is left out is as nobody has set it");
    let none = put(&admin, Some("\"3\""), &json!({ "webhook": null })).await.json();
    assert_eq!(none["webhook"], json!(null));

    let events = desk.world.all_items().await;
    let told = |item: &Item| {
        item.get("w") == Some(&AttributeValue::S("site_changed".to_owned()))
            && item.get("o") == Some(&AttributeValue::S("default".to_owned()))
            && item.get("a") == Some(&AttributeValue::S(admin.id.clone()))
    };
    assert_eq!(events.iter().filter(|(_, item)| told(item)).count(), 4);
    assert!(events.iter().all(|(_, item)| !format!("{item:?}").contains("canary-of-the-receiver")));
}

#[tokio::test]
async fn a_change_names_the_state_that_it_changes() {
    let desk = Desk::open().await;
    let admin = desk.admin.stepped_up(&desk.world).await;
    let wage = |wage: u32| json!({ "hourly_wage": wage });
    let refusal = put(&admin, None, &wage(1)).await.refusal();
    assert_eq!(refusal, (428, "precondition_required".into()));
    for tag in ["\"1\"", "0", "*", "", "W/\"0\"", "\"0\", \"1\""] {
        let refusal = put(&admin, Some(tag), &wage(1)).await.refusal();
        assert_eq!(refusal, (412, "conflict".into()), "{tag}");
    }
    let (first, second) = (wage(1), wage(2));
    let (one, two) =
        tokio::join!(put(&admin, Some("\"0\""), &first), put(&admin, Some("\"0\""), &second));
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412]);
    let won = if one.status == 200 { 1.0 } else { 2.0 };
    let read = admin.get("/v1/sites/default").await.json();
    assert_eq!((&read["hourly_wage"], &read["etag"]), (&json!(won), &json!("\"1\"")));
}

#[tokio::test]
async fn who_may_not_and_what_is_wrong_is_refused() {
    let desk = Desk::open().await;
    let admin = desk.admin.stepped_up(&desk.world).await;
    let tag = Some("\"0\"");
    assert_eq!(put(&desk.agent, tag, &json!({})).await.refusal(), (403, "forbidden".into()));
    let officer = desk.world.member(&admin, "paul@example.org", &["privacy"]).await;
    assert_eq!(officer.get("/v1/sites").await.refusal(), (403, "forbidden".into()));
    for path in ["/v1/sites/other", "/v1/sites/Default"] {
        assert_eq!(admin.get(path).await.refusal(), (404, "not_found".into()), "{path}");
    }
    let monday =
        |spans: Value| json!({ "opening_hours": { "time_zone": "UTC", "week": { "mon": spans } } });
    for (body, status, code, pointer) in [
        (json!({ "name": "Shop" }), 400, "unknown_field", Value::Null),
        (json!({ "etag": "\"0\"" }), 400, "unknown_field", Value::Null),
        (json!({ "opening_hours": [] }), 400, "malformed_json", Value::Null),
        (monday(json!([["09:00"]])), 400, "malformed_json", Value::Null),
        (json!({ "id": "other" }), 422, "invalid", json!("/id")),
        (monday(json!([["17:00", "09:00"]])), 422, "invalid", json!("/opening_hours/week/mon")),
        (
            json!({ "handover": { "after_unknown": 9 } }),
            422,
            "invalid",
            json!("/handover/after_unknown"),
        ),
        (json!({ "webhook": {} }), 422, "invalid", json!("/webhook/url")),
        (
            json!({ "webhook": { "url": "http://crm.example/" } }),
            422,
            "invalid",
            json!("/webhook/url"),
        ),
        (
            json!({ "webhook": { "url": URL, "events": ["message"] } }),
            422,
            "invalid",
            json!("/webhook/events"),
        ),
        (json!({ "hourly_wage": -1 }), 422, "invalid", json!("/hourly_wage")),
    ] {
        let refused = put(&admin, tag, &body).await;
        assert_eq!(refused.refusal(), (status, code.to_owned()), "{body}");
        assert_eq!(refused.json()["errors"][0]["pointer"], pointer, "{body}");
    }
    desk.world.advance_seconds(301);
    let stale = put(&admin, tag, &json!({})).await;
    assert_eq!(stale.refusal(), (403, "step_up_required".into()));
    assert_eq!(desk.world.desk.store.stored_site(Site::SHIPPED).await.expect("a site").version, 0);
}
