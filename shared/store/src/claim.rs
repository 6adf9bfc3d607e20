//! The agent who has a conversation is that of the last claim in its log. The log's links prove that no later
//! claim was taken out, so nothing that stands in a list decides it.

use std::sync::Arc;

use super::attributes::corrupt;
use super::body::{Agent, Body, Release, Target, Why};
use super::conversation::{Conversation, Found};
use super::event::{Kind, StoredEvent};
use super::inbox::Inbox;
use super::live::{Who, lost};
use super::log::{Appended, Draft, Tail};
use super::state::Status;
use super::{Store, StoreError};
use values::ids::{ConversationId, SubjectId};

/// How often a conversation is looked at again whose log grew meanwhile.
const SETTLING: usize = 8;

/// A conversation, the end of its log and who has it.
pub struct Held {
    /// The conversation.
    pub conversation: Arc<Conversation>,
    /// Its log's end.
    pub tail: Tail,
    /// The agent who has it; none while the bot or nobody has it.
    pub agent: Option<Agent>,
}

/// The result of looking for a conversation for the desk.
pub enum AtDesk {
    /// It is there.
    Held(Box<Held>),
    /// It was erased.
    Erased,
    /// There is none.
    Absent,
}

impl Store {
    /// The conversation of that id as it is stored now, whose it is by its log and its subject's row,
    /// and who has it. The caller must not give anything of it to somebody who does not.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn at_desk(&self, id: ConversationId) -> Result<AtDesk, StoreError> {
        let Some(subject) = self.owner_of(id).await? else { return Ok(AtDesk::Absent) };
        self.at_desk_of(subject, id).await
    }

    async fn at_desk_of(
        &self,
        subject: SubjectId,
        id: ConversationId,
    ) -> Result<AtDesk, StoreError> {
        let Some((row, policy)) = self.row_for_staff(subject, id).await? else {
            return Ok(AtDesk::Absent);
        };
        let conversation = match self.open_for_staff((&row, policy), false).await? {
            Found::Live(conversation) => conversation,
            Found::Erased => return Ok(AtDesk::Erased),
            Found::Absent => return Ok(AtDesk::Absent),
        };
        Ok(match self.held(conversation).await? {
            Some(held) => AtDesk::Held(Box::new(held)),
            None => AtDesk::Absent,
        })
    }

    /// The end of a conversation's log, and who has it; `None` when there is no log.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn held(&self, conversation: Arc<Conversation>) -> Result<Option<Held>, StoreError> {
        let raw = self.tail(conversation.id).await?;
        let Some(tail) = raw.of(&conversation)? else { return Ok(None) };
        let agent = match tail.state.status {
            Status::WithAgent => Some(self.agent_of(&conversation, raw.into_events()).await?),
            _ => None,
        };
        Ok(Some(Held { conversation, tail, agent }))
    }

    /// The agent of the last claim, found from the log's opened end backwards, link by link.
    async fn agent_of(
        &self,
        conversation: &Conversation,
        mut newest_first: Vec<StoredEvent>,
    ) -> Result<Agent, StoreError> {
        let broken = || corrupt("m").in_table("conversations");
        let mut later: Option<StoredEvent> = None;
        loop {
            for event in newest_first {
                if let Some(later) = &later {
                    let link = event.link(conversation.site.id, conversation.id);
                    if later.header.previous != link || later.seq != event.seq + 1 {
                        return Err(broken());
                    }
                }
                if event.header.kind == Kind::Claimed {
                    let body = Body::decode(Kind::Claimed, &conversation.open(&event)?)?;
                    let Body::Claimed(claim) = body else { return Err(broken()) };
                    return Ok(claim.agent);
                }
                later = Some(event);
            }
            let before = later.as_ref().map_or(0, |event| event.seq);
            if before <= 1 {
                return Err(broken());
            }
            newest_first = self.newest_before(conversation.id, before).await?;
            if newest_first.is_empty() {
                return Err(broken());
            }
        }
    }

    /// Takes a conversation from an agent who is away or silent, and back from a queue that nobody
    /// serves: whoever reads next decides it, by one conditional write.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn settle(&self, mut held: Held) -> Result<Held, StoreError> {
        for _ in 0..SETTLING {
            let Some(draft) = self.settled(&held).await? else { return Ok(held) };
            let Held { conversation, tail, .. } = held;
            let appended = self.append(&conversation, &tail, &draft).await?;
            if let Appended::Stored(_, tail) = appended {
                return Ok(Held { conversation, tail, agent: None });
            }
            held = self.held(conversation).await?.ok_or(StoreError::Unavailable)?;
        }
        Err(StoreError::Unavailable)
    }

    /// The event that a conversation needs whose agent or queue is gone.
    async fn settled(&self, held: &Held) -> Result<Option<Draft>, StoreError> {
        let Held { conversation, tail, agent } = held;
        let now_ms = self.clock.now_ms();
        if !matches!(
            conversation.status_at(tail.state, now_ms),
            Status::Waiting | Status::WithAgent
        ) {
            return Ok(None);
        }
        let row = self.inbox_row(conversation.id).await?;
        let why = match agent {
            None => None,
            Some(agent) => {
                let presence = self.presence(conversation.site, agent.id).await?;
                let side = self.side(conversation.id, Who::Agent).await?;
                let row = row.clone().ok_or(corrupt("q").in_table("conversations"))?;
                match lost(&row, presence.as_ref(), side, now_ms) {
                    None => return Ok(None),
                    why => why,
                }
            }
        };
        let is_staffed = self.is_staffed(conversation.site).await?;
        let (to, why) = match why {
            None if is_staffed => return Ok(None),
            None => (Target::Bot, Why::Nobody),
            Some(why) if is_staffed => (Target::Queue, why),
            Some(why) => (Target::Bot, why),
        };
        let (status, inbox) = match (to, row) {
            (Target::Queue, Some(row)) => (Status::Waiting, Inbox::Row(Box::new(row.requeued()))),
            _ => (Status::Open, Inbox::Left),
        };
        Ok(Some(Draft {
            body: Body::Released(Release { to, why }),
            state: tail.state.at(now_ms).with_status(status),
            idempotency: None,
            inbox,
        }))
    }
}
