//! The steps of a rehearsal, in their order.

mod audits;
mod doctor;
pub mod operations;
mod parameters;
mod removal;
mod roles;
mod rollout;
mod schedule;
mod stream;
mod suite;
pub mod upgrade;
mod wrappers;

use crate::aws::Aws;
use crate::cli::Rehearsal;
use crate::command::{Failure, ensure};
use crate::emulator::Emulator;
use crate::report::{Report, say};
use crate::stack::{NAME, Package, Stack};
use crate::steps::suite::Suite;
use crate::{root, stack, target};

/// The pages that may call the rehearsed stack.
const ORIGIN: &str = "https://shop.example";
/// The parameters of a stack that is thrown away. All its guests come from one network.
const PARAMETERS: [&str; 3] =
    ["SiteOrigins=https://shop.example", "DeletionProtection=off", "GuestLimit=0"];

/// The template as it stands, from a wrong parameter to its removal.
pub fn stack(wanted: &Rehearsal, package: &Package, report: &mut Report) {
    let mut made = None;
    report.step("build the tests of a deployed address", || {
        made = Some(Suite::build()?);
        Ok(1)
    });
    let Some(suite) = made else { return };
    let mut started = None;
    report.step("start the local AWS with IAM evaluation", || {
        started = Some(Emulator::start()?);
        Ok(1)
    });
    let Some(emulator) = started else { return };
    let aws = &emulator.aws;

    let mut uploaded = None;
    report.step("wrong parameters stop before anything is made", || {
        let package = package.upload(aws, emulator.folder().join("packaged.yaml"))?;
        let checks = parameters::refused(&package, aws)?;
        uploaded = Some(package);
        Ok(checks)
    });
    let mut deployed = None;
    report.step("sam deploy template.yaml", || {
        let stack = package.deploy(aws, &PARAMETERS)?;
        let checks = first_deployment(&stack)?;
        deployed = Some(stack);
        Ok(checks)
    });
    let Some(stack) = deployed else { return log(&emulator) };

    let state = emulator.folder().join("visits.json");
    report.step("the contract, at the deployed address", || suite.contract(&stack));
    report.step("gateway, page and pin, at the deployed address", || suite.gateway(&stack));
    report.step("visitors leave something behind", || suite.visit(&stack, &state));
    report.step("the schedule fires, with its role's rights", || schedule::fires(&stack));
    report.step("a poison record ends in the queue and holds up nobody", || {
        stream::poison(&stack, &emulator)
    });
    // Before the forbidden calls: those that are allowed beside them leave broken items.
    report.step("an audit finds each planted fault, and none on the clean stack", || {
        audits::find(&stack)
    });
    report.step("what each role must not do is refused", || roles::refused(&stack));
    let uploaded = uploaded.as_ref().unwrap_or(package);
    report.step("an alarm stops a rollout", || rollout::alarm(uploaded, &stack));
    report.step("a version that fails its check is rolled back", || {
        rollout::broken(package, &stack, emulator.folder())
    });
    report.step("sam deploy again: a change takes over, data stays", || {
        let checks = rollout::change(uploaded, &stack)?;
        Ok(checks + suite.read_again(&stack, &state)?)
    });
    if wanted.keep {
        keep(&stack, &emulator);
    }
    // The functions' logs go with the stack.
    let told = report.failed();
    if told {
        log(&emulator);
    }
    report.step("the stack is removed, but for what it retains", || removal::remove(&stack));
    if report.failed() && !told {
        log(&emulator);
    }
}

/// The package to deploy: the functions as they are shipped.
///
/// # Errors
/// If one does not build, or was not built before although that was said.
pub fn package(wanted: &Rehearsal) -> Result<Package, Failure> {
    if wanted.skip_build {
        return Package::present();
    }
    Package::build(&root().join("template.yaml"), Package::place())
}

fn first_deployment(stack: &Stack) -> Result<usize, Failure> {
    let pin = stack.output("RootPin")?;
    ensure(pin.starts_with("sha256-"), || format!("RootPin is no pin: {pin}"))?;
    let snippet = stack.output("EmbedSnippet")?;
    ensure(snippet.contains(pin), || format!("the snippet does not pin {pin}: {snippet}"))?;
    ensure(stack.status()? == "CREATE_COMPLETE", || "the stack is not complete".to_owned())?;
    Ok(3)
}

fn keep(stack: &Stack, emulator: &Emulator) {
    let host = stack.host().unwrap_or_default();
    say(&format!("{NAME} is at {} with the header Host: {host}", stack.aws.endpoint()));
    say(&format!("its AWS logs to {}", emulator.log_file().display()));
    say("press Enter to remove it");
    let _ = std::io::stdin().read_line(&mut String::new());
}

/// Prints the end of the emulator's log after a failure, and keeps all of it in a file.
fn log(emulator: &Emulator) {
    let log = emulator.log();
    say(&crate::command::tail(&log));
    let place = target().join("rehearsal/emulator.log");
    if std::fs::create_dir_all(target().join("rehearsal")).is_ok()
        && std::fs::write(&place, log).is_ok()
    {
        say(&format!("all that the local AWS has logged is in {}", place.display()));
    }
    if let Ok(reasons) = stack::failed_events(&emulator.aws) {
        say(&reasons);
    }
    if let Ok(lines) = complaints(&emulator.aws) {
        say(&lines.join("\n"));
    }
}

/// The errors that the functions have logged; read before the stack is removed with its logs.
fn complaints(aws: &Aws) -> Result<Vec<String>, Failure> {
    let prefix = format!("/sotto/{NAME}/");
    let groups = aws.ask(&["logs", "describe-log-groups", "--log-group-name-prefix", &prefix])?;
    let mut found = Vec::new();
    for group in groups["logGroups"].as_array().into_iter().flatten() {
        let name = group["logGroupName"].as_str().unwrap_or_default();
        let events = aws.ask(&["logs", "filter-log-events", "--log-group-name", name])?;
        let lines = events["events"].as_array().into_iter().flatten();
        let signs = [r#""level":"ERROR""#, r#""status":5"#, "a call to "];
        let is_complaint = |line: &&str| signs.iter().any(|sign| line.contains(sign));
        let lines = lines.filter_map(|event| event["message"].as_str()).filter(is_complaint);
        found.extend(lines.map(|line| format!("{name}: {}", line.trim_end())));
    }
    Ok(found)
}
