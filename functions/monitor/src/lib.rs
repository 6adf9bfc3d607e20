//! Somebody is watching: what was detected, what is done about it, and whom it concerns.
//!
//! The routes are called by the console through API Gateway. They read and write the table `incidents`,
//! set and lift locks in `settings`, append to `events` and read there who has read what, and read of
//! `identity` the roles of accounts. No key of anything that visitors say.
//!
//! The binary `detect` ([`detect`]) reads the streams of two tables, judges what the staff do by rules and
//! habits, opens incidents, and takes what their playbooks take at once.

pub mod accounts;
pub mod act;
pub mod actions;
pub mod affected;
mod audited;
pub mod decoys;
pub mod detect;
pub mod escalate;
pub mod events;
pub mod habits;
pub mod incidents;
pub mod parts;
mod playbook;
pub mod raise;
mod record;
pub mod report;
pub mod rules;
pub mod verdicts;
pub mod watch;

use axum::Router;
use shared::http::finish::{finish, no_other_page};

pub use detect::Watchman;
pub use parts::{App, Config};

shared::table! {
    App:
    incidents => list, __path_list [Invalid];
    incidents => post, __path_post;
    incidents => rules, __path_rules;
    incidents => get, __path_get [NotFound];
    verdicts => patch, __path_patch [NotFound, Conflict];
    actions => post, __path_post [NotFound, Conflict, LastAdmin];
    affected => get, __path_get [NotFound];
    report => get, __path_get [NotFound];
    events => list, __path_list [Invalid];
}

/// The routes over their parts, to be finished with those of other functions.
pub fn routes(app: App) -> Router {
    served().with_state(app)
}

/// The function as it is served. No other origin's page may call it.
pub fn router(app: App) -> Router {
    let clock = app.clock().clone();
    finish(routes(app), clock, no_other_page())
}
