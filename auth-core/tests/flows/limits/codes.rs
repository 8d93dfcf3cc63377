//! How often a mailed code may be guessed.
use super::*;
use auth_core::{counter::Rule, policy::Limits, ports::*, testing::Recorder, value::*};

fn email() -> Email {
    "ann@example.org".parse().unwrap()
}

/// These limits, and no others.
fn only(world: &World, limits: Limits) -> Accounts {
    world.accounts_with(Policy { limits, ..World::policy() })
}

fn free() -> Limits {
    World::policy().limits
}

async fn guess(accounts: &Accounts, caller: &Caller, id: CodeId, code: OneTimeCode) -> Result<(), ResetError> {
    accounts.reset(caller, id, code, password(OTHER)).await
}

/// As many instances over one store, and what they call.
fn nodes<const N: usize>(world: &World) -> ([Accounts; N], Recorder) {
    let called = Recorder::default();
    let node = |_| Accounts::new(world.ports.around(&called), world.secret.clone(), Policy::default());
    (std::array::from_fn(node), called)
}

/// The guesses that have reached a code.
fn evaluated(called: &Recorder) -> usize {
    called.take().iter().filter(|call| call.method == "redeem").count()
}

#[tokio::test] // K-05, K-06
async fn an_address_has_ten_wrong_codes_a_day_over_all_codes_and_purposes_and_thirty_a_month() {
    let world = World::default();
    registered(&world).await;
    let Limits { code_per_address, code_per_address_monthly, .. } = Limits::default();
    let (free, tight) =
        (world.accounts(), only(&world, Limits { code_per_address, code_per_address_monthly, ..free() }));
    for allowed in [10, 10, 10, 0, 0] {
        let mut guesses = 0;
        for n in 0..40 {
            let (wrong, refused) = if n % 2 == 0 {
                let issued = free.forgot(&caller(1), email()).await.unwrap();
                let guess = tight.reset(&caller(1), issued.id, code("000000"), password(OTHER)).await;
                (matches!(guess, Err(ResetError::Refused)), matches!(guess, Err(ResetError::Slow(_))))
            } else {
                let issued = free.register(&caller(1), ask("bob", "ann@example.org")).await.unwrap();
                let guess = tight.confirm(&caller(1), issued.id, code("000000")).await;
                (matches!(guess, Err(ConfirmError::Refused)), matches!(guess, Err(ConfirmError::Slow(_))))
            };
            assert!(wrong || refused);
            guesses += u32::from(wrong);
        }
        assert_eq!(guesses, allowed);
        world.clock.advance(Duration::from_hours(27)); // a day, and what is kept as one
    }
    let other = free.forgot(&caller(1), "bob@example.org".parse().unwrap()).await.unwrap();
    let other = guess(&tight, &caller(1), other.id, code("123456")).await;
    assert!(matches!(other, Err(ResetError::Refused)), "another address has a count of its own");
}

#[tokio::test] // K-33
async fn once_the_guesses_at_an_address_are_used_up_its_owner_gets_a_long_code_that_nobody_can_use_up() {
    let world = World::default();
    let accounts = registered(&world).await;
    let stranger = accounts.forgot(&elsewhere(1), email()).await.unwrap();
    let _ = world.mailed_code();
    for n in 0..12 {
        let _ = guess(&accounts, &elsewhere(n), stranger.id, code("000000")).await;
        if n == 4 {
            world.clock.advance(Duration::from_mins(1));
        }
    }
    world.clock.advance(Duration::from_mins(1));
    let again = accounts.forgot(&elsewhere(1), email()).await.unwrap();
    let _ = world.mailed_code();
    for n in 20..30 {
        let _ = guess(&accounts, &elsewhere(n), again.id, code("000000")).await;
    }
    world.clock.advance(Duration::from_mins(1));
    let issued = accounts.forgot(&elsewhere(2), email()).await.unwrap();
    let mailed = world.mailed_code();
    assert_eq!(mailed.length(), CodeLength::Long);
    // The stranger asked for that one, and has its id.
    for n in 100..140 {
        let wrong = if n % 2 == 0 { "AAAAA-AAAAA" } else { "000000" };
        let _ = guess(&accounts, &elsewhere(n), issued.id, code(wrong)).await;
    }
    guess(&accounts, &elsewhere(3), issued.id, mailed).await.unwrap();
}

#[tokio::test]
async fn a_registration_is_sent_again_with_a_long_code_too() {
    let world = World::default();
    let limits = Limits { code_per_address: Rule::new(0, Duration::from_hours(24)), ..free() };
    let accounts = only(&world, limits);
    let issued = accounts.register(&caller(1), ask("ann", "ann@example.org")).await.unwrap();
    assert_eq!(world.mailed_code().length(), CodeLength::Long);
    accounts.resend(&caller(1), issued.id).await.unwrap();
    accounts.confirm(&caller(1), issued.id, world.mailed_code()).await.unwrap();
}

#[tokio::test] // K-06
async fn a_source_has_twenty_wrong_codes_an_hour_and_sixty_a_day_and_its_network_four_times_that() {
    let world = World::default();
    let accounts = registered(&world).await;
    let nobody = |n: u16| CodeId::from_bytes(std::array::from_fn(|at| n.to_be_bytes()[at % 2]));
    let mut wrong = Vec::new();
    for hour in 0..6 {
        let mut allowed = 0;
        for n in 0..30 {
            allowed += u32::from(matches!(
                guess(&accounts, &caller(1), nobody(n), code("000000")).await,
                Err(ResetError::Refused)
            ));
        }
        wrong.push((hour, allowed));
        world.clock.advance(Duration::from_mins(64));
    }
    assert_eq!(wrong, [(0, 20), (1, 20), (2, 20), (3, 0), (4, 0), (5, 0)]);
    let mut network = 0;
    for n in 0..240_u8 {
        let answer = guess(&accounts, &caller(n), nobody(u16::from(n)), code("000000")).await;
        network += u32::from(matches!(answer, Err(ResetError::Refused)));
    }
    assert_eq!(network, 80);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)] // P-21, K-04, K-06
async fn no_more_is_evaluated_over_two_instances_at_once_and_after_a_restart() {
    let world = World::default();
    registered(&world).await;
    let ([one, other], called) = nodes(&world);
    let mut attacks = tokio::task::JoinSet::new();
    for round in 0..4_u16 {
        let issued = one.forgot(&elsewhere(1_000 + round), email()).await.unwrap();
        for n in 0..32 {
            let node = if n % 2 == 0 { one.clone() } else { other.clone() };
            attacks
                .spawn(async move { drop(guess(&node, &elsewhere(round * 100 + n), issued.id, code("000000")).await) });
        }
        while attacks.join_next().await.is_some() {}
        world.clock.advance(Duration::from_mins(1));
    }
    let before = evaluated(&called);
    assert!(before <= 10, "{before}");
    // A new process knows what the store knows.
    let ([restarted], again) = nodes(&world);
    for n in 0..32 {
        let issued = restarted.forgot(&elsewhere(2_000 + n), email()).await.unwrap();
        let _ = guess(&restarted, &elsewhere(3_000 + n), issued.id, code("000000")).await;
    }
    assert!(before + evaluated(&again) <= 10);
}

#[tokio::test] // K-06
async fn a_guess_at_each_of_many_accounts_ends_at_the_count_over_all() {
    let world = World::default();
    registered(&world).await;
    let (hour, day) = (Duration::from_hours(1), Duration::from_hours(24));
    let (code_attack, code_daily) = (Rule::new(50, hour), Rule::new(200, day));
    let accounts = only(&world, Limits { code_attack, code_daily, ..Limits::default() });
    let other = only(&world, Limits { code_attack, code_daily, ..Limits::default() });
    let bystander = other.forgot(&caller(9), email()).await.unwrap();
    let right = world.mailed_code();
    let mut looked_at = 0_u32;
    for n in 0..400_u16 {
        let issued = accounts.forgot(&elsewhere(n), format!("nobody{n}@example.org").parse().unwrap()).await.unwrap();
        let _ = world.post.take();
        for _ in 0..3 {
            let before = world.memory.wrong_guesses();
            let _ = guess(&accounts, &elsewhere(n), issued.id, code("000000")).await;
            looked_at += u32::from(world.memory.wrong_guesses() > before);
        }
    }
    assert!((50..=200).contains(&looked_at), "{looked_at}");
    // Six digits that are out are worth nothing, and resets go on.
    let answer = guess(&other, &caller(9), bystander.id, right).await;
    assert!(matches!(answer, Err(ResetError::Refused)), "{answer:?}");
    world.clock.advance(Duration::from_mins(1));
    let again = other.forgot(&caller(9), email()).await.unwrap();
    let mailed = world.mailed_code();
    assert_eq!(mailed.length(), CodeLength::Long);
    guess(&other, &caller(9), again.id, mailed).await.unwrap();
    assert!(world.ledger.take().iter().any(|event| matches!(event, Event::Alarm(Alarm::Attack))));
}

#[tokio::test] // K-06
async fn while_many_are_guessing_sources_have_a_quarter_and_codes_that_are_out_one_try() {
    let world = World::default();
    registered(&world).await;
    let (few, now) = (Rule::new(3, Duration::from_hours(1)), world.accounts());
    let source = |limits| Limits { code_per_source: Rule::new(8, Duration::from_hours(1)), ..limits };
    let watch = only(&world, source(Limits { code_watch: few, ..free() }));
    let attack = only(&world, source(Limits { code_watch: few, code_attack: few, ..free() }));
    let issued = now.forgot(&caller(1), email()).await.unwrap();
    let right = world.mailed_code();
    for n in 0..3 {
        let other = now.forgot(&caller(1), format!("nobody{n}@example.org").parse().unwrap()).await.unwrap();
        world.post.take();
        let wrong = guess(&attack, &elsewhere(n), other.id, code("000000")).await;
        assert!(matches!(wrong, Err(ResetError::Refused)));
    }
    for _ in 0..2 {
        let wrong = guess(&watch, &caller(7), issued.id, wrong(&right)).await;
        assert!(matches!(wrong, Err(ResetError::Refused)));
    }
    let slow = guess(&watch, &caller(7), issued.id, wrong(&right)).await;
    assert!(matches!(slow, Err(ResetError::Slow(_))));
    let one_try_was_had = guess(&attack, &elsewhere(9), issued.id, right.clone()).await;
    assert!(matches!(one_try_was_had, Err(ResetError::Refused)));
    guess(&watch, &elsewhere(9), issued.id, right).await.unwrap();
}

/// One live code of six digits at each of so many addresses.
async fn codes(world: &World, n: usize) -> Vec<CodeId> {
    let (free, mut ids) = (world.accounts(), Vec::new());
    for n in 0..n {
        ids.push(free.forgot(&caller(1), format!("nobody{n}@example.org").parse().unwrap()).await.unwrap().id);
        world.post.take();
    }
    ids
}

/// Accounts whose calls go through this layer, and three guesses a day at six digits over all of them.
fn under(world: &World, layer: &impl Layer) -> Accounts {
    let limits = Limits { code_daily: Rule::new(3, Duration::from_hours(24)), ..free() };
    Accounts::new(world.ports.around(layer), world.secret.clone(), Policy { limits, ..World::policy() })
}

/// Every request comes as far as the code before one goes on.
#[derive(Clone)]
struct AllAtOnce;

impl Layer for AllAtOnce {
    async fn around<T: Send>(&self, call: Call, work: impl Future<Output = Outside<T>> + Send) -> Outside<T> {
        if call.method == "redeem" {
            for _ in 0..500 {
                tokio::task::yield_now().await;
            }
        }
        work.await
    }
}

#[tokio::test] // P-21, K-06
async fn guesses_at_once_over_all_accounts_are_no_more_than_a_day_may_have() {
    let world = World::default();
    let (ids, accounts) = (codes(&world, 30).await, under(&world, &AllAtOnce));
    let mut guesses = tokio::task::JoinSet::new();
    for (n, id) in (0..).zip(ids) {
        let accounts = accounts.clone();
        guesses.spawn(async move { drop(guess(&accounts, &elsewhere(n), id, code("000000")).await) });
    }
    while guesses.join_next().await.is_some() {}
    assert!(world.memory.wrong_guesses() <= 3, "{} looked at", world.memory.wrong_guesses());
}

/// The request is dropped as soon as the code has been looked at: the client has hung up, or the deadline is over.
#[derive(Clone)]
struct HangUp;

impl Layer for HangUp {
    async fn around<T: Send>(&self, call: Call, work: impl Future<Output = Outside<T>> + Send) -> Outside<T> {
        let done = work.await;
        if call.method == "redeem" {
            std::future::pending::<()>().await;
        }
        done
    }
}

#[tokio::test] // P-21, K-06
async fn whoever_hangs_up_after_the_code_was_looked_at_is_counted_over_all_accounts_for_a_minute() {
    let world = World::default();
    let (ids, accounts) = (codes(&world, 30).await, under(&world, &HangUp));
    // He was told nothing: so what he did counts as long as it may be under way, and then no more.
    for looked_at in [3, 6] {
        for (n, id) in (0..).zip(ids.clone()) {
            let accounts = accounts.clone();
            let guess = tokio::spawn(async move { drop(guess(&accounts, &elsewhere(n), id, code("000000")).await) });
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
            guess.abort();
            let _ = guess.await;
        }
        assert_eq!(world.memory.wrong_guesses(), looked_at);
        world.clock.advance(Duration::from_mins(1));
    }
}

#[tokio::test] // K-06
async fn guesses_that_were_not_looked_at_use_up_nothing_of_the_next_day() {
    let world = World::default();
    let (ids, accounts) = (codes(&world, 30).await, under(&world, &Recorder::default()));
    for (n, id) in (0..).zip(&ids) {
        if n == 10 {
            world.clock.advance(Duration::from_hours(23));
        }
        let refused = guess(&accounts, &elsewhere(n), *id, code("000000")).await;
        assert!(matches!(refused, Err(ResetError::Refused)), "{refused:?}");
    }
    assert_eq!(world.memory.wrong_guesses(), 3);
    world.clock.advance(Duration::from_hours(1));
    let id = codes(&world, 1).await[0];
    let _ = guess(&accounts, &elsewhere(1), id, code("000000")).await;
    let looked_at = world.memory.tables().codes.values().filter(|code| code.id == id && code.wrong == 1).count();
    assert_eq!(looked_at, 1);
}

/// An id for the same address as `issued`, made up by somebody who was answered with `issued`.
fn invented(issued: CodeId, n: u8) -> CodeId {
    let mut bytes = issued.to_bytes();
    bytes[31] ^= n + 1;
    CodeId::from_bytes(bytes)
}

#[tokio::test] // K-33
async fn whoever_makes_up_ids_uses_up_no_budget_but_his_own() {
    let world = World::default();
    let accounts = registered(&world).await;
    let issued = accounts.forgot(&caller(1), email()).await.unwrap();
    let code = world.mailed_code();
    for n in 0..40 {
        let id = invented(issued.id, n);
        let guess = accounts.reset(&elsewhere(100 + u16::from(n)), id, code.clone(), password(OTHER)).await;
        assert!(matches!(guess, Err(ResetError::Refused)));
        accounts.resend(&elsewhere(100 + u16::from(n)), id).await.unwrap();
    }
    guess(&accounts, &caller(1), issued.id, code).await.unwrap();
}

#[tokio::test] // K-33
async fn invented_ids_raise_no_alarm_for_all() {
    let world = World::default();
    registered(&world).await;
    let accounts = only(&world, Limits { code_attack: Rule::new(3, Duration::from_hours(1)), ..free() });
    for n in 0..10 {
        let id = CodeId::from_bytes([n; 32]);
        let _ = guess(&accounts, &elsewhere(n.into()), id, code("000000")).await;
    }
    accounts.forgot(&caller(1), email()).await.unwrap();
    assert_eq!(world.mailed_code().length(), CodeLength::Digits);
}
