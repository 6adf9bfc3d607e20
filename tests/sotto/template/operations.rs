//! The limits and prices of docs/deploy.md are those of the code, the template and the bench.

use shared::http::request;
use shared::store::conversation::ROWS_PER_SUBJECT;
use shared::values::prices::PRICES;
use shared::values::site::Site;
use template::Template;

const PAGE: &str = include_str!("../../../docs/deploy.md");

/// The first cells of the rows of the table below a line that starts so, without backticks.
fn cells(head: &str) -> Vec<(String, String)> {
    let rows = PAGE.lines().skip_while(|line| !line.starts_with(head)).skip(2);
    let rows = rows.take_while(|line| line.starts_with('|'));
    let cells: Vec<_> = rows
        .map(|row| {
            let mut cells = row.trim_matches('|').split('|').map(|cell| cell.trim().to_owned());
            (cells.next().expect("a cell").replace('`', ""), cells.next().expect("a cell"))
        })
        .collect();
    assert!(!cells.is_empty(), "no table below {head}");
    cells
}

/// A cell of a table that is a whole number.
fn number(cell: &str) -> u64 {
    cell.parse().expect("a number")
}

#[test]
fn every_limit_is_the_codes() {
    let site = Site::find("default").expect("the site");
    let template = Template::deployed().expect("the template");
    let throttling = &template.properties("Api")["DefaultRouteSettings"];
    for (limit, value) in cells("| limit | value |") {
        let holds = match limit.as_str() {
            "characters of a message" => value == shared::text::MESSAGE_CHARACTERS.to_string(),
            "bytes of a body" => value == request::BODY_LIMIT.to_string(),
            "live conversations and contact of a subject" => value == ROWS_PER_SUBJECT.to_string(),
            "days that a conversation takes messages" => {
                value == site.policy.conversation_max_days().to_string()
            }
            "days that a transcript is kept" => value == site.policy.transcript_days().to_string(),
            "days that a contact is kept" => value == site.policy.lead_days().to_string(),
            "requests a second of the HTTP API" => {
                throttling["ThrottlingRateLimit"] == number(&value)
            }
            "requests at once of the HTTP API" => {
                throttling["ThrottlingBurstLimit"] == number(&value)
            }
            _ => false,
        };
        assert!(holds, "{limit}: {value}");
    }
}

#[test]
fn every_price_is_the_benchs_or_to_be_checked() {
    let head = "| a month | USD | price |";
    let rows = PAGE.lines().skip_while(|line| *line != head).skip(2);
    let rows: Vec<&str> = rows.take_while(|line| line.starts_with('|')).collect();
    assert!(rows.iter().any(|row| row.ends_with("` |")), "no price is the bench's");
    for row in rows {
        let cell = row.trim_end_matches(" |").rsplit("| ").next().expect("a cell");
        let (price, unit) = match cell.trim_matches('`') {
            "check" => continue,
            "kms_request" => (PRICES.kms_request * 1e6, "a million"),
            "log_gb" => (PRICES.log_gb, "a GB"),
            _ => panic!("no price of the bench: {row}"),
        };
        assert!(row.contains(&format!("{price:.2} {unit}")), "{row}: {price:.2}");
    }
}
