//! `POST /v1/conversations/{id}/lead`: the visitor leaves a contact. A second one replaces the first.

use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::access::token::Visitor;
use shared::http::app::App;
use shared::http::request::{ConversationPath, Json};
use shared::http::response::Reply;
use shared::ids::SubjectId;
use shared::problem::{Code, Problem};
use shared::store::body::Body;
use shared::store::inbox::Inbox;
use shared::store::lead::{Contact, Left};
use shared::store::log::Draft;
use shared::text::{Named, RawText, Text, judge_optional};
use shared::values::address::Address;
use utoipa::ToSchema;

use crate::admission::not_locked_down;
use crate::commit::{commit, locate, speak};
use crate::conversations::erased;

/// A contact.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LeadRequest {
    /// Up to 200 characters.
    #[schema(value_type = String)]
    name: Option<RawText>,
    /// An address with one `@`, up to 254 characters.
    #[schema(value_type = String)]
    email: Option<RawText>,
    /// Up to 40 characters.
    #[schema(value_type = Option<String>)]
    phone: Option<RawText>,
    /// That the visitor agrees to be contacted; without it nothing is stored.
    consent: Option<bool>,
}

/// The contact's id.
#[derive(Serialize, ToSchema)]
pub struct LeadResponse {
    /// The subject's: everybody has one contact at most.
    #[schema(value_type = String)]
    id: SubjectId,
}

#[utoipa::path(post, path = "/v1/conversations/{id}/lead", params(("id" = String, Path)),
    request_body = LeadRequest, responses((status = 201, body = LeadResponse)))]
pub(crate) async fn post(
    State(app): State<App>,
    visitor: Visitor,
    ConversationPath(id): ConversationPath,
    Json(request): Json<LeadRequest>,
) -> Result<Reply<LeadResponse>, Problem> {
    if request.consent != Some(true) {
        return Err(Code::ConsentRequired.into());
    }
    let name: Named<1, 200> = Named::line(request.name, "/name")?;
    let email = Address::judge(request.email, "/email")?;
    let phone: Option<Text<1, 40>> = judge_optional(request.phone, "/phone")?;
    not_locked_down(&app, visitor.site).await?;
    let located = locate(&app, &visitor, id, None).await?;
    let conversation = located.conversation.clone();
    let locale = located.tail.state.locale;
    // Before anything is written: a key that cannot be read must not leave an event without a contact.
    let key = app.store.profile_key(conversation.subject).await?.ok_or(Code::LegalHold)?;
    let now_ms = app.clock.now_ms();
    commit(&app, located, |state| {
        Ok(Some(Draft {
            body: Body::LeadOffered,
            state: speak(&conversation, state, now_ms)?,
            idempotency: None,
            inbox: Inbox::Unchanged,
            asked: None,
        }))
    })
    .await?;
    let contact = Contact {
        conversation: conversation.id,
        email: email.written().to_owned(),
        locale: Some(conversation.site.language(locale).to_owned()),
        name: name.reveal().to_owned(),
        phone: phone.as_ref().map(|phone| phone.reveal().to_owned()),
    };
    let (site, subject) = (conversation.site, conversation.subject);
    let kept = (site, &conversation.policy);
    let whose = (subject, visitor.session.began, conversation.opened_at_ms());
    let put = Box::pin(app.store.put_lead(kept, whose, key, &email, &contact));
    match put.await? {
        Left::There => Ok(Reply(StatusCode::CREATED, LeadResponse { id: subject })),
        Left::Erased => Err(erased()),
        Left::Ended => Err(Code::TokenRevoked.into()),
        Left::Held => Err(Code::LegalHold.into()),
    }
}
