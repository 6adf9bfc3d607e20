//! The training of the staff: courses, attempts at their questions, the certificates that open claims and
//! transcripts, and practices that admins send.
//!
//! Called by the console through API Gateway. Reads and writes the rows of `training`, appends to `events`,
//! and reads in `settings` how long events are kept and the keys; uses KMS to open the key of the set of
//! staff keys and the one that signs certificates. No key of anything that visitors say.

pub mod attempts;
mod content;
pub mod courses;
pub mod practices;
pub mod records;
#[cfg(test)]
mod tests;

use axum::Router;
use shared::http::finish::{finish, no_other_page};

use shared::http::staff_app::App;

shared::table! {
    App:
    courses => list, __path_list;
    courses => get, __path_get [NotFound];
    attempts => begin, __path_begin [NotFound, Conflict, RateLimited];
    attempts => answer, __path_answer [NotFound, Conflict, AttemptExpired];
    practices => begin, __path_begin [Conflict];
    practices => list, __path_list;
    practices => get, __path_get;
    practices => play, __path_play [Conflict];
    records => me, __path_me;
    records => all, __path_all;
}

/// The routes over their parts, to be finished with those of other functions.
pub fn routes(app: App) -> Router {
    served().with_state(app)
}

/// The function as it is served. No other origin's page may call it.
pub fn router(app: App) -> Router {
    let clock = app.clock.clone();
    finish(routes(app), clock, no_other_page())
}
