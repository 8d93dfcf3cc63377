//! The protocol of names.rs on a small model of the database: every order in which a few actors may take their steps.
//!
//! An actor takes the steps that names.rs takes, one request each. It may stop for good after any of them: whoever crashes
//! is one whose turn never comes again. Nobody has a clock: a reservation may be young or not whenever somebody looks. A
//! write may be done without an answer, is then asked for again, and refused like another's. In every state that can be
//! reached it holds that
//!
//! - no name is that of two active accounts, and what an active account names is reserved for it, at every moment;
//! - whoever can still commit has each name that he has reserved for it so far: this is why;
//! - `Done` is told to those whose commit was done, and to nobody else;
//! - whoever looks a name up finds an owner that it had while he looked, or nobody if it had none for a moment;
//! - if all stop there, whoever comes next gets each name that no active account has.
//!
//! The searches have no other bounds than these: three actors, two names, so many unheard writes as a scene says.
mod actor;
mod database;
mod job;
mod memory;
mod search;

use database::{Database, Names, User};
use job::{Fault, Job, Job::*};
use search::{Scene, Search};

const ANN: User = 0;
const BOB: User = 1;

const NOTHING: Database = Database::EMPTY;

fn login() -> Names {
    Names::of(&[0])
}

fn email() -> Names {
    Names::of(&[1])
}

fn both() -> Names {
    Names::of(&[0, 1])
}

fn scene(database: Database, jobs: [Job; 3], unheard: u8) -> Scene {
    Scene { database, jobs, unheard }
}

fn holds(scenes: impl IntoIterator<Item = Scene>) {
    for scene in scenes {
        if let Err(way) = Search::run(scene, Fault::None) {
            panic!("{:?}: {way}", scene.jobs);
        }
    }
}

#[test]
fn of_two_who_register_one_gets_the_names() {
    holds([
        scene(NOTHING, [Register(ANN, login()), Register(BOB, login()), Look(0)], 2),
        scene(NOTHING, [Register(ANN, both()), Register(BOB, both()), Late(ANN, 1)], 1),
        scene(NOTHING.left(ANN, 0).left(BOB, 1), [Register(ANN, both()), Register(BOB, both()), Look(1)], 1),
    ]);
}

#[test]
fn a_confirmation_that_is_done_twice_makes_one_account() {
    holds([scene(NOTHING, [Register(ANN, login()), Register(ANN, login()), Register(BOB, login())], 1)]);
}

#[test]
fn a_confirmation_of_two_names_that_is_done_twice_makes_one_account() {
    holds([
        scene(NOTHING, [Register(ANN, both()), Register(ANN, both()), Register(BOB, email())], 0),
        scene(NOTHING.with(BOB, &[1]), [Register(ANN, both()), Register(ANN, both()), Rename(BOB, login())], 0),
    ]);
}

#[test]
fn a_rename_gets_a_name_that_is_free_and_gives_the_old_one_back() {
    let ann = NOTHING.with(ANN, &[0]);
    holds([
        scene(ann.left(ANN, 1), [Rename(ANN, email()), Rename(ANN, email()), Register(BOB, email())], 1),
        scene(ann, [Rename(ANN, email()), Rename(ANN, login()), Register(BOB, login())], 2),
        scene(ann, [Rename(ANN, email()), Look(0), Register(BOB, login())], 2),
        scene(ann.with(BOB, &[1]), [Rename(ANN, email()), Rename(BOB, login()), Delete(ANN)], 1),
    ]);
}

#[test]
fn whoever_gives_a_name_up_and_takes_it_again_keeps_it() {
    let ann = NOTHING.with(ANN, &[0, 1]);
    holds([
        scene(ann, [Rename(ANN, email()), Rename(ANN, login()), Register(BOB, login())], 2),
        scene(ann, [Register(ANN, login()), Rename(ANN, email()), Rename(ANN, both())], 2),
        scene(NOTHING.with(ANN, &[1]), [Register(ANN, login()), Rename(ANN, both()), Register(BOB, login())], 1),
        scene(NOTHING.with(ANN, &[1]), [Late(ANN, 0), Rename(ANN, both()), Register(BOB, login())], 2),
    ]);
}

#[test]
fn a_deleted_account_gives_its_names_back_and_takes_none() {
    let ann = NOTHING.with(ANN, &[0]);
    holds([
        scene(ann, [Delete(ANN), Rename(ANN, email()), Register(BOB, email())], 2),
        scene(ann, [Delete(ANN), Register(ANN, both()), Register(BOB, login())], 1),
        scene(ann, [Delete(ANN), Look(0), Register(BOB, login())], 2),
    ]);
}

/// Where each planted fault does harm.
#[test]
fn each_planted_fault_is_found() {
    let (ann, both_of_ann) = (NOTHING.with(ANN, &[0]), NOTHING.with(ANN, &[0, 1]));
    // Ann was on her way to a name. Bob takes her power to commit, she begins again, and then he takes the name.
    let overtaken = [Rename(ANN, email()), Register(BOB, email()), Look(1)];
    let rivals = [Register(ANN, login()), Register(BOB, login()), Look(0)];
    let twice = [Register(ANN, login()), Register(ANN, login()), Rename(ANN, both())];
    let there_and_back = [Rename(ANN, email()), Rename(ANN, login()), Look(0)];
    let away_and_back = [Register(ANN, login()), Rename(ANN, email()), Rename(ANN, both())];
    let of_bob = "is reserved for Some(1)";
    let of_nobody = "is reserved for None";
    for (fault, scene, harm) in [
        (Fault::TakenAgainAsItIs, scene(ann.left(ANN, 1), overtaken, 0), of_bob),
        (Fault::NoFence, scene(NOTHING, rivals, 0), of_bob),
        (Fault::FenceAfter, scene(NOTHING, rivals, 0), of_bob),
        (Fault::ReleasedAlthoughItWasThere, scene(NOTHING.with(ANN, &[1]), twice, 0), of_nobody),
        (Fault::ReadAfterReserving, scene(ann, overtaken, 0), of_bob),
        (Fault::LostAnswerIsALoss, scene(NOTHING, rivals, 1), "but that it has committed is true"),
        (Fault::AnotherAttemptIsAsGood, scene(both_of_ann, away_and_back, 0), of_nobody),
        (Fault::NotTheLastIsAsGood, scene(NOTHING, rivals, 1), of_nobody),
        (Fault::WrittenAgainAsMade, scene(NOTHING.with(ANN, &[1]), twice, 1), of_nobody),
        (Fault::GivenBackAsFound, scene(both_of_ann, there_and_back, 0), of_nobody),
    ] {
        holds([scene]);
        let way = Search::run(scene, fault).expect_err(&format!("{fault:?} does no harm"));
        let broken = way.lines().next().expect("what is broken");
        assert!(broken.contains(harm), "{fault:?}: {way}");
    }
}
