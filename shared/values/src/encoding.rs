//! Binary values as text: base64url without padding (RFC 4648 section 5), as the API writes them.

use data_encoding::{BASE64, BASE64URL_NOPAD};

/// Encodes `bytes` as base64url without padding.
#[must_use]
pub fn base64url(bytes: &[u8]) -> String {
    BASE64URL_NOPAD.encode(bytes)
}

/// Decodes base64url without padding; `None` for anything else.
#[must_use]
pub fn from_base64url(text: &str) -> Option<Vec<u8>> {
    BASE64URL_NOPAD.decode(text.as_bytes()).ok()
}

/// Encodes bytes as padded base64, as signed notes have it.
#[must_use]
pub fn base64(bytes: &[u8]) -> String {
    data_encoding::BASE64.encode(bytes)
}

/// Decodes base64 with padding, as AWS writes binary values; `None` for anything else.
#[must_use]
pub fn from_base64(text: &str) -> Option<Vec<u8>> {
    BASE64.decode(text.as_bytes()).ok()
}

/// An instant and an id of 16 bytes as one text: where a list by time goes on.
#[must_use]
pub fn timed(at_ms: i64, id: &[u8; 16]) -> String {
    base64url(&[&at_ms.to_be_bytes()[..], id].concat())
}

/// The instant and the id that [`timed`] wrote; `None` for anything else.
#[must_use]
pub fn from_timed(text: &str) -> Option<(i64, [u8; 16])> {
    let bytes = from_base64url(text)?;
    let (at_ms, id) = bytes.split_first_chunk::<8>()?;
    Some((i64::from_be_bytes(*at_ms), id.try_into().ok()?))
}
