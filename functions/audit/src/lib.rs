//! The audit log: every security event is a leaf of a tree that nobody can rewrite unseen.
//!
//! The routes are called by the console through API Gateway. They read the tables `log` and `events` and
//! write nothing but security events. The binary `sequence` ([`sequence`]) reads the stream of `events` and
//! appends to `log`, with the key that signs its checkpoints. No key of anything that visitors say.

pub mod parts;
pub mod proofs;
pub mod sequence;

use axum::Router;
use shared::http::finish::{finish, no_other_page};

pub use parts::{App, Config};
pub use sequence::{SequenceConfig, Sequencer};

shared::table! {
    App:
    proofs => checkpoint, __path_checkpoint [NotFound];
    proofs => inclusion, __path_inclusion [NotFound, LeafMismatch];
    proofs => consistency, __path_consistency [Invalid];
}

/// The routes over their parts, to be finished with those of other functions.
pub fn routes(app: App) -> Router {
    served().with_state(app)
}

/// The function as it is served. No other origin's page may call it.
pub fn router(app: App) -> Router {
    let clock = app.staff.clock.clone();
    finish(routes(app), clock, no_other_page())
}
