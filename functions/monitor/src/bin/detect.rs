//! Bootstrap of the reader of the streams.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use monitor::{Config, Watchman};
use serde_json::Value;
use shared::clock::Clock;
use shared::config::environment;
use shared::http::telemetry;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::start();
    let config = Config::read(&environment)?;
    let watchman = Watchman::build(&config, Clock::system())?;
    let watchman = &watchman;
    run(service_fn(move |event: LambdaEvent<Value>| async move {
        watchman.handle(&event).await.map_err(Error::from)
    }))
    .await
}
