//! Bootstrap of the check before traffic.

use edge::telemetry;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use preflight::Hook;
use preflight::config::Config;
use serde_json::Value;
use values::clock::Clock;
use values::config::environment;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::start();
    let config = Config::read(&environment)?;
    let sdk = connect::sdk(&config.region, &config.trust_roots)?;
    let hook = Hook::new(config, Clock::system(), &sdk);
    run(service_fn(|event: LambdaEvent<Value>| async {
        hook.handle(event).await.map_err(Error::from)
    }))
    .await
}
