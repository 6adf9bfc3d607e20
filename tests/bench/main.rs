//! Every figure that Sotto claims about its speed and cost, printed as one table and written to
//! `target/bench/sotto.json`.
//!
//! `cargo bench` takes all of them, `cargo bench -- --quick` only those that are counted in this
//! process. Counts and instructions mean the same on every machine; times are ratios of programs that
//! took turns in this run. Nothing here ran on Lambda.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a figure that cannot be taken stops the bench"
)]
#![expect(clippy::print_stdout, reason = "it prints a table")]

mod counted;
mod endpoint;
mod measured;
mod prices;
mod process;
mod release;
mod rows;
mod runtime;
mod stage;

use std::path::{Path, PathBuf};
use std::time::Instant;

use counted::PURPOSES;
use rows::{Goal, Row, number};

/// What the log of one exchange takes when it is not measured.
const LOG_BYTES: f64 = 300.0;

#[tokio::main]
async fn main() {
    let quick = std::env::args().any(|argument| argument == "--quick");
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("the target directory");
    let folder = target.join("bench");
    std::fs::create_dir_all(&folder).expect("a folder for the results");

    let (mut rows, mut exchange) = counts(quick).await;
    if quick {
        rows.extend(measured::left_out("it takes the release build; leave out --quick"));
    } else {
        let (measured, log_bytes) = measured::all(target, &folder).await;
        rows.extend(measured);
        exchange.log_bytes = log_bytes;
    }
    rows.push(cost(&exchange));

    println!("{}", rows::table(&rows));
    println!("{}", rows::notes(&rows));
    println!("{}", machine());
    let file: PathBuf = folder.join("sotto.json");
    rows::write(&rows, &file).expect("the results are written");
    println!("written to {}", file.display());
}

/// The figures that are counted, and what an exchange of the widget takes.
async fn counts(quick: bool) -> (Vec<Row>, prices::Exchange) {
    let mut rows = Vec::new();
    let mut without_cursor = Vec::new();
    for (id, turns) in [
        ("exchange_requests_10", 10),
        ("exchange_requests_100", 100),
        ("exchange_requests_1000", 1_000),
    ] {
        let exchange = counted::exchanges(turns, false).await;
        let units = format!(
            "{} write and {} read units; {} write",
            number(exchange.write_units),
            number(exchange.read_units),
            number(exchange.writes),
        );
        let note = format!(
            "{units}, the read is the end of the log; the peer is four requests' worth of units in one transaction"
        );
        without_cursor.push(exchange.read_units);
        rows.push(count(id, exchange.requests, "requests", 2.0, Some(1.0), None, &note));
    }
    let cursor = counted::exchanges(1_000, true).await;
    let note = format!(
        "{} write and {} read units; the widget sends the cursor",
        number(cursor.write_units),
        number(cursor.read_units)
    );
    rows.push(count(
        "exchange_requests_cursor",
        cursor.requests,
        "requests",
        1.0,
        Some(1.0),
        None,
        &note,
    ));

    let sized = counted::sized().await;
    let note = "message and reply together 900 bytes; peer: Database Encryption SDK";
    rows.push(count(
        "exchange_write_units_900b",
        sized.write_units,
        "write units",
        1.0,
        Some(1.0),
        Some(2.0),
        note,
    ));
    let note = "the item less message and reply; the id of the cited entry, stored with them, counts as overhead; peer: Database Encryption SDK, at least 600";
    rows.push(count(
        "event_overhead_bytes",
        exact(sized.overhead_bytes),
        "bytes",
        120.0,
        Some(98.0),
        Some(600.0),
        note,
    ));

    let calls = exact(counted::kms_calls_per_1000().await);
    let note = "1,000 messages in 100 conversations; peer: a data key an item";
    rows.push(count(
        "kms_calls_per_1000_warm",
        calls,
        "calls",
        0.0,
        Some(0.0),
        Some(1_000.0),
        note,
    ));

    let touch = counted::first_touch().await;
    let note = format!(
        "calls in sequence within the invocation, of {} to DynamoDB and {} to KMS; init has made {} and {} before",
        touch.invocation.0, touch.invocation.1, touch.init.0, touch.init.1
    );
    rows.push(count(
        "first_touch_requests",
        exact(touch.in_sequence),
        "calls in sequence",
        3.0,
        Some(2.0),
        None,
        &note,
    ));

    let calls = exact(counted::kms_calls_of_eight_at_once().await);
    let note = "the first eight requests of a function, all at once; one call a purpose; peer: each for itself";
    let purposes = exact(PURPOSES);
    rows.push(count(
        "kms_calls_8_at_once",
        calls,
        "calls",
        purposes,
        Some(purposes),
        Some(8.0 * purposes),
        note,
    ));

    let conversations = if quick { 100 } else { 500 };
    let mut kms_calls = 0.0;
    for (id, functions) in [("kms_calls_w10", 10), ("kms_calls_w100", 100)] {
        let (row, calls) = routed(id, functions, conversations).await;
        rows.push(row);
        if functions == 10 {
            kms_calls = calls;
        }
    }
    // Once in the five minutes for which a branch key is kept.
    let kms_calls = kms_calls * (86_400.0 / 300.0) / prices::EXCHANGES_PER_DAY;
    let exchange = prices::Exchange {
        write_units: cursor.write_units,
        read_units: cursor.read_units,
        kms_calls,
        log_bytes: LOG_BYTES,
    };
    (rows, exchange)
}

/// KMS calls of several functions, for a few conversations and for many.
async fn routed(id: &'static str, functions: usize, conversations: u32) -> (Row, f64) {
    const TURNS: u32 = 20;
    let few = counted::routed(functions, conversations / 5, TURNS).await;
    let many = counted::routed(functions, conversations, TURNS).await;
    let each = exact(functions);
    // Of W functions a conversation of M messages meets W(1-(1-1/W)^M), each of which unwraps its key.
    let met = each * (1.0 - (1.0 - 1.0 / each).powi(20));
    let note = format!(
        "{} messages in {conversations} conversations routed at random, not 10,000 conversations: {} messages in {} took {}, so it is flat in them; {PURPOSES} purposes, one call a function each; peer: a wrapped key a conversation, cached, by its formula",
        many.messages,
        few.messages,
        conversations / 5,
        few.kms_calls
    );
    let calls = exact(many.kms_calls);
    let floor = exact(many.functions * PURPOSES);
    let row =
        count(id, calls, "calls", floor, Some(floor), Some(met * f64::from(conversations)), &note);
    (row, calls)
}

fn cost(exchange: &prices::Exchange) -> Row {
    let note = format!(
        "list prices of us-east-1 on 1 November 2026 without free tier; HTTP API, 256 MB arm64 for 10 ms (not measured on Lambda), {} write and {} read units, {} KMS calls (a million exchanges a day on 10 functions), {} bytes of log; the read without the cursor would add 0.125 a unit",
        number(exchange.write_units),
        number(exchange.read_units),
        number(exchange.kms_calls),
        number(exchange.log_bytes)
    );
    let floor = Some(prices::floor_usd_per_million());
    count("usd_per_million", exchange.usd_per_million(), "USD", 2.10, floor, Some(2.66), &note)
}

fn count(
    id: &'static str,
    value: f64,
    unit: &'static str,
    at_most: f64,
    floor: Option<f64>,
    peer: Option<f64>,
    note: &str,
) -> Row {
    Row {
        id,
        value: Ok(value),
        unit,
        goal: Goal::AtMost(at_most),
        floor,
        peer,
        note: note.to_owned(),
    }
}

/// What the times were taken on.
fn machine() -> String {
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let cpu = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or("unknown").to_owned();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    format!(
        "{}, {cores} cores, load average {load}",
        cpu.map_or("unknown processor", |(_, name)| name)
    )
}

fn exact<N: TryInto<u32>>(count: N) -> f64 {
    f64::from(count.try_into().ok().expect("a small count"))
}

#[expect(clippy::disallowed_methods, reason = "a duration that is measured, not decided by")]
fn stopwatch() -> Instant {
    Instant::now()
}
