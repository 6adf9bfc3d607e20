//! The agent who has a conversation is that of the last claim in its log. The log's links prove that no later
//! claim was taken out, so nothing that stands in a list decides it.

use std::sync::Arc;

use super::attributes::corrupt;
use super::body::{Agent, Body, Release, Target, Why};
use super::conversation::{Conversation, Found};
use super::event::{Kind, StoredEvent};
use super::inbox::{Inbox, Row};
use super::live::{Kept, Side, Who, kept};
use super::log::{Appended, Draft, Tail};
use super::state::Status;
use super::{Store, StoreError};
use values::ids::{ConversationId, StaffId, SubjectId};

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

/// A conversation with what the desk keeps beside its log, each read once and behind the log's end.
pub struct Live {
    /// The conversation.
    pub conversation: Arc<Conversation>,
    /// Its log's end.
    pub tail: Tail,
    /// The agent who has it; none while the bot or nobody has it.
    pub agent: Option<Agent>,
    /// Its row in the inbox; none unless it waits or an agent has it.
    pub row: Option<Row>,
    /// The agent's side; nothing unless it waits or an agent has it.
    pub agent_side: Side,
    /// Whether it was taken from an agent or a queue just now.
    pub was_taken: bool,
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

    /// Reads what the desk keeps of a conversation.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn live(&self, held: Held) -> Result<Live, StoreError> {
        let Held { conversation, tail, agent } = held;
        let (mut row, mut agent_side) = (None, Side::default());
        if is_live(conversation.status_at(tail.state, self.clock.now_ms())) {
            row = self.inbox_row(conversation.id).await?;
            agent_side = self.side(conversation.id, Who::Agent).await?;
            // A mark that was told must not go back in the next answer.
            self.sides.put(&(conversation.id, Who::Agent), agent_side).await;
        }
        Ok(Live { conversation, tail, agent, row, agent_side, was_taken: false })
    }

    /// The same, once a conversation was taken from an agent who is away or silent, or back from a queue
    /// that nobody serves: the next reader decides it, by one conditional write.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn settle(&self, mut held: Held) -> Result<Live, StoreError> {
        for _ in 0..SETTLING {
            let live = self.live(held).await?;
            let Some((draft, row)) = self.settled(&live).await? else { return Ok(live) };
            let appended = self.append(&live.conversation, &live.tail, &draft).await?;
            if let Appended::Stored(_, tail) = appended {
                return Ok(Live { tail, agent: None, row, was_taken: true, ..live });
            }
            held = self.held(live.conversation).await?.ok_or(StoreError::Unavailable)?;
        }
        Err(StoreError::Unavailable)
    }

    /// Whether a member of staff has the conversation of that id now. Nothing is written: an agent who is
    /// gone does not have it, whoever notes that.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn is_claimed_by(
        &self,
        id: ConversationId,
        staff: StaffId,
    ) -> Result<bool, StoreError> {
        let AtDesk::Held(held) = self.at_desk(id).await? else { return Ok(false) };
        let Some(agent) = held.agent.clone().filter(|agent| agent.id == staff) else {
            return Ok(false);
        };
        let live = self.live(*held).await?;
        let status = live.conversation.status_at(live.tail.state, self.clock.now_ms());
        Ok(status == Status::WithAgent && self.lost_by(&live, &agent).await?.is_none())
    }

    /// Why the agent who has a conversation has lost it; nothing while they keep it.
    async fn lost_by(&self, live: &Live, agent: &Agent) -> Result<Option<Why>, StoreError> {
        let presence = self.presence(live.conversation.site, agent.id).await?;
        let row = live.row.as_ref().ok_or(corrupt("q").in_table("conversations"))?;
        let now_ms = self.clock.now_ms();
        let judge = |first_ms| kept(row, presence.as_ref(), live.agent_side, first_ms, now_ms);
        let judged = match judge(None) {
            Kept::Unclear => {
                let unseen =
                    self.messages_behind(live.conversation.id, live.agent_side.seen_seq).await?;
                judge(Some(unseen.first().copied().unwrap_or(row.last_message_ms)))
            }
            judged => judged,
        };
        Ok(match judged {
            Kept::No(why) => Some(why),
            Kept::Yes | Kept::Unclear => None,
        })
    }

    /// The event that a conversation needs whose agent or queue is gone, and its row behind it.
    async fn settled(&self, live: &Live) -> Result<Option<(Draft, Option<Row>)>, StoreError> {
        let Live { conversation, tail, agent, row, agent_side: _, was_taken: _ } = live;
        let now_ms = self.clock.now_ms();
        if !is_live(conversation.status_at(tail.state, now_ms)) {
            return Ok(None);
        }
        let why = match agent {
            None => None,
            Some(agent) => match self.lost_by(live, agent).await? {
                None => return Ok(None),
                why => why,
            },
        };
        let is_staffed = self.serves_queue(conversation.site).await?;
        let (to, why) = match why {
            None if is_staffed => return Ok(None),
            None => (Target::Bot, Why::Nobody),
            Some(why) if is_staffed => (Target::Queue, why),
            Some(why) => (Target::Bot, why),
        };
        let row = row.clone().filter(|_| to == Target::Queue).map(Row::requeued);
        let (status, inbox) = match &row {
            Some(row) => (Status::Waiting, Inbox::Row(Box::new(row.clone()))),
            None => (Status::Open, Inbox::Left),
        };
        let draft = Draft {
            body: Body::Released(Release { to, why }),
            state: tail.state.at(now_ms).with_status(status),
            idempotency: None,
            inbox,
            asked: None,
        };
        Ok(Some((draft, row)))
    }
}

/// Whether a person has the conversation or is waited for.
const fn is_live(status: Status) -> bool {
    matches!(status, Status::Waiting | Status::WithAgent)
}
