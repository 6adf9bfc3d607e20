//! Bootstrap of the function that appends to the audit log.

use audit::{SequenceConfig, Sequencer};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::Value;
use shared::clock::Clock;
use shared::config::environment;
use shared::http::telemetry;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::start();
    let config = SequenceConfig::read(&environment)?;
    let sequencer = Sequencer::build(&config, Clock::system())?;
    let sequencer = &sequencer;
    run(service_fn(move |event: LambdaEvent<Value>| async move {
        sequencer.handle(&event).await.map_err(Error::from)
    }))
    .await
}
