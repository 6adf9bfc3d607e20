//! The operator's pages and the doctor agree with the template and the code.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test that meets what it does not expect has to stop there"
)]

use std::collections::BTreeSet;

use doctor::check::{functions, tables};
use doctor::finding::Chapter;
use shared::http::{metrics, request};
use shared::values::site::Site;

/// The operator's pages by their place.
const PAGES: [(&str, &str); 3] = [
    ("docs/deploy.md", include_str!("../../../docs/deploy.md")),
    ("docs/upgrade-and-restore.md", include_str!("../../../docs/upgrade-and-restore.md")),
    ("docs/runbooks.md", include_str!("../../../docs/runbooks.md")),
];
const TEMPLATE: &str = include_str!("../../../template.yaml");
const MESSAGES: &str = include_str!("../../../functions/intake/src/messages.rs");
const PRICES: &str = include_str!("../../../tests/bench/prices.rs");
const CONVERSATIONS: &str = include_str!("../../../functions/intake/src/conversations.rs");

/// The lines of all pages, one page after the other.
fn lines() -> impl Iterator<Item = &'static str> {
    PAGES.iter().flat_map(|(_, page)| page.lines())
}

/// The headings of all pages as links to them are written: `docs/deploy.md#parameters`.
fn anchors() -> BTreeSet<String> {
    let headings = PAGES.iter().flat_map(|(place, page)| {
        let headings = page.lines().filter(|line| line.starts_with('#'));
        headings.map(move |line| (place, line))
    });
    headings
        .map(|(place, line)| {
            let words = line.trim_start_matches(['#', ' ']).to_lowercase();
            let kept = words.chars().filter(|one| one.is_alphanumeric() || " -".contains(*one));
            format!("{place}#{}", kept.collect::<String>().replace(' ', "-"))
        })
        .collect()
}

/// The lines below a key of the template that stands at this depth.
fn section(key: &str, depth: usize) -> Vec<&'static str> {
    let head = format!("{}{key}:", " ".repeat(depth));
    let mut lines = TEMPLATE.lines().skip_while(|line| *line != head);
    assert!(lines.next().is_some(), "the template has no {key}");
    let inside = |line: &&str| {
        let indent = line.len() - line.trim_start().len();
        line.is_empty() || indent > depth || line.trim_start().starts_with('#')
    };
    lines.take_while(inside).collect()
}

/// The first cells of the rows of the table below a line that starts so, without backticks.
fn cells(head: &str) -> Vec<(String, String)> {
    let rows = lines().skip_while(|line| !line.starts_with(head)).skip(2);
    let rows = rows.take_while(|line| line.starts_with('|'));
    let cells: Vec<_> = rows
        .map(|row| {
            let mut cells = row.trim_matches('|').split('|').map(|cell| cell.trim().to_owned());
            (cells.next().unwrap().replace('`', ""), cells.next().unwrap())
        })
        .collect();
    assert!(!cells.is_empty(), "no table below {head}");
    cells
}

#[test]
fn every_link_of_a_finding_and_of_the_page_itself_has_its_heading() {
    let anchors = anchors();
    for chapter in Chapter::ALL {
        assert!(anchors.contains(chapter.link()), "no heading for {}", chapter.link());
    }
    // Links of a page to itself and to the other pages.
    for (place, page) in PAGES {
        for rest in page.split("](").skip(1) {
            let link = rest.split(')').next().unwrap();
            let (to, heading) = link.split_once('#').unwrap_or((link, ""));
            let to = if to.is_empty() { place.to_owned() } else { format!("docs/{to}") };
            if !heading.is_empty() && PAGES.iter().any(|(known, _)| *known == to) {
                let anchor = format!("{to}#{heading}");
                assert!(anchors.contains(&anchor), "no heading for {anchor} in {place}");
            }
        }
    }
    // Every alarm's description points to its runbook.
    let mut links = 0;
    for rest in TEMPLATE.split(" See docs/").skip(1) {
        let is_link = |one: char| one.is_alphanumeric() || "-.#".contains(one);
        let end = rest.find(|one| !is_link(one)).unwrap_or(rest.len());
        let anchor = format!("docs/{}", &rest[..end]);
        assert!(anchors.contains(&anchor), "no heading for {anchor} of the template");
        links += 1;
    }
    assert!(links > 0, "the template points to no runbook");
}

#[test]
fn every_parameter_is_described_and_nothing_else_is() {
    let lines = section("Parameters", 0);
    let names = lines.iter().filter_map(|line| {
        let name = line.strip_prefix("  ")?.strip_suffix(':')?;
        name.chars().all(char::is_alphanumeric).then(|| name.to_owned())
    });
    let described = cells("| parameter |").into_iter().map(|(name, _)| name);
    assert_eq!(described.collect::<BTreeSet<_>>(), names.collect::<BTreeSet<_>>());
}

#[test]
fn every_metric_is_described() {
    let described = cells("| metric |").into_iter().map(|(name, _)| name);
    let names = metrics::names().into_iter().map(ToOwned::to_owned);
    assert_eq!(described.collect::<BTreeSet<_>>(), names.collect::<BTreeSet<_>>());
}

#[test]
fn every_limit_is_the_codes() {
    let site = Site::find("default").unwrap();
    for (limit, value) in cells("| limit | value |") {
        let holds = match limit.as_str() {
            "characters of a message" => MESSAGES.contains(&format!("Text<1, {value}>")),
            "bytes of a body" => value == request::BODY_LIMIT.to_string(),
            "live conversations and contact of a subject" => {
                CONVERSATIONS.contains(&format!("CONVERSATIONS_PER_SUBJECT: i32 = {value};"))
            }
            "days that a conversation takes messages" => {
                value == site.policy.conversation_max_days().to_string()
            }
            "days that a transcript is kept" => value == site.policy.transcript_days().to_string(),
            "days that a contact is kept" => value == site.policy.lead_days().to_string(),
            "requests a second of the HTTP API" => {
                TEMPLATE.contains(&format!("ThrottlingRateLimit: {value}\n"))
            }
            "requests at once of the HTTP API" => {
                TEMPLATE.contains(&format!("ThrottlingBurstLimit: {value}\n"))
            }
            _ => false,
        };
        assert!(holds, "{limit}: {value}");
    }
}

#[test]
fn every_price_is_the_benchs_or_to_be_checked() {
    let head = "| a month | USD | price |";
    let rows = lines().skip_while(|line| *line != head).skip(2);
    let rows: Vec<&str> = rows.take_while(|line| line.starts_with('|')).collect();
    assert!(rows.iter().any(|row| row.ends_with("` |")), "no price is the bench's");
    for row in rows {
        let cell = row.trim_end_matches(" |").rsplit("| ").next().unwrap();
        let written = match cell.trim_matches('`') {
            "check" => continue,
            "kms_request" => row.contains("at 3.00 a million").then_some("kms_request: 3.00e-6,"),
            "log_gb" => row.contains("0.50 a GB").then_some("log_gb: 0.50,"),
            _ => None,
        };
        assert!(written.is_some_and(|price| PRICES.contains(price)), "{row}");
    }
}

#[test]
fn the_doctor_expects_the_tables_of_the_template() {
    let made = TEMPLATE.matches("Type: AWS::DynamoDB::Table\n").count();
    assert_eq!(tables::DESIGNS.len(), made);
    for design in &tables::DESIGNS {
        let text = section(design.logical, 2).join("\n");
        let recovery = match design.recovery_days {
            None => "{PointInTimeRecoveryEnabled: false}".to_owned(),
            Some(days) => {
                format!("{{PointInTimeRecoveryEnabled: true, RecoveryPeriodInDays: {days}}}")
            }
        };
        assert!(text.contains(&recovery), "{}: {recovery}", design.logical);
        let stream = text.split("StreamViewType: ").nth(1).and_then(|rest| rest.split('}').next());
        assert_eq!(stream, design.stream, "{}", design.logical);
        let index = text.split("IndexName: ").nth(1).and_then(|rest| rest.lines().next());
        assert_eq!(index, design.index, "{}", design.logical);
    }
}

#[test]
fn the_doctor_expects_the_environment_of_the_template() {
    let made = TEMPLATE.matches("Type: AWS::Serverless::Function\n").count();
    assert_eq!(functions::ENVIRONMENT.len(), made);
    for (function, expected) in functions::ENVIRONMENT {
        let lines = section(function, 2);
        let names = lines.iter().filter_map(|line| {
            let name = line.trim_start().split(':').next()?;
            name.starts_with("SOTTO_").then_some(name)
        });
        let names: BTreeSet<&str> = names.filter(|name| *name != "SOTTO_FUNCTION").collect();
        assert_eq!(names, expected.iter().copied().collect::<BTreeSet<_>>(), "{function}");
    }
}
