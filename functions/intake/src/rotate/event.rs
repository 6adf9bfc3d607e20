//! The events that call the job: its schedule's, an empty one, a change of the stack, or an operator's
//! wish that a key be changed.

use serde::Deserialize;
use serde_json::Value;

use super::compromise::{NoWish, Wish};

/// A call of the job.
pub(super) enum Event {
    /// It is time, or somebody wants it now.
    Due,
    /// CloudFormation makes, changes or deletes the resource that stands for the keys.
    Stack(Change),
    /// A key is compromised; or what an operator took for such a wish.
    Compromised(Result<Wish, NoWish>),
}

/// A change of the resource, and where CloudFormation waits for the answer.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Change {
    /// `Create`, `Update` or `Delete`.
    pub(super) request_type: String,
    #[serde(rename = "ResponseURL")]
    pub(super) response_url: String,
    pub(super) stack_id: String,
    pub(super) request_id: String,
    pub(super) logical_resource_id: String,
    /// The name that an earlier answer gave the resource; a `Create` has none.
    pub(super) physical_resource_id: Option<String>,
}

impl Event {
    /// The event, if it is one of those that the job is made for.
    pub(super) fn read(event: Value) -> Option<Self> {
        if event.get("RequestType").is_some() {
            return serde_json::from_value(event).ok().map(Self::Stack);
        }
        if event.get("compromised").is_some() {
            return Some(Self::Compromised(Wish::read(event)));
        }
        let scheduled = event.get("detail-type").and_then(Value::as_str) == Some("Scheduled Event");
        // Lambda makes an empty object of a call by hand without an event.
        let by_hand = event.as_object().is_some_and(serde_json::Map::is_empty);
        (scheduled || by_hand).then_some(Self::Due)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn these_shapes_are_known_and_no_other() {
        let scheduled = json!({ "source": "aws.scheduler", "detail-type": "Scheduled Event" });
        assert!(matches!(Event::read(scheduled), Some(Event::Due)));
        assert!(matches!(Event::read(json!({})), Some(Event::Due)));
        let wish = json!({ "compromised": "receipt" });
        assert!(matches!(Event::read(wish), Some(Event::Compromised(Ok(_)))));
        let no_wish = json!({ "compromised": "everything" });
        assert!(matches!(Event::read(no_wish), Some(Event::Compromised(Err(_)))));
        let change = json!({
            "RequestType": "Create", "ResponseURL": "https://s3.example/x", "StackId": "s",
            "RequestId": "r", "LogicalResourceId": "Keys", "ResourceType": "AWS::CloudFormation::CustomResource",
            "ResourceProperties": { "Issuer": "sotto" },
        });
        let Some(Event::Stack(read)) = Event::read(change.clone()) else { panic!("a change") };
        assert_eq!((read.request_type.as_str(), read.physical_resource_id), ("Create", None));
        let mut unanswerable = change;
        unanswerable.as_object_mut().unwrap().remove("ResponseURL");
        for other in [
            unanswerable,
            json!(null),
            json!("Scheduled Event"),
            json!([{ "detail-type": "Scheduled Event" }]),
            json!({ "detail-type": "Object Created" }),
            json!({ "Records": [] }),
        ] {
            assert!(Event::read(other.clone()).is_none(), "{other}");
        }
    }
}
