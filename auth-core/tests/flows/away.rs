//! A part of the outside is away: every flow that needs it says so, and nothing is allowed.
use crate::person::*;
use auth_core::{accounts::*, code::*, counter::*, ports::*, session::*, testing::World, user::*, value::*};
use std::sync::Arc;

/// A store that cannot be reached.
struct Away;

macro_rules! away {
    ($trait:ident { $($name:ident($($arg:ident: $type:ty),*) -> $answer:ty;)* }) => {
        #[async_trait]
        impl $trait for Away {
            $(async fn $name(&self, $($arg: $type),*) -> Outside<$answer> {
                $(let _ = $arg;)*
                Err(Unavailable::failed("test", "connection refused"))
            })*
        }
    };
}

away!(UserStore {
    insert(user: &User) -> Insert;
    by_id(id: UserId) -> Option<Stored<User>>;
    by_login(login: &Login) -> Option<Stored<User>>;
    by_email(email: &Email) -> Option<Stored<User>>;
    replace(user: &Stored<User>) -> Replace;
});
away!(CodeStore {
    create(code: &Code) -> ();
    redeem(attempt: &Attempt) -> Redeem;
    renew(renewal: &Renewal) -> Renewed;
    sweep(now: Timestamp) -> ();
});
away!(SessionStore {
    create(session: &Session) -> ();
    by_id(id: SessionId) -> Option<Session>;
    turn(id: SessionId, turn: &Turn) -> Turned;
    revoke(id: SessionId) -> ();
    revoke_all(user: UserId, but: Option<SessionId>) -> ();
    of_user(user: UserId) -> Vec<Session>;
    sweep(now: Timestamp) -> ();
});
away!(CounterStore {
    hit(counts: &[Count], now: Timestamp) -> Hit;
    forgive(forget: &[CounterKey], undo: &[CounterKey]) -> ();
    sweep(now: Timestamp) -> ();
});

/// Somebody who is logged in, and the accounts without this part.
async fn without(world: &World, change: impl FnOnce(Ports) -> Ports) -> (Accounts, Tokens, Identity) {
    let whole = world.accounts();
    ann(world, &whole).await;
    let tokens = log_in(&whole).await;
    let who = whole.authenticate(tokens.access_token.expose()).await.unwrap();
    let accounts = Accounts::new(change(world.ports.clone()), world.secret.clone(), World::policy());
    (accounts, tokens, who)
}

#[tokio::test] // R5, H-17, S-26
async fn without_sessions_nobody_gets_in_and_no_end_is_claimed() {
    let world = World::default();
    let (accounts, tokens, who) = without(&world, |ports| Ports { sessions: Arc::new(Away), ..ports }).await;
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
    let (accounts, tokens, who) = without(&world, |ports| Ports { users: Arc::new(Away), ..ports }).await;
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
    let changed = accounts.change_password(&caller, &who, password(GOOD), password(OTHER)).await;
    assert!(matches!(changed, Err(ChangePasswordError::Unavailable(_))));
    assert!(accounts.logout_all(&who).await.is_err());
    // S-18: what could not be done has used up nothing
    world.accounts().refresh(&tokens.refresh_token).await.unwrap();
}

#[tokio::test] // R5, H-17
async fn without_counters_no_guess_is_looked_at() {
    let world = World::default();
    let (accounts, _, who) = without(&world, |ports| Ports { counters: Arc::new(Away), ..ports }).await;
    let caller = World::caller();
    let login = accounts.login(&caller, attempt("ann", GOOD)).await;
    assert!(matches!(login, Err(LoginError::Unavailable(_))));
    let id = CodeId::from_bytes([1; 32]);
    let confirmed = accounts.confirm(&caller, id, Secret::new("123456".to_owned())).await;
    assert!(matches!(confirmed, Err(ConfirmError::Unavailable(_))));
    let reset = accounts.reset(&caller, id, Secret::new("123456".to_owned()), password(OTHER)).await;
    assert!(matches!(reset, Err(ResetError::Unavailable(_))));
    let changed = accounts.change_password(&caller, &who, password(GOOD), password(OTHER)).await;
    assert!(matches!(changed, Err(ChangePasswordError::Unavailable(_))));
}

#[tokio::test] // R5
async fn without_codes_none_is_promised_and_none_is_taken() {
    let world = World::default();
    let (accounts, ..) = without(&world, |ports| Ports { codes: Arc::new(Away), ..ports }).await;
    let caller = World::caller();
    let registered = accounts.register(&caller, ask("bob", "bob@example.org")).await;
    assert!(matches!(registered, Err(RegisterError::Unavailable(_))));
    let forgot = accounts.forgot(&caller, "ann@example.org".parse().unwrap()).await;
    assert!(matches!(forgot, Err(ForgotError::Unavailable(_))));
    assert!(world.post.take().is_empty());
}
