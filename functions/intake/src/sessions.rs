//! `POST /v1/sessions`: a visitor's token.

mod customer;

use axum::extract::State;
use http::{HeaderMap, Method, StatusCode};
use serde::{Deserialize, Serialize};
use shared::access::token::{self, LIFETIME_SECONDS, Visitor};
use shared::http::app::App;
use shared::http::request::{BODY_LIMIT, Json, bearer, require_sealed};
use shared::http::response::Reply;
use shared::ids::SubjectId;
use shared::problem::{Code, FieldCode, Problem};
use shared::store::guests::Act;
use shared::text::{RawText, Text, judge_optional};
use shared::values::site::Site;
use utoipa::ToSchema;

use self::customer::{SignedIn, sign_in};
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
    // Who names a customer means that one, whoever sat at this browser before.
    let identity: Option<Text<0, BODY_LIMIT>> = judge_optional(request.identity, "/identity")?;
    let keys = app.keys.get().await?;
    let (visitor, conversations) = if let Some(proof) = identity {
        let SignedIn { visitor, conversations } = sign_in(&app, site, proof.reveal()).await?;
        (visitor, Some(conversations))
    } else if let Some(known) = bearer(&headers)? {
        require_sealed(&app, &Method::POST, &headers)?;
        (returning(&app, &from, keys.visitors.verifier(), (known, site)).await?, None)
    } else {
        (guest(new_subject(&app, &from).await?, site), None)
    };
    let access_token = token::issue(&keys.visitors, &app.clock, &app.issuer, &visitor)?;
    let response = SessionResponse {
        access_token,
        token_type: "Bearer",
        expires_in: LIFETIME_SECONDS,
        subject_id: visitor.subject,
        verified: visitor.verified,
        conversations,
    };
    Ok(Reply(StatusCode::CREATED, response))
}

/// The subject of somebody who is new, if their network may have another one.
async fn new_subject(app: &App, from: &Guest) -> Result<SubjectId, Problem> {
    from.may(app, Act::Session).await?;
    Ok(SubjectId::generate(&app.clock)?)
}

fn guest(subject: SubjectId, site: &'static Site) -> Visitor {
    Visitor { subject, site, verified: false, mfa: false }
}

/// The visitor of an earlier token, which may have ended as long as something is stored for them. A
/// customer's too goes on as a guest with the same subject: that the site's server has said who it is
/// is true of the token that it was said for, and of no later one.
async fn returning(
    app: &App,
    from: &Guest,
    verifier: &shared::seal::sign::Verifier,
    (known, site): (&str, &'static Site),
) -> Result<Visitor, Problem> {
    let visitor = token::verify_for_renewal(verifier, &app.clock, &app.issuer, known)?;
    if visitor.site.id != site.id {
        return Err(Code::TokenInvalid.into());
    }
    let ended = token::verify(verifier, &app.clock, &app.issuer, known).is_err();
    if ended && app.store.count_of_subject(visitor.subject).await? == 0 {
        return Err(Problem::new(Code::TokenExpired, "Nothing is stored for it any more."));
    }
    // Under an erased subject nothing is stored any more: who comes back begins anew.
    let erased = app.store.find_subject(visitor.subject).await?.erased.is_some();
    let subject = if erased { new_subject(app, from).await? } else { visitor.subject };
    Ok(guest(subject, site))
}
