//! What everything in one world shares: the dice, the trace, the state of the nodes, and the facts that the invariants are
//! checked against.
use super::{
    facts::Facts,
    planted::{Planted, Stores},
    trace::Trace,
};
use crate::Dice;
use auth_core::{
    ports::{Clock, Event, EventSink},
    testing::FixedClock,
    value::Timestamp,
};
use std::{
    fmt::Arguments,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// A world that goes on for longer goes nowhere.
const LONGEST: u64 = 50_000;

/// Shared by all that goes on in one world.
pub struct Hub {
    /// The stores behind every node.
    pub stores: Stores,
    /// One clock for each node.
    pub clocks: Vec<Arc<FixedClock>>,
    /// What is wrong on purpose.
    pub planted: Planted,
    /// How this world is.
    pub habits: Habits,
    state: Mutex<State>,
}

/// What differs from world to world, so that each explores some corner more than others do.
#[derive(Clone, Copy, Debug)]
pub struct Habits {
    /// One call in so many goes wrong; none if it is zero.
    pub fault_in: usize,
    /// One call in so many takes long, while others go on; none if it is zero.
    pub stall_in: usize,
    /// The clocks agree, and only go forward.
    pub steady: bool,
    /// The default limits; otherwise none that anybody meets.
    pub limited: bool,
    /// A few wrong guesses over all accounts count as an attack.
    pub alarmed: bool,
}

/// What changes.
pub struct State {
    dice: Dice,
    steps: u64,
    /// What happened.
    pub trace: Trace,
    /// What was answered.
    pub facts: Facts,
    /// The nodes.
    pub nodes: Vec<NodeState>,
    /// Nothing goes wrong any more.
    pub calm: bool,
    /// Crashes, failed settlings, moves of time: after any of them a mail may go out again.
    pub disturbances: u64,
    broken: Option<String>,
}

/// A node, as far as it can fail.
#[derive(Clone, Copy, Default)]
pub struct NodeState {
    /// How often it has crashed.
    pub boot: u32,
    /// What it cannot reach, since and until which step.
    pub away: Option<Away>,
    /// How many disturbances there had been when its worker last looked for mail.
    pub undisturbed: u64,
}

/// Something that cannot be reached for a while.
#[derive(Clone, Copy)]
pub struct Away {
    /// The port; `None` is all stores.
    pub port: Option<&'static str>,
    since: u64,
    until: u64,
}

/// The ports that a store is behind.
pub const STORES: [&str; 5] = ["users", "codes", "sessions", "counters", "outbox"];

impl Hub {
    /// A world that begins.
    pub fn new(dice: Dice, habits: Habits, nodes: usize, planted: Planted, trace: Trace) -> Self {
        let state = State {
            dice,
            steps: 0,
            trace,
            facts: Facts::new(habits),
            nodes: vec![NodeState::default(); nodes],
            calm: false,
            disturbances: 0,
            broken: None,
        };
        let clocks = (0..nodes).map(|_| Arc::default()).collect();
        Self { stores: Stores::new(planted), clocks, planted, habits, state: Mutex::new(state) }
    }

    /// The state; not to be held over a wait.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A number below `end`, of which zero is none.
    pub fn below(&self, end: usize) -> usize {
        self.state().dice.below(end)
    }

    /// Whether the one chance in so many comes true; zero is never.
    pub fn chance(&self, one_in: usize) -> bool {
        one_in > 0 && self.below(one_in) == 0
    }

    /// The next of so many to take a step.
    pub fn choose(&self, end: usize) -> usize {
        let mut state = self.state();
        state.steps += 1;
        state.dice.below(end)
    }

    /// Whether there is more to see.
    pub fn goes_on(&self) -> bool {
        let steps = self.state().steps;
        if steps > LONGEST {
            self.broken("it comes to no end");
        }
        self.state().broken.is_none()
    }

    /// Something that must not be.
    pub fn broken(&self, invariant: impl Into<String>) {
        self.state().break_invariant(invariant);
    }

    /// Something that must not be, if there is something.
    pub fn broken_if(&self, invariant: Option<&'static str>) {
        if let Some(invariant) = invariant {
            self.broken(invariant);
        }
    }

    /// What must not be and was, if anything.
    pub fn verdict(&self) -> Option<String> {
        self.state().broken.clone()
    }

    /// One more step, and one more of this outcome.
    pub fn note(&self, step: Arguments<'_>) {
        self.state().trace.note(step);
    }

    /// One more of this outcome.
    pub fn count(&self, outcome: Arguments<'_>) {
        self.state().trace.count(outcome);
    }

    /// The latest that any node takes it for.
    pub fn latest(&self) -> Timestamp {
        self.clocks.iter().map(|clock| clock.now()).max().unwrap_or_default()
    }

    /// Time passes, on all nodes and for whatever waits for it.
    pub async fn pass(&self, time: Duration) {
        for clock in &self.clocks {
            clock.advance(time);
        }
        self.time_moved();
        tokio::time::advance(time).await;
    }

    /// A mail may go out again, and expire.
    pub fn time_moved(&self) {
        let latest = self.latest();
        let mut state = self.state();
        state.disturbances += 1;
        state.facts.letters.time_is(latest);
    }

    /// The process of a node is gone, and with it all that was under way on it.
    pub fn crash(&self, node: usize) {
        let mut state = self.state();
        state.nodes[node].boot += 1;
        state.disturbances += 1;
        state.trace.note(format_args!("node {node} crashes"));
        state.trace.count(format_args!("fault: crash"));
        drop(state);
        self.stores.crashed(self.planted);
    }

    /// The worker of a node looks for mail.
    pub fn worker_looks(&self, node: usize) {
        let mut state = self.state();
        state.nodes[node].undisturbed = state.disturbances;
    }

    /// How often a node has crashed.
    pub fn boot(&self, node: usize) -> u32 {
        self.state().nodes[node].boot
    }

    /// A node cannot reach its stores, or one of them, for so many steps.
    pub fn send_away(&self, node: usize, port: Option<&'static str>, steps: u64) {
        let mut state = self.state();
        let now = state.steps;
        state.nodes[node].away = Some(Away { port, since: now, until: now + steps });
        let port = port.unwrap_or("every store");
        state.trace.note(format_args!("node {node} loses {port} for {steps} steps"));
        state.trace.count(format_args!("fault: {port} away"));
    }
}

impl State {
    /// Something that must not be. The first counts.
    pub fn break_invariant(&mut self, invariant: impl Into<String>) {
        let invariant = invariant.into();
        self.trace.note(format_args!("BROKEN: {invariant}"));
        self.broken.get_or_insert(invariant);
    }

    /// Keeps what a check found.
    pub fn check(&mut self, found: Result<(), String>) {
        if let Err(invariant) = found {
            self.break_invariant(invariant);
        }
    }

    /// How many disturbances there had been when any worker last looked for mail: one that has looked with an older clock
    /// takes what others have leased.
    pub fn undisturbed(&self) -> u64 {
        self.nodes.iter().map(|node| node.undisturbed).min().unwrap_or_default()
    }

    /// The step that this is.
    pub fn step(&self) -> u64 {
        self.steps
    }

    /// Whether a node cannot reach a port now, and could not since that step.
    pub fn is_away(&self, node: usize, port: &str, since: u64) -> bool {
        !self.calm
            && self.nodes[node].away.is_some_and(|away| {
                STORES.contains(&port)
                    && away.port.is_none_or(|only| only == port)
                    && (away.since..away.until).contains(&self.steps)
                    && away.since <= since
            })
    }
}

impl EventSink for Hub {
    fn record(&self, event: &Event) {
        let mut state = self.state();
        let name = super::trace::first_word(event);
        state.trace.count(format_args!("event: {name}"));
        if let Event::SessionReplayed(id) = event {
            state.trace.note(format_args!("a replay is seen"));
            state.facts.sessions.replayed(*id);
        }
    }
}
