//! Publishes the shipped knowledge bases and measures how well the bot answers.
//!
//! `cargo knowledge publish` trains the demo's bases from `infra/local/demo/knowledge` and those without
//! entries from `shared/bot/words`, and writes each beside its source; `cargo knowledge evaluate` asks them the phrasings in `evaluation/`, or draws few
//! phrasings from a file of intents, trains with the same code, and asks the rest.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "counts of phrasings, shown as shares"
)]

pub mod draw;
pub mod phrasings;
pub mod report;
pub mod shipped;
pub mod strangers;
