//! Many events at once: sealed and chained as the function does it, and written by 25 a request.

use aws_sdk_dynamodb::types::{PutRequest, WriteRequest};
use shared::ids::{ConversationId, SubjectId};
use shared::store::conversation::{Conversation, Found};
use shared::store::event::{Answered, Header, Kind, Spoken, StoredEvent, place};

use crate::PATIENCE;
use crate::visitor::Visitor;
use crate::world::{World, item_size};

/// The most that DynamoDB takes in one `BatchWriteItem`.
const AT_ONCE: usize = 25;

impl World {
    /// Puts `count` exchanges behind the last event of a conversation, with the rights of an operator;
    /// gives their bytes, as DynamoDB counts them.
    pub async fn exchange_many(
        &self,
        visitor: &Visitor,
        path: &str,
        count: u64,
        said: impl Fn(u64) -> (String, String),
    ) -> usize {
        let subject = SubjectId::parse(&visitor.subject).expect("a subject");
        let id = path.rsplit('/').next().and_then(ConversationId::parse).expect("a conversation");
        let found =
            self.app.store.find_conversation_now((subject, None), id).await.expect("it is read");
        let Found::Live(conversation) = found else { panic!("no conversation at {path}") };
        let tail = self.app.store.tail(id).await.expect("its log").last_seq();
        let mut last = self.app.store.find_event(id, tail).await.expect("read").expect("an event");
        let (mut requests, mut bytes) = (Vec::new(), 0);
        for number in 0..count {
            let (message, reply) = said(number);
            let reply = Answered { text: reply, ..Answered::default() };
            let spoken = Spoken { message, reply: Some(reply) };
            last = next(&conversation, &last, &spoken);
            let item = last.to_item(id, conversation.due_ms());
            bytes += item_size(&item);
            let put = PutRequest::builder().set_item(Some(item)).build().expect("an item");
            requests.push(WriteRequest::builder().put_request(put).build());
            if requests.len() == AT_ONCE || number + 1 == count {
                self.write(std::mem::take(&mut requests)).await;
            }
        }
        bytes
    }

    async fn write(&self, requests: Vec<WriteRequest>) {
        let table = self.config.conversations_table.clone();
        let dynamo = self.dynamo();
        for _ in 0..PATIENCE {
            let batch = dynamo.batch_write_item().request_items(table.clone(), requests.clone());
            // A busy machine answers late; to write the same once more does no harm.
            let Ok(written) = batch.send().await else { continue };
            let left = written.unprocessed_items;
            assert!(left.is_none_or(|left| left.is_empty()), "DynamoDB took only some");
            return;
        }
        panic!("DynamoDB does not take it");
    }
}

/// The exchange that follows an event.
fn next(conversation: &Conversation, last: &StoredEvent, spoken: &Spoken) -> StoredEvent {
    let site = conversation.site.id;
    let header = Header {
        kind: Kind::Exchange,
        state: last.header.state.at(last.header.state.at_ms + 1).answered(false),
        previous: last.link(site, conversation.id),
        idempotency: None,
    };
    let seq = last.seq + 1;
    let place = place(site, conversation.id, seq, &header);
    let sealed = conversation.key.events.seal(&place, spoken.encode().reveal());
    StoredEvent { seq, header, sealed: sealed.expect("randomness") }
}
