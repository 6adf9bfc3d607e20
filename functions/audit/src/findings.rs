//! `PATCH /v1/audits/{id}/findings/{control}`: how far people have come with a finding of the newest audit. The next
//! audit carries it over.

use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Deserializer};
use shared::clock::{UnixMillis, from_rfc3339};
use shared::http::request::{AuditPath, ControlPath, PlainJson};
use shared::http::response::Reply;
use shared::http::staff::{Allowed, Security};
use shared::ids::StaffId;
use shared::problem::{Code, FieldCode, Problem};
use shared::store::audit::{Followed, date};
use shared::store::security_event::{Action, SecurityEvent};
use shared::text::{RawText, Text, is_legible};
use shared::values::control::{self, Control};
use shared::values::policy::DAY_MS;
use utoipa::ToSchema;

use crate::audits::{before, result_of};
use crate::items::ControlItem;
use crate::parts::App;

/// How often a change is tried that meets another one.
const TRIES: usize = 4;
/// Characters of a note.
const NOTE: usize = 2_000;
/// Two years: a date further away is a mistake.
const DUE_WITHIN_MS: UnixMillis = 731 * DAY_MS;

/// A change; what is missing stays as it is, and one thing at least has to be there.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FindingRequest {
    /// `open`, `accepted` or `fixed`. A control by hand that is `fixed` again is done anew.
    state: Option<String>,
    /// The id of a member of the staff; null for nobody.
    #[serde(default = "missing")]
    #[schema(value_type = Option<String>)]
    owner: Given<String>,
    /// Until when it is to be done, `2027-01-31`: from today to two years ahead.
    due: Option<String>,
    /// At most 2,000 characters; null or nothing takes it away.
    #[serde(default = "missing")]
    #[schema(value_type = Option<String>)]
    note: Given<RawText>,
}

/// A value of a change, where null is one too.
#[derive(Clone)]
enum Given<T> {
    Missing,
    Null,
    Value(T),
}

const fn missing<T>() -> Given<T> {
    Given::Missing
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Given<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Null, Self::Value))
    }
}

impl<T> Given<T> {
    const fn is_missing(&self) -> bool {
        matches!(self, Self::Missing)
    }

    /// The value in the place of `before`.
    fn over(self, before: Option<T>) -> Option<T> {
        match self {
            Self::Missing => before,
            Self::Null => None,
            Self::Value(value) => Some(value),
        }
    }
}

/// A change that was judged.
struct Change {
    state: Option<control::State>,
    owner: Given<StaffId>,
    due: Option<Due>,
    note: Given<String>,
}

/// A date, and its beginning.
struct Due {
    date: String,
    at_ms: UnixMillis,
}

impl Change {
    fn read(request: FindingRequest) -> Result<Self, Problem> {
        let FindingRequest { state, owner, due, note } = request;
        if state.is_none() && due.is_none() && owner.is_missing() && note.is_missing() {
            return Err(Problem::invalid("", FieldCode::Missing));
        }
        let state = state.map(|word| {
            let refused = || Problem::invalid("/state", FieldCode::NotAllowed);
            control::State::find(&word).ok_or_else(refused)
        });
        let owner = match owner {
            Given::Missing => Given::Missing,
            Given::Null => Given::Null,
            Given::Value(id) => {
                let refused = || Problem::invalid("/owner", FieldCode::BadFormat);
                Given::Value(StaffId::parse(&id).ok_or_else(refused)?)
            }
        };
        let note = match note {
            Given::Missing => Given::Missing,
            Given::Null => Given::Null,
            Given::Value(text) => judge_note(text)?,
        };
        let due = due.map(Due::read);
        Ok(Self { state: state.transpose()?, owner, due: due.transpose()?, note })
    }

    /// The state after the change; `None` where nothing changes.
    ///
    /// # Errors
    /// [`Code::Invalid`] for another due date than before that has passed or is too far away.
    fn made(
        &self,
        control: Control,
        before: &Followed,
        (by, now_ms): (StaffId, UnixMillis),
    ) -> Result<Option<Followed>, Problem> {
        let mut after = before.clone();
        if let Some(state) = self.state {
            let is_done_again = control.is_by_hand() && state == control::State::Fixed;
            if state != before.state || is_done_again {
                after.stated_ms = now_ms;
            }
            after.state = state;
        }
        if let Some(due) = self.due.as_ref().filter(|due| due.date != before.due) {
            due.is_ahead(now_ms)?;
            after.due.clone_from(&due.date);
        }
        after.owner = self.owner.clone().over(after.owner);
        after.note = self.note.clone().over(after.note);
        if after == *before {
            return Ok(None);
        }
        // A change at the same instant is conditional on another time.
        after.changed_ms = now_ms.max(before.changed_ms.saturating_add(1));
        after.by = Some(by);
        Ok(Some(after))
    }
}

impl Due {
    fn read(date: String) -> Result<Self, Problem> {
        let at_ms = from_rfc3339(&format!("{date}T00:00:00Z"));
        let refused = || Problem::invalid("/due", FieldCode::BadFormat);
        let at_ms = at_ms.filter(|at_ms| self::date(*at_ms) == date).ok_or_else(refused)?;
        Ok(Self { date, at_ms })
    }

    fn is_ahead(&self, now_ms: UnixMillis) -> Result<(), Problem> {
        if self.date < date(now_ms) {
            return Err(Problem::invalid("/due", FieldCode::TooSmall));
        }
        if self.at_ms > now_ms.saturating_add(DUE_WITHIN_MS) {
            return Err(Problem::invalid("/due", FieldCode::TooLarge));
        }
        Ok(())
    }
}

fn judge_note(text: RawText) -> Result<Given<String>, Problem> {
    let text: Text<0, NOTE> = Text::judge(text, "/note")?;
    let text = text.reveal();
    if text.is_empty() {
        return Ok(Given::Null);
    }
    if !is_legible(text, "\n") {
        return Err(Problem::invalid("/note", FieldCode::BadFormat));
    }
    Ok(Given::Value(text.to_owned()))
}

#[utoipa::path(patch, path = "/v1/audits/{id}/findings/{control}",
    params(("id" = String, Path), ("control" = String, Path)),
    request_body = FindingRequest, responses((status = 200, body = ControlItem)))]
pub(crate) async fn patch(
    State(app): State<App>,
    Allowed(staff, ..): Allowed<Security>,
    AuditPath(id): AuditPath,
    ControlPath(control): ControlPath,
    PlainJson(request): PlainJson<FindingRequest>,
) -> Result<Reply<ControlItem>, Problem> {
    let change = Change::read(request)?;
    for _ in 0..TRIES {
        let audit = app.audits.find(id).await?.ok_or(Code::NotFound)?;
        let newest = app.audits.last_finished().await?;
        if newest.is_none_or(|newest| newest.id != id) {
            let detail = "Only findings of the newest finished audit can be changed.";
            return Err(Problem::new(Code::Conflict, detail));
        }
        let found = app.audits.find_examined(id, control).await?;
        let mut examined = found.ok_or(Code::NotFound)?;
        let Some(known) = &examined.followed else {
            let detail = "There is nothing to do: the control has passed, or does not apply.";
            return Err(Problem::new(Code::Conflict, detail));
        };
        let was = result_of(&before(&app, &audit).await?, control);
        let now_ms = app.staff.clock.now_ms();
        let Some(after) = change.made(control, known, (staff.id, now_ms))? else {
            return Ok(Reply(StatusCode::OK, ControlItem::of(examined, was, now_ms)));
        };
        let finding = format!("{id}/{}", control.as_str());
        let told = SecurityEvent::by(staff.id, Action::FindingChanged, finding);
        let told = app.staff.events.put(told).await?;
        if app.audits.follow(id, control, Some(known), &after, told).await? {
            examined.followed = Some(after);
            return Ok(Reply(StatusCode::OK, ControlItem::of(examined, was, now_ms)));
        }
    }
    Err(Problem::contended())
}

#[cfg(test)]
mod tests {
    use shared::values::control::State::{Accepted, Fixed, Open};

    use super::*;

    const NOW_MS: UnixMillis = 1_793_610_000_000;
    const EARLIER_MS: UnixMillis = NOW_MS - 10 * DAY_MS;

    fn staff(number: u8) -> StaffId {
        StaffId::at(NOW_MS, [number; 32])
    }

    fn followed(state: control::State) -> Followed {
        Followed {
            state,
            stated_ms: EARLIER_MS,
            owner: Some(staff(1)),
            due: "2026-10-31".to_owned(),
            note: Some("noted".to_owned()),
            changed_ms: EARLIER_MS,
            by: Some(staff(1)),
        }
    }

    /// The state after this body, or the code of a refusal.
    fn made(
        control: Control,
        before: &Followed,
        body: &str,
    ) -> Result<Option<Followed>, (&'static str, FieldCode)> {
        let refused = |problem: Problem| {
            let error = problem.errors.first().expect("a field");
            (error.pointer, error.code)
        };
        let request = serde_json::from_str(body).expect("a request");
        let change = Change::read(request).map_err(refused)?;
        change.made(control, before, (staff(2), NOW_MS)).map_err(refused)
    }

    #[test]
    fn what_is_missing_stays_and_null_takes_away() {
        let before = followed(Open);
        let changed = Followed { changed_ms: NOW_MS, by: Some(staff(2)), ..followed(Open) };
        let owner = format!(r#"{{"owner":"{}"}}"#, staff(3));
        for (body, after) in [
            (r#"{"state":"open"}"#, None),
            (r#"{"note":"noted"}"#, None),
            (r#"{"due":"2026-10-31"}"#, None),
            (r#"{"state":null,"due":null,"note":"noted"}"#, None),
            (
                r#"{"state":"accepted"}"#,
                Some(Followed { state: Accepted, stated_ms: NOW_MS, ..changed.clone() }),
            ),
            (&*owner, Some(Followed { owner: Some(staff(3)), ..changed.clone() })),
            (r#"{"owner":null}"#, Some(Followed { owner: None, ..changed.clone() })),
            (r#"{"note":null}"#, Some(Followed { note: None, ..changed.clone() })),
            (r#"{"note":""}"#, Some(Followed { note: None, ..changed.clone() })),
            (
                r#"{"due":"2026-11-02"}"#,
                Some(Followed { due: "2026-11-02".to_owned(), ..changed.clone() }),
            ),
        ] {
            assert!(made(Control::KeyState, &before, body) == Ok(after), "{body}");
        }
    }

    #[test]
    fn a_control_by_hand_is_done_anew_and_a_note_does_not_do_it() {
        let control = Control::RestoreDrill;
        let again = made(control, &followed(Fixed), r#"{"state":"fixed"}"#);
        assert!(again.is_ok_and(|after| after.is_some_and(|after| after.stated_ms == NOW_MS)));
        let noted = made(control, &followed(Fixed), r#"{"note":"took an hour"}"#);
        assert!(noted.is_ok_and(|after| after.is_some_and(|after| after.stated_ms == EARLIER_MS)));
        let by_machine = made(Control::KeyState, &followed(Fixed), r#"{"state":"fixed"}"#);
        assert!(by_machine.is_ok_and(|after| after.is_none()));
    }

    #[test]
    fn two_changes_at_one_instant_have_two_times() {
        let before = Followed { changed_ms: NOW_MS, ..followed(Open) };
        let after = made(Control::KeyState, &before, r#"{"note":"more"}"#);
        assert!(after.is_ok_and(|after| after.is_some_and(|after| after.changed_ms == NOW_MS + 1)));
    }

    #[test]
    fn what_no_finding_takes_is_refused() {
        let note = |text: &str| serde_json::json!({ "note": text }).to_string();
        for (body, at, code) in [
            ("{}".to_owned(), "", FieldCode::Missing),
            (r#"{"state":null}"#.to_owned(), "", FieldCode::Missing),
            (r#"{"state":"closed"}"#.to_owned(), "/state", FieldCode::NotAllowed),
            (r#"{"owner":"somebody"}"#.to_owned(), "/owner", FieldCode::BadFormat),
            (r#"{"due":"tomorrow"}"#.to_owned(), "/due", FieldCode::BadFormat),
            (r#"{"due":"2026-11-31"}"#.to_owned(), "/due", FieldCode::BadFormat),
            (r#"{"due":"2026-12-1"}"#.to_owned(), "/due", FieldCode::BadFormat),
            (r#"{"due":"2026-12-01T00:00:00Z"}"#.to_owned(), "/due", FieldCode::BadFormat),
            (r#"{"due":"2026-11-01"}"#.to_owned(), "/due", FieldCode::TooSmall),
            (r#"{"due":"2028-11-03"}"#.to_owned(), "/due", FieldCode::TooLarge),
            (note(&"x".repeat(NOTE + 1)), "/note", FieldCode::TooLong),
            (note("a\0"), "/note", FieldCode::BadFormat),
            (note("a\r\nb"), "/note", FieldCode::BadFormat),
            (note("a\tb"), "/note", FieldCode::BadFormat),
            (note("\u{202e}a"), "/note", FieldCode::BadFormat),
            (note(" \n"), "/note", FieldCode::BadFormat),
            (r#"{"note":"\ud800"}"#.to_owned(), "/note", FieldCode::NotUnicode),
        ] {
            let refused = made(Control::KeyState, &followed(Open), &body);
            assert!(refused == Err((at, code)), "{body}");
        }
        for body in [r#"{"due":"2028-11-02"}"#.to_owned(), note("a\nb"), note(&"é".repeat(NOTE))] {
            assert!(made(Control::KeyState, &followed(Open), &body).is_ok(), "{body}");
        }
    }
}
