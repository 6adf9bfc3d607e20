//! docs/compliance.md is made of compliance.toml and of the controls of an audit, so that it has a row for each
//! demand and names only what is there.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use shared::values::control::{Control, Nature, Requirement};
use shared::values::incident::Severity;
use shared::values::policy::DAY_MS;
use toml::{Table, Value};

use crate::staff::documented::{everything, missing, sources};

const PAGE: &str = "docs/compliance.md";
const DATA: &str = include_str!("compliance.toml");

/// Nobody reads a longer page.
const MOST_WORDS: usize = 3_500;

/// The parts of the page in their order, each with the numbers that need a row; the mission's demands have
/// names alone.
const PARTS: [(&str, &[&str]); 5] = [
    (
        "mission",
        &[
            "instant answers at any hour",
            "hand-over to people",
            "less work and cost",
            "leads",
            "encryption in transit and at rest",
            "regular audits by tools, by hand, by outside experts",
            "several factors that keep improving",
            "training with refreshers and assessments",
            "updates and patches tested before they roll out",
            "monitoring in real time",
            "incident response: notify, mitigate, investigate",
            "feedback loops",
            "text or voice",
        ],
    ),
    (
        "asvs",
        &[
            "V1", "V2", "V3", "V4", "V5", "V6", "V7", "V8", "V9", "V10", "V11", "V12", "V13",
            "V14", "V15", "V16", "V17",
        ],
    ),
    (
        "gdpr",
        &[
            "5", "6", "7", "9", "12", "13", "14", "15", "16", "17", "18", "19", "20", "21", "22",
            "24", "25", "28", "30", "32", "33", "34", "35", "36", "44-49",
        ],
    ),
    (
        "ccpa",
        &[
            "1798.100",
            "1798.105",
            "1798.106",
            "1798.110",
            "1798.115",
            "1798.120",
            "1798.121",
            "1798.125",
            "1798.130",
            "1798.135",
            "1798.140",
            "1798.150",
            "11 CCR 7013, 7025",
            "11 CCR 7050-7053",
            "11 CCR 7120-7124",
            "11 CCR 7150-7157",
            "11 CCR 7200-7222",
        ],
    ),
    ("ai_act", &["4", "50"]),
];

/// The fields of a row that say why nothing, or not everything, is shown; with their words on the page.
const MARKS: [(&str, &str); 3] =
    [("not_met", "*not met*"), ("yours", "*yours*"), ("does_not_apply", "*does not apply*")];

/// The fields of a row that show something.
const PROOFS: [&str; 4] = ["tests", "flows", "figures", "reports"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn data() -> Table {
    DATA.parse().expect("the data")
}

fn text<'data>(table: &'data Table, field: &str) -> Option<&'data str> {
    table.get(field).map(|value| value.as_str().expect("a text"))
}

fn list<'data>(table: &'data Table, field: &str) -> Vec<&'data str> {
    let values = table.get(field).and_then(Value::as_array).into_iter().flatten();
    values.map(|value| value.as_str().expect("a text")).collect()
}

fn part<'data>(data: &'data Table, name: &str) -> &'data Table {
    data.get(name).and_then(Value::as_table).expect(name)
}

fn rows<'data>(data: &'data Table, name: &str) -> Vec<&'data Table> {
    let rows = part(data, name).get("row").and_then(Value::as_array).expect(name);
    rows.iter().map(|row| row.as_table().expect("a row")).collect()
}

/// The rows of all parts.
fn all_rows(data: &Table) -> impl Iterator<Item = &Table> {
    PARTS.into_iter().flat_map(move |(name, _)| rows(data, name))
}

/// The number of a row, or its name where the part has no numbers.
fn number(row: &Table) -> &str {
    text(row, "number").or_else(|| text(row, "name")).expect("a number or a name")
}

/// The anchor of a heading, as links to it are written.
fn anchor(heading: &str) -> String {
    let words = heading.trim_start_matches(['#', ' ']).to_lowercase();
    let kept = words.chars().filter(|sign| sign.is_alphanumeric() || " -_".contains(*sign));
    kept.collect::<String>().replace(' ', "-")
}

/// Whether the repository has that path, and the page that section.
fn is_place(place: &str) -> bool {
    let Some((page, section)) = place.split_once('#') else { return root().join(place).exists() };
    fs::read_to_string(root().join(page)).is_ok_and(|page| {
        let mut outside_of_code = page.split("\n```").step_by(2).flat_map(str::lines);
        outside_of_code.any(|line| line.starts_with('#') && anchor(line) == section)
    })
}

/// A place as the page names it: pages beside it as links, paths as they are.
fn named(place: &str) -> String {
    let Some(page) = place.strip_prefix("docs/") else { return format!("`{place}`") };
    let (file, _) = page.split_once('#').unwrap_or((page, ""));
    format!("[{file}]({page})")
}

/// The cells of a row.
fn cells(row: &Table) -> [String; 4] {
    let names = ["number", "name"].into_iter().filter_map(|field| text(row, field));
    let marks =
        MARKS.iter().filter_map(|(field, mark)| Some(format!("{mark}: {}", text(row, field)?)));
    let how = text(row, "how").map(str::to_owned).into_iter().chain(marks);
    let proofs = PROOFS.iter().flat_map(|field| {
        list(row, field).into_iter().map(move |name| match *field {
            "flows" => format!("\"{name}\""),
            "reports" => named(name),
            "figures" => format!("figure `{name}`"),
            _ => format!("`{name}`"),
        })
    });
    [
        names.collect::<Vec<_>>().join(" "),
        how.collect::<Vec<_>>().join("; "),
        list(row, "built").into_iter().map(named).collect::<Vec<_>>().join(", "),
        proofs.collect::<Vec<_>>().join(", "),
    ]
}

/// The paragraphs that ask for a control: an ASVS or SOC 2 number says by itself which text it is of.
fn asked_by(control: Control) -> String {
    let Requirement { asvs, gdpr, ccpa, soc2, ai_act } = control.requirement();
    let own = [asvs, gdpr].concat().into_iter().map(str::to_owned);
    let californian = ccpa.iter().map(|number| number.trim_start_matches("11 CCR ").to_owned());
    let rest = soc2.iter().map(|number| (*number).to_owned());
    let of_ai = ai_act.iter().map(|number| format!("AI Act {number}"));
    own.chain(californian).chain(rest).chain(of_ai).collect::<Vec<_>>().join(", ")
}

/// How long people have to mend a failure, by its severity.
fn mending() -> String {
    let days = |severity: &Severity| {
        let control = Control::ALL.iter().find(|one| one.nature().severity == *severity)?;
        Some(format!("{} days ({})", control.mend_within_ms() / DAY_MS, severity.as_str()))
    };
    Severity::ALL.iter().rev().filter_map(days).collect::<Vec<_>>().join(", ")
}

fn controls(data: &Table) -> String {
    let part = part(data, "controls");
    let title = text(part, "title").expect("a title");
    let intro = text(part, "intro").expect("an introduction").trim();
    let mut made = format!("\n## {title}\n\n{intro} {}.\n\n", mending());
    made += "| control | rule | severity | asked for by |\n|---|---|---|---|\n";
    for control in Control::ALL {
        let Nature { title, severity, by_hand_days, .. } = control.nature();
        let by_hand =
            by_hand_days.map(|days| format!(", by hand, {days} days")).unwrap_or_default();
        let (code, severity, asked_by) = (control.as_str(), severity.as_str(), asked_by(*control));
        let _infallible =
            writeln!(made, "| `{code}` | {title} | {severity}{by_hand} | {asked_by} |");
    }
    made
}

fn page() -> String {
    let data = data();
    let mut made = text(&data, "head").expect("a head").trim().to_owned() + "\n";
    for (name, _) in PARTS {
        let part = part(&data, name);
        let title = text(part, "title").expect("a title");
        let column = text(part, "column").expect("a column");
        let _infallible = write!(
            made,
            "\n## {title}\n\n| {column} | how | where | shown by |\n|---|---|---|---|\n"
        );
        for row in rows(&data, name) {
            let cells = cells(row);
            assert!(cells.iter().all(|cell| !cell.contains('|')), "{cells:?}");
            let _infallible = writeln!(made, "| {} |", cells.join(" | "));
        }
    }
    made + &controls(&data)
}

/// Run with `SOTTO_UPDATE=1` to write the page anew.
#[test]
fn the_published_page_is_what_the_data_and_the_controls_give() {
    let made = page();
    let path = root().join(PAGE);
    if std::env::var_os("SOTTO_UPDATE").is_some() {
        fs::write(&path, &made).expect("the page is written");
    }
    let published = fs::read_to_string(&path).unwrap_or_default();
    assert!(published == made, "{PAGE} is old: run with SOTTO_UPDATE=1 to write it anew");
    for control in Control::ALL {
        let row = format!("\n| `{}` | ", control.as_str());
        assert_eq!(made.matches(&row).count(), 1, "{control:?}");
    }
    let words = made.split_whitespace().count();
    assert!(words < MOST_WORDS, "{words} words");
}

#[test]
fn every_demand_chapter_and_article_has_its_row_and_every_row_its_proof_or_its_reason() {
    let data = data();
    for (name, numbers) in PARTS {
        let there: Vec<_> = rows(&data, name).into_iter().map(number).collect();
        assert_eq!(there, numbers, "{name}");
    }
    let fields = ["number", "name", "how", "built"];
    let known = |field: &str| {
        fields.contains(&field)
            || PROOFS.contains(&field)
            || MARKS.iter().any(|(mark, _)| *mark == field)
    };
    for row in all_rows(&data) {
        let number = number(row);
        for field in row.keys() {
            assert!(known(field), "{number}: {field} is no field");
        }
        let is_shown = PROOFS.iter().any(|field| !list(row, field).is_empty());
        let is_marked = MARKS.iter().any(|(field, _)| row.contains_key(*field));
        assert!(is_shown || is_marked, "{number} is neither shown by anything nor says why not");
        let is_said = row.contains_key("how") || is_marked;
        assert!(is_said && row.contains_key("name"), "{number} says nothing");
    }
}

#[test]
fn every_place_test_flow_and_figure_that_the_data_names_is_there() {
    let data = data();
    let everything = everything();
    let mut flows = String::new();
    sources(&root().join("tests/browser/flows"), "mjs", &mut flows);
    for row in all_rows(&data) {
        let number = number(row);
        for place in list(row, "built").into_iter().chain(list(row, "reports")) {
            assert!(is_place(place), "{number}: there is no {place}");
        }
        for test in list(row, "tests") {
            let cited = format!("`{test}`");
            // A name of fewer words would be overlooked on a page, so it is none here either.
            assert_eq!(missing(&cited, &everything), (Vec::new(), 1), "{number}: {test}");
        }
        for flow in list(row, "flows") {
            assert!(flows.contains(&format!("test(\"{flow}\"")), "{number}: no flow \"{flow}\"");
        }
        for figure in list(row, "figures") {
            let is_printed = everything.contains(&format!("\"{figure}\""));
            assert!(is_printed, "{number}: nothing prints {figure}");
        }
    }
}

#[test]
fn a_place_that_is_nowhere_is_found() {
    for there in ["README.md", "shared/bot/src", "docs/asvs.md", "docs/privacy.md#how-long"] {
        assert!(is_place(there), "{there}");
    }
    for nowhere in ["docs/nothing.md", "docs/nothing.md#how-long", "docs/privacy.md#how-short"] {
        assert!(!is_place(nowhere), "{nowhere}");
    }
    assert_eq!(anchor("## A message's way in and back"), "a-messages-way-in-and-back");
    assert_eq!(anchor("### `keys`: a conversation's row"), "keys-a-conversations-row");
}
