//! The operator's pages and the doctor agree with the template and the code.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test that meets what it does not expect has to stop there"
)]

use std::collections::BTreeSet;

use checks::finding::Chapter;
use shared::http::metrics;
use template::{DEPLOYED, Template};

/// The operator's pages by their place.
const PAGES: [(&str, &str); 5] = [
    ("docs/deploy.md", include_str!("../../../docs/deploy.md")),
    ("docs/upgrade-and-restore.md", include_str!("../../../docs/upgrade-and-restore.md")),
    ("docs/runbooks.md", include_str!("../../../docs/runbooks.md")),
    ("docs/authentication.md", include_str!("../../../docs/authentication.md")),
    ("docs/privacy.md", include_str!("../../../docs/privacy.md")),
];

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
    for rest in DEPLOYED.split(" See docs/").skip(1) {
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
