//! Bootstrap of the function that reads, keeps and erases transcripts for the staff.

use shared::clock::Clock;
use shared::config::environment;
use shared::http::staff_app::{App, Config};
use shared::http::telemetry;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::start();
    let config = Config::read_with_log(&environment)?;
    let app = App::build(&config, Clock::system())?;
    app.warm();
    lambda_http::run(retention::router(app)).await
}
