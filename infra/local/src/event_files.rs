//! The shipped event files with a real visitor in them, for `cargo lambda invoke`.

use std::fs;
use std::path::Path;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use serde_json::Value;
use tower::ServiceExt;

use crate::folder::{EVENTS_FOLDER, Folder};

const SHIPPED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/events");
const SESSION: &str = "post-v1-sessions.json";
const CONVERSATION: &str = "post-v1-conversations.json";
const MAX_ANSWER: usize = 64 * 1024;

/// Opens a session and a conversation by the shipped events themselves, and writes every shipped
/// event into the folder with `{{token}}` and `{{conversation}}` filled in. Says how many.
pub(crate) async fn write(folder: &Folder, routes: &Router) -> Result<usize, String> {
    let session = send(routes, &read(&Path::new(SHIPPED).join(SESSION))?).await?;
    let token = text(&session, "access_token")?;
    let event = read(&Path::new(SHIPPED).join(CONVERSATION))?.replace("{{token}}", token);
    let conversation = send(routes, &event).await?;
    let conversation = text(&conversation, "id")?;

    let shipped = fs::read_dir(SHIPPED)
        .map_err(|error| format!("The shipped events cannot be listed: {error}."))?;
    let mut written = 0;
    for entry in shipped {
        let path = entry.map_err(|error| error.to_string())?.path();
        let (Some(name), true) =
            (path.file_name(), path.extension().is_some_and(|extension| extension == "json"))
        else {
            continue;
        };
        let filled =
            read(&path)?.replace("{{token}}", token).replace("{{conversation}}", conversation);
        folder
            .write(&Path::new(EVENTS_FOLDER).join(name), &filled)
            .map_err(|error| format!("The event files cannot be written: {error}."))?;
        written += 1;
    }
    Ok(written)
}

/// Sends the request that an API Gateway event stands for, and gives the answer's JSON.
async fn send(routes: &Router, event: &str) -> Result<Value, String> {
    let event: Value =
        serde_json::from_str(event).map_err(|error| format!("A shipped event: {error}."))?;
    let at = |pointer: &str| event.pointer(pointer).and_then(Value::as_str);
    let (Some(method), Some(path)) = (at("/requestContext/http/method"), at("/rawPath")) else {
        return Err("A shipped event has no method or no path.".to_owned());
    };
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in event.get("headers").and_then(Value::as_object).into_iter().flatten() {
        request = request.header(name, value.as_str().unwrap_or_default());
    }
    let request = request
        .body(Body::from(at("/body").unwrap_or_default().to_owned()))
        .map_err(|error| format!("A shipped event: {error}."))?;
    let Ok(response) = routes.clone().oneshot(request).await;
    let status = response.status();
    let body =
        to_bytes(response.into_body(), MAX_ANSWER).await.map_err(|error| error.to_string())?;
    if !status.is_success() {
        return Err(format!("{method} {path} answered {status}."));
    }
    serde_json::from_slice(&body).map_err(|error| format!("{method} {path}: {error}."))
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path)
        .map_err(|error| format!("The shipped event {} cannot be read: {error}.", path.display()))
}

fn text<'answer>(answer: &'answer Value, name: &str) -> Result<&'answer str, String> {
    answer
        .get(name)
        .and_then(Value::as_str)
        .ok_or_else(|| format!("An answer to a shipped event has no `{name}`."))
}
