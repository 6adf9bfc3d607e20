//! Bootstrap of the pages' function.

use shared::clock::Clock;
use shared::config::environment;
use shared::http::telemetry;
use site::Config;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::start();
    let config = Config::read(&environment)?;
    lambda_http::run(site::router(&config, Clock::system())).await
}
