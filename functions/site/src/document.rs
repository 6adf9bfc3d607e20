//! A page of this function's own, with the headers that bind it.

use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use http::header::{
    CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, REFERRER_POLICY,
};

use crate::files::is_known;

/// The rights of a page, in the two headers that differ from page to page.
pub(crate) struct Rules {
    /// Value of `Content-Security-Policy`.
    pub(crate) content: &'static str,
    /// Value of `Permissions-Policy`.
    pub(crate) permissions: &'static str,
}

/// A page as it is sent.
pub(crate) struct Document {
    /// Language tag.
    pub(crate) language: &'static str,
    /// Names the bytes of `html`, in quotes.
    pub(crate) tag: String,
    /// The page.
    pub(crate) html: String,
}

impl Document {
    /// The page, or the word that the caller has it already.
    pub(crate) fn answer(&self, rules: &Rules, request: &HeaderMap) -> Response {
        let headers = [
            (CACHE_CONTROL, "no-cache"),
            (CONTENT_LANGUAGE, self.language),
            (CONTENT_SECURITY_POLICY, rules.content),
            (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
            (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
            (HeaderName::from_static("permissions-policy"), rules.permissions),
            (REFERRER_POLICY, "no-referrer"),
        ];
        if is_known(&self.tag, request) {
            return (StatusCode::NOT_MODIFIED, headers, [(ETAG, self.tag.clone())]).into_response();
        }
        let html = [(CONTENT_TYPE, "text/html; charset=utf-8")];
        (headers, [(ETAG, self.tag.clone())], html, self.html.clone()).into_response()
    }
}
