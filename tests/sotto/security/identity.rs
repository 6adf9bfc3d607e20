//! Verified customers: only somebody whom the site's own server has named, for this deployment, a
//! moment ago and once, is one.

use aws_sdk_dynamodb::types::AttributeValue;
use local::aws::{Fault, Service};
use serde_json::{Value, json};
use shared::seal::envelope::DataKey;
use shared::seal::place::{BranchName, Place, Purpose};
use shared::values::encoding::{base64url, from_base64url};
use tests::api::{Api, Request, Response};
use tests::site_server::{SiteServer, sign_in, visitor_of};
use tests::visitor::Visitor;
use tests::world::World;

const SECRET: [u8; 32] = [0x5a; 32];

/// A world whose site has registered the key of `server`.
async fn world_of(server: &SiteServer) -> World {
    let world = World::new().await;
    world.register_identity_key(&server.jwk(), false).await;
    world
}

fn claims(world: &World) -> Value {
    SiteServer::claims("customer-4711", world.clock.now_ms())
}

fn with(mut claims: Value, name: &str, value: Value) -> Value {
    claims[name] = value;
    claims
}

/// The claims of a token of ours.
fn claims_of(token: &str) -> Value {
    let payload = token.split('.').nth(1).expect("a payload");
    serde_json::from_slice(&from_base64url(payload).expect("base64url")).expect("claims")
}

async fn stored(world: &World) -> Vec<String> {
    let items = world.all_items().await;
    let mut all: Vec<String> = items
        .iter()
        .map(|(table, item)| {
            let mut attributes: Vec<String> =
                item.iter().map(|attribute| format!("{attribute:?}")).collect();
            attributes.sort();
            format!("{table} {attributes:?}")
        })
        .collect();
    all.sort();
    all
}

#[tokio::test]
async fn a_customer_has_one_subject_on_every_device_and_finds_what_is_open() {
    for server in [SiteServer::ed25519(1), SiteServer::hs256(&SECRET)] {
        let world = world_of(&server).await.staffed().await;
        let first = sign_in(&world.api(), &server.sign(&claims(&world))).await;
        assert_eq!(first.json()["verified"], true);
        assert_eq!(first.json()["conversations"], json!([]), "none yet");
        let phone = visitor_of(world.api(), &first);
        let older = phone.open().await;
        world.advance_seconds(1);
        let newer = phone.open().await;
        let closed = phone.open().await;
        phone.say(&newer, "where is my parcel?").await;
        phone.post(&format!("{older}/handover"), &json!({})).await;
        phone.post(&format!("{closed}/close"), &json!({})).await;

        // Another instance of the function, which knows nothing of the first sign-in.
        let elsewhere = Api::Events(intake::router(world.another_function()));
        let second = sign_in(&elsewhere, &server.sign(&claims(&world))).await;
        let desk = visitor_of(elsewhere, &second);
        assert_eq!(desk.subject, phone.subject);
        let listed = second.json()["conversations"].clone();
        let paths: Vec<String> = listed.as_array().expect("a list").iter().map(path_of).collect();
        assert_eq!(paths, [newer.clone(), older.clone()], "open ones, the newest first");
        let statuses = [&listed[0]["status"], &listed[1]["status"]];
        assert_eq!(statuses, [&json!("open"), &json!("waiting")]);
        assert_eq!(listed[0], desk.get(&newer).await.json(), "as the route itself tells it");
        assert_eq!(desk.transcript(&newer).await.len(), 2);

        let claims = claims_of(&desk.token);
        assert_eq!((&claims["verified"], &claims["mfa"]), (&json!(true), &json!(false)));
        let other = SiteServer::claims("customer-4712", world.clock.now_ms());
        let other = sign_in(&world.api(), &server.sign(&other)).await;
        assert_eq!(other.json()["conversations"], json!([]));
        let stranger = visitor_of(world.api(), &other);
        assert_eq!(stranger.get(&newer).await.refusal(), (404, "not_found".to_owned()));
    }
}

fn path_of(conversation: &Value) -> String {
    format!("/v1/conversations/{}", conversation["id"].as_str().expect("an id"))
}

#[tokio::test]
async fn of_many_open_conversations_the_newest_twenty_are_listed() {
    let server = SiteServer::ed25519(1);
    let world = world_of(&server).await;
    let arrive = async || sign_in(&world.api(), &server.sign(&claims(&world))).await;
    let early = visitor_of(world.api(), &arrive().await);
    let first = early.open().await;
    world.advance_seconds(1);
    let second = early.open().await;
    world.advance_seconds(7 * 86_400 - 60);
    let listed = async || -> Vec<String> {
        let session = arrive().await.json();
        session["conversations"].as_array().expect("a list").iter().map(path_of).collect()
    };
    assert_eq!(listed().await, [second, first], "they still take messages");
    let customer = visitor_of(world.api(), &arrive().await);
    let mut opened = Vec::new();
    for _ in 0..22 {
        world.advance_seconds(1);
        opened.insert(0, customer.open().await);
    }
    let contact = json!({ "name": "A", "email": "a@b", "phone": null, "consent": true });
    let left = customer.post(&format!("{}/lead", opened[0]), &contact).await;
    assert_eq!(left.status, 201, "the row of the profile is among those of the subject");
    assert_eq!(listed().await, opened[..20]);
    for conversation in &opened[..4] {
        customer.post(&format!("{conversation}/close"), &json!({})).await;
    }
    world.advance_seconds(60);
    assert_eq!(
        listed().await,
        opened[4..],
        "neither those that were closed nor those past their time"
    );
}

#[tokio::test]
async fn a_site_without_a_key_has_no_customers_and_a_key_is_in_force_until_it_is_taken_away() {
    let server = SiteServer::ed25519(1);
    let world = World::new().await;
    let refused = sign_in(&world.api(), &server.sign(&claims(&world))).await;
    let none = (422, "invalid".to_owned());
    assert_eq!(refused.refusal(), none);
    assert_eq!(refused.json()["errors"][0]["pointer"], "/identity");
    assert_eq!(refused.json()["errors"][0]["code"], "not_allowed");

    world.register_identity_key(&server.jwk(), false).await;
    let first =
        visitor_of(world.api(), &sign_in(&world.api(), &server.sign(&claims(&world))).await);
    let next = SiteServer::hs256(&SECRET);
    world.register_identity_key(&next.jwk(), false).await;
    let refused = sign_in(&world.api(), &server.sign(&claims(&world))).await;
    assert_eq!(refused.refusal(), (401, "token_invalid".to_owned()), "the key before");
    let second = visitor_of(world.api(), &sign_in(&world.api(), &next.sign(&claims(&world))).await);
    assert_eq!(first.subject, second.subject, "a new key makes no new customers");
    world.register_identity_key(&Value::Null, false).await;
    let refused = sign_in(&world.api(), &next.sign(&claims(&world))).await;
    assert_eq!(refused.refusal(), none);
}

/// 0.1.0 kept the key in the site's own partition, among the branch keys.
#[tokio::test]
async fn a_key_that_an_older_release_registered_counts_until_another_is_registered_or_removed() {
    for removed in [false, true] {
        let server = SiteServer::ed25519(1);
        let world = World::new().await;
        let name = BranchName::new("default", Purpose::Signing, "identity");
        let branch = world.settings().branch_key(&name).await.expect("a branch key");
        let label = "sotto/v1 identity key";
        let public = server.registered();
        let place = Place::new(label)
            .part(b"default")
            .part(b"EdDSA")
            .part(&public)
            .part(b"")
            .number(0)
            .number(1);
        let sealed = DataKey::derive(&branch, label).and_then(|key| key.seal(&place, &[]));
        let (text, bytes) = (|text: &str| AttributeValue::S(text.to_owned()), AttributeValue::B);
        let put = world.dynamo().put_item().table_name("world-settings");
        put.item("p", text("default"))
            .item("k", text("identity-key"))
            .item("a", text("EdDSA"))
            .item("x", bytes(public.into()))
            .item("m", AttributeValue::Bool(false))
            .item("f", AttributeValue::N("1".to_owned()))
            .item("v", bytes(sealed.expect("sealed").into_stored().into()))
            .send()
            .await
            .expect("a put");
        let known = sign_in(&world.api(), &server.sign(&claims(&world))).await;
        assert_eq!(known.status, 201);
        let next = if removed { Value::Null } else { SiteServer::hs256(&SECRET).jwk() };
        world.register_identity_key(&next, false).await;
        let refused = sign_in(&world.api(), &server.sign(&claims(&world))).await;
        let code = if removed { (422, "invalid") } else { (401, "token_invalid") };
        assert_eq!(refused.refusal(), (code.0, code.1.to_owned()));
    }
}

/// Each by its name; after all of them nothing is stored that was not before.
#[tokio::test]
async fn no_forged_stale_or_foreign_identity_makes_a_customer() {
    for server in [SiteServer::ed25519(1), SiteServer::hs256(&SECRET)] {
        let world = world_of(&server).await;
        let guest = world.visitor().await;
        let (now, good) = (world.clock.now_seconds(), claims(&world));
        let whole = server.sign(&good);
        let own = if server.jwk()["kty"] == "OKP" { "EdDSA" } else { "HS256" };
        let (message, signature) = whole.rsplit_once('.').expect("a signature");
        let payload = message.split_once('.').expect("a header").1;
        let header = |value: Value| base64url(value.to_string().as_bytes());
        let by_public_key = SiteServer::hs256(&server.registered());
        let others: Vec<SiteServer> = vec![SiteServer::ed25519(2), SiteServer::hs256(&[1; 32])];
        let under = |value: Value| server.sign_under(&value, &good);
        let mut cases = vec![
            ("a guest's token of ours", guest.token.clone()),
            ("another type", under(json!({ "alg": own, "typ": "sotto-visitor+jwt" }))),
            ("the type of a staff token", under(json!({ "alg": own, "typ": "at+jwt" }))),
            ("an unknown key id", under(json!({ "alg": own, "kid": "other" }))),
            ("a critical extension", under(json!({ "alg": own, "crit": ["exp"] }))),
            ("no algorithm", under(json!({ "typ": "JWT" }))),
            ("alg none, unsigned", format!("{}.{payload}.", header(json!({ "alg": "none" })))),
            ("alg None, unsigned", format!("{}.{payload}.", header(json!({ "alg": "None" })))),
            ("alg none, signed", under(json!({ "alg": "none" }))),
            ("unsigned", format!("{message}.")),
            ("two parts", message.to_owned()),
            ("an extra dot at the end", format!("{whole}.")),
            ("an extra dot at the start", format!(".{whole}")),
            ("an extra part", format!("{whole}.{signature}")),
            ("an extra dot inside", whole.replacen('.', "..", 1)),
            ("padding", format!("{whole}=")),
            ("another payload", format!("{message}AA.{signature}")),
            ("nothing", String::new()),
            ("dots", "..".to_owned()),
            ("text", "a.b.c".to_owned()),
            ("too long", server.sign(&with(good.clone(), "pad", json!("x".repeat(8_192))))),
            ("another audience", server.sign(&with(good.clone(), "aud", json!("world2")))),
            ("audiences without ours", server.sign(&with(good.clone(), "aud", json!(["a"])))),
            ("no audience", server.sign(&with(good.clone(), "aud", Value::Null))),
            ("issued in the future", server.sign(&with(good.clone(), "iat", json!(now + 61)))),
            ("not yet", server.sign(&with(good.clone(), "nbf", json!(now + 61)))),
            ("good for too long", server.sign(&with(good.clone(), "exp", json!(now + 661)))),
            ("without an end", server.sign(&with(good.clone(), "exp", Value::Null))),
            ("no jti", server.sign(&with(good.clone(), "jti", Value::Null))),
            ("an empty jti", server.sign(&with(good.clone(), "jti", json!("")))),
            ("no subject", server.sign(&with(good.clone(), "sub", Value::Null))),
            ("an empty subject", server.sign(&with(good.clone(), "sub", json!("")))),
        ];
        for alg in ["HS256", "HS384", "HS512", "EdDSA", "ES256", "RS256", "PS256"] {
            if alg != own {
                cases.push(("another algorithm", under(json!({ "alg": alg }))));
            }
            if own == "EdDSA" {
                let confused = by_public_key.sign_under(&json!({ "alg": alg }), &good);
                cases.push(("the public key as a secret", confused));
            }
        }
        cases.extend(others.iter().map(|other| ("another key", other.sign(&good))));

        let before = stored(&world).await;
        for (what, identity) in cases {
            let refused = sign_in(&world.api(), &identity).await;
            assert_eq!(refused.refusal(), (401, "token_invalid".to_owned()), "{own}: {what}");
        }
        for exp in [now, now - 1] {
            let late = server.sign(&with(good.clone(), "exp", json!(exp)));
            let refused = sign_in(&world.api(), &late).await;
            assert_eq!(refused.refusal(), (401, "token_expired".to_owned()), "{exp}");
        }
        assert!(stored(&world).await == before, "a refused identity has stored something");
        assert_eq!(sign_in(&world.api(), &whole).await.status, 201, "it was good all along");
    }
}

#[tokio::test]
async fn an_identity_ends_one_second_after_its_end_and_not_before() {
    let server = SiteServer::ed25519(1);
    let world = world_of(&server).await;
    let (in_time, late) = (server.sign(&claims(&world)), server.sign(&claims(&world)));
    world.advance_seconds(299);
    assert_eq!(sign_in(&world.api(), &in_time).await.status, 201);
    world.advance_seconds(1);
    assert_eq!(sign_in(&world.api(), &late).await.refusal(), (401, "token_expired".to_owned()));
}

#[tokio::test]
async fn a_value_that_is_no_text_is_no_identity() {
    let server = SiteServer::ed25519(1);
    let world = world_of(&server).await;
    for identity in
        [json!(1), json!(true), json!({}), json!([]), json!([server.sign(&claims(&world))])]
    {
        let body = json!({ "site": "default", "identity": identity });
        let refused = world.api().send(&Request::new("POST", "/v1/sessions").json(&body)).await;
        assert_eq!(refused.refusal(), (400, "malformed_json".to_owned()), "{body}");
    }
}

#[tokio::test]
async fn an_identity_works_once() {
    let server = SiteServer::ed25519(1);
    let world = world_of(&server).await;
    let (first, second) = (claims(&world), claims(&world));
    assert_eq!(sign_in(&world.api(), &server.sign(&first)).await.status, 201);
    let before = stored(&world).await;
    let spent = (401, "token_invalid".to_owned());
    assert_eq!(sign_in(&world.api(), &server.sign(&first)).await.refusal(), spent);
    // Its `jti` alone makes it a replay, whatever else it says and whomever it names.
    let jti = first["jti"].clone();
    let later = with(second.clone(), "jti", jti.clone());
    assert_eq!(sign_in(&world.api(), &server.sign(&later)).await.refusal(), spent);
    let other = with(SiteServer::claims("new", world.clock.now_ms()), "jti", jti);
    assert_eq!(sign_in(&world.api(), &server.sign(&other)).await.refusal(), spent);
    assert!(stored(&world).await == before, "a replay has stored something");
    assert_eq!(sign_in(&world.api(), &server.sign(&second)).await.status, 201);
}

#[tokio::test]
async fn of_fifty_at_once_with_one_identity_one_is_let_in() {
    let server = SiteServer::ed25519(1);
    let world = world_of(&server).await;
    // A customer who is new, and one who is not.
    for _ in 0..2 {
        let identity = server.sign(&claims(&world));
        let mut racers = tokio::task::JoinSet::new();
        for racer in 0..50 {
            let api = if racer % 5 == 0 {
                Api::Events(intake::router(world.another_function()))
            } else {
                world.api()
            };
            let identity = identity.clone();
            racers.spawn(async move { sign_in(&api, &identity).await.refusal() });
        }
        let answers = racers.join_all().await;
        let let_in = answers.iter().filter(|answer| answer.0 == 201).count();
        let spent = answers.iter().filter(|answer| answer.1 == "token_invalid").count();
        // A machine that is busy may leave some without an answer, and then the one among them.
        let unavailable = answers.iter().filter(|answer| answer.1 == "unavailable").count();
        assert_eq!(let_in + spent + unavailable, 50, "{answers:?}");
        assert!(let_in == 1 || (let_in == 0 && unavailable > 0), "{answers:?}");
    }
    assert_eq!((world.count_items("watch").await, world.count_items("profiles").await), (2, 1));
}

#[tokio::test]
async fn twenty_devices_at_once_are_one_customer() {
    let server = SiteServer::hs256(&SECRET);
    let world = world_of(&server).await;
    let mut devices = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let (api, now_ms) = (world.api(), world.clock.now_ms());
        let identities: Vec<String> = (0..tests::PATIENCE)
            .map(|_| server.sign(&SiteServer::claims("customer-4711", now_ms)))
            .collect();
        devices.spawn(async move {
            for identity in identities {
                let session = sign_in(&api, &identity).await;
                if session.status != 503 {
                    return visitor_of(api.clone(), &session).subject;
                }
            }
            panic!("no answer");
        });
    }
    let mut subjects = devices.join_all().await;
    subjects.sort();
    subjects.dedup();
    assert_eq!(subjects.len(), 1);
}

#[tokio::test]
async fn a_site_may_demand_a_second_factor() {
    let server = SiteServer::ed25519(1);
    let world = World::new().await;
    world.register_identity_key(&server.jwk(), true).await;
    let before = stored(&world).await;
    for amr in [Value::Null, json!([]), json!(["pwd"]), json!(["otp", "MFA"])] {
        let identity = server.sign(&with(claims(&world), "amr", amr.clone()));
        let refused = sign_in(&world.api(), &identity).await;
        assert_eq!(refused.refusal(), (403, "mfa_required".to_owned()), "{amr}");
    }
    assert!(stored(&world).await == before, "nothing is used up by a refusal");
    let identity = server.sign(&with(claims(&world), "amr", json!(["pwd", "otp", "mfa"])));
    let customer = visitor_of(world.api(), &sign_in(&world.api(), &identity).await);
    let claims = claims_of(&customer.token);
    assert_eq!((&claims["verified"], &claims["mfa"]), (&json!(true), &json!(true)));
}

/// The identity wins over the token of an earlier visitor, whose conversations stay theirs.
#[tokio::test]
async fn the_identity_wins_over_the_token_of_whoever_was_there_before() {
    let server = SiteServer::ed25519(1);
    let world = world_of(&server).await;
    let guest = world.visitor().await;
    let conversation = guest.open().await;
    let with_token = async |token: &str| -> Response {
        let body = json!({ "site": "default", "identity": server.sign(&claims(&world)) });
        world.api().send(&Request::new("POST", "/v1/sessions").json(&body).bearer(token)).await
    };
    let session = with_token(&guest.token).await;
    let customer = visitor_of(world.api(), &session);
    assert_ne!(customer.subject, guest.subject);
    assert_eq!(session.json()["conversations"], json!([]));
    assert_eq!(customer.get(&conversation).await.status, 404);
    assert_eq!(guest.get(&conversation).await.status, 200);
    for token in ["", "x", "a.b.c"] {
        let session = with_token(token).await;
        assert_eq!(visitor_of(world.api(), &session).subject, customer.subject, "{token:?}");
    }
}

#[tokio::test]
async fn a_customers_token_is_renewed_as_a_customers_with_what_the_site_has_said() {
    let server = SiteServer::ed25519(1);
    let world = world_of(&server).await;
    for mfa in [true, false] {
        let amr = if mfa { json!(["mfa"]) } else { json!([]) };
        let identity = server.sign(&with(claims(&world), "amr", amr));
        let customer = visitor_of(world.api(), &sign_in(&world.api(), &identity).await);
        world.advance_seconds(600);
        let body = json!({ "site": "default", "identity": null });
        let renewed = customer.post("/v1/sessions", &body).await;
        assert_eq!(renewed.json()["verified"], true);
        assert!(renewed.json().get("conversations").is_none());
        let renewed = visitor_of(world.api(), &renewed);
        assert_eq!(renewed.subject, customer.subject);
        let claims = claims_of(&renewed.token);
        assert_eq!((&claims["verified"], &claims["mfa"]), (&json!(true), &json!(mfa)));
    }
}

/// A subject lasts for as long as a conversation of the last sign-in does, and then is forgotten.
#[tokio::test]
async fn a_subject_outlives_the_conversations_and_then_ends() {
    const DAY: u64 = 86_400;
    let server = SiteServer::ed25519(1);
    let world = world_of(&server).await;
    let arrive = async || -> Visitor {
        let session = sign_in(&world.api(), &server.sign(&claims(&world))).await;
        visitor_of(world.api(), &session)
    };
    let first = arrive().await;
    let writes = world.count_items("profiles").await;
    assert_eq!(writes, 1);
    for days in [1, 20, 30] {
        world.advance_seconds(days * DAY);
        assert_eq!(arrive().await.subject, first.subject, "after {days} days more");
    }
    let last = arrive().await;
    // The last second of the session.
    world.advance_seconds(4 * 3_600 - 1);
    let conversation = last.open().await;
    world.advance_seconds(30 * DAY - 1);
    let found = arrive().await;
    assert_eq!(found.subject, first.subject, "the conversation is still there");
    assert_eq!(found.get(&conversation).await.status, 200);
    world.advance_seconds(32 * DAY);
    let ended = arrive().await;
    assert_ne!(ended.subject, first.subject, "nobody remembers");
    assert_eq!(arrive().await.subject, ended.subject);
    assert_eq!(world.count_items("profiles").await, 1, "in the place of the one that ended");
}

/// Somebody who can edit the tables cannot make themselves a customer, nor a customer somebody
/// else.
#[tokio::test]
async fn an_edited_row_makes_nobody_a_customer() {
    let server = SiteServer::ed25519(1);
    let intruder = SiteServer::ed25519(2);
    let world = World::new().await;
    world.register_identity_key(&server.jwk(), true).await;
    let with_mfa = |customer: &str| {
        with(SiteServer::claims(customer, world.clock.now_ms()), "amr", json!(["mfa"]))
    };
    let victim = sign_in(&world.api(), &server.sign(&with_mfa("victim"))).await;
    let own = sign_in(&world.api(), &server.sign(&with_mfa("intruder"))).await;
    let subject = |session: &Response| session.json()["subject_id"].clone();
    assert_ne!(subject(&victim), subject(&own));
    let rows = async |table: &str, kind: &str| {
        let items = world.all_items().await.into_iter();
        items
            .filter(|(name, item)| {
                name.ends_with(table) && item["k"].as_s().is_ok_and(|k| k == kind)
            })
            .map(|(_, item)| item)
            .collect::<Vec<_>>()
    };
    let put = async |table: &str, item: &shared::store::attributes::Item| {
        let put = world.dynamo().put_item().table_name(table).set_item(Some(item.clone()));
        put.send().await.expect("a put");
    };
    // Goes past the audit of responses: the refusal is one of 500.
    let status = async |identity: &str| {
        let body = json!({ "site": "default", "identity": identity });
        let request = Request::new("POST", "/v1/sessions").json(&body);
        tests::api::invoke(world.router.clone(), &request.to_event()).await.refusal()
    };
    let noticed = (500, "integrity_failed".to_owned());

    let keys = rows("settings", "identity-key").await;
    let [key] = keys.as_slice() else { panic!("one key") };
    let bytes = |bytes: Vec<u8>| AttributeValue::B(bytes.into());
    let mut theirs = key.clone();
    theirs.insert("x".to_owned(), bytes(intruder.registered()));
    put("world-settings", &theirs).await;
    assert_eq!(status(&intruder.sign(&with_mfa("victim"))).await, noticed, "a key of theirs");
    let mut lax = key.clone();
    lax.insert("m".to_owned(), AttributeValue::Bool(false));
    put("world-settings", &lax).await;
    let without = SiteServer::claims("victim", world.clock.now_ms());
    assert_eq!(status(&server.sign(&without)).await, noticed, "a demand taken back");
    put("world-settings", key).await;

    let customers = rows("profiles", "customer").await;
    let [one, other] = customers.as_slice() else { panic!("two customers") };
    for (to, from) in [(one, other), (other, one)] {
        let mut moved = to.clone();
        moved.insert("s".to_owned(), from["s"].clone());
        put("world-profiles", &moved).await;
    }
    for customer in ["victim", "intruder"] {
        let moved = status(&server.sign(&with_mfa(customer))).await;
        assert_eq!(moved, noticed, "another's subject");
    }
    for row in [one, other] {
        let mut longer = row.clone();
        longer.insert("p".to_owned(), AttributeValue::N("9999999999999".to_owned()));
        put("world-profiles", &longer).await;
    }
    assert_eq!(status(&server.sign(&with_mfa("victim"))).await, noticed, "a longer life");
    for row in [one, other] {
        put("world-profiles", row).await;
    }
    let again = sign_in(&world.api(), &server.sign(&with_mfa("victim"))).await;
    assert_eq!(subject(&again), subject(&victim));
}

/// A proof of who somebody is says more about them than we want to keep.
#[tokio::test]
async fn nothing_about_the_person_is_stored() {
    let server = SiteServer::hs256(&SECRET);
    let world = world_of(&server).await;
    let mut claims = SiteServer::claims("canary-sub-4711", world.clock.now_ms());
    claims["email"] = json!("canary-mail@example.org");
    claims["name"] = json!("Canary Name");
    claims["jti"] = json!("canary-jti");
    let session = sign_in(&world.api(), &server.sign(&claims)).await;
    visitor_of(world.api(), &session).open().await;
    let subject = session.json()["subject_id"].as_str().expect("an id").replace('-', "");
    for (table, item) in world.all_items().await {
        for (name, value) in &item {
            let bytes = match (value.as_s(), value.as_b()) {
                (Ok(text), _) => text.as_bytes().to_vec(),
                (_, Ok(blob)) => blob.as_ref().to_vec(),
                _ => Vec::new(),
            };
            for canary in [&b"canary"[..], b"Canary", &SECRET] {
                let found = bytes.windows(canary.len()).any(|window| window == canary);
                assert!(!found, "{table} {name} has {}", String::from_utf8_lossy(canary));
            }
            let hex = data_encoding::HEXLOWER.encode(&bytes);
            let customers = table.ends_with("profiles");
            assert!(!(customers && hex.contains(&subject)), "{table} {name} names the subject");
        }
    }
}

#[tokio::test]
async fn an_answer_that_was_lost_lets_nobody_in_twice() {
    let server = SiteServer::ed25519(1);
    let world = world_of(&server).await;
    world.visitor().await;
    sign_in(&world.api(), &server.sign(&claims(&world))).await;
    for fault in [Fault::TimeoutAfterCommit, Fault::TimeoutBeforeCommit] {
        world.aws.faults().set(Service::DynamoDb, fault, 0.2).expect("a rate");
        let mut let_in = Vec::new();
        for number in 0..12 {
            // Every other one is new, and is stored with the use of its identity.
            let customer =
                if number % 2 == 0 { "known".to_owned() } else { format!("new-{number}") };
            let identity = server.sign(&SiteServer::claims(&customer, world.clock.now_ms()));
            let first = sign_in(&world.api(), &identity).await.refusal();
            assert!(
                first.0 == 201 || first == (503, "unavailable".to_owned()),
                "{fault:?} {first:?}"
            );
            if first.0 == 201 {
                let_in.push(identity);
            }
        }
        world.aws.faults().clear();
        assert!(let_in.len() > 3, "{} were let in", let_in.len());
        for identity in let_in {
            let again = sign_in(&world.api(), &identity).await;
            assert_eq!(again.refusal(), (401, "token_invalid".to_owned()));
        }
    }
}
