//! Known and unknown e-mail take the same calls in the same order, to the last refusal (K-10, K-11, P-17).
use crate::person::*;
use auth_core::{accounts::*, code::*, counter::*, ports::*, session::*, testing::World, user::*, value::*};
use std::{
    mem::take,
    sync::{Arc, Mutex},
};

/// Writes down each call that a flow makes, and passes it on.
struct Recorder {
    ports: Ports,
    calls: Mutex<Vec<&'static str>>,
}

macro_rules! recorded {
    ($port:ident: $trait:ident { $($name:ident($($arg:ident: $type:ty),*) -> $answer:ty;)* }) => {
        #[async_trait]
        impl $trait for Recorder {
            $(async fn $name(&self, $($arg: $type),*) -> Outside<$answer> {
                self.calls.lock().unwrap().push(concat!(stringify!($port), ".", stringify!($name)));
                self.ports.$port.$name($($arg),*).await
            })*
        }
    };
}

recorded!(users: UserStore {
    insert(user: &User) -> Insert;
    by_id(id: UserId) -> Option<Stored<User>>;
    by_login(login: &Login) -> Option<Stored<User>>;
    by_email(email: &Email) -> Option<Stored<User>>;
    replace(user: &Stored<User>) -> Replace;
});
recorded!(codes: CodeStore {
    create(code: &Code) -> ();
    redeem(attempt: &Attempt) -> Redeem;
    renew(renewal: &Renewal) -> Renewed;
    sweep(now: Timestamp) -> ();
});
recorded!(sessions: SessionStore {
    create(session: &Session) -> ();
    by_id(id: SessionId) -> Option<Session>;
    turn(id: SessionId, turn: &Turn) -> Turned;
    revoke(id: SessionId) -> ();
    revoke_all(user: UserId, but: Option<SessionId>) -> ();
    of_user(user: UserId) -> Vec<Session>;
    sweep(now: Timestamp) -> ();
});
recorded!(counters: CounterStore {
    hit(counts: &[Count], now: Timestamp) -> Hit;
    forgive(forget: &[CounterKey], undo: &[CounterKey]) -> ();
    sweep(now: Timestamp) -> ();
});
recorded!(mailer: Mailer { send(letter: &Letter) -> (); });
recorded!(hasher: PasswordHasher {
    hash(password: &Password) -> PasswordHash;
    verify(password: &Password, hash: Option<&PasswordHash>) -> Verdict;
});

/// What is called for an e-mail that has an account, and for one that has none.
async fn both(run: impl AsyncFn(&Accounts, Email)) -> [Vec<&'static str>; 2] {
    let world = World::default();
    ann(&world, &world.accounts()).await;
    let recorder = Arc::new(Recorder { ports: world.ports.clone(), calls: Mutex::default() });
    let ports = Ports {
        users: recorder.clone(),
        codes: recorder.clone(),
        sessions: recorder.clone(),
        counters: recorder.clone(),
        mailer: recorder.clone(),
        hasher: recorder.clone(),
        ..world.ports.clone()
    };
    let accounts = Accounts::new(ports, world.secret.clone(), World::policy());
    let mut calls = Vec::new();
    for email in ["ann@example.org", "nobody@example.org"] {
        run(&accounts, email.parse().unwrap()).await;
        calls.push(take(&mut *recorder.calls.lock().unwrap()));
    }
    calls.try_into().unwrap()
}

#[tokio::test]
async fn register() {
    let [known, unknown] = both(async |accounts, email| {
        let ask = Registration { email, ..ask("bob", "bob@example.org") };
        let issued = accounts.register(&World::caller(), ask).await.unwrap();
        accounts.resend(&World::caller(), issued.id).await.unwrap();
    })
    .await;
    assert_eq!(known, unknown);
    assert!(known.contains(&"mailer.send"));
}

#[tokio::test]
async fn forgot_and_reset_by_guessing() {
    let [known, unknown] = both(async |accounts, email| {
        let issued = accounts.forgot(&World::caller(), email).await.unwrap();
        for n in 0..7 {
            let guess = Secret::new(format!("{n:06}"));
            let refused = accounts.reset(&World::caller(), issued.id, guess, password(OTHER)).await;
            assert!(matches!(refused, Err(ResetError::Refused)));
        }
    })
    .await;
    assert_eq!(known, unknown);
    assert_eq!(known.iter().filter(|call| **call == "codes.redeem").count(), 7);
}

#[tokio::test] // P-18
async fn log_in() {
    let [known, unknown] = both(async |accounts, email| {
        let refused = accounts.login(&World::caller(), attempt(email.as_str(), OTHER)).await;
        assert!(matches!(refused, Err(LoginError::Refused)));
    })
    .await;
    assert_eq!(known, unknown);
    assert!(known.contains(&"hasher.verify"));
}
