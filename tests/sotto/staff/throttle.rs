//! A caller that tries too often waits; a known device does not wait for strangers.

use serde_json::{Value, json};
use tests::api::{Request, Response, invoke};
use tests::staff::{PASSWORD, Staff, post};
use tests::world::World;

const WRONG: &str = "not the password 123";

/// A sign-in from that address.
async fn login_from(world: &World, address: &str, body: &Value) -> Response {
    let mut event = Request::new("POST", "/v1/auth/login").json(body).to_event();
    event["requestContext"]["http"]["sourceIp"] = json!(address);
    invoke(auth::router(world.auth.clone()), &event).await
}

async fn fail(staff: &Staff, times: usize) {
    for _ in 0..times {
        let body = json!({ "email": staff.email, "password": WRONG });
        let refused = post(&staff.api, "/v1/auth/login", &body).await;
        assert_eq!(refused.code(), "credentials_invalid");
    }
}

#[tokio::test]
async fn strangers_wait_longer_and_longer_and_the_owners_device_does_not() {
    let world = World::new().await;
    let admin = world.admin().await;
    let member = world.member(&admin, "agent@example.org", &["agent"]).await;
    fail(&admin, 7).await;
    assert_eq!(admin.login().await.code(), "credentials_invalid", "has to wait");
    let known = json!({ "email": admin.email, "password": PASSWORD, "device_token": admin.device });
    assert_eq!(post(&admin.api, "/v1/auth/login", &known).await.status, 200);
    // A device token of another account is none here.
    let foreign =
        json!({ "email": admin.email, "password": PASSWORD, "device_token": member.device });
    fail(&admin, 1).await;
    assert_eq!(post(&admin.api, "/v1/auth/login", &foreign).await.code(), "credentials_invalid");
    world.advance_seconds(15 * 60);
    assert_eq!(admin.login().await.status, 200);
}

#[tokio::test]
async fn a_guesser_with_a_known_device_waits_as_well() {
    let world = World::new().await;
    let admin = world.admin().await;
    let guess = json!({ "email": admin.email, "password": WRONG, "device_token": admin.device });
    for _ in 0..11 {
        post(&admin.api, "/v1/auth/login", &guess).await;
    }
    let right = json!({ "email": admin.email, "password": PASSWORD, "device_token": admin.device });
    assert_eq!(post(&admin.api, "/v1/auth/login", &right).await.code(), "credentials_invalid");
    world.advance_seconds(90 * 86_400);
    world.rotate_keys().await;
    // A device is forgotten after 90 days: it is a stranger's then, with a stranger's counter.
    assert_eq!(post(&admin.api, "/v1/auth/login", &right).await.status, 200);
}

#[tokio::test]
async fn whoever_signs_in_begins_at_none_again_and_an_admin_may_unlock() {
    let world = World::new().await;
    let admin = world.admin().await;
    let member = world.member(&admin, "agent@example.org", &["agent"]).await;
    fail(&member, 4).await;
    member.signed_in(&world).await;
    fail(&member, 4).await;
    member.signed_in(&world).await;
    let admin = admin.signed_in(&world).await;
    fail(&member, 8).await;
    let path = format!("/v1/auth/staff/{}", member.id);
    assert!(admin.get(&path).await.json()["locked_until"].is_string());
    let unlocked = admin.patch(&path, &json!({ "unlock": true })).await.json();
    assert_eq!(unlocked["locked_until"], Value::Null);
    member.signed_in(&world).await;
}

/// How many of so many right passwords at once, each from an address of its own, were looked at.
async fn right_at_once(world: &World, staff: &Staff, count: usize) -> usize {
    let all: Vec<_> = (0..count)
        .map(|at| {
            let body = json!({ "email": staff.email, "password": PASSWORD });
            let (auth, address) = (world.auth.clone(), format!("198.51.{at}.7"));
            tokio::spawn(async move {
                let mut event = Request::new("POST", "/v1/auth/login").json(&body).to_event();
                event["requestContext"]["http"]["sourceIp"] = json!(address);
                invoke(auth::router(auth), &event).await.status
            })
        })
        .collect();
    let mut judged = 0;
    for one in all {
        judged += usize::from(one.await.expect("an answer") == 200);
    }
    judged
}

#[tokio::test]
async fn a_hundred_guesses_at_once_are_counted_one_by_one() {
    let world = World::new().await;
    let admin = world.admin().await;
    let judged = right_at_once(&world, &admin, 100).await;
    assert!((1..=6).contains(&judged), "{judged} of a hundred were looked at");
}

/// A row that is past its time, but not yet deleted, lets one of many through and not all.
#[tokio::test]
async fn forgotten_attempts_do_not_let_a_hundred_through() {
    let world = World::new().await;
    let admin = world.admin().await;
    fail(&admin, 1).await;
    world.advance_seconds(24 * 3600 + 1);
    let judged = right_at_once(&world, &admin, 60).await;
    assert!((1..=6).contains(&judged), "{judged} of sixty were looked at");
}

#[tokio::test]
async fn the_first_attempts_from_an_address_are_counted_one_by_one() {
    let world = World::new().await;
    let all: Vec<_> = (0..60)
        .map(|at| {
            let body = json!({ "email": format!("x{at}@example.org"), "password": WRONG });
            let auth = world.auth.clone();
            tokio::spawn(async move {
                let event = Request::new("POST", "/v1/auth/login").json(&body).to_event();
                invoke(auth::router(auth), &event).await.status
            })
        })
        .collect();
    let mut judged = 0;
    for one in all {
        judged += usize::from(one.await.expect("an answer") == 401);
    }
    assert!((1..=31).contains(&judged), "{judged} of sixty were looked at; thirty are free");
}

#[tokio::test]
async fn an_address_is_told_to_wait_and_its_neighbours_after_it() {
    let world = World::new().await;
    let body = |at: usize| json!({ "email": format!("x{at}@example.org"), "password": WRONG });
    let mut told = None;
    for at in 0..33 {
        let answer = login_from(&world, "192.0.2.9", &body(at)).await;
        if answer.status == 429 {
            told = Some((at, answer));
            break;
        }
        assert_eq!(answer.code(), "credentials_invalid");
    }
    let (at, answer) = told.expect("a limit");
    assert_eq!((at, answer.code()), (31, "rate_limited".to_owned()));
    assert!(answer.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds >= 1));
    // A caller's own header changes nothing, and another address goes on.
    let spoofed = Request::new("POST", "/v1/auth/login")
        .json(&body(99))
        .header("x-forwarded-for", "203.0.113.1")
        .to_event();
    let mut spoofed = spoofed;
    spoofed["requestContext"]["http"]["sourceIp"] = json!("192.0.2.9");
    assert_eq!(invoke(auth::router(world.auth.clone()), &spoofed).await.status, 429);
    assert_eq!(login_from(&world, "203.0.113.1", &body(99)).await.status, 401);
    world.advance_seconds(2 * 3600);
    assert_eq!(login_from(&world, "192.0.2.9", &body(1)).await.status, 401);
}

#[tokio::test]
async fn an_office_of_forty_signs_in_behind_one_address() {
    let world = World::new().await;
    let admin = world.admin().await;
    for at in 0..40 {
        let body = json!({ "email": admin.email, "password": PASSWORD });
        let answer = login_from(&world, "192.0.2.1", &body).await;
        assert_eq!(answer.status, 200, "the {at}th: {}", answer.json());
        let token = answer.json()["mfa_token"].as_str().expect("a token").to_owned();
        let shown = admin.show(&token, &world.fresh_code(&admin.secret)).await;
        assert_eq!(shown.status, 200, "{}", shown.json());
    }
}

#[tokio::test]
async fn no_address_is_stored_and_every_wait_is_an_event() {
    let world = World::new().await;
    let admin = world.admin().await;
    fail(&admin, 7).await;
    for address in ["198.51.100.77", "2001:db8:77::1"] {
        let body = json!({ "email": admin.email, "password": WRONG });
        login_from(&world, address, &body).await;
    }
    let items = world.all_items().await;
    for (_, item) in &items {
        let text = format!("{item:?}");
        for part in ["198.51.100", "2001:db8", "192.0.2", "admin@example.org"] {
            assert!(!text.contains(part), "{part} in {text}");
        }
    }
    let began = items.iter().filter(|(table, item)| {
        table.ends_with("events") && item["w"].as_s().is_ok_and(|word| word == "throttle_began")
    });
    assert_eq!(began.count(), 1);
}
