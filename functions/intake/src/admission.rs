//! Whether a visitor's session goes on, for routes that have to know it at once.

use shared::access::token::Visitor;
use shared::http::app::App;
use shared::problem::{Code, Problem};

/// Refuses a session that was ended, by what is stored now.
///
/// # Errors
/// 401 `token_revoked`, 503.
pub(crate) async fn admit(app: &App, visitor: &Visitor) -> Result<(), Problem> {
    let limits = app.store.limits_of(visitor.site, visitor.subject, &visitor.session).await?;
    if limits.admit(&visitor.session) { Ok(()) } else { Err(Code::TokenRevoked.into()) }
}
