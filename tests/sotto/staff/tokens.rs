//! Tokens of another kind, key, time or stack (RFC 8725), each at each verifier.

use std::sync::Arc;

use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};
use shared::access::staff::{Kind, Method, Staff as Claims, issue};
use shared::ids::{RequestId, SessionId, StaffId};
use shared::seal::sign::Signer;
use shared::secret::Secret;
use shared::values::role::{Role, Roles};
use tests::api::Request;
use tests::staff::Staff;
use tests::world::World;

const ME: &str = "/v1/auth/me";

async fn me(world: &World, token: &str) -> (u16, String) {
    world.staff_api().send(&Request::new("GET", ME).bearer(token)).await.refusal()
}

fn parts(token: &str) -> [Value; 2] {
    let part = |at: usize| {
        let text = token.split('.').nth(at).expect("a part");
        serde_json::from_slice(&BASE64URL_NOPAD.decode(text.as_bytes()).expect("base64url"))
            .expect("JSON")
    };
    [part(0), part(1)]
}

fn encoded(header: &Value, claims: &Value) -> String {
    let encode = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
    format!("{}.{}", encode(header), encode(claims))
}

/// The key that signs this month's tokens, as only the function has it.
async fn signer(world: &World) -> Signer {
    let seed = world.auth.store.settings.staff_signing_key().await.expect("a key");
    Signer::derive(&seed).expect("a signer")
}

#[tokio::test]
async fn the_attacks_of_rfc_8725_are_refused_one_by_one() {
    let world = World::new().await;
    let admin = world.admin().await;
    let [header, claims] = parts(&admin.token);
    let with = |change: &dyn Fn(&mut Value, &mut Value)| {
        let (mut header, mut claims) = (header.clone(), claims.clone());
        change(&mut header, &mut claims);
        (header, claims)
    };
    let invalid = (401, "token_invalid".to_owned());
    assert_eq!(header["typ"], "at+jwt");

    // 2.1: no algorithm, in every spelling, and one that takes the public key for a secret.
    for algorithm in ["none", "None", "NONE", ""] {
        let (header, claims) = with(&|header, _| header["alg"] = json!(algorithm));
        for signature in ["", "AAAA"] {
            let token = format!("{}.{signature}", encoded(&header, &claims));
            assert_eq!(me(&world, &token).await, invalid, "{algorithm:?}");
        }
    }
    let jwks = world.staff_api().send(&Request::new("GET", "/.well-known/jwks.json")).await;
    let jwks = jwks.json();
    let public =
        jwks["keys"].as_array().expect("keys").iter().find(|key| key["kid"] == header["kid"]);
    let public = BASE64URL_NOPAD.decode(public.expect("ours")["x"].as_str().expect("x").as_bytes());
    for secret in [public.expect("bytes"), jwks.to_string().into_bytes()] {
        let (header, claims) = with(&|header, _| header["alg"] = json!("HS256"));
        let text = encoded(&header, &claims);
        let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, &secret);
        let tag = BASE64URL_NOPAD.encode(aws_lc_rs::hmac::sign(&key, text.as_bytes()).as_ref());
        assert_eq!(me(&world, &format!("{text}.{tag}")).await, invalid, "HS256");
    }
    // 2.3, 2.5: other bits, other parts, a key that comes along.
    let signature = admin.token.rsplit('.').next().expect("a signature").to_owned();
    for (what, (header, claims)) in [
        ("another subject", with(&|_, claims| claims["sub"] = json!("x"))),
        ("more roles", with(&|_, claims| claims["roles"] = json!(["admin", "privacy"]))),
        ("a later end", with(&|_, claims| claims["exp"] = json!(9_999_999_999_u64))),
        ("another key's name", with(&|header, _| header["kid"] = json!("x"))),
        ("no key's name", with(&|header, _| header["kid"] = Value::Null)),
        ("a key in the header", with(&|header, _| header["jwk"] = jwks["keys"][0].clone())),
        ("a key's address", with(&|header, _| header["jku"] = json!("https://evil.example"))),
    ] {
        let token = format!("{}.{signature}", encoded(&header, &claims));
        assert_eq!(me(&world, &token).await, invalid, "{what}");
    }
    let longer = format!("{}.x", admin.token);
    let doubled = admin.token.replacen('.', "..", 1);
    let padded = format!("{}=", admin.token);
    for token in [&*longer, &doubled, &padded, "..", ".", "x", "a.b.c", &"x".repeat(5_000)] {
        assert_eq!(me(&world, token).await, invalid, "{token}");
    }
    assert_eq!(me(&world, &admin.token).await.0, 200);
}

#[tokio::test]
async fn what_our_own_key_signed_for_something_else_is_refused() {
    let world = World::new().await;
    let admin = world.admin().await;
    let key = signer(&world).await;
    let [_, claims] = parts(&admin.token);
    let now = world.clock.now_seconds();
    let with = |name: &str, value: Value| {
        let mut claims = claims.clone();
        claims[name] = value;
        claims
    };
    let typ = Kind::Access.typ();
    for (what, typ, claims, code) in [
        ("another type", "jwt", claims.clone(), "token_invalid"),
        ("a receipt", "sotto-receipt+jwt", claims.clone(), "token_invalid"),
        ("another issuer", typ, with("iss", json!("other")), "token_invalid"),
        ("another audience", typ, with("aud", json!("sotto-visitor")), "token_invalid"),
        ("another site", typ, with("site", json!("other")), "token_invalid"),
        ("issued in the future", typ, with("iat", json!(now + 61)), "token_invalid"),
        ("shown in the future", typ, with("auth_time", json!(now + 61)), "token_invalid"),
        ("expired by a second", typ, with("exp", json!(now)), "token_expired"),
        ("an unknown role", typ, with("roles", json!(["root"])), "token_invalid"),
        ("one claim more", typ, with("admin", json!(true)), "token_invalid"),
    ] {
        let token = key.sign_named(typ, &claims).expect("a token");
        assert_eq!(me(&world, &token).await, (401, code.to_owned()), "{what}");
    }
    let unnamed = key.sign(typ, &claims).expect("a token");
    assert_eq!(me(&world, &unnamed).await.1, "token_invalid", "no key's name");
    let other = Signer::derive(&Arc::new(Secret::from_slice(&[9; 32]).expect("32 bytes")));
    let foreign = other.expect("a signer").sign_named(typ, &claims).expect("a token");
    assert_eq!(me(&world, &foreign).await.1, "token_invalid", "another key");
    let same = key.sign_named(typ, &claims).expect("a token");
    assert_eq!(me(&world, &same).await.0, 200, "the claims as they were");
}

/// Each kind of token that there is at each place that takes one: only the diagonal passes.
#[tokio::test]
async fn no_token_is_taken_for_another() {
    let world = World::new().await;
    let admin = world.admin().await;
    let invitation = world.bootstrap("new@example.org").await;
    let body = json!({
        "invitation_token": invitation, "name": "New", "password": tests::staff::PASSWORD,
    });
    let accept = "/v1/auth/invitations/accept";
    let accepted = tests::staff::post(&admin.api, accept, &body).await.json();
    let text = |value: &Value| value.as_str().expect("a token").to_owned();
    let list = world.api().send(&Request::new("GET", "/v1/keys")).await.json();
    let kinds = [
        ("access", admin.token.clone()),
        ("refresh", admin.refresh.clone()),
        ("device", admin.device.clone()),
        ("mfa", admin.mfa_token().await),
        ("enrolment", text(&accepted["enrolment_token"])),
        ("invitation", world.bootstrap("newer@example.org").await),
        ("visitor", world.visitor().await.token),
        ("key list", text(&list["jws"])),
    ];
    let (staff, visitors) = (world.staff_api(), world.api());
    for (kind, token) in &kinds {
        for place in ["access", "refresh", "mfa", "enrolment", "invitation", "visitor"] {
            let post = |path: &str, body: Value| Request::new("POST", path).json(&body);
            let response = match place {
                "access" => staff.send(&Request::new("GET", ME).bearer(token)).await,
                "refresh" => {
                    let body = json!({ "refresh_token": token });
                    staff.send(&post("/v1/auth/refresh", body)).await
                }
                "mfa" => {
                    let body = json!({ "mfa_token": token, "code": "000000" });
                    staff.send(&post("/v1/auth/totp", body)).await
                }
                "enrolment" => {
                    let request = post("/v1/auth/totp/confirm", json!({ "code": "000000" }));
                    staff.send(&request.bearer(token)).await
                }
                "invitation" => {
                    let body = json!({ "invitation_token": token, "name": "", "password": "" });
                    staff.send(&post(accept, body)).await
                }
                _ => {
                    let path = "/v1/conversations/00000000-0000-7000-8000-000000000000";
                    visitors.send(&Request::new("GET", path).bearer(token)).await
                }
            };
            let refused = matches!(response.code().as_str(), "token_invalid" | "mfa_required");
            // Somebody who is in may enrol another factor with the access token.
            let own = *kind == place || (place == "enrolment" && *kind == "access");
            assert_eq!(!refused, own, "{kind} as {place}: {}", response.code());
        }
    }
}

#[tokio::test]
async fn keys_are_published_before_they_sign_and_after() {
    let world = World::new().await;
    let names = async || -> Vec<String> {
        let jwks = world.staff_api().send(&Request::new("GET", "/.well-known/jwks.json")).await;
        assert_eq!(jwks.header("content-type"), "application/jwk-set+json");
        let keys = jwks.json()["keys"].as_array().expect("keys").clone();
        for key in &keys {
            assert_eq!(
                (&key["kty"], &key["crv"], &key["alg"]),
                (&json!("OKP"), &json!("Ed25519"), &json!("EdDSA"))
            );
            assert!(key["d"].is_null(), "a private key");
        }
        // The key of receipts is there for good.
        let of_staff = keys.iter().filter(|key| key["sotto_use"].is_null());
        of_staff.map(|key| key["kid"].as_str().expect("a name").to_owned()).collect()
    };
    let november = names().await;
    assert_eq!(november.len(), 2, "this month's and the next");
    let admin = world.admin().await;
    world.advance_seconds(29 * 86_400);
    world.rotate_keys().await;
    world.advance_seconds(61);
    let december = names().await;
    assert_eq!(december.len(), 3);
    assert_eq!(december[..2], november[..], "last month's and what was known as the next");
    let admin = admin.signed_in(&world).await;
    assert_eq!(parts(&admin.token)[0]["kid"], json!(december[1]));
    assert_eq!(me(&world, &admin.token).await.0, 200);
}

/// Somebody who can write the table can neither add a key of theirs nor use the seal of another
/// set.
#[tokio::test]
async fn a_key_set_that_the_rotation_did_not_seal_is_refused() {
    let world = World::new().await;
    let admin = world.admin().await;
    let rows = world.all_items().await;
    let is_set = |item: &shared::store::attributes::Item| {
        item.get("k").and_then(|kind| kind.as_s().ok()).is_some_and(|kind| kind == "jwks")
    };
    let (_, set) = rows.iter().find(|(_, item)| is_set(item)).expect("the set").clone();
    let thief = Signer::derive(&Arc::new(Secret::from_slice(&[9; 32]).expect("32 bytes")));
    let thief = thief.expect("a signer");
    let mut jwks: Value = serde_json::from_str(set["j"].as_s().expect("text")).expect("JSON");
    let mut key = thief.verifier().jwk();
    key["kid"] = json!(thief.verifier().thumbprint().expect("a name"));
    jwks["keys"].as_array_mut().expect("keys").push(key);
    let mut forged = set.clone();
    forged.insert("j".to_owned(), shared::store::attributes::string(jwks.to_string()));
    let put = async |item| {
        let put = world.dynamo().put_item().table_name("world-settings").set_item(Some(item));
        put.send().await.expect("the intruder writes");
    };
    put(forged).await;
    let claims = parts(&admin.token)[1].clone();
    let token = thief.sign_named(Kind::Access.typ(), &claims).expect("a token");
    let cold = tests::api::Api::Events(auth::router(world.another_auth()));
    let refused = cold.send(&Request::new("GET", ME).bearer(&token)).await;
    assert_eq!(refused.code(), "integrity_failed");
    put(set).await;
    let cold = tests::api::Api::Events(auth::router(world.another_auth()));
    assert_eq!(cold.send(&Request::new("GET", ME).bearer(&admin.token)).await.status, 200);
}

#[tokio::test]
async fn a_row_that_ends_no_session_does_not_stop_the_staff() {
    use shared::store::attributes::{Item, string};

    let world = World::new().await;
    let admin = world.admin().await;
    for kind in ["key#other", "revoked#other", "since#other"] {
        let item = Item::from([
            ("p".to_owned(), string("staff".to_owned())),
            ("k".to_owned(), string(kind.to_owned())),
        ]);
        let put = world.dynamo().put_item().table_name("world-settings").set_item(Some(item));
        put.send().await.expect("a put");
    }
    let cold = tests::api::Api::Events(auth::router(world.another_auth()));
    assert_eq!(cold.send(&Request::new("GET", "/.well-known/jwks.json")).await.status, 200);
    assert_eq!(cold.send(&Request::new("GET", ME).bearer(&admin.token)).await.status, 200);
}

#[tokio::test]
async fn a_token_is_verified_without_a_call() {
    let world = World::new().await;
    let admin = world.admin().await;
    let keys = shared::http::staff::KnowsStaff::staff_keys(&world.auth).get().await.expect("keys");
    let before = world.aws.counts();
    for _ in 0..100 {
        let verified = shared::access::staff::verify(&keys, &world.clock, "world", &admin.token)
            .expect("ours");
        assert_eq!(verified.id.to_string(), admin.id);
    }
    assert_eq!(world.aws.counts(), before);
}

#[tokio::test]
async fn a_session_that_is_not_there_gets_no_tokens_by_a_token_that_is_right() {
    let world = World::new().await;
    let admin = world.admin().await;
    let claims = Claims {
        id: StaffId::parse(&admin.id).expect("an id"),
        roles: Roles::from_iter(Role::ALL),
        session: SessionId::generate(&world.clock).expect("randomness"),
        methods: vec![Method::Several],
        authenticated_at: world.clock.now_seconds(),
        epoch: 1,
        token: RequestId::generate(&world.clock).expect("randomness").to_string(),
        cooling: None,
    };
    let token =
        issue(&signer(&world).await, &world.clock, "world", (&claims, 600)).expect("a token");
    let forged = Staff { token, ..admin.clone() };
    let code = world.fresh_code(&admin.secret);
    let refused = forged.post("/v1/auth/step_up", &json!({ "code": code })).await;
    assert_eq!(refused.refusal(), (401, "token_revoked".to_owned()));
}
