//! What the gateway itself says of a request, and no header can: where it came from, and by which
//! name the API was called.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr};

use axum::extract::FromRequestParts;
use http::request::Parts;
use lambda_http::request::RequestContext;

/// The gateway's word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gateway {
    /// The address of who calls. Never logged and never stored as it is. Where there is no gateway
    /// (`cargo local`), only this machine can call.
    pub source: IpAddr,
    /// The domain name that was called, if there is a gateway.
    pub domain: Option<String>,
}

impl<S: Sync> FromRequestParts<S> for Gateway {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let here = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let Some(RequestContext::ApiGatewayV2(context)) = parts.extensions.get() else {
            return Ok(Self { source: here, domain: None });
        };
        let source = context.http.source_ip.as_deref().and_then(|text| text.parse().ok());
        Ok(Self { source: source.unwrap_or(here), domain: context.domain_name.clone() })
    }
}
