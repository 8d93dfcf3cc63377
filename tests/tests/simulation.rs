//! Some thousands of worlds out of as many seeds: no invariant breaks in any, everything that matters is reached, and each
//! fault that is planted is found.
use auth_core::testing::Fault;
use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};
use tests::simulation::{Planted, explore, first_caught, replay, run, tell};

/// What must have happened in the worlds of the test: without it, they would prove nothing.
const REACHED: &[&str] = &[
    "users.insert Done",
    "users.insert Exists",
    "users.insert LoginTaken",
    "users.insert EmailTaken",
    "users.replace Done",
    "users.replace Stale",
    "codes.redeem Accepted",
    "codes.redeem Replayed",
    "codes.redeem Refused",
    "codes.renew Done",
    "codes.renew Refused",
    "sessions.turn Done",
    "sessions.turn Raced",
    "sessions.turn Replayed",
    "sessions.turn Refused",
    "counters.hit Allowed",
    "counters.hit Limited",
    "counters.confirm Done",
    "counters.forgive Done",
    "outbox.settle Done",
    "outbox.settle Lost",
    "hasher.verify Match",
    "hasher.verify Mismatch",
    "hasher.verify Outdated",
    "register: Done",
    "register: LoginTaken",
    "register: Slow",
    "register: Unavailable",
    "register: NoAnswer",
    "resend: Done",
    "resend: Slow",
    "confirm: Done",
    "confirm: Refused",
    "confirm: LoginTaken",
    "confirm: Slow",
    "confirm: Unavailable",
    "confirm: NoAnswer",
    "login: Done",
    "login: Refused",
    "login: Slow",
    "login: Unavailable",
    "login: NoAnswer",
    "authenticate: Done",
    "authenticate: Refused",
    "refresh: Done",
    "refresh: Ended",
    "refresh: Unavailable",
    "refresh: NoAnswer",
    "logout: Done",
    "logout: Refused",
    "logout: Unavailable",
    "logout_all: Done",
    "logout_all: Unavailable",
    "end_session: Done",
    "end_session: Unavailable",
    "change: Done",
    "change: Refused",
    "change: Unavailable",
    "change: NoAnswer",
    "forgot: Done",
    "forgot: Slow",
    "reset: Done",
    "reset: Refused",
    "reset: Slow",
    "reset: Unavailable",
    "reset: NoAnswer",
    "disable: Done",
    "disable: Unavailable",
    "enable: Done",
    "sweep: Done",
    "event: Alarm",
    "event: LeftUndone",
    "event: MailDead",
    "event: MailDelayed",
    "transport: delivers",
    "transport: fails",
    "transport: loses its answer",
    "transport: rejects",
    "transport: is slow",
    "fault: a call Fails",
    "fault: a call IsAway",
    "fault: a call LosesItsAnswer",
    "fault: crash",
    "fault: every store away",
    "time: it passes",
    "time: a clock jumps 3600 seconds",
    "time: a clock jumps -3600 seconds",
    "time: a clock jumps 86400 seconds",
    "time: a clock jumps -86400 seconds",
];

#[test] // R2, R3, R4, I1, I2, I3, I4, I5, I6, I7, I8
fn no_invariant_breaks_and_all_that_matters_is_reached() {
    let explored = explore(0..3_000, Planted::Nothing, || ());
    let told: String = explored.broken.keys().map(|seed| tell(*seed, Planted::Nothing)).collect();
    assert!(told.is_empty(), "{told}");
    let missed: Vec<_> = REACHED.iter().filter(|outcome| !explored.reached.contains_key(**outcome)).collect();
    assert!(missed.is_empty(), "never reached: {missed:?}\n{explored}");
}

#[test]
fn one_seed_is_one_history() {
    let hashes: Vec<u64> = (0..30).map(|seed| run(seed, Planted::Nothing).hash).collect();
    assert_eq!(hashes.iter().collect::<BTreeSet<_>>().len(), 30, "another seed is another history");
    for (seed, hash) in (0..).zip(hashes) {
        assert_eq!(replay(seed, Planted::Nothing).hash, hash, "seed {seed}");
    }
}

/// What is wrong, an invariant that it breaks, and the number of worlds within which that is seen.
const FAULTS: &[(Planted, &str, u64)] = &[
    (Planted::Store("users", Fault::TwoSteps), "I8", 500),
    (Planted::Store("users", Fault::ChecksThenWrites), "I1", 1_000),
    (Planted::Store("users", Fault::LoginByItsText), "I1", 500),
    (Planted::Store("users", Fault::EmailByItsText), "I1", 500),
    (Planted::Store("users", Fault::IgnoresTheRevision), "I", 1_500),
    (Planted::Store("codes", Fault::TwoSteps), "I8", 100),
    (Planted::Store("codes", Fault::ComparesFirst), "I2", 1_000),
    (Planted::Store("codes", Fault::WritesSuccessAlone), "I2", 1_000),
    (Planted::Store("sessions", Fault::TwoSteps), "I8", 100),
    (Planted::Store("sessions", Fault::WritesNothing), "I4", 100),
    (Planted::Store("sessions", Fault::WritesSuccessAlone), "I3", 500),
    (Planted::Store("sessions", Fault::NoGrace), "I3", 100),
    (Planted::Store("sessions", Fault::EndlessGrace), "I3", 1_500),
    (Planted::Store("sessions", Fault::AnyMac), "I3", 100),
    (Planted::Store("sessions", Fault::AnswersThePast), "I3", 100),
    (Planted::Store("sessions", Fault::SparesNobody), "I", 500),
    (Planted::Store("sessions", Fault::Everybodys), "I", 500),
    (Planted::Store("counters", Fault::TwoSteps), "I2", 500),
    (Planted::Store("counters", Fault::OneMore), "I2", 500),
    (Planted::Store("counters", Fault::WritesNothing), "I2", 500),
    (Planted::Store("counters", Fault::CountsOnlyTheWrong), "I2", 500),
    (Planted::Store("outbox", Fault::TwoSteps), "I6", 100),
    (Planted::Store("outbox", Fault::IgnoresLeases), "I6", 100),
    (Planted::Store("outbox", Fault::RaisesTheDead), "I6", 100),
    (Planted::Store("outbox", Fault::LosesAField), "I6", 100),
    (Planted::LimiterInTheProcess, "I2", 500),
    (Planted::EpochStays, "I4", 1_500),
    (Planted::PasswordStays, "I5", 100),
    (Planted::EndsLater, "I4", 100),
    (Planted::LosesLetters, "I6", 100),
    (Planted::ForgetsInACrash, "I5", 500),
    (Planted::SweepsTheLiving, "I", 500),
    (Planted::RemembersSessions, "I4", 500),
    (Planted::ReadsWhileAway, "I7", 500),
];

#[test] // I1, I2, I3, I4, I5, I6, I7, I8
#[expect(clippy::print_stdout, reason = "who asks for it sees how many worlds each took")]
fn every_planted_fault_is_caught() {
    let next = AtomicUsize::new(0);
    let catch_the_rest = || {
        while let Some((planted, invariant, within)) = FAULTS.get(next.fetch_add(1, Ordering::Relaxed)) {
            let caught = first_caught(0..*within, *planted, invariant);
            let Some(seed) = caught else { panic!("{planted:?} does not break {invariant} in {within} worlds") };
            println!("{planted:?} breaks {invariant} at seed {seed}");
        }
    };
    thread::scope(|scope| {
        scope.spawn(catch_the_rest);
        catch_the_rest();
    });
}

#[test]
fn a_broken_world_is_told_without_secrets() {
    let planted = Planted::EndsLater;
    let seed = first_caught(0..1_000, planted, "I4").expect("it is caught");
    let told = tell(seed, planted);
    assert!(told.starts_with(&format!("seed {seed}: I4")) && told.contains("BROKEN: I4"), "{told}");
    let all = replay(seed, planted).steps.join("\n");
    assert!(!["rt_", "eyJ", "plain", "yesterday"].iter().any(|secret| all.contains(secret)), "{all}");
}
