//! Reads the playbooks, refuses what is incomplete, and makes one file of them for the function.

#![expect(clippy::print_stdout, reason = "cargo reads it")]

use std::ops::RangeInclusive;
use std::path::Path;
use std::{env, fs};

use values::incident::{Action, Kind};

#[path = "../src/playbook.rs"]
mod playbook;

use playbook::{Playbook, Playbooks, Told};

/// Minutes that an incident may wait: detect looks every five minutes, and nothing waits for more than a day.
const ESCALATES_WITHIN: RangeInclusive<u32> = 5..=1_440;

fn main() -> Result<(), String> {
    let folder = Path::new("../../infra/playbooks");
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut books = Playbooks::new();
    for kind in Kind::ALL {
        let name = format!("{}.yaml", kind.as_str());
        let text = fs::read_to_string(folder.join(&name));
        let text = text.map_err(|error| format!("{name}: {error}"))?;
        let json = template::to_json(&text).map_err(|error| format!("{name}: {error}"))?;
        let book: Playbook =
            serde_json::from_value(json).map_err(|error| format!("{name}: {error}"))?;
        judge(&book).map_err(|fault| format!("{name}: {fault}"))?;
        books.insert(kind.as_str().to_owned(), book);
    }
    let files = fs::read_dir(folder).map_err(|error| error.to_string())?.count();
    if files != books.len() + 1 {
        return Err(format!("{files} files beside README.md for {} kinds", books.len()));
    }
    let json = serde_json::to_string(&books).map_err(|error| error.to_string())?;
    let out = env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?;
    fs::write(Path::new(&out).join("playbooks.json"), json).map_err(|error| error.to_string())
}

fn judge(book: &Playbook) -> Result<(), &'static str> {
    let Playbook {
        title,
        personal,
        refresher: _,
        tell,
        escalate_after_minutes,
        at_once,
        offered,
        nature,
        categories,
        consequences,
        measures: _,
        steps,
        over_when,
    } = book;
    if [title, nature, consequences, over_when].into_iter().any(String::is_empty) {
        return Err("a text is empty");
    }
    if !tell.contains(&Told::Console) {
        return Err("the console is not told");
    }
    if !ESCALATES_WITHIN.contains(escalate_after_minutes) {
        return Err("it escalates after 5 to 1,440 minutes");
    }
    if *personal && categories.is_empty() {
        return Err("personal data has no categories");
    }
    if steps.is_empty() {
        return Err("there are no steps");
    }
    if at_once.iter().chain(offered).any(|action| *action == Action::Lift) {
        return Err("lifting is no action of a playbook");
    }
    Ok(())
}
