//! Bootstrap of the reader of the log's stream.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::Value;
use shared::clock::Clock;
use shared::http::telemetry;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::start();
    let clock = Clock::system();
    run(service_fn(|event: LambdaEvent<Value>| {
        let answer = monitor::handle(&clock, &event);
        async { answer.map_err(Error::from) }
    }))
    .await
}
