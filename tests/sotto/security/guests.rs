//! How often the guests of one network may do what costs something, and the work of those over it.

use axum::Router;
use local::aws::Service;
use serde_json::{Value, json};
use shared::store::attributes::{Item, read_number};
use shared::store::guests::Act;
use shared::values::encoding::base64url;
use template::Template;
use tests::PATIENCE;
use tests::api::{Api, Request, Response, invoke};
use tests::proof::{fail, solve};
use tests::site_server::{SiteServer, sign_in, visitor_of};
use tests::visitor::{Visitor, fresh_key};
use tests::world::World;

const HERE: &str = "198.51.100.7";
const PROOF: &str = "sotto-proof";
/// The limits as they are if nobody scales them.
const DEFAULT: (&str, &str) = ("SOTTO_GUEST_LIMIT", "1");
/// One session, one conversation and one erasure a minute.
const LEAST: (&str, &str) = ("SOTTO_GUEST_LIMIT", "0.01");

fn session() -> Request {
    Request::new("POST", "/v1/sessions").json(&json!({ "site": "default", "identity": null }))
}

fn conversation(visitor: &Visitor) -> Request {
    let consent = json!({ "notice_version": "2026-11", "purposes": ["support"] });
    let body = json!({ "consent": consent, "locale": "en" });
    Request::new("POST", "/v1/conversations").json(&body).bearer(&visitor.token)
}

fn erasure(visitor: &Visitor) -> Request {
    let key = fresh_key();
    Request::new("DELETE", "/v1/me").header("idempotency-key", key).bearer(&visitor.token)
}

/// The request of a guest for that act. Each comes from a subject of its own.
async fn request(world: &World, act: Act) -> Request {
    request_of(&guest(world).await, act)
}

fn request_of(visitor: &Visitor, act: Act) -> Request {
    match act {
        Act::Session => session(),
        Act::Conversation => conversation(visitor),
        Act::Erasure => erasure(visitor),
    }
}

/// A guest, of a network that nothing else comes from.
async fn guest(world: &World) -> Visitor {
    let [one, two, three, four]: [u8; 4] = shared::random::bytes().expect("randomness");
    let elsewhere = format!("fd00:{one:02x}{two:02x}:{three:02x}{four:02x}::1");
    let answer = world.api().send(&session().from_address(&elsewhere)).await;
    visitor_of(world.api(), &answer)
}

/// Some instances of the function, warm.
async fn functions(world: &World) -> Vec<Router> {
    let mut functions = Vec::new();
    for _ in 0..8 {
        let app = world.another_function();
        app.keys.get().await.expect("the keys");
        functions.push(intake::router(app));
    }
    functions
}

fn is_over(response: &Response) -> bool {
    response.refusal() == (429, "rate_limited".to_owned())
        && response.json()["proof_of_work"].is_object()
}

/// Lets a network go over its limit of one, and gives the refusal.
async fn over(world: &World, act: Act, address: &str) -> Response {
    for _ in 0..2 {
        let request = request(world, act).await.from_address(address);
        let answer = world.api().send(&request).await;
        if is_over(&answer) {
            return answer;
        }
        assert!(answer.status < 300, "{}", answer.json());
    }
    panic!("{act:?} is not limited");
}

/// How many acts the busiest network's counter of a minute has.
async fn counted(world: &World, act: Act) -> usize {
    let counters = format!("guests#{}#", act.as_str());
    let of_act = |item: &Item| {
        let partition = item.get("p").and_then(|value| value.as_s().ok());
        partition.is_some_and(|partition| partition.starts_with(&counters))
    };
    let items = world.all_items().await;
    let counts = items.iter().filter(|(_, item)| of_act(item));
    counts.map(|(_, item)| read_number(item, "n").expect("a count")).max().expect("a counter")
}

async fn items(world: &World, table: &str, part: &str) -> usize {
    let items = world.all_items().await;
    let with = |(name, item): &&(String, Item)| {
        name.ends_with(table) && format!("{item:?}").contains(part)
    };
    items.iter().filter(with).count()
}

#[tokio::test]
async fn of_two_hundred_guests_at_once_as_many_pass_as_the_limit_says() {
    for (act, limit) in [(Act::Session, 30), (Act::Conversation, 60), (Act::Erasure, 20)] {
        let world = World::with(&[DEFAULT]).await;
        let functions = functions(&world).await;
        let mut visitors = Vec::new();
        for _ in 0..20 {
            visitors.push(guest(&world).await);
        }
        // From the whole /24, to many instances of the function.
        let hosts = (0..200).zip(visitors.iter().cycle());
        let of_all = hosts.map(|(host, visitor)| {
            request_of(visitor, act).from_address(&format!("198.51.100.{host}"))
        });
        let mut waiting: Vec<Request> = of_all.collect();
        let (mut passed, mut refused, mut lost) = (0, 0, 0);
        for round in 0..PATIENCE {
            let mut racers = tokio::task::JoinSet::new();
            // All at once; those that a busy machine did not answer, in small groups.
            let group = if round == 0 { waiting.len() } else { waiting.len().min(20) };
            for (request, function) in waiting.drain(..group).zip(functions.iter().cycle().cloned())
            {
                racers.spawn(async move { (invoke(function, &request.to_event()).await, request) });
            }
            for (answer, request) in racers.join_all().await {
                match answer.status {
                    200 | 201 => passed += 1,
                    503 => {
                        lost += 1;
                        waiting.push(request);
                    }
                    _ => refused += usize::from(is_over(&answer)),
                }
            }
        }
        assert_eq!(passed + refused, 200, "{act:?}");
        // An attempt is counted twice that the SDK repeats, since its answer came too late.
        let repeated = counted(&world, act).await - 200;
        assert!(passed <= limit, "{act:?}: {passed} passed");
        assert!(limit <= passed + repeated, "{act:?}: {passed} passed, {repeated} counted twice");
        let events = items(&world, "events", "flood").await;
        assert!(events == 1 || (events == 0 && lost > 0), "{act:?}: {events} events");
    }
}

#[tokio::test]
async fn the_next_minute_begins_anew_and_retry_after_says_when() {
    let world = World::with(&[LEAST]).await;
    for act in Act::ALL {
        world.advance_seconds(45);
        let refused = over(&world, act, HERE).await;
        let wait: u64 = refused.header("retry-after").parse().expect("seconds");
        assert!((1..=60).contains(&wait), "{wait}");
        world.advance_seconds(wait - 1);
        let again = request(&world, act).await.from_address(HERE);
        assert!(is_over(&world.api().send(&again).await), "{act:?}: a second too soon");
        world.advance_seconds(1);
        let again = request(&world, act).await.from_address(HERE);
        assert!(world.api().send(&again).await.status < 300, "{act:?}");
    }
}

#[tokio::test]
async fn a_proof_lets_one_request_pass() {
    let world = World::with(&[LEAST]).await;
    for act in Act::ALL {
        let proof = solve(&over(&world, act, HERE).await);
        let functions = functions(&world).await;
        let mut racers = tokio::task::JoinSet::new();
        for (_, router) in (0..20).zip(functions.iter().cycle().cloned()) {
            let api = Api::Events(router);
            let request = request(&world, act).await.from_address(HERE).header(PROOF, &*proof);
            racers.spawn(async move { api.send(&request).await });
        }
        let answers = racers.join_all().await;
        let passed = answers.iter().filter(|answer| answer.status < 300).count();
        assert_eq!(passed, 1, "{act:?}");
        assert_eq!(answers.iter().filter(|answer| is_over(answer)).count(), 19, "{act:?}");
    }
}

#[tokio::test]
async fn at_the_limit_everything_works_with_proofs() {
    let world = World::with(&[LEAST]).await;
    let api = world.api();
    let proof = solve(&over(&world, Act::Session, HERE).await);
    let answer = api.send(&session().from_address(HERE).header(PROOF, proof)).await;
    let visitor = visitor_of(world.api(), &answer);
    let proof = solve(&over(&world, Act::Conversation, HERE).await);
    let opened = api.send(&conversation(&visitor).from_address(HERE).header(PROOF, proof)).await;
    assert_eq!(opened.status, 201, "{}", opened.json());
    let path = format!("/v1/conversations/{}", opened.json()["id"].as_str().expect("an id"));
    for _ in 0..30 {
        let said = visitor.say(&path, "where is my parcel?").await;
        assert_eq!(said.status, 201, "messages are not limited by network");
    }
    let proof = solve(&over(&world, Act::Erasure, HERE).await);
    let erased = api.send(&erasure(&visitor).from_address(HERE).header(PROOF, proof)).await;
    assert_eq!(erased.status, 200, "{}", erased.json());
    assert_eq!(erased.json()["conversations"], 1);
}

#[tokio::test]
async fn a_proof_counts_for_one_network_one_act_and_two_minutes() {
    let world = World::with(&[LEAST]).await;
    let api = world.api();
    over(&world, Act::Session, "203.0.113.1").await;
    over(&world, Act::Conversation, HERE).await;
    let refusal = over(&world, Act::Session, HERE).await;
    let proof = solve(&refusal);
    let with =
        |request: Request, address: &str| request.from_address(address).header(PROOF, &*proof);
    assert!(is_over(&api.send(&with(session(), "203.0.113.1")).await), "another network");
    let elsewhere = guest(&world).await;
    assert!(is_over(&api.send(&with(conversation(&elsewhere), HERE)).await), "another act");
    let wrong = session().from_address(HERE).header(PROOF, fail(&refusal));
    assert!(is_over(&api.send(&wrong).await), "not solved");
    // A neighbour's address is of the same network, by whatever name.
    let mapped = with(session(), "::ffff:198.51.100.200");
    assert_eq!(api.send(&mapped).await.status, 201);
    let proof = solve(&over(&world, Act::Session, HERE).await);
    world.advance_seconds(120);
    assert_eq!(api.send(&session().from_address(HERE)).await.status, 201, "the next minute");
    let late = session().from_address(HERE).header(PROOF, &*proof);
    assert!(is_over(&api.send(&late).await), "two minutes are over");
}

#[tokio::test]
async fn a_header_that_is_no_proof_is_a_fault_of_the_client() {
    let world = World::with(&[LEAST]).await;
    for text in ["", "x", "AAAA", "AAAA.", "A A.AAAA", "AAAA.AAAA.AAAA", "ä.AAAA"] {
        for act in Act::ALL {
            let request = request(&world, act).await.header(PROOF, text);
            let refused = world.api().send(&request).await;
            assert_eq!(refused.refusal(), (422, "invalid".to_owned()), "{act:?} {text:?}");
            assert_eq!(refused.json()["errors"][0]["pointer"], "/headers/sotto-proof");
        }
    }
    // One of another deployment, or of nobody, is another matter: a new challenge helps.
    over(&world, Act::Session, HERE).await;
    for foreign in [vec![1; 58], vec![0; 10], vec![1; 100]] {
        let proof = format!("{}.AAAA", base64url(&foreign));
        let answer = world.api().send(&session().from_address(HERE).header(PROOF, proof)).await;
        assert!(is_over(&answer), "{}", answer.json());
    }
}

#[tokio::test]
async fn another_network_is_not_affected_and_another_address_of_the_same_does_not_help() {
    for (first, same, other) in [
        ("198.51.100.7", "198.51.100.255", "198.51.101.7"),
        ("198.51.100.7", "::ffff:198.51.100.8", "::ffff:198.51.101.8"),
        ("2001:db8:1:2::3", "2001:db8:1:ffff:ffff::9", "2001:db8:2:2::3"),
    ] {
        let world = World::with(&[LEAST]).await;
        for act in Act::ALL {
            over(&world, act, first).await;
            let request_from = async |address| request(&world, act).await.from_address(address);
            let answer = world.api().send(&request_from(same).await).await;
            assert!(is_over(&answer), "{same}");
            // A client's own header does not count.
            let spoofed = request_from(first).await.header("x-forwarded-for", other);
            assert!(is_over(&world.api().send(&spoofed).await), "{first} as {other}");
            assert!(world.api().send(&request_from(other).await).await.status < 300, "{other}");
        }
    }
}

#[tokio::test]
async fn a_customer_is_not_limited_by_their_network() {
    let world = World::with(&[LEAST]).await;
    let server = SiteServer::ed25519(1);
    world.register_identity_key(&server.jwk(), false).await;
    // Of the usual address, as the customers are.
    for act in Act::ALL {
        over(&world, act, "192.0.2.1").await;
    }
    for number in 0..5 {
        let claims = SiteServer::claims(&format!("customer-{number}"), world.clock.now_ms());
        let session = sign_in(&world.api(), &server.sign(&claims)).await;
        let customer = visitor_of(world.api(), &session);
        customer.open().await;
        customer.open().await;
        assert_eq!(world.api().send(&erasure(&customer)).await.status, 200);
    }
}

#[tokio::test]
async fn who_returns_with_a_token_is_nobody_new_unless_they_were_erased() {
    let world = World::with(&[LEAST]).await;
    let visitor = world.visitor().await;
    for _ in 0..5 {
        let again = world.api().send(&session().bearer(&visitor.token)).await;
        assert_eq!(again.json()["subject_id"], json!(visitor.subject));
    }
    visitor.open().await;
    assert_eq!(world.api().send(&erasure(&visitor)).await.status, 200);
    let anew = world.api().send(&session().bearer(&visitor.token)).await;
    assert!(is_over(&anew), "a new subject: {}", anew.json());
}

#[tokio::test]
async fn work_grows_with_the_guests_and_the_same_limit_is_one_event_a_minute() {
    let world = World::with(&[DEFAULT]).await;
    let mut bits = Vec::new();
    for _ in 0..500 {
        let answer = world.api().send(&session().from_address(HERE)).await;
        bits.extend(answer.json()["proof_of_work"]["bits"].as_u64());
    }
    assert_eq!(bits.len(), 470);
    assert_eq!((bits[0], bits[469]), (18, 22));
    assert!(bits.is_sorted());
    // The same network over another limit in the same minute is the same flood.
    for _ in 0..70 {
        let visitor = guest(&world).await;
        world.api().send(&conversation(&visitor).from_address(HERE)).await;
    }
    assert_eq!(items(&world, "events", "flood").await, 1);
    world.advance_seconds(60);
    for _ in 0..40 {
        world.api().send(&session().from_address(HERE)).await;
    }
    assert_eq!(items(&world, "events", "flood").await, 2);
}

#[tokio::test]
async fn an_event_that_was_not_recorded_is_recorded_by_a_later_refusal() {
    let world = World::with(&[LEAST]).await;
    world.api().send(&session().from_address(HERE)).await;
    let events = &world.visitors_config.events_table;
    world.dynamo().delete_table().table_name(events).send().await.expect("it is gone");
    assert!(
        is_over(&world.api().send(&session().from_address(HERE)).await),
        "refused all the same"
    );
    let tables = Template::deployed().expect("the template").tables();
    let table = tables.iter().find(|table| events.ends_with(&table.short_name())).expect("events");
    world.aws.ensure_table(table, events).expect("it is there again");
    assert_eq!(items(&world, "events", "flood").await, 0);
    assert!(is_over(&world.api().send(&session().from_address(HERE)).await));
    assert_eq!(items(&world, "events", "flood").await, 1);
}

#[tokio::test]
async fn an_address_is_stored_nowhere_and_counters_end() {
    let world = World::with(&[LEAST]).await;
    for address in [HERE, "2001:db8:77::1"] {
        for act in Act::ALL {
            let proof = solve(&over(&world, act, address).await);
            let request = request(&world, act).await.from_address(address).header(PROOF, proof);
            assert!(world.api().send(&request).await.status < 300);
        }
    }
    let counters = items(&world, "watch", "guests#").await;
    assert_eq!(counters, items(&world, "watch", "expires_at").await - 6 - 2, "all end");
    for (_, item) in world.all_items().await {
        let text = format!("{item:?}");
        for part in ["198.51.100", "[198, 51, 100", "2001:db8", "[32, 1, 13, 184"] {
            assert!(!text.contains(part), "{part} in {text}");
        }
    }
    let names = async || {
        let items = world.all_items().await;
        let of = items.iter().filter_map(|(_, item)| item.get("p")?.as_s().ok().cloned());
        of.filter(|name| name.starts_with("guests#session")).collect::<Vec<_>>()
    };
    let today = names().await;
    world.advance_seconds(24 * 60 * 60);
    world.api().send(&session().from_address(HERE)).await;
    assert_eq!(names().await.iter().filter(|name| !today.contains(name)).count(), 1, "{today:?}");
}

#[tokio::test]
async fn a_guest_costs_one_write_more_and_a_message_none() {
    let cost = async |settings: &[(&str, &str)]| {
        let world = World::with(settings).await;
        let visitor = guest(&world).await;
        let path = visitor.open().await;
        visitor.say(&path, "hello").await;
        let mut writes: Vec<Value> = Vec::new();
        let mut count = async |request: Request| {
            let before = world.aws.counts();
            assert!(world.api().send(&request.from_address(HERE)).await.status < 300);
            let counts = world.aws.counts().since(&before);
            let all: u64 = counts.writes().values().sum();
            writes.push(json!([all, counts.total(Service::DynamoDb)]));
        };
        count(session()).await;
        count(conversation(&visitor)).await;
        count(tests::visitor::message(&path, "hello", &fresh_key()).bearer(&visitor.token)).await;
        count(erasure(&visitor)).await;
        writes
    };
    let (without, with) = (cost(&[]).await, cost(&[DEFAULT]).await);
    let more: Vec<[u64; 2]> = without
        .iter()
        .zip(&with)
        .map(|(before, after)| {
            [0, 1].map(|part| after[part].as_u64().unwrap() - before[part].as_u64().unwrap())
        })
        .collect();
    assert_eq!(more, [[1, 1], [1, 1], [0, 0], [1, 1]], "{without:?} {with:?}");
}

#[tokio::test]
async fn a_page_may_send_the_proof_across_origins() {
    let world = World::new().await;
    let preflight = Request::new("OPTIONS", "/v1/sessions")
        .header("origin", "https://shop.example")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", PROOF);
    let answer = world.api().send(&preflight).await;
    assert!(answer.header("access-control-allow-headers").contains(PROOF));
}
