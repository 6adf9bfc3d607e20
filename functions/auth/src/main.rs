//! Bootstrap of the staff's sign-in.

use auth::operator;
use auth::state::{App, Config};
use futures_util::{FutureExt as _, TryFutureExt as _};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::Value;
use shared::clock::Clock;
use shared::config::environment;
use shared::http::telemetry;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::start();
    let config = Config::read(&environment)?;
    let app = App::build(&config, Clock::system())?;
    app.warm();
    let router = auth::router(app.clone());
    run(service_fn(|event: LambdaEvent<Value>| {
        let answer = operator::answer(&app, router.clone(), event).map_err(Error::from);
        // Without its type, whose layout nests deeper than the compiler follows.
        answer.boxed_local()
    }))
    .await
}
