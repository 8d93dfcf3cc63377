//! Containers that others made, or an older program: mended where they can be, and refused where not.
use super::{
    emulator::{Emulator, containers, parts},
    people::user,
};
use crate::{CosmosStore, Error, Found, State, provision::look_at_all, schema};
use auth_core::{ports::*, value::*};
use azure_core::http::StatusCode;
use azure_data_cosmos::{
    DatabaseClient,
    fault_injection::{
        CustomResponseBuilder, FaultInjectionResultBuilder, FaultInjectionRule, FaultInjectionRuleBuilder,
    },
    models::{ContainerProperties, IndexingPolicy, TimeToLive},
};
use std::sync::Arc;

fn states(found: &[Found]) -> Vec<State> {
    found.iter().map(|found| found.state).collect()
}

async fn change(database: &DatabaseClient, schema: schema::Schema, how: impl FnOnce(&mut ContainerProperties)) {
    let container = database.container_client(schema.name, None).await.unwrap();
    let mut properties = schema.properties();
    how(&mut properties);
    container.replace(properties, None).await.unwrap();
}

#[tokio::test]
async fn a_container_that_forgets_or_indexes_otherwise_is_mended_and_keeps_what_it_holds() {
    let database = Emulator::start().await.database(Vec::new()).await;
    assert_eq!(states(&containers(&database).await.unwrap()), [State::There; 7]);
    let store = CosmosStore::over(&database, parts()).await.unwrap();
    let ann = user(UserId::from_bytes([1; 16]), "ann", "ann");
    assert_eq!(UserStore::insert(&store, &ann).await.unwrap(), Insert::Done);
    // One that forgets accounts, one that forgets nothing, one without an index.
    change(&database, schema::USERS, |users| users.default_ttl = TimeToLive::NoDefault).await;
    change(&database, schema::CODES, |codes| codes.default_ttl = TimeToLive::Forever).await;
    change(&database, schema::OUTBOX, |outbox| {
        outbox.indexing_policy = Some(IndexingPolicy::default().with_excluded_path("/*"));
    })
    .await;
    let mended = containers(&database).await.unwrap();
    let expected = ["users", "codes", "outbox"];
    for found in &mended {
        let state = if expected.contains(&found.name) { State::Mended } else { State::There };
        assert_eq!(found.state, state, "{}", found.name);
    }
    assert_eq!(states(&containers(&database).await.unwrap()), [State::There; 7]);
    assert_eq!(UserStore::by_id(&store, ann.id).await.unwrap().unwrap().value, ann);
}

/// Where there is no database either, Azure says so by a sub-status, and the emulator does not.
#[tokio::test]
async fn where_there_is_no_database_all_are_missing() {
    let database = answering(StatusCode::NotFound, 1_003).await;
    assert_eq!(states(&look_at_all(&database).await.unwrap()), [State::Missing; 7]);
}

#[tokio::test]
async fn without_leave_it_is_said_what_leave_is_needed() {
    let database = answering(StatusCode::Forbidden, 5_300).await;
    let refused = containers(&database).await.unwrap_err();
    assert!(matches!(&refused, Error::Unread(what) if what.contains("users")), "{refused}");
    let refused = Error::of_making("the container users")(database.read(None).await.unwrap_err());
    assert!(matches!(&refused, Error::Forbidden(what) if what.contains("users")), "{refused}");
}

/// A container that was deleted, or its database, is no reason to be taken for ready.
#[tokio::test(start_paused = true)]
async fn a_store_whose_containers_are_gone_is_not_ready() {
    let rule = rule_answering(StatusCode::NotFound, 1_003);
    let store = CosmosStore::over(&Emulator::start().await.database(vec![rule.clone()]).await, parts()).await.unwrap();
    assert!(store.ping().await.is_ok());
    rule.enable();
    assert!(store.ping().await.is_err());
}

/// A database that answers everything like this.
async fn answering(status: StatusCode, sub: u16) -> DatabaseClient {
    let rule = rule_answering(status, sub);
    let database = Emulator::start().await.database(vec![rule.clone()]).await;
    rule.enable();
    database
}

fn rule_answering(status: StatusCode, sub: u16) -> Arc<FaultInjectionRule> {
    let answer = CustomResponseBuilder::new(status).with_sub_status(sub).build();
    let result = FaultInjectionResultBuilder::new().with_custom_response(answer).build();
    let rule = Arc::new(FaultInjectionRuleBuilder::new("answer", result).build());
    rule.disable();
    rule
}

#[tokio::test]
async fn a_container_that_is_cut_otherwise_is_refused_by_name() {
    let database = Emulator::start().await.database(Vec::new()).await;
    let sessions = database.container_client("sessions", None).await.unwrap();
    sessions.delete(None).await.unwrap();
    database.create_container(ContainerProperties::new("sessions", "/id".into()), None).await.unwrap();
    let refused = containers(&database).await.unwrap_err();
    assert!(matches!(&refused, Error::Different { name, .. } if name == "the container sessions"), "{refused}");
}
