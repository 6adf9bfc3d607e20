//! The export as a page: what people wrote is text in it and nothing else.

use serde_json::json;
use tests::api::{Request, Response};
use tests::sealed::published_keys;
use tests::visitor::Visitor;
use tests::world::World;

use super::super::stage::{officer, with_reason};
use super::{ME, mine};

/// Texts that have broken other pages, of the kinds that the Big List of Naughty Strings collects.
const NAUGHTY: [&str; 12] = [
    "<script>alert(1)</script>",
    "</p></article></body><h1>It is over</h1>",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    "<svg/onload=alert`1`>",
    "<!-- ",
    "--><style>*{display:none}</style>",
    "]]>&lt;b&gt;&amp;amp;&#60;script&#62;",
    "{{7*7}} ${7*7} <%= 7*7 %>",
    "javascript:alert(1)",
    "\u{202e}txet sdrawkcab\u{202c} T̶̗h̴e̷ 🏳️‍🌈 田中さん",
    "line one\nline two\r\n\tline three",
];

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
        .replace('\n', "<br>")
}

async fn page(visitor: &Visitor, language: &str) -> Response {
    let request = Request::new("GET", ME).header("accept", "text/html");
    visitor.send(request.header("accept-language", language)).await
}

#[tokio::test]
async fn what_was_written_is_text_on_the_page() {
    let world = World::new().await.staffed().await;
    let visitor = world.visitor().await;
    let path = visitor.open().await;
    for text in NAUGHTY {
        assert_eq!(visitor.say(&path, text).await.status, 201);
        let rating = json!({ "score": 1, "comment": text });
        visitor.post(&format!("{path}/rating"), &rating).await;
    }
    let lead = json!({ "name": NAUGHTY[0], "email": "a&b'c@d.example", "phone": NAUGHTY[3], "consent": true });
    assert_eq!(visitor.post(&format!("{path}/lead"), &lead).await.status, 201);
    let reason = json!({ "reason": NAUGHTY[1] });
    assert_eq!(visitor.post(&format!("{path}/handover"), &reason).await.status, 202);

    let response = page(&visitor, "en").await;
    assert_eq!(response.status, 200);
    let html = String::from_utf8(response.body.clone()).expect("UTF-8");
    for text in NAUGHTY {
        assert!(html.matches(&escaped(text)).count() >= 2, "{text:?} is missing");
    }
    for bad in ["<script", "<img", "<svg", "<!--", "<b>", "It is over</h1>", "onerror=alert(1)>"] {
        assert!(!html.contains(bad), "{bad}");
    }
    assert!(!html.contains("<style>*"), "a style that is not the page's own");
}

#[tokio::test]
async fn it_loads_nothing_runs_nothing_and_speaks_the_readers_language() {
    let world = World::new().await;
    let officer = officer(&world).await;
    let visitor = world.visitor().await;
    let path = visitor.open().await;
    visitor.say(&path, "hello").await;
    let html = |response: &Response| String::from_utf8(response.body.clone()).expect("UTF-8");
    for (language, lang, title) in [
        ("en", "en", "What is stored about you"),
        ("de-CH, en;q=0.5", "de", "Was über Sie gespeichert ist"),
        ("fr", "en", "What is stored about you"),
    ] {
        let response = page(&visitor, language).await;
        assert_eq!(response.header("content-type"), "text/html; charset=utf-8");
        let policy = response.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
        let html = html(&response);
        assert!(html.starts_with(&format!("<!doctype html><html lang=\"{lang}\">")), "{html}");
        assert!(html.contains(&format!("<h1>{title}</h1>")), "{html}");
        for bad in ["<script", "http:", "https:", "javascript:", " style=", " on", "<link", "url("]
        {
            let found = html.contains(bad) && bad != " on";
            assert!(!found, "{bad} in {html}");
        }
    }
    let request = Request::new("POST", &format!("/v1/subjects/{}/export", visitor.subject));
    let given = officer.send(with_reason(request.header("accept", "text/html"))).await;
    assert_eq!(given.status, 200);
    assert!(html(&given).contains("Because of a request about your data"), "{}", html(&given));

    let key = published_keys(&world.api()).await.remove(0);
    let opened = page(&visitor.clone().sealing_to(&key), "en").await;
    assert!(html(&opened).starts_with("<!doctype html>"), "{}", html(&opened));
    let export = visitor.sealing_to(&key).get(ME).await.json();
    assert_eq!(export["conversations"][0]["events"][0]["text"], "hello");
}

#[tokio::test]
async fn it_says_whether_it_goes_on() {
    let world = World::new().await;
    let visitor = world.visitor().await;
    let path = visitor.open().await;
    world.exchange_many(&visitor, &path, 600, |_| ("a".repeat(3_000), String::new())).await;
    let first = String::from_utf8(page(&visitor, "en").await.body).expect("UTF-8");
    let cursor = first.rsplit("<p>").next().and_then(|rest| rest.split_once("</p>"));
    let (cursor, _) = cursor.expect("a last paragraph");
    assert!(first.contains("The next one begins at:"));
    let next = format!("{ME}?cursor={cursor}");
    let request = Request::new("GET", &next).header("accept", "text/html");
    let second = String::from_utf8(visitor.send(request).await.body).expect("UTF-8");
    assert!(second.contains("goes on from the part before") && second.contains("This is the end."));
    // A cursor of the one form is good for the other, and the parts are the same.
    let export = visitor.get(&next).await.json();
    assert!(export["next_cursor"].is_null());
    let events = |part: &serde_json::Value| {
        part["conversations"][0]["events"].as_array().map(Vec::len).expect("events")
    };
    assert_eq!(events(&mine(&visitor).await), first.matches("<article>").count());
    assert_eq!(events(&export), second.matches("<article>").count());
}
