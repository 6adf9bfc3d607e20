//! Asks a published base, with its own threshold, and counts.

use std::fmt;
use std::time::{Duration, Instant};

use bot::{Answer, Base};

use crate::phrasings::Phrasing;

/// The counts of a base's answers to phrasings of known intent.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Phrasings that an entry answers.
    pub in_scope: usize,
    /// Phrasings that no entry answers.
    pub out_of_scope: usize,
    /// In scope, and the right entry was given.
    pub right: usize,
    /// In scope, and it was asked back with the right entry among the choices.
    pub offered: usize,
    /// An entry was given, and not the right one; in or out of scope.
    pub wrong: usize,
    /// Out of scope, and no entry was given.
    pub refused: usize,
    /// In scope, and the bot said that it does not know.
    pub unknown: usize,
    /// Every phrasing not handled rightly: the phrasing, what was due, what was done.
    pub misses: Vec<(String, String, String)>,
    /// Mean time of one answer.
    pub time_per_answer: Duration,
}

impl Report {
    /// Asks every phrasing once.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "a measurement, not a decision")]
    pub fn of(base: &Base<'_>, phrasings: &[Phrasing]) -> Self {
        let mut report = Self::default();
        let start = Instant::now();
        let answers: Vec<Answer<'_>> =
            phrasings.iter().map(|phrasing| base.answer_alone(&phrasing.text)).collect();
        let asked = u32::try_from(phrasings.len()).unwrap_or(u32::MAX).max(1);
        report.time_per_answer = start.elapsed() / asked;
        for (phrasing, answer) in phrasings.iter().zip(answers) {
            report.count(phrasing, &answer);
        }
        report
    }

    /// Right answers, and those of which the right entry was to choose, as a share of the questions in scope.
    #[must_use]
    pub fn served(&self) -> f64 {
        share(self.right + self.offered, self.in_scope)
    }

    /// Wrong answers as a share of all questions.
    #[must_use]
    pub fn wrong_rate(&self) -> f64 {
        share(self.wrong, self.in_scope + self.out_of_scope)
    }

    fn count(&mut self, phrasing: &Phrasing, answer: &Answer<'_>) {
        let done = match answer {
            Answer::Entry { id, .. } => id,
            Answer::Greeting { .. } => "(greeting)",
            Answer::Thanks { .. } => "(thanks)",
            Answer::HandOver { .. } => "(hand-over)",
            Answer::Unknown { .. } => "(unknown)",
            Answer::Asked { .. } => "(asked back)",
            Answer::Unhelped { .. } => "(unhelped)",
            Answer::Declined { .. } => "(declined)",
            Answer::Machine { .. } => "(machine)",
            Answer::NothingAsked { .. } => "(nothing asked)",
            Answer::Abuse { .. } => "(abuse)",
            Answer::Crisis { .. } => "(crisis)",
        };
        let given = matches!(answer, Answer::Entry { .. });
        let due = phrasing.intent.as_deref();
        let right = if let Some(due) = due {
            self.in_scope += 1;
            self.unknown += usize::from(matches!(answer, Answer::Unknown { .. }));
            let named = matches!(answer, Answer::Asked { choices, .. }
                if choices.iter().any(|entry| entry.id == due));
            self.right += usize::from(done == due);
            self.offered += usize::from(named);
            done == due || named
        } else {
            self.out_of_scope += 1;
            self.refused += usize::from(!given);
            !given
        };
        self.wrong += usize::from(given && !right);
        if !right {
            let due = due.unwrap_or("(out of scope)").to_owned();
            self.misses.push((phrasing.text.clone(), due, done.to_owned()));
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "questions in scope        {:>6}", self.in_scope)?;
        writeln!(f, "questions out of scope    {:>6}", self.out_of_scope)?;
        writeln!(
            f,
            "right (of in)             {:>8.1} %",
            100.0 * share(self.right, self.in_scope)
        )?;
        writeln!(f, "right or asked back       {:>8.1} %", 100.0 * self.served())?;
        writeln!(f, "wrong answers (of all)    {:>8.1} %", 100.0 * self.wrong_rate())?;
        let refused = share(self.refused, self.out_of_scope);
        writeln!(f, "refused (of out)          {:>8.1} %", 100.0 * refused)?;
        let unknown = share(self.unknown, self.in_scope);
        writeln!(f, "unknown (of in)           {:>8.1} %", 100.0 * unknown)?;
        writeln!(
            f,
            "time per answer           {:>8.1} us",
            self.time_per_answer.as_secs_f64() * 1e6
        )?;
        for (text, due, done) in &self.misses {
            writeln!(f, "  {due}, got {done}: {text}")?;
        }
        Ok(())
    }
}

/// `part` divided by `whole`; 0 if `whole` is 0.
#[must_use]
pub fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}
