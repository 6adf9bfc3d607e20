//! The least that a function in Rust can be: it answers, and links nothing but the runtime.

use http::StatusCode;
use lambda_http::{Body, Error, Request, Response, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run(service_fn(answer)).await
}

async fn answer(_: Request) -> Result<Response<Body>, Error> {
    Ok(Response::builder().status(StatusCode::CREATED).body(Body::Empty)?)
}
