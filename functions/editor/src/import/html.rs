//! HTML that somebody copied from a page: the questions that the page tells search engines (schema.org
//! `FAQPage`), otherwise what stands below headings, in definition lists and in folds. Nothing is fetched or
//! run, and no markup is kept.

use html5gum::{DefaultEmitter, StartTag, Token, Tokenizer};
use serde_json::Value;
use shared::problem::FieldCode;
use shared::text::RawText;
use shared::values::entry::RawEntry;

use super::{Fault, Found, Parsed};

/// Titles stand in these: those of the first level name the page.
const TITLES: [&[u8]; 8] = [b"h2", b"h3", b"h4", b"h5", b"h6", b"dt", b"summary", b"legend"];
/// Elements whose text is no answer.
const LEFT_OUT: [&[u8]; 13] = [
    b"script",
    b"style",
    b"head",
    b"nav",
    b"header",
    b"footer",
    b"noscript",
    b"template",
    b"form",
    b"button",
    b"select",
    b"svg",
    b"iframe",
];
/// A line ends with these.
const BLOCKS: [&[u8]; 20] = [
    b"p",
    b"div",
    b"ul",
    b"ol",
    b"li",
    b"br",
    b"tr",
    b"table",
    b"section",
    b"article",
    b"dd",
    b"dl",
    b"details",
    b"blockquote",
    b"pre",
    b"figure",
    b"main",
    b"aside",
    b"hr",
    b"td",
];
/// How deep a description for search engines is looked through.
const DEEPEST: usize = 16;

/// A title and what stands below it.
struct Section {
    line: usize,
    title: Text,
    answer: Text,
}

/// Text without the blanks of its source.
#[derive(Default)]
struct Text(String);

impl Text {
    fn add(&mut self, text: &str) {
        for (at, word) in text.split(char::is_whitespace).enumerate() {
            if at > 0 && !self.0.ends_with([' ', '\n']) && !self.0.is_empty() {
                self.0.push(' ');
            }
            self.0.push_str(word);
        }
    }

    fn end_line(&mut self) {
        self.0.truncate(self.0.trim_end_matches(' ').len());
        if !self.0.is_empty() && !self.0.ends_with('\n') {
            self.0.push('\n');
        }
    }
}

pub(super) fn parse(bytes: &[u8]) -> Parsed {
    let Ok(page) = str::from_utf8(bytes) else {
        let valid = bytes.utf8_chunks().next().map_or(0, |chunk| chunk.valid().len());
        let line = line_at(bytes, valid);
        return vec![Err(Fault { line, code: FieldCode::NotUnicode })];
    };
    let mut page = Page::of(page);
    page.read();
    let told: Vec<Section> = page.told;
    let sections = if told.is_empty() { page.sections } else { told };
    if sections.is_empty() {
        return vec![Err(Fault { line: 1, code: FieldCode::NoTitle })];
    }
    sections.into_iter().map(|section| Ok(section.found())).collect()
}

/// A page while it is read.
struct Page<'a> {
    source: &'a str,
    /// Questions that it tells search engines.
    told: Vec<Section>,
    /// Titles with what stands below.
    sections: Vec<Section>,
    /// The element in which text is left out, and how deep.
    left_out: Option<(Vec<u8>, usize)>,
    is_title: bool,
    /// A description for search engines, with the line where it begins.
    description: Option<(usize, String)>,
}

impl<'a> Page<'a> {
    const fn of(source: &'a str) -> Self {
        Self {
            source,
            told: Vec::new(),
            sections: Vec::new(),
            left_out: None,
            is_title: false,
            description: None,
        }
    }

    fn read(&mut self) {
        let mut emitter = DefaultEmitter::<usize>::new_with_span();
        emitter.naively_switch_states(true);
        for Ok(token) in Tokenizer::new_with_emitter(self.source, emitter) {
            match token {
                Token::StartTag(tag) => self.start(&tag),
                Token::EndTag(tag) => self.end(&tag.name),
                Token::String(text) => self.text(&String::from_utf8_lossy(&text.value)),
                Token::Comment(_) | Token::Doctype(_) | Token::Error(_) => {}
            }
        }
    }

    fn start(&mut self, tag: &StartTag<usize>) {
        let name = tag.name.as_slice();
        if let Some((out, depth)) = &mut self.left_out {
            *depth += usize::from(out.as_slice() == name && !tag.self_closing);
            return;
        }
        if LEFT_OUT.contains(&name) && !tag.self_closing {
            let kind = tag.attributes.get(b"type".as_slice());
            let is_description = name == b"script"
                && kind.is_some_and(|kind| kind.value.eq_ignore_ascii_case(b"application/ld+json"));
            let line = line_at(self.source.as_bytes(), tag.span.start);
            self.description = is_description.then(|| (line, String::new()));
            self.left_out = Some((name.to_vec(), 1));
        } else if TITLES.contains(&name) {
            let line = line_at(self.source.as_bytes(), tag.span.start);
            self.sections.push(Section { line, title: Text::default(), answer: Text::default() });
            self.is_title = true;
        } else if name == b"h1" {
            self.is_title = false;
        } else if let Some(section) = self.sections.last_mut().filter(|_| !self.is_title)
            && BLOCKS.contains(&name)
        {
            section.answer.end_line();
            if name == b"li" {
                section.answer.0.push_str("- ");
            }
        }
    }

    fn end(&mut self, name: &[u8]) {
        if let Some((out, depth)) = &mut self.left_out {
            *depth -= usize::from(out.as_slice() == name);
            if *depth == 0 {
                self.left_out = None;
                if let Some((line, json)) = self.description.take() {
                    let told = serde_json::from_str(&json).unwrap_or(Value::Null);
                    self.tell(&told, line, DEEPEST);
                }
            }
        } else if TITLES.contains(&name) {
            self.is_title = false;
        } else if let Some(section) = self.sections.last_mut()
            && BLOCKS.contains(&name)
        {
            section.answer.end_line();
        }
    }

    fn text(&mut self, text: &str) {
        if let Some((_, description)) = &mut self.description {
            description.push_str(text);
        } else if self.left_out.is_none()
            && let Some(section) = self.sections.last_mut()
        {
            if self.is_title { &mut section.title } else { &mut section.answer }.add(text);
        }
    }

    /// Takes the questions out of a description.
    fn tell(&mut self, described: &Value, line: usize, deep: usize) {
        let Some(deep) = deep.checked_sub(1) else { return };
        match described {
            Value::Array(all) => all.iter().for_each(|one| self.tell(one, line, deep)),
            Value::Object(fields) if described["@type"] == "Question" => {
                let answer = fields.get("acceptedAnswer").or_else(|| fields.get("suggestedAnswer"));
                let answer =
                    answer.map(|answer| if answer.is_array() { &answer[0] } else { answer });
                let answer = answer.and_then(|answer| answer["text"].as_str()).unwrap_or_default();
                let title = fields.get("name").and_then(Value::as_str).unwrap_or_default();
                let (title, answer) = (plain(title), plain(answer));
                self.told.push(Section { line, title, answer });
            }
            Value::Object(fields) => fields.values().for_each(|one| self.tell(one, line, deep)),
            _ => {}
        }
    }
}

/// The text of a piece of HTML.
fn plain(html: &str) -> Text {
    let mut page = Page::of(html);
    page.sections.push(Section { line: 1, title: Text::default(), answer: Text::default() });
    page.read();
    let mut text = Text::default();
    for Section { title, answer, .. } in page.sections {
        for part in [title, answer] {
            text.end_line();
            text.0.push_str(&part.0);
        }
    }
    text
}

impl Section {
    fn found(self) -> Found {
        let some = |text: &str| Some(RawText::from(text)).filter(|_| !text.is_empty());
        let (title, answer) = (self.title.0.trim(), self.answer.0.trim());
        let entry = RawEntry {
            title: some(title),
            questions: some(title).into_iter().collect(),
            answer: some(answer),
            ..RawEntry::default()
        };
        Found { line: self.line, entry }
    }
}

/// The line of a place, from 1.
fn line_at(bytes: &[u8], at: usize) -> usize {
    1 + bytes.iter().take(at).filter(|byte| **byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::entries::judge;

    fn read(page: &str) -> Vec<(usize, String, String)> {
        let entries = parse(page.as_bytes()).into_iter().flatten();
        let judged = entries.map(|found| (found.line, judge(found.entry).unwrap()));
        judged.map(|(line, entry)| (line, entry.title, entry.answer)).collect()
    }

    fn of(line: usize, title: &str, answer: &str) -> (usize, String, String) {
        (line, title.to_owned(), answer.to_owned())
    }

    #[test]
    fn titles_are_questions_and_what_stands_below_is_the_answer() {
        let page = "<html><head><title>Help</title><style>h2{}</style></head><body>\n\
            <nav><h2>Menu</h2><a href=/>Home</a></nav><h1>Our help</h1><p>Welcome.</p>\n\
            <h2 class=q>Where can I <b>park</b>?</h2>\n<p>Behind the\n   building&nbsp;&amp; in the yard.</p>\
            <ul><li>free<li>for everybody</ul>\n\
            <script>alert('<h2>no</h2>')</script><dl><dt>Dogs</dt><dd>On a lead.<br>They get water.</dd></dl>\n\
            <details><summary>Are you open on Sundays?</summary>No.</details><footer>Imprint</footer>";
        assert_eq!(
            read(page),
            [
                of(
                    3,
                    "Where can I park?",
                    "Behind the building & in the yard.\n- free\n- for everybody"
                ),
                of(6, "Dogs", "On a lead.\nThey get water."),
                of(7, "Are you open on Sundays?", "No."),
            ]
        );
    }

    #[test]
    fn what_a_page_tells_search_engines_comes_before_its_headings() {
        let page = r#"<h2>Menu</h2><p>Home</p>
            <script type="application/ld+json">{"@context":"https://schema.org","@graph":[{"@type":"FAQPage",
            "mainEntity":[{"@type":"Question","name":"May I bring my dog?","acceptedAnswer":{"@type":"Answer",
            "text":"<p>Yes.</p><p>On a <b>lead</b>.</p>"}},{"@type":"Question","name":"Price?",
            "acceptedAnswer":[{"text":"5 &lt; 6"}]}]}]}</script>"#;
        let yes = of(2, "May I bring my dog?", "Yes.\nOn a lead.");
        assert_eq!(read(page), [yes, of(2, "Price?", "5 < 6")]);
        // The headings count where the description cannot be read.
        let broken =
            "<script type=application/ld+json>{\"@type\":\"Question\"</script><h2>A?</h2>B.";
        assert_eq!(read(broken), [of(1, "A?", "B.")]);
    }

    #[test]
    fn what_has_no_answer_or_no_title_is_refused_with_its_line() {
        let codes = |page: &[u8]| -> Vec<(usize, &str)> {
            let code = |code: FieldCode| code.words().0;
            let judged = parse(page).into_iter().map(|found| match found {
                Err(fault) => Some((fault.line, code(fault.code))),
                Ok(found) => judge(found.entry).err().map(|all| (found.line, code(all[0].code))),
            });
            judged.flatten().collect()
        };
        assert_eq!(codes(b"<p>Nothing\n</p>"), [(1, "no_title")]);
        assert_eq!(codes(b"<h2>A?</h2>\n<h2> </h2>B"), [(1, "no_answer"), (2, "no_title")]);
        assert_eq!(codes(b"\n<h2>A?</h2>&lt;b>x&lt;/b>"), [(2, "markup")]);
        assert_eq!(codes(b"<h2>A</h2>\n\xff"), [(2, "not_unicode")]);
    }

    proptest! {
        #[test]
        fn no_page_makes_it_panic(page in "(<[a-z1-6/!-]{0,8}[ =\"'>]|[a-z &;\n]|<h2>|</h2>|<script|--){0,60}") {
            let _parsed = parse(page.as_bytes());
        }
    }
}
