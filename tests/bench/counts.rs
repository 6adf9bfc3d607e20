//! The rows that are counted in this process, and the cost that follows from them.

use shared::values::prices::{self, Exchange};

use crate::counted::{self, PURPOSES};
use crate::exact;
use crate::rows::{Goal, Row, number};
use crate::{audit, desk, erasures, incidents, passwords, publishing, staff};

/// Turns of a conversation among several functions.
const TURNS: u32 = 20;
/// Seconds for which a function keeps a branch key.
const KEPT_SECONDS: f64 = 300.0;
const DAY_SECONDS: f64 = 86_400.0;
/// Seconds for which the reports gather events in the template.
const WINDOW_SECONDS: f64 = 45.0;
/// The size of one exchange's log where it is not measured.
const LOG_BYTES: f64 = 300.0;

/// Counts; gives the rows, and the cost of a widget's exchange. `thorough` takes more messages.
pub(crate) async fn take(thorough: bool) -> (Vec<Row>, Exchange) {
    let (mut rows, mut exchange) = exchanges().await;
    rows.extend(stored().await);
    rows.extend(sign_in().await);
    rows.extend(erasures::take().await);
    rows.push(desk::claims(thorough).await);
    rows.extend(publishing::take().await);
    rows.extend(incidents::take(thorough));
    rows.extend(audit::take(thorough).await);
    let conversations = if thorough { 500 } else { 100 };
    let (keys, calls) = kms(conversations).await;
    rows.extend(keys);
    exchange.kms_calls = calls * (DAY_SECONDS / KEPT_SECONDS) / prices::EXCHANGES_PER_DAY;
    // Each exchange is in a batch of its own conversation's, and a read that need not be consistent is half
    // a unit.
    let (queries, once_a_batch) = counted::reported(50).await;
    exchange.read_units += queries / 2.0;
    exchange.write_units +=
        once_a_batch * (DAY_SECONDS / WINDOW_SECONDS) / prices::EXCHANGES_PER_DAY;
    (rows, exchange)
}

/// The row of the cost.
pub(crate) fn cost(exchange: &Exchange, log_bytes: Option<f64>) -> Row {
    let exchange = Exchange { log_bytes: log_bytes.unwrap_or(LOG_BYTES), ..*exchange };
    let usd = exchange.usd_per_million();
    at_most("usd_per_million", usd, "USD", 2.10)
        .floor(prices::floor_usd_per_million())
        .peer(2.66)
        .note(format!(
            "list prices of us-east-1 as taken down in November 2026, no free tier; HTTP API, 256 MB arm64 for 10 ms (not measured on Lambda), {} write and {} read units with the job that counts for the reports, {} KMS calls (a million exchanges a day on 10 functions), {} bytes of log; each read unit would add 0.125; peer: Database Encryption SDK with hierarchical keys",
            number(exchange.write_units),
            number(exchange.read_units),
            number(exchange.kms_calls),
            number(exchange.log_bytes),
        ))
}

async fn exchanges() -> (Vec<Row>, Exchange) {
    let mut rows = Vec::new();
    for (id, turns) in [
        ("exchange_requests_10", 10),
        ("exchange_requests_100", 100),
        ("exchange_requests_1000", 1_000),
    ] {
        let exchange = counted::exchanges(turns, false).await;
        let row = at_most(id, exchange.requests, "requests", 2.0).floor(1.0).note(format!(
            "{} write, and the end of the log in one read; {} write and {} read units",
            number(exchange.writes),
            number(exchange.write_units),
            number(exchange.read_units),
        ));
        rows.push(row);
    }
    let exchange = counted::exchanges(1_000, true).await;
    let row = at_most("exchange_requests_cursor", exchange.requests, "requests", 1.0);
    rows.push(row.floor(1.0).note(format!(
        "after 1,000 turns; {} write and {} read units; the widget sends the cursor",
        number(exchange.write_units),
        number(exchange.read_units),
    )));
    let (write_units, read_units) = (exchange.write_units, exchange.read_units);
    (rows, Exchange { write_units, read_units, kms_calls: 0.0, log_bytes: 0.0 })
}

async fn stored() -> [Row; 2] {
    let sized = counted::sized().await;
    [
        at_most("exchange_write_units_900b", sized.write_units, "write units", 1.0)
            .floor(1.0)
            .peer(2.0)
            .note("message and reply together 900 bytes; peer: Database Encryption SDK"),
        at_most("event_overhead_bytes", exact(sized.overhead_bytes), "bytes", 120.0)
            .floor(98.0)
            .peer(600.0)
            .note("the item less the text of message and reply; the id of the cited entry, stored with them, counts as overhead; peer: Database Encryption SDK, at least"),
    ]
}

/// The rows of the staff's sign-in. Times are ratios of what took turns in this process.
async fn sign_in() -> [Row; 4] {
    let times = 200;
    let calls = staff::in_sequence().await;
    let failed = passwords::failed(times).await;
    [
        at_most("login_round_trips", exact(calls.password.max(calls.second_factor)), "calls in sequence", 2.0)
            .floor(2.0)
            .note(format!(
                "on a warm function, of the password {} and of the second factor {}",
                calls.password, calls.second_factor,
            )),
        at_most("login_argon2_ratio", passwords::over_bare(times), "times", 1.05)
            .floor(1.0)
            .note(format!("verifying a password over the bare Argon2id of the same parameters; medians of {times} in turns")),
        at_most("login_unknown_ratio", failed.ratio.max(1.0 / failed.ratio), "times", 1.05)
            .floor(1.0)
            .note(format!(
                "an account that is not there against one that is, the larger over the smaller: the median of {times} pairs, one right after the other; {} ms and {} ms",
                number(failed.unknown / 1_000.0),
                number(failed.known / 1_000.0),
            )),
        at_most("token_verify_calls", exact(staff::verify_calls().await), "calls", 0.0)
            .floor(0.0)
            .note("1,000 access tokens of staff on a warm function"),
    ]
}

/// The rows of the keys, and the calls of ten functions.
async fn kms(conversations: u32) -> (Vec<Row>, f64) {
    let warm = exact(counted::kms_calls_per_1000().await);
    let touch = counted::first_touch().await;
    let together = exact(counted::kms_calls_of_eight_at_once().await);
    let purposes = exact(PURPOSES);
    let (ten, calls) = routed("kms_calls_w10", 10, conversations).await;
    let (hundred, _) = routed("kms_calls_w100", 100, conversations).await;
    let rows = vec![
        at_most("kms_calls_per_1000_warm", warm, "calls", 0.0)
            .floor(0.0)
            .peer(1_000.0)
            .note("1,000 messages in 100 conversations; peer: a data key an item"),
        at_most("first_touch_requests", exact(touch.in_sequence), "calls in sequence", 3.0)
            .floor(2.0)
            .note(format!(
                "within the invocation, of {} to DynamoDB and {} to KMS; init has made {} and {} before",
                touch.invocation.0, touch.invocation.1, touch.init.0, touch.init.1,
            )),
        at_most("kms_calls_8_at_once", together, "calls", purposes)
            .floor(purposes)
            .peer(8.0 * purposes)
            .note("the first eight requests of a function, all at once; one call a purpose; peer: each for itself"),
        ten,
        hundred,
    ];
    (rows, calls)
}

/// KMS calls of several functions, for a few conversations and for many.
async fn routed(id: &'static str, functions: usize, conversations: u32) -> (Row, f64) {
    let few = counted::routed(functions, conversations / 5, TURNS).await;
    let many = counted::routed(functions, conversations, TURNS).await;
    let calls = exact(many.kms_calls);
    let least = exact(many.functions * PURPOSES);
    // Of W functions a conversation of M messages meets W(1-(1-1/W)^M), each of which unwraps its key.
    let each = exact(functions);
    let met = each * (1.0 - (1.0 - 1.0 / each).powf(f64::from(TURNS)));
    let row = at_most(id, calls, "calls", least)
        .floor(least)
        .peer(met * f64::from(conversations))
        .note(format!(
            "{} messages in {conversations} conversations, routed at random; flat in conversations, so fewer than 10,000 show it: {} messages took {} calls; one call a function and purpose, of which there are {PURPOSES}; peer: a wrapped key a conversation, cached, by its formula",
            many.messages, few.messages, few.kms_calls,
        ));
    (row, calls)
}

fn at_most(id: &'static str, value: f64, unit: &'static str, bound: f64) -> Row {
    Row::new(id, Ok(value), unit, Goal::AtMost(bound))
}
