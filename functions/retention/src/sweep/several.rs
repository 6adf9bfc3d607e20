//! Working through a queue, several at once, for as long as there is time.

use std::collections::VecDeque;

use shared::store::StoreError;
use tokio::task::JoinSet;

use super::{Budget, Swept, go_on};
use shared::http::staff_app::App;

/// How many are under way at once: each waits for DynamoDB most of its time.
const AT_ONCE: usize = 16;

/// The result of one deed, and the rest of its work, which waits until every other had its turn.
pub(super) struct Step<W> {
    pub(super) swept: Swept,
    pub(super) again: Option<W>,
}

impl<W> Step<W> {
    pub(super) fn done(swept: Swept) -> Self {
        Self { swept, again: None }
    }
}

/// Does a deed with each of a queue, in its order, until the time is over; a step of them is begun in
/// any case.
pub(super) async fn work<W, F>(
    app: &App,
    budget: Budget,
    mut queue: VecDeque<W>,
    swept: &mut Swept,
    deed: impl Fn(App, W) -> F,
) -> Result<(), StoreError>
where
    W: Send + 'static,
    F: Future<Output = Result<Step<W>, StoreError>> + Send + 'static,
{
    let mut running = JoinSet::new();
    let mut begun = 0;
    loop {
        while running.len() < AT_ONCE && (begun < budget.step || !budget.is_over(app)) {
            let Some(next) = queue.pop_front() else { break };
            begun += 1;
            running.spawn(deed(app.clone(), next));
        }
        let Some(ended) = running.join_next().await else { return Ok(()) };
        if let Some(step) = go_on(ended.map_err(|_| StoreError::Failed)?, swept)? {
            swept.add(&step.swept);
            queue.extend(step.again);
        }
    }
}
