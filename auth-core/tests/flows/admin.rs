//! What an operator does to an account that is there: another name, and the end.
use crate::person::*;
use auth_core::{accounts::*, document::*, ports::*, testing::World, value::*};

#[tokio::test]
async fn another_login_ends_nothing_and_frees_the_old_one() {
    let (world, caller) = (World::default(), World::caller());
    let accounts = world.accounts();
    let user = ann(&world, &accounts).await;
    let tokens = log_in(&accounts).await;
    world.ledger.take();
    let renamed = accounts.rename_user(user.id, Some("eve".parse().unwrap()), None).await.unwrap();
    assert_eq!((renamed.login.as_str(), renamed.email.as_str()), ("eve", "Ann@example.org"));
    assert_eq!(world.ledger.take(), [Event::AccountRenamed(user.id)]);
    let who = accounts.authenticate(tokens.access_token.expose()).await.unwrap();
    assert_eq!((who.user.id, who.user.login.as_str()), (user.id, "eve"));
    accounts.refresh(&tokens.refresh_token).await.unwrap();
    accounts.login(&caller, attempt("eve", GOOD)).await.unwrap();
    assert!(matches!(accounts.login(&caller, attempt("ann", GOOD)).await, Err(LoginError::Refused)));
    accounts.register(&caller, ask("ann", "another@example.org")).await.unwrap();
}

#[tokio::test]
async fn another_address_ends_sessions_and_codes_and_another_spelling_of_it_none() {
    let (world, caller) = (World::default(), World::caller());
    let accounts = world.accounts();
    let user = ann(&world, &accounts).await;
    let tokens = log_in(&accounts).await;
    accounts.rename_user(user.id, None, Some("ANN@example.org".parse().unwrap())).await.unwrap();
    assert!(opens(&accounts, &tokens).await);
    let issued = accounts.forgot(&caller, user.email).await.unwrap();
    let letter = world.post.take().pop().unwrap();
    assert_eq!(letter.to.as_str(), "ANN@example.org");
    let Mail::ResetPassword { code, .. } = letter.mail else { panic!("{letter:?}") };

    accounts.rename_user(user.id, None, Some("eve@example.org".parse().unwrap())).await.unwrap();
    assert!(!opens(&accounts, &tokens).await);
    assert!(matches!(accounts.refresh(&tokens.refresh_token).await, Err(RefreshError::Ended)));
    assert!(world.memory.tables().sessions.is_empty());
    let old = accounts.reset(&caller, issued.id, code, password(OTHER)).await;
    assert!(matches!(old, Err(ResetError::Refused)));
    let issued = accounts.forgot(&caller, "eve@example.org".parse().unwrap()).await.unwrap();
    accounts.reset(&caller, issued.id, world.mailed_code(), password(OTHER)).await.unwrap();
    accounts.login(&caller, attempt("eve@example.org", OTHER)).await.unwrap();
}

#[tokio::test]
async fn a_name_that_another_has_is_refused_and_changes_nothing() {
    let world = World::default();
    let accounts = world.accounts();
    let user = ann(&world, &accounts).await;
    let tokens = log_in(&accounts).await;
    let new = NewUser {
        login: "bob".parse().unwrap(),
        email: "bob@example.org".parse().unwrap(),
        password: password(GOOD),
        locale: Locale::default(),
        roles: Vec::new(),
    };
    accounts.create_user(new).await.unwrap();
    world.ledger.take();
    let taken =
        accounts.rename_user(user.id, Some("BOB".parse().unwrap()), Some("eve@example.org".parse().unwrap())).await;
    assert!(matches!(taken, Err(RenameUserError::LoginTaken)));
    let taken =
        accounts.rename_user(user.id, Some("eve".parse().unwrap()), Some("Bob@example.org".parse().unwrap())).await;
    assert!(matches!(taken, Err(RenameUserError::EmailTaken)));
    let nobody = accounts.rename_user(UserId::from_bytes([0; 16]), Some("eve".parse().unwrap()), None).await;
    assert!(matches!(nobody, Err(RenameUserError::NotFound)));
    assert!(world.ledger.take().is_empty());
    assert_eq!(accounts.find_user(&Identifier::parse("ann")).await.unwrap().unwrap(), user);
    assert!(opens(&accounts, &tokens).await);
}

#[tokio::test]
async fn a_deleted_account_opens_to_nobody_and_its_names_are_free() {
    let (world, caller) = (World::default(), World::caller());
    let accounts = world.accounts();
    let user = ann(&world, &accounts).await;
    let tokens = log_in(&accounts).await;
    let issued = accounts.forgot(&caller, user.email.clone()).await.unwrap();
    let code = world.mailed_code();
    let (hers, others) = (document(&user.id.to_string()), document("another"));
    for document in [&hers, &others] {
        assert_eq!(world.ports.documents.insert(document).await.unwrap(), Inserted::Done);
    }
    world.ledger.take();
    assert_eq!(accounts.delete_user(user.id).await.unwrap(), Some(user.clone()));
    assert_eq!(world.ledger.take(), [Event::AccountDeleted(user.id)]);
    assert!(!opens(&accounts, &tokens).await);
    assert!(matches!(accounts.refresh(&tokens.refresh_token).await, Err(RefreshError::Ended)));
    assert!(world.memory.tables().sessions.is_empty());
    assert_eq!(world.memory.tables().documents.keys().collect::<Vec<_>>(), [&others.key]);
    assert!(matches!(accounts.login(&caller, attempt("ann", GOOD)).await, Err(LoginError::Refused)));
    let reset = accounts.reset(&caller, issued.id, code, password(OTHER)).await;
    assert!(matches!(reset, Err(ResetError::Refused)));
    assert_eq!(accounts.delete_user(user.id).await.unwrap(), None);
    assert_ne!(ann(&world, &accounts).await.id, user.id, "K-30");
    assert!(!opens(&accounts, &tokens).await);
}

#[tokio::test] // K-30
async fn the_code_that_made_an_account_does_not_bring_it_back() {
    let (world, caller) = (World::default(), World::caller());
    let accounts = world.accounts();
    let issued = accounts.register(&caller, ask("ann", "ann@example.org")).await.unwrap();
    let code = world.mailed_code();
    let user = accounts.confirm(&caller, issued.id, code.clone()).await.unwrap();
    accounts.delete_user(user.id).await.unwrap().unwrap();
    let again = accounts.confirm(&caller, issued.id, code).await;
    assert!(matches!(again, Err(ConfirmError::Refused)), "{again:?}");
    assert!(accounts.find_user(&Identifier::parse("ann")).await.unwrap().is_none());
}

fn document(owner: &str) -> Document {
    Document { key: DocumentKey::new("consent", owner, "one").unwrap(), expires_at: None, body: true.into() }
}
