//! Bootstrap of the job that audits, every minute.

use audit::examine::{ExamineConfig, Examiner};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::Value;
use shared::clock::Clock;
use shared::config::environment;
use shared::http::telemetry;
use template::Template;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::start();
    let template = Template::deployed()?;
    let config = ExamineConfig::read(&environment, template)?;
    let examiner = Examiner::build(config, template, Clock::system())?;
    let examiner = &examiner;
    run(service_fn(move |event: LambdaEvent<Value>| async move {
        examiner.handle(event).await.map_err(Error::from)
    }))
    .await
}
