//! The figures that can be counted exactly: requests, units, calls to KMS, bytes. They are measured
//! on the functions' routers over an embedded AWS that counts what arrives. The table prints them
//! and the test `counts` asserts them, both by these functions.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use local::aws::{Counts, Fault, Service};
use shared::clock::month;
use shared::http::app::App;
use shared::seal::place::{BranchName, Purpose};
use shared::values::prices::PRICES;
use shared::values::site::Site;
use tests::api::{Api, Request, Response};
use tests::visitor::{Visitor, fresh_key, message};
use tests::world::{World, item_size};

/// A question that the shipped knowledge base answers with an entry.
pub(crate) const QUESTION: &str = "where is my parcel?";
/// Exchanges over which a figure is taken.
const SAMPLES: u32 = 20;
/// Between two messages, so that they never meet the rate limit.
const PAUSE_SECONDS: u64 = 1;
/// Branch keys that a function needs, one a purpose: transcripts, transport, visitors' tokens.
pub(crate) const PURPOSES: u64 = 3;

/// Memory of the function, and what is billed of a poll; it was not measured on Lambda.
const POLL_GB_SECONDS: f64 = 0.25 * 0.010;

/// The cost of one exchange, on average.
pub(crate) struct PerExchange {
    /// Writes to DynamoDB.
    pub(crate) writes: f64,
    /// All requests to DynamoDB.
    pub(crate) requests: f64,
    /// Write units.
    pub(crate) write_units: f64,
    /// Read units.
    pub(crate) read_units: f64,
}

/// An exchange whose message and reply have 900 bytes together.
pub(crate) struct Sized {
    /// Write units of storing it.
    pub(crate) write_units: f64,
    /// Bytes of its item beyond those of message and reply.
    pub(crate) overhead_bytes: usize,
}

/// The cost of a known conversation for a function that has just started.
pub(crate) struct FirstTouch {
    /// Requests of the initialisation, to DynamoDB and to KMS.
    pub(crate) init: (u64, u64),
    /// Requests of the first invocation after it, to DynamoDB and to KMS.
    pub(crate) invocation: (u64, u64),
    /// How many of the invocation's requests wait for one another.
    pub(crate) in_sequence: u64,
}

/// KMS calls of functions among which requests are routed at random.
pub(crate) struct Routed {
    /// Functions that got at least one request.
    pub(crate) functions: u64,
    /// Calls to KMS.
    pub(crate) kms_calls: u64,
    /// Messages.
    pub(crate) messages: u64,
}

/// Exchanges at the end of a conversation that has `turns` of them already, on a warm function.
pub(crate) async fn exchanges(turns: u32, with_cursor: bool) -> PerExchange {
    let world = World::new().await;
    let visitor = world.visitor().await;
    let conversation = visitor.open().await;
    for _ in 0..turns {
        world.advance_seconds(PAUSE_SECONDS);
        spoken(&visitor.say(&conversation, QUESTION).await);
    }
    // The function keeps a conversation for a minute of the world's time: this one renews it.
    let mut last = visitor.say(&conversation, QUESTION).await;
    let before = world.aws.counts();
    for _ in 0..SAMPLES {
        let mut request = message(&conversation, QUESTION, &fresh_key());
        if with_cursor {
            request = request.header("sotto-cursor", last.header("sotto-cursor"));
        }
        last = visitor.send(request).await;
        spoken(&last);
    }
    let counted = world.aws.counts().since(&before);
    let samples = f64::from(SAMPLES);
    let writes = counted.of(Service::DynamoDb, "PutItem")
        + counted.of(Service::DynamoDb, "TransactWriteItems");
    PerExchange {
        writes: exact(writes) / samples,
        requests: exact(counted.total(Service::DynamoDb)) / samples,
        write_units: counted.write_units() / samples,
        read_units: counted.read_units() / samples,
    }
}

/// An exchange of 900 bytes of text that cites an entry, far enough into the conversation for a
/// sequence number of three digits.
pub(crate) async fn sized() -> Sized {
    const TEXT: usize = 900;
    const EARLIER: u32 = 100;
    let world = World::new().await;
    let visitor = world.visitor().await;
    let conversation = visitor.open().await;
    let mut reply = String::new();
    for _ in 0..EARLIER {
        reply = spoken(&visitor.say(&conversation, QUESTION).await);
    }
    let filler = TEXT - reply.len() - QUESTION.len();
    let text = format!("{QUESTION}{}", " ".repeat(filler));
    let before = world.aws.counts();
    let response = visitor.say(&conversation, &text).await;
    let write_units = world.aws.counts().since(&before).write_units();
    let reply = spoken(&response);
    assert_eq!(text.len() + reply.len(), TEXT, "the filler changed the answer");
    let cited = response.json()["reply"]["sources"][0]["id"].is_string();
    assert!(cited, "the answer cites an entry, whose id is stored with it");
    let largest = world
        .all_items()
        .await
        .iter()
        .filter(|(table, _)| table.ends_with("conversations"))
        .map(|(_, item)| item_size(item))
        .max();
    Sized { write_units, overhead_bytes: largest.expect("an item") - TEXT }
}

/// The units of a hand-over, as far as its visitor's requests take them.
pub(crate) struct HandedOver {
    /// Read units.
    pub(crate) read_units: f64,
    /// Write units.
    pub(crate) write_units: f64,
    /// Polls.
    pub(crate) polls: u32,
    /// Read units of the polls.
    pub(crate) poll_units: f64,
}

impl HandedOver {
    /// USD at list price, when the widget takes so many requests for it.
    pub(crate) fn usd(&self, requests: f64) -> f64 {
        let each = PRICES.http_api_request
            + PRICES.lambda_request
            + PRICES.lambda_gb_second_arm * POLL_GB_SECONDS;
        requests * each + self.read_units * PRICES.read_unit + self.write_units * PRICES.write_unit
    }
}

/// A visitor who waits for four minutes and talks to an agent for ten, five messages of each, as the widget
/// asks: a poll every three seconds while they wait, then two in three.
pub(crate) async fn handed_over() -> HandedOver {
    let world = World::new().await;
    let admin = world.admin().await;
    let mut agent = world.member(&admin, "anna@example.org", &["agent"]).await;
    let visitor = world.visitor().await;
    let path = visitor.open().await;
    let first = visitor.say(&path, QUESTION).await;
    spoken(&first);
    let mut cursor = first.header("sotto-cursor").to_owned();
    let inbox = format!("/v1/inbox/{}", path.rsplit('/').next().expect("an id"));

    let mut of_agent = (0.0, 0.0);
    let mut polls = (0, 0.0);
    let there = agent.put("/v1/presence", &json!({ "state": "available" })).await;
    assert_eq!(there.status, 204);
    let start = world.aws.counts();
    let asked = visitor.post(&format!("{path}/handover"), &json!({})).await;
    assert_eq!(asked.status, 202, "{}", asked.json());
    let (mut after, mut state) = (String::new(), String::new());
    let (mut shown, mut last_said) = (0, String::new());
    for tick in 0..480_u32 {
        // Eighty at three seconds; then 400 at a second and at two, by turns.
        let waits = tick < 80;
        world.advance_seconds(if waits { 3 } else { 1 + u64::from(tick % 2) });
        let before = world.aws.counts();
        if tick % 20 == 0 {
            agent.take(&agent.renew().await.json());
            let there = agent.put("/v1/presence", &json!({ "state": "available" })).await;
            assert_eq!(there.status, 204, "{}", there.json());
        }
        if tick == 80 {
            assert_eq!(agent.post(&format!("{inbox}/claim"), &json!({})).await.status, 200);
        }
        let talk = tick.checked_sub(80).map(|since| (since % 80, since / 80));
        if let Some((10, round)) = talk {
            assert_eq!(agent.post(&format!("{inbox}/typing"), &json!({})).await.status, 204);
            let request = Request::new("POST", &format!("{inbox}/messages"));
            let request = request.header("idempotency-key", fresh_key());
            let said =
                agent.send(request.json(&json!({ "text": format!("Answer {round}") }))).await;
            assert_eq!(said.status, 201, "{}", said.json());
        }
        if let Some((41, _)) = talk {
            let seen = json!({ "message_id": last_said });
            assert_eq!(agent.post(&format!("{inbox}/seen"), &seen).await.status, 204);
        }
        let beside = world.aws.counts().since(&before);
        of_agent.0 += beside.read_units();
        of_agent.1 += beside.write_units();
        if let Some((40, _)) = talk {
            assert_eq!(visitor.post(&format!("{path}/typing"), &json!({})).await.status, 204);
            let body = json!({ "text": "I have read it", "after": after });
            let request = Request::new("POST", &format!("{path}/messages")).json(&body);
            let request = request.header("idempotency-key", fresh_key());
            let sent = visitor.send(request.header("sotto-cursor", &cursor)).await;
            sent.header("sotto-cursor").clone_into(&mut cursor);
            let said = sent.json();
            learn(&said["news"], &mut after, &mut state, &mut shown);
            said["message"]["id"].as_str().expect("an id").clone_into(&mut last_said);
        }
        let before = world.aws.counts();
        let news = visitor.get(&format!("{path}/messages?after={after}&state={state}")).await;
        polls.0 += 1;
        polls.1 += world.aws.counts().since(&before).read_units();
        if news.status == 200 {
            learn(&news.json(), &mut after, &mut state, &mut shown);
        } else {
            assert_eq!(news.status, 204, "{}", news.json());
        }
    }
    assert_eq!(shown, 5, "each answer of the agent arrives once");
    let all = world.aws.counts().since(&start);
    HandedOver {
        read_units: all.read_units() - of_agent.0,
        write_units: all.write_units() - of_agent.1,
        polls: polls.0,
        poll_units: polls.1,
    }
}

/// Takes over what a client keeps of news, and counts an agent's messages.
fn learn(news: &Value, after: &mut String, state: &mut String, shown: &mut u32) {
    for item in news["items"].as_array().into_iter().flatten() {
        item["id"].as_str().expect("an id").clone_into(after);
        *shown += u32::from(item["author"] == "agent");
    }
    news["state"].as_str().expect("a state").clone_into(state);
}

/// Queries, and other requests to DynamoDB, by which the reports count an exchange of each of `conversations`.
pub(crate) async fn reported(conversations: u32) -> (f64, f64) {
    let world = World::new().await;
    let talks = self::conversations(&world, conversations).await;
    say_once_in_each(&talks).await;
    world.count_reports().await;
    let before: Vec<_> = world.news().await;
    say_once_in_each(&talks).await;
    let mut news = world.news().await;
    news.retain(|record| !before.contains(record));
    let reporter = world.reporter();
    let counts = world.aws.counts();
    Box::pin(desk::reports::count(&reporter, &news)).await.expect("it is counted");
    let counts = world.aws.counts().since(&counts);
    let queries = counts.of(Service::DynamoDb, "Query");
    let each = f64::from(conversations);
    (exact(queries) / each, exact(counts.total(Service::DynamoDb) - queries))
}

/// KMS calls of one warm function over 1,000 messages in 100 conversations.
pub(crate) async fn kms_calls_per_1000() -> u64 {
    let world = World::new().await;
    let conversations = conversations(&world, 100).await;
    say_once_in_each(&conversations).await;
    let before = world.aws.counts();
    for _ in 0..10 {
        say_once_in_each(&conversations).await;
    }
    world.aws.counts().since(&before).total(Service::Kms)
}

/// The first message that a function gets, in a conversation that others have served.
pub(crate) async fn first_touch() -> FirstTouch {
    // Long beside the work of a request, so that time divided by it gives the calls in sequence; the
    // least of several runs, since a busy machine can only add to it.
    const LATENCY: Duration = Duration::from_millis(150);
    let world = World::new().await;
    let visitor = world.visitor().await;
    let conversation = visitor.open().await;
    spoken(&visitor.say(&conversation, QUESTION).await);
    let mut touch = FirstTouch { init: (0, 0), invocation: (0, 0), in_sequence: u64::MAX };
    for _ in 0..3 {
        let started = world.aws.counts();
        let app = initialised(&world).await;
        touch.init = requests(&world.aws.counts().since(&started));

        let visitor = Visitor { api: Api::Events(intake::router(app)), ..visitor.clone() };
        slow_down(&world, LATENCY);
        let before = world.aws.counts();
        let clock = stopwatch();
        let response = visitor.say(&conversation, QUESTION).await;
        let waits = clock.elapsed().as_millis() / LATENCY.as_millis();
        world.aws.faults().clear();
        spoken(&response);
        touch.invocation = requests(&world.aws.counts().since(&before));
        touch.in_sequence = touch.in_sequence.min(u64::try_from(waits).expect("a few"));
    }
    touch
}

/// Messages in `conversations` conversations, `turns` in each, routed at random among `functions`.
pub(crate) async fn routed(functions: usize, conversations: u32, turns: u32) -> Routed {
    let world = World::new().await;
    let opened = self::conversations(&world, conversations).await;
    let apis: Vec<Api> =
        (0..functions).map(|_| Api::Events(intake::router(world.another_function()))).collect();
    let mut touched = vec![false; functions];
    let mut dice = Dice(0x5077_0001);
    let before = world.aws.counts();
    for _ in 0..turns {
        for (visitor, conversation) in &opened {
            let function = dice.below(functions);
            touched[function] = true;
            let visitor = Visitor { api: apis[function].clone(), ..visitor.clone() };
            spoken(&visitor.say(conversation, QUESTION).await);
        }
    }
    Routed {
        functions: touched.iter().map(|touched| u64::from(*touched)).sum(),
        kms_calls: world.aws.counts().since(&before).total(Service::Kms),
        messages: u64::from(conversations) * u64::from(turns),
    }
}

/// KMS calls of a function whose first eight requests come at once.
pub(crate) async fn kms_calls_of_eight_at_once() -> u64 {
    let world = World::new().await;
    let opened = conversations(&world, 8).await;
    let api = Api::Events(intake::router(world.another_function()));
    let before = world.aws.counts();
    let mut speaking = tokio::task::JoinSet::new();
    for (visitor, conversation) in opened {
        let visitor = Visitor { api: api.clone(), ..visitor };
        speaking.spawn(async move { spoken(&visitor.say(&conversation, QUESTION).await) });
    }
    speaking.join_all().await;
    world.aws.counts().since(&before).total(Service::Kms)
}

async fn conversations(world: &World, count: u32) -> Vec<(Visitor, String)> {
    let mut opened = Vec::new();
    for _ in 0..count {
        let visitor = world.visitor().await;
        let conversation = visitor.open().await;
        opened.push((visitor, conversation));
    }
    opened
}

async fn say_once_in_each(conversations: &[(Visitor, String)]) {
    for (visitor, conversation) in conversations {
        spoken(&visitor.say(conversation, QUESTION).await);
    }
}

/// The reply of an exchange, which must have taken place.
fn spoken(response: &Response) -> String {
    assert_eq!(response.status, 201, "{}", response.json());
    response.json()["reply"]["text"].as_str().expect("a reply").to_owned()
}

/// Starts a function and waits until its initialisation has loaded what it loads.
async fn initialised(world: &World) -> App {
    let app = world.another_function();
    app.warm();
    // Each is loaded once, whichever request asks first.
    app.keys.get().await.expect("the keys");
    app.bases.of(Site::SHIPPED).await.expect("the bases");
    let month = month(world.clock.now_ms());
    let transcripts = BranchName::new("default", Purpose::Transcript, &month);
    app.store.settings.branch_key(&transcripts).await.expect("the branch key");
    app
}

pub(crate) fn slow_down(world: &World, latency: Duration) {
    let faults = world.aws.faults();
    faults.set_latency(latency);
    for service in [Service::DynamoDb, Service::Kms] {
        faults.set(service, Fault::Latency, 1.0).expect("a rate");
    }
}

fn requests(counts: &Counts) -> (u64, u64) {
    (counts.total(Service::DynamoDb), counts.total(Service::Kms))
}

#[expect(clippy::disallowed_methods, reason = "a duration that is measured, not decided by")]
pub(crate) fn stopwatch() -> Instant {
    Instant::now()
}

fn exact(count: u64) -> f64 {
    f64::from(u32::try_from(count).expect("a count"))
}

/// Numbers that look random and are the same in every run (xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 16).expect("a 64-bit machine") % bound
    }
}
