//! Times, as ratios of programs that took turns in this run.

use std::path::Path;
use std::process::Command;

use shared::seal::transport::KemSuite;

use crate::exact;
use crate::process::{Cast, Program, Run};
use crate::progress;
use crate::rows::{Goal, Row, number};
use crate::stage::Stage;

const ROUNDS: usize = 21;
/// If more cores than this work for others, no goal is judged by a time.
const QUIET_CORES: f64 = 0.5;

/// The times of one run.
struct Taken {
    function: Times,
    bare: Times,
    floor: Times,
    node: Result<Times, String>,
    python: Result<Times, String>,
    busy_cores: f64,
}

/// Milliseconds of one program, each the median of its rounds.
struct Times {
    ready: f64,
    first_reply: f64,
}

/// Takes them; gives the rows.
pub(crate) async fn take(stage: &Stage, cast: &Cast, folder: &Path) -> Vec<Row> {
    progress("taking times");
    let ours = stage.talk(KemSuite::XWing, true).await;
    let peers = stage.talk_to_peer().await;
    let programs = [
        Ok(&cast.function),
        Ok(&cast.bare),
        Ok(&cast.floor),
        cast.node.as_ref(),
        cast.python.as_ref(),
    ];
    let mut runs: [Vec<Run>; 5] = Default::default();
    let mut busy_cores = busy_cores_of_others();
    for round in 0..ROUNDS {
        for (place, program) in programs.iter().enumerate() {
            let Ok(program) = program else { continue };
            let talk = if place == 0 { &ours } else { &peers };
            runs[place].push(program.run(talk, 1, folder).await);
        }
        if round == ROUNDS / 2 {
            busy_cores = busy_cores.max(busy_cores_of_others());
        }
    }
    let [function, bare, floor, node, python] = runs;
    let other = |program: &Result<Program, String>, runs: &[Run]| match program {
        Ok(_) => Ok(Times::median(runs)),
        Err(why) => Err(why.clone()),
    };
    rows(&Ok(Taken {
        function: Times::median(&function),
        bare: Times::median(&bare),
        floor: Times::median(&floor),
        node: other(&cast.node, &node),
        python: other(&cast.python, &python),
        busy_cores,
    }))
}

/// The rows without figures.
pub(crate) fn missing(why: &str) -> Vec<Row> {
    rows(&Err(why.to_owned()))
}

fn rows(taken: &Result<Taken, String>) -> Vec<Row> {
    vec![
        over(taken, "cold_ratio_node", |taken| &taken.node, 25.0),
        over(taken, "cold_ratio_python", |taken| &taken.python, 40.0),
        over_floor(taken),
    ]
}

/// How often our start goes into that of another.
fn over(
    taken: &Result<Taken, String>,
    id: &'static str,
    other: fn(&Taken) -> &Result<Times, String>,
    at_least: f64,
) -> Row {
    let row = |value| Row::new(id, value, "times", Goal::AtLeast(at_least)).peer(1.0);
    let Ok(taken) = taken else { return row(taken.as_ref().map(|_| 0.0).map_err(Clone::clone)) };
    let other = match other(taken) {
        Ok(times) => times,
        Err(why) => return row(Err(why.clone())),
    };
    let ours = &taken.function;
    row(Ok(other.first_reply / ours.first_reply)).unclaimed(taken.noise()).note(format!(
        "process start to first reply over TLS, {} ms against {} ms for one put; to the first question for an event {} against {}; medians of {ROUNDS} interleaved rounds",
        number(ours.first_reply),
        number(other.first_reply),
        number(ours.ready),
        number(other.ready),
    ))
}

fn over_floor(taken: &Result<Taken, String>) -> Row {
    let value = taken.as_ref().map(|taken| taken.function.ready / taken.floor.ready);
    let row = Row::new("cold_ratio_floor", value.map_err(Clone::clone), "times", Goal::AtMost(1.6));
    let Ok(taken) = taken else { return row.floor(1.0) };
    row.floor(1.0)
        .peer(taken.bare.ready / taken.floor.ready)
        .unclaimed(taken.noise())
        .note(format!(
            "process start to the first question for an event over that of the Lambda runtime alone, {} ms against {} ms; peer: the bare handler with {} ms, and {} ms to its first reply",
            number(taken.function.ready),
            number(taken.floor.ready),
            number(taken.bare.ready),
            number(taken.bare.first_reply),
        ))
}

impl Taken {
    fn noise(&self) -> Option<String> {
        (self.busy_cores > QUIET_CORES)
            .then(|| format!("others kept {} cores busy", number(self.busy_cores)))
    }
}

impl Times {
    fn median(runs: &[Run]) -> Self {
        let median = |time: fn(&Run) -> f64| {
            let mut times: Vec<_> = runs.iter().map(time).collect();
            times.sort_by(f64::total_cmp);
            times[times.len() / 2]
        };
        Self {
            ready: median(|run| run.ready.as_secs_f64() * 1e3),
            first_reply: median(|run| run.first_reply.as_secs_f64() * 1e3),
        }
    }
}

/// How many cores are at work while this process waits for two seconds.
fn busy_cores_of_others() -> f64 {
    let before = busy_ticks();
    let waited = Command::new("sleep").arg("2").status();
    let ticks = busy_ticks().saturating_sub(before);
    // A hundred ticks a second, whatever the kernel's own clock.
    if waited.is_ok() { exact(ticks) / 200.0 } else { f64::INFINITY }
}

fn busy_ticks() -> u64 {
    let statistics = std::fs::read_to_string("/proc/stat").unwrap_or_default();
    let cpu = statistics.lines().next().unwrap_or_default();
    let ticks = cpu.split_ascii_whitespace().skip(1).map(|ticks| ticks.parse().unwrap_or(0));
    // User, nice, system; then idle and waiting, which are none; then interrupts and stolen time.
    ticks
        .enumerate()
        .filter(|(place, _)| !matches!(place, 3 | 4 | 8 | 9))
        .map(|(_, ticks): (_, u64)| ticks)
        .sum()
}
