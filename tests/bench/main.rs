//! Every figure that Sotto claims about its speed and cost, printed as one table and written to
//! `target/bench/sotto.json`.
//!
//! `cargo bench` takes all of them, `cargo bench -- --quick` only those that are counted in this
//! process, `cargo bench -- instructions` (or `times`, `sizes`, `exports`, `desk`) only those that are named. Counts
//! and instructions mean the same on every machine; times are ratios of programs that took turns in this
//! run. Nothing here ran on Lambda.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a figure that cannot be taken stops the bench"
)]
#![expect(clippy::print_stdout, reason = "it prints a table")]

mod audit;
mod counted;
mod counts;
mod crowd;
mod desk;
mod endpoint;
mod erasures;
mod exports;
mod incidents;
mod instructions;
mod measured;
mod passwords;
mod process;
mod publishing;
mod release;
mod rows;
mod runtime;
mod staff;
mod stage;
mod times;

use std::path::{Path, PathBuf};
use std::time::Instant;

/// The figures that are counted in this process.
const COUNTS: &str = "counts";

/// Which figures are asked for, by name; none means all.
struct Parts(Vec<String>);

#[tokio::main]
async fn main() {
    let parts = Parts::named_by(std::env::args().skip(1));
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("the target directory");
    let folder = target.join("bench");
    std::fs::create_dir_all(&folder).expect("a folder for the results");

    let mut rows = Vec::new();
    let mut exchange = None;
    if parts.has(COUNTS) {
        progress("counting requests, units and calls");
        let counted = counts::take(parts.0.is_empty()).await;
        rows.extend(counted.0);
        exchange = Some(counted.1);
    }
    rows.extend(if parts.has("desk") {
        Box::pin(desk::take(&folder)).await
    } else {
        desk::missing(measured::NOT_ASKED)
    });
    let (measured, log_bytes) = Box::pin(measured::rows(&parts, target, &folder)).await;
    rows.extend(measured);
    rows.extend(exchange.map(|exchange| counts::cost(&exchange, log_bytes)));

    println!("{}", rows::table(&rows));
    println!("{}", rows::notes(&rows));
    println!("{}", machine());
    let file: PathBuf = folder.join("sotto.json");
    rows::write(&rows, &file).expect("the results are written");
    println!("written to {}", file.display());
}

impl Parts {
    /// `--quick` is another name of `counts`; cargo itself adds `--bench`.
    fn named_by(arguments: impl Iterator<Item = String>) -> Self {
        let names = arguments.filter(|argument| argument != "--bench");
        Self(names.map(|name| if name == "--quick" { COUNTS.to_owned() } else { name }).collect())
    }

    fn has(&self, name: &str) -> bool {
        self.0.is_empty() || self.0.iter().any(|named| named == name)
    }
}

/// Tells the person who waits which step is under way.
#[expect(clippy::print_stderr, reason = "a bench of minutes says where it is")]
fn progress(what: &str) {
    eprintln!("{what}");
}

/// The machine on which the times were taken.
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
