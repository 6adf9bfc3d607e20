//! What Sotto's functions share, in rooms that depend in one direction only:
//! `values` → `seal` → `store` → `access` → `http` (and `answer`, pure, beside `values`).
//! A test reads the `use` lines and refuses an arrow that points backwards.

pub mod access;
pub mod answer;
pub mod http;
pub mod seal;
pub mod store;
pub mod values;

pub use values::{clock, config, ids, problem, random, secret, text};
