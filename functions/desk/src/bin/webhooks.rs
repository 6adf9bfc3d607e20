//! Bootstrap of the job that sends new contacts to a site's webhook, every minute.

use desk::webhooks::Job;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::Value;
use shared::clock::Clock;
use shared::config::environment;
use shared::http::staff_app::{App, Config};
use shared::http::telemetry;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::start();
    let config = Config::read(&environment)?;
    let job = Job::new(App::build(&config, Clock::system())?)?;
    run(service_fn(|event: LambdaEvent<Value>| async {
        job.handle(event).await.map_err(Error::from)
    }))
    .await
}
