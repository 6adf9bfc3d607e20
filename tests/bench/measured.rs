//! What is measured on the functions as they are shipped, each in a process of its own, against a
//! Runtime API and an AWS behind TLS.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use shared::seal::transport::KemSuite;

use crate::process::{Program, Run};
use crate::release;
use crate::rows::{Goal, Row, number};
use crate::stage::{Stage, Talk};

const ROUNDS: usize = 21;
/// More cores than this at work for others, and no time is claimed.
const QUIET_CORES: f64 = 0.5;

/// Instructions of one program.
struct Instructions {
    start: u64,
    first_reply: u64,
    warm: f64,
}

/// Milliseconds of one program, each the median of its rounds.
struct Times {
    ready: f64,
    first_reply: f64,
}

/// Who takes part, and what each is told.
struct Cast {
    function: Program,
    bare: Program,
    floor: Program,
    node: Result<Program, String>,
    python: Result<Program, String>,
}

/// Builds and measures; gives the rows, and the bytes of log of one exchange.
pub(crate) async fn all(target: &Path, folder: &Path) -> (Vec<Row>, f64) {
    let binaries = release::build(target);
    let stage = Stage::set(folder).await;
    let cast = cast(&stage, &binaries, folder).await;
    let mut rows = instructions(&stage, &cast, folder).await;
    rows.extend(times(&stage, &cast, folder).await);
    let (size, log_bytes) = sizes(&stage, &cast, &binaries, folder).await;
    rows.extend(size);
    (rows, log_bytes)
}

/// The same rows without figures.
pub(crate) fn left_out(why: &str) -> Vec<Row> {
    let mut rows = instruction_rows(None, why);
    rows.extend(time_rows(&Err(why.to_owned())));
    let missing = || Err(why.to_owned());
    rows.extend([zip_row(missing(), String::new()), resident_row(missing())]);
    rows
}

async fn cast(stage: &Stage, binaries: &Path, folder: &Path) -> Cast {
    let peer = stage.peer().await;
    let ours = |name: &str, environment| Program {
        command: vec![binaries.join(name).into_os_string()],
        environment,
    };
    let node = bundle(folder).map(|bundle| Program {
        command: vec!["node".into(), bundle.into_os_string()],
        environment: peer.clone(),
    });
    let python = python().map(|python| Program {
        command: vec![python, "-B".into(), peers().join("python/peer.py").into_os_string()],
        environment: peer.clone(),
    });
    Cast {
        function: ours("intake", stage.function()),
        bare: ours("bare", peer.clone()),
        floor: ours("floor", peer),
        node,
        python,
    }
}

async fn instructions(stage: &Stage, cast: &Cast, folder: &Path) -> Vec<Row> {
    if !runs(Command::new("valgrind").arg("--version")) {
        return instruction_rows(None, "valgrind is not installed");
    }
    let preferred = stage.talk(KemSuite::XWing, true).await;
    let function = count(&cast.function, &preferred, folder).await;
    let bare = count(&cast.bare, &stage.talk_to_peer().await, folder).await;
    let start = cast.floor.instructions(&preferred, 0, folder).await;
    let reading = warm(&cast.function, &stage.talk(KemSuite::XWing, false).await, folder).await;
    let fallback = warm(&cast.function, &stage.talk(KemSuite::X25519, true).await, folder).await;
    let details = format!(
        "X-Wing, with the cursor; without it {}, by X25519 {}",
        number(reading),
        number(fallback)
    );
    instruction_rows(Some((&function, &bare, start, &details)), "")
}

async fn count(program: &Program, talk: &Talk, folder: &Path) -> Instructions {
    Instructions {
        start: program.instructions(talk, 0, folder).await,
        first_reply: program.instructions(talk, 1, folder).await,
        warm: warm(program, talk, folder).await,
    }
}

/// Instructions of one invocation among many: the start cancels out of the difference.
async fn warm(program: &Program, talk: &Talk, folder: &Path) -> f64 {
    let two = program.instructions(talk, 2, folder).await;
    let twelve = program.instructions(talk, 12, folder).await;
    exact(twelve - two) / 10.0
}

fn instruction_rows(
    counted: Option<(&Instructions, &Instructions, u64, &str)>,
    why: &str,
) -> Vec<Row> {
    let row = |id, value: Option<f64>, unit, at_most, floor, peer, note: &str| Row {
        id,
        value: value.ok_or_else(|| why.to_owned()),
        unit,
        goal: Goal::AtMost(at_most),
        floor,
        peer,
        note: note.to_owned(),
    };
    let ours = |figure: fn(&Instructions) -> f64| counted.map(|(ours, ..)| figure(ours));
    let bare = |figure: fn(&Instructions) -> f64| counted.map(|(_, bare, ..)| figure(bare));
    let floor = counted.map(|(_, _, floor, _)| exact(floor));
    let details = counted.map_or("", |(.., details)| details);
    let warm = ours(|counted| counted.warm);
    let bare_warm = bare(|counted| counted.warm);
    let ratio = warm.zip(bare_warm).map(|(ours, bare)| ours / bare);
    vec![
        row(
            "cold_start_instructions",
            ours(|counted| exact(counted.start)),
            "instructions",
            2.5e6,
            floor,
            bare(|counted| exact(counted.start)),
            "process start to the first question for an event; floor: the Lambda runtime alone; peer: a bare SDK client with pinned roots",
        ),
        row(
            "first_reply_instructions",
            ours(|counted| exact(counted.first_reply)),
            "instructions",
            8.0e6,
            None,
            bare(|counted| exact(counted.first_reply)),
            "process start to the first response; TLS to DynamoDB and KMS, keys unwrapped, an exchange; peer: a bare handler, which opens, checks a token and puts an item",
        ),
        row(
            "warm_exchange_instructions",
            warm,
            "instructions",
            bare_warm.map_or(f64::NAN, |bare| 1.3 * bare),
            None,
            bare_warm,
            details,
        ),
        row(
            "warm_ratio_bare_sdk",
            ratio,
            "times",
            1.3,
            Some(1.0),
            Some(1.0),
            "a warm exchange over the bare handler's, both in instructions",
        ),
    ]
}

async fn times(stage: &Stage, cast: &Cast, folder: &Path) -> Vec<Row> {
    let preferred = stage.talk(KemSuite::XWing, true).await;
    let peer = stage.talk_to_peer().await;
    let others = busy_cores_of_others();
    let missing = |why: &Result<Program, String>| why.as_ref().err().cloned();
    let mut runs: [Vec<Run>; 5] = Default::default();
    let mut quiet = others;
    for round in 0..ROUNDS {
        let programs = [
            Some(&cast.function),
            Some(&cast.bare),
            Some(&cast.floor),
            cast.node.as_ref().ok(),
            cast.python.as_ref().ok(),
        ];
        for (place, program) in programs.into_iter().enumerate() {
            let Some(program) = program else { continue };
            let talk = if place == 0 { &preferred } else { &peer };
            runs[place].push(program.run(talk, 1, folder).await);
        }
        if round == ROUNDS / 2 {
            quiet = quiet.max(busy_cores_of_others());
        }
    }
    let [function, bare, floor, node, python] = runs.map(|runs| median_times(&runs));
    let all = function.zip(bare).zip(floor);
    let Some(((function, bare), floor)) = all else { return time_rows(&Err("no run".to_owned())) };
    time_rows(&Ok(Taken {
        function,
        bare,
        floor,
        node: node.ok_or_else(|| missing(&cast.node).unwrap_or_default()),
        python: python.ok_or_else(|| missing(&cast.python).unwrap_or_default()),
        busy_cores: quiet,
    }))
}

/// The times of one run.
struct Taken {
    function: Times,
    bare: Times,
    floor: Times,
    node: Result<Times, String>,
    python: Result<Times, String>,
    busy_cores: f64,
}

fn time_rows(taken: &Result<Taken, String>) -> Vec<Row> {
    let quiet = |taken: &Taken| {
        if taken.busy_cores <= QUIET_CORES {
            Ok(())
        } else {
            Err(format!(
                "others keep {} cores busy, so no time is claimed",
                number(taken.busy_cores)
            ))
        }
    };
    let ratio = |id, peer: fn(&Taken) -> Result<&Times, String>, at_least: f64| {
        let figures = taken.as_ref().map_err(Clone::clone).and_then(|taken| {
            let peer = peer(taken)?;
            let note = format!(
                "process start to first reply over TLS: {} ms against {} ms, medians of {ROUNDS} interleaved rounds; to the first question for an event {} against {}; {} cores busy for others",
                number(taken.function.first_reply), number(peer.first_reply),
                number(taken.function.ready), number(peer.ready), number(taken.busy_cores)
            );
            Ok((peer.first_reply / taken.function.first_reply, note, quiet(taken)))
        });
        let (value, note) = match figures {
            Ok((value, note, Ok(()))) => (Ok(value), note),
            Ok((value, note, Err(loud))) => {
                (Err(format!("{loud} ({} times: {note})", number(value))), String::new())
            }
            Err(why) => (Err(why), String::new()),
        };
        Row {
            id,
            value,
            unit: "times",
            goal: Goal::AtLeast(at_least),
            floor: None,
            peer: Some(1.0),
            note,
        }
    };
    vec![
        ratio("cold_ratio_node", |taken| taken.node.as_ref().map_err(Clone::clone), 25.0),
        ratio("cold_ratio_python", |taken| taken.python.as_ref().map_err(Clone::clone), 40.0),
        cold_floor(taken),
    ]
}

fn cold_floor(taken: &Result<Taken, String>) -> Row {
    let note = taken.as_ref().map_or_else(|_| String::new(), |taken| {
        format!(
            "process start to the first question for an event, over the Lambda runtime alone: {} ms against {} ms; the bare handler takes {} ms, and {} ms to its first reply",
            number(taken.function.ready), number(taken.floor.ready), number(taken.bare.ready), number(taken.bare.first_reply)
        )
    });
    Row {
        id: "cold_ratio_floor",
        value: taken
            .as_ref()
            .map(|taken| taken.function.ready / taken.floor.ready)
            .map_err(Clone::clone),
        unit: "times",
        goal: Goal::AtMost(1.6),
        floor: Some(1.0),
        peer: taken.as_ref().ok().map(|taken| taken.bare.ready / taken.floor.ready),
        note,
    }
}

async fn sizes(stage: &Stage, cast: &Cast, binaries: &Path, folder: &Path) -> (Vec<Row>, f64) {
    const INVOCATIONS: usize = 21;
    let talk = stage.talk(KemSuite::XWing, true).await;
    let run = cast.function.run(&talk, INVOCATIONS, folder).await;
    let (zip, name) = release::largest_zip(binaries);
    let rows = vec![
        zip_row(Ok(exact(zip)), format!("the zip of {name}, the largest of the three")),
        resident_row(Ok(run.resident_mib)),
    ];
    (rows, exact(run.logged) / exact(INVOCATIONS))
}

fn zip_row(value: Result<f64, String>, note: String) -> Row {
    Row {
        id: "zip_bytes_max",
        value,
        unit: "bytes",
        goal: Goal::AtMost(4e6),
        floor: None,
        peer: None,
        note,
    }
}

fn resident_row(value: Result<f64, String>) -> Row {
    Row {
        id: "rss_mib_max",
        value,
        unit: "MiB",
        goal: Goal::AtMost(16.0),
        floor: None,
        peer: Some(47.0),
        note: "resident after 21 invocations; peer: Python with boto3, Node 64".to_owned(),
    }
}

/// Bundles the Node peer, whose packages have to be there.
fn bundle(folder: &Path) -> Result<PathBuf, String> {
    let place = peers().join("node");
    let esbuild = place.join("node_modules/.bin/esbuild");
    let bundle = folder.join("peer.cjs");
    if !runs(Command::new("node").arg("--version")) {
        return Err("Node is not installed".to_owned());
    }
    let mut command = Command::new(esbuild);
    command
        .arg(place.join("peer.mjs"))
        .args(["--bundle", "--minify", "--platform=node", "--target=node20", "--format=cjs"])
        .arg(format!("--outfile={}", bundle.display()));
    if runs(&mut command) {
        Ok(bundle)
    } else {
        Err("the SDK for JavaScript is missing: npm --prefix tests/bench/peers/node ci".to_owned())
    }
}

/// Python with boto3.
fn python() -> Result<OsString, String> {
    let python = env::var_os("SOTTO_PYTHON").unwrap_or_else(|| "python3".into());
    if runs(Command::new(&python).args(["-c", "import boto3"])) {
        Ok(python)
    } else {
        Err("boto3 is missing: source \"$(.ci/tools)\"".to_owned())
    }
}

fn peers() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("bench/peers")
}

fn runs(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
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

fn median_times(runs: &[Run]) -> Option<Times> {
    let median = |time: fn(&Run) -> f64| {
        let mut times: Vec<_> = runs.iter().map(time).collect();
        times.sort_by(f64::total_cmp);
        times.get(times.len() / 2).copied()
    };
    Some(Times {
        ready: median(|run| run.ready.as_secs_f64() * 1e3)?,
        first_reply: median(|run| run.first_reply.as_secs_f64() * 1e3)?,
    })
}

fn exact<N: TryInto<u64>>(count: N) -> f64 {
    let count = count.try_into().ok().expect("a count");
    // Counts of instructions stay far below 2^52.
    (0..2).fold(0.0, |sum, half| {
        let part = u32::try_from(count >> (32 * (1 - half)) & 0xffff_ffff).unwrap_or(0);
        sum * 4_294_967_296.0 + f64::from(part)
    })
}
