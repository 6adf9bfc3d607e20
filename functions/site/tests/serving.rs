//! The responses that browsers get from this function, header by header.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that meets the unexpected shall fail there"
)]

use axum::Router;
use axum::body::{Body, to_bytes};
use http::header::{
    ACCEPT_ENCODING, ACCESS_CONTROL_ALLOW_ORIGIN, ALLOW, CACHE_CONTROL, CONTENT_ENCODING,
    CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, SET_COOKIE,
};
use http::{HeaderMap, HeaderName, Request, StatusCode};
use site::Config;
use tower::ServiceExt;
use values::clock::Clock;

const PIN: &str = "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

fn site() -> Router {
    with_demo_page("on")
}

fn with_demo_page(switch: &str) -> Router {
    let config = Config::read(&|name| match name {
        "SOTTO_DEMO_PAGE" => Some(switch.to_owned()),
        _ => Some(PIN.to_owned()),
    });
    site::router(&config.unwrap(), Clock::system())
}

#[tokio::test]
async fn without_the_demo_page_widget_and_console_are_served_all_the_same() {
    for (path, with, without) in
        [("/", 200, 404), ("/?lang=de", 200, 404), ("/console", 200, 200), ("/widget.js", 200, 200)]
    {
        for (switch, expected) in [("on", with), ("off", without)] {
            let request = Request::builder().uri(path).body(Body::empty()).unwrap();
            let response = with_demo_page(switch).oneshot(request).await.unwrap();
            assert_eq!(response.status(), expected, "{path} {switch}");
        }
    }
    assert!(Config::read(&|_| Some(PIN.to_owned())).is_err(), "neither on nor off");
}

async fn send(
    method: &str,
    path: &str,
    header: Option<(HeaderName, &str)>,
) -> (StatusCode, HeaderMap, Vec<u8>) {
    let mut request = Request::builder().method(method).uri(path);
    if let Some((name, value)) = header {
        request = request.header(name, value);
    }
    let response = site().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    (parts.status, parts.headers, to_bytes(body, usize::MAX).await.unwrap().to_vec())
}

async fn get(path: &str) -> (StatusCode, HeaderMap, Vec<u8>) {
    send("GET", path, None).await
}

/// The headers that every page is sent with.
fn assert_page_headers(headers: &HeaderMap) {
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("strict-transport-security", "max-age=63072000; includeSubDomains"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("cache-control", "no-cache"),
    ] {
        assert_eq!(headers[name], value, "{name}");
    }
}

/// The addresses of this origin that a text names.
fn assets(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (start, _) in text.match_indices("/assets/") {
        let name = text.get(start..).unwrap().split(['"', '\'', ' ', '`']).next().unwrap();
        found.push(name.to_owned());
    }
    found
}

#[tokio::test]
async fn the_page_has_its_pin_and_a_strict_policy() {
    let (status, headers, body) = get("/").await;
    let html = String::from_utf8(body).unwrap();
    assert_eq!(status, StatusCode::OK);
    assert_eq!(headers[CONTENT_TYPE], "text/html; charset=utf-8");
    assert!(html.contains(&format!("data-root=\"{PIN}\"")));
    assert!(!html.contains("{{"));
    let policy = headers[CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'; script-src 'self';"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    assert_page_headers(&headers);
    assert!(headers.contains_key("permissions-policy"));
    assert!(!headers.contains_key(SET_COOKIE));
}

#[tokio::test]
async fn the_page_speaks_german_when_asked() {
    let (_, headers, body) = get("/?lang=de").await;
    assert_eq!(headers["content-language"], "de");
    assert!(String::from_utf8(body).unwrap().contains("<html lang=\"de\">"));
}

#[tokio::test]
async fn the_console_makes_passkeys_and_turns_no_text_into_a_script() {
    let (status, headers, body) = get("/console").await;
    let html = String::from_utf8(body).unwrap();
    assert_eq!(status, StatusCode::OK);
    assert!(!html.contains("{{"));
    assert_eq!(headers[CONTENT_TYPE], "text/html; charset=utf-8");
    let policy: Vec<_> = headers[CONTENT_SECURITY_POLICY].to_str().unwrap().split("; ").collect();
    assert_eq!(
        policy,
        [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "connect-src 'self'",
            "img-src 'self' data:",
            "font-src 'none'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        ]
    );
    let permissions = headers["permissions-policy"].to_str().unwrap();
    for allowed in ["publickey-credentials-create=(self)", "publickey-credentials-get=(self)"] {
        assert!(permissions.contains(allowed), "{permissions}");
    }
    assert_page_headers(&headers);
    assert!(!headers.contains_key(SET_COOKIE));
}

#[tokio::test]
async fn the_console_pins_its_script_and_style_and_has_nothing_inline() {
    let html = String::from_utf8(get("/console").await.2).unwrap();
    let loads = |line: &&str| line.contains("<script") || line.contains("stylesheet");
    let loading: Vec<_> = html.lines().filter(loads).collect();
    assert_eq!(loading.len(), 2, "{loading:?}");
    for line in loading {
        // That the digest is right is the browser's to say: it would load nothing.
        assert!(line.contains("integrity=\"sha384-"), "{line}");
        assert_eq!(assets(line).len(), 1, "{line}");
    }
    assert!(!html.contains(" style=") && !html.contains("<style"));
}

#[tokio::test]
async fn the_console_is_small_at_first_and_each_of_its_pages_adds_little() {
    let html = String::from_utf8(get("/console").await.2).unwrap();
    let (mut first, mut pages) = (html.len(), 0);
    for line in html.lines() {
        // Of what a page adds, each file alone is looked at here; the build adds them up.
        let is_page = line.contains("sotto:files");
        for path in assets(line) {
            let (_, _, body) = send("GET", &path, Some((ACCEPT_ENCODING, "gzip"))).await;
            if is_page {
                pages += 1;
                // Sealing is loaded once, with what an agent does first.
                let most = if path.contains("console-sealing") { 24 } else { 12 };
                assert!(body.len() <= most * 1024, "{path}: {} bytes", body.len());
            } else {
                first += body.len();
            }
        }
    }
    assert!(first <= 60 * 1024, "{first} bytes");
    assert!(pages >= 9, "{pages}");
}

#[tokio::test]
async fn the_console_pins_all_of_its_modules() {
    let html = String::from_utf8(get("/console").await.2).unwrap();
    let preloads: Vec<_> = html.lines().filter(|line| line.contains("modulepreload")).collect();
    assert!(!preloads.is_empty());
    for line in preloads {
        assert!(line.contains("integrity=\"sha384-"), "{line}");
    }
    let files = html.lines().find(|line| line.contains("sotto:files")).unwrap();
    assert_eq!(assets(files).len(), files.matches("\"sha384-").count(), "{files}");
}

#[tokio::test]
async fn whatever_the_page_and_the_widget_name_is_there_for_good() {
    let mut named = Vec::new();
    for path in ["/", "/?lang=de", "/console", "/widget.js"] {
        named.extend(assets(&String::from_utf8(get(path).await.2).unwrap()));
    }
    assert!(named.len() >= 10, "{named:?}");
    for path in named {
        let (status, headers, body) = get(&path).await;
        assert_eq!(status, StatusCode::OK, "{path}");
        assert!(headers[CONTENT_TYPE].to_str().unwrap().ends_with("; charset=utf-8"), "{path}");
        assert_eq!(headers[CACHE_CONTROL], "public, max-age=31536000, immutable", "{path}");
        assert!(!body.is_empty(), "{path}");
    }
}

#[tokio::test]
async fn pages_of_any_origin_may_embed_the_widget() {
    let origin = Some((http::header::ORIGIN, "https://shop.example"));
    let (status, headers, _) = send("GET", "/widget.js", origin).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(headers[ACCESS_CONTROL_ALLOW_ORIGIN], "*");
    assert_eq!(headers["cross-origin-resource-policy"], "cross-origin");
    assert_eq!(headers[CONTENT_TYPE], "text/javascript; charset=utf-8");
    assert_eq!(headers[CACHE_CONTROL], "public, max-age=300");
}

#[tokio::test]
async fn what_is_known_is_not_sent_again() {
    for path in ["/", "/?lang=de", "/console", "/widget.js"] {
        let (_, headers, _) = get(path).await;
        let tag = headers[ETAG].to_str().unwrap();
        for known in
            [tag.to_owned(), format!("W/{tag}"), format!("\"other\", {tag}"), "*".to_owned()]
        {
            let (status, headers, body) = send("GET", path, Some((IF_NONE_MATCH, &known))).await;
            assert_eq!(status, StatusCode::NOT_MODIFIED, "{path} {known}");
            assert_eq!(headers[ETAG], tag);
            assert!(body.is_empty());
        }
        let (status, ..) = send("GET", path, Some((IF_NONE_MATCH, "\"other\""))).await;
        assert_eq!(status, StatusCode::OK, "{path}");
    }
}

#[tokio::test]
async fn gzip_is_for_those_who_take_it_and_small_before_the_chat_is_opened() {
    let (_, plain, _) = get("/widget.js").await;
    for coding in ["gzip", "br, gzip;q=0.5", "deflate,GZIP"] {
        let (_, headers, body) = send("GET", "/widget.js", Some((ACCEPT_ENCODING, coding))).await;
        assert_eq!(headers[CONTENT_ENCODING], "gzip", "{coding}");
        assert_ne!(headers[ETAG], plain[ETAG]);
        assert!(body.starts_with(&[0x1f, 0x8b]));
        assert!(body.len() <= 30_000, "{} bytes", body.len());
    }
    for coding in ["br", "gzip;q=0", "gzipped"] {
        let (_, headers, _) = send("GET", "/widget.js", Some((ACCEPT_ENCODING, coding))).await;
        assert!(!headers.contains_key(CONTENT_ENCODING), "{coding}");
    }
}

#[tokio::test]
async fn what_is_not_there_is_a_problem() {
    for path in ["/nothing", "/assets/nothing.js", "/assets/..%2Fwidget.js", "/widget.js.gz"] {
        let (status, headers, body) = get(path).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(headers[CONTENT_TYPE], "application/problem+json", "{path}");
        assert!(String::from_utf8(body).unwrap().contains("\"no_such_route\""), "{path}");
    }
    let (status, headers, _) = send("POST", "/widget.js", None).await;
    assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(headers[ALLOW], "GET,HEAD");
}
