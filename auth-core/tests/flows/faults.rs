//! The outside fails at one call of a flow, or from one call on: every flow, every call of it, every way to fail
//! (R5, S-18, K-26).
//!
//! Whoever asked is told the truth, or in time that the outside failed. Nothing is half done. The same request again, with
//! the outside well, does it; or is told truly that it has been done.
mod mail;
mod passwords;
mod people;
mod sessions;

use auth_core::{accounts::*, policy::Policy, ports::*, testing::*};
use std::{fmt::Debug, time::Duration};
use tokio::time::Instant;

/// How long the outside may take in all.
const PATIENCE: Duration = Duration::from_secs(2);
/// A timer goes off within this.
const TICK: Duration = Duration::from_millis(1);

/// What is asked with a password, a code or a token: ten may be wrong, and a failure is not one of them.
const SHOWN: Asked = Asked { failures: 11, wait: Duration::ZERO };
/// What sends a mail: an address gets one a minute, and a failure is not it.
const MAILED: Asked = Asked { failures: 4, wait: Duration::from_mins(1) };

#[derive(Clone, Copy)]
struct Asked {
    /// So often in a row the same call fails before all is well.
    failures: usize,
    /// How long the person waits before the last time, if the counters' own store was away: what it cannot take back
    /// stays counted.
    wait: Duration,
}

/// A world, and the outside as a flow sees it.
struct Scene {
    world: World,
    faulty: Faulty,
    ports: Ports,
}

impl Scene {
    fn new(mishap: Mishap) -> Self {
        let (world, faulty) = (World::default(), Faulty::default());
        let mut ports = world.ports.around(&faulty);
        if mishap.never_ends() {
            ports.hasher = world.ports.hasher.clone(); // it is no store that could be stuck
        }
        Self { world, faulty, ports }
    }

    fn accounts(&self) -> Accounts {
        self.accounts_over(self.ports.clone())
    }

    fn accounts_over(&self, ports: Ports) -> Accounts {
        Accounts::new(ports, self.world.secret.clone(), Policy::default()).within(PATIENCE)
    }
}

/// Runs a flow with each fault at each of its calls. `look` sees that nothing is half done; and that all is, once whoever
/// asked was told so.
async fn at_every_call<S, E: End>(
    asked: Asked,
    set_up: impl AsyncFn(&World) -> S,
    act: impl AsyncFn(&Scene, &S) -> Result<(), E>,
    look: impl AsyncFn(&World, &S, bool),
) {
    for mishap in Mishap::ALL {
        for lasting in [false, true] {
            let mut at = 1;
            while run(asked, Plan { at, mishap, lasting }, &set_up, &act, &look).await >= at {
                at += 1;
            }
            assert!(at > 1, "a flow that asks nothing of the outside");
        }
    }
}

/// Runs it with this fault. Answers how many calls it made.
async fn run<S, E: End>(
    asked: Asked,
    plan: Plan,
    set_up: impl AsyncFn(&World) -> S,
    act: impl AsyncFn(&Scene, &S) -> Result<(), E>,
    look: impl AsyncFn(&World, &S, bool),
) -> usize {
    let scene = Scene::new(plan.mishap);
    let state = set_up(&scene.world).await;
    let (mut made, cut_off) = (0, plan.lasting || plan.mishap.never_ends());
    for _ in 0..asked.failures {
        scene.faulty.arm(plan);
        let began = now();
        let ended = act(&scene, &state).await;
        assert!(now() - began <= PATIENCE + TICK, "{plan:?}: an answer after {:?}", now() - began);
        let calls = scene.faulty.disarm();
        made = calls.len();
        look(&scene.world, &state, ended.is_ok()).await;
        let Err(end) = ended else { return made };
        assert!(end.is_away(), "{plan:?}: {end:?} after {calls:?}");
        if cut_off || calls[plan.at - 1].port == "counters" {
            scene.world.clock.advance(asked.wait);
            break;
        }
    }
    if let Err(end) = act(&scene, &state).await {
        assert!(cut_off && end.is_done(), "{plan:?}, and then it was told {end:?}");
    }
    look(&scene.world, &state, true).await;
    made
}

#[expect(clippy::disallowed_methods, reason = "the runtime's clock, which stands still but for timers")]
fn now() -> Instant {
    Instant::now()
}

/// The end of a flow that did not say yes.
trait End: Debug {
    /// The outside failed.
    fn is_away(&self) -> bool;
    /// What whoever has done it already is told, and cannot be told better: nothing tells him from a second person who
    /// shows the same.
    fn is_done(&self) -> bool;
}

macro_rules! ends {
    ($($end:ident $(: $done:ident)?,)*) => {$(
        impl End for $end {
            fn is_away(&self) -> bool {
                matches!(self, Self::Unavailable(_))
            }

            fn is_done(&self) -> bool {
                false $(|| matches!(self, Self::$done))?
            }
        }
    )*};
}

ends!(
    RegisterError,
    ResendError,
    ConfirmError: Refused,
    LoginError,
    RefreshError,
    AuthenticateError,
    EndSessionError,
    ForgotError,
    ResetError: Refused,
    ChangePasswordError: Refused,
    CreateUserError: LoginTaken,
    RenameUserError,
);

impl End for Unavailable {
    fn is_away(&self) -> bool {
        true
    }

    fn is_done(&self) -> bool {
        false
    }
}
