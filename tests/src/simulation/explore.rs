//! Many worlds, on as many threads as there are cores, and what was reached in all of them.
use super::{Outcome, Planted, replay, run};
use std::{
    collections::BTreeMap,
    fmt::{self, Display, Write},
    ops::Range,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

/// What was seen in a range of seeds.
#[derive(Default)]
pub struct Explored {
    /// How many worlds there were.
    pub worlds: u64,
    /// How often each outcome was reached.
    pub reached: BTreeMap<String, u64>,
    /// What was broken, by the seed.
    pub broken: BTreeMap<u64, String>,
}

/// After so many broken worlds there is enough to look at.
const ENOUGH: usize = 10;
/// So many steps of a broken world are told, the last ones.
const TAIL: usize = 60;

/// Runs these worlds; `after_each` is called after each.
pub fn explore(seeds: Range<u64>, planted: Planted, after_each: impl Fn() + Sync) -> Explored {
    let (next, explored) = (AtomicU64::new(seeds.start), Mutex::new(Explored::default()));
    let lock = || explored.lock().unwrap_or_else(PoisonError::into_inner);
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                let mut own = Explored::default();
                while lock().broken.len() < ENOUGH {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end {
                        break;
                    }
                    let Outcome { broken, reached, .. } = run(seed, planted);
                    own.worlds += 1;
                    own.reach(reached);
                    if let Some(broken) = broken {
                        lock().broken.insert(seed, broken);
                    }
                    after_each();
                }
                let mut all = lock();
                all.worlds += own.worlds;
                all.reach(own.reached);
            });
        }
    });
    explored.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// The first seed at which a planted fault breaks this invariant.
pub fn first_caught(seeds: Range<u64>, planted: Planted, invariant: &str) -> Option<u64> {
    seeds.into_iter().find(|seed| run(*seed, planted).broken.is_some_and(|broken| broken.starts_with(invariant)))
}

/// What was broken in the world of a seed, and the steps that led there.
pub fn tell(seed: u64, planted: Planted) -> String {
    let Outcome { broken, steps, .. } = replay(seed, planted);
    let broken = broken.as_deref().unwrap_or("nothing is broken");
    let mut told = format!("seed {seed}: {broken}\n");
    for step in steps.iter().skip(steps.len().saturating_sub(TAIL)) {
        let _ = writeln!(told, "    {step}");
    }
    told
}

impl Explored {
    fn reach(&mut self, reached: BTreeMap<String, u64>) {
        for (outcome, times) in reached {
            *self.reached.entry(outcome).or_default() += times;
        }
    }
}

impl Display for Explored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (outcome, times) in &self.reached {
            writeln!(f, "{times:>12}  {outcome}")?;
        }
        write!(f, "{} worlds, {} of them broken", self.worlds, self.broken.len())
    }
}
