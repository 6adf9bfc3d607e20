//! Bootstrap of the daily job that rotates the transport keys.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::Value;
use shared::clock::Clock;
use shared::config::{Backend, environment};
use shared::http::{app, aws, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::start();
    let backend = Backend::read(&environment)?;
    let clock = Clock::system();
    let sdk = aws::sdk_config(&backend)?;
    let settings = app::settings(&backend, clock.clone(), &sdk);
    run(service_fn(|_: LambdaEvent<Value>| async {
        Box::pin(intake::rotate::run(&settings, &clock, &backend.issuer))
            .await
            .map_err(|error| Error::from(format!("the transport keys were not rotated: {error:?}")))
    }))
    .await
}
