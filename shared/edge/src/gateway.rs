//! Facts about a request that only the gateway can state, and no header: the address that it came
//! from, and the name by which the API was called.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr};

use axum::extract::FromRequestParts;
use http::request::Parts;
use lambda_http::request::RequestContext;

/// The gateway's facts about a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gateway {
    /// The caller's address. Never logged and never stored as it is. Where there is no gateway
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
