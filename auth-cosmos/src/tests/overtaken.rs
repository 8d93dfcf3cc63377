//! Two who are after the same names, of whom one is stopped before each of his requests, until the other is through.
use super::{
    emulator::parts,
    line::{Line, Mishap},
    people::{World, delete, register, rename},
};
use crate::{CosmosStore, Parts, names::Commit};
use auth_core::{ports::*, testing::FixedClock, user::User};
use futures_util::future::join;
use std::{sync::Arc, time::Duration};

/// Longer than the other needs, and shorter than a request may take.
const STOPPED: Duration = Duration::from_millis(600);

/// Whoever has this clock leaves the others' reservations alone as long as he should, or not at all.
fn clocks(world: &World) -> [Arc<dyn Clock>; 2] {
    let ahead = FixedClock::default();
    ahead.advance(Duration::from_hours(24));
    [world.clock.clone(), Arc::new(ahead)]
}

async fn stopping(world: &World, clock: Arc<dyn Clock>, mishap: Mishap) -> (CosmosStore, Line) {
    let parts = Parts { clock, rng: world.rng.clone(), ..parts() };
    Line::store(&world.emulator, parts, Duration::ZERO, mishap).await
}

/// Ann, who has other names, has left these to herself by a crash. She is about to take them, and Bob is too.
async fn ann_and_bob(world: &World) -> [User; 3] {
    let (ann, bob) = (world.someone("ann").await, world.somebody("bob"));
    let anna = User { id: ann.id, ..bob.clone() };
    for name in world.store.names_of(&anna) {
        world.leave(&name, ann.id).await;
    }
    world.clock.advance(Duration::from_mins(1));
    [ann, anna, bob]
}

/// One has the names, and both know whose they are.
async fn one_has_them(world: &World, [ann, anna, bob]: [&User; 3], ends: [Outside<Commit>; 2]) {
    let told = ends.map(|end| end.unwrap() == Commit::Done);
    let is_anna = world.whole(ann.id, [Some(ann), Some(anna)]).await.as_ref() == Some(anna);
    let is_bob = world.whole(bob.id, [None, Some(bob)]).await.is_some();
    assert_eq!(told, [is_anna, is_bob]);
    assert!(is_anna != is_bob);
}

/// Bob takes Ann's power to commit, she begins again, and then he is about to take the names.
#[tokio::test(start_paused = true)]
async fn whoever_begins_again_while_he_is_overtaken_is_overtaken_no_more() {
    let world = World::new().await;
    for clock in clocks(&world) {
        let (stopping, line) = stopping(&world, clock, Mishap::Late(STOPPED)).await;
        for passing in 0.. {
            let [ann, anna, bob] = ann_and_bob(&world).await;
            line.after(passing, 1);
            let (his, hers) = join(register(&stopping, &bob), rename(&world.store, &anna)).await;
            one_has_them(&world, [&ann, &anna, &bob], [hers, his]).await;
            if line.left() == 1 {
                break;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_is_overtaken_before_his_commit_has_lost() {
    let world = World::new().await;
    for clock in clocks(&world) {
        let (stopping, line) = stopping(&world, world.clock.clone(), Mishap::Late(STOPPED)).await;
        let (hasty, _line) = self::stopping(&world, clock, Mishap::Late(STOPPED)).await;
        for passing in 0.. {
            let [ann, anna, bob] = ann_and_bob(&world).await;
            line.after(passing, 1);
            let (hers, his) = join(rename(&stopping, &anna), register(&hasty, &bob)).await;
            one_has_them(&world, [&ann, &anna, &bob], [hers, his]).await;
            if line.left() == 1 {
                break;
            }
        }
    }
}

/// Ann gives her names up and takes them back, at two devices. What the one does not need any more the other does.
#[tokio::test(start_paused = true)]
async fn what_is_taken_back_is_not_given_back() {
    let world = World::new().await;
    let (stopping, line) = stopping(&world, world.clock.clone(), Mishap::Late(STOPPED)).await;
    for passing in 0.. {
        let ann = world.someone("ann").await;
        let anna = User { id: ann.id, ..world.somebody("anna") };
        line.after(passing, 1);
        let ends = join(rename(&stopping, &anna), rename(&world.store, &ann)).await;
        let found = world.whole(ann.id, [Some(&ann), Some(&anna)]).await.unwrap();
        assert!(ends.0.unwrap() == Commit::Done || found == ann);
        assert_eq!(ends.1.unwrap(), Commit::Done);
        world.clock.advance(Duration::from_mins(1));
        for names in [&ann, &anna] {
            let bob = User { id: world.somebody("bob").id, ..names.clone() };
            let expected = if found == *names { Commit::Taken(0) } else { Commit::Done };
            assert_eq!(register(&world.store, &bob).await.unwrap(), expected, "after {passing} requests");
        }
        if line.left() == 1 {
            break;
        }
    }
}

/// A reservation of Ann's is taken by Bob before she knows that it was hers. It is for neither of them to take back then.
#[tokio::test(start_paused = true)]
async fn whoever_is_overtaken_while_his_answer_is_lost_takes_nothing_back() {
    let world = World::new().await;
    let [clock, ahead] = clocks(&world);
    let (unheard, anns) = stopping(&world, clock, Mishap::Unheard(STOPPED / 2)).await;
    let (stopping, bobs) = stopping(&world, ahead, Mishap::Late(STOPPED)).await;
    for passing in 0..3 {
        for bobs_passing in 0.. {
            let ann = world.somebody("ann");
            let bob = User { id: world.somebody("bob").id, ..ann.clone() };
            anns.after(passing, 1);
            bobs.after(bobs_passing, 1);
            let (anns_end, bobs_end) = join(register(&unheard, &ann), register(&stopping, &bob)).await;
            let ends = (anns_end.unwrap() == Commit::Done, bobs_end.unwrap() == Commit::Done);
            let is_ann = world.whole(ann.id, [None, Some(&ann)]).await.is_some();
            let is_bob = world.whole(bob.id, [None, Some(&bob)]).await.is_some();
            assert_eq!(ends, (is_ann, is_bob), "after {passing} and {bobs_passing} requests");
            assert!(is_ann != is_bob, "after {passing} and {bobs_passing} requests");
            if bobs.left() == 1 {
                break;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_confirmation_that_is_done_twice_makes_one_account() {
    let world = World::new().await;
    let (stopping, line) = stopping(&world, world.clock.clone(), Mishap::Late(STOPPED)).await;
    for deleted in [false, true] {
        for passing in 0.. {
            let ann = world.somebody("ann");
            line.after(passing, 1);
            let other = async {
                let end = register(&world.store, &ann).await.unwrap();
                if deleted {
                    assert_eq!(delete(&world.store, ann.id).await.unwrap(), Commit::Done);
                }
                end
            };
            let (first, second) = join(register(&stopping, &ann), other).await;
            let ends = [first.unwrap(), second];
            assert_eq!(world.whole(ann.id, [Some(&ann), None]).await.is_none(), deleted);
            assert_eq!(ends.iter().filter(|end| **end == Commit::Done).count(), 1, "{ends:?}");
            if line.left() == 1 {
                break;
            }
        }
    }
}
