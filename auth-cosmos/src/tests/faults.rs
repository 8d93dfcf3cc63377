//! The database as it is on a bad day: one request in ten fails, in each of the ways that it can and in all of them, and
//! the answer to a write that was done is lost. The contract holds all the same.
use super::{
    emulator::{Emulator, parts},
    things::entry,
};
use crate::{CosmosStore, Parts};
use auth_core::{contract, ports::*, value::*};
use azure_core::http::StatusCode;
pub use azure_data_cosmos::fault_injection::FaultInjectionErrorType as Fault;
use azure_data_cosmos::fault_injection::{
    CustomResponseBuilder, FaultInjectionResultBuilder, FaultInjectionRule, FaultInjectionRuleBuilder,
};
use std::{sync::Arc, time::Duration};

/// Every way to fail that the SDK can play.
pub const FAULTS: [Fault; 12] = [
    Fault::TooManyRequests,
    Fault::RetryWith,
    Fault::PartitionIsGone,
    Fault::ServiceUnavailable,
    Fault::Timeout,
    Fault::InternalServerError,
    Fault::ConnectionError,
    Fault::ResponseTimeout,
    Fault::ResponseTimeoutAfterService,
    Fault::ReadSessionNotAvailable,
    Fault::WriteForbidden,
    Fault::DatabaseAccountNotFound,
];

/// A rule that is off until it is enabled, since a start is no part of the contract.
pub fn rule(fault: Fault, probability: f32) -> Arc<FaultInjectionRule> {
    let result = FaultInjectionResultBuilder::new().with_error(fault).with_probability(probability).build();
    let rule = FaultInjectionRuleBuilder::new(format!("{fault:?}"), result).build();
    rule.disable();
    Arc::new(rule)
}

/// Whatever goes wrong next, it is something else.
pub async fn on_a_bad_day(parts: Parts) -> (Emulator, CosmosStore) {
    let emulator = Emulator::start().await;
    let store = on_the_same_bad_day(&emulator, parts).await;
    (emulator, store)
}

/// One more store on it, with faults of its own.
pub async fn on_the_same_bad_day(emulator: &Emulator, parts: Parts) -> CosmosStore {
    let rules = FAULTS.map(|fault| rule(fault, 0.1)).to_vec();
    let store = CosmosStore::over(&emulator.database(rules.clone()).await, parts).await.unwrap();
    emulator.watch.add(rules);
    store
}

async fn on(fault: Fault) -> CosmosStore {
    under(&rule(fault, 0.1), parts()).await
}

/// A store that has started, and then meets this.
async fn under(rule: &Arc<FaultInjectionRule>, parts: Parts) -> CosmosStore {
    let database = Emulator::start().await.database(vec![rule.clone()]).await;
    let store = CosmosStore::over(&database, parts).await.unwrap();
    rule.enable();
    store
}

/// Each clause of each port.
macro_rules! contract_under {
    ($($name:ident: $store:expr;)*) => { $(
        mod $name {
            use super::*;

            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn users_keep_the_contract() {
                contract!(each users: $store);
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn codes_and_sessions_keep_the_contract() {
                contract!(each codes: $store);
                contract!(each sessions: $store);
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn counters_and_mails_keep_the_contract() {
                contract!(each counters: $store);
                contract!(each outbox: $store);
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn documents_keep_the_contract() {
                contract!(each documents: $store);
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn keys_and_records_keep_the_contract() {
                contract!(each keys: $store);
                contract!(each records: $store);
            }
        }
    )* };
}

contract_under! {
    too_many_requests: on(Fault::TooManyRequests).await;
    retry_with: on(Fault::RetryWith).await;
    gone: on(Fault::PartitionIsGone).await;
    unavailable: on(Fault::ServiceUnavailable).await;
    timed_out: on(Fault::Timeout).await;
    internal_error: on(Fault::InternalServerError).await;
    no_connection: on(Fault::ConnectionError).await;
    no_answer: on(Fault::ResponseTimeout).await;
    lost_answers: on(Fault::ResponseTimeoutAfterService).await;
    no_session: on(Fault::ReadSessionNotAvailable).await;
    no_writes_here: on(Fault::WriteForbidden).await;
    account_moved: on(Fault::DatabaseAccountNotFound).await;
    slow: slow().await;
    all_of_it: on_a_bad_day(parts()).await.1;
}

/// One request in ten takes longer than all the others.
async fn slow() -> CosmosStore {
    under(&delay(Duration::from_millis(40), 0.1), parts()).await
}

pub fn delay(by: Duration, probability: f32) -> Arc<FaultInjectionRule> {
    let result = FaultInjectionResultBuilder::new().with_delay(by).with_probability(probability).build();
    let rule = FaultInjectionRuleBuilder::new("slow", result).build();
    rule.disable();
    Arc::new(rule)
}

#[tokio::test]
async fn a_bad_day_is_bad_in_every_way() {
    let (emulator, store) = on_a_bad_day(parts()).await;
    let mut entry = entry();
    while !emulator.watch.missed().is_empty() {
        let _whatever = store.put(&entry).await;
        let [first, second, ..] = *entry.id.as_bytes();
        let next = u16::from_be_bytes([first, second]).wrapping_add(1).to_be_bytes();
        entry.id = MailId::from_bytes([next[0], next[1], 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    }
}

#[tokio::test]
async fn each_fault_is_really_played() {
    for fault in FAULTS {
        let rule = rule(fault, 0.5);
        let store = under(&rule, parts()).await;
        let mut entry = entry();
        while rule.hit_count() == 0 {
            let _whatever = store.put(&entry).await; // an answer can be lost only where something was done
            let [first, ..] = *entry.id.as_bytes();
            entry.id = MailId::from_bytes([first.wrapping_add(1); 16]);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn who_asks_too_much_is_told_when_to_come_back() {
    let too_many = CustomResponseBuilder::new(StatusCode::TooManyRequests)
        .with_sub_status(3_200)
        .with_header("x-ms-retry-after-ms", "4700")
        .build();
    let result = FaultInjectionResultBuilder::new().with_custom_response(too_many).build();
    let rule = Arc::new(FaultInjectionRuleBuilder::new("too many", result).build());
    rule.disable();
    let store = under(&rule, parts()).await;
    let refused = UserStore::by_id(&store, UserId::from_bytes([1; 16])).await.unwrap_err();
    let Unavailable::Overloaded { service: "users", retry_after } = refused else { panic!("{refused:?}") };
    assert_eq!(retry_after, Duration::from_millis(4_700), "what the database says");
    assert_eq!(rule.hit_count(), 1, "who is told to wait longer than anybody waits here is not asked again");
}

/// The SDK's own repetitions and ours do not multiply.
#[tokio::test(start_paused = true)]
async fn few_requests_are_made_of_one_that_fails() {
    for fault in FAULTS {
        let rule = rule(fault, 1.0);
        let store = under(&rule, Parts { patience: Duration::from_secs(2), ..parts() }).await;
        let _failed = UserStore::by_id(&store, UserId::from_bytes([1; 16])).await;
        // Of what is not there no answer can be lost.
        assert!(rule.hit_count() > 0 || fault == Fault::ResponseTimeoutAfterService, "{fault:?} is not played");
        // A dozen have failed at most when another try begins.
        assert!(rule.hit_count() <= 24, "{} requests of one, under {fault:?}", rule.hit_count());
    }
}

/// What is told of a failure is a status, and nothing that was asked for.
#[tokio::test(start_paused = true)] // H-11
async fn a_failure_tells_nothing_of_what_was_asked() {
    let store = under(&rule(Fault::ServiceUnavailable, 1.0), parts()).await;
    let failure = store.by_login(&"ann-of-the-logs".parse().unwrap()).await.unwrap_err();
    let said = format!("{failure:?} {failure}");
    assert!(said.contains("503") && !said.contains("ann"), "{said}");
}
