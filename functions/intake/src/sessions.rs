//! `POST` and `DELETE /v1/sessions`: a visitor's token, and the end of all that the visitor has.

mod customer;

use axum::extract::State;
use http::{HeaderMap, Method, StatusCode};
use serde::{Deserialize, Serialize};
use shared::access::token::{self, Issued, Known, Visitor};
use shared::http::app::App;
use shared::http::request::{BODY_LIMIT, Json, bearer, require_sealed};
use shared::http::response::Reply;
use shared::ids::SubjectId;
use shared::problem::{Code, FieldCode, Problem};
use shared::seal::sign::Verifier;
use shared::store::guests::Act;
use shared::text::{RawText, Text, judge_optional};
use shared::values::site::Site;
use utoipa::ToSchema;

use self::customer::{SignedIn, sign_in};
use crate::admission::not_locked_down;
use crate::conversations::ConversationResponse;
use crate::guests::Guest;

/// A visit that begins, or goes on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SessionRequest {
    /// The site whose page the visitor is on.
    #[schema(value_type = String)]
    site: Option<RawText>,
    /// Proof of who the visitor is, signed by the site's server; a guest sends null.
    #[schema(value_type = Option<String>)]
    identity: Option<RawText>,
}

/// The token.
#[derive(Serialize, ToSchema)]
pub struct SessionResponse {
    access_token: String,
    token_type: &'static str,
    /// Seconds.
    expires_in: i64,
    #[schema(value_type = String)]
    subject_id: SubjectId,
    /// Whether the site's server has said who the visitor is.
    verified: bool,
    /// Of a verified customer: the open conversations, begun on whatever device, the newest first.
    #[serde(skip_serializing_if = "Option::is_none")]
    conversations: Option<Vec<ConversationResponse>>,
}

#[utoipa::path(post, path = "/v1/sessions", request_body = SessionRequest,
    security((), ("visitor" = [])), params(("Sotto-Proof" = Option<String>, Header)),
    responses((status = 201, body = SessionResponse)))]
pub(crate) async fn post(
    State(app): State<App>,
    headers: HeaderMap,
    from: Guest,
    Json(request): Json<SessionRequest>,
) -> Result<Reply<SessionResponse>, Problem> {
    let site: Text<1, 64> = Text::required(request.site, "/site")?;
    let site = Site::find(site.reveal())
        .ok_or_else(|| Problem::invalid("/site", FieldCode::NotAllowed))?;
    not_locked_down(&app, site).await?;
    // An identity names the customer, so a token that the browser kept does not count.
    let identity: Option<Text<0, BODY_LIMIT>> = judge_optional(request.identity, "/identity")?;
    let (visitor, limit, conversations) = if let Some(proof) = identity {
        let SignedIn { visitor, conversations } = sign_in(&app, site, proof.reveal()).await?;
        (visitor, i64::MAX, Some(conversations))
    } else if let Some(known) = bearer(&headers)? {
        require_sealed(&app, &Method::POST, &headers)?;
        let (visitor, limit) = returning(&app, &from, (known, site)).await?;
        (visitor, limit, None)
    } else {
        (newcomer(&app, &from, site).await?, i64::MAX, None)
    };
    let keys = app.keys.get().await?;
    let Issued { token, expires_in } =
        token::issue(&keys.visitors, &app.clock, &app.issuer, &visitor, limit)?;
    let response = SessionResponse {
        access_token: token,
        token_type: "Bearer",
        expires_in,
        subject_id: visitor.subject,
        verified: visitor.verified,
        conversations,
    };
    Ok(Reply(StatusCode::CREATED, response))
}

#[utoipa::path(delete, path = "/v1/sessions", responses((status = 204)))]
pub(crate) async fn delete(
    State(app): State<App>,
    visitor: Visitor,
) -> Result<StatusCode, Problem> {
    let Visitor { subject, site, session, .. } = visitor;
    if app.store.end_sessions(site, subject, &session).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Code::TokenRevoked.into())
    }
}

/// Somebody who is new, if their network may have another subject.
async fn newcomer(app: &App, from: &Guest, site: &'static Site) -> Result<Visitor, Problem> {
    from.may(app, Act::Session).await?;
    Ok(Visitor::guest(SubjectId::generate(&app.clock)?, site, app.clock.now_seconds()))
}

/// The visitor of an earlier token, and the second by which the new one has to end. A guest's session
/// goes on for as long as a conversation is there, also by a token that has ended; without one nothing
/// is gained by renewing. A customer's goes on to its own end.
async fn returning(
    app: &App,
    from: &Guest,
    (known, site): (&str, &'static Site),
) -> Result<(Visitor, i64), Problem> {
    let verify = |key: &Verifier| token::verify_for_renewal(key, &app.clock, &app.issuer, known);
    let Known { visitor, exp } = app.keys.verify(known, verify).await?;
    if visitor.site.id != site.id {
        return Err(Code::TokenInvalid.into());
    }
    let standing = app.store.standing_of(site, visitor.subject, &visitor.session).await?;
    if !standing.limits.admit(&visitor.session) {
        return Err(Code::TokenRevoked.into());
    }
    // Under an erased subject nothing is stored any more: who comes back begins anew.
    if standing.subject.erased.is_some() {
        return Ok((newcomer(app, from, site).await?, i64::MAX));
    }
    let visitor = Visitor { session: visitor.session.renewed(&standing.limits), ..visitor };
    if visitor.verified || standing.has_conversation {
        Ok((visitor, i64::MAX))
    } else if app.clock.now_seconds() < exp {
        Ok((visitor, exp))
    } else {
        Err(Problem::new(Code::TokenExpired, "No conversation of it is stored any more."))
    }
}
