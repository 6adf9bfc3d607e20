//! Bootstrap of the function by which agents answer visitors.

use shared::clock::Clock;
use shared::config::environment;
use shared::http::staff_app::{App, Config};
use shared::http::telemetry;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::start();
    let config = Config::read_sealable(&environment)?;
    let app = App::build(&config, Clock::system())?;
    app.warm();
    lambda_http::run(desk::router(app)).await
}
