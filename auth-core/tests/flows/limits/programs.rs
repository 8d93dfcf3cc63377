//! Programs and devices: what a person types for one, and what is kept for a source.
use super::*;
use auth_core::{ports::*, testing::*, value::UserId};

/// Types a code under which something waits, or nothing.
async fn types(accounts: &Accounts, caller: &Caller, who: u8, right: bool) -> Result<bool, Slow> {
    let look = async { Ok(right.then_some(())) };
    accounts.try_user_code(caller, UserId::from_bytes([who; 16]), look).await.unwrap().map(|found| found.is_some())
}

#[tokio::test] // O-30
async fn wrong_user_codes_are_counted_for_a_person_and_for_a_source() {
    let accounts = World::default().accounts_with(Policy::default());
    for n in 0..10 {
        assert_eq!(types(&accounts, &elsewhere(n), 1, false).await, Ok(false));
        if n < 9 {
            assert_eq!(types(&accounts, &elsewhere(n), 1, true).await, Ok(true));
        }
    }
    assert!(types(&accounts, &elsewhere(99), 1, true).await.is_err(), "ten in an hour");
    assert_eq!(types(&accounts, &elsewhere(99), 2, true).await, Ok(true));
    for n in 0..20 {
        assert_eq!(types(&accounts, &caller(1), 100 + n, false).await, Ok(false));
    }
    assert!(types(&accounts, &caller(1), 2, true).await.is_err(), "twenty in an hour");
    assert_eq!(types(&accounts, &caller(2), 2, true).await, Ok(true));
}

#[tokio::test]
async fn a_look_that_fails_is_not_counted() {
    let accounts = World::default().accounts_with(Policy::default());
    for _ in 0..11 {
        let look = async { Err::<Option<()>, _>(Unavailable::failed("documents", "away")) };
        assert!(accounts.try_user_code(&caller(1), UserId::from_bytes([1; 16]), look).await.is_err());
    }
    assert_eq!(types(&accounts, &caller(1), 1, false).await, Ok(false));
}

#[tokio::test]
async fn a_source_has_so_many_requests_kept_and_so_many_clients() {
    let world = World::default();
    let accounts = world.accounts_with(Policy::default());
    for _ in 0..200 {
        accounts.limit_requests(&caller(1)).await.unwrap().unwrap();
    }
    for _ in 0..20 {
        accounts.limit_registrations(&caller(1)).await.unwrap().unwrap();
    }
    assert!(accounts.limit_requests(&caller(1)).await.unwrap().is_err());
    assert!(accounts.limit_registrations(&caller(1)).await.unwrap().is_err());
    accounts.limit_requests(&caller(2)).await.unwrap().unwrap();
    accounts.limit_registrations(&caller(2)).await.unwrap().unwrap();
    world.clock.advance(Duration::from_hours(1));
    accounts.limit_requests(&caller(1)).await.unwrap().unwrap();
    accounts.limit_registrations(&caller(1)).await.unwrap().unwrap();
}
