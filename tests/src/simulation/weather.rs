//! What happens to a world by itself: time passes, clocks jump, stores are away, processes die, mail is carried, what is
//! over is swept.
use super::{
    client::{Client, alive},
    hub::STORES,
    world::World,
};
use auth_core::{ports::Clock, value::Timestamp};
use std::{rc::Rc, time::Duration};
use tokio::task::yield_now;

/// Carries the mail of a node, for ever.
pub async fn deliver(world: Rc<World>, node: usize) {
    loop {
        yield_now().await;
        if world.hub.chance(4) {
            let life = world.life(node);
            world.hub.worker_looks(node);
            let _ = alive(&world.hub, node, life.boot, life.worker.run_once()).await;
        }
    }
}

/// Sweeps, for ever.
pub async fn sweep(client: Client) {
    loop {
        yield_now().await;
        if client.world.hub.chance(50) {
            let _ = client.ask("sweep", async |accounts| accounts.sweep().await).await;
        }
    }
}

/// Changes, for ever.
pub async fn change(world: Rc<World>) {
    let hub = &world.hub;
    loop {
        yield_now().await;
        let node = hub.below(world.nodes());
        match hub.below(400) {
            0..=9 => time(&world, 1 + hub.below(9)).await,
            10..=12 => time(&world, 25 + hub.below(60)).await,
            13 => time(&world, 660).await,
            14 if !hub.habits.limited && hub.chance(3) => time(&world, 3600).await,
            15 | 16 if !hub.habits.steady => jump(&world, node),
            17 | 18 if hub.habits.fault_in > 0 => {
                let port = *[None].iter().chain(STORES.map(Some).iter()).nth(hub.below(6)).expect("one of six");
                hub.send_away(node, port, 20 + hub.below(150) as u64);
            }
            19 if hub.habits.fault_in > 0 => hub.crash(node),
            _ => {}
        }
    }
}

async fn time(world: &World, seconds: usize) {
    world.hub.note(format_args!("{seconds} seconds pass"));
    world.hub.count(format_args!("time: it passes"));
    world.hub.pass(Duration::from_secs(seconds as u64)).await;
}

/// The clock of one node is put an hour or a day off, or right again.
fn jump(world: &World, node: usize) {
    let (hub, others) = (&world.hub, world.hub.latest());
    let by = [3600, 24 * 3600, -3600, -24 * 3600, 0][hub.below(5)];
    let clock = &hub.clocks[node];
    clock.set(if by == 0 { others } else { Timestamp(clock.now().0 + by) });
    hub.time_moved();
    hub.note(format_args!("the clock of node {node} is put {by} seconds off"));
    hub.count(format_args!("time: a clock jumps {by} seconds"));
}

/// Nothing goes wrong any more: whatever mail still waits is carried out.
pub async fn settle(world: &World) {
    let hub = &world.hub;
    hub.state().calm = true;
    let latest = hub.latest();
    for clock in &hub.clocks {
        clock.set(latest);
    }
    hub.time_moved();
    for _ in 0..100 {
        hub.worker_looks(0);
        let _ = world.life(0).worker.run_once().await;
        let next = {
            let tables = hub.stores.outbox.memory().tables();
            tables.outbox.values().filter(|entry| entry.dead.is_none()).map(|entry| entry.due_at).min()
        };
        let Some(due_at) = next else { break };
        // A letter that was written by a clock which was ahead waits until it is that late.
        hub.pass(due_at.since(hub.latest()).max(Duration::from_secs(5))).await;
    }
    let found = hub.state().facts.letters.settled();
    hub.state().check(found);
}
