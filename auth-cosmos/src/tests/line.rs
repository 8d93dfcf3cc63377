//! A line between a store and the database, on which something happens to a request that is counted off.
use super::emulator::Emulator;
use crate::{CosmosStore, Parts};
use azure_data_cosmos::fault_injection::{
    FaultInjectionErrorType, FaultInjectionResult, FaultInjectionResultBuilder, FaultInjectionRuleBuilder,
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering::Relaxed},
    },
    time::Duration,
};

/// What happens to a request.
#[derive(Clone, Copy, Debug)]
pub enum Mishap {
    /// It does not get there.
    Unreachable,
    /// It gets there, and so much later it is known that the answer is lost. Only a good answer is.
    Unheard(Duration),
    /// It gets there, so much later.
    Late(Duration),
}

/// Of the requests on it so many pass, and so many meet the mishap, and all others pass.
pub struct Line {
    on: Arc<AtomicBool>,
    passed: Arc<AtomicU32>,
    met: Arc<AtomicU32>,
}

/// Rules are counted up to here.
const LIMIT: u32 = 1_000_000;

impl Line {
    /// A store at the end of a line of its own, where each request takes so long.
    pub async fn store(emulator: &Emulator, parts: Parts, takes: Duration, mishap: Mishap) -> (CosmosStore, Self) {
        let line = Self { on: Arc::default(), passed: Arc::default(), met: Arc::default() };
        let passing = || FaultInjectionResultBuilder::new().with_delay(takes);
        let meeting = match mishap {
            Mishap::Unreachable => passing().with_error(FaultInjectionErrorType::ConnectionError),
            Mishap::Unheard(by) => {
                passing().with_delay(by).with_error(FaultInjectionErrorType::ResponseTimeoutAfterService)
            }
            Mishap::Late(by) => passing().with_delay(by),
        };
        let rule = |name, result: FaultInjectionResult, count: &Arc<AtomicU32>| {
            let rule = FaultInjectionRuleBuilder::new(name, result).with_shared_state(line.on.clone(), count.clone());
            Arc::new(rule.with_hit_limit(LIMIT).build())
        };
        let rules = vec![
            rule("passing", passing().build(), &line.passed),
            rule("meeting", meeting.build(), &line.met),
            rule("passing after that", passing().build(), &Arc::default()),
        ];
        (CosmosStore::over(&emulator.database(rules).await, parts).await.unwrap(), line)
    }

    /// Counts off anew.
    pub fn after(&self, passing: u32, meeting: u32) {
        self.passed.store(LIMIT - passing, Relaxed);
        self.met.store(LIMIT - meeting, Relaxed);
        self.on.store(true, Relaxed);
    }

    /// So many are still to meet it.
    pub fn left(&self) -> u32 {
        LIMIT - self.met.load(Relaxed)
    }
}
