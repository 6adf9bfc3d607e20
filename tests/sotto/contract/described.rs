//! The description of the API holds for every response: one that is not described fails its test, and
//! here it is asked that it does.

use serde_json::{Value, json};
use tests::api::{Request, Response};
use tests::openapi::conform::judge;
use tests::visitor::Visitor;
use tests::world::World;

/// A change to a body, and a word of the fault that it has to be.
type Change = (&'static str, fn(&mut Value));

#[tokio::test]
async fn a_response_that_is_not_described_fails_its_test() {
    let world = World::new().await;
    let visitor = Visitor::arrive(world.api()).await;
    let conversation = visitor.open().await;
    let messages = tests::visitor::message(&conversation, "Where is my parcel?", "once");
    let page = visitor.send(messages.clone()).await;
    assert_faults(
        &messages,
        &page,
        &[
            ("Additional properties", |body| body["secret"] = json!("text")),
            ("Additional properties", |body| body["message"]["secret"] = json!("text")),
            ("required property", |body| {
                drop(body["message"].as_object_mut().unwrap().remove("text"));
            }),
            ("is not of type", |body| body["message"]["text"] = json!(7)),
            ("date-time", |body| body["message"]["created_at"] = json!("yesterday")),
        ],
    );
    let elsewhere = Response { status: 206, ..page.clone() };
    assert!(fault(&messages, &elsewhere).contains("the status 206 () is not described"));
    let text = ("content-type".to_owned(), "text/plain".to_owned());
    let text = Response { headers: [text].into(), ..page };
    assert!(fault(&messages, &text).contains("\"text/plain\" is not described"));

    let absent = Request::new("GET", "/v1/conversations/none");
    let refused = visitor.send(absent.clone()).await;
    assert_faults(
        &absent,
        &refused,
        &[
            ("is not one of", |body| body["code"] = json!("conflict")),
            ("is not one of", |body| body["code"] = json!("unheard_of")),
            ("Unevaluated properties", |body| body["hint"] = json!("text")),
        ],
    );

    // Two schemas make one body: the receipt, and its signature.
    let erase = Request::new("DELETE", "/v1/me").header("idempotency-key", "once");
    let receipt = visitor.send(erase.clone()).await;
    assert_faults(
        &erase,
        &receipt,
        &[
            ("Unevaluated properties", |body| body["secret"] = json!("text")),
            ("required property", |body| drop(body.as_object_mut().unwrap().remove("jws"))),
            ("required property", |body| {
                drop(body.as_object_mut().unwrap().remove("keys_destroyed"));
            }),
        ],
    );

    let unrouted = Request::new("GET", "/v1/nothing");
    let found = Response { status: 200, ..receipt.clone() };
    assert!(fault(&unrouted, &found).contains("the path or the method is not described"));
    let no_body = Request::new("POST", &format!("{conversation}/rating"));
    let with_body = Response { status: 204, ..receipt };
    assert!(fault(&no_body, &with_body).contains("a body is not described"));
}

fn assert_faults(request: &Request, response: &Response, changes: &[Change]) {
    assert_eq!(judge(request, response, response.header("content-type")), Ok(()));
    for (word, change) in changes {
        let mut body = response.json();
        change(&mut body);
        let changed = Response { body: body.to_string().into_bytes(), ..response.clone() };
        let fault = fault(request, &changed);
        assert!(fault.contains(word), "{word}: {fault}");
    }
}

fn fault(request: &Request, response: &Response) -> String {
    judge(request, response, response.header("content-type")).expect_err("a fault")
}
