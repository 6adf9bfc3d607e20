//! The bot: answers a visitor's question from a published base of entries, and only from it.
//!
//! Pure: no input or output, no clock. A base is written as JSON ([`Source`]), turned into bytes
//! when it is published ([`publish`]: TF-IDF of words and character n-grams, a linear classifier,
//! a calibrated threshold), and read in place by [`Base`], which parses nothing in advance.
//! Everything the bot can say stands in the base's own words.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "weights and hashes are cut to fewer bits on purpose; counts stay far below 2^24"
)]

mod base;
mod classifier;
mod features;
mod file;
mod normal;
mod numeric;
mod sentences;
mod source;
mod talk;
#[cfg(test)]
mod tests;
mod train;
mod turn;
mod weighting;
mod words;

pub use base::{Answer, Base, Candidate, Entry};
pub use file::Malformed;
pub use normal::normalise;
pub use sentences::{Opening, says_nobody};
pub use source::{Reply, Source, SourceEntry, SourceError, is_link};
pub use talk::{is_upset, names_account};
pub use train::{Calibration, Published, publish};
pub use turn::{Before, Turn};
pub use words::{LOCALES, Words, talk};
