//! A poll that finds nothing new costs two small reads. The function remembers what the last poll found, and
//! compares. A glance decides nothing but that nothing is new: else everything is read as it is stored now.

use std::sync::Arc;

use super::body::Agent;
use super::claim::Live;
use super::conversation::Conversation;
use super::event::StoredEvent;
use super::inbox::Row;
use super::live::{Kept, Presence, Side, Who, kept};
use super::log::Tail;
use super::state::Status;
use super::{Store, StoreError};
use values::clock::UnixMillis;

/// How long a poll is remembered. It holds no key and no text, and is compared each time.
pub(super) const LIFETIME_MS: UnixMillis = 10 * 60_000;
/// How long a glance takes an agent to be there who was: less than a heartbeat counts. Who goes away gives
/// back what they have.
pub(super) const PRESENCE_LIFETIME_MS: UnixMillis = 30_000;
/// The same of anybody at all, while a visitor waits: that everybody went away gives nothing back.
pub(super) const STAFFED_LIFETIME_MS: UnixMillis = 12_000;
/// How old the marks of the other side may be that a poll tells; a mark of typing lives for longer.
pub(super) const SIDE_LIFETIME_MS: UnixMillis = 2_500;
/// How old the place may be that a waiting visitor is told.
pub(super) const PLACE_LIFETIME_MS: UnixMillis = 12_000;

/// The last message that a reader has, by its event and its place in that; `None` before the first.
pub type Told = Option<(u64, usize)>;

/// The result of a poll. The row and the agent change only with an event, so they hold while the log ends
/// where it did; so does the agent's side while nobody has the conversation.
pub(super) struct Glance {
    tail: Tail,
    agent: Option<Agent>,
    row: Option<Row>,
    side: Side,
    told: Told,
}

/// Why a glance does not do.
enum Missing {
    /// It says too little, or something is new.
    News,
    Fault(StoreError),
}

impl From<StoreError> for Missing {
    fn from(error: StoreError) -> Self {
        Self::Fault(error)
    }
}

impl Store {
    /// Remembers what a poll has read, once its reader has everything up to `told`.
    pub async fn remember(&self, live: &Live, told: Told) {
        let Live { conversation, tail, agent, row, agent_side: side, was_taken: _ } = live;
        let (tail, agent, row, side) = (tail.clone(), agent.clone(), row.clone(), *side);
        let glance = Arc::new(Glance { tail, agent, row, side, told });
        self.glances.put(&conversation.id, glance).await;
    }

    /// The conversation as the last poll found it, for a reader who has everything up to `told`; `None` when
    /// its log has grown, its agent or queue is gone, or nothing is remembered. Its side is a moment old.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn glance(
        &self,
        conversation: &Arc<Conversation>,
        told: Told,
    ) -> Result<Option<Live>, StoreError> {
        match self.look(conversation, told).await {
            Ok(live) => Ok(Some(live)),
            Err(Missing::News) => Ok(None),
            Err(Missing::Fault(error)) => Err(error),
        }
    }

    /// The conversation behind a message of its visitor's own, for a reader who has everything up to `told`;
    /// `None` when the message does not follow right upon what the last poll found.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn behind_own(
        &self,
        conversation: &Arc<Conversation>,
        (event, tail): (&StoredEvent, &Tail),
        told: Told,
    ) -> Result<Option<Live>, StoreError> {
        let remembered = self.glances.get(&conversation.id, async || Err(())).await;
        let Ok(glance) = remembered else { return Ok(None) };
        let follows = glance.told == told
            && glance.tail.is_followed_by(event)
            && glance.tail.state.status == tail.state.status;
        let Some(row) = glance.row.clone().filter(|_| follows) else { return Ok(None) };
        Ok(Some(Live {
            conversation: Arc::clone(conversation),
            tail: tail.clone(),
            agent: glance.agent.clone(),
            row: Some(row.heard(event.header.state.at_ms)),
            agent_side: self.side_lately(conversation.id, Who::Agent).await?,
            was_taken: false,
        }))
    }

    async fn look(&self, conversation: &Arc<Conversation>, told: Told) -> Result<Live, Missing> {
        let id = conversation.id;
        let glance = self.glances.get(&id, async || Err(Missing::News)).await?;
        let status = conversation.status_at(glance.tail.state, self.clock.now_ms());
        if glance.told != told || !matches!(status, Status::Waiting | Status::WithAgent) {
            return Err(Missing::News);
        }
        let side = async {
            match &glance.agent {
                Some(_) => self.side_lately(id, Who::Agent).await,
                None => Ok(glance.side),
            }
        };
        let (last, agent_side) = tokio::try_join!(self.last_event_lately(id), side)?;
        let last = last.ok_or(Missing::News)?;
        let row = glance.row.clone().ok_or(Missing::News)?;
        let is_kept = match &glance.agent {
            _ if !glance.tail.ends_with(&last, conversation) => false,
            None => {
                let load = async || self.there_lately(conversation.site).await;
                let until_ms = self.staffed.get(&conversation.site.id, load).await?;
                self.clock.now_ms() < until_ms
            }
            Some(agent) => {
                let presence = self.presence_lately(conversation, agent).await?;
                kept(&row, Some(&presence), agent_side, None, self.clock.now_ms()) == Kept::Yes
            }
        };
        if !is_kept {
            // They may be there still, by a later heartbeat.
            self.staffed.forget(&conversation.site.id);
            glance.agent.iter().for_each(|agent| self.presences.forget(&agent.id));
            return Err(Missing::News);
        }
        Ok(Live {
            conversation: Arc::clone(conversation),
            tail: glance.tail.clone(),
            agent: glance.agent.clone(),
            row: Some(row),
            agent_side,
            was_taken: false,
        })
    }

    /// Until when an agent was there, some seconds ago at most.
    async fn presence_lately(
        &self,
        conversation: &Conversation,
        agent: &Agent,
    ) -> Result<Presence, Missing> {
        let load = async || {
            let presence = self.presence_of_lately(conversation.site, agent.id).await?;
            presence.ok_or(Missing::News)
        };
        self.presences.get(&agent.id, load).await
    }
}
