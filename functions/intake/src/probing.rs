//! Visitors who ask for many ids that are not theirs. They are counted in the memory of each function, so that a
//! refusal writes nothing, but for one event a minute about who has asked for twenty in ten minutes.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use shared::access::token::Visitor;
use shared::clock::UnixMillis;
use shared::http::app::App;
use shared::ids::{ConversationId, SubjectId};
use shared::store::security_event::{Action, SecurityEvent};

/// Different ids from which on it is told.
const IDS: usize = 20;
/// In which time.
const WINDOW_MS: UnixMillis = 10 * 60 * 1000;
/// How long it is not told again.
const TOLD_MS: UnixMillis = 60 * 1000;
/// Visitors who are remembered at once.
const VISITORS: usize = 1_024;

/// The ids that one visitor has asked for.
struct Asked {
    since_ms: UnixMillis,
    ids: Vec<ConversationId>,
    told_ms: Option<UnixMillis>,
}

/// The visitors of this function.
#[derive(Default)]
struct Probing(HashMap<SubjectId, Asked>);

impl Probing {
    /// Counts an id that was refused; true if it is to be told.
    fn refused(&mut self, subject: SubjectId, id: ConversationId, now_ms: UnixMillis) -> bool {
        let is_over = |asked: &Asked| now_ms - asked.since_ms >= WINDOW_MS;
        if self.0.len() >= VISITORS {
            self.0.retain(|_, asked| !is_over(asked));
        }
        if self.0.len() >= VISITORS && !self.0.contains_key(&subject) {
            return false;
        }
        let new = || Asked { since_ms: now_ms, ids: Vec::new(), told_ms: None };
        let asked = self.0.entry(subject).or_insert_with(new);
        if is_over(asked) {
            *asked = new();
        }
        // A page that asks for its own ended conversation again and again is no probing.
        if asked.ids.len() < IDS && !asked.ids.contains(&id) {
            asked.ids.push(id);
        }
        let is_told = asked.told_ms.is_some_and(|told_ms| now_ms - told_ms < TOLD_MS);
        let tells = asked.ids.len() >= IDS && !is_told;
        if tells {
            asked.told_ms = Some(now_ms);
        }
        tells
    }
}

/// Counts an id that was refused, and records that a visitor probes. The visitor is refused in any case.
pub(crate) async fn refused(app: &App, visitor: &Visitor, id: ConversationId) {
    static PROBING: LazyLock<Mutex<Probing>> = LazyLock::new(Mutex::default);
    let tells = {
        let mut probing = PROBING.lock().unwrap_or_else(PoisonError::into_inner);
        probing.refused(visitor.subject, id, app.clock.now_ms())
    };
    if !tells {
        return;
    }
    let event = SecurityEvent::of(Action::IdsProbed, visitor.subject);
    if let Err(error) = app.events.append(event).await {
        tracing::error!(?error, "that a visitor probes ids was not recorded");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(number: u8) -> SubjectId {
        SubjectId::at(0, [number; 32])
    }

    fn id(number: u8) -> ConversationId {
        ConversationId::at(0, [number; 32])
    }

    #[test]
    fn twenty_ids_in_ten_minutes_are_told_once_a_minute() {
        let mut probing = Probing::default();
        let told: Vec<_> =
            (0..25).filter(|at| probing.refused(subject(1), id(*at), i64::from(*at))).collect();
        assert_eq!(told, [19]);
        assert!(probing.refused(subject(1), id(30), 19 + TOLD_MS));
        assert!(!probing.refused(subject(1), id(31), WINDOW_MS), "another ten minutes begin");
    }

    #[test]
    fn one_id_asked_for_again_and_again_is_no_probing() {
        let mut probing = Probing::default();
        assert!((0..500).all(|at| !probing.refused(subject(1), id(1), at)));
    }

    #[test]
    fn many_visitors_take_no_more_memory_than_some() {
        let mut probing = Probing::default();
        for number in 0..5_000_u32 {
            let mut hash = [0; 32];
            hash[..4].copy_from_slice(&number.to_be_bytes());
            probing.refused(SubjectId::at(0, hash), id(1), 0);
        }
        assert_eq!(probing.0.len(), VISITORS);
        probing.refused(subject(9), id(1), WINDOW_MS);
        assert_eq!(probing.0.len(), 1, "those whose time is over give way");
    }
}
