//! Somebody at the door: asks a node, is told something or nothing, and what it was is held against the facts.
use super::{facts::End, hub::Hub, trace::first_word, world::World};
use auth_core::accounts::Accounts;
use std::{
    fmt::Debug,
    future::poll_fn,
    net::IpAddr,
    pin::pin,
    rc::Rc,
    task::Poll::{Pending, Ready},
};

/// Somebody who asks.
#[derive(Clone)]
pub struct Client {
    /// The world.
    pub world: Rc<World>,
    /// For the trace.
    pub name: &'static str,
    /// Where the requests come from.
    pub source: IpAddr,
}

impl Client {
    /// Asks any node, and waits for the answer for as long as the node lives.
    ///
    /// I7: a flow that needs a store which is away from its first step to its last says neither yes nor, of a guess, no.
    pub async fn ask<T, E: Debug>(
        &self,
        flow: &'static str,
        run: impl AsyncFnOnce(&Accounts) -> Result<T, E>,
    ) -> End<T> {
        let hub = &self.world.hub;
        let node = hub.below(self.world.nodes());
        let life = self.world.life(node);
        let since = hub.state().step();
        hub.note(format_args!("{} asks node {node}: {flow}", self.name));
        let answer = alive(hub, node, life.boot, Box::pin(run(&life.accounts))).await;
        let (end, word) = match answer {
            None => (End::Unknown, "NoAnswer".to_owned()),
            Some(Ok(given)) => (End::Done(given), "Done".to_owned()),
            Some(Err(error)) => match first_word(&error) {
                word if matches!(word.as_str(), "Unavailable" | "Failed" | "Overloaded") => {
                    (End::Unknown, "Unavailable".to_owned())
                }
                word => (End::No(word.clone()), word),
            },
        };
        let mut state = hub.state();
        state.trace.note(format_args!("{} is told by node {node}: {flow} {word}", self.name));
        state.trace.count(format_args!("{flow}: {word}"));
        let guessed = matches!(flow, "login" | "confirm" | "reset") && word == "Refused";
        let needed = if guessed { &["counters"][..] } else { needs(flow) };
        if (word == "Done" || guessed)
            && let Some(port) = needed.iter().find(|port| state.is_away(node, port, since))
        {
            state.break_invariant(format!("I7: {flow} is answered while {port} is away"));
        }
        drop(state);
        end
    }
}

/// What a flow cannot say yes without.
fn needs(flow: &str) -> &'static [&'static str] {
    match flow {
        "register" | "change" => &["counters", "users"],
        "confirm" | "reset" => &["counters", "codes", "users"],
        "login" => &["counters", "users", "sessions"],
        "refresh" | "authenticate" => &["users", "sessions"],
        "forgot" | "resend" => &["counters"],
        "logout" | "end_session" => &["sessions"],
        "logout_all" | "disable" | "enable" => &["users"],
        _ => &[],
    }
}

/// Runs what a node does for as long as the node lives; `None` if it crashes first.
pub async fn alive<T>(hub: &Hub, node: usize, boot: u32, work: impl Future<Output = T>) -> Option<T> {
    let mut work = pin!(work);
    let lives = || hub.boot(node) == boot;
    poll_fn(|context| {
        if !lives() {
            return Ready(None);
        }
        match work.as_mut().poll(context) {
            Ready(done) => Ready(Some(done)),
            Pending if lives() => Pending,
            Pending => Ready(None),
        }
    })
    .await
}
