//! Identifiers: `UUIDv7` (RFC 9562), made from the injected clock and the operating system's
//! randomness. An id is no secret and may be logged.

use std::fmt;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::{Builder, Uuid};

use super::clock::{Clock, UnixMillis};
use super::random::{self, NoRandomness};

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Uuid);

        impl $name {
            /// A fresh id that carries the clock's present instant.
            ///
            /// # Errors
            /// [`NoRandomness`] when the operating system's source fails.
            pub fn generate(clock: &Clock) -> Result<Self, NoRandomness> {
                let millis = u64::try_from(clock.now_ms()).unwrap_or(0);
                Ok(Self(Builder::from_unix_timestamp_millis(millis, &random::bytes()?).into_uuid()))
            }

            /// The id of that instant with these bytes in the place of randomness.
            #[must_use]
            pub fn at(at_ms: UnixMillis, hash: [u8; 32]) -> Self {
                let mut random = [0; 10];
                random.copy_from_slice(&hash[..10]);
                let millis = u64::try_from(at_ms).unwrap_or(0);
                Self(Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
            }

            /// Reads the canonical hyphenated form; `None` for anything else, `UUIDv7` only.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                let id = Uuid::try_parse(text).ok()?;
                let canonical = id.get_version_num() == 7
                    && text.len() == 36
                    && id.as_hyphenated().encode_lower(&mut Uuid::encode_buffer()) == text;
                canonical.then_some(Self(id))
            }

            /// Reads the 16 bytes that are stored.
            #[must_use]
            pub fn from_slice(bytes: &[u8]) -> Option<Self> {
                Uuid::from_slice(bytes).ok().map(Self)
            }

            /// The 16 bytes that are stored.
            #[must_use]
            pub fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }

            /// When the id was made, in milliseconds since the Unix epoch.
            #[must_use]
            pub fn made_at_ms(&self) -> UnixMillis {
                let mut millis = [0; 8];
                millis[2..].copy_from_slice(&self.0.as_bytes()[..6]);
                i64::from_be_bytes(millis)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.as_hyphenated().fmt(out)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, out)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.to_string()
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                Self::parse(&text).ok_or_else(|| D::Error::custom("no id"))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
    };
}

uuid_id! {
    /// A visitor, across conversations: the subject of data-protection law and of a token.
    SubjectId
}
uuid_id! {
    /// One conversation; also the partition of its log.
    ConversationId
}
uuid_id! {
    /// One request, as it is named in logs, problems and `X-Request-Id`.
    RequestId
}

uuid_id! {
    /// Somebody of the staff; the person's partition in the identity table.
    StaffId
}
uuid_id! {
    /// A sign-in of one person on one device, from the second factor to its end.
    SessionId
}
uuid_id! {
    /// A security event.
    EventId
}
uuid_id! {
    /// An audit of the deployment.
    AuditId
}
uuid_id! {
    /// A legal hold.
    HoldId
}
uuid_id! {
    /// An erasure, and the receipt of it.
    ReceiptId
}
uuid_id! {
    /// A case: a subject's request and its result.
    CaseId
}

uuid_id! {
    /// A contact that is sent to a site's webhook, with all tries.
    DeliveryId
}
uuid_id! {
    /// An erasure that the staff have asked for without a case, and that somebody else approves.
    ErasureId
}
uuid_id! {
    /// An attempt at the questions of a course.
    AttemptId
}
uuid_id! {
    /// A practice that an admin has sent to the staff.
    PracticeId
}
uuid_id! {
    /// An incident.
    IncidentId
}
uuid_id! {
    /// An action against an incident.
    ActionId
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_carries_the_instant_of_the_injected_clock() {
        let clock = Clock::manual(1_763_899_200_123);
        let id = ConversationId::generate(&clock).unwrap();
        assert_eq!(id.made_at_ms(), 1_763_899_200_123);
        assert_eq!(ConversationId::parse(&id.to_string()), Some(id));
    }

    #[test]
    fn only_the_canonical_form_of_version_7_is_an_id() {
        let id = SubjectId::generate(&Clock::manual(0)).unwrap().to_string();
        for other in [
            id.to_uppercase(),
            id.replace('-', ""),
            format!("{{{id}}}"),
            format!("urn:uuid:{id}"),
            "00000000-0000-4000-8000-000000000000".to_owned(),
            String::new(),
        ] {
            let canonical = SubjectId::parse(&other);
            assert!(canonical.is_none() || other == id, "{other} was taken for an id");
        }
    }
}
