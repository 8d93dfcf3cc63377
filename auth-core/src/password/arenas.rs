//! The memory that hashes are computed in: a fixed amount, lent to one at a time and wiped in between.
use super::SERVICE;
use crate::ports::{Outside, Unavailable};
use argon2::Block;
use std::{
    num::NonZero,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time,
};
use zeroize::Zeroizing;

/// A number of arenas, and a queue in front of them.
pub(super) struct Arenas {
    /// One permit for each who runs or waits.
    places: Arc<Semaphore>,
    /// One permit for each who runs.
    turns: Arc<Semaphore>,
    free: Arc<Mutex<Vec<Vec<Block>>>>,
    wait: Duration,
}

/// An arena in use. Comes back, wiped, when it is dropped: after a panic too.
pub(super) struct Arena {
    blocks: Vec<Block>,
    home: Arc<Mutex<Vec<Vec<Block>>>>,
    _turn: OwnedSemaphorePermit,
    _place: OwnedSemaphorePermit,
}

/// The memory could not be reserved.
#[derive(Debug)]
pub(super) struct NoMemory;

impl Arenas {
    pub(super) fn new(number: NonZero<usize>, blocks: usize, queue: usize, wait: Duration) -> Result<Self, NoMemory> {
        let number = number.get().min(Semaphore::MAX_PERMITS);
        let free = (0..number).map(|_| reserve(blocks)).collect::<Result<_, _>>()?;
        Ok(Self {
            places: Arc::new(Semaphore::new(number.saturating_add(queue).min(Semaphore::MAX_PERMITS))),
            turns: Arc::new(Semaphore::new(number)),
            free: Arc::new(Mutex::new(free)),
            wait,
        })
    }

    /// Whether one more could wait.
    pub(super) fn room(&self) -> Outside<()> {
        if self.places.available_permits() == 0 { Err(self.overloaded()) } else { Ok(()) }
    }

    /// An arena, as soon as one is free.
    pub(super) async fn lend(&self) -> Outside<Arena> {
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| self.overloaded())?;
        let turn = time::timeout(self.wait, Arc::clone(&self.turns).acquire_owned()).await;
        let turn = turn.map_err(|_| self.overloaded())?;
        let turn = turn.expect("the semaphore is never closed");
        let blocks = self.free.lock().unwrap_or_else(PoisonError::into_inner).pop();
        Ok(Arena {
            blocks: blocks.expect("an arena for each turn"),
            home: Arc::clone(&self.free),
            _turn: turn,
            _place: place,
        })
    }

    fn overloaded(&self) -> Unavailable {
        Unavailable::Overloaded { service: SERVICE, retry_after: self.wait.max(SECOND) }
    }
}

const SECOND: Duration = Duration::from_secs(1);

impl Arena {
    /// Calls `with` on at least `blocks` of memory. What is bigger than the arena is allocated for this one use.
    pub(super) fn provide<T>(&mut self, blocks: usize, with: impl FnOnce(&mut [Block]) -> T) -> Result<T, NoMemory> {
        if blocks <= self.blocks.capacity() {
            // Only the first use writes here, and so only then does the system back the arena with pages.
            self.blocks.resize(self.blocks.capacity(), Block::new());
            return Ok(with(&mut self.blocks));
        }
        let mut own = Zeroizing::new(reserve(blocks)?);
        own.resize(blocks, Block::new());
        Ok(with(&mut own))
    }
}

impl Drop for Arena {
    fn drop(&mut self) {
        // No dead write, which a compiler might leave out: the memory lives on.
        self.blocks.fill(Block::new());
        let blocks = std::mem::take(&mut self.blocks);
        self.home.lock().unwrap_or_else(PoisonError::into_inner).push(blocks);
        // The permits are dropped after this: whoever takes the turn finds the arena.
    }
}

fn reserve(blocks: usize) -> Result<Vec<Block>, NoMemory> {
    let mut memory = Vec::new();
    memory.try_reserve_exact(blocks).map_err(|_| NoMemory)?;
    Ok(memory)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        future::{Future, poll_fn},
        panic::{AssertUnwindSafe, catch_unwind},
        pin::pin,
        task::Poll,
    };

    fn arenas(number: usize, queue: usize) -> Arenas {
        let number = NonZero::new(number).unwrap();
        Arenas::new(number, 8, queue, Duration::from_secs(5)).unwrap()
    }

    async fn waits(future: std::pin::Pin<&mut impl Future>) -> bool {
        let mut future = future;
        poll_fn(|context| Poll::Ready(future.as_mut().poll(context).is_pending())).await
    }

    fn is_overloaded(lent: &Outside<Arena>) -> bool {
        matches!(lent, Err(Unavailable::Overloaded { retry_after, .. }) if *retry_after >= SECOND)
    }

    #[tokio::test] // P-16
    async fn so_many_run_so_many_wait_and_the_next_is_told_at_once() {
        let arenas = arenas(2, 1);
        let first = arenas.lend().await.unwrap();
        let _second = arenas.lend().await.unwrap();
        assert!(arenas.room().is_ok());
        let mut third = pin!(arenas.lend());
        assert!(waits(third.as_mut()).await);
        assert!(arenas.room().is_err());
        assert!(is_overloaded(&arenas.lend().await));
        drop(first);
        assert!(third.await.is_ok());
        assert!(arenas.room().is_ok());
    }

    #[tokio::test] // P-16
    async fn whoever_gives_up_waiting_leaves_the_queue() {
        let arenas = arenas(1, 1);
        let held = arenas.lend().await.unwrap();
        {
            let mut waiting = pin!(arenas.lend());
            assert!(waits(waiting.as_mut()).await);
        }
        let mut next = pin!(arenas.lend());
        assert!(waits(next.as_mut()).await, "the place is free again");
        drop(held);
        assert!(next.await.is_ok());
    }

    #[tokio::test(start_paused = true)] // P-16
    async fn nobody_waits_longer_than_allowed() {
        let arenas = arenas(1, 1);
        let _held = arenas.lend().await.unwrap();
        assert!(is_overloaded(&arenas.lend().await));
    }

    #[tokio::test]
    async fn memory_is_wiped_and_comes_back_after_a_panic_too() {
        let arenas = arenas(1, 0);
        let mut dirty = Block::new();
        dirty.as_mut().fill(7);
        for panics in [false, true] {
            let mut arena = arenas.lend().await.unwrap();
            let ended = catch_unwind(AssertUnwindSafe(move || {
                let filled = arena.provide(8, |memory| {
                    memory.fill(dirty);
                    assert!(!panics, "as a hash might");
                });
                assert!(filled.is_ok());
            }));
            assert_eq!(ended.is_err(), panics);
            let free = arenas.free.lock().unwrap();
            assert_eq!((free.len(), free[0].len()), (1, 8));
            assert!(free[0].iter().all(|block| block.as_ref().iter().all(|word| *word == 0)));
        }
    }

    #[tokio::test]
    async fn what_needs_more_gets_more_and_the_arena_stays_as_it_is() {
        let arenas = arenas(1, 0);
        let mut arena = arenas.lend().await.unwrap();
        assert_eq!(arena.provide(9, |memory| memory.len()).unwrap(), 9);
        assert!(arena.provide(usize::MAX, |_| ()).is_err());
        drop(arena);
        assert_eq!(arenas.free.lock().unwrap()[0].capacity(), 8);
    }
}
