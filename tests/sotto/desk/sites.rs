//! What admins set of a site, and what of it is in force where.

use serde_json::json;
use shared::store::security_event::{Action, SecurityEvent};
use shared::store::site_settings::StoredSite;
use shared::store::webhook::{Webhook, WebhookChange};
use shared::values::site::Site;
use shared::values::site_settings::{RawSiteSettings, SiteSettings, WebhookUrl};
use tests::world::World;

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
    assert_eq!(stored.settings == open_on_mondays(), one.is_some());
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
    let url = WebhookUrl::judge(URL.to_owned()).expect("an address");
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
    assert!(world.app.store.webhook(site).await.is_err(), "intake has no right to it");

    let stored =
        set(&world, &stored, SiteSettings::default(), WebhookChange::Keep).await.expect("set");
    assert!(stored.has_webhook && desk.webhook(site).await.expect("an answer").is_some());
    let stored =
        set(&world, &stored, SiteSettings::default(), WebhookChange::Remove).await.expect("set");
    assert!(!stored.has_webhook && desk.webhook(site).await.expect("an answer").is_none());
}
