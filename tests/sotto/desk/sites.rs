//! What admins set of a site, and what of it is in force where.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use shared::store::attributes::Item;
use shared::store::security_event::{Action, SecurityEvent};
use shared::store::site_settings::StoredSite;
use shared::store::webhook::{Webhook, WebhookChange};
use shared::values::internet::Reach;
use shared::values::site::Site;
use shared::values::site_settings::{RawSiteSettings, SiteSettings, WebhookEvent, WebhookUrl};
use tests::api::{Request, Response};
use tests::sealed::{open_response, published_keys, seal_request};
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
    let event = world.desk.events.put(event).await.expect("an event");
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
    let webhook = Webhook::new(&url, vec![WebhookEvent::Lead]).expect("randomness");
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
        "id": "default", "name": null, "origins": [], "locales": ["en", "de"], "greeting": {},
        "suggested": {}, "colours": null, "launcher": {}, "privacy_url": null,
        "consent": { "notice_version": "2026-11", "text": {}, "purposes": ["support"] },
        "opening_hours": null, "handover": { "words": [], "topics": [], "after_unknown": 2 },
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
    // The same address for other events keeps its secret.
    sent_back["webhook"]["events"] = json!(["incident", "lead"]);
    let both = put(&admin, Some("\"2\""), &sent_back).await.json();
    assert_eq!(both["webhook"], json!({ "url": URL, "events": ["lead", "incident"] }));
    let webhook = desk.world.desk.store.webhook(Site::SHIPPED).await.expect("it opens");
    assert_eq!(webhook.expect("a webhook").expose_secret(), secret);
    let seen = desk.agent.get("/v1/sites/default").await.json();
    assert_eq!(seen["webhook"], json!({ "url": null, "events": ["lead", "incident"] }));
    let other = json!({ "webhook": { "url": "https://other.example/" } });
    let moved = put(&admin, Some("\"3\""), &other).await.json();
    assert_ne!(moved["webhook"]["secret"], json!(secret), "another address, another secret");
    assert_eq!(moved["opening_hours"], json!(null), "what is left out is as nobody has set it");
    let none = put(&admin, Some("\"4\""), &json!({ "webhook": null })).await.json();
    assert_eq!(none["webhook"], json!(null));

    let events = desk.world.all_items().await;
    let told = |item: &Item| {
        item.get("w") == Some(&AttributeValue::S("site_changed".to_owned()))
            && item.get("o") == Some(&AttributeValue::S("default".to_owned()))
            && item.get("a") == Some(&AttributeValue::S(admin.id.clone()))
    };
    assert_eq!(events.iter().filter(|(_, item)| told(item)).count(), 5);
    assert!(events.iter().all(|(_, item)| !format!("{item:?}").contains("canary-of-the-receiver")));
}

/// Sets the notice of the site and answers its version.
async fn set_notice(admin: &Staff, text: Value) -> String {
    let tag = admin.get("/v1/sites/default").await.header("etag").to_owned();
    let put = put(admin, Some(&tag), &json!({ "consent": { "text": text } })).await;
    assert_eq!(put.status, 200, "{}", put.json());
    put.json()["consent"]["notice_version"].as_str().expect("a version").to_owned()
}

#[tokio::test]
async fn what_visitors_see_is_read_by_everybody_and_sealed_for_the_widget() {
    let desk = Desk::open().await;
    let admin = desk.admin.stepped_up(&desk.world).await;
    let look = json!({
        "name": "Birch & Clay",
        "greeting": { "en": "Hello!\nWhat may it be?", "de": "Guten Tag!" },
        "suggested": { "en": ["Where is my parcel?"] },
        "colours": { "accent": "#7a1f5c", "on_accent": "#ffffff" },
        "launcher": { "en": "Ask us" },
        "privacy_url": "https://shop.example/privacy#chat",
        "consent": { "text": { "en": "We are in Berlin." } },
    });
    let set = put(&admin, Some("\"0\""), &look).await;
    assert_eq!(set.status, 200, "{}", set.json());
    // The answer can be sent again, and the same text stays the same version.
    let mut same = set.json();
    same.as_object_mut().expect("an object").remove("etag");
    let again = put(&admin, Some("\"1\""), &same).await.json();
    assert_eq!(again["consent"]["notice_version"], "2026-11.1");
    desk.world.advance_seconds(60);

    let path = "/v1/sites/default/widget";
    let plain = desk.world.api().send(&Request::new("GET", path)).await;
    assert_eq!((plain.status, plain.header("cache-control")), (200, "max-age=60"));
    assert!(plain.header("vary").contains("sotto-reply-key"), "{}", plain.header("vary"));
    let [key, ..] = &*published_keys(&desk.world.api()).await else { panic!("no key") };
    let (request, secret) = seal_request(Request::new("GET", path), key);
    let sealed = desk.world.api().send(&request).await;
    assert_eq!(sealed.header("cache-control"), "no-store", "nobody else can open it");
    let text = String::from_utf8_lossy(&sealed.body).into_owned();
    assert!(!text.contains("Birch"), "{text}");
    for shown in [plain.json(), open_response(&secret, sealed).json()] {
        for member in ["name", "greeting", "suggested", "colours", "launcher", "privacy_url"] {
            assert_eq!(shown[member], look[member], "{member}");
        }
        let consent = json!({
            "notice_version": "2026-11.1", "text": look["consent"]["text"], "purposes": ["support"],
        });
        assert_eq!(shown["consent"], consent);
        assert!(shown.get("hourly_wage").is_none() && shown.get("webhook").is_none());
    }
}

#[tokio::test]
async fn a_changed_notice_is_agreed_to_anew_and_a_conversation_keeps_its_own() {
    let desk = Desk::open().await;
    let admin = desk.admin.stepped_up(&desk.world).await;
    let open = async |notice: &str| {
        let consent = json!({ "notice_version": notice, "purposes": ["support"] });
        let visitor = desk.world.visitor().await;
        let opened = visitor.post("/v1/conversations", &json!({ "consent": consent })).await;
        (visitor, opened)
    };
    let taken = async |notice: &str| match open(notice).await.1 {
        opened if opened.status == 201 => true,
        refused => {
            assert_eq!(refused.refusal(), (422, "consent_required".to_owned()), "{notice}");
            false
        }
    };
    assert!(taken("2026-11 (30, 180)").await, "the settings are known now, for a minute");
    let version = set_notice(&admin, json!({ "en": "We are in Berlin." })).await;
    assert_eq!(version, "2026-11.1");
    let (visitor, opened) = open("2026-11.1 (30, 180)").await;
    assert_eq!(opened.status, 201, "at once, whatever a function knows");
    assert!(!taken("2026-11.2 (30, 180)").await, "none of which nobody has heard");
    desk.world.advance_seconds(60 * 60 - 2);
    assert!(taken("2026-11 (30, 180)").await, "a page that was opened before");
    desk.world.advance_seconds(2);
    assert!(!taken("2026-11 (30, 180)").await && taken("2026-11.1").await);

    let admin = desk.admin.signed_in(&desk.world).await.stepped_up(&desk.world).await;
    assert_eq!(set_notice(&admin, json!({})).await, "2026-11.2", "none is another one too");
    let export = visitor.returned().await.get("/v1/me/export").await.json();
    let kept = &export["conversations"][0]["consent"]["notice_version"];
    assert_eq!(kept, "2026-11.1 (30, 180)", "{export}");
}

#[tokio::test]
async fn a_page_that_an_admin_adds_may_call_within_a_minute_and_one_that_is_removed_no_more() {
    let desk = Desk::open().await;
    let admin = desk.admin.stepped_up(&desk.world).await;
    // A function that is warm, and a preflight of a route of another function.
    let allowed = async |origin: &str, method: &str, path: &str| {
        let request = Request::new(method, path).header("origin", origin);
        let request = if method == "OPTIONS" {
            request.header("access-control-request-method", "GET")
        } else {
            request
        };
        let response = desk.world.api().send(&request).await;
        assert!(response.status < 300, "{}", response.status);
        assert_eq!(response.header("access-control-allow-credentials"), "");
        response.header("access-control-allow-origin").to_owned()
    };
    let routes = [("OPTIONS", "/v1/conversations"), ("OPTIONS", "/v1/any"), ("GET", "/v1/health")];
    let (named, added) = ("https://shop.example", "https://blog.shop.example:8443");
    for (method, path) in routes {
        assert_eq!(allowed(named, method, path).await, named, "by the deployment");
        assert_eq!(allowed(added, method, path).await, "");
    }
    for (tag, origins, then) in [("\"0\"", json!([added]), added), ("\"1\"", json!([]), "")] {
        let set = put(&admin, Some(tag), &json!({ "origins": origins })).await;
        assert_eq!(set.json()["origins"], origins, "{}", set.json());
        desk.world.advance_seconds(60);
        for (method, path) in routes {
            assert_eq!(allowed(added, method, path).await, then, "{method} {path}");
            assert_eq!(allowed(named, method, path).await, named, "by the deployment, as before");
            for other in ["https://evil.example", "https://shop.example:8443", "null"] {
                assert_eq!(allowed(other, method, path).await, "", "{other}");
            }
        }
    }
    // Public keys are for every page: receipts are verified with them.
    let keys =
        Request::new("GET", "/.well-known/jwks.json").header("origin", "https://any.example");
    let keys = desk.world.staff_api().send(&keys).await;
    assert_eq!(keys.header("access-control-allow-origin"), "*");
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
        (json!({ "logo": null }), 400, "unknown_field", Value::Null),
        (json!({ "colours": ["#0b5a8f", "#ffffff"] }), 400, "malformed_json", Value::Null),
        (json!({ "consent": { "texts": {} } }), 400, "unknown_field", Value::Null),
        (json!({ "name": " " }), 422, "invalid", json!("/name")),
        (json!({ "locales": ["en"] }), 422, "invalid", json!("/locales")),
        (json!({ "origins": ["http://shop.example"] }), 422, "invalid", json!("/origins")),
        (
            json!({ "colours": { "accent": "#ffff00", "on_accent": "#000000" } }),
            422,
            "invalid",
            json!("/colours/accent"),
        ),
        (json!({ "consent": { "text": { "fr": "x" } } }), 422, "invalid", json!("/consent/text")),
        (
            json!({ "consent": { "purposes": ["support", "ads"] } }),
            422,
            "invalid",
            json!("/consent/purposes"),
        ),
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
