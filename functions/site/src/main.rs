//! Bootstrap of the pages' function.

use edge::telemetry;
use site::Config;
use values::clock::Clock;
use values::config::environment;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::start();
    let config = Config::read(&environment)?;
    lambda_http::run(site::router(&config, Clock::system())).await
}
