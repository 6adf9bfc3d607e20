//! Sequences of what visitors, operators and time do to sessions, against a model that knows no epoch:
//! a session is ended because somebody has ended it, by hand, by a key or by time.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::json;
use tests::site_server::{SiteServer, sign_in, visitor_of};
use tests::visitor::{Visitor, fresh_key};
use tests::world::World;

use super::super::isolation::request;
use super::{CUSTOMER_SECONDS, GUEST_SECONDS, TOKEN_SECONDS, end, renew};

const ROUNDS: usize = 8;
/// How many tokens are tried after each step; at the end of a round all are.
const TRIED: usize = 3;
const STEPS: usize = 40;
const DAY: i64 = 86_400;
const TRANSCRIPT: i64 = 30 * DAY;
const GRACE: i64 = 30 * DAY;

#[derive(Debug, Clone, Copy)]
enum Step {
    SignIn,
    Arrive,
    Renew(usize),
    End(usize),
    Open(usize),
    Erase(usize),
    Replace,
    Remove,
    Wait(u64),
    Ttl,
}

fn step() -> impl Strategy<Value = Step> {
    let which = || 0_usize..64;
    prop_oneof![
        3 => Just(Step::SignIn),
        1 => Just(Step::Arrive),
        5 => which().prop_map(Step::Renew),
        2 => which().prop_map(Step::End),
        3 => which().prop_map(Step::Open),
        1 => which().prop_map(Step::Erase),
        1 => Just(Step::Replace),
        1 => Just(Step::Remove),
        5 => prop::sample::select(vec![0, 1, 59, 61, 3_600, 14_399, 86_399, 7 * 86_400, 29 * 86_400])
            .prop_map(Step::Wait),
        1 => Just(Step::Ttl),
    ]
}

/// A token, and what the model knows of its session.
struct Held {
    visitor: Visitor,
    exp: i64,
    ends: i64,
    /// The number of the key that let it in.
    key: Option<u32>,
    is_ended: bool,
}

/// The model's knowledge of a subject.
#[derive(Default)]
struct Known {
    /// When each conversation ends.
    conversations: Vec<i64>,
    is_erased: bool,
}

struct Model<'a> {
    world: &'a World,
    server: SiteServer,
    customer: String,
    held: Vec<Held>,
    subjects: std::collections::BTreeMap<String, Known>,
    /// The number of the present key, and of the last one.
    key: Option<u32>,
    keys: u32,
}

type Answer = (u16, String);

fn refused(status: u16, code: &str) -> Result<(), Answer> {
    Err((status, code.to_owned()))
}

impl Model<'_> {
    fn now(&self) -> i64 {
        self.world.clock.now_seconds()
    }

    fn pick(&self, which: usize) -> Option<usize> {
        (!self.held.is_empty()).then(|| which % self.held.len())
    }

    fn subject(&mut self, at: usize) -> &mut Known {
        self.subjects.entry(self.held[at].visitor.subject.clone()).or_default()
    }

    /// Whether a route that looks at everything takes the token.
    fn admitted(&self, at: usize) -> Result<(), Answer> {
        let Held { exp, key, is_ended, .. } = &self.held[at];
        if *exp <= self.now() {
            return refused(401, "token_expired");
        }
        if *is_ended || (key.is_some() && *key != self.key) {
            return refused(401, "token_revoked");
        }
        Ok(())
    }

    fn is_erased(&self, at: usize) -> bool {
        self.subjects.get(&self.held[at].visitor.subject).is_some_and(|known| known.is_erased)
    }

    async fn register(&mut self, is_there: bool) {
        // Two keys of one millisecond would have one time.
        self.world.clock.advance(std::time::Duration::from_millis(1));
        let jwk = if is_there { self.server.jwk() } else { serde_json::Value::Null };
        self.world.register_identity_key(&jwk, false).await;
        self.keys += 1;
        self.key = is_there.then_some(self.keys);
    }

    async fn sign_in(&mut self) {
        let identity =
            self.server.sign(&SiteServer::claims(&self.customer, self.world.clock.now_ms()));
        let session = sign_in(&self.world.api(), &identity).await;
        if self.key.is_none() {
            assert_eq!(session.refusal(), (422, "invalid".to_owned()));
            return;
        }
        let visitor = visitor_of(self.world.api(), &session);
        let ends = self.now() + CUSTOMER_SECONDS;
        self.held.push(Held { visitor, exp: ends, ends, key: self.key, is_ended: false });
        assert!(!self.is_erased(self.held.len() - 1), "an erased subject came back");
    }

    async fn arrive(&mut self) {
        let visitor = self.world.visitor().await;
        self.guest(visitor);
    }

    fn guest(&mut self, visitor: Visitor) {
        let now = self.now();
        let (exp, ends) = (now + TOKEN_SECONDS, now + GUEST_SECONDS);
        self.held.push(Held { visitor, exp, ends, key: None, is_ended: false });
    }

    fn renewed(&mut self, at: usize) -> Result<Option<i64>, Answer> {
        let now = self.now();
        let Held { exp, ends, key, is_ended, .. } = self.held[at];
        if ends.min(exp + GRACE) <= now {
            refused(401, "token_expired")?;
        }
        if is_ended || (key.is_some() && key != self.key) {
            refused(401, "token_revoked")?;
        }
        let known = self.subject(at);
        if known.is_erased {
            return Ok(None);
        }
        let longer = (now + TOKEN_SECONDS).min(ends);
        match (key.is_some() || known.conversations.iter().any(|end| now < *end), now < exp) {
            (true, _) => Ok(Some(longer)),
            (false, true) => Ok(Some(longer.min(exp))),
            (false, false) => refused(401, "token_expired").map(|()| None),
        }
    }

    async fn renew(&mut self, at: usize) {
        let expected = self.renewed(at);
        let session = renew(&self.held[at].visitor).await;
        match expected {
            Err(answer) => assert_eq!(session.refusal(), answer),
            Ok(None) => {
                let visitor = visitor_of(self.world.api(), &session);
                assert!(!self.subjects.contains_key(&visitor.subject), "not a new subject");
                self.guest(visitor);
            }
            Ok(Some(exp)) => {
                let visitor = visitor_of(self.world.api(), &session);
                assert_eq!(visitor.subject, self.held[at].visitor.subject);
                assert_eq!(session.json()["expires_in"], json!(exp - self.now()));
                let Held { ends, key, .. } = self.held[at];
                self.held.push(Held { visitor, exp, ends, key, is_ended: false });
            }
        }
    }

    async fn end(&mut self, at: usize) {
        let expected = self.admitted(at);
        let answer = end(&self.held[at].visitor).await;
        let Err(refusal) = expected else {
            assert_eq!(answer.status, 204, "{}", answer.json());
            let subject = self.held[at].visitor.subject.clone();
            for held in self.held.iter_mut().filter(|held| held.visitor.subject == subject) {
                held.is_ended = true;
            }
            return;
        };
        assert_eq!(answer.refusal(), refusal);
    }

    async fn open(&mut self, at: usize) {
        let mut expected = self.admitted(at);
        if expected.is_ok() && self.is_erased(at) {
            expected = refused(410, "erased");
        }
        let body = json!({ "consent": { "notice_version": "1", "purposes": ["support"] } });
        let answer = self.held[at].visitor.send(request("POST", "/v1/conversations", &body)).await;
        let Err(refusal) = expected else {
            assert_eq!(answer.status, 201, "{}", answer.json());
            let end = self.now() + TRANSCRIPT;
            self.subject(at).conversations.push(end);
            return;
        };
        assert_eq!(answer.refusal(), refusal);
    }

    async fn erase(&mut self, at: usize) {
        let expected = self.admitted(at);
        let wish = tests::api::Request::new("DELETE", "/v1/me");
        let wish = wish.header("idempotency-key", fresh_key());
        let answer = self.held[at].visitor.send(wish).await;
        let Err(refusal) = expected else {
            assert_eq!(answer.status, 200, "{}", answer.json());
            let known = self.subject(at);
            known.is_erased = true;
            known.conversations.clear();
            return;
        };
        assert_eq!(answer.refusal(), refusal);
    }

    /// Tries so many tokens, from one on that differs from step to step.
    async fn look(&self, number: usize, most: usize, step: Step) {
        let count = self.held.len();
        for at in (0..count.min(most)).map(|one| (number + one) % count) {
            let held = &self.held[at];
            let mut expected = self.admitted(at);
            if expected.is_ok() && self.is_erased(at) {
                expected = refused(410, "erased");
            }
            let answer = held.visitor.get("/v1/me/export").await;
            match expected {
                Ok(()) => assert_eq!(answer.status, 200, "token {at} after {step:?}"),
                Err(refusal) => assert_eq!(answer.refusal(), refusal, "token {at} after {step:?}"),
            }
        }
    }

    async fn take(&mut self, step: Step) {
        match step {
            Step::SignIn => self.sign_in().await,
            Step::Arrive => self.arrive().await,
            Step::Replace => self.register(true).await,
            Step::Remove => self.register(false).await,
            Step::Wait(seconds) => self.world.advance_seconds(seconds),
            Step::Ttl => drop(self.world.aws.sweep_ttl().expect("the TTL runs")),
            Step::Renew(which) | Step::End(which) | Step::Open(which) | Step::Erase(which) => {
                let Some(at) = self.pick(which) else { return };
                match step {
                    Step::Renew(_) => self.renew(at).await,
                    Step::End(_) => self.end(at).await,
                    Step::Open(_) => self.open(at).await,
                    _ => self.erase(at).await,
                }
            }
        }
    }
}

#[tokio::test]
async fn every_sequence_ends_the_sessions_that_the_model_ends() {
    let world = World::new().await;
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    for round in 0..ROUNDS {
        let steps = prop::collection::vec(step(), STEPS).new_tree(&mut runner).expect("steps");
        let mut model = Model {
            world: &world,
            server: SiteServer::ed25519(1),
            customer: format!("customer-{round}"),
            held: Vec::new(),
            subjects: std::collections::BTreeMap::new(),
            key: None,
            keys: 0,
        };
        model.register(true).await;
        let steps = steps.current();
        for (number, step) in steps.iter().copied().enumerate() {
            model.take(step).await;
            let all = number + 1 == steps.len();
            model.look(number * TRIED, if all { usize::MAX } else { TRIED }, step).await;
        }
    }
}
