//! `GET /v1/knowledge/export`: the entries as a file, as they are edited.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use csv::{QuoteStyle, WriterBuilder};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use serde_json::json;
use shared::http::staff::{AgentOrAdmin, Allowed};
use shared::http::staff_app::App;
use shared::problem::{Code, FieldCode, Problem};
use shared::store::knowledge::Draft;
use shared::values::spreadsheet::neutral;

use crate::shelf::PlaceQuery;

#[utoipa::path(get, path = "/v1/knowledge/export",
    params(("site" = Option<String>, Query), ("locale" = Option<String>, Query),
        ("format" = Option<String>, Query,
            description = "`csv`, which is the default, or `jsonl`, which has every field.")),
    responses((status = 200,
        content((String = "text/csv"), (String = "application/jsonl")),
        description = "What an import takes. A cell that a spreadsheet would take for a formula has an \
                       apostrophe before it, which an import takes away.")))]
pub(crate) async fn get(
    State(app): State<App>,
    Allowed(..): Allowed<AgentOrAdmin>,
    query: PlaceQuery,
) -> Result<Response, Problem> {
    let drafts = app.store.drafts(query.place.shelf()).await?;
    let (file, kind, name) = match query.kind.as_deref() {
        None | Some("csv") => {
            (csv_of(&drafts), "text/csv; charset=utf-8", "attachment; filename=\"knowledge.csv\"")
        }
        Some("jsonl") => {
            let lines = Some(lines_of(&drafts).into_bytes());
            (lines, "application/jsonl", "attachment; filename=\"knowledge.jsonl\"")
        }
        Some(_) => return Err(Problem::invalid("/query/format", FieldCode::NotAllowed)),
    };
    let file = file.ok_or(Code::Internal)?;
    Ok(([(CONTENT_TYPE, kind), (CONTENT_DISPOSITION, name)], file).into_response())
}

/// A line for each entry. A phrasing with a `|` in it comes back as two; JSON Lines keep it.
fn csv_of(drafts: &[Draft]) -> Option<Vec<u8>> {
    let mut file = WriterBuilder::new()
        .quote_style(QuoteStyle::Always)
        .terminator(csv::Terminator::CRLF)
        .from_writer(b"title,question,answer,url,near_misses\r\n".to_vec());
    for Draft { entry, .. } in drafts {
        let url = entry.url.as_deref().unwrap_or_default();
        let (questions, near) = (entry.questions.join("|"), entry.near_misses.join("|"));
        let cells = [&*entry.title, &questions, &entry.answer, url, &near];
        file.write_record(cells.map(neutral)).ok()?;
    }
    file.into_inner().ok()
}

fn lines_of(drafts: &[Draft]) -> String {
    let lines = drafts.iter().map(|Draft { id, entry, .. }| {
        let line = json!({
            "id": id.as_str(),
            "title": entry.title,
            "questions": entry.questions,
            "near_misses": entry.near_misses,
            "answer": entry.answer,
            "url": entry.url,
            "keep_together": entry.keep_together,
            "review_on": entry.review_on,
        });
        format!("{line}\n")
    });
    lines.collect()
}
