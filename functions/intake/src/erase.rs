//! `DELETE /v1/me`: the visitor has all that is theirs destroyed.

use axum::extract::State;
use shared::access::token::Visitor;
use shared::http::app::App;
use shared::http::erase::{Carried, carry_out};
use shared::http::request::IdempotencyKey;
use shared::problem::{Code, Problem};
use shared::store::erasure::{OfNothing, Request, idempotency};
use shared::store::guests::Act;
use shared::store::ledger::Basis;

use crate::admission::admit;
use crate::guests::Guest;

/// There is one body: none. A repetition is the same request if its key is.
const BODY: &str = "me";

#[utoipa::path(delete, path = "/v1/me",
    params(("Sotto-Proof" = Option<String>, Header)), responses(
    (status = 200, body = shared::store::receipt::SignedReceipt)))]
pub(crate) async fn delete(
    State(app): State<App>,
    visitor: Visitor,
    guest: Guest,
    IdempotencyKey(key): IdempotencyKey,
) -> Result<Carried, Problem> {
    admit(&app, &visitor).await?;
    if !visitor.verified {
        guest.may(&app, Act::Erasure).await?;
    }
    let request = Request {
        subject: visitor.subject,
        site: visitor.site,
        basis: Basis::Gdpr17,
        requested_ms: app.clock.now_ms(),
        idempotency: idempotency(&key, BODY),
        // A visitor who has left nothing gets a receipt of that, and nothing will be stored under
        // that token.
        of_nothing: OfNothing::Passing,
    };
    carry_out(&app.store, &app.issuer, &request, (&app.events, None)).await?.ok_or_else(|| {
        Problem::new(
            Code::LegalHold,
            "It may not be deleted now, and will be when the hold is released.",
        )
    })
}
