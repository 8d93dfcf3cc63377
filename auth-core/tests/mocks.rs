//! Mocks of the ports, for whoever tests against one call at a time: here, how a change of an account insists.
use auth_core::{document::*, ports::*, testing::user, user::*, value::*};

const ANN: UserId = UserId::from_bytes([1; 16]);

/// The account in the state that this epoch and revision name.
fn ann(epoch: u32) -> Stored<User> {
    let user = User { epoch, ..user(ANN, "ann") };
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

/// As [`after_a_failure`], of another spelling of the e-mail.
async fn after_a_failed_rename(stored: User) -> Outside<Renamed> {
    let (mut users, mut in_order) = (MockUserStore::new(), mockall::Sequence::new());
    users.expect_by_id().once().in_sequence(&mut in_order).returning(|_| Ok(Some(ann(10))));
    let failed = |_: &Stored<User>| Err(Unavailable::failed("users", "the connection broke"));
    users.expect_rename().once().in_sequence(&mut in_order).returning(failed);
    let stored = Stored { value: stored, ..ann(11) };
    users.expect_by_id().once().in_sequence(&mut in_order).return_once(|_| Ok(Some(stored)));
    users.change_names(ANN, |user| user.rename(None, Some("ANN@example.org".parse().unwrap()))).await
}

#[tokio::test] // S-18
async fn a_rename_whose_answer_was_lost_is_known_again_by_its_spelling() {
    let before = ann(10).value;
    let user = Box::new(User { email: "ANN@example.org".parse().unwrap(), ..before.clone() });
    assert_eq!(after_a_failed_rename(*user.clone()).await.unwrap(), Renamed::Done { user, ended: false });
    assert_eq!(after_a_failed_rename(before).await.unwrap_err().service(), "users");
}

#[tokio::test]
async fn a_stale_rename_reads_again_and_a_taken_name_does_not() {
    let (mut users, mut in_order) = (MockUserStore::new(), mockall::Sequence::new());
    for (seen, end) in [(10, Rename::Stale), (20, Rename::EmailTaken)] {
        users.expect_by_id().once().in_sequence(&mut in_order).returning(move |_| Ok(Some(ann(seen))));
        let rename = users.expect_rename().once().in_sequence(&mut in_order);
        rename.withf(move |write| write.revision == ann(seen).revision).returning(move |_| Ok(end));
    }
    assert_eq!(users.change_names(ANN, |_| {}).await.unwrap(), Renamed::EmailTaken);
}

#[tokio::test] // S-18
async fn a_delete_is_done_once_the_account_is_gone_whatever_was_answered() {
    let failed = || Err(Unavailable::failed("users", "the connection broke"));
    for (left, expected) in [(None, Some(Some(ann(20).value))), (Some(ann(20)), None)] {
        let (mut users, mut in_order) = (MockUserStore::new(), mockall::Sequence::new());
        for (seen, end) in [(10, Ok(Replace::Stale)), (20, failed())] {
            users.expect_by_id().once().in_sequence(&mut in_order).returning(move |_| Ok(Some(ann(seen))));
            let delete = users.expect_delete().once().in_sequence(&mut in_order);
            delete.withf(move |write| *write == ann(seen)).return_once(|_| end);
        }
        users.expect_by_id().once().in_sequence(&mut in_order).return_once(|_| Ok(left));
        assert_eq!(users.remove(ANN).await.ok(), expected);
    }
}

/// The document in the state that this number and revision name.
fn paper(state: u64) -> Stored<Document> {
    let key = DocumentKey::new("client", "ann", "one").unwrap();
    let document = Document { key, expires_at: None, body: state.into() };
    Stored { value: document, revision: Revision(format!("revision {state}")) }
}

fn count_up(document: &mut Document) -> Change {
    document.body = (document.body.as_u64().unwrap() + 1).into();
    Change::Write
}

#[tokio::test]
async fn a_stale_change_of_a_document_reads_again() {
    let (mut documents, mut in_order) = (MockDocumentStore::new(), mockall::Sequence::new());
    for (seen, end) in [(10, Replace::Stale), (20, Replace::Done)] {
        documents.expect_find().once().in_sequence(&mut in_order).returning(move |_| Ok(Some(paper(seen))));
        let replace = documents.expect_replace().once().in_sequence(&mut in_order);
        let written = Stored { revision: paper(seen).revision, ..paper(seen + 1) };
        replace.withf(move |write| *write == written).returning(move |_| Ok(end));
    }
    let changed = documents.change_document(&paper(10).value.key, count_up).await.unwrap();
    assert_eq!(changed, Some(paper(21).value));
}

#[tokio::test]
async fn a_document_that_is_left_is_answered_as_it_is_and_a_missing_one_is_none() {
    let mut documents = MockDocumentStore::new();
    documents.expect_find().returning(|key| Ok((key.owner() == "ann").then(|| paper(10))));
    documents.expect_replace().never();
    let leave = |document: &mut Document| {
        count_up(document);
        Change::Leave
    };
    let key = paper(10).value.key;
    assert_eq!(documents.change_document(&key, leave).await.unwrap(), Some(paper(10).value));
    let missing = DocumentKey::new("client", "bob", "one").unwrap();
    assert_eq!(documents.change_document(&missing, count_up).await.unwrap(), None);
}

#[tokio::test] // S-18
async fn a_change_of_a_document_whose_answer_was_lost_is_known_again_by_what_it_wrote() {
    let lost = || Unavailable::failed("documents", "the connection broke");
    for (stored, done) in
        [(Ok(Some(paper(11))), true), (Ok(Some(paper(10))), false), (Ok(None), false), (Err(lost()), false)]
    {
        let (mut documents, mut in_order) = (MockDocumentStore::new(), mockall::Sequence::new());
        documents.expect_find().once().in_sequence(&mut in_order).returning(|_| Ok(Some(paper(10))));
        documents.expect_replace().once().in_sequence(&mut in_order).return_once(move |_| Err(lost()));
        documents.expect_find().once().in_sequence(&mut in_order).return_once(|_| stored);
        let changed = documents.change_document(&paper(10).value.key, count_up).await;
        assert_eq!(changed.ok(), done.then(|| Some(paper(11).value)));
    }
}

#[tokio::test]
async fn a_change_of_a_document_that_never_gets_through_gives_up() {
    let mut documents = MockDocumentStore::new();
    documents.expect_find().times(32).returning(|_| Ok(Some(paper(10))));
    documents.expect_replace().times(32).returning(|_| Ok(Replace::Stale));
    let failed = documents.change_document(&paper(10).value.key, count_up).await;
    assert_eq!(failed.unwrap_err().service(), "documents");
}
