//! The audit log: every security event is a leaf of a tree that nobody can rewrite unseen. The audits of the
//! deployment stand beside it: results, evidence, and how far people have come with each finding.
//!
//! The routes are called by the console through API Gateway. They read the tables `log` and `events`, append to
//! `events`, and read and write the audits in `incidents`. The binary `sequence` ([`sequence`]) reads the stream of
//! `events` and appends to `log`, with the key that signs its checkpoints; `examine` ([`examine`]) looks and judges. No key of anything that visitors say.

pub mod audits;
mod bundle;
pub mod examine;
pub mod findings;
pub mod items;
mod page;
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
    audits => list, __path_list [Invalid];
    audits => begin, __path_begin [Conflict];
    audits => get, __path_get [NotFound];
    bundle => get, __path_get [NotFound, Conflict];
    findings => patch, __path_patch [NotFound, Conflict];
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
