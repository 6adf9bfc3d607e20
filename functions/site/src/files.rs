//! `GET /widget.js` and `GET /assets/{file}`: scripts, styles and pictures, for pages of any origin.

use axum::extract::Path;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use http::header::{
    ACCEPT_ENCODING, ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_ENCODING,
    CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
};
use values::problem::{Code, Problem};

use crate::dist::{DIST, File};

/// A new widget is everywhere within five minutes; a busy page does not ask at every view.
const WIDGET_CACHE: &str = "public, max-age=300";
/// The name of an asset holds its hash: it never changes.
const ASSET_CACHE: &str = "public, max-age=31536000, immutable";

/// The widget's loader, to be embedded by a `<script>` element.
#[utoipa::path(
    get,
    path = "/widget.js",
    responses((status = 200, description = "The widget", content_type = "text/javascript", body = String), (status = 304))
)]
pub(crate) async fn widget(request: HeaderMap) -> Result<Response, Problem> {
    serve("/widget.js", WIDGET_CACHE, &request)
}

/// A file that the widget or the demo page names, by a name that holds its hash.
#[utoipa::path(
    get,
    path = "/assets/{file}",
    params(("file" = String, Path, description = "Name with hash")),
    responses(
        (status = 200, description = "The file", content_type = "text/javascript", body = String),
        (status = 304)
    )
)]
pub(crate) async fn asset(
    Path(name): Path<String>,
    request: HeaderMap,
) -> Result<Response, Problem> {
    serve(&format!("/assets/{name}"), ASSET_CACHE, &request)
}

fn serve(path: &str, cache: &'static str, request: &HeaderMap) -> Result<Response, Problem> {
    let file = DIST.files.iter().find(|file| file.path == path).ok_or(Code::NoSuchRoute)?;
    let gzip = takes_gzip(request);
    let headers = [
        (CACHE_CONTROL, cache),
        (VARY, "accept-encoding"),
        // Pages of other origins embed these files and check their integrity, which takes both.
        (ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (HeaderName::from_static("cross-origin-resource-policy"), "cross-origin"),
        // A picture that is opened by itself is a document, and may do nothing.
        (CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    ];
    let suffix = if gzip { "-gzip" } else { "" };
    let tag = format!("\"{}{suffix}\"", file.tag);
    if is_known(&tag, request) {
        return Ok((StatusCode::NOT_MODIFIED, headers, [(ETAG, tag)]).into_response());
    }
    let mut response = (headers, [(ETAG, tag)], body(file, gzip)).into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(file.content_type));
    if gzip {
        response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    Ok(response)
}

fn body(file: &'static File, gzip: bool) -> &'static [u8] {
    if gzip { file.gzipped } else { file.plain }
}

fn takes_gzip(request: &HeaderMap) -> bool {
    listed(request, &ACCEPT_ENCODING).any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        let refused = weight.trim().strip_prefix("q=").is_some_and(|q| q.parse() == Ok(0.0));
        name.trim().eq_ignore_ascii_case("gzip") && !refused
    })
}

/// Whether the client says that it has what `tag` names (RFC 9110, 13.1.2: weak comparison).
pub(crate) fn is_known(tag: &str, request: &HeaderMap) -> bool {
    listed(request, &IF_NONE_MATCH)
        .any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}

fn listed<'a>(request: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    let lines = request.get_all(name).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).map(str::trim)
}
