//! Whole lives on a bad day: every flow of the core, for many people at once over several instances, while one request in
//! ten fails, in each of the ways there are and in all of them. Whoever is told that the outside failed asks again, as
//! people do.
use super::{
    emulator::{Emulator, parts},
    faults::{Fault, delay, on_a_bad_day, on_the_same_bad_day, rule},
};
use crate::CosmosStore;
use auth_core::{
    accounts::*,
    counter::Rule,
    policy::{Limits, Policy},
    ports::*,
    testing::{PlainHasher, PostOffice, SeededRng, World},
    user::User,
    value::*,
};
use azure_data_cosmos::fault_injection::FaultInjectionRule;
use futures_util::future::join_all;
use std::{fmt::Debug, sync::Arc, time::Duration};

/// Each is at work on all instances.
const INSTANCES: usize = 3;

const FIRST: &str = "a quiet green harbour";
const SECOND: &str = "seven slow river barges";
const THIRD: &str = "nine brass window latches";

#[tokio::test(flavor = "multi_thread", worker_threads = 4)] // R2, R3, R5
async fn everybody_gets_through_a_bad_day_with_what_is_theirs() {
    let (emulator, first) = on_a_bad_day(parts()).await;
    let mut stores = vec![Arc::new(first)];
    for _ in 1..INSTANCES {
        stores.push(Arc::new(on_the_same_bad_day(&emulator, parts()).await));
    }
    lives(24, &stores).await;
    assert_eq!(emulator.watch.missed(), [""; 0], "not met by every instance");
}

async fn everybody_gets_through(fault: Fault) {
    everybody_gets_through_under(&[(); INSTANCES].map(|()| rule(fault, 0.1))).await;
}

/// Every instance meets it.
async fn everybody_gets_through_under(rules: &[Arc<FaultInjectionRule>]) {
    let (emulator, mut stores) = (Emulator::start().await, Vec::new());
    for rule in rules {
        let database = emulator.database(vec![rule.clone()]).await;
        stores.push(Arc::new(CosmosStore::over(&database, parts()).await.unwrap()));
        rule.enable();
    }
    lives(12, &stores).await;
    for rule in rules {
        assert!(rule.hit_count() > 0, "{} is not met", rule.id());
    }
}

macro_rules! everybody_gets_through {
    ($($name:ident: $fault:ident;)*) => { $(
        #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
        async fn $name() {
            everybody_gets_through(Fault::$fault).await;
        }
    )* };
}

everybody_gets_through! {
    too_many_requests: TooManyRequests;
    retry_with: RetryWith;
    gone: PartitionIsGone;
    unavailable: ServiceUnavailable;
    timed_out: Timeout;
    internal_error: InternalServerError;
    no_connection: ConnectionError;
    no_answer: ResponseTimeout;
    lost_answers: ResponseTimeoutAfterService;
    no_session: ReadSessionNotAvailable;
    no_writes_here: WriteForbidden;
    account_moved: DatabaseAccountNotFound;
}

/// One request in ten takes longer than all the others.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn slow() {
    everybody_gets_through_under(&[(); INSTANCES].map(|()| delay(Duration::from_millis(40), 0.1))).await;
}

pub async fn lives(people: u64, stores: &[Arc<CosmosStore>]) {
    let world = World::default();
    join_all((0..people).map(|number| life(Person::new(number, stores, &world)))).await;
}

/// Somebody, with a post office to himself, at every instance.
struct Person {
    name: String,
    accounts: Vec<Accounts>,
    post: Arc<PostOffice>,
}

impl Person {
    fn new(number: u64, stores: &[Arc<CosmosStore>], world: &World) -> Self {
        let post = Arc::new(PostOffice::default());
        let limits = Limits::all(Rule::new(1_000_000, Duration::from_mins(1)));
        let accounts = (0..).zip(stores).map(|(instance, store)| {
            let ports = Ports {
                users: store.clone(),
                codes: store.clone(),
                sessions: store.clone(),
                counters: store.clone(),
                mailer: post.clone(),
                hasher: Arc::new(PlainHasher),
                rng: Arc::new(SeededRng::new(number * 100 + instance)),
                ..world.ports.clone()
            };
            Accounts::new(ports, parts().secret, Policy { limits: limits.clone(), ..Policy::default() })
        });
        Self { name: format!("person-{number}"), accounts: accounts.collect(), post }
    }

    fn mailed(&self) -> OneTimeCode {
        let mut codes = self.post.take().into_iter().filter_map(|letter| match letter.mail {
            Mail::ConfirmRegistration { code, .. } | Mail::ResetPassword { code, .. } => Some(code),
            _ => None,
        });
        codes.next_back().expect("a code was mailed")
    }
}

async fn life(person: Person) {
    let [a, b, c] = &person.accounts[..] else { panic!("three instances") };
    let caller = World::caller();
    let ask = || Registration {
        login: person.name.parse().unwrap(),
        email: format!("{}@example.org", person.name).parse().unwrap(),
        password: password(FIRST),
    };
    let log_in = async |accounts: &Accounts, text| {
        let attempt =
            || LoginAttempt { identifier: Identifier::parse(&person.name), password: password(text), device: None };
        insist(async || accounts.login(&caller, attempt()).await, |end| matches!(end, LoginError::Unavailable(_)))
            .await
            .0
    };
    let opens = async |accounts: &Accounts, tokens: &Tokens| {
        let away = |end: &AuthenticateError| matches!(end, AuthenticateError::Unavailable(_));
        insist(async || accounts.authenticate(tokens.access_token.expose()).await, away).await.0
    };

    let away = |end: &RegisterError| matches!(end, RegisterError::Unavailable(_));
    let issued = insist(async || a.register(&caller, ask()).await, away).await.0.unwrap();
    let away = |end: &ResendError| matches!(end, ResendError::Unavailable(_));
    insist(async || c.resend(&caller, issued.id).await, away).await.0.unwrap();
    let code = person.mailed();
    let away = |end: &ConfirmError| matches!(end, ConfirmError::Unavailable(_));
    let (confirmed, was_away) = insist(async || b.confirm(&caller, issued.id, code.clone()).await, away).await;
    assert!(confirmed.is_ok() || was_away, "{confirmed:?}");

    let tokens = log_in(c, FIRST).await.unwrap();
    let who = opens(a, &tokens).await.unwrap();
    let away = |end: &RefreshError| matches!(end, RefreshError::Unavailable(_));
    let turned = insist(async || b.refresh(&tokens.refresh_token).await, away).await.0.unwrap();
    let other = log_in(b, FIRST).await.unwrap();
    let away = |_: &Unavailable| true; // it fails in no other way
    assert_eq!(insist(async || c.sessions(&who).await, away).await.0.unwrap().len(), 2);

    let away = |end: &ChangePasswordError| matches!(end, ChangePasswordError::Unavailable(_));
    let change = async || c.change_password(&who, password(FIRST), password(SECOND)).await;
    let (changed, was_away) = insist(change, away).await;
    assert!(changed.is_ok() || was_away, "{changed:?}");
    assert!(opens(a, &other).await.is_err(), "another session outlives a change");
    assert!(opens(a, &turned).await.is_ok(), "its own does not");
    assert!(log_in(a, FIRST).await.is_err(), "an old password works");

    person.post.take();
    let away = |end: &ForgotError| matches!(end, ForgotError::Unavailable(_));
    let email: Email = ask().email;
    let issued = insist(async || b.forgot(&caller, email.clone()).await, away).await.0.unwrap();
    let code = person.mailed();
    let away = |end: &ResetError| matches!(end, ResetError::Unavailable(_));
    let reset = async || c.reset(&caller, issued.id, code.clone(), password(THIRD)).await;
    let (reset, was_away) = insist(reset, away).await;
    assert!(reset.is_ok() || was_away, "{reset:?}");
    assert!(opens(a, &turned).await.is_err(), "a session outlives a reset");
    assert!(log_in(b, SECOND).await.is_err(), "an old password works");

    let [first, second, third] = [a, b, c].map(|accounts| log_in(accounts, THIRD));
    let [first, second, third] = [first.await.unwrap(), second.await.unwrap(), third.await.unwrap()];
    let away = |end: &AuthenticateError| matches!(end, AuthenticateError::Unavailable(_));
    insist(async || b.logout(first.access_token.expose()).await, away).await.0.unwrap();
    assert!(opens(c, &first).await.is_err(), "what was ended is not ended elsewhere");
    let who = opens(a, &second).await.unwrap();
    let away = |end: &EndSessionError| matches!(end, EndSessionError::Unavailable(_));
    let (ended, was_away) = insist(async || c.end_session(&who, who.session.id).await, away).await;
    assert!(ended.is_ok() || was_away, "{ended:?}");
    assert!(opens(b, &second).await.is_err(), "what was ended is not ended elsewhere");
    let who = opens(b, &third).await.unwrap();
    let away = |_: &Unavailable| true; // it fails in no other way
    insist(async || a.logout_all(&who).await, away).await.0.unwrap();
    assert!(opens(c, &third).await.is_err(), "what was ended is not ended elsewhere");

    operated(&person, who.user).await;
}

/// What operators do.
async fn operated(person: &Person, user: User) {
    let [a, b, c] = &person.accounts[..] else { panic!("three instances") };
    let name = |name: &str| Identifier::parse(name);
    let away = |_: &Unavailable| true; // it fails in no other way
    let find = async |accounts: &Accounts, identifier: &Identifier| {
        insist(async || accounts.find_user(identifier).await, away).await.0.unwrap().map(|user| user.id)
    };
    let anew: Login = format!("{}-anew", person.name).parse().unwrap();
    let renamed = insist(
        async || a.rename_user(user.id, Some(anew.clone()), None).await,
        |end| matches!(end, RenameUserError::Unavailable(_)),
    );
    assert_eq!(renamed.await.0.unwrap().login, anew);
    assert_eq!(find(b, &name(&person.name)).await, None);
    assert_eq!(find(c, &name(anew.as_str())).await, Some(user.id));

    assert!(insist(async || b.disable_user(user.id).await, away).await.0.unwrap().unwrap().disabled);
    let log_in = async || {
        let attempt = LoginAttempt { identifier: name(anew.as_str()), password: password(THIRD), device: None };
        let away = |end: &LoginError| matches!(end, LoginError::Unavailable(_));
        insist(async || c.login(&World::caller(), attempt.clone()).await, away).await.0
    };
    assert!(log_in().await.is_err(), "a disabled account is open");
    assert!(!insist(async || a.enable_user(user.id).await, away).await.0.unwrap().unwrap().disabled);
    assert!(log_in().await.is_ok());

    let (deleted, was_away) = insist(async || b.delete_user(user.id).await, away).await;
    assert!(deleted.unwrap().is_some() || was_away);
    assert_eq!(find(c, &name(anew.as_str())).await, None);
    assert!(log_in().await.is_err(), "a deleted account is open");
}

/// Asks until the answer is not that the outside failed; and says whether that was ever the answer.
async fn insist<T: Debug, E: Debug>(
    ask: impl AsyncFn() -> Result<T, E>,
    is_away: impl Fn(&E) -> bool,
) -> (Result<T, E>, bool) {
    for failures in 0..20 {
        match ask().await {
            Err(end) if is_away(&end) => {}
            answer => return (answer, failures > 0),
        }
    }
    panic!("the outside failed twenty times in a row");
}

fn password(text: &str) -> Password {
    Password::parse(Secret::new(text.to_owned())).unwrap()
}
