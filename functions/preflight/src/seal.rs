//! The visitor's message layer: a request goes sealed and its response must come sealed.

use seal::key_list::PublishedKey;
use seal::transport::client::{self, SealedRequest};
use seal::transport::{SEALED_JSON, pad, request_aad};
use serde_json::json;
use values::encoding::{base64url, from_base64url};

use crate::gateway::{Request, Response};
use crate::verdict::Fault;

/// Seals a request to a key: its body, or for one without a body a header that asks for a sealed
/// response. An idempotency key must stand in it already.
pub(crate) fn seal(
    request: Request,
    key: &PublishedKey,
) -> Result<(Request, SealedRequest), Fault> {
    let idempotency_key = request.find_header("idempotency-key");
    let aad = request_aad(request.method, request.route(), idempotency_key);
    let padded = if request.body.is_empty() { Vec::new() } else { pad(request.body.as_bytes()) };
    let sealed =
        client::seal(key.suite, &key.public, &padded, &aad).map_err(|_| Fault::CannotSeal)?;
    let enc = base64url(&sealed.enc);
    let request = if padded.is_empty() {
        request.header("sotto-reply-key", format!("{}.{enc}", key.kid))
    } else {
        let mut request = request;
        request.headers.retain(|(name, _)| *name != "content-type");
        let ct = base64url(&sealed.ct);
        request.body(SEALED_JSON, &json!({ "kid": key.kid, "enc": enc, "ct": ct }))
    };
    Ok((request, sealed))
}

/// Opens the response to a sealed request; one in the clear is a fault.
pub(crate) fn open(sealed: &SealedRequest, response: Response) -> Result<Response, Fault> {
    if response.header("content-type") != SEALED_JSON {
        return Err(Fault::NotSealed);
    }
    let body = response.json();
    let part = |name: &str| from_base64url(body.get(name)?.as_str()?);
    let opened = part("nonce")
        .zip(part("ct"))
        .and_then(|(nonce, ct)| sealed.open_response(&nonce, &ct))
        .ok_or(Fault::DoesNotOpen)?;
    Ok(response.with_body(opened))
}
