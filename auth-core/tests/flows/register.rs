use crate::person::*;
use auth_core::{accounts::*, password::Weak, ports::*, testing::World, value::*};
use std::time::Duration;

#[tokio::test]
async fn an_account_exists_once_its_code_is_shown() {
    let (world, caller) = (World::default(), World::caller());
    let accounts = world.accounts();
    let issued = accounts.register(&caller, ask("Ann", "Ann@Example.org")).await.unwrap();
    assert_eq!(issued.expires_in, Duration::from_mins(10));
    let letters = world.post.take();
    let [Letter { to, mail: Mail::ConfirmRegistration { code, .. }, .. }] = &letters[..] else { panic!() };
    assert_eq!(to.as_str(), "Ann@example.org");
    // K-20
    let early = accounts.login(&caller, attempt("ann", GOOD)).await;
    assert!(matches!(early, Err(LoginError::Refused)));

    let user = accounts.confirm(&caller, issued.id, code.clone()).await.unwrap();
    assert_eq!((user.login.as_str(), user.email.as_str()), ("ann", "Ann@example.org"));
    let letters = world.post.take();
    assert!(matches!(&letters[..], [Letter { mail: Mail::Welcome { .. }, .. }]), "{letters:?}");
    assert!(world.ledger.take().contains(&Event::Registered(user.id)));

    // K-03
    let again = accounts.confirm(&caller, issued.id, code.clone()).await;
    assert!(matches!(again, Err(ConfirmError::Refused)), "{again:?}");
    log_in(&accounts).await;
}

#[tokio::test] // K-03, K-20
async fn whoever_confirms_in_a_browser_is_signed_in_there() {
    let (world, caller) = (World::default(), World::caller());
    let accounts = world.accounts();
    ann(&world, &accounts).await;
    let before = accounts.sign_in(&caller, attempt("ann", GOOD), None).await.unwrap();
    let issued = accounts.register(&caller, ask("bob", "bob@example.org")).await.unwrap();
    let code = newest_code(&world);
    let show = async |code| accounts.confirm_and_sign_in(&caller, (issued.id, code), None, Some(&before.who)).await;
    assert!(matches!(show(wrong(&code)).await, Err(ConfirmError::Refused)));
    assert!(accounts.browser(&before.browser_token).await.unwrap().is_some());
    let signed_in = show(code.clone()).await.unwrap().expect("a session");
    let who = accounts.browser(&signed_in.browser_token).await.unwrap().unwrap();
    assert_eq!((who.user.login.as_str(), who.session.id), ("bob", signed_in.who.session.id));
    assert!(accounts.browser(&before.browser_token).await.unwrap().is_none(), "nobody else can end it any more");
    assert!(matches!(show(code).await, Err(ConfirmError::Refused)));
}

/// Lets no session begin.
#[derive(Clone)]
struct NoNewSessions;

impl Layer for NoNewSessions {
    async fn around<T: Send>(&self, call: Call, work: impl Future<Output = Outside<T>> + Send) -> Outside<T> {
        if (call.port, call.method) == ("sessions", "create") {
            return Err(Unavailable::failed("sessions", "no space left"));
        }
        work.await
    }
}

#[tokio::test] // K-03
async fn an_account_is_there_though_its_first_session_could_not_be_written() {
    let (world, caller) = (World::default(), World::caller());
    let full = Accounts::new(world.ports.around(&NoNewSessions), world.secret.clone(), World::policy());
    let issued = full.register(&caller, ask("ann", "ann@example.org")).await.unwrap();
    let code = newest_code(&world);
    assert!(full.confirm_and_sign_in(&caller, (issued.id, code), None, None).await.unwrap().is_none());
    assert!(world.ledger.take().contains(&Event::LeftUndone("signing in after a registration")));
    log_in(&world.accounts()).await;
}

#[tokio::test]
async fn a_taken_login_is_told_and_a_taken_email_is_not() {
    let (world, caller) = (World::default(), World::caller());
    let accounts = world.accounts();
    ann(&world, &accounts).await;
    let taken = accounts.register(&caller, ask("ANN", "other@example.org")).await;
    assert!(matches!(taken, Err(RegisterError::LoginTaken)));
    assert!(world.post.take().is_empty());

    accounts.register(&caller, ask("bob", "ann@EXAMPLE.org")).await.unwrap();
    let letters = world.post.take();
    let [Letter { to, mail: Mail::AlreadyRegistered { login }, .. }] = &letters[..] else { panic!("{letters:?}") };
    assert_eq!((to.as_str(), login.as_str()), ("Ann@example.org", "ann"), "K-15: to the address as stored");
}

#[tokio::test]
async fn a_weak_password_is_refused_before_anything_else() {
    let (world, caller) = (World::default(), World::caller());
    let accounts = world.accounts();
    let weak = |text| Registration { password: password(text), ..ask("ann", "ann@example.org") };
    let short = accounts.register(&caller, weak("short")).await;
    assert!(matches!(short, Err(RegisterError::Weak(Weak::TooShort { min: 15 }))), "{short:?}");
    assert!(world.post.take().is_empty());
}

#[tokio::test] // K-04
async fn five_wrong_guesses_and_the_code_is_dead() {
    let (world, caller) = (World::default(), World::caller());
    let accounts = world.accounts();
    let issued = accounts.register(&caller, ask("ann", "ann@example.org")).await.unwrap();
    let code = world.mailed_code();
    for _ in 0..5 {
        let guess = accounts.confirm(&caller, issued.id, wrong(&code)).await;
        assert!(matches!(guess, Err(ConfirmError::Refused)));
    }
    let right = accounts.confirm(&caller, issued.id, code).await;
    assert!(matches!(right, Err(ConfirmError::Refused)));
}

#[tokio::test] // K-02
async fn a_code_expires_and_can_be_sent_again_for_a_day() {
    let (world, caller) = (World::default(), World::caller());
    let accounts = world.accounts();
    let issued = accounts.register(&caller, ask("ann", "ann@example.org")).await.unwrap();
    let old = world.mailed_code();
    world.clock.advance(Duration::from_mins(10));
    let late = accounts.confirm(&caller, issued.id, old.clone()).await;
    assert!(matches!(late, Err(ConfirmError::Refused)));

    accounts.resend(&caller, issued.id).await.unwrap();
    let new = world.mailed_code();
    let by_the_old = accounts.confirm(&caller, issued.id, old).await;
    assert!(matches!(by_the_old, Err(ConfirmError::Refused)));
    accounts.confirm(&caller, issued.id, new).await.unwrap();
    world.post.take();
    accounts.resend(&caller, issued.id).await.unwrap();
    assert!(world.post.take().is_empty(), "what is confirmed is not sent again");

    let other = accounts.register(&caller, ask("bob", "bob@example.org")).await.unwrap();
    let _ = world.mailed_code();
    world.clock.advance(Duration::from_hours(24));
    accounts.resend(&caller, other.id).await.unwrap();
    assert!(world.post.take().is_empty(), "nor what is kept no longer");
}

#[tokio::test]
async fn what_is_sent_again_is_told_to_an_owner_too() {
    let (world, caller) = (World::default(), World::caller());
    let accounts = world.accounts();
    ann(&world, &accounts).await;
    let issued = accounts.register(&caller, ask("bob", "ann@example.org")).await.unwrap();
    world.post.take();
    accounts.resend(&caller, issued.id).await.unwrap();
    let letters = world.post.take();
    assert!(matches!(&letters[..], [Letter { mail: Mail::AlreadyRegistered { .. }, .. }]), "{letters:?}");
}

#[tokio::test] // K-05, K-21
async fn a_newer_registration_takes_the_place_of_the_older() {
    let (world, caller) = (World::default(), World::caller());
    let accounts = world.accounts();
    let first = accounts.register(&caller, ask("ann", "ann@example.org")).await.unwrap();
    let first_code = world.mailed_code();
    let second = accounts.register(&caller, ask("anna", "ANN@example.org")).await.unwrap();
    let second_code = world.mailed_code();
    let by_the_first = accounts.confirm(&caller, first.id, first_code).await;
    assert!(matches!(by_the_first, Err(ConfirmError::Refused)));
    let user = accounts.confirm(&caller, second.id, second_code).await.unwrap();
    assert_eq!(user.login.as_str(), "anna");
}

#[tokio::test]
async fn of_two_with_one_login_the_second_to_confirm_is_told() {
    let (world, caller) = (World::default(), World::caller());
    let accounts = world.accounts();
    let mut asked = Vec::new();
    for email in ["ann@example.org", "bob@example.org"] {
        let issued = accounts.register(&caller, ask("same", email)).await.unwrap();
        asked.push((issued.id, world.mailed_code()));
    }
    let [(first, first_code), (second, second_code)] = asked.try_into().unwrap();
    accounts.confirm(&caller, first, first_code).await.unwrap();
    let late = accounts.confirm(&caller, second, second_code).await;
    assert!(matches!(late, Err(ConfirmError::LoginTaken)));
}

#[tokio::test] // K-07
async fn a_code_of_one_kind_is_none_of_another() {
    let (world, caller) = (World::default(), World::caller());
    let accounts = world.accounts();
    let issued = accounts.register(&caller, ask("ann", "ann@example.org")).await.unwrap();
    let reset = accounts.reset(&caller, issued.id, world.mailed_code(), password(OTHER)).await;
    assert!(matches!(reset, Err(ResetError::Refused)));
}

#[tokio::test]
async fn an_unknown_id_is_refused_like_a_wrong_code() {
    let (world, caller) = (World::default(), World::caller());
    let accounts = world.accounts();
    let nobody = CodeId::from_bytes([9; 32]);
    let refused = accounts.confirm(&caller, nobody, code("123456")).await;
    assert!(matches!(refused, Err(ConfirmError::Refused)));
    accounts.resend(&caller, nobody).await.unwrap();
    assert!(world.post.take().is_empty());
}
