//! Instructions, counted by valgrind's callgrind: the same on every machine, whatever else it does.
//! The files of callgrind stay in the folder of the results, for `callgrind_annotate`.

use std::path::Path;

use shared::seal::transport::KemSuite;

use crate::process::{Cast, Program};
use crate::progress;
use crate::rows::{Goal, Row, number};
use crate::stage::{Stage, Talk};

/// How often a warm exchange is counted.
const RUNS: usize = 3;

/// The counts of a run.
struct Counted {
    function: Instructions,
    bare: Instructions,
    /// Of the Lambda runtime alone, from its start to its first question for an event.
    floor: f64,
    /// A warm exchange that has to read the end of the log.
    reading: f64,
    /// TLS connections until the first reply.
    connections: u64,
    /// By the suite for browsers without the preferred one.
    fallback: Instructions,
}

/// Of one program.
struct Instructions {
    first_reply: f64,
    warm: f64,
}

/// Counts; gives the rows.
pub(crate) async fn count(stage: &Stage, cast: &Cast, folder: &Path) -> Vec<Row> {
    progress("counting instructions");
    let preferred = stage.talk(KemSuite::XWing, true).await;
    let reading = stage.talk(KemSuite::XWing, false).await;
    let fallback = stage.talk(KemSuite::X25519, true).await;
    let peer = stage.talk_to_peer().await;
    // AWS does not answer: otherwise chance would decide how far init comes until the process ends.
    let start = async |program: &Program| {
        let mut program = program.clone();
        program.environment.extend(stage.without_aws());
        exact(program.instructions(&peer, 0, folder).await)
    };
    let (started, bare_started) = (start(&cast.function).await, start(&cast.bare).await);
    let before = stage.connections();
    let first_reply = exact(cast.function.instructions(&preferred, 1, folder).await);
    let counted = Counted {
        connections: stage.connections() - before,
        floor: start(&cast.floor).await,
        function: Instructions {
            first_reply,
            warm: warm(&cast.function, &preferred, folder).await,
        },
        bare: invoked(&cast.bare, &peer, folder).await,
        reading: warm(&cast.function, &reading, folder).await,
        fallback: invoked(&cast.function, &fallback, folder).await,
    };
    rows(&Ok((started, bare_started, counted)))
}

/// The rows without figures.
pub(crate) fn missing(why: &str) -> Vec<Row> {
    rows(&Err(why.to_owned()))
}

fn rows(counted: &Result<(f64, f64, Counted), String>) -> Vec<Row> {
    let value = |figure: &dyn Fn(&(f64, f64, Counted)) -> f64| {
        counted.as_ref().map(figure).map_err(Clone::clone)
    };
    let row = |id, figure: &dyn Fn(&(f64, f64, Counted)) -> f64, most: f64| {
        Row::new(id, value(figure), "instructions", Goal::AtMost(most))
    };
    let bare_warm = value(&|(_, _, counted)| counted.bare.warm).ok();
    let fallback = |figure: fn(&Instructions) -> f64| {
        counted
            .as_ref()
            .map_or_else(|_| String::new(), |(.., counted)| number(figure(&counted.fallback)))
    };
    let connections = counted.as_ref().map_or(0, |(.., counted)| counted.connections);
    let reading = counted.as_ref().map_or_else(|_| String::new(), |(.., all)| number(all.reading));
    vec![
        row("cold_start_instructions", &|(ours, ..)| *ours, 2.5e6)
            .floor(value(&|(_, _, counted)| counted.floor).ok())
            .peer(value(&|(_, bare, _)| *bare).ok())
            .note("process start to the first question for an event, up to where init waits for AWS; floor: the Lambda runtime alone; peer: a bare SDK client with pinned roots"),
        row("first_reply_instructions", &|(.., counted)| counted.function.first_reply, 8.0e6)
            .peer(value(&|(.., counted)| counted.bare.first_reply).ok())
            .note(format!("process start to the first response of an exchange by X-Wing, keys read and unwrapped in init, over {connections} TLS connections; by X25519 {}; peer: a bare handler, which opens (X-Wing), checks a token and puts an item", fallback(|all| all.first_reply))),
        row("warm_exchange_instructions", &|(.., counted)| counted.function.warm, bare_warm.map_or(f64::NAN, |bare| 1.3 * bare))
            .peer(bare_warm)
            .note(format!("X-Wing, with the cursor; without it {reading}; by X25519 with it {}; (12 invocations less 2) / 10; peer: the bare handler", fallback(|all| all.warm))),
        Row::new("warm_ratio_bare_sdk", value(&|(.., counted)| counted.function.warm / counted.bare.warm), "times", Goal::AtMost(1.3))
            .floor(1.0)
            .note("a warm exchange over the bare handler's, both in instructions"),
    ]
}

async fn invoked(program: &Program, talk: &Talk, folder: &Path) -> Instructions {
    Instructions {
        first_reply: exact(program.instructions(talk, 1, folder).await),
        warm: warm(program, talk, folder).await,
    }
}

/// Instructions of one invocation among many: the start cancels out of the difference. Each is the
/// least of some runs, since now and then one opens a connection more than the other.
async fn warm(program: &Program, talk: &Talk, folder: &Path) -> f64 {
    let mut least = [u64::MAX; 2];
    for _ in 0..RUNS {
        for (least, invocations) in least.iter_mut().zip([2, 12]) {
            *least = program.instructions(talk, invocations, folder).await.min(*least);
        }
    }
    let [two, twelve] = least;
    exact(twelve - two) / 10.0
}

fn exact(count: u64) -> f64 {
    f64::from(u32::try_from(count).expect("four thousand million instructions are another program"))
}
