//! Mocks of the ports, for whoever tests against one call at a time: here, how a change of an account insists.
use auth_core::{ports::*, user::*, value::*};

const ANN: UserId = UserId::from_bytes([1; 16]);

/// The account in the state that this epoch and revision name.
fn ann(epoch: u32) -> Stored<User> {
    let user = User {
        id: ANN,
        login: "ann".parse().unwrap(),
        email: "ann@example.org".parse().unwrap(),
        password: PasswordHash("hash".to_owned()),
        created_at: Timestamp(0),
        epoch,
        spared: None,
        disabled: false,
        locale: Locale::default(),
        roles: Vec::new(),
    };
    Stored { value: user, revision: Revision(format!("revision {epoch}")) }
}

fn end_sessions(user: &mut User) -> Change {
    user.end_sessions();
    Change::Write
}

#[tokio::test]
async fn a_stale_change_reads_again_and_is_made_over_what_the_others_wrote() {
    let (mut users, mut in_order) = (MockUserStore::new(), mockall::Sequence::new());
    for (seen, end) in [(10, Replace::Stale), (20, Replace::Stale), (30, Replace::Done)] {
        let by_id = users.expect_by_id().once().in_sequence(&mut in_order);
        by_id.withf(|id| *id == ANN).returning(move |_| Ok(Some(ann(seen))));
        let replace = users.expect_replace().once().in_sequence(&mut in_order);
        let written = Stored { revision: ann(seen).revision, ..ann(seen + 1) };
        replace.withf(move |write| *write == written).returning(move |_| Ok(end));
    }
    assert_eq!(users.change(ANN, end_sessions).await.unwrap(), Changed::Done(ann(31).value));
}

#[tokio::test]
async fn what_is_left_or_missing_is_not_written() {
    let mut users = MockUserStore::new();
    users.expect_by_id().returning(|id| Ok((id == ANN).then(|| ann(10))));
    users.expect_replace().never();
    let leave = |user: &mut User| {
        user.end_sessions();
        Change::Leave
    };
    assert!(matches!(users.change(ANN, leave).await.unwrap(), Changed::Left(_)));
    assert_eq!(users.change(UserId::from_bytes([2; 16]), end_sessions).await.unwrap(), Changed::Missing);
}

#[tokio::test]
async fn a_change_that_never_gets_through_gives_up_as_unavailable() {
    let mut users = MockUserStore::new();
    users.expect_by_id().times(32).returning(|_| Ok(Some(ann(10))));
    users.expect_replace().times(32).returning(|_| Ok(Replace::Stale));
    assert_eq!(users.change(ANN, end_sessions).await.unwrap_err().service(), "users");
}

/// What the store holds after `replace` has failed, and how the change ends.
async fn after_a_failure(stored: Outside<Option<Stored<User>>>) -> Outside<Changed> {
    let (mut users, mut in_order) = (MockUserStore::new(), mockall::Sequence::new());
    users.expect_by_id().once().in_sequence(&mut in_order).returning(|_| Ok(Some(ann(10))));
    let failed = |_: &Stored<User>| Err(Unavailable::failed("users", "the connection broke"));
    users.expect_replace().once().in_sequence(&mut in_order).returning(failed);
    users.expect_by_id().once().in_sequence(&mut in_order).return_once(|_| stored);
    users.change(ANN, end_sessions).await
}

#[tokio::test] // S-18
async fn a_write_whose_answer_was_lost_is_known_again_by_what_it_wrote() {
    assert_eq!(after_a_failure(Ok(Some(ann(11)))).await.unwrap(), Changed::Done(ann(11).value));
    for stored in [Ok(Some(ann(10))), Ok(Some(ann(12))), Err(Unavailable::failed("users", "and again"))] {
        assert_eq!(after_a_failure(stored).await.unwrap_err().service(), "users");
    }
}
