//! Attacks: what an intruder, or one of the team, does at three strengths.

use monitor::act::Event;
use shared::clock::UnixMillis;
use shared::ids::StaffId;

use crate::life::{BEGINNING_MS, DAY_MS, HOUR_MS, Life, MINUTE_MS, Person, SECOND_MS};

/// How hard somebody goes about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strength {
    /// As little as brings them something.
    Weak,
    /// In between.
    Medium,
    /// As much as they can.
    Strong,
}

impl Strength {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Weak, Self::Medium, Self::Strong];

    fn of<T: Copy>(self, [weak, medium, strong]: [T; 3]) -> T {
        match self {
            Self::Weak => weak,
            Self::Medium => medium,
            Self::Strong => strong,
        }
    }
}

/// An attack: its name, and the kinds of incidents of which one has to be opened.
pub struct Attack {
    /// Its name.
    pub name: &'static str,
    /// The kinds that find it.
    pub found_by: &'static [&'static str],
    play: fn(&mut Play<'_>),
}

impl Attack {
    /// Plays it upon a quarter: the events, in the order of their times.
    pub(crate) fn play(&self, life: &mut Life, strength: Strength) -> Vec<Event> {
        let mut day = life.within(40..85);
        while day % 7 >= 5 {
            day += 1;
        }
        let at_ms = BEGINNING_MS + day * DAY_MS + 10 * HOUR_MS + life.within(0..4 * HOUR_MS);
        let mut play = Play { life, strength, at_ms, events: Vec::new() };
        (self.play)(&mut play);
        let mut events = play.events;
        events.sort_by_key(|event| event.at_ms);
        events
    }
}

/// An attack that is played.
struct Play<'a> {
    life: &'a mut Life,
    strength: Strength,
    at_ms: UnixMillis,
    events: Vec<Event>,
}

impl Play<'_> {
    fn add(&mut self, word: &str, actor: Option<StaffId>, object: String) {
        let event = self.life.event(self.at_ms, word, actor, object);
        self.events.extend(event);
    }

    /// The same act upon another object, so often, each so long behind the one before.
    fn often(&mut self, person: Person, word: &str, count: i64, apart_ms: UnixMillis) {
        for _ in 0..count {
            let object = self.life.object();
            self.add(word, Some(person.id), object);
            self.at_ms += apart_ms;
        }
    }

    /// Somebody, an agent or an officer, who does the same so often, so many seconds apart.
    fn spree(&mut self, is_agent: bool, word: &str, counts: [i64; 3], apart_s: [i64; 3]) {
        let person = self.life.one(is_agent);
        let apart_ms = self.strength.of(apart_s) * SECOND_MS;
        self.often(person, word, self.strength.of(counts), apart_ms);
    }

    fn at_hour(&mut self, hour: i64) {
        self.at_ms += hour * HOUR_MS - self.at_ms.rem_euclid(DAY_MS);
    }
}

/// All attacks.
pub const ATTACKS: &[Attack] = &[
    Attack {
        name: "a stolen refresh token",
        found_by: &["token_reused"],
        play: |play| {
            let person = play.life.one(true);
            for _ in 0..play.strength.of([1, 2, 5]) {
                let session = format!("{}/{}", person.id, play.life.object());
                play.add("token_reused", None, session);
                play.at_ms += MINUTE_MS;
            }
        },
    },
    Attack {
        name: "a copied passkey",
        found_by: &["token_reused"],
        play: |play| {
            let person = play.life.one(false);
            for _ in 0..play.strength.of([1, 2, 5]) {
                let factor = format!("{}/passkey", person.id);
                play.add("passkey_counter_went_back", Some(person.id), factor);
                play.at_ms += MINUTE_MS;
            }
        },
    },
    Attack {
        name: "an account that reads all it can",
        found_by: &["unusual_reads"],
        play: |play| {
            let person = play.life.one(false);
            let (count, apart_s) = play.strength.of([(24, 20), (60, 8), (300, 2)]);
            play.often(person, "transcript_read", count, apart_s * SECOND_MS);
        },
    },
    Attack {
        name: "reads spread over a day",
        found_by: &["unusual_reads"],
        play: |play| {
            let person = play.life.one(false);
            play.at_hour(9);
            let count = play.strength.of([28, 40, 80]);
            play.often(person, "transcript_read", count, 7 * HOUR_MS / count);
        },
    },
    Attack {
        name: "reads at night",
        found_by: &["unusual_reads"],
        play: |play| {
            play.at_hour(2);
            play.spree(false, "transcript_read", [6, 12, 40], [600, 120, 10]);
        },
    },
    Attack {
        name: "reads on a day off",
        found_by: &["unusual_reads"],
        play: |play| {
            let day = (play.at_ms - BEGINNING_MS) / DAY_MS;
            play.at_ms += (6 - day % 7) * DAY_MS;
            play.spree(false, "transcript_read", [6, 12, 40], [600, 120, 10]);
        },
    },
    Attack {
        name: "reads outside hours before leaving",
        found_by: &["unusual_reads"],
        play: |play| {
            let person = play.life.one(false);
            for _ in 0..play.strength.of([2, 4, 8]) {
                play.at_hour(21);
                play.often(person, "transcript_read", play.strength.of([5, 8, 15]), 3 * MINUTE_MS);
                play.at_ms += DAY_MS;
            }
        },
    },
    Attack {
        name: "an account taken over by a reset",
        found_by: &["reads_after_reset", "unusual_reads"],
        play: |play| {
            let (person, admin) = (play.life.one(false), play.life.one(false));
            play.add("factors_reset", Some(admin.id), person.id.to_string());
            play.at_ms += DAY_MS + HOUR_MS;
            let count = play.strength.of([12, 20, 60]);
            play.often(
                person,
                "transcript_read",
                count,
                play.strength.of([300, 60, 5]) * SECOND_MS,
            );
        },
    },
    Attack {
        name: "a right used that rests",
        found_by: &["reads_after_reset"],
        play: |play| {
            let person = play.life.one(false);
            play.often(person, "cooling_down", play.strength.of([1, 3, 10]), MINUTE_MS);
        },
    },
    Attack {
        name: "an admin who takes a role and reads",
        found_by: &["roles_widened", "unusual_reads", "reads_after_reset"],
        play: |play| {
            let person = play.life.one(false);
            play.add("roles_widened", Some(person.id), person.id.to_string());
            play.at_ms += DAY_MS;
            let count = play.strength.of([8, 25, 60]);
            play.often(
                person,
                "transcript_read",
                count,
                play.strength.of([300, 20, 5]) * SECOND_MS,
            );
        },
    },
    Attack {
        name: "claims that only read",
        found_by: &["claim_and_read", "unusual_reads"],
        play: |play| {
            play.spree(true, "conversation_claimed", [22, 40, 120], [25, 12, 3]);
        },
    },
    Attack {
        name: "exports in numbers",
        found_by: &["export_burst"],
        play: |play| {
            play.spree(false, "subject_exported", [5, 10, 40], [500, 120, 10]);
        },
    },
    Attack {
        name: "a new passkey and then an export",
        found_by: &["export_burst"],
        play: |play| {
            let person = play.life.one(false);
            play.add("factor_enrolled", Some(person.id), format!("{}/passkey", person.id));
            play.at_ms += 10 * MINUTE_MS;
            play.often(person, "subject_exported", play.strength.of([1, 3, 10]), MINUTE_MS);
        },
    },
    Attack {
        name: "erasures in numbers",
        found_by: &["erasure_burst"],
        play: |play| {
            play.spree(false, "subject_erased", [10, 20, 60], [240, 60, 10]);
        },
    },
    Attack {
        name: "a policy that keeps longer",
        found_by: &["policy_loosened"],
        play: |play| {
            let person = play.life.one(false);
            for _ in 0..play.strength.of([1, 1, 2]) {
                play.add("policy_loosened", Some(person.id), "default".to_owned());
                play.at_ms += MINUTE_MS;
            }
        },
    },
    Attack {
        name: "passwords that are tried",
        found_by: &["sign_in_storm"],
        play: |play| {
            for _ in 0..play.strength.of([3, 8, 40]) {
                let counter = format!("throttle#account#{}", play.life.object());
                play.add("throttle_began", None, counter);
                play.at_ms += play.strength.of([120, 20, 2]) * SECOND_MS;
            }
        },
    },
    Attack {
        name: "a session without its second factor",
        found_by: &["sign_in_storm"],
        play: |play| {
            play.spree(false, "step_up_failed", [5, 10, 30], [100, 30, 5]);
        },
    },
    Attack {
        name: "a flood of sessions",
        found_by: &["flood"],
        play: |play| {
            for _ in 0..play.strength.of([3, 10, 60]) {
                play.add("flood", None, "attacker".to_owned());
                play.at_ms += MINUTE_MS;
            }
        },
    },
    Attack {
        name: "ids that are tried",
        found_by: &["id_probing"],
        play: |play| {
            let subject = play.life.object();
            for _ in 0..play.strength.of([1, 5, 30]) {
                play.add("ids_probed", None, subject.clone());
                play.at_ms += MINUTE_MS;
            }
        },
    },
    Attack {
        name: "two agents whose ids are swapped",
        found_by: &["unusual_reads"],
        play: |play| {
            // One who works in the morning, with the work of one who works in the evening.
            let person = play.life.people[0];
            for _ in 0..play.strength.of([1, 2, 5]) {
                play.at_hour(14);
                let count = play.life.within(8..14);
                play.often(person, "conversation_claimed", count, 8 * HOUR_MS / count);
                play.at_ms += DAY_MS;
            }
        },
    },
    Attack {
        name: "an erasure that is entered by hand",
        found_by: &["item_tampered"],
        play: |play| {
            for _ in 0..play.strength.of([1, 2, 5]) {
                let subject = play.life.object();
                play.add("erasure_unproven", None, subject);
                play.at_ms += MINUTE_MS;
            }
        },
    },
];
