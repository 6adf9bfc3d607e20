//! On what grounds the staff read or destroy all that is held about somebody: a case of that subject, or
//! a purpose and a reason. Nothing else makes a [`Grounds`].

use http::HeaderMap;
use shared::access::permit::Purpose;
use shared::access::staff::Staff;
use shared::ids::{CaseId, SubjectId};
use shared::problem::{Code, FieldCode, Problem};
use shared::store::case::{Case, State, What};

use shared::http::staff_app::App;

/// See the module.
pub(crate) enum Grounds {
    /// A case that is there. [`takes`] says whether it asks for what is about to be done.
    Case(Case),
    /// A purpose and a reason.
    Stated(Purpose),
}

impl Grounds {
    /// Reads `Sotto-Case`, or else `Sotto-Purpose` and `Sotto-Reason`.
    ///
    /// # Errors
    /// 403 `purpose_required` without either, 422 for a case that is not there, 503.
    pub(crate) async fn read(app: &App, headers: &HeaderMap) -> Result<Self, Problem> {
        let Some(id) = case_of(headers)? else {
            let (purpose, reason) = (text(headers, "sotto-purpose"), text(headers, "sotto-reason"));
            return Purpose::read_with_reason(purpose, reason).map(Self::Stated);
        };
        let refused = || Problem::invalid("/headers/sotto-case", FieldCode::NotAllowed);
        app.store.find_case(id).await?.ok_or_else(refused).map(Self::Case)
    }

    /// The purpose and the reason that are recorded with a read.
    pub(crate) fn into_purpose(self) -> (Purpose, Option<CaseId>) {
        match self {
            Self::Case(case) => (Purpose::of_case(case.id), Some(case.id)),
            Self::Stated(why) => (why, None),
        }
    }
}

impl Grounds {
    /// The purpose with which a subject's contact is read: a case has to be verified, open and of this
    /// subject.
    ///
    /// # Errors
    /// 409.
    pub(crate) fn for_contact_of(self, subject: SubjectId) -> Result<Purpose, Problem> {
        match self {
            Self::Stated(why) => Ok(why),
            Self::Case(case) => {
                let is_verified = !case.is_closed() && case.state != State::Open;
                if is_verified && case.subject == Some(subject) {
                    return Ok(Purpose::of_case(case.id));
                }
                let detail = "The case is not verified, or closed, or of another subject.";
                Err(Problem::new(Code::Conflict, detail))
            }
        }
    }
}

/// That a case takes what is about to be done for it: it is open, verified, of this subject, and asks for
/// it.
///
/// # Errors
/// 409.
pub(crate) fn takes(
    case: &Case,
    what: What,
    subject: SubjectId,
    staff: &Staff,
    app: &App,
) -> Result<(), Problem> {
    let noted = case.clone().noting(what, subject, Some(staff.id), app.clock.now_ms());
    let refused =
        Problem::new(Code::Conflict, "The case does not ask for it, or not for this subject.");
    noted.map(drop).map_err(|_| refused)
}

/// A header as text. Words may have letters beyond ASCII; what is no UTF-8 counts as missing.
pub(crate) fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    std::str::from_utf8(headers.get(name)?.as_bytes()).ok()
}

fn case_of(headers: &HeaderMap) -> Result<Option<CaseId>, Problem> {
    let Some(value) = headers.get("sotto-case") else { return Ok(None) };
    let id = value.to_str().ok().and_then(CaseId::parse);
    let id = id.ok_or_else(|| Problem::invalid("/headers/sotto-case", FieldCode::BadFormat))?;
    Ok(Some(id))
}
