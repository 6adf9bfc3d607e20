//! `POST /v1/conversations/{id}/lead`: the visitor leaves a contact. A second one replaces the first.

use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::access::token::Visitor;
use shared::http::app::App;
use shared::http::request::{ConversationPath, Json};
use shared::http::response::Reply;
use shared::ids::SubjectId;
use shared::problem::{Code, FieldCode, Problem};
use shared::store::body::Body;
use shared::store::lead::{Contact, Left};
use shared::store::log::{Draft, Inbox};
use shared::text::{RawText, Text, judge_optional};
use utoipa::ToSchema;

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
    let name: Text<1, 200> = Text::required(request.name, "/name")?;
    let email: Text<3, 254> = Text::required(request.email, "/email")?;
    let phone: Option<Text<1, 40>> = judge_optional(request.phone, "/phone")?;
    if !is_address(email.reveal()) {
        return Err(Problem::invalid("/email", FieldCode::BadFormat));
    }
    let located = locate(&app, &visitor, id, None).await?;
    let conversation = located.conversation.clone();
    // Before anything is written: a key that cannot be read must not leave an event without a contact.
    let key = app.store.profile_key(conversation.subject).await?.ok_or(Code::LegalHold)?;
    let now_ms = app.clock.now_ms();
    commit(&app, located, |state| {
        Ok(Some(Draft {
            body: Body::LeadOffered,
            state: speak(&conversation, state, now_ms)?,
            twin: None,
            inbox: Inbox::Unchanged,
        }))
    })
    .await?;
    let contact = Contact {
        conversation: conversation.id,
        email: email.reveal().to_owned(),
        name: name.reveal().to_owned(),
        phone: phone.as_ref().map(|phone| phone.reveal().to_owned()),
    };
    let (site, subject) = (conversation.site, conversation.subject);
    let kept = (site, &conversation.policy);
    let whose = (subject, conversation.opened_at_ms());
    match app.store.put_lead(kept, whose, key, &contact).await? {
        Left::There => Ok(Reply(StatusCode::CREATED, LeadResponse { id: subject })),
        Left::Erased => Err(erased()),
        Left::Held => Err(Code::LegalHold.into()),
    }
}

/// Whether a mail could be sent there; only sending one shows that it arrives.
fn is_address(text: &str) -> bool {
    let plain = !text.chars().any(|character| character.is_whitespace() || character.is_control());
    match text.split_once('@') {
        Some((local, domain)) => {
            plain && !local.is_empty() && !domain.is_empty() && !domain.contains('@')
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_one_at_sign_and_no_blanks() {
        for text in ["a@b", "ada@example.org", "jürgen@müller.example"] {
            assert!(is_address(text), "{text}");
        }
        for text in ["a", "@b", "a@", "a@b@c", "a b@c", "a@b\n"] {
            assert!(!is_address(text), "{text:?}");
        }
    }
}
