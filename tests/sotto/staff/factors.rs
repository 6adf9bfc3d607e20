//! Second factors: each code once, the last one stays, and no way around.

use std::collections::BTreeSet;

use serde_json::json;
use tests::staff::{Staff, code_at, post};
use tests::world::World;

#[tokio::test]
async fn a_code_is_good_once() {
    let world = World::new().await;
    let admin = world.admin().await;
    let code = world.fresh_code(&admin.secret);
    let (first, second) = (admin.mfa_token().await, admin.mfa_token().await);
    assert_eq!(admin.show(&first, &code).await.status, 200);
    let again = admin.show(&second, &code).await;
    assert_eq!(again.refusal(), (401, "code_invalid".to_owned()));
}

#[tokio::test]
async fn of_fifty_at_once_one_gets_in() {
    let world = World::new().await;
    let admin = world.admin().await;
    let code = world.fresh_code(&admin.secret);
    let mut tokens = Vec::new();
    for _ in 0..5 {
        tokens.push(admin.mfa_token().await);
    }
    let tries: Vec<_> = (0..50)
        .map(|at| {
            let (admin, token, code) = (admin.clone(), tokens[at % 5].clone(), code.clone());
            tokio::spawn(async move { admin.show(&token, &code).await.status })
        })
        .collect();
    let (mut entered, mut lost) = (0, 0);
    for tried in tries {
        match tried.await.expect("an answer") {
            200 => entered += 1,
            // A machine that is busy may leave some without an answer, and then the one among them.
            503 => lost += 1,
            status => assert_eq!(status, 401),
        }
    }
    assert!(
        entered == 1 || (entered == 0 && lost > 0),
        "{entered} got in, {lost} without an answer"
    );
}

#[tokio::test]
async fn the_step_before_is_taken_and_no_other() {
    let world = World::new().await;
    let admin = world.admin().await;
    world.advance_seconds(300);
    let now = world.seconds();
    for (offset, status) in [(-60, 401), (30, 401), (-30, 200)] {
        let token = admin.mfa_token().await;
        let code = code_at(&admin.secret, now.saturating_add_signed(offset));
        assert_eq!(admin.show(&token, &code).await.status, status, "{offset} s");
    }
    // After a newer one an older one is none, although it was never used.
    world.advance_seconds(60);
    let now = world.seconds();
    for (offset, status) in [(0, 200), (-30, 401)] {
        let token = admin.mfa_token().await;
        let code = code_at(&admin.secret, now.saturating_add_signed(offset));
        assert_eq!(admin.show(&token, &code).await.status, status, "{offset} s");
    }
}

#[tokio::test]
async fn five_wrong_codes_end_the_token() {
    let world = World::new().await;
    let admin = world.admin().await;
    let token = admin.mfa_token().await;
    for code in ["000000", "1", "abcdef", "12345\u{661}", "0000000"] {
        assert_eq!(admin.show(&token, code).await.refusal(), (401, "code_invalid".to_owned()));
    }
    let right = admin.show(&token, &world.fresh_code(&admin.secret)).await;
    assert_eq!(right.refusal(), (401, "code_invalid".to_owned()));
    admin.signed_in(&world).await;
}

#[tokio::test]
async fn guesses_at_once_are_counted_one_by_one() {
    let world = World::new().await;
    let admin = world.admin().await;
    let token = admin.mfa_token().await;
    let tries: Vec<_> = (0..40)
        .map(|at| {
            let (admin, token) = (admin.clone(), token.clone());
            tokio::spawn(async move { admin.show(&token, &format!("{at:06}")).await })
        })
        .collect();
    let mut judged = 0;
    for tried in tries {
        let refused = tried.await.expect("an answer");
        assert_eq!(refused.status, 401);
        let looked_at = !refused.json()["detail"].as_str().unwrap_or_default().contains("Too many");
        judged += usize::from(looked_at);
    }
    assert_eq!(judged, 5);
}

#[tokio::test]
async fn a_recovery_code_is_good_once_also_at_once() {
    let world = World::new().await;
    let admin = world.admin().await;
    let (first, second) = (admin.mfa_token().await, admin.mfa_token().await);
    let body = |token: &str, code: &str| json!({ "mfa_token": token, "recovery_code": code });
    let path = "/v1/auth/recovery";
    let typed = admin.recovery[0].to_lowercase().replace('-', " ");
    let one = body(&first, &typed);
    let two = body(&second, &admin.recovery[0]);
    let both = tokio::join!(post(&admin.api, path, &one), post(&admin.api, path, &two));
    let mut statuses = [both.0.status, both.1.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 401], "{} {}", both.0.json(), both.1.json());
    let third = body(&admin.mfa_token().await, &admin.recovery[0]);
    let again = post(&admin.api, path, &third).await;
    assert_eq!(again.refusal(), (401, "code_invalid".to_owned()));
    let back = admin.signed_in(&world).await;
    assert_eq!(back.get("/v1/auth/factors").await.json()["recovery_codes_left"], 9);
    let renewed = back.post("/v1/auth/recovery_codes", &json!({})).await;
    let codes = renewed.json()["recovery_codes"].as_array().expect("codes").clone();
    assert_eq!(codes.iter().map(ToString::to_string).collect::<BTreeSet<_>>().len(), 10);
    // The old ones are gone with that.
    let old = body(&admin.mfa_token().await, &admin.recovery[1]);
    assert_eq!(post(&admin.api, path, &old).await.status, 401);
}

#[tokio::test]
async fn the_last_second_factor_cannot_be_removed() {
    let world = World::new().await;
    let admin = world.admin().await;
    let refused = admin.delete("/v1/auth/factors/totp").await;
    assert_eq!(refused.refusal(), (409, "conflict".to_owned()));
    for other in ["passkey-x", "x", "account", "TOTP"] {
        let unknown = admin.delete(&format!("/v1/auth/factors/{other}")).await;
        assert_eq!(unknown.refusal(), (404, "not_found".to_owned()), "{other}");
    }
    assert_eq!(admin.get("/v1/auth/factors").await.json()["items"][0]["id"], "totp");
}

#[tokio::test]
async fn a_second_authenticator_needs_the_first_one_gone_and_a_step_up() {
    let world = World::new().await;
    let admin = world.admin().await;
    let refused = admin.post("/v1/auth/totp/enrol", &json!({})).await;
    assert_eq!(refused.refusal(), (409, "conflict".to_owned()));
    world.advance_seconds(300);
    let stale = admin.post("/v1/auth/totp/enrol", &json!({})).await;
    assert_eq!(stale.refusal(), (403, "step_up_required".to_owned()));
    let again = admin.stepped_up(&world).await;
    assert_eq!(again.post("/v1/auth/totp/enrol", &json!({})).await.code(), "conflict");
}

#[tokio::test]
async fn five_wrong_step_ups_end_it_for_the_session() {
    let world = World::new().await;
    let admin = world.admin().await;
    let wrong = async |staff: &Staff, code: &str| {
        staff.post("/v1/auth/step_up", &json!({ "code": code })).await
    };
    for _ in 0..5 {
        assert_eq!(wrong(&admin, "000000").await.refusal(), (401, "code_invalid".to_owned()));
    }
    // Also with the next access token of the same session.
    let mut next = admin.clone();
    next.take(&admin.renew().await.json());
    let code = world.fresh_code(&admin.secret);
    assert_eq!(wrong(&next, &code).await.refusal(), (401, "code_invalid".to_owned()));
    let other = admin.signed_in(&world).await;
    other.stepped_up(&world).await;
    for body in [json!({}), json!({ "code": "1", "credential": {} })] {
        assert_eq!(other.post("/v1/auth/step_up", &body).await.status, 422, "{body}");
    }
}
