//! The stream of security events, fed to the sequencer of the audit log as Lambda's mapping does in the cloud.

use std::sync::Arc;

use audit::Sequencer;
use lambda_runtime::{Context, LambdaEvent};
use serde_json::{Value, json};
use shared::http::stream::BatchResponse;
use tokio::runtime::Handle;

use crate::aws::{Aws, Place};

/// The batch size of the template's mapping, which has no filter.
const BATCH: usize = 1000;

/// Reads the stream from its beginning: an event that is in the log already is not appended again.
pub(crate) struct Sequence {
    aws: Arc<Aws>,
    sequencer: Sequencer,
    place: Place,
}

impl Sequence {
    /// Begins at the beginning of the events' stream.
    pub(crate) fn begin(aws: Arc<Aws>, sequencer: Sequencer, events: &str) -> Result<Self, String> {
        let place = aws.stream_start(events).map_err(|error| error.to_string())?;
        Ok(Self { aws, sequencer, place })
    }

    /// Hands over what is new, and says how much that was. After a failure all of it is new again. Blocks, so
    /// the requests of the sequencer run on `runtime`.
    pub(crate) fn run(&mut self, runtime: &Handle) -> Result<Value, String> {
        let mut place = self.place.clone();
        let records = self.aws.read_on(&mut place).map_err(|error| error.to_string())?;
        for batch in records.chunks(BATCH) {
            let event = LambdaEvent::new(json!({ "Records": batch }), Context::default());
            let answer = runtime.block_on(self.sequencer.handle(&event));
            if answer.map_err(|error| error.to_string())? != BatchResponse::default() {
                return Err("events were not appended to the audit log".to_owned());
            }
        }
        self.place = place;
        Ok(json!({ "records": records.len() }))
    }
}

#[cfg(test)]
mod tests {
    use template::Template;

    use super::*;

    #[test]
    fn what_is_handed_over_is_what_the_template_lets_through() {
        let streams = Template::deployed().unwrap().streams();
        let streams: Vec<_> = streams.filter(|one| one.function == "SequenceFunction").collect();
        assert_eq!(streams.len(), 1);
        let mapping = &streams[0].properties;
        assert_eq!(mapping.get("FilterCriteria"), None);
        assert_eq!(mapping["BatchSize"], BATCH);
    }
}
