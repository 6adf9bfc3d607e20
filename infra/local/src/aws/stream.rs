//! The streams of the tables, read from a place on.

#![expect(clippy::indexing_slicing, reason = "JSON indexed by name: what is absent reads as null")]

use serde_json::{Value, json};

use super::dynamo::{DatabaseError, Dynamo, parse, to_json};

/// A place in the stream of a table: what is behind it has not been read yet.
#[derive(Debug, Clone)]
pub struct Place {
    table: String,
    iterator: Value,
}

impl Dynamo {
    /// The beginning of a table's stream.
    pub(super) fn stream_start(&self, table: &str) -> Result<Place, DatabaseError> {
        self.place(table, "TRIM_HORIZON")
    }

    /// Its end as it is now.
    pub(super) fn stream_end(&self, table: &str) -> Result<Place, DatabaseError> {
        self.place(table, "LATEST")
    }

    /// The engine gives a stream one shard.
    fn place(&self, table: &str, kind: &str) -> Result<Place, DatabaseError> {
        let of = |error| DatabaseError::of("read the stream of", table, &error);
        let database = self.database();
        let described = database.describe_table(parse(json!({"TableName": table}))?).map_err(of)?;
        let arn = to_json(&described)?["Table"]["LatestStreamArn"].take();
        let described = database.describe_stream(parse(json!({"StreamArn": arn}))?).map_err(of)?;
        let shard = to_json(&described)?["StreamDescription"]["Shards"][0]["ShardId"].take();
        let iterator = database
            .get_shard_iterator(parse(json!({
                "StreamArn": arn,
                "ShardId": shard,
                "ShardIteratorType": kind,
            }))?)
            .map_err(of)?;
        let iterator = to_json(&iterator)?["ShardIterator"].take();
        Ok(Place { table: table.to_owned(), iterator })
    }

    /// Every record behind a place, in order, as `GetRecords` gives them; the place is then behind
    /// them. When it fails, it is where it was.
    pub(super) fn read_on(&self, place: &mut Place) -> Result<Vec<Value>, DatabaseError> {
        let expired = self.expired().lock();
        let (mut records, iterator) = self.unmarked(place)?;
        for record in &mut records {
            // The engine has the machine's time, and functions go by a clock that is moved.
            if let Some(told) = record["dynamodb"].as_object_mut() {
                told.remove("ApproximateCreationDateTime");
            }
            let number = record["dynamodb"]["SequenceNumber"].as_str().unwrap_or_default();
            if expired.contains(&(place.table.clone(), number.to_owned())) {
                record["userIdentity"] =
                    json!({"type": "Service", "principalId": "dynamodb.amazonaws.com"});
            }
        }
        place.iterator = iterator;
        Ok(records)
    }

    /// The sequence number of the last deletion of `key` behind a place, which moves to the end.
    pub(super) fn deletion(
        &self,
        place: &mut Place,
        key: &Value,
    ) -> Result<Option<String>, DatabaseError> {
        let (records, iterator) = self.unmarked(place)?;
        place.iterator = iterator;
        let of_key =
            |record: &&Value| record["eventName"] == "REMOVE" && record["dynamodb"]["Keys"] == *key;
        let number =
            |record: &Value| record["dynamodb"]["SequenceNumber"].as_str().map(str::to_owned);
        Ok(records.iter().rfind(of_key).and_then(number))
    }

    /// The records behind a place, and the iterator behind them.
    fn unmarked(&self, place: &Place) -> Result<(Vec<Value>, Value), DatabaseError> {
        let of = |error| DatabaseError::of("read the stream of", &place.table, &error);
        let mut records = Vec::new();
        let mut iterator = place.iterator.clone();
        loop {
            let page = self
                .database()
                .get_records(parse(json!({"ShardIterator": iterator}))?)
                .map_err(of)?;
            let mut page = to_json(&page)?;
            match page["Records"].take() {
                // An open shard always has a next iterator; an empty page is its end for now.
                Value::Array(found) if !found.is_empty() => records.extend(found),
                _ => return Ok((records, iterator)),
            }
            iterator = page["NextShardIterator"].take();
        }
    }
}
