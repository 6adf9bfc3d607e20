//! The answer to CloudFormation: one PUT to the URL that came with the change, signed in advance.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use aws_smithy_http_client::Connector;
use aws_smithy_runtime_api::client::http::HttpConnector;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use http::Uri;
use serde::Serialize;

use super::event::Change;

const ATTEMPTS: usize = 3;
const ATTEMPT: Duration = Duration::from_secs(5);

/// The result of the change.
pub(super) enum Outcome {
    /// The keys are there; their pin, where it was asked for.
    Success(Option<String>),
    /// They are not, with a sentence for the person who deploys.
    Failed(&'static str),
}

/// Why CloudFormation was not told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerError {
    /// The URL is none, or none that an answer may go to.
    NotAllowed,
    /// Nobody took the answer at its address.
    NotTaken,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Body<'a> {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    physical_resource_id: &'a str,
    stack_id: &'a str,
    request_id: &'a str,
    logical_resource_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Data>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Data {
    root_pin: String,
}

impl Outcome {
    /// `SUCCESS` or `FAILED`.
    pub(super) fn status(&self) -> &'static str {
        match self {
            Self::Success(_) => "SUCCESS",
            Self::Failed(_) => "FAILED",
        }
    }
}

/// Tells CloudFormation.
///
/// # Errors
/// [`AnswerError`].
pub(super) async fn send(
    connector: &Connector,
    change: &Change,
    outcome: Outcome,
) -> Result<(), AnswerError> {
    let url = allowed(&change.response_url).ok_or(AnswerError::NotAllowed)?;
    let status = outcome.status();
    let (reason, pin) = match outcome {
        Outcome::Success(pin) => (None, pin),
        Outcome::Failed(reason) => (Some(reason), None),
    };
    let body = Body {
        status,
        reason,
        // Another name would be another resource, and CloudFormation would delete this one.
        physical_resource_id: change.physical_resource_id.as_deref().unwrap_or("sotto-keys"),
        stack_id: &change.stack_id,
        request_id: &change.request_id,
        logical_resource_id: &change.logical_resource_id,
        data: pin.map(|root_pin| Data { root_pin }),
    };
    let body = serde_json::to_vec(&body).map_err(|_| AnswerError::NotTaken)?;
    for _ in 0..ATTEMPTS {
        // The signature covers no content type, so none may be sent.
        let mut request = HttpRequest::new(SdkBody::from(body.clone()));
        request.set_method("PUT").map_err(|_| AnswerError::NotAllowed)?;
        request.set_uri(url.clone()).map_err(|_| AnswerError::NotAllowed)?;
        let taken = tokio::time::timeout(ATTEMPT, connector.call(request)).await;
        if taken.is_ok_and(|answer| answer.is_ok_and(|answer| answer.status().is_success())) {
            return Ok(());
        }
    }
    Err(AnswerError::NotTaken)
}

/// A URL that an answer may go to: an encrypted one, or one on this machine, where deployments are
/// rehearsed.
fn allowed(url: &str) -> Option<Uri> {
    let uri: Uri = url.parse().ok()?;
    let host = uri.host()?.trim_start_matches('[').trim_end_matches(']');
    let here =
        host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback());
    match uri.scheme_str()? {
        "https" => Some(uri),
        "http" if here => Some(uri),
        _ => None,
    }
}

impl fmt::Display for AnswerError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::NotAllowed => "the ResponseURL is not an https URL",
            Self::NotTaken => "nobody took the answer at the ResponseURL",
        })
    }
}

impl std::error::Error for AnswerError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_encrypted_or_stays_here() {
        for url in [
            "https://cloudformation-custom-resource-response-eucentral1.s3.eu-central-1.amazonaws.com/arn%3Aaws%3Acloudformation%7CKeys%7C1?X-Amz-Signature=0a",
            "http://127.0.0.1:4566/x",
            "http://localhost:4566/x",
            "http://[::1]:4566/x",
        ] {
            assert_eq!(allowed(url).unwrap().to_string(), url, "a signed URL must not change");
        }
        for url in [
            "",
            "/x",
            "x",
            "ftp://127.0.0.1/x",
            "http://s3.example/x",
            "http://127.0.0.1.example/x",
            "http://127.0.0.1@s3.example/x",
            "http://169.254.169.254/latest",
        ] {
            assert!(allowed(url).is_none(), "{url}");
        }
    }
}
