//! Bootstrap of the reader of the log's stream.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use monitor::{Config, Watchman};
use serde_json::Value;
use shared::clock::Clock;
use shared::config::environment;
use shared::http::{aws, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::start();
    let config = Config::read(&environment)?;
    let sdk = aws::sdk(&config.region, &config.trust_roots)?;
    let watchman = Watchman::new(&config, Clock::system(), &sdk);
    let watchman = &watchman;
    run(service_fn(move |event: LambdaEvent<Value>| async move {
        watchman.handle(&event).await.map_err(Error::from)
    }))
    .await
}
