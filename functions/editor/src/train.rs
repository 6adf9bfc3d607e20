//! From entries to a base, and how well it answers.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use shared::bot::{Answer, Base, SourceEntry, Words, normalise, publish};
use shared::problem::{Code, Problem};
use shared::store::knowledge::{Edition, Evaluation, Published};

/// A base that is trained and not published.
pub(crate) struct Trained {
    /// Its entries, and the phrasings that it missed.
    pub(crate) edition: Edition,
    /// For [`Base::load`].
    pub(crate) bytes: Vec<u8>,
    /// Its judgement.
    pub(crate) evaluation: Evaluation,
}

/// A trained base with the entries that it was made of.
struct Last {
    locale: String,
    entries: Vec<Published>,
    trained: Arc<Trained>,
}

/// The last one: whoever tries, looks at what changes and then publishes, trains once.
static LAST: Mutex<Option<Last>> = Mutex::new(None);

/// Trains a base of these entries.
///
/// # Errors
/// [`Code::Internal`] for a language that the bot does not speak, or entries that break a rule of the form.
pub(crate) fn train(locale: &str, entries: Vec<Published>) -> Result<Arc<Trained>, Problem> {
    let last = || LAST.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = last().as_ref().filter(|known| known.locale == locale)
        && known.entries == entries
    {
        return Ok(Arc::clone(&known.trained));
    }
    let words = Words::of(locale).ok_or(Code::Internal)?;
    let source = words.source(locale, 1, entries.iter().map(source_entry).collect());
    let base = publish(&source, &refused(&words, &entries)).map_err(|error| {
        tracing::error!(%error, "entries that were taken cannot be published");
        Code::Internal
    })?;
    let found = base.calibration;
    let evaluation = Evaluation {
        questions: found.questions,
        right: found.right,
        offered: found.offered,
        wrong: found.misled(),
        silent: found.silent(),
    };
    let missed = found.missed.into_iter().map(|(question, _, _)| question).collect();
    let edition = Edition { entries: entries.clone(), missed };
    let trained = Arc::new(Trained { edition, bytes: base.bytes, evaluation });
    *last() = Some(Last { locale: locale.to_owned(), entries, trained: Arc::clone(&trained) });
    Ok(trained)
}

/// Questions that the base must refuse: those of all the world, and near misses, but for those that another
/// entry answers.
fn refused(words: &Words, entries: &[Published]) -> Vec<String> {
    let questions = entries.iter().flat_map(|Published { entry, .. }| &entry.questions);
    let answered: HashSet<String> = questions.map(|question| normalise(question)).collect();
    let near = entries.iter().flat_map(|Published { entry, .. }| &entry.near_misses);
    let near = near.filter(|near| !answered.contains(&normalise(near)));
    words.out_of_scope.iter().chain(near).cloned().collect()
}

fn source_entry(Published { id, entry }: &Published) -> SourceEntry {
    SourceEntry {
        id: id.clone(),
        title: entry.title.clone(),
        questions: entry.questions.clone(),
        answer: entry.answer.clone(),
        url: entry.url.clone(),
    }
}

/// The entry that a base answers with, if it does.
pub(crate) fn answered<'a>(base: &Base<'a>, question: &str) -> Option<&'a str> {
    match base.answer_alone(question) {
        Answer::Entry { id, .. } => Some(id),
        _ => None,
    }
}

/// Questions of both editions may be answered worse by so much: this share, or one of them.
const BOUND: f64 = 0.02;

/// Whether the second edition answers worse than the first, of the questions that both have: by more than
/// two in a hundred, and more than one. New and taken-away questions do not count, so that a new entry makes
/// nothing worse.
#[expect(clippy::cast_precision_loss, reason = "counts of questions")]
pub(crate) fn is_worse(before: &Edition, after: &Edition) -> bool {
    let now: HashSet<&str> = after.questions().collect();
    let common: Vec<&str> = before.questions().filter(|question| now.contains(question)).collect();
    let missed = |edition: &Edition| {
        let missed: HashSet<&str> = edition.missed.iter().map(String::as_str).collect();
        common.iter().filter(|question| missed.contains(*question)).count()
    };
    let lost = missed(after).saturating_sub(missed(before));
    lost > 1 && lost as f64 > BOUND * common.len() as f64
}

#[cfg(test)]
mod tests {
    use shared::values::entry::Entry;

    use super::*;

    fn edition(questions: usize, missed: &[usize]) -> Edition {
        let name = |number: usize| format!("question {number}");
        let entry = Entry {
            title: "A".to_owned(),
            questions: (0..questions).map(name).collect(),
            answer: "a".to_owned(),
            url: None,
            near_misses: Vec::new(),
            keep_together: Vec::new(),
            review_on: None,
        };
        let entries = vec![Published { id: "a".to_owned(), entry }];
        Edition { entries, missed: missed.iter().map(|number| name(*number)).collect() }
    }

    #[test]
    fn what_both_have_is_compared_and_nothing_else() {
        let before = edition(100, &[1]);
        assert!(!is_worse(&before, &edition(100, &[1, 2, 3])), "two in a hundred");
        assert!(is_worse(&before, &edition(100, &[1, 2, 3, 4])));
        assert!(!is_worse(&before, &edition(200, &[150, 151, 152, 153, 154])), "they are new");
        assert!(!is_worse(&edition(10, &[]), &edition(10, &[1])), "one of few");
        assert!(is_worse(&edition(10, &[]), &edition(10, &[1, 2])));
        assert!(!is_worse(&Edition::default(), &edition(10, &[1, 2])));
    }
}
