//! Whether a visitor may go on: their session, for routes that have to know it at once, and the site.

use shared::access::token::Visitor;
use shared::http::app::App;
use shared::problem::{Code, Problem};
use shared::values::site::Site;

/// Refuses what begins or goes on while an incident has locked the site. In memory but once a minute.
///
/// # Errors
/// 403 `locked_down`, 503.
pub(crate) async fn not_locked_down(app: &App, site: &Site) -> Result<(), Problem> {
    if app.locks.get().await?.locks_down(site.id) {
        return Err(Problem::new(Code::LockedDown, "The chat is closed for a while."));
    }
    Ok(())
}

/// Refuses a session that was ended, by what is stored now.
///
/// # Errors
/// 401 `token_revoked`, 503.
pub(crate) async fn admit(app: &App, visitor: &Visitor) -> Result<(), Problem> {
    let limits = app.store.limits_of(visitor.site, visitor.subject, &visitor.session).await?;
    if limits.admit(&visitor.session) { Ok(()) } else { Err(Code::TokenRevoked.into()) }
}
