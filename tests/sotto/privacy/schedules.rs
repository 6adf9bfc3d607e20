//! Random interleavings of everything that touches a transcript's life, against a simple model: never
//! readable after its end, never destroyed under a hold, never lost before its time.
//!
//! A schedule is what happens to one subject, in turns with two hundred others in the same tables, under one
//! clock, one policy and one sweep. A kill is a call that is dropped somewhere between its requests.

use std::collections::HashSet;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use shared::ids::{ConversationId, HoldId, StaffId, SubjectId};
use shared::store::body::{Body, Consent};
use shared::store::conversation::{Found, Opened};
use shared::store::erasure::{Erasure, OfNothing, Request, idempotency};
use shared::store::event::{Kind, Spoken};
use shared::store::hold::{Hold, Placed, Rest};
use shared::store::inbox::Inbox;
use shared::store::ledger::Basis;
use shared::store::log::{Appended, Draft};
use shared::store::security_event::{Action, SecurityEvent};
use shared::store::session::Session;
use shared::values::policy::{DAY_MS, RetentionPolicy};
use shared::values::site::Site;
use tests::world::World;

/// Subjects of a round, each with a schedule of its own.
const SUBJECTS: usize = 200;
/// Deeds of a round, of all subjects together.
const DEEDS: usize = 1_000;
const SITE: &Site = Site::SHIPPED;

/// The actions that may come next.
#[derive(Debug, Clone, Copy)]
enum Deed {
    Open(usize),
    Write(usize, usize),
    Read(usize, usize),
    Erase(usize),
    EraseKilled(usize, usize),
    HoldOne(usize, usize),
    HoldAll(usize),
    Release(usize),
    Sweep,
    SweepKilled(usize),
    Later(u64),
    Policy(u64),
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let subject = 0..SUBJECTS;
    let deed = prop_oneof![
        10 => subject.clone().prop_map(Deed::Open),
        12 => (subject.clone(), 0..3_usize).prop_map(|(s, c)| Deed::Write(s, c)),
        16 => (subject.clone(), 0..3_usize).prop_map(|(s, c)| Deed::Read(s, c)),
        3 => subject.clone().prop_map(Deed::Erase),
        3 => (subject.clone(), 1..14_usize).prop_map(|(s, n)| Deed::EraseKilled(s, n)),
        2 => (subject.clone(), 0..3_usize).prop_map(|(s, c)| Deed::HoldOne(s, c)),
        1 => subject.clone().prop_map(Deed::HoldAll),
        2 => subject.prop_map(Deed::Release),
        1 => Just(Deed::Sweep),
        1 => (1..60_usize).prop_map(Deed::SweepKilled),
        3 => (1..7_200_u64).prop_map(Deed::Later),
        1 => (1..4_u64).prop_map(|days| Deed::Later(days * 86_400)),
        1 => (1..12_u64).prop_map(Deed::Policy),
    ];
    prop::collection::vec(deed, DEEDS)
}

/// The model's knowledge of a conversation.
struct Known {
    id: ConversationId,
    promised_ms: i64,
    messages: usize,
    /// When a release gave it its last end, if one did.
    released_ms: Option<i64>,
    erased: Erased,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Erased {
    No,
    /// The call was cut off, or waits for a hold.
    Perhaps,
    Yes,
}

#[derive(Default)]
struct Subject {
    id: Option<SubjectId>,
    conversations: Vec<Known>,
    /// Holds in force, on one or on all, with those that had ended before.
    holds: Vec<Holding>,
    erased: bool,
    perhaps: bool,
    /// An erasure waits for a hold to end, in whole or in part.
    waits: bool,
}

struct Holding {
    id: HoldId,
    on: Option<ConversationId>,
    /// Conversations that had ended before it, which it does not hold.
    ended: HashSet<ConversationId>,
}

impl Holding {
    fn is_on(&self, id: ConversationId) -> bool {
        self.on.is_none_or(|on| on == id) && !self.ended.contains(&id)
    }
}

impl Subject {
    fn is_held(&self, id: ConversationId) -> bool {
        self.holds.iter().any(|hold| hold.is_on(id))
    }
}

struct Round {
    world: World,
    policy: RetentionPolicy,
    subjects: Vec<Subject>,
    officer: StaffId,
}

/// Drives a call for so many steps and drops it there; gives its result if it came to its end.
async fn killed<T>(steps: usize, call: impl Future<Output = T>) -> Option<T> {
    let mut call = pin!(call);
    let mut left = steps;
    std::future::poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        call.as_mut().poll(context).map(Some)
    })
    .await
}

impl Round {
    fn now_ms(&self) -> i64 {
        self.world.clock.now_ms()
    }

    fn end_ms(&self, known: &Known) -> i64 {
        known.promised_ms.min(self.policy.transcript_end_ms(known.id.made_at_ms()))
    }

    async fn perform(&mut self, deed: Deed) {
        match deed {
            Deed::Open(at) => self.open(at).await,
            Deed::Write(at, which) => self.write(at, which).await,
            Deed::Read(at, which) => self.read(at, which).await,
            Deed::Erase(at) => self.erase(at, None).await,
            Deed::EraseKilled(at, steps) => self.erase(at, Some(steps)).await,
            Deed::HoldOne(at, which) => {
                let on = self.pick(at, which).map(|known| known.id);
                if on.is_some() {
                    self.hold(at, on).await;
                }
            }
            Deed::HoldAll(at) => self.hold(at, None).await,
            Deed::Release(at) => self.release(at).await,
            Deed::Sweep => {
                self.world.sweep().await;
                // A few of them, by turns; the end of a round looks at all.
                let some = usize::try_from(self.world.seconds()).expect("a time") % SUBJECTS;
                self.check_swept(some..(some + 4).min(SUBJECTS)).await;
            }
            Deed::SweepKilled(steps) => {
                let sweeper = self.world.sweeper();
                killed(steps, Box::pin(retention::sweep::run(&sweeper))).await;
            }
            Deed::Later(seconds) => self.world.advance_seconds(seconds),
            Deed::Policy(days) => self.set_policy(days).await,
        }
    }

    fn pick(&self, at: usize, which: usize) -> Option<&Known> {
        let conversations = &self.subjects[at].conversations;
        (!conversations.is_empty()).then(|| &conversations[which % conversations.len()])
    }

    async fn open(&mut self, at: usize) {
        let subject = match self.subjects[at].id {
            Some(id) => id,
            None => SubjectId::generate(&self.world.clock).unwrap(),
        };
        self.subjects[at].id = Some(subject);
        let purposes = vec!["support".to_owned()];
        let consent = Consent { locale: "en".to_owned(), notice_version: "1".to_owned(), purposes };
        let session = Session::of_guest(self.world.clock.now_seconds());
        let whose = (subject, &session);
        let opened = self.world.app.store.open_conversation(SITE, whose, 0, consent).await;
        let opened = opened.expect("opening");
        let known = &mut self.subjects[at];
        let Opened::New(conversation) = opened else {
            assert!(known.erased || known.perhaps, "somebody who was not erased was refused");
            known.erased = true;
            return;
        };
        assert!(!known.erased, "something new is stored of who was erased");
        let erased = if known.perhaps { Erased::Perhaps } else { Erased::No };
        known.conversations.push(Known {
            id: conversation.id,
            promised_ms: conversation.promised_until_ms,
            messages: 0,
            released_ms: None,
            erased,
        });
    }

    async fn write(&mut self, at: usize, which: usize) {
        let Some(id) = self.pick(at, which).map(|known| known.id) else { return };
        let subject = self.subjects[at].id.expect("a subject");
        let store = Arc::clone(&self.world.app.store);
        let Found::Live(conversation) =
            store.find_conversation((subject, None), id).await.expect("found")
        else {
            return;
        };
        let raw = store.tail(id).await.expect("the tail");
        let Some(tail) = raw.of(&conversation).expect("it opens") else { return };
        let draft = Draft {
            body: Body::Said(Spoken { message: "hello".into(), reply: None }),
            state: tail.state.at(self.now_ms()),
            idempotency: None,
            inbox: Inbox::Unchanged,
            asked: None,
        };
        let appended = store.append(&conversation, &tail, &draft).await.expect("appended");
        if matches!(appended, Appended::Stored(..)) {
            let known = &mut self.subjects[at].conversations;
            let known = known.iter_mut().find(|known| known.id == id).expect("it is known");
            known.messages += 1;
        }
    }

    async fn read(&mut self, at: usize, which: usize) {
        let Some(known) = self.pick(at, which) else { return };
        let (id, end_ms, erased) = (known.id, self.end_ms(known), known.erased);
        let messages = known.messages;
        let subject = self.subjects[at].id.expect("a subject");
        let store = &self.world.app.store;
        let found = store.find_conversation_now((subject, None), id).await.expect("found");
        let now_ms = self.now_ms();
        match found {
            Found::Live(conversation) => {
                assert!(now_ms < end_ms, "readable after its end");
                assert!(erased != Erased::Yes, "readable after it was erased");
                let (events, _) = store.events_from(id, 1, 1_000).await.expect("events");
                let read = events.iter().filter(|event| {
                    conversation.open(event).expect("it opens");
                    event.header.kind == Kind::Message
                });
                assert!(read.count() >= messages, "something said is lost");
            }
            Found::Erased => {
                assert!(erased != Erased::No, "destroyed though nobody has asked for it");
                assert!(!self.held_for_sure(at, id), "destroyed under a hold");
                self.known_mut(at, id).erased = Erased::Yes;
            }
            Found::Absent => {
                assert!(
                    end_ms <= now_ms || erased == Erased::Yes,
                    "gone {} ms before its time",
                    end_ms - now_ms
                );
            }
        }
    }

    fn held_for_sure(&self, at: usize, id: ConversationId) -> bool {
        self.subjects[at].is_held(id)
    }

    fn known_mut(&mut self, at: usize, id: ConversationId) -> &mut Known {
        let known = self.subjects[at].conversations.iter_mut().find(|known| known.id == id);
        known.expect("it is known")
    }

    async fn erase(&mut self, at: usize, steps: Option<usize>) {
        let Some(subject) = self.subjects[at].id else { return };
        let request = Request {
            subject,
            site: SITE,
            basis: Basis::Gdpr17,
            requested_ms: self.now_ms(),
            idempotency: idempotency("key", "body"),
            of_nothing: OfNothing::Passing,
        };
        let store = Arc::clone(&self.world.app.store);
        let events = self.world.app.events.clone();
        let done = match steps {
            None => Some(store.erase(&request, (&events, None)).await),
            Some(steps) => killed(steps, store.erase(&request, (&events, None))).await,
        };
        let all_held = self.subjects[at].holds.iter().any(|hold| hold.on.is_none());
        match done {
            Some(Ok(Erasure::Held)) => {
                assert!(all_held, "refused though nothing holds it");
                store.wait_for_release(&request, (&events, None)).await.expect("a wish");
                self.subjects[at].waits = true;
            }
            Some(Ok(_)) => {
                self.subjects[at].erased = true;
                self.subjects[at].perhaps = false;
                let holds = std::mem::take(&mut self.subjects[at].holds);
                for known in &mut self.subjects[at].conversations {
                    let held = holds.iter().any(|hold| hold.is_on(known.id));
                    known.erased = if held { known.erased } else { Erased::Yes };
                }
                self.subjects[at].waits |= !holds.is_empty();
                self.subjects[at].holds = holds;
            }
            Some(Err(error)) => panic!("an erasure failed: {error:?}"),
            None => {
                self.subjects[at].perhaps |= !self.subjects[at].erased;
                let subject = &mut self.subjects[at];
                let ids = subject.conversations.iter().map(|known| known.id);
                let held: HashSet<ConversationId> = ids.filter(|id| subject.is_held(*id)).collect();
                for known in &mut subject.conversations {
                    if known.erased == Erased::No && !held.contains(&known.id) {
                        known.erased = Erased::Perhaps;
                    }
                }
            }
        }
    }

    async fn hold(&mut self, at: usize, on: Option<ConversationId>) {
        let Some(subject) = self.subjects[at].id else { return };
        let app = &self.world.retention;
        let id = HoldId::generate(&self.world.clock).unwrap();
        let reasons = app.store.settings.reasons(SITE).await.expect("reasons");
        let hold = Hold {
            id,
            subject,
            conversation: on,
            site: SITE,
            reason: reasons.seal(&id.to_string(), "because").expect("sealed"),
            placed_by: self.officer,
            placed_ms: self.now_ms(),
            review_ms: self.now_ms() + 90 * DAY_MS,
            ends_ms: None,
            released: None,
            end_ms: 0,
            rest: Rest::Freeze,
        };
        let now_ms = self.now_ms();
        let conversations = self.subjects[at].conversations.iter();
        let has_ended =
            |known: &&Known| known.released_ms.unwrap_or_else(|| self.end_ms(known)) <= now_ms;
        let ended: HashSet<_> = conversations.filter(has_ended).map(|known| known.id).collect();
        match app.store.place_hold(&app.events, &hold, &self.policy).await.expect("a hold") {
            Placed::Holding => {
                let known = &mut self.subjects[at];
                // It was there to be held.
                for conversation in &mut known.conversations {
                    let is_on = on.is_none_or(|on| on == conversation.id);
                    if is_on && on.is_some() && conversation.erased == Erased::Perhaps {
                        conversation.erased = Erased::No;
                    }
                }
                if on.is_none() {
                    known.perhaps = false;
                    for conversation in &mut known.conversations {
                        if conversation.erased == Erased::Perhaps {
                            conversation.erased = Erased::No;
                        }
                    }
                }
                known.holds.push(Holding { id, on, ended });
            }
            Placed::Erased | Placed::Absent => {}
        }
    }

    async fn release(&mut self, at: usize) {
        let Some(holding) = self.subjects[at].holds.pop() else { return };
        let app = self.world.retention.clone();
        let hold = app.store.find_hold(holding.id).await.expect("a hold").expect("a hold");
        app.store
            .release_hold(&app.events, &hold, (Some(self.officer), None), &self.policy)
            .await
            .expect("released");
        let week_on = self.now_ms() + 7 * DAY_MS;
        let subject = &mut self.subjects[at];
        let waits = subject.waits || subject.perhaps || subject.erased;
        let still: Vec<_> = subject.conversations.iter().map(|known| known.id).collect();
        let still: HashSet<_> = still.into_iter().filter(|id| subject.is_held(*id)).collect();
        for known in &mut subject.conversations {
            if holding.is_on(known.id) && !still.contains(&known.id) {
                known.released_ms = Some(week_on);
                // The next sweep carries out the erasure that waited for it.
                if waits && known.erased == Erased::No {
                    known.erased = Erased::Perhaps;
                }
            }
        }
        subject.perhaps |= waits;
    }

    async fn set_policy(&mut self, days: u64) {
        let app = &self.world.retention;
        let policy = RetentionPolicy::new(days, 180, 730, 1).expect("a policy");
        let known = app.store.settings.retention_policy(SITE).await.expect("a policy");
        let event = SecurityEvent::by(self.officer, Action::PolicyChanged, SITE.id);
        let event = app.events.put(event).await.expect("an event");
        let put = app
            .store
            .settings
            .put_retention_policy(SITE, (&known, None), policy, vec![event])
            .await;
        self.policy = put.expect("a policy").expect("nobody else changes it").policy;
    }

    /// After a whole sweep nothing past its time has a key, and all that is held has.
    async fn check_swept(&self, some: std::ops::Range<usize>) {
        let now_ms = self.now_ms();
        let policy = self.policy;
        let rows = self.world.app.store.clone();
        for at in some {
            let Some(subject) = self.subjects[at].id else { continue };
            let found = rows.rows_of(subject).await.expect("rows").keys;
            for known in &self.subjects[at].conversations {
                let row = found.iter().find(|row| {
                    row.guarded == shared::store::key_row::Guarded::Conversation(known.id)
                        && !row.is_destroyed()
                });
                if self.subjects[at].is_held(known.id) && known.erased == Erased::No {
                    assert!(row.is_some(), "destroyed under a hold: {} of {at}", known.id);
                }
                if let Some(row) = row {
                    let due = row.due_ms(&policy);
                    assert!(
                        due.is_none_or(|due| now_ms < due),
                        "a key past its time after a sweep"
                    );
                    assert!(known.erased != Erased::Yes, "a key of what was erased");
                } else if known.erased == Erased::No {
                    let kept_until_ms = known.released_ms.unwrap_or_else(|| self.end_ms(known));
                    assert!(kept_until_ms <= now_ms, "a key was destroyed before its time");
                }
            }
        }
    }
}

/// One round with each change.
#[tokio::test]
async fn two_hundred_schedules_keep_the_promise() {
    Box::pin(keep_the_promise(1, 7)).await;
}

/// Takes ten minutes of a processor: `cargo test -p tests --test sotto schedules -- --ignored`.
#[tokio::test]
#[ignore = "ten minutes of a processor"]
async fn ten_thousand_schedules_keep_the_promise() {
    Box::pin(keep_the_promise(50, 6)).await;
}

async fn keep_the_promise(rounds: usize, seed: u8) {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let world = World::new().await;
    let officer = StaffId::generate(&world.clock).unwrap();
    let policy = RetentionPolicy::DEFAULT;
    let mut round = Round { world, policy, subjects: Vec::new(), officer };
    for number in 0..rounds {
        round.subjects = (0..SUBJECTS).map(|_| Subject::default()).collect();
        let deeds = deeds().new_tree(&mut runner).expect("deeds").current();
        for (at, deed) in deeds.into_iter().enumerate() {
            // Names the place of a failed assertion.
            let place = Place { round: number, at, deed };
            Box::pin(round.perform(deed)).await;
            std::mem::forget(place);
        }
        // No hold is left to slow down the sweeps of later rounds.
        for at in 0..SUBJECTS {
            while !round.subjects[at].holds.is_empty() {
                round.release(at).await;
            }
        }
        round.world.sweep().await;
        round.check_swept(0..SUBJECTS).await;
    }
}

/// Says, when a test fails, where it was.
struct Place {
    round: usize,
    at: usize,
    deed: Deed,
}

impl Drop for Place {
    #[expect(clippy::print_stderr, clippy::use_debug, reason = "by which a failure is found again")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("round {}, deed {}: {:?}", self.round, self.at, self.deed);
        }
    }
}
