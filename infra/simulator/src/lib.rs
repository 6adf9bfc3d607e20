//! A simulated quarter: ten people, five thousand conversations, weekdays, shifts, growth, a sale; and attacks
//! upon it at three strengths. It asks the rules and habits that `detect` asks, with the events that functions
//! write, so that a change of a rule shows at once what it finds and what it costs.

#![expect(clippy::indexing_slicing, reason = "a simulation that is wrong about its own team stops")]

mod attacks;
mod life;
mod score;

pub use attacks::{ATTACKS, Strength};
pub use score::{Found, Score, score};

/// Seeds by which rules were chosen.
pub const TUNED: std::ops::Range<u64> = 0..8;
/// Seeds of which nobody has looked at a single event.
pub const REPORTED: std::ops::Range<u64> = 3_000..3_020;
