//! `GET /v1/incidents/{id}/report`: a draft of what an authority has to be told (Article 33(3) GDPR), and of the
//! letter to those concerned (Article 34), as JSON or as a page to print.

use std::fmt::Write as _;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use shared::clock::{UnixMillis, rfc3339};
use shared::http::export::{asks_for_page, escape, printed};
use shared::http::request::IncidentPath;
use shared::http::response::Reply;
use shared::http::staff::{Allowed, Security};
use shared::problem::{Code, Problem};
use shared::store::incident::Incident;
use utoipa::ToSchema;
use values::incident::Action;

use crate::affected::{Affected, look};
use crate::parts::App;
use crate::playbook::Playbook;

/// The draft. A person completes it: what software cannot know stands in brackets.
#[derive(Serialize, ToSchema)]
pub struct ReportResponse {
    /// The nature of the breach.
    nature: String,
    /// Categories of data.
    categories: Vec<String>,
    /// How many people are concerned, as far as it is known.
    people: usize,
    /// How many conversations.
    records: usize,
    /// The person who answers questions.
    contact: String,
    /// Consequences that are likely.
    consequences: String,
    /// Measures that were taken.
    measures: Vec<String>,
    #[schema(required = true)]
    notify_authority_by: Option<String>,
    /// The letter to those concerned.
    letter: String,
}

#[utoipa::path(get, path = "/v1/incidents/{id}/report", params(("id" = String, Path)),
    responses((status = 200, content((ReportResponse = "application/json"), (String = "text/html")))))]
pub(crate) async fn get(
    State(app): State<App>,
    Allowed(..): Allowed<Security>,
    IncidentPath(id): IncidentPath,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let incident = app.incidents.find(id).await?.ok_or(Code::NotFound)?.value;
    let affected = look(&app, &incident).await?;
    let book = app.playbook(incident.kind);
    let report = ReportResponse::draft(book, &incident, &affected);
    if asks_for_page(&headers) {
        return printed("Report of an incident", &report.markup(&incident));
    }
    Ok(Reply(StatusCode::OK, report).into_response())
}

impl ReportResponse {
    fn draft(book: &Playbook, incident: &Incident, affected: &Affected) -> Self {
        let (from, to) = (said_at(affected.window.0), said_at(affected.window.1));
        let nature = format!("{} It was noticed at {}.", book.nature, said_at(incident.opened_ms));
        let mut measures = book.measures.clone();
        for taken in &incident.actions {
            let end = taken.lifted_ms.map(|at_ms| format!(", lifted at {}", said_at(at_ms)));
            let (what, at) = (said(taken.action), said_at(taken.at_ms));
            measures.push(format!("{what} at {at}{}.", end.unwrap_or_default()));
        }
        let what = if book.categories.is_empty() {
            "no data of yours".to_owned()
        } else {
            book.categories.join(", ")
        };
        let letter = format!(
            "[Name],\n\nyou have written to us in the chat of [site]. On {opened} we noticed that something is \
             not as it should be: {nature}\n\nIt concerns: {what}, between {from} and {to}.\n\n{consequences}\n\n\
             We have done this: {measures}\n\nYou need not do anything. If you have written something in the chat \
             by which somebody could get in elsewhere, such as a password, change it there. Questions are \
             answered by [name of the privacy officer, address, telephone]. You may complain to [supervisory \
             authority].\n\n[Name, organisation]",
            opened = said_at(incident.opened_ms),
            nature = book.nature,
            consequences = book.consequences,
            measures = measures.join(" "),
        );
        Self {
            nature,
            categories: book.categories.clone(),
            people: affected.people(),
            records: affected.conversations.len(),
            contact: "[Name of the privacy officer, address, telephone]".to_owned(),
            consequences: book.consequences.clone(),
            measures,
            notify_authority_by: incident.notify_by_ms.map(rfc3339),
            letter,
        }
    }

    fn markup(&self, incident: &Incident) -> String {
        let mut page = String::new();
        let mut row = |name: &str, value: &str| {
            let _infallible = write!(page, "<dt>{name}</dt><dd>");
            escape(value, &mut page);
            page.push_str("</dd>");
        };
        let categories = self.categories.join(", ");
        row("Incident", &incident.id.to_string());
        row("Nature of the breach, Article 33(3)(a)", &self.nature);
        row("Categories of data", if categories.is_empty() { "none" } else { &categories });
        row("People concerned, as far as it is known", &self.people.to_string());
        row("Conversations concerned", &self.records.to_string());
        row("Contact, Article 33(3)(b)", &self.contact);
        row("Likely consequences, Article 33(3)(c)", &self.consequences);
        row("Measures, Article 33(3)(d)", &self.measures.join(" "));
        let by = incident.notify_by_ms.map(said_at);
        row(
            "To be told by",
            by.as_deref().unwrap_or("No personal data is concerned: nobody has to be told."),
        );
        let mut body = format!(
            "<p>A draft. A person completes what stands in brackets, and decides.</p><dl>{page}</dl>\
             <h2>Letter to those concerned, Article 34</h2>"
        );
        for part in self.letter.split("\n\n") {
            body.push_str("<p>");
            escape(part, &mut body);
            body.push_str("</p>");
        }
        body
    }
}

/// A time as people write it, to the minute.
fn said_at(at_ms: UnixMillis) -> String {
    let time = rfc3339(at_ms);
    let minute = time.get(..16).unwrap_or(&time);
    format!("{} UTC", minute.replacen('T', " ", 1))
}

fn said(action: Action) -> &'static str {
    match action {
        Action::LockAccount => "The account was locked",
        Action::RevokeSessions => "All sessions of the account were ended",
        Action::FreezeExports => {
            "Exports by the staff were frozen, while subjects still get their own data,"
        }
        Action::LockDownSite => "The site was locked",
        Action::SlowNetwork => "The network was slowed",
        Action::StopModel => "The model was stopped",
        Action::Lift => "An action was lifted",
    }
}
