//! A crash between each two requests of a registration, a rename and a deletion, and an answer that is lost to each.
use super::{
    line::{Line, Mishap},
    people::{World, delete, register, rename},
};
use crate::{CosmosStore, names::Commit};
use auth_core::{ports::*, user::User, value::*};
use std::time::Duration;

/// What Ann does.
#[derive(Clone, Copy, Debug)]
enum Change {
    Register,
    /// With names that others have left behind: one who has no account, and one who has another.
    RegisterAfterOthers,
    Rename,
    Delete,
}

const CHANGES: [Change; 4] = [Change::Register, Change::RegisterAfterOthers, Change::Rename, Change::Delete];

impl Change {
    /// What it takes if nobody is in the way: as many as it is steps of an actor of the model, two names for one there.
    fn requests(self) -> u32 {
        match self {
            Self::Register => 3,
            Self::RegisterAfterOthers => 11,
            Self::Rename => 8,
            Self::Delete => 6,
        }
    }
}

/// Reservations are left alone for less.
const LATER: Duration = Duration::from_mins(1);
/// More than any adapter asks again.
const ALL: u32 = 1_000;

/// Ann, as she was and as she will be.
struct Ann {
    id: UserId,
    old: Option<User>,
    new: Option<User>,
}

impl Ann {
    async fn about_to(change: Change, world: &World) -> Self {
        let ann = world.somebody("ann");
        if let Change::RegisterAfterOthers = change {
            let names = world.store.names_of(&ann);
            world.leave(&names[0], world.somebody("nobody").id).await;
            world.leave(&names[1], world.someone("eve").await.id).await;
            world.clock.advance(LATER);
        }
        if let Change::Register | Change::RegisterAfterOthers = change {
            return Self { id: ann.id, old: None, new: Some(ann) };
        }
        assert_eq!(register(&world.store, &ann).await.unwrap(), Commit::Done);
        let anna = User { id: ann.id, ..world.somebody("anna") };
        Self { id: ann.id, old: Some(ann), new: matches!(change, Change::Rename).then_some(anna) }
    }

    async fn change(&self, store: &CosmosStore) -> Outside<Commit> {
        match (&self.old, &self.new) {
            (None, Some(new)) => register(store, new).await,
            (_, Some(new)) => rename(store, new).await,
            (_, None) => delete(store, self.id).await,
        }
    }

    /// What has become of her: she is one or the other, and no mixture.
    async fn found(&self, world: &World) -> Option<User> {
        world.whole(self.id, [self.old.as_ref(), self.new.as_ref()]).await
    }

    /// Whoever comes next gets the names that are not hers.
    async fn leaves_the_others_to_the_next(&self, world: &World) {
        let found = self.found(world).await;
        for names in [&self.old, &self.new].into_iter().flatten() {
            let bob = User { id: world.somebody("bob").id, ..names.clone() };
            let expected = if found.as_ref() == Some(names) { Commit::Taken(0) } else { Commit::Done };
            assert_eq!(register(&world.store, &bob).await.unwrap(), expected);
        }
        assert_eq!(self.found(world).await, found);
    }
}

#[tokio::test(start_paused = true)]
async fn a_crash_leaves_all_or_nothing_and_no_name_that_is_lost() {
    let world = World::new().await;
    let (crashing, line) = world.line(Mishap::Unreachable).await;
    for change in CHANGES {
        for passing in 0.. {
            let ann = Ann::about_to(change, &world).await;
            line.after(passing, ALL);
            let end = ann.change(&crashing).await;
            ann.found(&world).await;
            world.clock.advance(LATER);
            ann.leaves_the_others_to_the_next(&world).await;
            if line.left() == ALL {
                assert_eq!(end.unwrap(), Commit::Done);
                assert_eq!(passing, change.requests(), "{change:?}");
                break;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_does_it_again_after_a_crash_has_done_it_and_need_not_wait() {
    let world = World::new().await;
    let (crashing, line) = world.line(Mishap::Unreachable).await;
    for change in CHANGES {
        for passing in 0.. {
            let ann = Ann::about_to(change, &world).await;
            line.after(passing, ALL);
            let _crashed = ann.change(&crashing).await;
            let already = ann.found(&world).await == ann.new;
            let end = ann.change(&world.store).await.unwrap();
            assert!(end == Commit::Done || already, "{end:?} of {change:?} after {passing} requests");
            assert_eq!(ann.found(&world).await, ann.new, "{change:?} after {passing} requests");
            world.clock.advance(LATER);
            ann.leaves_the_others_to_the_next(&world).await;
            if line.left() == ALL {
                break;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn whose_answer_is_lost_has_done_it_all_the_same() {
    let world = World::new().await;
    let line = world.line(Mishap::Unheard(Duration::ZERO)).await;
    an_answer_is_lost_to_each_request(&world, line, Duration::ZERO).await;
}

/// Another region is asked than the one that writes, and it has heard of nothing since Ann began.
#[tokio::test(start_paused = true)]
async fn nor_does_it_matter_whether_the_region_that_is_read_has_heard_of_it() {
    let world = World::in_two_regions().await;
    let line = world.line_from_afar(Mishap::Unheard(Duration::ZERO)).await;
    an_answer_is_lost_to_each_request(&world, line, LATER).await;
}

/// And the next one gets what is free, so much later.
async fn an_answer_is_lost_to_each_request(world: &World, (unheard, line): (CosmosStore, Line), later: Duration) {
    for change in CHANGES {
        for passing in 0.. {
            let ann = Ann::about_to(change, world).await;
            world.emulator.part_the_regions();
            line.after(passing, 1);
            assert_eq!(ann.change(&unheard).await.unwrap(), Commit::Done, "{change:?} after {passing} requests");
            world.emulator.join_the_regions();
            assert_eq!(ann.found(world).await, ann.new, "{change:?} after {passing} requests");
            world.clock.advance(later);
            ann.leaves_the_others_to_the_next(world).await;
            if line.left() == 1 {
                break;
            }
        }
    }
}
