//! Ordinary life: what a team does in ninety days.

use fastrand::Rng;
use monitor::act::Event;
use shared::clock::UnixMillis;
use shared::ids::{EventId, StaffId};

pub(crate) const SECOND_MS: UnixMillis = 1_000;
pub(crate) const MINUTE_MS: UnixMillis = 60 * SECOND_MS;
pub(crate) const HOUR_MS: UnixMillis = 60 * MINUTE_MS;
pub(crate) const DAY_MS: UnixMillis = 24 * HOUR_MS;
/// Monday, 2026-06-01.
pub(crate) const BEGINNING_MS: UnixMillis = 1_780_272_000_000;
/// A quarter.
pub(crate) const DAYS: i64 = 90;
/// Hours at which the shifts of the agents begin.
const SHIFTS: [i64; 7] = [6, 6, 8, 8, 9, 13, 14];
/// Privacy officers, who read for quality and answer subjects.
const OFFICERS: usize = 2;
/// Days of a sale, with three times the conversations.
const SALE: std::ops::Range<i64> = 60..65;

/// Somebody of the team.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Person {
    pub(crate) id: StaffId,
    pub(crate) starts_hour: i64,
    pub(crate) is_agent: bool,
}

/// A quarter of a team.
pub(crate) struct Life {
    pub(crate) people: Vec<Person>,
    pub(crate) events: Vec<Event>,
    rng: Rng,
}

/// An id of sixteen bytes that the seed makes.
fn hash(rng: &mut Rng) -> [u8; 32] {
    let mut bytes = [0; 32];
    rng.fill(&mut bytes);
    bytes
}

impl Life {
    pub(crate) fn of(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let agents = SHIFTS.iter().map(|hour| (*hour, true));
        let officers = (0..=OFFICERS).map(|_| (9, false));
        let people = agents.chain(officers).map(|(starts_hour, is_agent)| Person {
            id: StaffId::at(BEGINNING_MS, hash(&mut rng)),
            starts_hour,
            is_agent,
        });
        let people = people.collect();
        let mut life = Self { people, events: Vec::new(), rng };
        for day in 0..DAYS {
            life.day(day);
        }
        life.seldom();
        life.events.sort_by_key(|event| event.at_ms);
        life
    }

    pub(crate) fn object(&mut self) -> String {
        StaffId::at(BEGINNING_MS, hash(&mut self.rng)).to_string()
    }

    pub(crate) fn event(
        &mut self,
        at_ms: UnixMillis,
        word: &str,
        actor: Option<StaffId>,
        object: String,
    ) -> Option<Event> {
        let id = EventId::at(at_ms, hash(&mut self.rng)).to_string();
        Event::of((id, at_ms), word, actor, object)
    }

    pub(crate) fn add(
        &mut self,
        at_ms: UnixMillis,
        word: &str,
        actor: Option<StaffId>,
        object: String,
    ) {
        let event = self.event(at_ms, word, actor, object);
        self.events.extend(event);
    }

    pub(crate) fn chance(&mut self, percent: u32) -> bool {
        self.rng.u32(0..100) < percent
    }

    pub(crate) fn within(&mut self, range: std::ops::Range<i64>) -> i64 {
        self.rng.i64(range)
    }

    fn day(&mut self, day: i64) {
        let midnight_ms = BEGINNING_MS + day * DAY_MS;
        let is_weekend = day % 7 >= 5;
        let growth = 40 + day / 3;
        let mut conversations = if is_weekend { growth / 2 } else { growth };
        if SALE.contains(&day) {
            conversations *= 3;
        }
        let mut at_work = Vec::new();
        for (at, person) in self.people.clone().into_iter().enumerate() {
            // Every second weekend two of the agents work.
            let on_duty = person.is_agent && i64::try_from(at % 4).unwrap_or(0) == (day / 7) % 4;
            let is_there = if is_weekend { on_duty } else { !self.chance(8) };
            if is_there {
                at_work.push(person);
                self.shift(person, midnight_ms);
            }
        }
        let agents: Vec<_> = at_work.iter().filter(|person| person.is_agent).copied().collect();
        if agents.is_empty() {
            return;
        }
        // The bot answers half of them.
        for _ in 0..conversations / 2 {
            let person = agents[self.rng.usize(0..agents.len())];
            // Now and then somebody stays for an hour or two.
            let late_ms = if self.chance(3) { self.within(0..2 * HOUR_MS) } else { 0 };
            let at_ms = self.in_shift(person, midnight_ms) + late_ms;
            let conversation = self.object();
            self.add(at_ms, "conversation_claimed", Some(person.id), conversation.clone());
            if self.chance(20) {
                self.add(at_ms + 5 * MINUTE_MS, "transcript_read", Some(person.id), conversation);
            }
        }
    }

    fn in_shift(&mut self, person: Person, midnight_ms: UnixMillis) -> UnixMillis {
        midnight_ms + person.starts_hour * HOUR_MS + self.within(0..8 * HOUR_MS)
    }

    /// What everybody does on a day at work.
    fn shift(&mut self, person: Person, midnight_ms: UnixMillis) {
        let begins_ms = midnight_ms + person.starts_hour * HOUR_MS + self.within(0..15 * MINUTE_MS);
        let session = self.object();
        self.add(begins_ms, "signed_in", Some(person.id), session.clone());
        if person.is_agent {
            return;
        }
        for hour in 0..8 {
            if self.chance(60) {
                let at_ms = begins_ms + hour * HOUR_MS;
                self.add(at_ms, "stepped_up", Some(person.id), session.clone());
                if self.chance(2) {
                    self.add(at_ms + SECOND_MS, "step_up_failed", Some(person.id), session.clone());
                }
            }
        }
        // A few conversations for quality, and on some days a review.
        let review = self.chance(6);
        let reads = if review { self.within(10..17) } else { self.within(0..7) };
        for _ in 0..reads {
            let at_ms = self.in_shift(person, midnight_ms);
            let conversation = self.object();
            self.add(at_ms, "transcript_read", Some(person.id), conversation);
        }
        if self.chance(15) {
            let (at_ms, subject) = (self.in_shift(person, midnight_ms), self.object());
            self.add(at_ms, "contact_read", Some(person.id), subject.clone());
            let word = if self.chance(50) { "subject_exported" } else { "subject_erased" };
            self.add(at_ms + MINUTE_MS, word, Some(person.id), subject);
        }
        if self.chance(10) {
            let at_ms = self.in_shift(person, midnight_ms);
            self.add(at_ms, "leads_exported", Some(person.id), "default".to_owned());
        }
    }

    /// What happens a few times in a quarter.
    fn seldom(&mut self) {
        for week in 0..DAYS / 7 {
            let at_ms = BEGINNING_MS + week * 7 * DAY_MS + self.within(0..5 * DAY_MS);
            // Somebody has forgotten a password.
            for _ in 0..self.within(0..2) {
                let counter = format!("throttle#account#{}", self.object());
                self.add(at_ms, "throttle_began", None, counter);
            }
            // A school, or a campaign.
            if self.chance(40) {
                let network = format!("network{week}");
                for minute in 0..self.within(1..3) {
                    let at_ms = at_ms + minute * MINUTE_MS;
                    self.add(at_ms, "flood", None, network.clone());
                }
            }
        }
        for _ in 0..2 {
            let (at_ms, person) = self.somebody();
            self.add(at_ms, "factor_enrolled", Some(person.id), format!("{}/totp", person.id));
        }
        let (at_ms, person) = self.somebody();
        let admin = self.people[self.people.len() - 1].id;
        self.add(at_ms, "factors_reset", Some(admin), person.id.to_string());
        if self.chance(30) {
            let session = self.object();
            self.add(at_ms + 2 * HOUR_MS, "cooling_down", Some(person.id), session);
        }
        let (at_ms, person) = self.somebody();
        self.add(at_ms, "roles_widened", Some(admin), person.id.to_string());
        let (at_ms, person) = self.somebody();
        self.add(at_ms, "policy_loosened", Some(person.id), "default".to_owned());
        // A browser that asks twice.
        if self.chance(50) {
            let (at_ms, person) = self.somebody();
            let session = format!("{}/{}", person.id, self.object());
            self.add(at_ms, "token_reused", None, session);
        }
        // Somebody looks after a visitor at night.
        let (at_ms, person) = self.somebody();
        for minute in 0..2 {
            let at_ms = at_ms - at_ms % DAY_MS + 2 * HOUR_MS + minute * 10 * MINUTE_MS;
            let conversation = self.object();
            self.add(at_ms, "transcript_read", Some(person.id), conversation);
        }
    }

    /// Somebody on a weekday behind the first month.
    fn somebody(&mut self) -> (UnixMillis, Person) {
        let person = self.people[self.rng.usize(0..self.people.len())];
        let day = loop {
            let day = self.within(30..85);
            if day % 7 < 5 {
                break day;
            }
        };
        (self.in_shift(person, BEGINNING_MS + day * DAY_MS), person)
    }

    /// An agent, or an officer.
    pub(crate) fn one(&mut self, is_agent: bool) -> Person {
        let among: Vec<_> =
            self.people.iter().filter(|person| person.is_agent == is_agent).copied().collect();
        among[self.rng.usize(0..among.len())]
    }
}
