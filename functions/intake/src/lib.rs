//! The visitors' function: sessions, keys, conversations, messages, hand-over, leads, ratings, and what
//! visitors ask for about themselves.
//!
//! Called by browsers through API Gateway. Reads and writes the tables `keys`, `conversations`,
//! `profiles` and `settings`, and writes `watch`; uses KMS for the purposes transcript, profile, index,
//! transport (open only) and signing (to open only, the keys of visitors' tokens and of the sites that
//! name their customers). The binary `rotate-keys` is the daily job that makes
//! transport keys and signs their list; it alone may use the root key.

mod admission;
pub mod close;
pub mod commit;
pub mod conversations;
pub mod erase;
pub mod feedback;
mod guests;
pub mod handover;
pub mod health;
pub mod keys;
pub mod lead;
pub mod me;
pub mod messages;
mod probing;
pub mod rating;
pub mod responder;
pub mod rotate;
pub mod sessions;
pub mod typing;
pub mod widget;

use axum::Router;
use http::HeaderValue;
use shared::http::app::App;
use shared::http::finish::{AllowOrigin, finish};
use shared::values::site::Site;

shared::table! {
    App:
    health => get, __path_get;
    keys => get, __path_get;
    sessions => post, __path_post [LockedDown, TokenInvalid, TokenExpired, TokenRevoked, MfaRequired, SealedRequired];
    sessions => delete, __path_delete;
    conversations => post, __path_post [LockedDown, ConsentRequired, RateLimited, Erased];
    conversations => get, __path_get [Erased];
    messages => post, __path_post [LockedDown, ConversationClosed, Erased, RateLimited];
    messages::list => get, __path_get [Erased];
    handover => post, __path_post [LockedDown, ConversationClosed, Erased, RateLimited];
    lead => post, __path_post [LockedDown, ConsentRequired, LegalHold, ConversationClosed, Erased, RateLimited];
    rating => post, __path_post [Erased, RateLimited];
    typing => post, __path_post [Erased];
    feedback => post, __path_post [Erased, RateLimited];
    close => post, __path_post [Erased];
    me => export, __path_export [Erased];
    erase => delete, __path_delete [LegalHold];
    widget => get, __path_get;
}

/// The routes over their parts, to be finished with those of other functions.
pub fn routes(app: App) -> Router {
    served().with_state(app)
}

/// The pages that may call: those that the deployment names, and those that an admin of the site has added.
/// Every preflight of the API arrives here, whichever function its route belongs to.
pub fn pages(app: &App) -> AllowOrigin {
    let app = app.clone();
    AllowOrigin::async_predicate(move |origin: HeaderValue, _| async move {
        let is_among =
            |named: &[String]| named.iter().any(|one| one.as_bytes() == origin.as_bytes());
        if is_among(&app.origins) {
            return true;
        }
        // Where nobody can say, the page has to try again, as with everything else then.
        let settings = app.store.site_settings(Site::SHIPPED).await;
        settings.is_ok_and(|site| is_among(&site.origins))
    })
}

/// The function as it is served.
pub fn router(app: App) -> Router {
    let (clock, pages) = (app.clock.clone(), pages(&app));
    finish(routes(app), clock, pages)
}
