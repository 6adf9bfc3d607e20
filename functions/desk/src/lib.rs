//! The desk: agents see who waits, take a conversation, read and answer it, and give it back. The binaries
//! are jobs: `return-claims` takes conversations from agents who are gone, `reports` counts what happened,
//! `webhooks` sends new contacts.
//!
//! Called by the console through API Gateway. Reads the rows of the table `keys` and opens
//! conversations, appends to their logs in `conversations` and keeps their rows in the inbox there,
//! reads policies, staff keys and what admins set of a site in `settings`, keeps canned answers in `desk`, keeps presence, typing and seen marks in `watch`,
//! appends to `events` and records each claim as a reading in `ledger`; uses KMS to open, for the key
//! purpose transcript and for the set of staff keys, and to seal webhooks.

pub mod canned;
pub mod claimed;
pub mod claims;
mod days;
pub mod inbox;
pub mod messages;
pub mod presence;
pub mod reports;
pub mod return_claims;
pub mod sites;
pub mod suggestions;
pub mod summary;
pub mod webhooks;

use axum::Router;
use shared::http::finish::{finish, no_other_page};

use shared::http::staff_app::App;

shared::table! {
    App:
    inbox => get, __path_get [Invalid];
    presence => put, __path_put [Invalid];
    claims => claim, __path_claim [LockedDown, TrainingRequired, Claimed, ConversationClosed, Erased];
    claims => release, __path_release [LockedDown, Invalid, Erased, ConversationClosed, NotClaimed];
    claims => transfer, __path_transfer [LockedDown, TrainingRequired, Invalid, Erased, ConversationClosed, NotClaimed];
    claims => close, __path_close [LockedDown, Invalid, Erased, ConversationClosed, NotClaimed];
    messages => get, __path_get [LockedDown, Erased];
    messages => post, __path_post [LockedDown, Erased, ConversationClosed, NotClaimed];
    messages => note, __path_note [LockedDown, Erased, ConversationClosed, NotClaimed];
    messages => typing, __path_typing [LockedDown, Erased];
    messages => seen, __path_seen [LockedDown, Erased, Invalid];
    suggestions => get, __path_get [LockedDown, Erased];
    summary => get, __path_get [Invalid];
    canned => get, __path_get;
    canned => put, __path_put [NotFound, Conflict];
    canned => delete, __path_delete [NotFound];
    sites => list, __path_list;
    sites => get, __path_get;
    sites => put, __path_put [Invalid, PreconditionRequired, Stale];
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
