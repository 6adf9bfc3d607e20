//! Bootstrap of the visitors' function.

use shared::clock::Clock;
use shared::config::{VisitorsConfig, environment};
use shared::http::{app::App, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::start();
    let config = VisitorsConfig::read(&environment)?;
    let app = App::build(&config, Clock::system())?;
    app.warm();
    lambda_http::run(intake::router(app)).await
}
