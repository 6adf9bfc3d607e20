//! The bot's knowledge when `cargo local` begins: the demo shop, or a folder of one's own.

use std::fs;
use std::path::Path;

use editor::{Content, FileKind, Refused, begin_with, parse_file};
use serde::Deserialize;
use shared::bot::SourceEntry;
use shared::http::staff_app::App;
use shared::problem::Problem;
use shared::store::knowledge::{Edition, Evaluation, Published};
use shared::values::entry::Entry;
use shared::values::site::Site;

/// The demo shop: entries, the base that `cargo knowledge publish` made of them, and how it was judged.
const DEMO: [(&str, &str, &[u8], &str); 2] = [
    (
        "en",
        include_str!("../demo/knowledge/en.json"),
        include_bytes!("../demo/knowledge/en.model"),
        include_str!("../demo/knowledge/en.judged.json"),
    ),
    (
        "de",
        include_str!("../demo/knowledge/de.json"),
        include_bytes!("../demo/knowledge/de.model"),
        include_str!("../demo/knowledge/de.judged.json"),
    ),
];

#[derive(Deserialize)]
struct Judged {
    evaluation: Evaluation,
    missed: Vec<String>,
}

/// The demo shop's content in a language; nothing in one that the demo does not speak.
#[must_use]
pub fn demo(locale: &str) -> Option<Content> {
    let (_, entries, bytes, judged) = DEMO.iter().find(|(known, ..)| *known == locale)?;
    let entries: Vec<SourceEntry> = serde_json::from_str(entries).ok()?;
    let Judged { evaluation, missed } = serde_json::from_str(judged).ok()?;
    let published = |SourceEntry { id, title, questions, answer, url }| {
        let entry = Entry {
            title,
            questions,
            near_misses: Vec::new(),
            answer,
            url,
            keep_together: Vec::new(),
            review_on: None,
        };
        Published { id, entry }
    };
    let edition = Edition { entries: entries.into_iter().map(published).collect(), missed };
    Some(Content { edition, base: Some((bytes.to_vec(), evaluation)) })
}

/// Publishes the content of each language in which nothing is published yet.
pub(crate) async fn publish(app: &App, folder: Option<&Path>) -> Result<(), String> {
    let site = Site::SHIPPED;
    for locale in site.locales {
        let content = match folder {
            None => demo(locale),
            Some(folder) => read(folder, locale)?,
        };
        let Some(content) = content else { continue };
        let failed = |problem: Problem| {
            format!("What the bot knows cannot be published: {}.", problem.code.title())
        };
        Box::pin(begin_with(app, (site.id, locale), content)).await.map_err(failed)?;
    }
    Ok(())
}

/// The file of a language, if the folder has one.
fn read(folder: &Path, locale: &str) -> Result<Option<Content>, String> {
    for (kind, extension) in FileKind::ALL {
        let path = folder.join(format!("{locale}.{extension}"));
        if !path.exists() {
            continue;
        }
        let name = path.display();
        let bytes = fs::read(&path).map_err(|error| format!("{name} cannot be read: {error}."))?;
        let refused = |Refused { line, code }| format!("{name}, line {line}: {code}.");
        let entries = parse_file(kind, &bytes).map_err(refused)?;
        let edition = Edition { entries, missed: Vec::new() };
        return Ok(Some(Content { edition, base: None }));
    }
    Ok(None)
}
