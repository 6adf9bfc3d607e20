//! Erasure of a subject on request: their own, or that of the staff member who answers them.

use axum::response::{IntoResponse, Response};
use http::StatusCode;

use edge::response::{Reply, replayed};
use store::Store;
use store::erasure::{Erasure, Repetition, Request, repetition};
use store::receipt::SignedReceipt;
use store::security_event::SecurityEvents;
use values::ids::{ReceiptId, StaffId};
use values::problem::{Code, Problem};

/// An erasure that was carried out, now or before.
pub struct Carried {
    /// The receipt's id.
    pub id: ReceiptId,
    receipt: SignedReceipt,
    again: bool,
}

impl IntoResponse for Carried {
    fn into_response(self) -> Response {
        let response = Reply(StatusCode::OK, self.receipt).into_response();
        if self.again { replayed(response) } else { response }
    }
}

/// Erases and gives the receipt; `None` when a hold does not allow it, and then the request is
/// stored to wait. Records a security event, with the staff member who asked, if one did.
///
/// # Errors
/// 404 when there is nothing and a receipt of nothing was not asked for, 422 when the idempotency key
/// came with another body before, 503.
pub async fn carry_out(
    store: &Store,
    issuer: &str,
    request: &Request,
    recorded: (&SecurityEvents, Option<StaffId>),
) -> Result<Option<Carried>, Problem> {
    let (entry, again) = match store.erase(request, recorded).await? {
        Erasure::Done(entry) => (entry, false),
        Erasure::Before(entry) => match repetition(&entry.idempotency, &request.idempotency) {
            Repetition::OtherBody => return Err(Code::IdempotencyMismatch.into()),
            repetition => (entry, repetition == Repetition::Same),
        },
        Erasure::Held => {
            store.wait_for_release(request, recorded).await?;
            return Ok(None);
        }
        Erasure::Nothing => return Err(Code::NotFound.into()),
    };
    // An entry that nothing bears out was written by somebody else.
    let receipt = store.receipt_of(&entry, issuer).await?.ok_or(Code::IntegrityFailed)?;
    Ok(Some(Carried { id: entry.receipt, receipt, again }))
}
