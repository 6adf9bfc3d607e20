//! The part of an opened request that its response needs.

use std::sync::{Arc, Mutex, PoisonError};

use seal::transport::ReplySealer;

/// The most bytes that a body may have.
pub const BODY_LIMIT: usize = 64 * 1024;

/// The sealer of the response, once a request was opened; put into the request's extensions before
/// it is routed.
#[derive(Clone, Default)]
pub struct ReplySlot(Arc<Mutex<Option<ReplySealer>>>);

impl ReplySlot {
    /// Takes the sealer out; a response is sealed once.
    #[must_use]
    pub fn take(&self) -> Option<ReplySealer> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Puts the sealer in, for the response of the request with these extensions.
    pub fn fill(extensions: &http::Extensions, sealer: ReplySealer) {
        if let Some(slot) = extensions.get::<Self>() {
            *slot.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(sealer);
        }
    }
}
