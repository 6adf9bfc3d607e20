//! Bootstrap of the daily job that rotates the transport keys.

use intake::rotate::job::Job;
use intake::rotate::{Config, Stores};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::Value;
use shared::clock::Clock;
use shared::config::environment;
use shared::http::{aws, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::start();
    let config = Config::read(&environment)?;
    let stores = Stores::new(&config, Clock::system(), &aws::sdk_config(&config.backend)?);
    let job = Job::new(stores, aws::connector(&config.backend.trust_roots)?);
    run(service_fn(|event: LambdaEvent<Value>| async {
        job.handle(event).await.map_err(Error::from)
    }))
    .await
}
