//! What is left to do behind a rename or a delete: it may fail, and it may come late.
use super::{
    emulator::{Emulator, parts},
    people,
};
use crate::{CosmosStore, schema};
use auth_core::{
    ports::*,
    testing::{FixedClock, SeededRng},
    user::*,
    value::*,
};
use azure_core::http::StatusCode;
use azure_data_cosmos::fault_injection::*;
use std::{sync::Arc, time::Duration};

/// Two stores on one database: the one cannot delete a reservation, nothing is wrong with the other. Time stands still.
struct Pair {
    cannot_delete: CosmosStore,
    well: CosmosStore,
    clock: Arc<FixedClock>,
}

impl Pair {
    async fn new() -> Self {
        let (emulator, clock) = (Emulator::start().await, Arc::new(FixedClock::default()));
        let open = async |faults| {
            let parts = crate::Parts { clock: clock.clone(), ..parts() };
            CosmosStore::over(&emulator.database(faults).await, parts).await.unwrap()
        };
        let refused = CustomResponseBuilder::new(StatusCode::BadRequest).build();
        let condition = FaultInjectionConditionBuilder::new()
            .with_operation_type(FaultOperationType::DeleteItem)
            .with_container_id(schema::NAMES.name)
            .build();
        let rule = FaultInjectionRuleBuilder::new(
            "no reservation is deleted",
            FaultInjectionResultBuilder::new().with_custom_response(refused).build(),
        );
        let rule = Arc::new(rule.with_condition(condition).build());
        let (cannot_delete, well) = (open(vec![rule]).await, open(Vec::new()).await);
        Self { cannot_delete, well, clock }
    }
}

fn user(rng: &SeededRng, login: &str) -> User {
    people::user(UserId::generate(rng), login, login)
}

async fn read(store: &CosmosStore, id: UserId) -> Stored<User> {
    UserStore::by_id(store, id).await.unwrap().expect("the account is there")
}

async fn rename(store: &CosmosStore, id: UserId, to: &User) -> Rename {
    let mut renamed = read(store, id).await;
    renamed.value.rename(Some(to.login.clone()), Some(to.email.clone()));
    store.rename(&renamed).await.unwrap()
}

#[tokio::test]
async fn a_name_that_is_not_given_back_is_taken_over_by_the_next_one() {
    let (pair, rng) = (Pair::new().await, SeededRng::default());
    let (ann, eve, next) = (user(&rng, "ann"), user(&rng, "eve"), user(&rng, "ann"));
    assert_eq!(UserStore::insert(&pair.well, &ann).await.unwrap(), Insert::Done);
    assert_eq!(rename(&pair.cannot_delete, ann.id, &eve).await, Rename::Done);
    assert_eq!(pair.well.by_login(&ann.login).await.unwrap(), None);
    pair.clock.advance(Duration::from_mins(1));
    assert_eq!(UserStore::insert(&pair.well, &next).await.unwrap(), Insert::Done);

    let gone = read(&pair.cannot_delete, next.id).await;
    assert_eq!(UserStore::delete(&pair.cannot_delete, &gone).await.unwrap(), Replace::Done);
    assert_eq!(pair.well.by_login(&next.login).await.unwrap(), None);
    pair.clock.advance(Duration::from_mins(1));
    assert_eq!(rename(&pair.well, ann.id, &ann).await, Rename::Done);
}

#[tokio::test]
async fn a_name_that_is_given_back_late_is_kept_by_whoever_has_taken_it_back() {
    let (pair, rng) = (Pair::new().await, SeededRng::default());
    let (ann, eve) = (user(&rng, "ann"), user(&rng, "eve"));
    assert_eq!(UserStore::insert(&pair.well, &ann).await.unwrap(), Insert::Done);
    // A rename that gets no further than its commit, and the way back before it goes on.
    let names = &pair.well.names;
    let account = names.account(ann.id).await.unwrap().unwrap();
    let seen = names.seen(ann.id, account.record.names()).await.unwrap();
    assert_eq!(seen.len(), 2);
    assert_eq!(rename(&pair.cannot_delete, ann.id, &eve).await, Rename::Done);
    assert_eq!(rename(&pair.well, ann.id, &ann).await, Rename::Done);
    names.give_back(seen).await.unwrap();
    assert_eq!(pair.well.by_login(&ann.login).await.unwrap().unwrap().value.id, ann.id);
    assert_eq!(pair.well.by_email(&ann.email).await.unwrap().unwrap().value.id, ann.id);
    assert_eq!(UserStore::insert(&pair.well, &user(&rng, "ann")).await.unwrap(), Insert::LoginTaken);
}
