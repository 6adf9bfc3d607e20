//! JSON Lines: an entry a line, as the API gives it.

use serde::Deserialize;
use shared::problem::FieldCode;
use shared::text::RawText;
use shared::values::entry::RawEntry;
use shared::values::object::Object;

use super::{Fault, Found, Parsed};

/// A line. What the server sets, and what the query says, may stand in it and does not count.
#[derive(Deserialize)]
struct Line {
    title: Option<RawText>,
    #[serde(default)]
    questions: Vec<RawText>,
    question: Option<RawText>,
    #[serde(default)]
    near_misses: Vec<RawText>,
    answer: Option<RawText>,
    url: Option<RawText>,
    #[serde(default)]
    keep_together: Vec<RawText>,
    review_on: Option<RawText>,
}

pub(super) fn parse(bytes: &[u8]) -> Parsed {
    let lines = bytes.split(|byte| *byte == b'\n').zip(1..);
    let is_blank = |line: &[u8]| line.iter().all(u8::is_ascii_whitespace);
    lines
        .filter(|(line, _)| !is_blank(line))
        .map(|(json, line)| match serde_json::from_slice::<Object<Line>>(json) {
            Ok(Object(read)) => {
                let questions = read.questions.into_iter().chain(read.question).collect();
                let entry = RawEntry {
                    title: read.title,
                    questions,
                    near_misses: read.near_misses,
                    answer: read.answer,
                    url: read.url,
                    keep_together: read.keep_together,
                    review_on: read.review_on,
                };
                Ok(Found { line, entry })
            }
            Err(_) => Err(Fault { line, code: FieldCode::BadFormat }),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_no_object_costs_itself() {
        let file = b"{\"title\":\"A\",\"questions\":[\"a?\"],\"answer\":\"a\",\"id\":\"x\"}\n\n[1]\n{\"title\":";
        let lines: Vec<_> = parse(file)
            .into_iter()
            .map(|found| found.map(|f| f.line).map_err(|f| f.line))
            .collect();
        assert_eq!(lines, [Ok(1), Err(3), Err(4)]);
    }
}
