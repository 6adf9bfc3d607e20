//! A case and its course: every step, and the states from which it may be taken; no storage.

use values::clock::UnixMillis;
use values::deadline::Law;
use values::ids::{CaseId, ReceiptId, StaffId, SubjectId};
use values::policy::DAY_MS;

/// So long before it is due, the confirmation is due soon.
const CONFIRM_SOON_MS: UnixMillis = 2 * DAY_MS;
/// An erasure wants attention before this time is over, unless more of it was taken: Art. 12 (3) gives
/// a month, and no law gives less.
const MONTH_MS: UnixMillis = 30 * DAY_MS;
/// Lines that a log has at most, so that the item stays small. A case needs eight.
const LINES: usize = 200;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$of:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name { $($(#[$of])* $variant,)+ }

        impl $name {
            /// The word in the API and in items.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            /// The variant of that word.
            #[must_use]
            pub fn find(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

words! {
    /// The kind of a request.
    Kind {
        /// To see what is stored.
        Access = "access",
        /// To have it erased.
        Erasure = "erasure",
    }
}

words! {
    /// How far a case is.
    State {
        /// It came.
        Open = "open",
        /// The requester was verified to be the subject.
        Verified = "verified",
        /// The erasure waits for a hold to end.
        Waiting = "waiting",
        /// It was carried out.
        Done = "done",
        /// It was answered; closed.
        Answered = "answered",
        /// It was refused; closed.
        Refused = "refused",
    }
}

words! {
    /// The kind of a line in a case's log.
    Word {
        /// The case was opened.
        Opened = "opened",
        /// The subject was set.
        SubjectSet = "subject_set",
        /// The requester was verified to be the subject.
        Verified = "verified",
        /// The requester was told that the request came.
        Confirmed = "confirmed",
        /// There is more time.
        Extended = "extended",
        /// All that is stored was given out.
        Exported = "exported",
        /// The erasure waits for a hold to end.
        Waiting = "waiting",
        /// The requester was told of the hold.
        ToldOfHold = "told_of_hold",
        /// The subject was erased.
        Erased = "erased",
        /// It was answered.
        Answered = "answered",
        /// It was refused.
        Refused = "refused",
    }
}

/// A line of a case's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    /// When.
    pub at_ms: UnixMillis,
    /// The staff member; none where the service did it by itself.
    pub by: Option<StaffId>,
    /// The kind of line.
    pub what: Word,
}

/// A subject's request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// Its id.
    pub id: CaseId,
    /// The kind of request.
    pub kind: Kind,
    /// The law under which it is made.
    pub law: Law,
    /// The subject, once known.
    pub subject: Option<SubjectId>,
    /// How far it is.
    pub state: State,
    /// When it came.
    pub received_ms: UnixMillis,
    /// Whether there is more time.
    pub extended: bool,
    /// The receipt of the erasure.
    pub receipt: Option<ReceiptId>,
    /// When it was closed.
    pub closed_ms: Option<UnixMillis>,
    /// The log, oldest line first.
    pub log: Vec<Line>,
    pub(super) version: u64,
}

/// A step of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Sets the subject.
    SetSubject(SubjectId),
    /// The requester was verified to be the subject.
    Verify,
    /// The requester was told that the request came.
    Confirm,
    /// The requester was told that the erasure waits for a hold to end.
    TellOfHold,
    /// Takes the further time that the law allows.
    Extend,
    /// The answer was sent; that nothing is stored is one too.
    Answer,
    /// Refuses.
    Refuse,
    /// Something was carried out for it.
    Note(What),
}

/// Something that was carried out for a case elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// All that is stored was given out.
    Exported,
    /// The subject was erased, with this receipt.
    Erased(ReceiptId),
    /// The erasure waits for a hold to end.
    Waiting,
}

/// The case does not take this step in its present state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotNow;

impl Case {
    /// A case that begins.
    #[must_use]
    pub fn opened(
        id: CaseId,
        (kind, law): (Kind, Law),
        subject: Option<SubjectId>,
        received_ms: UnixMillis,
        (by, now_ms): (StaffId, UnixMillis),
    ) -> Self {
        Self {
            id,
            kind,
            law,
            subject,
            state: State::Open,
            received_ms,
            extended: false,
            receipt: None,
            closed_ms: None,
            log: vec![Line { at_ms: now_ms, by: Some(by), what: Word::Opened }],
            version: 1,
        }
    }

    /// By when it has to be answered.
    #[must_use]
    pub fn due_ms(&self) -> UnixMillis {
        self.law.due_ms(self.received_ms, self.extended)
    }

    /// By when it has to be confirmed that it came, where the law asks for that.
    #[must_use]
    pub fn confirm_by_ms(&self) -> Option<UnixMillis> {
        self.law.confirm_by_ms(self.received_ms)
    }

    /// Whether it was answered or refused.
    #[must_use]
    pub const fn is_closed(&self) -> bool {
        matches!(self.state, State::Answered | State::Refused)
    }

    /// When it was told that it came.
    #[must_use]
    pub fn confirmed_ms(&self) -> Option<UnixMillis> {
        self.time_of(Word::Confirmed)
    }

    /// When it was told that the erasure waits for a hold to end.
    #[must_use]
    pub fn told_of_hold_ms(&self) -> Option<UnixMillis> {
        self.time_of(Word::ToldOfHold)
    }

    fn time_of(&self, word: Word) -> Option<UnixMillis> {
        self.log.iter().find(|line| line.what == word).map(|line| line.at_ms)
    }

    /// Whether nothing can be done about it and the requester knows why. A hold may last for years,
    /// and nobody heeds an alarm that never stops.
    fn rests(&self) -> bool {
        self.is_closed() || (self.state == State::Waiting && self.told_of_hold_ms().is_some())
    }

    /// Whether its answer should have been sent by now.
    #[must_use]
    pub fn is_overdue(&self, now_ms: UnixMillis) -> bool {
        !self.rests() && self.due_ms() < now_ms
    }

    /// Whether it wants attention: due within `within_ms` or overdue, or not confirmed two days before
    /// it has to be. Of an erasure the first month counts, whatever the law, until it is extended.
    #[must_use]
    pub fn is_due(&self, now_ms: UnixMillis, within_ms: UnixMillis) -> bool {
        let confirms = self.confirm_by_ms().filter(|_| self.confirmed_ms().is_none());
        let due_ms = match self.kind {
            Kind::Erasure if !self.extended => self.due_ms().min(self.received_ms + MONTH_MS),
            _ => self.due_ms(),
        };
        !self.rests()
            && (due_ms <= now_ms.saturating_add(within_ms)
                || confirms.is_some_and(|by_ms| by_ms <= now_ms + CONFIRM_SOON_MS))
    }

    /// The case after a step.
    ///
    /// # Errors
    /// [`NotNow`] when the case does not take the step in its present state.
    pub fn after(
        mut self,
        step: Step,
        by: Option<StaffId>,
        now_ms: UnixMillis,
    ) -> Result<Self, NotNow> {
        if self.is_closed() {
            return Err(NotNow);
        }
        let early = matches!(self.state, State::Open | State::Verified);
        let has_room = self.log.len() < LINES;
        let what = match (step, self.kind) {
            (Step::SetSubject(subject), _) if early && self.subject == Some(subject) => {
                return Ok(self);
            }
            (Step::SetSubject(subject), _) if early && has_room => {
                self.subject = Some(subject);
                // The verification was for another subject.
                self.state = State::Open;
                Word::SubjectSet
            }
            (Step::Verify, _) if self.state == State::Open && self.subject.is_some() => {
                self.state = State::Verified;
                Word::Verified
            }
            (Step::Confirm, _) if self.confirmed_ms().is_none() => Word::Confirmed,
            (Step::TellOfHold, _)
                if self.state == State::Waiting && self.told_of_hold_ms().is_none() =>
            {
                Word::ToldOfHold
            }
            // The subject has to hear of it before the first period is over.
            (Step::Extend, _) if !self.extended && !self.is_overdue(now_ms) => {
                self.extended = true;
                Word::Extended
            }
            (Step::Answer, _) => self.closed(State::Answered, Word::Answered, now_ms),
            (Step::Refuse, _) => self.closed(State::Refused, Word::Refused, now_ms),
            // Nothing is given out or erased for somebody who has not shown who they are.
            (Step::Note(_), _) if self.state == State::Open => return Err(NotNow),
            (Step::Note(What::Exported), Kind::Access) if has_room => {
                self.state = State::Done;
                Word::Exported
            }
            // Somebody may want to see what is going to be erased.
            (Step::Note(What::Exported), Kind::Erasure)
                if has_room && self.state != State::Done =>
            {
                Word::Exported
            }
            (Step::Note(What::Waiting), Kind::Erasure) if self.state == State::Verified => {
                self.state = State::Waiting;
                Word::Waiting
            }
            (Step::Note(What::Erased(receipt)), Kind::Erasure) if self.state != State::Done => {
                self.state = State::Done;
                self.receipt = Some(receipt);
                Word::Erased
            }
            _ => return Err(NotNow),
        };
        self.log.push(Line { at_ms: now_ms, by, what });
        Ok(self)
    }

    fn closed(&mut self, state: State, word: Word, now_ms: UnixMillis) -> Word {
        self.state = state;
        self.closed_ms = Some(now_ms);
        word
    }

    /// The case with a note of what was carried out for a subject. A repetition changes nothing.
    ///
    /// # Errors
    /// [`NotNow`] when the case is about somebody else, or does not take it.
    pub fn noting(
        self,
        what: What,
        subject: SubjectId,
        by: Option<StaffId>,
        now_ms: UnixMillis,
    ) -> Result<Self, NotNow> {
        if self.subject != Some(subject) {
            return Err(NotNow);
        }
        let last = self.log.last().filter(|line| line.by == by).map(|line| line.what);
        let is_there = match what {
            // An export of several parts, or repeated, is one line.
            What::Exported => last == Some(Word::Exported),
            What::Waiting => self.state == State::Waiting,
            What::Erased(receipt) => self.receipt == Some(receipt),
        };
        if is_there && !self.is_closed() {
            return Ok(self);
        }
        self.after(Step::Note(what), by, now_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use values::clock::{Clock, from_rfc3339};

    const STATES: [State; 6] = [
        State::Open,
        State::Verified,
        State::Waiting,
        State::Done,
        State::Answered,
        State::Refused,
    ];

    struct People {
        officer: StaffId,
        subject: SubjectId,
        receipt: ReceiptId,
        case: CaseId,
    }

    fn people() -> People {
        let clock = Clock::manual(0);
        People {
            officer: StaffId::generate(&clock).unwrap(),
            subject: SubjectId::generate(&clock).unwrap(),
            receipt: ReceiptId::generate(&clock).unwrap(),
            case: CaseId::generate(&clock).unwrap(),
        }
    }

    fn case_of(people: &People, kind: Kind, law: Law) -> Case {
        let received_ms = from_rfc3339("2026-11-02T09:00:00Z").unwrap();
        let opened = (people.officer, received_ms);
        Case::opened(people.case, (kind, law), Some(people.subject), received_ms, opened)
    }

    #[test]
    fn every_step_is_taken_from_where_it_may_be_and_nowhere_else() {
        use State::{Answered, Done, Open, Refused, Verified, Waiting};
        let people = people();
        let other = SubjectId::generate(&Clock::manual(1)).unwrap();
        let set = Step::SetSubject(other);
        let [export, wait, erase] =
            [What::Exported, What::Waiting, What::Erased(people.receipt)].map(Step::Note);
        // From each of `STATES`, the state after it.
        let no = None;
        let rows = [
            (Kind::Access, set, [Some(Open), Some(Open), no, no, no, no]),
            (Kind::Access, Step::Verify, [Some(Verified), no, no, no, no, no]),
            (Kind::Access, export, [no, Some(Done), Some(Done), Some(Done), no, no]),
            (Kind::Access, wait, [no, no, no, no, no, no]),
            (Kind::Access, erase, [no, no, no, no, no, no]),
            (Kind::Access, Step::TellOfHold, [no, no, Some(Waiting), no, no, no]),
            (Kind::Erasure, export, [no, Some(Verified), Some(Waiting), no, no, no]),
            (Kind::Erasure, wait, [no, Some(Waiting), no, no, no, no]),
            (Kind::Erasure, erase, [no, Some(Done), Some(Done), no, no, no]),
            (
                Kind::Erasure,
                Step::Confirm,
                [Some(Open), Some(Verified), Some(Waiting), Some(Done), no, no],
            ),
            (
                Kind::Erasure,
                Step::Extend,
                [Some(Open), Some(Verified), Some(Waiting), Some(Done), no, no],
            ),
            (Kind::Erasure, Step::Answer, closing(Answered)),
            (Kind::Erasure, Step::Refuse, closing(Refused)),
        ];
        for (kind, step, expected) in rows {
            for (from, to) in STATES.into_iter().zip(expected) {
                let case = Case { state: from, ..case_of(&people, kind, Law::Gdpr) };
                let lines = case.log.len();
                let after = case.after(step, Some(people.officer), 0);
                let what = format!("{step:?} from {from:?}");
                assert_eq!(after.as_ref().ok().map(|case| case.state), to, "{what}");
                if let Ok(after) = after {
                    assert_eq!(after.log.len(), lines + 1, "{what}");
                    assert_eq!(after.closed_ms.is_some(), after.is_closed(), "{what}");
                }
            }
        }
    }

    fn closing(state: State) -> [Option<State>; 6] {
        let to = Some(state);
        [to, to, to, to, None, None]
    }

    #[test]
    fn more_time_is_taken_once_and_before_the_first_is_over() {
        let people = people();
        let case = case_of(&people, Kind::Access, Law::Gdpr);
        let due_ms = case.due_ms();
        assert!(case.clone().after(Step::Extend, None, due_ms + 1).is_err());
        let extended = case.after(Step::Extend, None, due_ms).unwrap();
        assert_eq!(extended.due_ms(), from_rfc3339("2027-02-02T09:00:00Z").unwrap());
        assert!(extended.after(Step::Extend, None, due_ms).is_err());
    }

    #[test]
    fn what_is_carried_out_is_noted_once_and_only_for_its_subject() {
        let people = people();
        let other = SubjectId::generate(&Clock::manual(1)).unwrap();
        let by = Some(people.officer);
        let case = case_of(&people, Kind::Erasure, Law::Ccpa);
        assert!(case.clone().noting(What::Waiting, people.subject, by, 0).is_err(), "not verified");
        let verified = case.after(Step::Verify, by, 0).unwrap();
        let waiting = verified.noting(What::Waiting, people.subject, by, 0).unwrap();
        assert!(waiting.clone().noting(What::Waiting, other, by, 0).is_err());
        let again = waiting.clone().noting(What::Waiting, people.subject, by, 1).unwrap();
        assert_eq!(again, waiting);
        let erased = What::Erased(people.receipt);
        let done = waiting.noting(erased, people.subject, None, 2).unwrap();
        assert_eq!(done.receipt, Some(people.receipt));
        let again = done.clone().noting(erased, people.subject, by, 3).unwrap();
        assert_eq!(again, done);
        let words: Vec<_> = done.log.iter().map(|line| (line.by.is_some(), line.what)).collect();
        let told = [
            (true, Word::Opened),
            (true, Word::Verified),
            (true, Word::Waiting),
            (false, Word::Erased),
        ];
        assert_eq!(words, told);
        let closed = done.after(Step::Answer, by, 4).unwrap();
        assert!(closed.noting(erased, people.subject, by, 5).is_err());
    }

    #[test]
    fn a_log_has_an_end_and_the_case_goes_on_behind_it() {
        let people = people();
        let mut case = case_of(&people, Kind::Access, Law::Other);
        let mut changes = 0;
        loop {
            let subject = SubjectId::generate(&Clock::manual(0)).unwrap();
            match case.clone().after(Step::SetSubject(subject), None, 0) {
                Ok(next) => (case, changes) = (next, changes + 1),
                Err(NotNow) => break,
            }
        }
        assert_eq!(changes, LINES - 1);
        let verified = case.after(Step::Verify, None, 0).unwrap();
        assert!(verified.after(Step::Answer, None, 0).is_ok());
    }

    #[test]
    fn a_case_wants_attention_before_it_is_late() {
        let people = people();
        let at = |text| from_rfc3339(text).unwrap();
        let week = 5 * DAY_MS;
        let gdpr = case_of(&people, Kind::Access, Law::Gdpr);
        assert!(!gdpr.is_due(at("2026-11-27T08:59:59Z"), week));
        assert!(gdpr.is_due(at("2026-11-27T09:00:00Z"), week));
        assert!(!gdpr.is_overdue(at("2026-12-02T09:00:00Z")));
        assert!(gdpr.is_overdue(at("2026-12-02T09:00:01Z")));
        // To be confirmed by the 16th, until that was done.
        let ccpa = case_of(&people, Kind::Access, Law::Ccpa);
        assert!(!ccpa.is_due(at("2026-11-14T08:59:59Z"), week));
        assert!(ccpa.is_due(at("2026-11-14T09:00:00Z"), week));
        let verified = ccpa.after(Step::Verify, None, 0).unwrap();
        assert!(verified.is_due(at("2026-11-14T09:00:00Z"), week));
        let confirmed = verified.after(Step::Confirm, None, 7).unwrap();
        assert_eq!(confirmed.confirmed_ms(), Some(7));
        assert!(!confirmed.is_due(at("2026-11-27T09:00:00Z"), week), "it has 45 days");
        assert!(confirmed.clone().after(Step::Confirm, None, 0).is_err());
        let closed = confirmed.after(Step::Answer, None, 0).unwrap();
        assert!(!closed.is_due(at("2027-11-14T09:00:00Z"), week));
        assert!(!closed.is_overdue(at("2027-11-14T09:00:00Z")));
    }

    #[test]
    fn an_erasure_wants_attention_within_a_month_whatever_the_law() {
        let people = people();
        let at = |text| from_rfc3339(text).unwrap();
        let case =
            case_of(&people, Kind::Erasure, Law::Ccpa).after(Step::Confirm, None, 0).unwrap();
        assert!(!case.is_due(at("2026-11-27T08:59:59Z"), 5 * DAY_MS));
        assert!(case.is_due(at("2026-11-27T09:00:00Z"), 5 * DAY_MS));
        let extended = case.after(Step::Extend, None, 0).unwrap();
        assert!(!extended.is_due(at("2026-11-27T09:00:00Z"), 5 * DAY_MS));
    }

    #[test]
    fn what_waits_for_a_hold_rests_once_that_was_told() {
        let people = people();
        let late_ms = from_rfc3339("2027-06-01T00:00:00Z").unwrap();
        let waiting = Case { state: State::Waiting, ..case_of(&people, Kind::Erasure, Law::Gdpr) };
        assert!(waiting.is_overdue(late_ms) && waiting.is_due(late_ms, 0));
        let told = waiting.after(Step::TellOfHold, None, 3).unwrap();
        assert_eq!(told.told_of_hold_ms(), Some(3));
        assert!(!told.is_overdue(late_ms) && !told.is_due(late_ms, 0));
        assert!(told.clone().after(Step::TellOfHold, None, 4).is_err(), "once");
        let erased = What::Erased(people.receipt);
        let done = told.noting(erased, people.subject, None, late_ms).unwrap();
        assert!(done.is_overdue(late_ms), "now there is something to tell");
    }
}
