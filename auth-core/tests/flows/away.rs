//! A part of the outside is away: every flow that needs it says so, and nothing is allowed.
use crate::person::*;
use auth_core::{accounts::*, ports::*, testing::*, value::*};

/// Somebody who is logged in, and the accounts without this part: `part` takes it out of the ports that cannot be reached.
async fn without(world: &World, part: impl FnOnce(Ports, Ports) -> Ports) -> (Accounts, Tokens, Identity) {
    let whole = world.accounts();
    ann(world, &whole).await;
    let tokens = log_in(&whole).await;
    let who = whole.authenticate(tokens.access_token.expose()).await.unwrap();
    let faulty = Faulty::default();
    faulty.arm(Plan { at: 1, mishap: Mishap::Fails, lasting: true });
    let ports = part(world.ports.clone(), world.ports.around(&faulty));
    (Accounts::new(ports, world.secret.clone(), World::policy()), tokens, who)
}

#[tokio::test] // R5, H-17, S-26
async fn without_sessions_nobody_gets_in_and_no_end_is_claimed() {
    let world = World::default();
    let (accounts, tokens, who) = without(&world, |ports, away| Ports { sessions: away.sessions, ..ports }).await;
    let login = accounts.login(&World::caller(), attempt("ann", GOOD)).await;
    assert!(matches!(login, Err(LoginError::Unavailable(_))));
    let access = tokens.access_token.expose();
    assert!(matches!(accounts.authenticate(access).await, Err(AuthenticateError::Unavailable(_))));
    assert!(matches!(accounts.refresh(&tokens.refresh_token).await, Err(RefreshError::Unavailable(_))));
    assert!(matches!(accounts.logout(access).await, Err(AuthenticateError::Unavailable(_))));
    let ended = accounts.end_session(&who, who.session.id).await;
    assert!(matches!(ended, Err(EndSessionError::Unavailable(_))));
    assert!(accounts.sessions(&who).await.is_err());
    // The user's own record ends them all; the sessions' store only tidies.
    accounts.logout_all(&who).await.unwrap();
    assert!(!opens(&world.accounts(), &tokens).await);
}

#[tokio::test] // R5, H-17
async fn without_users_nobody_gets_in() {
    let world = World::default();
    let (accounts, tokens, who) = without(&world, |ports, away| Ports { users: away.users, ..ports }).await;
    let caller = World::caller();
    let login = accounts.login(&caller, attempt("ann", GOOD)).await;
    assert!(matches!(login, Err(LoginError::Unavailable(_))));
    let authenticated = accounts.authenticate(tokens.access_token.expose()).await;
    assert!(matches!(authenticated, Err(AuthenticateError::Unavailable(_))));
    assert!(matches!(accounts.refresh(&tokens.refresh_token).await, Err(RefreshError::Unavailable(_))));
    let registered = accounts.register(&caller, ask("bob", "bob@example.org")).await;
    assert!(matches!(registered, Err(RegisterError::Unavailable(_))));
    let forgot = accounts.forgot(&caller, "ann@example.org".parse().unwrap()).await;
    assert!(matches!(forgot, Err(ForgotError::Unavailable(_))));
    let changed = accounts.change_password(&who, password(GOOD), password(OTHER)).await;
    assert!(matches!(changed, Err(ChangePasswordError::Unavailable(_))));
    assert!(accounts.logout_all(&who).await.is_err());
    // S-18: what could not be done has used up nothing
    world.accounts().refresh(&tokens.refresh_token).await.unwrap();
}

#[tokio::test] // R5, H-17
async fn without_counters_no_guess_is_looked_at() {
    let world = World::default();
    let (accounts, _, who) = without(&world, |ports, away| Ports { counters: away.counters, ..ports }).await;
    let caller = World::caller();
    let login = accounts.login(&caller, attempt("ann", GOOD)).await;
    assert!(matches!(login, Err(LoginError::Unavailable(_))));
    let id = CodeId::from_bytes([1; 32]);
    let confirmed = accounts.confirm(&caller, id, code("123456")).await;
    assert!(matches!(confirmed, Err(ConfirmError::Unavailable(_))));
    let reset = accounts.reset(&caller, id, code("123456"), password(OTHER)).await;
    assert!(matches!(reset, Err(ResetError::Unavailable(_))));
    let changed = accounts.change_password(&who, password(GOOD), password(OTHER)).await;
    assert!(matches!(changed, Err(ChangePasswordError::Unavailable(_))));
}

#[tokio::test] // R5
async fn without_codes_none_is_promised_and_none_is_taken() {
    let world = World::default();
    let (accounts, ..) = without(&world, |ports, away| Ports { codes: away.codes, ..ports }).await;
    let caller = World::caller();
    let registered = accounts.register(&caller, ask("bob", "bob@example.org")).await;
    assert!(matches!(registered, Err(RegisterError::Unavailable(_))));
    let forgot = accounts.forgot(&caller, "ann@example.org".parse().unwrap()).await;
    assert!(matches!(forgot, Err(ForgotError::Unavailable(_))));
    assert!(world.post.take().is_empty());
}

#[tokio::test] // R5, S-18
async fn without_the_key_ring_nobody_gets_in_and_no_session_is_left_that_nobody_holds() {
    let world = World::default();
    let (accounts, _, who) = without(&world, |ports, away| Ports { keyring: away.keyring, ..ports }).await;
    let login = accounts.login(&World::caller(), attempt("ann", GOOD)).await;
    assert!(matches!(login, Err(LoginError::Unavailable(_))));
    assert_eq!(accounts.sessions(&who).await.unwrap(), [who.session]);
}
