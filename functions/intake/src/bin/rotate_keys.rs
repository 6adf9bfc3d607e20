//! Bootstrap of the daily job that rotates the transport keys.

use intake::rotate::job::Job;
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
    let settings = app::settings(&backend, clock.clone(), &aws::sdk_config(&backend)?);
    let connector = aws::connector(&backend.trust_roots)?;
    let job = Job::new(settings, clock, backend.issuer, connector);
    run(service_fn(|event: LambdaEvent<Value>| async {
        job.handle(event).await.map_err(Error::from)
    }))
    .await
}
