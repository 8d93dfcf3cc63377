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

#[tokio::test]
async fn a_failure_is_not_tried_again() {
    let mut users = MockUserStore::new();
    users.expect_by_id().once().returning(|_| Ok(Some(ann(10))));
    users.expect_replace().once().returning(|_| Err(Unavailable::failed("users", "the disk is full")));
    assert!(users.change(ANN, end_sessions).await.is_err());
}
