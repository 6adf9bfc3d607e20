//! DynamoDB: dynoxide's engine behind its own server, and what the engine leaves to its host.
//!
//! The engine speaks HTTP only on a listener of its own, so it gets one on a free port of 127.0.0.1
//! and our listener forwards to it. Tables and the sweep use the engine directly: they are neither
//! counted nor subject to faults.

#![expect(clippy::indexing_slicing, reason = "JSON indexed by name: what is absent reads as null")]

use std::collections::HashSet;
use std::fmt;
use std::fs::OpenOptions;
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use dynoxide::Database;
use dynoxide::errors::DynoxideError;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::{Request, Response, Uri, header};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::Stop;
use template::Table;

/// The engine refused or failed; the text says what it was asked to do.
#[derive(Debug)]
pub struct DatabaseError(String);

/// The engine, and the way to its server.
pub(super) struct Dynamo {
    database: Database,
    client: Client<HttpConnector, Full<Bytes>>,
    endpoint: Uri,
    expired: Expired,
}

/// The records of deletions by the TTL, by table and sequence number. The engine cannot tell them
/// apart, since our sweep deletes as any client does; so they are known until the process ends.
///
/// A sweep holds it while it deletes: nobody reads a record whose deletion is not noted yet.
#[derive(Default)]
pub(super) struct Expired(Mutex<HashSet<(String, String)>>);

impl Expired {
    pub(super) fn lock(&self) -> MutexGuard<'_, HashSet<(String, String)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Dynamo {
    /// Opens the file, or a database in memory, and gives the task that serves it until `stop`.
    ///
    /// The engine runs `SQLite` in WAL mode with `synchronous` at its default, FULL: what was
    /// acknowledged is in the log file before the answer leaves, and survives a kill.
    pub(super) async fn open(
        file: Option<&Path>,
        stop: Stop,
    ) -> io::Result<(Self, impl Future<Output = ()> + use<>)> {
        let database = match file {
            Some(path) => {
                private(path)?;
                let path = path.to_str().ok_or_else(|| {
                    io::Error::new(io::ErrorKind::InvalidInput, "the path is not UTF-8")
                })?;
                Database::new(path)
            }
            None => Database::memory(),
        }
        .map_err(|error| io::Error::other(error.to_string()))?;
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let endpoint = Uri::try_from(format!("http://{}/", listener.local_addr()?))
            .map_err(io::Error::other)?;
        let served =
            dynoxide::server::serve_with_shutdown(listener, database.clone(), stop.requested());
        let client = Client::builder(TokioExecutor::new()).build_http();
        let dynamo = Self { database, client, endpoint, expired: Expired::default() };
        Ok((dynamo, async move {
            if let Err(error) = served.await {
                tracing::error!(error, "the database's server ended");
            }
        }))
    }

    pub(super) fn database(&self) -> &Database {
        &self.database
    }

    pub(super) fn expired(&self) -> &Expired {
        &self.expired
    }

    /// Passes a request on to the engine and its answer back.
    pub(super) async fn forward(
        &self,
        mut request: Request<Bytes>,
    ) -> Result<Response<Full<Bytes>>, hyper_util::client::legacy::Error> {
        *request.uri_mut() = self.endpoint.clone();
        request.headers_mut().remove(header::HOST);
        request.headers_mut().remove(header::CONNECTION);
        request.headers_mut().remove(header::TRANSFER_ENCODING);
        let (mut parts, body) = self.client.request(request.map(Full::new)).await?.into_parts();
        parts.headers.remove(header::CONNECTION);
        parts.headers.remove(header::TRANSFER_ENCODING);
        let body = match body.collect().await {
            Ok(body) => body.to_bytes(),
            Err(error) => {
                tracing::error!(error = %error, "the database's answer broke off");
                Bytes::new()
            }
        };
        Ok(Response::from_parts(parts, Full::new(body)))
    }

    /// Makes `table` under `name` with its TTL, unless a table of that name is there already; that one
    /// gets the indexes that an earlier release did not know.
    pub(super) fn ensure_table(&self, table: &Table, name: &str) -> Result<(), DatabaseError> {
        let create = parse(table.create_request(name))?;
        match self.database.create_table(create) {
            Ok(_) => {}
            Err(DynoxideError::ResourceInUseException(_)) => return self.add_indexes(table, name),
            Err(error) => return Err(DatabaseError::of("create", name, &error)),
        }
        if let Some(attribute) = table.ttl_attribute() {
            let enable = parse(json!({
                "TableName": name,
                "TimeToLiveSpecification": {"Enabled": true, "AttributeName": attribute},
            }))?;
            self.database
                .update_time_to_live(enable)
                .map_err(|error| DatabaseError::of("enable TTL on", name, &error))?;
        }
        Ok(())
    }

    fn add_indexes(&self, table: &Table, name: &str) -> Result<(), DatabaseError> {
        let described = self.describe_table(name)?;
        let there = described["GlobalSecondaryIndexes"].as_array();
        let wanted = table.create_request(name);
        for index in wanted["GlobalSecondaryIndexes"].as_array().into_iter().flatten() {
            let is_it = |other: &Value| other["IndexName"] == index["IndexName"];
            if there.is_some_and(|there| there.iter().any(is_it)) {
                continue;
            }
            let add = parse(json!({
                "TableName": name,
                "AttributeDefinitions": wanted["AttributeDefinitions"],
                "GlobalSecondaryIndexUpdates": [{"Create": index}],
            }))?;
            self.database
                .update_table(add)
                .map_err(|error| DatabaseError::of("add an index to", name, &error))?;
        }
        Ok(())
    }

    pub(super) fn describe_table(&self, name: &str) -> Result<Value, DatabaseError> {
        let answer = self
            .database
            .describe_table(parse(json!({"TableName": name}))?)
            .map_err(|error| DatabaseError::of("describe", name, &error))?;
        Ok(to_json(&answer)?["Table"].take())
    }
}

impl DatabaseError {
    pub(super) fn of(verb: &str, name: &str, error: &DynoxideError) -> Self {
        Self(format!("the local DynamoDB could not {verb} {name}: {error}"))
    }
}

impl fmt::Display for DatabaseError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for DatabaseError {}

/// Makes the file for its owner alone, and `SQLite` gives its other files the same mode. A file that
/// is no database is refused here: the engine would speak of encryption.
fn private(path: &Path) -> io::Result<()> {
    const MAGIC: &[u8] = b"SQLite format 3\0";
    let mut start = Vec::new();
    OpenOptions::new()
        .create(true)
        .read(true)
        .append(true)
        .mode(0o600)
        .open(path)?
        .take(MAGIC.len() as u64)
        .read_to_end(&mut start)?;
    if start.is_empty() || start == MAGIC {
        Ok(())
    } else {
        Err(io::Error::new(io::ErrorKind::InvalidData, "it is not an SQLite database"))
    }
}

/// The engine's requests are private types that are read from DynamoDB's JSON.
pub(super) fn parse<T: DeserializeOwned>(request: Value) -> Result<T, DatabaseError> {
    serde_json::from_value(request).map_err(|error| {
        DatabaseError(format!("the local DynamoDB does not take the request: {error}"))
    })
}

pub(super) fn to_json(answer: &impl serde::Serialize) -> Result<Value, DatabaseError> {
    serde_json::to_value(answer)
        .map_err(|error| DatabaseError(format!("the local DynamoDB's answer is no JSON: {error}")))
}
