//! CSV (RFC 4180): a header with the names of the columns, then a line for each entry or phrasing.

use csv::{ReaderBuilder, StringRecord};
use shared::problem::FieldCode;
use shared::text::RawText;
use shared::values::entry::RawEntry;
use shared::values::spreadsheet::plain;

use super::{Fault, Found, Parsed};

/// An entry whose lines are still coming.
#[derive(Default)]
struct Row {
    line: usize,
    title: String,
    questions: Vec<String>,
    near_misses: Vec<String>,
    answer: String,
    url: String,
}

/// The places of the columns.
struct Columns {
    title: usize,
    question: usize,
    answer: usize,
    url: Option<usize>,
    near_misses: Option<usize>,
}

impl Columns {
    fn of(header: &StringRecord) -> Option<Self> {
        let find = |wanted: &[&str]| {
            header.iter().position(|name| wanted.contains(&&*name.trim().to_ascii_lowercase()))
        };
        Some(Self {
            title: find(&["title"])?,
            question: find(&["question", "questions"])?,
            answer: find(&["answer"])?,
            url: find(&["url"]),
            near_misses: find(&["near_misses"]),
        })
    }
}

/// Lines of one title are one entry, wherever they stand; the first answer and address count.
pub(super) fn parse(bytes: &[u8]) -> Parsed {
    // Line ends as they are stored, and as the library counts them.
    let bytes = &*without_returns(bytes);
    let first = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    // Spreadsheets of some countries separate by semicolons.
    let count = |sign: u8| first.split(|byte| *byte == sign).count();
    let delimiter = if count(b';') > count(b',') { b';' } else { b',' };
    let mut reader = ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(bytes);
    let columns = reader.headers().ok().and_then(Columns::of);
    let Some(columns) = columns else {
        return vec![Err(Fault { line: 1, code: FieldCode::BadFormat })];
    };
    let (mut rows, mut faults): (Vec<Row>, Vec<Fault>) = (Vec::new(), Vec::new());
    let mut record = StringRecord::new();
    loop {
        match reader.read_record(&mut record) {
            Ok(false) => break,
            Ok(true) => {
                let line = record.position().map_or(0, csv::Position::line);
                add(&mut rows, &columns, &record, usize::try_from(line).unwrap_or_default());
            }
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                let line = usize::try_from(line).unwrap_or_default();
                faults.push(Fault { line, code: FieldCode::NotUnicode });
                if !matches!(error.kind(), csv::ErrorKind::Utf8 { .. }) {
                    break;
                }
            }
        }
    }
    let mut parsed: Vec<(usize, Result<Found, Fault>)> = faults
        .into_iter()
        .map(|fault| (fault.line, Err(fault)))
        .chain(rows.into_iter().map(|row| (row.line, Ok(row.found()))))
        .collect();
    parsed.sort_by_key(|(line, _)| *line);
    parsed.into_iter().map(|(_, found)| found).collect()
}

fn without_returns(bytes: &[u8]) -> Vec<u8> {
    let mut kept = Vec::with_capacity(bytes.len());
    let mut rest = bytes.iter().copied().peekable();
    while let Some(byte) = rest.next() {
        if byte != b'\r' || rest.peek() != Some(&b'\n') {
            kept.push(byte);
        }
    }
    kept
}

fn add(rows: &mut Vec<Row>, columns: &Columns, record: &StringRecord, line: usize) {
    let cell = |at: usize| plain(record.get(at).unwrap_or_default()).trim().to_owned();
    let title = cell(columns.title);
    let (answer, url) = (cell(columns.answer), columns.url.map(cell).unwrap_or_default());
    let listed = |at: usize| -> Vec<String> {
        let texts = cell(at);
        texts.split('|').map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned).collect()
    };
    let at = rows.iter().position(|row| row.title == title && !title.is_empty());
    let at = at.unwrap_or_else(|| {
        rows.push(Row { line, title, ..Row::default() });
        rows.len() - 1
    });
    let Some(row) = rows.get_mut(at) else { return };
    row.questions.extend(listed(columns.question));
    row.near_misses.extend(columns.near_misses.map(listed).unwrap_or_default());
    if row.answer.is_empty() {
        row.answer = answer;
    }
    if row.url.is_empty() {
        row.url = url;
    }
}

impl Row {
    fn found(self) -> Found {
        let Self { line, title, questions, near_misses, answer, url } = self;
        let raw = |texts: Vec<String>| texts.iter().map(|text| RawText::from(&**text)).collect();
        let some = |text: String| Some(RawText::from(&*text)).filter(|_| !text.is_empty());
        let entry = RawEntry {
            title: some(title),
            questions: raw(questions),
            near_misses: raw(near_misses),
            answer: some(answer),
            url: some(url),
            ..RawEntry::default()
        };
        Found { line, entry }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entries::judge;

    #[test]
    fn lines_of_one_title_are_one_entry() {
        let file = "title;question;answer;url\r\n\
                    Opening;When are you open?|opening hours;Nine to five.;/hours\r\n\
                    ;no title;An answer;\r\n\
                    Parcel;Where is it?;\"In the; post.\nSoon.\";\r\n\
                    Opening;Are you open on Sunday?;;\r\n";
        let parsed = parse(file.as_bytes());
        let mut entries = Vec::new();
        for found in parsed.into_iter().flatten() {
            entries.push((found.line, judge(found.entry)));
        }
        let lines: Vec<usize> = entries.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [2, 3, 4]);
        let opening = entries[0].1.as_ref().unwrap();
        let asked = ["When are you open?", "opening hours", "Are you open on Sunday?"];
        assert_eq!(
            (&opening.questions[..], opening.url.as_deref()),
            (&asked.map(str::to_owned)[..], Some("/hours"))
        );
        assert_eq!(entries[1].1.as_ref().unwrap_err()[0].code, FieldCode::NoTitle);
        assert_eq!(entries[2].1.as_ref().unwrap().answer, "In the; post.\nSoon.");
    }

    #[test]
    fn bytes_that_are_no_text_cost_their_line_and_no_other() {
        let mut file = b"title,question,answer\nA,\xff?,one\nB,b?,two\n".to_vec();
        let codes: Vec<_> = parse(&file)
            .into_iter()
            .map(|found| found.map(|f| f.line).map_err(|f| f.line))
            .collect();
        assert_eq!(codes, [Err(2), Ok(3)]);
        file.truncate(5);
        assert!(matches!(parse(&file)[..], [Err(Fault { line: 1, code: FieldCode::BadFormat })]));
        assert!(matches!(parse(b"")[..], [Err(Fault { line: 1, .. })]));
    }
}
