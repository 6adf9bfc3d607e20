//! Where the next part begins, as an opaque text that is good for one caller and one subject.

use crate::cursor;
use access::subject_access::Caller;
use seal::place::Place;
use store::Store;
use store::chain::Link;
use store::event::LINK_LEN;
use values::ids::{ConversationId, SubjectId};
use values::problem::Problem;
use values::site::Site;

const LABEL: &str = "sotto/v1 export cursor";

const READS: u8 = 0;
const CONVERSATION: u8 = 1;

/// Where a part begins.
#[derive(Clone, PartialEq, Eq)]
pub enum Position {
    /// Behind the reading with this key; before the first if none.
    Reads(Option<String>),
    /// At this conversation, and behind that event of it; at its first if none.
    Conversation(ConversationId, Option<Link>),
}

/// The values that a cursor is bound to: the site, the subject of the document, the caller.
pub type Bound = (&'static Site, SubjectId, Caller);

impl Position {
    /// Reads the cursor of a query, if there is one.
    ///
    /// # Errors
    /// 422 for everything that [`Position::write`] did not make for the same caller and subject; 503.
    pub async fn read(
        store: &Store,
        bound: Bound,
        cursor: Option<&str>,
    ) -> Result<Option<Self>, Problem> {
        let Some(cursor) = cursor else { return Ok(None) };
        let opened = cursor::open(store, bound.0, &place(bound), cursor).await?;
        Self::decode(opened.reveal()).map(Some).ok_or_else(cursor::refused)
    }

    /// The cursor.
    ///
    /// # Errors
    /// 503, and [`Code::Internal`] when there is no randomness.
    pub(super) async fn write(&self, store: &Store, bound: Bound) -> Result<String, Problem> {
        cursor::seal(store, bound.0, &place(bound), &self.encode()).await
    }

    fn encode(&self) -> Vec<u8> {
        match self {
            Self::Reads(after) => {
                [&[READS], after.as_deref().unwrap_or_default().as_bytes()].concat()
            }
            Self::Conversation(id, behind) => {
                let mut bytes = vec![CONVERSATION];
                bytes.extend_from_slice(id.as_bytes());
                if let Some(link) = behind {
                    bytes.extend_from_slice(&link.seq.to_be_bytes());
                    bytes.extend_from_slice(&link.hash);
                }
                bytes
            }
        }
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (kind, rest) = bytes.split_first()?;
        match *kind {
            READS => {
                let after = String::from_utf8(rest.to_vec()).ok()?;
                Some(Self::Reads(Some(after).filter(|after| !after.is_empty())))
            }
            CONVERSATION => {
                let (id, rest) = rest.split_first_chunk::<16>()?;
                let id = ConversationId::from_slice(id)?;
                let Some((seq, hash)) = rest.split_first_chunk::<8>() else {
                    return rest.is_empty().then_some(Self::Conversation(id, None));
                };
                let hash: [u8; LINK_LEN] = hash.try_into().ok()?;
                let link = Link { seq: u64::from_be_bytes(*seq), hash };
                Some(Self::Conversation(id, Some(link)))
            }
            _ => None,
        }
    }
}

fn place((site, subject, caller): Bound) -> Place {
    Place::new(LABEL)
        .part(site.id.as_bytes())
        .part(subject.as_bytes())
        .part(caller.to_string().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use values::clock::Clock;

    #[test]
    fn a_position_is_read_back_and_nothing_else_is_one() {
        let id = ConversationId::generate(&Clock::manual(1)).unwrap();
        let link = Link { seq: 7, hash: [3; LINK_LEN] };
        for position in [
            Position::Reads(None),
            Position::Reads(Some("read#2026-11-02T09:00:00.000Z#x".to_owned())),
            Position::Conversation(id, None),
            Position::Conversation(id, Some(link)),
        ] {
            let bytes = position.encode();
            assert!(Position::decode(&bytes) == Some(position));
            if bytes[0] == CONVERSATION {
                assert!(Position::decode(&bytes[..bytes.len() - 1]).is_none());
                assert!(Position::decode(&[&bytes[..], &[0]].concat()).is_none());
            }
        }
        assert!(Position::decode(&[]).is_none() && Position::decode(&[2]).is_none());
    }
}
