//! `DELETE /v1/me`: the visitor has all that is theirs destroyed.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use shared::access::token::Visitor;
use shared::http::app::App;
use shared::http::request::IdempotencyKey;
use shared::http::response::{Reply, replayed};
use shared::problem::{Code, Problem};
use shared::store::erasure::{Erasure, Likeness, Request, likeness, twin};
use shared::store::ledger::Basis;

/// There is one body: none. A repetition is the same request if its key is.
const BODY: &str = "me";

#[utoipa::path(delete, path = "/v1/me", responses(
    (status = 200, body = shared::store::receipt::SignedReceipt)))]
pub(crate) async fn delete(
    State(app): State<App>,
    visitor: Visitor,
    IdempotencyKey(key): IdempotencyKey,
) -> Result<Response, Problem> {
    let request = Request {
        subject: visitor.subject,
        site: visitor.site,
        basis: Basis::Gdpr17,
        requested_ms: app.clock.now_ms(),
        twin: twin(&key, BODY),
        // Who has left nothing has a receipt of it, and nothing will be stored under that token.
        of_nothing: true,
    };
    let (entry, again) = match app.store.erase(&request, None).await? {
        Erasure::Done(entry) => (entry, false),
        Erasure::Before(entry) => {
            let again = likeness(&entry.twin, &request.twin) == Likeness::Same;
            (entry, again)
        }
        Erasure::Held => {
            app.store.wait_for_release(&request, None).await?;
            return Err(Problem::new(
                Code::LegalHold,
                "It may not be deleted now, and will be when the hold is released.",
            ));
        }
        Erasure::Nothing => return Err(Code::NotFound.into()),
    };
    let signer = app.store.settings.receipt_signer().await?;
    let receipt = app.store.receipt_of(&entry, &signer, &app.issuer).await?;
    let response = Reply(StatusCode::OK, receipt).into_response();
    Ok(if again { replayed(response) } else { response })
}
