//! A session with an identity: a visitor whom the site's own server has named.

use shared::access::identity::{self, Refused};
use shared::access::token::Visitor;
use shared::http::app::App;
use shared::problem::{Cause, Code, FieldCode, Problem};
use shared::store::customer::Admission;
use shared::store::identity_key::Registration;
use shared::store::state::Status;
use shared::store::subject::Subject;
use shared::values::policy::RetentionPolicy;
use shared::values::site::Site;

use crate::commit::{Located, locate};
use crate::conversations::ConversationResponse;

/// How often a sign-in is begun again that another device of the same customer was in the way of.
const ATTEMPTS: usize = 16;
/// How many open conversations are listed.
const LISTED: usize = 20;

/// A customer who was let in.
pub(super) struct SignedIn {
    /// The customer, as a visitor.
    pub(super) visitor: Visitor,
    /// The conversations that are open, the newest first.
    pub(super) conversations: Vec<ConversationResponse>,
}

/// Lets in whom the proof names. It is used up last, when all that may fail has gone well, and in the
/// transaction that stores a new subject: a refused proof has stored nothing.
pub(super) async fn sign_in(
    app: &App,
    site: &'static Site,
    proof: &str,
) -> Result<SignedIn, Problem> {
    let key = app.store.settings.identity_key(site).await?;
    let key = key.ok_or_else(|| Problem::invalid("/identity", FieldCode::NotAllowed))?;
    let identity = identity::verify(&key, &app.clock, &app.issuer, proof)?;
    for _ in 0..ATTEMPTS {
        let mut customer = app.store.find_customer(site, &identity.name).await?;
        let mut known = Subject::default();
        if customer.known {
            known = app.store.find_subject(customer.subject).await?;
            if known.erased.is_some() {
                (customer, known) = (customer.anew(&app.clock)?, Subject::default());
            }
        }
        let whose = (customer.subject, &known);
        let begins = (app.clock.now_seconds(), Registration(key.registered_ms));
        let visitor = Visitor::customer(whose, site, identity.mfa, begins);
        let conversations = if customer.known {
            open_conversations(app, &visitor, &customer.policy).await?
        } else {
            Vec::new()
        };
        match app.store.admit_customer(&customer, &identity.jti, identity.until_ms).await? {
            Admission::Admitted => return Ok(SignedIn { visitor, conversations }),
            Admission::Spent => return Err(Refused::Invalid.into()),
            Admission::Overtaken => {}
        }
    }
    Err(Problem::new(Code::Unavailable, "Many devices at once; the identity was not used.")
        .because(Cause::ConflictsExhausted))
}

/// The visitor's conversations that still take messages.
async fn open_conversations(
    app: &App,
    visitor: &Visitor,
    policy: &RetentionPolicy,
) -> Result<Vec<ConversationResponse>, Problem> {
    let now_ms = app.clock.now_ms();
    let since_ms = policy.first_open_ms(now_ms);
    let mut open = Vec::new();
    for id in app.store.conversations_of_subject(visitor.subject, since_ms).await? {
        if open.len() == LISTED {
            break;
        }
        match locate(app, visitor, id, None).await {
            Ok(Located { conversation, tail }) => {
                match conversation.status_at(tail.state, now_ms) {
                    Status::Closed | Status::Erased => {}
                    status => open.push(ConversationResponse::new(&conversation, status)),
                }
            }
            Err(problem) if problem.code == Code::Unavailable => return Err(problem),
            // One that is damaged, or has just ended, keeps nobody from the others.
            Err(problem) => {
                tracing::warn!(conversation = %id, code = problem.code.as_str(), "not listed");
            }
        }
    }
    Ok(open)
}
