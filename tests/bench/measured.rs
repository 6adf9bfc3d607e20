//! Measurements of the functions as they are shipped, each in a process of its own, against a
//! Runtime API and an AWS behind TLS.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use shared::seal::transport::KemSuite;

use crate::process::{Cast, Program};
use crate::rows::{Goal, Row};
use crate::stage::Stage;
use crate::{Parts, exact, exports, instructions, progress, release, times};

/// Why a figure was not asked for.
pub(crate) const NOT_ASKED: &str = "only some figures were asked for; leave out the arguments";
/// Resident memory is read after this many.
const INVOCATIONS: usize = 21;

/// Builds and measures the parts asked for; gives all rows, and the bytes of log of one exchange.
pub(crate) async fn rows(parts: &Parts, target: &Path, folder: &Path) -> (Vec<Row>, Option<f64>) {
    let mut counted = instructions::missing(NOT_ASKED);
    let mut timed = times::missing(NOT_ASKED);
    let not_asked = || Err(NOT_ASKED.to_owned());
    let mut sizes = vec![zip(not_asked()), resident(not_asked())];
    let mut exported = exports::missing(NOT_ASKED);
    let mut log_bytes = None;
    if ["instructions", "times", "sizes", "exports"].iter().any(|name| parts.has(name)) {
        progress("building the functions by the release profile");
        let binaries = release::build(target);
        // Of this run alone: two runs at once must not take one another's certificates.
        let scratch = tempfile::tempdir().expect("a folder of this run");
        let stage = Stage::set(scratch.path()).await;
        let cast = cast(&stage, &binaries, folder).await;
        if parts.has("instructions") {
            let counts = runs(Command::new("valgrind").arg("--version"));
            counted = if counts {
                instructions::count(&stage, &cast, folder).await
            } else {
                instructions::missing("valgrind is not installed")
            };
        }
        if parts.has("sizes") {
            let talk = stage.talk(KemSuite::XWing, true).await;
            let run = cast.function.run(&talk, INVOCATIONS, scratch.path()).await;
            let (bytes, name) = release::largest_zip(&binaries);
            let note = format!("the zip of {name}, the largest of the three functions");
            sizes = vec![zip(Ok(exact(bytes))).note(note), resident(Ok(run.resident_mib))];
            log_bytes = Some(exact(run.logged) / exact(INVOCATIONS));
        }
        if parts.has("exports") {
            progress("exporting up to 100,000 messages");
            exported = exports::take(&stage, &cast.function, scratch.path()).await;
        }
        if parts.has("times") {
            timed = times::take(&stage, &cast, scratch.path()).await;
        }
    }
    (counted.into_iter().chain(timed).chain(sizes).chain(exported).collect(), log_bytes)
}

fn zip(value: Result<f64, String>) -> Row {
    Row::new("zip_bytes_max", value, "bytes", Goal::AtMost(4e6))
}

fn resident(value: Result<f64, String>) -> Row {
    Row::new("rss_mib_max", value, "MiB", Goal::AtMost(16.0)).peer(47.0).note(
        "resident after 21 invocations; peer: Python with boto3, measured on another day; Node 64",
    )
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
