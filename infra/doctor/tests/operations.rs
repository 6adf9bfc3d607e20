//! docs/operations.md and the doctor say of the template and the code what these say themselves.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test that meets what it does not expect has to stop there"
)]

use std::collections::BTreeSet;

use doctor::finding::Chapter;
use shared::http::metrics;
use template::{DEPLOYED, Template};

const PAGE: &str = include_str!("../../../docs/operations.md");

/// The headings as the links to them are made.
fn anchors() -> BTreeSet<String> {
    let headings = PAGE.lines().filter(|line| line.starts_with('#'));
    headings
        .map(|line| {
            let words = line.trim_start_matches(['#', ' ']).to_lowercase();
            let kept = words.chars().filter(|one| one.is_alphanumeric() || " -".contains(*one));
            kept.collect::<String>().replace(' ', "-")
        })
        .collect()
}

/// The first cells of the rows of the table below a line that starts so, without backticks.
fn cells(head: &str) -> Vec<(String, String)> {
    let rows = PAGE.lines().skip_while(|line| !line.starts_with(head)).skip(2);
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
        let anchor = chapter.link().strip_prefix("docs/operations.md#").unwrap();
        assert!(anchors.contains(anchor), "no heading for {anchor}");
    }
    let links = PAGE.split("](#").skip(1).map(|rest| rest.split(')').next().unwrap());
    for link in links {
        assert!(anchors.contains(link), "no heading for {link}");
    }
    // What an alarm's description points to.
    for rest in DEPLOYED.split("docs/operations.md#").skip(1) {
        let end = rest.find(|one: char| !one.is_alphanumeric() && one != '-').unwrap_or(rest.len());
        assert!(anchors.contains(&rest[..end]), "no heading for {} of the template", &rest[..end]);
    }
}

#[test]
fn every_parameter_is_described_and_nothing_else_is() {
    let document = Template::deployed().unwrap().document();
    let names = document["Parameters"].as_object().unwrap().keys().cloned();
    let described = cells("| parameter |").into_iter().map(|(name, _)| name);
    assert_eq!(described.collect::<BTreeSet<_>>(), names.collect::<BTreeSet<_>>());
}

#[test]
fn every_metric_is_described() {
    let described = cells("| metric |").into_iter().map(|(name, _)| name);
    let names = metrics::names().into_iter().map(ToOwned::to_owned);
    assert_eq!(described.collect::<BTreeSet<_>>(), names.collect::<BTreeSet<_>>());
}
