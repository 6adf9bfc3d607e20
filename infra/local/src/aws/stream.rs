//! The streams of the tables, read from their beginning.

#![expect(clippy::indexing_slicing, reason = "JSON indexed by name: what is absent reads as null")]

use serde_json::{Value, json};

use super::dynamo::{DatabaseError, Dynamo, parse, to_json};

impl Dynamo {
    /// Every record that the stream of a table still holds, in order, as `GetRecords` gives them.
    pub(super) fn stream_records(&self, table: &str) -> Result<Vec<Value>, DatabaseError> {
        let of = |error| DatabaseError::of("read the stream of", table, &error);
        let database = self.database();
        let described = database.describe_table(parse(json!({"TableName": table}))?).map_err(of)?;
        let arn = to_json(&described)?["Table"]["LatestStreamArn"].take();
        let described = database.describe_stream(parse(json!({"StreamArn": arn}))?).map_err(of)?;
        let mut records = Vec::new();
        for shard in
            to_json(&described)?["StreamDescription"]["Shards"].as_array().into_iter().flatten()
        {
            let iterator = database
                .get_shard_iterator(parse(json!({
                    "StreamArn": arn,
                    "ShardId": shard["ShardId"],
                    "ShardIteratorType": "TRIM_HORIZON",
                }))?)
                .map_err(of)?;
            let mut iterator = to_json(&iterator)?["ShardIterator"].take();
            while iterator.is_string() {
                let page =
                    database.get_records(parse(json!({"ShardIterator": iterator}))?).map_err(of)?;
                let mut page = to_json(&page)?;
                match page["Records"].take() {
                    // An open shard always has a next iterator; an empty page is its end for now.
                    Value::Array(found) if !found.is_empty() => records.extend(found),
                    _ => break,
                }
                iterator = page["NextShardIterator"].take();
            }
        }
        Ok(records)
    }
}
