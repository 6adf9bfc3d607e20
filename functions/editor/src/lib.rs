//! The editor: admins write what the bot knows, try it, and publish it; agents read it.
//!
//! Called by the console through API Gateway. Reads and writes drafts and versions in `desk`, writes bases
//! and their heads in `settings`, and appends to `events`. It trains a base where it is published, so it has
//! more memory than the others, and no key of anything that visitors say.

pub mod entries;
pub mod export;
pub mod import;
pub mod publish;
mod shelf;
mod train;
pub mod trial;
pub mod versions;

use axum::Router;
use shared::http::finish::{LONG_DEADLINE, finish_within, no_other_page};

use shared::http::staff_app::App;

shared::table! {
    App:
    entries => list, __path_list;
    entries => get, __path_get;
    entries => put, __path_put [Conflict, PreconditionRequired, Stale];
    entries => delete, __path_delete [Stale];
    import => post, __path_post;
    export => get, __path_get;
    trial => post, __path_post;
    publish => post, __path_post [Conflict, Worse, Stale];
    versions => list, __path_list;
    versions => restore, __path_restore [Conflict, NotFound, Stale];
}

pub use import::{FileKind, Refused, parse_file};
pub use publish::{Content, begin_with};

/// The routes over their parts, to be finished with those of other functions.
pub fn routes(app: App) -> Router {
    served().with_state(app)
}

/// The function as it is served. No other origin's page may call it.
pub fn router(app: App) -> Router {
    let clock = app.clock.clone();
    finish_within(routes(app), clock, no_other_page(), LONG_DEADLINE)
}
