//! The wire between a node and its outside: each call waits until the seed chooses it, and may fail, lose its answer, take
//! long, or be the last that the node does.
use super::{hub::Hub, planted::Meddling, trace::first_word};
use auth_core::ports::{Call, Layer, Outside, Unavailable};
use std::{fmt::Debug, future::pending, sync::Arc};
use tokio::task::yield_now;

/// Around every call that one life of a node makes.
#[derive(Clone)]
pub struct Wire {
    /// The world.
    pub hub: Arc<Hub>,
    /// Which node.
    pub node: usize,
    /// Which life of it.
    pub boot: u32,
}

/// What becomes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Passes,
    IsAway,
    Fails,
    LosesItsAnswer,
    CrashesBefore,
    CrashesAfter,
}

impl Layer for Wire {
    async fn around<T: Send + Debug>(&self, call: Call, work: impl Future<Output = Outside<T>> + Send) -> Outside<T> {
        let stalls = self.hub.chance(self.hub.habits.stall_in);
        let rests = if stalls { 1 + self.hub.below(40) } else { 1 };
        for _ in 0..rests {
            yield_now().await;
        }
        let fate = self.fate(call);
        if fate == Fate::CrashesBefore {
            self.hub.crash(self.node);
        }
        if self.hub.boot(self.node) != self.boot {
            return pending().await; // the dead make no calls
        }
        if matches!(fate, Fate::IsAway | Fate::Fails) {
            return Err(self.failed(call, fate));
        }
        let meddling = Meddling::before(&self.hub, self.node, call);
        let answer = work.await;
        meddling.after(&self.hub);
        self.seen(call, &answer);
        match fate {
            Fate::LosesItsAnswer => Err(self.failed(call, fate)),
            Fate::CrashesAfter => {
                self.hub.crash(self.node);
                pending().await
            }
            _ => answer,
        }
    }
}

impl Wire {
    fn fate(&self, call: Call) -> Fate {
        let is_calm = self.hub.state().calm;
        if self.hub.state().is_away(self.node, call.port, u64::MAX) && !self.hub.planted.reads_while_away(call) {
            return Fate::IsAway;
        }
        if is_calm || !self.hub.chance(self.hub.habits.fault_in) {
            return Fate::Passes;
        }
        [Fate::Fails, Fate::LosesItsAnswer, Fate::LosesItsAnswer, Fate::CrashesBefore, Fate::CrashesAfter]
            [self.hub.below(5)]
    }

    fn failed(&self, call: Call, fate: Fate) -> Unavailable {
        let mut state = self.hub.state();
        if call.method == "settle" {
            state.disturbances += 1; // a letter that is out and not settled goes out again
        }
        state.trace.note(format_args!("node {}: {call} {fate:?}", self.node));
        state.trace.count(format_args!("fault: a call {fate:?}"));
        Unavailable::failed("simulation", "it was decided by the seed")
    }

    /// Writes down what a call came to, and looks at what it left in the store.
    fn seen<T: Debug>(&self, call: Call, answer: &Outside<T>) {
        let word = match answer {
            // What the key ring gives is a token; nothing of it is written down.
            Ok(_) if call.port == "keyring" => String::new(),
            // What matters of a hit is whether it is allowed.
            Ok(answer) if call.method == "hit" => {
                let counted = format!("{answer:?}");
                first_word(&format_args!("{}", counted.trim_start_matches("Counted { hit: ")))
            }
            Ok(answer) => first_word(answer),
            Err(failure) => first_word(failure),
        };
        let word = if word.is_empty() { "Done" } else { &word };
        let mut state = self.hub.state();
        state.trace.note(format_args!("node {}: {call} {word}", self.node));
        state.trace.count(format_args!("{call} {word}"));
        let found = self.hub.stores.look(call, &mut state.facts.records);
        state.check(found);
    }
}
