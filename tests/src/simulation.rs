//! Whole worlds, each out of one seed: several nodes over one store whose calls interleave in any order, mail that loses
//! answers, clocks that jump, crashes between any two calls; people who register, log in from two tabs, reset and log out,
//! and strangers who guess, steal and squat. After each step the invariants I1 to I8 are checked.
//!
//! The scheduler is its own and small. Everything outside `auth-core` is a port, so that a [`Layer`] around each call is
//! every point at which anything can interleave or fail, and one thread that polls one task at a time is the whole machine.
//! turmoil simulates hosts and their network, which these flows do not have; shuttle and loom replace the threads and locks
//! of a program's own code, which here are all behind the ports; proptest-state-machine runs one call after the other.
//!
//! [`Layer`]: auth_core::ports::Layer

mod client;
mod explore;
mod facts;
mod hub;
mod mail;
mod names;
mod people;
mod planted;
mod requests;
mod scheduler;
mod strangers;
mod trace;
mod weather;
mod wire;
mod world;

use self::{
    client::Client, facts::End, people::Person, scheduler::Task, strangers::Stranger, trace::Trace, world::World,
};
pub use self::{
    explore::{Explored, explore, first_caught, tell},
    planted::Planted,
};
use auth_core::{accounts::NewUser, value::*};
use std::{collections::BTreeMap, net::IpAddr, rc::Rc};
use tokio::task::yield_now;

/// What one world came to.
pub struct Outcome {
    /// The invariant that was broken, if one was: which, and how.
    pub broken: Option<String>,
    /// A hash over all that happened: of two runs of one seed it is the same.
    pub hash: u64,
    /// What happened, step by step and without secrets, if it was asked for.
    pub steps: Vec<String>,
    /// How often each outcome was reached.
    pub reached: BTreeMap<String, u64>,
}

/// Runs the world of a seed to its end, or until an invariant is broken.
pub fn run(seed: u64, planted: Planted) -> Outcome {
    simulate(seed, planted, Trace::default())
}

/// The same again, with every step in words.
pub fn replay(seed: u64, planted: Planted) -> Outcome {
    simulate(seed, planted, Trace::in_words())
}

fn simulate(seed: u64, planted: Planted, trace: Trace) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let runtime = runtime.expect("a runtime without input and output");
    let world = World::new(seed, planted, trace);
    let hub = world.hub.clone();
    runtime.block_on(async {
        scheduler::run(&hub, inhabitants(&world).await).await;
        if hub.goes_on() {
            weather::settle(&world).await;
        }
    });
    drop((runtime, world));
    let broken = hub.verdict();
    let trace = std::mem::take(&mut hub.state().trace);
    let (hash, steps, reached) = trace.end();
    Outcome { broken, hash, steps, reached: reached.collect() }
}

/// Everybody and everything that goes on in a world.
async fn inhabitants(world: &Rc<World>) -> Vec<Task> {
    let hub = &world.hub;
    let client = |name, last: u8| Client { world: world.clone(), name, source: IpAddr::from([192, 0, 2, last]) };
    let mut tasks =
        vec![Task::endless(weather::change(world.clone())), Task::endless(weather::sweep(client("cron", 1)))];
    tasks.extend((0..world.nodes()).map(|node| Task::endless(weather::deliver(world.clone(), node))));
    let mut people = Vec::new();
    for number in 0..=hub.below(3) {
        let person = Person::new(number, client(Person::NAMES[number], 10));
        match hub.below(4) {
            0 => {}
            1 => tasks.push(Task::new(welcome_later(person.clone(), client("operator", 2)))),
            _ => welcome(person.clone(), client("operator", 2)).await,
        }
        for _ in 0..=hub.below(2) {
            tasks.push(Task::new(person.clone().tab(4 + hub.below(10))));
        }
        people.push(person);
    }
    for _ in 0..hub.below(3) {
        let stranger = Stranger::new(client("stranger", 66), people.clone());
        for _ in 0..=hub.below(2) {
            tasks.push(Task::new(stranger.clone().go(3 + hub.below(8))));
        }
    }
    if hub.chance(3) {
        tasks.push(Task::new(strangers::operate(client("operator", 2), people, 1 + hub.below(2))));
    }
    tasks
}

/// An operator makes somebody's account, while they may be at it themselves.
async fn welcome_later(person: Rc<Person>, operator: Client) {
    for _ in 0..operator.world.hub.below(1_000) {
        if person.can_confirm() {
            break;
        }
        yield_now().await;
    }
    welcome(person, operator).await;
}

/// An operator makes somebody's account.
async fn welcome(person: Rc<Person>, operator: Client) {
    let hub = &operator.world.hub;
    let (login, email, password) = (person.login(), person.email(), person.new_password());
    let new = NewUser {
        login,
        email: email.clone(),
        password: password.clone(),
        locale: Locale::default(),
        roles: Vec::new(),
    };
    let writing = hub.state().facts.accounts.write_begins(email.key(), password.expose(), true);
    let end = operator.ask("create_user", async |accounts| accounts.create_user(new).await).await;
    hub.state().facts.accounts.write_ends(&writing, &end);
    if let End::Done(_) = end {
        person.was_given(password);
    }
}
