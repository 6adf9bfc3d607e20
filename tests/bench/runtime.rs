//! The Runtime API of Lambda, as far as a function needs it: hands out events, takes responses.

use std::time::Instant;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::StatusCode;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::stopwatch;

/// Far more than an invocation has here, so that nothing is cut off under valgrind.
const DEADLINE: &str = "4102444800000";
const FUNCTION: &str = "arn:aws:lambda:eu-central-1:123456789012:function:bench";

/// A Runtime API for one process.
pub(crate) struct Runtime {
    /// The address that the function gets in `AWS_LAMBDA_RUNTIME_API`.
    pub(crate) address: String,
    happened: UnboundedReceiver<Happened>,
    server: JoinHandle<()>,
}

/// The function asked for an event.
pub(crate) struct Poll {
    /// When.
    pub(crate) at: Instant,
    answer: oneshot::Sender<Value>,
}

/// The function gave a response.
pub(crate) struct Reply {
    /// When.
    pub(crate) at: Instant,
    /// The response.
    pub(crate) body: Value,
}

enum Happened {
    Polled(Poll),
    Replied(Reply),
    Failed(String),
}

type Report = UnboundedSender<Happened>;

impl Runtime {
    /// Starts one on a free port.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let (report, happened) = unbounded_channel();
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
            .route("/2018-06-01/runtime/invocation/{id}/error", post(failure))
            .route("/2018-06-01/runtime/init/error", post(init_failure))
            // A response has 6 MB at most, which is more than is taken unasked.
            .layer(DefaultBodyLimit::max(6 * 1024 * 1024))
            .with_state(report);
        let server = tokio::spawn(async move {
            axum::serve(listener, router).await.expect("the Runtime API serves");
        });
        Self { address, happened, server }
    }

    /// Waits until the function asks for an event.
    pub(crate) async fn poll(&mut self) -> Poll {
        match self.happened.recv().await.expect("the server runs") {
            Happened::Polled(poll) => poll,
            Happened::Replied(_) => panic!("a response to nothing"),
            Happened::Failed(why) => panic!("the function failed: {why}"),
        }
    }

    /// Waits for the response to the event that was handed out.
    pub(crate) async fn reply(&mut self) -> Reply {
        match self.happened.recv().await.expect("the server runs") {
            Happened::Replied(reply) => reply,
            Happened::Polled(_) => panic!("the function asks again without a response"),
            Happened::Failed(why) => panic!("the function failed: {why}"),
        }
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Poll {
    /// Gives the function its event.
    pub(crate) fn answer(self, event: Value) {
        // A function that is gone shows when its response is waited for.
        let _gone = self.answer.send(event);
    }
}

async fn next(State(report): State<Report>) -> Response {
    let (answer, event) = oneshot::channel();
    let _stopped = report.send(Happened::Polled(Poll { at: stopwatch(), answer }));
    let Ok(event) = event.await else { return StatusCode::GONE.into_response() };
    let headers = [
        ("lambda-runtime-aws-request-id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd"),
        ("lambda-runtime-deadline-ms", DEADLINE),
        ("lambda-runtime-invoked-function-arn", FUNCTION),
        ("content-type", "application/json"),
    ];
    (headers, event.to_string()).into_response()
}

async fn response(State(report): State<Report>, Path(_): Path<String>, body: String) -> StatusCode {
    let body = serde_json::from_str(&body).unwrap_or_default();
    let _stopped = report.send(Happened::Replied(Reply { at: stopwatch(), body }));
    StatusCode::ACCEPTED
}

async fn failure(State(report): State<Report>, Path(_): Path<String>, why: String) -> StatusCode {
    let _stopped = report.send(Happened::Failed(why));
    StatusCode::ACCEPTED
}

async fn init_failure(State(report): State<Report>, why: String) -> StatusCode {
    let _stopped = report.send(Happened::Failed(why));
    StatusCode::ACCEPTED
}
