//! The listener: one port, told apart by `X-Amz-Target`, with faults and counters on the way.

use std::convert::Infallible;
use std::fmt;
use std::future;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue, ORIGIN};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::{Map, Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::count::{Counters, takes_units, written_by};
use super::dynamo::Dynamo;
use super::fault::{Fault, Faults};
use super::guard::Guard;
use super::kms::Kms;
use super::{Service, Stop};
use crate::host;

/// DynamoDB takes requests up to 16 MB.
const MAX_BODY: usize = 16 * 1024 * 1024;

/// Requests under way get this long when everything stops.
const DRAIN: Duration = Duration::from_millis(500);

/// Everything a connection needs.
pub(super) struct Services {
    pub(super) dynamo: Dynamo,
    pub(super) kms: Kms,
    pub(super) faults: Faults,
    pub(super) counters: Counters,
    pub(super) guard: Guard,
}

/// The connection ends without an answer.
#[derive(Debug)]
struct Gone;

/// The service and operation of a request.
struct Call {
    service: Service,
    operation: String,
}

/// Accepts until `stop` turns true, then lets running requests finish for a moment.
pub(super) async fn serve(listener: TcpListener, services: Arc<Services>, stop: Stop) {
    let mut connections = JoinSet::new();
    let stopping = stop.clone().requested();
    tokio::pin!(stopping);
    loop {
        tokio::select! {
            () = &mut stopping => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(serve_connection(stream, Arc::clone(&services), stop.clone()));
                }
                // Out of descriptors: accepting again at once would spin.
                Err(error) => {
                    tracing::error!(error = %error, "no connection could be accepted");
                    wait(Duration::from_millis(50)).await;
                }
            },
        }
    }
    drop(listener);
    let drained = async { while connections.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(DRAIN, drained).await;
}

async fn serve_connection(stream: TcpStream, services: Arc<Services>, stop: Stop) {
    // Small answers must not wait for the peer's delayed acknowledgement.
    let _ = stream.set_nodelay(true);
    let stopping = stop.clone();
    let service = service_fn(move |request| {
        let services = Arc::clone(&services);
        let stopping = stopping.clone();
        async move { answer(services, request, stopping).await }
    });
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.requested() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(error = %error, "a connection ended early");
    }
}

/// Answers one request. A fault's silence lasts until the client leaves, when this future is
/// dropped, or until the listener stops.
async fn answer(
    services: Arc<Services>,
    request: Request<Incoming>,
    stop: Stop,
) -> Result<Response<Full<Bytes>>, Gone> {
    // A page that somebody has open must not reach the data: a browser names the page's origin, and the
    // host of a page whose own name leads here.
    if request.headers().contains_key(ORIGIN) || !host::is_here(&request) {
        return Ok(refuse(StatusCode::FORBIDDEN, "AccessDeniedException"));
    }
    let (parts, body) = request.into_parts();
    let Ok(body) = Limited::new(body, MAX_BODY).collect().await else {
        return Ok(refuse(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLargeException"));
    };
    let request = Request::from_parts(parts, body.to_bytes());
    let Some(call) = Call::of(&request) else {
        return Ok(refuse(StatusCode::BAD_REQUEST, "UnknownOperationException"));
    };
    services.counters.arrived(call.service, &call.operation);
    match services.faults.draw(call.service) {
        None => perform(&services, &call, request).await,
        Some(Fault::Gone) => Err(Gone),
        Some(Fault::TimeoutBeforeCommit) => {
            stop.requested().await;
            Err(Gone)
        }
        Some(Fault::TimeoutAfterCommit) => {
            // On its own, so that it is done even if the client leaves first.
            let performing =
                tokio::spawn(async move { perform(&services, &call, request).await.map(drop) });
            let _ = performing.await;
            stop.requested().await;
            Err(Gone)
        }
        Some(Fault::Throttle) => Ok(refuse(
            StatusCode::BAD_REQUEST,
            match call.service {
                Service::DynamoDb => {
                    "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException"
                }
                Service::Kms => "ThrottlingException",
            },
        )),
        Some(Fault::Internal) => Ok(refuse(
            StatusCode::INTERNAL_SERVER_ERROR,
            match call.service {
                Service::DynamoDb => "com.amazonaws.dynamodb.v20120810#InternalServerError",
                Service::Kms => "KMSInternalException",
            },
        )),
        Some(Fault::Latency) => {
            wait(services.faults.latency()).await;
            perform(&services, &call, request).await
        }
    }
}

async fn perform(
    services: &Services,
    call: &Call,
    request: Request<Bytes>,
) -> Result<Response<Full<Bytes>>, Gone> {
    let key = match call.service {
        Service::Kms => services.kms.key_of(request.body()),
        Service::DynamoDb => None,
    };
    let (headers, body) = (request.headers(), request.body());
    let checked =
        services.guard.check(call.service, &call.operation, headers, body, key.as_deref());
    if let Err(message) = checked {
        let name = match call.service {
            Service::DynamoDb => "com.amazonaws.dynamodb.v20120810#AccessDeniedException",
            Service::Kms => "AccessDeniedException",
        };
        return Ok(respond(StatusCode::BAD_REQUEST, &json!({"__type": name, "message": message})));
    }
    match call.service {
        Service::Kms => {
            let answer = services.kms.call(&call.operation, request.body());
            let status =
                StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            Ok(respond(status, &answer.body))
        }
        Service::DynamoDb => {
            let asked = contains(request.body(), b"ReturnConsumedCapacity");
            let measured = !asked && takes_units(&call.operation);
            let request = if measured { measuring(request) } else { request };
            let written = written_by(&call.operation, request.body());
            let response = services.dynamo.forward(request).await.map_err(|error| {
                tracing::error!(error = %error, "the database does not answer");
                Gone
            })?;
            if response.status().is_success() {
                services.counters.wrote(written);
            }
            if (asked || measured) && response.status().is_success() {
                let (parts, body) = response.into_parts();
                let body = match body.collect().await {
                    Ok(body) => body.to_bytes(),
                    Err(never) => match never {},
                };
                services.counters.consumed(&call.operation, &body);
                let response = Response::from_parts(parts, body);
                return Ok(
                    if measured { without_measure(response) } else { response }.map(Full::new)
                );
            }
            Ok(response)
        }
    }
}

/// The same request, asking for the units that it takes.
fn measuring(request: Request<Bytes>) -> Request<Bytes> {
    let (mut parts, body) = request.into_parts();
    let body = changed(&mut parts.headers, body, |fields| {
        fields.insert("ReturnConsumedCapacity".to_owned(), json!("TOTAL"));
    });
    Request::from_parts(parts, body)
}

/// The answer as the caller has asked for it.
fn without_measure(response: Response<Bytes>) -> Response<Bytes> {
    let (mut parts, body) = response.into_parts();
    let body = changed(&mut parts.headers, body, |fields| {
        fields.remove("ConsumedCapacity");
    });
    Response::from_parts(parts, body)
}

fn changed(
    headers: &mut HeaderMap,
    body: Bytes,
    change: impl FnOnce(&mut Map<String, Value>),
) -> Bytes {
    let Ok(Value::Object(mut fields)) = serde_json::from_slice(&body) else { return body };
    change(&mut fields);
    let body = Bytes::from(Value::Object(fields).to_string());
    headers.remove("x-amz-crc32");
    headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
    body
}

impl Call {
    fn of<B>(request: &Request<B>) -> Option<Self> {
        let target = request.headers().get("x-amz-target")?.to_str().ok()?;
        let (prefix, operation) = target.split_once('.')?;
        let service = match prefix {
            "DynamoDB_20120810" | "DynamoDBStreams_20120810" => Service::DynamoDb,
            "TrentService" => Service::Kms,
            _ => return None,
        };
        Some(Self { service, operation: operation.to_owned() })
    }
}

impl fmt::Display for Gone {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("closed on purpose")
    }
}

impl std::error::Error for Gone {}

fn refuse(status: StatusCode, name: &str) -> Response<Full<Bytes>> {
    respond(status, &json!({"__type": name, "message": "refused by the local AWS"}))
}

fn respond(status: StatusCode, body: &Value) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body.to_string())));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/x-amz-json-1.1"));
    response
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

async fn wait(time: Duration) {
    let _: Result<Infallible, _> = tokio::time::timeout(time, future::pending()).await;
}
