//! The job that takes conversations from agents who are gone, and back from a queue that nobody serves,
//! where no visitor and no agent looks. It finds them by the lists of the inbox.

use lambda_runtime::LambdaEvent;
use serde::Serialize;
use serde_json::{Value, json};
use shared::http::telemetry::{self, Invocation, Outcome};
use shared::ids::ConversationId;
use shared::problem::Problem;
use shared::store::StoreError;
use shared::store::claim::AtDesk;
use shared::store::inbox::{List, Place};
use shared::store::state::Status;
use shared::values::site::Site;

use shared::http::staff_app::App;

/// Conversations looked at in one read.
const PAGE: usize = 100;
/// Conversations looked at in one run; the next one begins with those that wait longest again.
const LOOKED_AT: usize = 2_000;

/// The result of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Returned {
    /// Conversations that were looked at.
    pub looked_at: usize,
    /// Those that went back to the queue.
    pub to_queue: usize,
    /// Those that went back to the bot.
    pub to_bot: usize,
    /// Those that could not be read; the run went on.
    pub failed: usize,
}

/// The job and what it works with.
pub struct Job(App);

impl Job {
    /// The job over the parts of the function.
    #[must_use]
    pub fn new(app: App) -> Self {
        Self(app)
    }

    /// Handles a call and says what was done.
    ///
    /// # Errors
    /// [`StoreError`]; the next run goes on.
    pub async fn handle(&self, event: LambdaEvent<Value>) -> Result<Value, StoreError> {
        let job = telemetry::Job::ReturnClaims;
        let invocation = Invocation::begin(job, &self.0.clock, &event.context);
        let returned = run(&self.0).await;
        let outcome = if returned.is_ok() { Outcome::Done } else { Outcome::Failed };
        let counts = returned.unwrap_or_default();
        let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        invocation
            .end(outcome)
            .with("looked_at", count(counts.looked_at))
            .with("to_queue", count(counts.to_queue))
            .with("to_bot", count(counts.to_bot))
            .with("failed", count(counts.failed))
            .print();
        returned.map(|returned| json!(returned))
    }
}

/// Looks at every conversation that an agent has or that waits.
///
/// # Errors
/// [`StoreError`] where a list cannot be read.
pub async fn run(app: &App) -> Result<Returned, StoreError> {
    let mut returned = Returned::default();
    let agents = app.store.agents(Site::SHIPPED).await?;
    let lists = agents.iter().map(|agent| List::With(agent.agent.id)).chain([List::Waiting]);
    for list in lists {
        give_back(app, list, &mut returned).await?;
    }
    Ok(returned)
}

/// Looks at every conversation of a list, up to a limit.
///
/// # Errors
/// [`StoreError`] where the list cannot be read.
pub(crate) async fn give_back(
    app: &App,
    list: List,
    returned: &mut Returned,
) -> Result<(), StoreError> {
    let mut place: Option<Place> = None;
    loop {
        let (rows, next) = app.store.inbox(Site::SHIPPED, list, (place, PAGE)).await?;
        for row in rows {
            if returned.looked_at == LOOKED_AT {
                return Ok(());
            }
            returned.looked_at += 1;
            match settled(app, row.conversation).await {
                Ok(Some(Status::Waiting)) => returned.to_queue += 1,
                Ok(Some(_)) => returned.to_bot += 1,
                Ok(None) => {}
                Err(problem) => {
                    tracing::error!(
                        conversation = %row.conversation,
                        code = problem.code.as_str(),
                        "a conversation of the inbox cannot be read"
                    );
                    returned.failed += 1;
                }
            }
        }
        place = next;
        if place.is_none() {
            return Ok(());
        }
    }
}

/// The status that a conversation has got by this; nothing where it stays as it is.
async fn settled(app: &App, id: ConversationId) -> Result<Option<Status>, Problem> {
    let AtDesk::Held(held) = app.store.at_desk(id).await? else { return Ok(None) };
    let live = app.store.settle(*held).await?;
    Ok(live.was_taken.then_some(live.tail.state.status))
}
