//! An audit as a page that a person can read and print; in the bundle it stands alone. Plain elements, no script, and
//! markup is only what stands in this file.

use std::cmp::Reverse;

use axum::response::{IntoResponse, Response};
use http::HeaderValue;
use http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use shared::http::export::escape;
use shared::problem::{Code, Problem};
use shared::seal::suite;
use shared::values::control::{Outcome, State};
use shared::values::encoding::base64;
use shared::values::incident::Severity;

use crate::items::{AuditItem, ControlItem, RequirementItem};

/// For A4, and for a screen.
const STYLE: &str = "@page{size:A4;margin:18mm 16mm}\
body{max-width:48rem;margin:2rem auto;padding:0 1.5rem;font:1rem/1.5 system-ui,sans-serif}\
@media print{body{max-width:none;margin:0;padding:0;font-size:10pt}}\
h2{break-after:avoid;border-bottom:2px solid #5b6b7b}\
h3{break-after:avoid;margin:1.5rem 0 .5rem}\
table{width:100%;border-collapse:collapse}\
th,td{padding:.375rem .75rem .375rem 0;border-top:1px solid #d3dbe3;text-align:start;vertical-align:top}\
dl{display:grid;grid-template-columns:12rem 1fr;gap:.25rem .75rem;margin:.5rem 0}\
dt{font-weight:600}\
dd{margin:0}\
p,dd,td{overflow-wrap:anywhere}\
tr,dl{break-inside:avoid}";

/// The parts of a page, in order: what is to be done comes first.
const PARTS: [(Outcome, &str); 5] = [
    (Outcome::Failed, "Findings"),
    (Outcome::NotExamined, "Not examined"),
    (Outcome::Manual, "Checklist by hand"),
    (Outcome::Passed, "Passed"),
    (Outcome::NotApplicable, "Does not apply"),
];

/// The response with the page.
///
/// # Errors
/// [`Code::Internal`] for a policy that no header can have.
pub(crate) fn respond(audit: &AuditItem) -> Result<Response, Problem> {
    let kind = HeaderValue::from_static("text/html; charset=utf-8");
    let policy = HeaderValue::from_str(&policy()).map_err(|_| Code::Internal)?;
    let head = [(CONTENT_TYPE, kind), (CONTENT_SECURITY_POLICY, policy)];
    Ok((head, html(audit)).into_response())
}

/// The page as a document of its own.
pub(crate) fn html(audit: &AuditItem) -> String {
    let mut page = Page(String::new());
    page.document(audit);
    page.0
}

/// `Content-Security-Policy` of the page: nothing but its style.
fn policy() -> String {
    format!(
        "default-src 'none'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'",
        base64(&suite::hash(&[STYLE.as_bytes()])),
    )
}

/// A page while it is written.
struct Page(String);

impl Page {
    /// Markup, or words of the page's own; nobody else's text is `'static`.
    fn raw(&mut self, markup: &'static str) -> &mut Self {
        self.0.push_str(markup);
        self
    }

    /// Somebody's text.
    fn text(&mut self, text: &str) -> &mut Self {
        for (at, line) in text.split('\n').enumerate() {
            if at > 0 {
                self.0.push_str("<br>");
            }
            escape(line, &mut self.0);
        }
        self
    }

    fn row(&mut self, name: &'static str, value: &str) {
        self.raw("<dt>").raw(name).raw("</dt><dd dir=\"auto\">").text(value).raw("</dd>");
    }

    /// A row that is left out where there is no value.
    fn row_of(&mut self, name: &'static str, value: Option<&str>) {
        if let Some(value) = value {
            self.row(name, value);
        }
    }

    fn document(&mut self, audit: &AuditItem) {
        let AuditItem { id, at, status, previous, counts, controls } = audit;
        let title = format!("Audit of {}", at.get(..10).unwrap_or(at));
        self.raw("<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>");
        self.text(&title);
        self.raw("</title><meta name=\"viewport\" content=\"width=device-width\"><style>");
        self.raw(STYLE).raw("</style></head><body><main><h1>").text(&title).raw("</h1>");
        self.raw("<p>The controls of this deployment, their results and the evidence.</p><dl>");
        self.row("Audit", id);
        self.row("Began", &said_at(at));
        self.row("Status", status);
        self.row("Audit before", previous.as_deref().unwrap_or("none"));
        for (name, count) in [
            ("Passed", counts.passed),
            ("Failed", counts.failed),
            ("Not examined", counts.not_examined),
            ("By hand", counts.manual),
            ("Does not apply", counts.not_applicable),
            ("Open", counts.open),
            ("Overdue", counts.overdue),
        ] {
            self.row(name, &count.to_string());
        }
        self.raw("</dl>");
        if controls.is_empty() {
            self.raw("<p>There are no results yet.</p>");
        } else {
            for (outcome, title) in PARTS {
                self.part(title, controls.iter().filter(|one| one.result == outcome.as_str()));
            }
        }
        self.raw("</main></body></html>");
    }

    /// The controls with one result, the most severe first.
    fn part<'a>(&mut self, title: &'static str, controls: impl Iterator<Item = &'a ControlItem>) {
        self.raw("<h2>").raw(title).raw("</h2>");
        let mut controls: Vec<_> = controls.collect();
        if controls.is_empty() {
            self.raw("<p>None.</p>");
        }
        controls.sort_by_key(|one| Reverse(Severity::find(one.severity)));
        for control in controls {
            self.control(control);
        }
    }

    fn control(&mut self, item: &ControlItem) {
        let ControlItem {
            control,
            title,
            requirement,
            result: _,
            before,
            severity,
            evidence,
            reason,
            remedy,
            page,
            state,
            owner,
            due,
            overdue,
            counts_until,
            note,
        } = item;
        self.raw("<article><h3>").text(title).raw("</h3><dl>");
        self.row("Control", control);
        self.row("Severity", severity);
        self.row("Result at the audit before", before.map_or("none", called));
        self.row_of("Reason", reason.as_deref());
        if let Some(state) = state {
            self.row("State", if *overdue { "open, overdue" } else { state });
            let owner = owner.map(String::from);
            self.row("Owner", owner.as_deref().unwrap_or("nobody"));
            // The date of something that is done already says nothing.
            let due = due.as_deref().filter(|_| *state != State::Fixed.as_str());
            self.row_of("Due", due);
            self.row_of("Counts until", counts_until.as_deref());
            self.row_of("Note", note.as_deref());
        }
        self.row("Remedy", remedy);
        self.row("More", page);
        self.requirement(requirement);
        self.raw("</dl>");
        if !evidence.is_empty() {
            self.raw("<table><tr><th>Asked</th><th>Answered</th><th>At</th></tr>");
            for line in evidence {
                self.raw("<tr><td>").text(&line.asked).raw("</td><td dir=\"auto\">");
                self.text(&line.answered).raw("</td><td>").text(&said_at(&line.at));
                self.raw("</td></tr>");
            }
            self.raw("</table>");
        }
        self.raw("</article>");
    }

    fn requirement(&mut self, requirement: &RequirementItem) {
        let RequirementItem { asvs, gdpr, ccpa, soc2, ai_act } = requirement;
        for (name, numbers) in [
            ("OWASP ASVS 5.0.0", asvs),
            ("GDPR", gdpr),
            ("CCPA", ccpa),
            ("SOC 2", soc2),
            ("EU AI Act", ai_act),
        ] {
            if !numbers.is_empty() {
                self.row(name, &numbers.join(", "));
            }
        }
    }
}

/// A time as people write it, to the minute.
fn said_at(at: &str) -> String {
    let minute = at.get(..16).unwrap_or(at);
    format!("{} UTC", minute.replacen('T', " ", 1))
}

/// A result as people call it.
fn called(result: &'static str) -> &'static str {
    match Outcome::find(result) {
        Some(Outcome::Passed) => "passed",
        Some(Outcome::Failed) => "failed",
        Some(Outcome::NotExamined) => "not examined",
        Some(Outcome::NotApplicable) => "did not apply",
        Some(Outcome::Manual) => "by hand",
        None => result,
    }
}

#[cfg(test)]
mod tests {
    use shared::clock::UnixMillis;
    use shared::ids::{AuditId, StaffId};
    use shared::store::audit::{Audit, Evidence, Examined, Followed, Judged};
    use shared::values::control::Control;

    use super::*;
    use crate::items::AuditCounts;

    const NOW_MS: UnixMillis = 1_793_610_000_000;
    const MARKUP: &str = "</dd><script>alert(1)</script>\n\"'&";

    fn item(control: Control, outcome: Outcome) -> ControlItem {
        let text = || MARKUP.to_owned();
        let evidence = vec![Evidence { asked: text(), answered: text(), at_ms: NOW_MS }];
        let judged = Judged { control, outcome, evidence, reason: Some(text()) };
        let followed = Followed {
            owner: Some(StaffId::at(NOW_MS, [7; 32])),
            due: "2026-11-01".to_owned(),
            note: Some(text()),
            ..Followed::open(control, NOW_MS)
        };
        let followed = (outcome != Outcome::Passed).then_some(followed);
        ControlItem::of(Examined { judged, followed }, Some(Outcome::NotExamined), NOW_MS)
    }

    fn audit(controls: Vec<ControlItem>) -> AuditItem {
        let audit = Audit::begun(AuditId::at(NOW_MS, [1; 32]), NOW_MS, None, None);
        let counts = AuditCounts { failed: 41, ..AuditCounts::default() };
        AuditItem::of(&audit, counts, controls)
    }

    #[test]
    fn nobodys_text_is_markup() {
        let page = html(&audit(vec![item(Control::KeyState, Outcome::Failed)]));
        assert!(!page.contains("<script") && !page.contains(MARKUP), "{page}");
        let escaped = "&lt;/dd&gt;&lt;script&gt;alert(1)&lt;/script&gt;<br>&quot;&#39;&amp;";
        assert_eq!(page.matches(escaped).count(), 4, "reason, note, question and answer");
    }

    #[test]
    fn what_is_to_be_done_comes_first_and_the_most_severe_of_it() {
        let controls = vec![
            item(Control::KeyState, Outcome::Passed),
            item(Control::RoleUnused, Outcome::Failed),
            item(Control::RestoreDrill, Outcome::Manual),
            item(Control::TablePolicy, Outcome::Failed),
            item(Control::Tls, Outcome::NotExamined),
            item(Control::TableExpiry, Outcome::Failed),
        ];
        let page = html(&audit(controls));
        let order = [
            "<h1>Audit of 2026-11-02</h1>",
            "<dt>Failed</dt><dd dir=\"auto\">41</dd>",
            "<h2>Findings</h2>",
            "table_policy",
            "table_expiry",
            "role_unused",
            "<h2>Not examined</h2>",
            "<dd dir=\"auto\">tls<",
            "<h2>Checklist by hand</h2>",
            "restore_drill",
            "<h2>Passed</h2>",
            "key_state",
            "<h2>Does not apply</h2><p>None.</p>",
        ];
        let places: Vec<_> = order.iter().map(|text| page.find(text).expect(text)).collect();
        assert!(places.is_sorted(), "{places:?}");
        for text in ["open, overdue", "not examined", "2026-11-02 09:00 UTC", "2026-11-01"] {
            assert!(page.contains(text), "{text}");
        }
        assert!(html(&audit(Vec::new())).contains("There are no results yet."));
    }

    #[test]
    fn the_policy_lets_the_style_in_and_nothing_else() {
        let page = html(&audit(Vec::new()));
        assert!(page.starts_with("<!doctype html>") && !page.contains("src="));
        assert!(page.contains(&format!("<style>{STYLE}</style>")));
        assert!(policy().starts_with("default-src 'none'; style-src 'sha256-"));
    }
}
