//! Visitors' sessions end: by time, by the visitor, and with the key of the site that let a customer in.

mod model;

use serde_json::{Value, json};
use shared::store::session::{CUSTOMER_SECONDS, GUEST_SECONDS, SKEW_SECONDS, TOKEN_SECONDS};
use tests::api::{Api, Request, Response};
use tests::sealed::published_keys;
use tests::site_server::{SiteServer, sign_in, visitor_of};
use tests::visitor::{Visitor, fresh_key};
use tests::world::World;

use super::isolation::{request, routes, stored};
use crate::privacy::stage::{erase, officer};

const HOUR: u64 = 3_600;
const DAY: u64 = 24 * HOUR;

fn revoked() -> (u16, String) {
    (401, "token_revoked".to_owned())
}

fn expired() -> (u16, String) {
    (401, "token_expired".to_owned())
}

async fn renew(visitor: &Visitor) -> Response {
    visitor.post("/v1/sessions", &json!({ "site": "default", "identity": null })).await
}

async fn end(visitor: &Visitor) -> Response {
    visitor.send(Request::new("DELETE", "/v1/sessions")).await
}

fn with_token_of(visitor: Visitor, session: &Response) -> Visitor {
    assert_eq!(session.json()["subject_id"], json!(visitor.subject));
    let token = session.json()["access_token"].as_str().expect("a token").to_owned();
    Visitor { token, ..visitor }
}

fn expires_in(session: &Response) -> i64 {
    session.json()["expires_in"].as_i64().expect("seconds")
}

fn seconds(count: i64) -> u64 {
    u64::try_from(count).expect("not negative")
}

/// A world whose site has a server, and the server.
async fn world_of_a_site() -> (World, SiteServer) {
    let (world, server) = (World::new().await, SiteServer::ed25519(1));
    world.register_identity_key(&server.jwk(), false).await;
    (world, server)
}

async fn customer(world: &World, server: &SiteServer) -> Visitor {
    let mut claims = SiteServer::claims("customer-4711", world.clock.now_ms());
    claims["amr"] = json!(["mfa"]);
    visitor_of(world.api(), &sign_in(&world.api(), &server.sign(&claims)).await)
}

/// A second instance of the function, to which the same visitor goes.
fn elsewhere(world: &World, visitor: &Visitor) -> Visitor {
    let api = Api::Events(intake::router(world.another_function()));
    Visitor { api, ..visitor.clone() }
}

fn claims_of(token: &str) -> Value {
    let payload = token.split('.').nth(1).expect("a payload");
    let bytes = shared::values::encoding::from_base64url(payload).expect("base64url");
    serde_json::from_slice(&bytes).expect("claims")
}

#[tokio::test]
async fn a_chain_of_renewals_with_nothing_stored_ends_with_its_first_day() {
    let world = World::new().await;
    let mut visitor = world.visitor().await;
    let mut renewals = 0;
    let refused = loop {
        world.advance_seconds(DAY - HOUR);
        let session = renew(&visitor).await;
        if session.status != 201 {
            break session;
        }
        renewals += 1;
        assert!(expires_in(&session) <= 3_600, "a renewal has lengthened something");
        visitor = with_token_of(visitor, &session);
        assert!(renewals < 45, "45 days with nothing stored");
    };
    assert_eq!((refused.refusal(), renewals), (expired(), 1));
    assert_eq!(world.count_items("keys").await, 0, "nothing was stored");
}

#[tokio::test]
async fn a_guests_session_goes_on_until_the_last_conversation_ends() {
    let world = World::new().await;
    let mut visitor = world.visitor().await;
    let conversation = visitor.open().await;
    let lead = json!({ "name": "Ada", "email": "ada@example.org", "phone": null, "consent": true });
    visitor.post(&format!("{conversation}/lead"), &lead).await;
    for _ in 0..29 {
        world.advance_seconds(DAY);
        let session = renew(&visitor).await;
        assert_eq!(expires_in(&session), TOKEN_SECONDS);
        visitor = with_token_of(visitor, &session);
    }
    assert_eq!(visitor.get(&conversation).await.status, 200);
    world.advance_seconds(DAY);
    assert_eq!(renew(&visitor).await.refusal(), expired(), "the contact lengthens nothing");
}

#[tokio::test]
async fn a_guests_session_ends_after_400_days_whatever_is_stored() {
    let world = World::new().await;
    let mut visitor = world.visitor().await;
    let mut conversation = visitor.open().await;
    for _ in 0..20 {
        world.advance_seconds(seconds(GUEST_SECONDS) / 20 - 1);
        let session = renew(&visitor).await;
        visitor = with_token_of(visitor, &session);
        conversation = visitor.open().await;
    }
    let session = renew(&visitor).await;
    assert_eq!(expires_in(&session), 20, "it lasts as long as the session");
    visitor = with_token_of(visitor, &session);
    world.advance_seconds(19);
    assert_eq!(visitor.get(&conversation).await.status, 200);
    world.advance_seconds(1);
    assert_eq!(visitor.get(&conversation).await.refusal(), expired());
    assert_eq!(renew(&visitor).await.refusal(), expired());
}

#[tokio::test]
async fn a_copied_token_of_a_customer_ends_after_four_hours_although_it_was_renewed() {
    let (world, server) = world_of_a_site().await;
    let owner = customer(&world, &server).await;
    let conversation = owner.open().await;
    let mut copied = owner.clone();
    for left in (1..=3_i64).rev() {
        world.advance_seconds(HOUR);
        let session = renew(&copied).await;
        assert_eq!(
            (session.json()["verified"].as_bool(), expires_in(&session)),
            (Some(true), left * 3_600)
        );
        copied = with_token_of(copied, &session);
        let claims = claims_of(&copied.token);
        assert_eq!((&claims["verified"], &claims["mfa"]), (&json!(true), &json!(true)));
    }
    world.advance_seconds(HOUR - 1);
    assert_eq!(copied.get(&conversation).await.status, 200);
    world.advance_seconds(1);
    for (method, path, body) in of_visitors() {
        let path = path.replace("{id}", id_of(&conversation));
        let refused = copied.send(request(&method, &path, &body)).await;
        assert_eq!(refused.refusal(), expired(), "{method} {path}");
    }
    assert_eq!(renew(&copied).await.refusal(), expired());
    let again = customer(&world, &server).await;
    assert_eq!(again.subject, owner.subject);
    assert_eq!(again.get(&conversation).await.status, 200);
}

fn id_of(conversation: &str) -> &str {
    conversation.rsplit('/').next().expect("an id")
}

/// The routes of the table that need a visitor's token, and the one that renews it.
fn of_visitors() -> Vec<(String, String, Value)> {
    let public = [
        ("GET", "/v1/health"),
        ("GET", "/v1/keys"),
        ("GET", "/v1/sites/{id}/widget"),
        ("POST", "/v1/sessions"),
    ];
    let mut routes = routes();
    routes.retain(|(method, path, _)| !public.contains(&(method, path)));
    assert!(routes.len() >= 11, "{routes:?}");
    routes
}

/// A session that was ended is refused by every route, and changes nothing.
async fn assert_refused_everywhere(world: &World, visitor: &Visitor, conversation: &str) {
    let before = stored(world).await;
    for (method, path, body) in of_visitors() {
        let path = path.replace("{id}", id_of(conversation));
        let refused = visitor.send(request(&method, &path, &body)).await;
        assert_eq!(refused.refusal(), revoked(), "{method} {path}");
    }
    assert_eq!(renew(visitor).await.refusal(), revoked());
    assert!(stored(world).await == before, "an ended session has changed what is stored");
}

#[tokio::test]
async fn who_signs_out_on_one_device_is_out_on_all_of_them_on_every_route() {
    let (world, server) = world_of_a_site().await;
    let (here, there) = (customer(&world, &server).await, customer(&world, &server).await);
    let conversation = here.open().await;
    let renewed = with_token_of(there.clone(), &renew(&there).await);
    assert_eq!(end(&here).await.status, 204);
    for device in [&here, &there, &renewed, &elsewhere(&world, &there)] {
        assert_refused_everywhere(&world, device, &conversation).await;
    }
    // A session that begins afterwards, even in the same second, goes on until it is ended itself.
    let again = customer(&world, &server).await;
    assert_eq!(again.subject, here.subject);
    assert_eq!(again.get(&conversation).await.status, 200);
    assert_eq!(again.say(&conversation, "hello again").await.status, 201);
    let second = again.open().await;
    let again = with_token_of(again.clone(), &renew(&again).await);
    assert_eq!(again.get(&second).await.status, 200);
    assert_refused_everywhere(&world, &there, &conversation).await;
    assert_eq!(end(&again).await.status, 204);
    assert_refused_everywhere(&world, &again, &conversation).await;
}

#[tokio::test]
async fn a_guest_ends_their_sessions_with_something_stored_and_with_nothing() {
    let world = World::new().await;
    let (with, without) = (world.visitor().await, world.visitor().await);
    let conversation = with.open().await;
    with.say(&conversation, "hello").await;
    let copied = with_token_of(with.clone(), &renew(&with).await);
    for visitor in [&with, &without] {
        assert_eq!(end(visitor).await.status, 204);
    }
    for visitor in [&with, &copied] {
        assert_refused_everywhere(&world, visitor, &conversation).await;
    }
    // Of a conversation that is not theirs, it is absent; all else is refused.
    for (method, path, body) in of_visitors().into_iter().filter(|route| !route.1.contains("{id}"))
    {
        let refused = without.send(request(&method, &path, &body)).await;
        assert_eq!(refused.refusal(), revoked(), "{method} {path}");
    }
    assert_eq!(renew(&without).await.refusal(), revoked());
    // The row stays for as long as one of the tokens could be renewed, and no longer.
    world.advance_seconds(30 * DAY);
    world.aws.sweep_ttl().expect("the TTL runs");
    assert_eq!(renew(&with).await.status, 401);
    world.advance_seconds(2 * DAY + seconds(SKEW_SECONDS));
    for _ in 0..2 {
        world.aws.sweep_ttl().expect("the TTL runs");
        world.advance_seconds(1);
    }
    assert_eq!(world.count_items("keys").await, 0);
}

#[tokio::test]
async fn another_function_refuses_an_ended_session_within_a_minute_and_at_once_where_it_matters() {
    let world = World::new().await;
    let here = world.visitor().await;
    let conversation = here.open().await;
    let there = elsewhere(&world, &here);
    assert_eq!(there.say(&conversation, "this puts it into memory").await.status, 201);
    assert_eq!(end(&here).await.status, 204);

    // For a minute the row is in that function's memory.
    world.advance_seconds(59);
    assert_eq!(there.say(&conversation, "still").await.status, 201);
    world.advance_seconds(1);
    assert_eq!(there.say(&conversation, "no more").await.refusal(), revoked());

    // A route that gives data out, begins something or prolongs something does not wait for that.
    let here = world.visitor().await;
    let conversation = here.open().await;
    let there = elsewhere(&world, &here);
    assert_eq!(there.say_as(&conversation, "into memory", "the-key").await.status, 201);
    assert_eq!(end(&here).await.status, 204);
    let at_once = ["/v1/me", "/v1/conversations", "/v1/sessions"];
    for (method, path, body) in of_visitors() {
        let reads = method == "GET";
        let path = path.replace("{id}", id_of(&conversation));
        if reads
            || at_once
                .iter()
                .any(|known| path.starts_with(known) && !path.contains(id_of(&conversation)))
        {
            let refused = there.send(request(&method, &path, &body)).await;
            assert_eq!(refused.refusal(), revoked(), "{method} {path}");
        }
    }
    assert_eq!(renew(&there).await.refusal(), revoked());
    let replayed = there.say_as(&conversation, "into memory", "the-key").await;
    assert_eq!(replayed.refusal(), revoked(), "a replay gives text out");
    let lead = json!({ "name": "E", "email": "e@example.org", "phone": null, "consent": true });
    let left = there.post(&format!("{conversation}/lead"), &lead).await;
    assert_eq!((left.refusal(), world.count_items("profiles").await), (revoked(), 0));
}

#[tokio::test]
async fn a_replaced_or_removed_key_ends_the_sessions_that_it_let_in() {
    let (world, first) = world_of_a_site().await;
    let second = SiteServer::hs256(&[9; 32]);
    let guest = world.visitor().await;
    let of_guest = guest.open().await;
    for jwk in [second.jwk(), Value::Null] {
        world.register_identity_key(&first.jwk(), false).await;
        let let_in = customer(&world, &first).await;
        let conversation = let_in.open().await;
        assert_eq!(let_in.say(&conversation, "hello").await.status, 201);
        let renewed = with_token_of(let_in.clone(), &renew(&let_in).await);
        world.advance_seconds(1);
        world.register_identity_key(&jwk, false).await;
        // A function that knows the conversation knows the key that was there for as long.
        assert_eq!(let_in.say(&conversation, "still").await.status, 201);
        world.advance_seconds(60);
        for visitor in [&let_in, &renewed, &elsewhere(&world, &let_in)] {
            assert_refused_everywhere(&world, visitor, &conversation).await;
        }
        // Nor does it help that the same key is registered once more.
        world.register_identity_key(&first.jwk(), false).await;
        assert_refused_everywhere(&world, &let_in, &conversation).await;
        let again = customer(&world, &first).await;
        assert_eq!(again.get(&conversation).await.status, 200);
        assert_eq!(guest.get(&of_guest).await.status, 200, "a guest was let in by no key");
    }
}

#[tokio::test]
async fn export_erasure_opening_and_renewal_see_a_replaced_key_at_once() {
    let (world, server) = world_of_a_site().await;
    let let_in = customer(&world, &server).await;
    let conversation = let_in.open().await;
    assert_eq!(let_in.say(&conversation, "into memory").await.status, 201);
    // The clock stands still between two keys, and one millisecond is one time.
    world.advance_seconds(1);
    world.register_identity_key(&SiteServer::ed25519(2).jwk(), false).await;
    let before = stored(&world).await;
    let consent = json!({ "consent": { "notice_version": "1", "purposes": ["support"] } });
    for (method, path, body) in [
        ("GET", "/v1/me/export", Value::Null),
        ("DELETE", "/v1/me", Value::Null),
        ("POST", "/v1/conversations", consent),
        ("DELETE", "/v1/sessions", Value::Null),
        ("POST", "/v1/sessions", json!({ "site": "default", "identity": null })),
    ] {
        let answer = let_in.send(request(method, path, &body)).await;
        assert_eq!(answer.refusal(), revoked(), "{method} {path}");
    }
    assert!(stored(&world).await == before);
}

#[tokio::test]
async fn an_identity_that_was_made_before_its_key_was_registered_is_refused() {
    let (world, server) = world_of_a_site().await;
    world.advance_seconds(HOUR);
    let older = SiteServer::claims("customer-4711", world.clock.now_ms());
    let at_the_edge = SiteServer::claims("customer-4711", world.clock.now_ms() + 1_000);
    world.advance_seconds(61);
    world.register_identity_key(&server.jwk(), false).await;
    let before = stored(&world).await;
    let refused = sign_in(&world.api(), &server.sign(&older)).await;
    assert_eq!(refused.refusal(), (401, "token_invalid".to_owned()));
    assert!(stored(&world).await == before);
    assert_eq!(sign_in(&world.api(), &server.sign(&at_the_edge)).await.status, 201);
}

#[tokio::test]
async fn a_sealed_end_says_its_status_inside() {
    let world = World::new().await;
    let plain = world.visitor().await;
    let conversation = plain.open().await;
    let key = published_keys(&world.api()).await.remove(0);
    let sealed = plain.clone().sealing_to(&key);
    let ended = end(&sealed).await;
    assert_eq!(ended.status, 204, "as it stands inside");
    let refused = end(&sealed).await;
    assert_eq!(refused.refusal(), revoked());
    assert_eq!(plain.get(&conversation).await.refusal(), revoked());
}

/// A token as the release before gave it.
async fn older_token(world: &World, visitor: &Visitor, verified: bool) -> Visitor {
    let now = world.clock.now_seconds();
    let claims = json!({
        "iss": "world", "aud": "sotto-visitor", "sub": visitor.subject, "site": "default",
        "iat": now, "exp": now + TOKEN_SECONDS, "jti": "", "verified": verified, "mfa": verified,
    });
    let keys = world.app.keys.get().await.expect("the keys");
    let token = keys.visitors.sign("sotto-visitor+jwt", &claims).expect("a token");
    Visitor { token, ..visitor.clone() }
}

#[tokio::test]
async fn a_token_of_an_earlier_release_works_to_its_end_and_is_renewed_within_the_new_bounds() {
    let world = World::new().await;
    let guest = older_token(&world, &world.visitor().await, false).await;
    let began = world.clock.now_seconds();
    world.advance_seconds(DAY - 1);
    let conversation = guest.open().await;
    let renewed = with_token_of(guest.clone(), &renew(&guest).await);
    let claims = claims_of(&renewed.token);
    assert_eq!(claims["auth_time"], json!(began));
    assert_eq!(claims["session_end"], json!(began + GUEST_SECONDS));
    world.advance_seconds(1);
    assert_eq!(guest.get(&conversation).await.refusal(), expired());
    assert_eq!(end(&renewed).await.status, 204);
    assert_refused_everywhere(&world, &renewed, &conversation).await;
    assert_eq!(renew(&guest).await.refusal(), revoked());
}

#[tokio::test]
async fn a_customers_token_of_an_earlier_release_needs_the_key_that_was_there() {
    let (world, server) = world_of_a_site().await;
    let let_in = customer(&world, &server).await;
    let conversation = let_in.open().await;
    let older = older_token(&world, &let_in, true).await;
    assert_eq!(older.get(&conversation).await.status, 200);
    let began = world.clock.now_seconds();
    world.advance_seconds(HOUR);
    let renewed = renew(&older).await;
    assert_eq!(
        (renewed.json()["verified"].as_bool(), expires_in(&renewed)),
        (Some(true), 3 * 3_600)
    );
    let renewed = with_token_of(older.clone(), &renewed);
    assert_eq!(claims_of(&renewed.token)["session_end"], json!(began + CUSTOMER_SECONDS));
    assert_eq!(renewed.get(&conversation).await.status, 200);
    world.advance_seconds(HOUR * 4);
    assert_eq!(older.get(&conversation).await.status, 200, "it works to its own end");
    assert_eq!(renew(&older).await.refusal(), expired(), "its session has ended");
    world.register_identity_key(&server.jwk(), false).await;
    world.advance_seconds(60);
    assert_refused_but_for_renewal(&older, &conversation).await;
}

async fn assert_refused_but_for_renewal(visitor: &Visitor, conversation: &str) {
    for (method, path, body) in of_visitors() {
        let path = path.replace("{id}", id_of(conversation));
        let refused = visitor.send(request(&method, &path, &body)).await;
        assert_eq!(refused.refusal(), revoked(), "{method} {path}");
    }
}

/// Whatever else is written about a subject, it stays written that the sessions are ended.
#[tokio::test]
async fn an_end_outlasts_holds_and_an_erasure() {
    let world = World::new().await;
    let officer = officer(&world).await;
    let visitor = world.visitor().await;
    let conversation = visitor.open().await;
    assert_eq!(end(&visitor).await.status, 204);
    let hold = json!({ "subject_id": visitor.subject, "reason": "Litigation 7 of 2026" });
    let placed = officer.send(Request::new("POST", "/v1/holds").json(&hold)).await;
    assert_eq!(placed.status, 201, "{}", placed.json());
    assert_refused_everywhere(&world, &visitor, &conversation).await;
    let body = json!({ "id": placed.json()["id"], "reason": "It is settled" });
    let released = officer.send(Request::new("DELETE", "/v1/holds").json(&body)).await;
    assert_eq!(released.status, 200, "{}", released.json());
    for _ in 0..2 {
        world.advance_seconds(1);
        world.aws.sweep_ttl().expect("the TTL runs");
    }
    assert_refused_everywhere(&world, &visitor, &conversation).await;
    assert_eq!(erase(&officer, &visitor.subject, &fresh_key(), "gdpr_17").await.status, 200);
    for path in ["/v1/me/export", "/v1/conversations"] {
        let method = if path.ends_with("export") { "GET" } else { "POST" };
        let consent = json!({ "consent": { "notice_version": "1", "purposes": ["support"] } });
        let body = if method == "GET" { Value::Null } else { consent };
        assert_eq!(visitor.send(request(method, path, &body)).await.refusal(), revoked(), "{path}");
    }
    assert_eq!(renew(&visitor).await.refusal(), revoked());
}

/// The subject is told of it, and by nothing else.
#[tokio::test]
async fn an_export_tells_when_sessions_were_ended() {
    let (world, server) = world_of_a_site().await;
    let before = customer(&world, &server).await;
    assert_eq!(before.get("/v1/me/export").await.json()["sessions_ended_at"], Value::Null);
    assert_eq!(end(&before).await.status, 204);
    let ended = world.clock.now_ms() + SKEW_SECONDS * 1_000;
    let after = customer(&world, &server).await;
    let told = after.get("/v1/me/export").await.json()["sessions_ended_at"].clone();
    assert_eq!(told, json!(shared::clock::rfc3339(ended)));
    let page = after.send(Request::new("GET", "/v1/me/export").header("accept", "text/html")).await;
    assert!(String::from_utf8_lossy(&page.body).contains("Sessions ended up to"));
}
