//! Transcripts and their lifetime: reading for a reason, the policy, what subjects ask for, holds,
//! receipts. The binary `sweep` destroys what is past its time.
//!
//! Called by the console and by programs of the staff through API Gateway; receipts by anybody. Reads
//! and writes the tables `keys`, `conversations`, `profiles`, `ledger` and the policies in `settings`,
//! and appends to `events`; uses KMS for the purposes transcript, profile, index, audit and signing
//! (receipts only).

pub mod cases;
pub mod erasures;
mod grounds;
pub mod holds;
pub mod leads;
pub mod policy;
pub mod receipts;
pub mod subject;
pub mod subject_export;
pub mod subjects;
pub mod sweep;
pub mod transcripts;

use axum::Router;
use shared::http::finish::{finish, no_other_page};

use shared::http::staff_app::App;

shared::table! {
    App:
    leads => get, __path_get [LockedDown, PurposeRequired, Invalid];
    leads => export, __path_export [LockedDown, PurposeRequired, Invalid];
    transcripts => get, __path_get [LockedDown, PurposeRequired, TrainingRequired, Erased, StepUpRequired];
    subjects => search, __path_search;
    subject => get, __path_get [Erased, Conflict, PurposeRequired, Invalid];
    subjects => delete, __path_delete [LegalHold, Conflict, PurposeRequired];
    erasures => list, __path_list;
    erasures => approve, __path_approve [NotFound, LegalHold];
    erasures => withdraw, __path_withdraw [NotFound, Conflict];
    subject_export => post, __path_post [LockedDown, Erased, Conflict, PurposeRequired];
    policy => get, __path_get [Invalid];
    policy => put, __path_put [Conflict];
    holds => list, __path_list;
    holds => post, __path_post [NotFound, Erased];
    holds => delete, __path_delete [NotFound];
    receipts => get, __path_get;
    receipts => verify, __path_verify;
    cases => list, __path_list [Invalid];
    cases => post, __path_post [Conflict];
    cases => get, __path_get;
    cases => patch, __path_patch [Conflict, StepUpRequired];
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
