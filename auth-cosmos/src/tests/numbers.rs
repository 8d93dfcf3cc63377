//! What the emulator forgives and Azure does not: there a number is a double, and keeps 53 bits.
use super::emulator::{Emulator, parts};
use crate::{
    CosmosStore,
    schema::{self, Schema},
};
use auth_core::{counter::*, ports::*, value::*};
use azure_data_cosmos::{DatabaseClient, FeedScope};
use futures_util::TryStreamExt;
use serde_json::Value;
use std::time::Duration;

const NOW: Timestamp = Timestamp(3_000_000_000);

#[tokio::test]
async fn no_number_is_written_that_a_double_does_not_hold() {
    let database = Emulator::start().await.database(Vec::new()).await;
    let store = CosmosStore::over(&database, parts()).await.unwrap();
    let entry = Entry {
        id: MailId::from_bytes([1; 16]),
        sealed: vec![1; 100],
        due_at: NOW,
        expires_at: NOW + Duration::from_hours(1),
        attempts: 0,
        lease: None,
        dead: None,
    };
    store.put(&entry).await.unwrap();
    let lease = Lease { holder: u64::MAX - 1, until: NOW + Duration::from_mins(1) };
    assert_eq!(store.lease(lease, NOW, 1).await.unwrap().len(), 1);
    let key = CounterKey { group: [1; 16], name: [2; 16] };
    let count = Count { key, rule: Rule::new(3, Duration::from_hours(1)), pause: None, crowd: Crowd::One };
    for standing in [Standing::UnderWay(AttemptId(u64::MAX - 1)), Standing::ForGood(AttemptId(u64::MAX - 3))] {
        assert_eq!(store.hit(standing, &[count], NOW).await.unwrap().hit, Hit::Allowed);
    }
    let mut numbers = 0;
    for schema in schema::ALL {
        for document in all(&database, schema).await {
            each_number(&document, &mut |number| {
                let exact = number.as_i64().is_some_and(|number| number.unsigned_abs() <= 1 << 53);
                assert!(exact, "{number} in {document}");
                numbers += 1;
            });
        }
    }
    assert!(numbers > 5, "what is looked at is there");
}

/// Every document of a container.
pub async fn all(database: &DatabaseClient, schema: Schema) -> Vec<Value> {
    let container = database.container_client(schema.name, None).await.unwrap();
    let found = container.query_items::<Value>("SELECT * FROM c", FeedScope::full_container(), None).await.unwrap();
    found.try_collect().await.unwrap()
}

fn each_number(value: &Value, look: &mut impl FnMut(&serde_json::Number)) {
    match value {
        Value::Number(number) => look(number),
        Value::Array(values) => values.iter().for_each(|value| each_number(value, look)),
        Value::Object(fields) => fields.values().for_each(|value| each_number(value, look)),
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}
