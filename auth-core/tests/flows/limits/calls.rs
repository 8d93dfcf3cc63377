//! What a try asks of the counters, and what it is told if they do not answer.
use super::*;
use auth_core::{ports::*, testing::Recorder, value::*};
use std::sync::{Arc, Mutex};

/// Accounts with the default limits, whose calls go through this layer.
fn through(world: &World, layer: &impl Layer) -> Accounts {
    Accounts::new(world.ports.around(layer), world.secret.clone(), Policy::default())
}

/// What was called of the counters since the last look.
fn counted(called: &Recorder) -> Vec<&'static str> {
    called.take().iter().filter(|call| call.port == "counters").map(|call| call.method).collect()
}

#[tokio::test]
async fn a_right_password_where_nothing_counts_is_written_once() {
    let (world, called) = (World::default(), Recorder::default());
    registered(&world).await;
    let accounts = through(&world, &called);
    let own = at_home(&accounts, caller(1)).await;
    assert_eq!(counted(&called), ["peek", "hit"], "whether many are guessing, and the hit");
    accounts.login(&own, attempt("ann", GOOD)).await.unwrap();
    assert_eq!(counted(&called), ["hit"], "a device that is known");
}

#[tokio::test] // P-23
async fn a_right_password_where_something_counts_is_taken_back() {
    let (world, called) = (World::default(), Recorder::default());
    registered(&world).await;
    let accounts = through(&world, &called);
    let _ = accounts.login(&caller(1), attempt("ann", OTHER)).await;
    let _ = called.take();
    accounts.login(&caller(1), attempt("ann", GOOD)).await.unwrap();
    assert_eq!(counted(&called), ["peek", "hit", "forgive"]);
}

#[tokio::test]
async fn a_right_code_where_nothing_counts_is_not_written_again() {
    let (world, called) = (World::default(), Recorder::default());
    registered(&world).await;
    let accounts = through(&world, &called);
    let issued = accounts.forgot(&caller(1), "ann@example.org".parse().unwrap()).await.unwrap();
    let _ = called.take();
    accounts.reset(&caller(1), issued.id, world.mailed_code(), password(OTHER)).await.unwrap();
    // The alarms, the hit, the count over all; and the owner was proved.
    assert_eq!(counted(&called), ["peek", "hit", "hit", "forgive"]);
}

#[tokio::test] // P-21
async fn a_wrong_password_is_confirmed_before_it_is_answered() {
    let (world, called) = (World::default(), Recorder::default());
    registered(&world).await;
    let accounts = through(&world, &called);
    let refused = accounts.login(&caller(1), attempt("ann", OTHER)).await;
    assert!(matches!(refused, Err(LoginError::Refused)), "{refused:?}");
    assert_eq!(counted(&called), ["peek", "hit", "confirm", "hit"], "and it counts for all accounts");
}

/// No attempt can be confirmed.
#[derive(Clone)]
struct Unconfirmed;

impl Layer for Unconfirmed {
    async fn around<T: Send>(&self, call: Call, work: impl Future<Output = Outside<T>> + Send) -> Outside<T> {
        if call.to_string() == "counters.confirm" {
            return Err(Unavailable::failed("counters", "it is not written"));
        }
        work.await
    }
}

#[tokio::test] // P-21, R5
async fn whoever_is_wrong_and_is_not_counted_is_not_told_so() {
    let world = World::default();
    let accounts = registered(&world).await;
    let tokens = accounts.login(&caller(1), attempt("ann", GOOD)).await.unwrap();
    let who = accounts.authenticate(tokens.access_token.expose()).await.unwrap();
    let forgot = accounts.forgot(&caller(1), "ann@example.org".parse().unwrap()).await.unwrap();
    let asked = accounts.register(&caller(1), ask("bob", "bob@example.org")).await.unwrap();
    let accounts = through(&world, &Unconfirmed);
    for name in ["ann", "nobody"] {
        let login = accounts.login(&caller(1), attempt(name, OTHER)).await;
        assert!(matches!(login, Err(LoginError::Unavailable(_))), "{login:?}");
    }
    let changed = accounts.change_password(&who, password(OTHER), password(OTHER)).await;
    assert!(matches!(changed, Err(ChangePasswordError::Unavailable(_))), "{changed:?}");
    for id in [asked.id, CodeId::from_bytes([1; 32])] {
        let confirmed = accounts.confirm(&caller(1), id, code("000000")).await;
        assert!(matches!(confirmed, Err(ConfirmError::Unavailable(_))), "{confirmed:?}");
    }
    let reset = accounts.reset(&caller(1), forgot.id, code("000000"), password(OTHER)).await;
    assert!(matches!(reset, Err(ResetError::Unavailable(_))), "{reset:?}");
}

/// Who asks hangs up as soon as his password has been looked at.
#[derive(Clone, Default)]
struct HangUp(Arc<Mutex<usize>>);

impl Layer for HangUp {
    async fn around<T: Send>(&self, call: Call, work: impl Future<Output = Outside<T>> + Send) -> Outside<T> {
        let done = work.await;
        if call.method == "verify" {
            *self.0.lock().unwrap() += 1;
            std::future::pending::<()>().await;
        }
        done
    }
}

#[tokio::test] // P-21
async fn a_try_that_was_hung_up_on_counts_for_a_minute_and_no_more() {
    let (world, looked_at) = (World::default(), HangUp::default());
    let accounts = registered(&world).await;
    let left = through(&world, &looked_at);
    for most in [10, 20] {
        for _ in 0..15 {
            let left = left.clone();
            let asked = tokio::spawn(async move { drop(left.login(&caller(1), attempt("ann", OTHER)).await) });
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
            asked.abort();
            let _ = asked.await;
        }
        assert_eq!(*looked_at.0.lock().unwrap(), most, "no more than the limit at once");
        world.clock.advance(Duration::from_mins(1));
    }
    accounts.login(&caller(1), attempt("ann", GOOD)).await.unwrap();
}
