//! `POST /v1/knowledge/publish`: the drafts of a language become what the bot answers from, within a minute.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::bot::{Base, talk};
use shared::http::request::PlainJson;
use shared::http::response::Reply;
use shared::http::staff::{Admin, SteppedUp};
use shared::http::staff_app::App;
use shared::ids::StaffId;
use shared::problem::{Code, FieldCode, Problem};
use shared::store::base::MOST_BYTES;
use shared::store::knowledge::{Edition, Evaluation, Publication, Published, Version};
use shared::store::security_event::{Action, SecurityEvent};
use shared::store::site_settings::StoredSite;
use shared::values::entry::EntryId;
use utoipa::ToSchema;

use crate::entries::asked;
use crate::shelf::Place;
use crate::train::{Trained, answered, is_worse, train};

/// Changed answers that are listed at most.
const LISTED: usize = 500;

/// A request to publish the drafts of a language.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PublishRequest {
    /// The site; the only one if missing.
    site: Option<String>,
    /// A language of the site; its own if missing.
    locale: Option<String>,
    /// Only says what it would be.
    #[serde(default)]
    dry_run: bool,
    /// Publishes also what answers worse.
    #[serde(default)]
    force: bool,
}

/// A publication.
#[derive(Serialize, ToSchema)]
pub struct PublishResponse {
    /// The version that is published, or would be.
    version: u32,
    evaluation: EvaluationResponse,
    /// Whether of the questions that were there before more than two in a hundred are answered wrongly or
    /// not at all now.
    worse: bool,
    /// At most 500.
    changed: Vec<ChangedAnswer>,
}

/// The judgement of a base by its own phrasings, each asked of a base that was trained without it. Visitors fare
/// better, since they mostly repeat what is there.
#[derive(Serialize, ToSchema)]
pub struct EvaluationResponse {
    questions: usize,
    /// Answered with their own entry.
    right: usize,
    /// Asked back, with their own entry among the choices.
    offered: usize,
    /// Answered with another one.
    wrong: usize,
    /// Neither answered nor asked back with it.
    silent: usize,
}

/// A phrasing that is answered otherwise than before.
#[derive(Serialize, ToSchema)]
pub struct ChangedAnswer {
    question: String,
    /// The entry that answered; null for none.
    #[schema(required = true)]
    before: Option<String>,
    /// The entry that answers; null for none.
    #[schema(required = true)]
    after: Option<String>,
}

impl From<Evaluation> for EvaluationResponse {
    fn from(judged: Evaluation) -> Self {
        let Evaluation { questions, right, offered, wrong, silent } = judged;
        Self { questions, right, offered, wrong, silent }
    }
}

#[utoipa::path(post, path = "/v1/knowledge/publish", request_body = PublishRequest,
    responses((status = 200, body = PublishResponse)))]
pub(crate) async fn post(
    State(app): State<App>,
    SteppedUp(admin, ..): SteppedUp<Admin>,
    PlainJson(request): PlainJson<PublishRequest>,
) -> Result<Reply<PublishResponse>, Problem> {
    let place = Place::of_body(request.site.as_deref(), request.locale.as_deref())?;
    let entries = drafts(&app, place).await?;
    let candidate = Candidate::of(&app, place, entries).await?;
    if !request.dry_run {
        if candidate.worse && !request.force {
            let detail = "See what changes with dry_run, or send force.";
            return Err(Problem::new(Code::Worse, detail));
        }
        candidate.publish(&app, place, (admin.id, None)).await?;
    }
    let next = candidate.next_version(place);
    let Candidate { trained, worse, changed, .. } = candidate;
    let response =
        PublishResponse { version: next, evaluation: trained.evaluation.into(), worse, changed };
    Ok(Reply(StatusCode::OK, response))
}

/// The drafts of a language, as they would be published.
async fn drafts(app: &App, place: Place) -> Result<Vec<Published>, Problem> {
    let drafts = app.store.drafts(place.shelf()).await?;
    let mut taken = HashSet::new();
    for draft in &drafts {
        let own: HashSet<String> = asked(&draft.entry).collect();
        // Of two who saved at the same instant.
        if own.into_iter().any(|question| !taken.insert(question)) {
            return Err(Problem::invalid("/questions", FieldCode::DuplicateQuestion));
        }
    }
    Ok(drafts.into_iter().map(Published::from).collect())
}

/// A base that may be published, beside the one that is.
pub(crate) struct Candidate {
    stored: StoredSite,
    pub(crate) trained: Arc<Trained>,
    pub(crate) worse: bool,
    pub(crate) changed: Vec<ChangedAnswer>,
}

impl Candidate {
    /// Trains a base and compares it with what is published.
    pub(crate) async fn of(
        app: &App,
        place: Place,
        entries: Vec<Published>,
    ) -> Result<Self, Problem> {
        let stored = app.store.stored_site(place.site).await?;
        let head = stored.bases.get(place.locale);
        if entries.is_empty() && head.is_none() {
            let empty = "There is nothing to publish: add an entry first.";
            return Err(Problem::new(Code::Conflict, empty));
        }
        let (before, bytes) = match head {
            None => (Edition::default(), None),
            Some(head) => {
                let (version, bytes) = tokio::join!(
                    app.store.version(place.shelf(), head.version),
                    app.store.base(place.site, place.locale, head),
                );
                // A damaged version does not hinder the next one.
                let edition = version.ok().flatten().map(|(_, edition)| edition);
                (edition.unwrap_or_default(), bytes.ok())
            }
        };
        let trained = train(place.locale, entries)?;
        if trained.bytes.len() > MOST_BYTES {
            let large = "The base would have over 4 MB: publish fewer entries or phrasings.";
            return Err(Problem::new(Code::Conflict, large));
        }
        let worse = is_worse(&before, &trained.edition);
        let old = bytes.as_deref().and_then(|bytes| Base::load(bytes).ok());
        let old = old.or_else(|| talk(place.locale).copied()).ok_or(Code::Internal)?;
        let new = Base::load(&trained.bytes).map_err(|_| Code::Internal)?;
        let changed = changed(&old, &new, (&before, &trained.edition));
        Ok(Self { stored, trained, worse, changed })
    }

    fn next_version(&self, place: Place) -> u32 {
        self.stored.published(place.locale) + 1
    }

    /// Publishes it; 412 when somebody else has published since it was compared.
    pub(crate) async fn publish(
        &self,
        app: &App,
        place: Place,
        (by, restored): (StaffId, Option<u32>),
    ) -> Result<Version, Problem> {
        let event = SecurityEvent::by(by, Action::KnowledgePublished, place.site.id);
        let event = app.events.put(event).await?;
        let Trained { edition, bytes, evaluation } = &*self.trained;
        let publication = Publication { edition, bytes, evaluation: *evaluation, restored };
        let published = app.store.publish(place.shelf(), &self.stored, publication, Some(event));
        published.await?.ok_or_else(|| Code::Stale.into())
    }
}

/// The phrasings of both that the two bases answer with different entries.
fn changed(
    old: &Base<'_>,
    new: &Base<'_>,
    (before, after): (&Edition, &Edition),
) -> Vec<ChangedAnswer> {
    let questions: BTreeSet<&str> = before.questions().chain(after.questions()).collect();
    let ask = |question: &str| {
        let (before, after) = (answered(old, question), answered(new, question));
        (before != after).then(|| ChangedAnswer {
            question: question.to_owned(),
            before: before.map(str::to_owned),
            after: after.map(str::to_owned),
        })
    };
    questions.into_iter().filter_map(ask).take(LISTED).collect()
}

/// Content that a site begins with.
pub struct Content {
    /// The entries, with the phrasings that the base misses, if there is one.
    pub edition: Edition,
    /// The base and its judgement; without one, a base is trained.
    pub base: Option<(Vec<u8>, Evaluation)>,
}

/// Puts entries on a shelf where nothing is drafted or published yet, and publishes them: the content that
/// `cargo local` begins with.
///
/// # Errors
/// Those of the store, and entries that break a rule.
pub async fn begin_with(
    app: &App,
    (site, locale): (&str, &str),
    content: Content,
) -> Result<(), Problem> {
    let place = Place::of_body(Some(site), Some(locale))?;
    let (shelf, stored) = (place.shelf(), app.store.stored_site(place.site).await?);
    if stored.bases.contains_key(locale) || !app.store.drafts(shelf).await?.is_empty() {
        return Ok(());
    }
    let Content { mut edition, base } = content;
    edition.entries.sort_by(|one, other| one.id.cmp(&other.id));
    for Published { id, entry } in &edition.entries {
        let id = EntryId::parse(id).ok_or(Code::Internal)?;
        app.store.put_draft(shelf, (id, entry.clone()), 0).await?;
    }
    let trained = match base {
        Some((bytes, evaluation)) => Arc::new(Trained { edition, bytes, evaluation }),
        None => train(locale, edition.entries)?,
    };
    let Trained { edition, bytes, evaluation } = &*trained;
    let publication = Publication { edition, bytes, evaluation: *evaluation, restored: None };
    app.store.publish(shelf, &stored, publication, None).await?;
    Ok(())
}
