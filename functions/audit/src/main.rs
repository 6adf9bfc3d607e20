//! Bootstrap of the function that shows the audit log.

use audit::{App, Config};
use shared::clock::Clock;
use shared::config::environment;
use shared::http::telemetry;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::start();
    let config = Config::read(&environment)?;
    let app = App::build(&config, Clock::system())?;
    app.warm();
    lambda_http::run(audit::router(app)).await
}
