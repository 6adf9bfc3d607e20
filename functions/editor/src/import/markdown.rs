//! Markdown: `## title`, list items are phrasings, the rest is the answer. Anything before the first title
//! is left out.

use shared::problem::FieldCode;
use shared::text::RawText;
use shared::values::entry::RawEntry;

use super::{Fault, Found, Parsed};

#[derive(Default)]
struct Section<'a> {
    line: usize,
    title: &'a str,
    questions: Vec<&'a str>,
    answer: Vec<&'a str>,
}

pub(super) fn parse(bytes: &[u8]) -> Parsed {
    let mut sections: Vec<Section<'_>> = Vec::new();
    let mut faults: Vec<Fault> = Vec::new();
    for (line, at) in bytes.split(|byte| *byte == b'\n').zip(1..) {
        let Ok(text) = str::from_utf8(line) else {
            faults.push(Fault { line: at, code: FieldCode::NotUnicode });
            continue;
        };
        let text = text.trim_end();
        if let Some(title) = title(text) {
            sections.push(Section { line: at, title, ..Section::default() });
        } else if let Some(section) = sections.last_mut() {
            match item(text) {
                Some(question) => section.questions.push(question),
                None => section.answer.push(text),
            }
        }
    }
    if sections.is_empty() {
        faults.push(Fault { line: 1, code: FieldCode::NoTitle });
    }
    let found = sections.into_iter().map(|section| Ok(section.found()));
    found.chain(faults.into_iter().map(Err)).collect()
}

/// The title of a heading of the second level or below; those of the first name the file.
fn title(line: &str) -> Option<&str> {
    let rest = line.trim_start_matches('#');
    let level = line.len() - rest.len();
    ((2..=6).contains(&level) && rest.starts_with(' '))
        .then(|| rest.trim().trim_end_matches('#').trim_end())
}

fn item(line: &str) -> Option<&str> {
    let line = line.trim_start();
    ["- ", "* ", "+ "].iter().find_map(|bullet| line.strip_prefix(bullet)).map(str::trim)
}

impl Section<'_> {
    fn found(self) -> Found {
        let answer = self.answer.join("\n");
        let (answer, title) = (answer.trim(), self.title);
        let some = |text: &str| Some(RawText::from(text)).filter(|_| !text.is_empty());
        let entry = RawEntry {
            title: some(title),
            // A title that asks is a phrasing too.
            questions: self
                .questions
                .iter()
                .copied()
                .chain(Some(title).filter(|title| title.ends_with('?')))
                .map(RawText::from)
                .collect(),
            answer: some(answer),
            ..RawEntry::default()
        };
        Found { line: self.line, entry }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entries::judge;

    #[test]
    fn headings_are_titles_items_are_phrasings_and_the_rest_is_the_answer() {
        let file = "# Our help\n\nIntro.\n\n## Returns ##\n- How do I return it?\n* send back\n\nPrint the \
                    label.\n\nThen post it.\n### When are you open?\nNine to five.\n## Empty\n";
        let parsed = parse(file.as_bytes());
        let entries: Vec<_> =
            parsed.into_iter().flatten().map(|found| (found.line, judge(found.entry))).collect();
        let returns = entries[0].1.as_ref().unwrap();
        assert_eq!((entries[0].0, &*returns.title), (5, "Returns"));
        assert_eq!(returns.questions, ["How do I return it?", "send back"]);
        assert_eq!(returns.answer, "Print the label.\n\nThen post it.");
        assert_eq!(entries[1].1.as_ref().unwrap().questions, ["When are you open?"]);
        let codes: Vec<_> = entries[2].1.as_ref().unwrap_err().iter().map(|e| e.code).collect();
        assert_eq!(codes, [FieldCode::NoAnswer, FieldCode::NoQuestion]);
    }
}
