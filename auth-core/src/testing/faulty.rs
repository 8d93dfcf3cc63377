//! Faults on purpose: a layer under which the outside fails at one call, or from one call on.
use crate::ports::*;
use std::{
    future::pending,
    sync::{Arc, Mutex, PoisonError},
};

/// Lets every call through, until it is armed. Clones are one: whatever they are put around is counted together.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// use auth_core::{ports::*, testing::*};
///
/// let (world, faulty) = (World::default(), Faulty::default());
/// let ports = world.ports.around(&faulty);
/// let email = "ann@example.org".parse().unwrap();
/// faulty.arm(Plan { at: 2, mishap: Mishap::Fails, lasting: false });
/// assert!(ports.users.by_email(&email).await.is_ok());
/// assert!(ports.users.by_email(&email).await.is_err());
/// assert!(ports.users.by_email(&email).await.is_ok());
/// assert_eq!(faulty.disarm().len(), 3);
/// # }
/// ```
#[derive(Clone, Default)]
pub struct Faulty(Arc<Mutex<Armed>>);

#[derive(Default)]
struct Armed {
    plan: Option<Plan>,
    calls: Vec<Call>,
}

/// What goes wrong, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// At which call since it was armed; the first is 1.
    pub at: usize,
    /// What goes wrong.
    pub mishap: Mishap,
    /// At every call after that one too: the outside has gone away, and stays away.
    pub lasting: bool,
}

/// What goes wrong at one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mishap {
    /// It fails, and nothing is written.
    Fails,
    /// All is written, and then it fails: only the answer is lost.
    LosesAnswer,
    /// It never ends, and nothing is written.
    Stalls,
    /// All is written, and it never ends.
    StallsAnswer,
}

impl Mishap {
    /// Each of them.
    pub const ALL: [Self; 4] = [Self::Fails, Self::LosesAnswer, Self::Stalls, Self::StallsAnswer];

    /// Whether whoever calls must give up by himself.
    pub const fn never_ends(self) -> bool {
        matches!(self, Self::Stalls | Self::StallsAnswer)
    }
}

impl Faulty {
    /// Counts from now on, and lets it go wrong as planned.
    pub fn arm(&self, plan: Plan) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Armed { plan: Some(plan), calls: Vec::new() };
    }

    /// Lets every call through again. Answers which have been made since it was armed, those that went wrong too.
    pub fn disarm(&self) -> Vec<Call> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner)).calls
    }

    fn mishap(&self, call: Call) -> Option<Mishap> {
        let mut armed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let plan = armed.plan?;
        armed.calls.push(call);
        let number = armed.calls.len();
        (number == plan.at || number > plan.at && plan.lasting).then_some(plan.mishap)
    }
}

impl Layer for Faulty {
    async fn around<T: Send>(&self, call: Call, work: impl Future<Output = Outside<T>> + Send) -> Outside<T> {
        let mishap = self.mishap(call);
        let answer = match mishap {
            Some(Mishap::Fails | Mishap::Stalls) => None,
            None | Some(Mishap::LosesAnswer | Mishap::StallsAnswer) => Some(work.await),
        };
        match (mishap, answer) {
            (None, Some(answer)) => answer,
            (Some(mishap), _) if mishap.never_ends() => pending().await,
            _ => Err(Unavailable::failed(call.port, format!("{call} failed on purpose"))),
        }
    }
}
