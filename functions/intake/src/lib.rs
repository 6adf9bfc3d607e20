//! The visitors' function: sessions, keys, conversations, messages, hand-over, leads, ratings.
//!
//! Called by browsers through API Gateway. Reads and writes the tables `keys`, `conversations`,
//! `profiles` and `settings`; uses KMS for the purposes transcript, profile, index, transport (open
//! only) and signing (visitors' tokens only). The binary `rotate-keys` is the daily job that makes
//! transport keys and signs their list; it alone may use the root key.

pub mod close;
pub mod commit;
pub mod conversations;
pub mod handover;
pub mod health;
pub mod keys;
pub mod lead;
pub mod messages;
pub mod rating;
pub mod responder;
pub mod rotate;
pub mod sessions;

use axum::Router;
use shared::http::app::App;
use shared::http::finish::finish;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes with their descriptions: the one source of the route table.
#[must_use]
pub fn api() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(health::get))
        .routes(routes!(keys::get))
        .routes(routes!(sessions::post))
        .routes(routes!(conversations::post))
        .routes(routes!(conversations::get))
        .routes(routes!(messages::post, messages::list::get))
        .routes(routes!(handover::post))
        .routes(routes!(lead::post))
        .routes(routes!(rating::post))
        .routes(routes!(close::post))
}

/// The routes over their parts, to be finished with those of other functions.
pub fn routes(app: App) -> Router {
    Router::from(api()).with_state(app)
}

/// The function as it is served.
pub fn router(app: App) -> Router {
    let (clock, origins) = (app.clock.clone(), app.origins.clone());
    finish(routes(app), clock, &origins)
}
