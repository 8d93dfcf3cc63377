//! The outbox beneath a flow, and its worker.
use super::*;
use crate::person::*;
use auth_core::outbox::{Outbox, OutboxWorker};
use std::{cell::Cell, sync::Arc};
use tokio::time::timeout;

const LEASE: Duration = Duration::from_secs(20);

fn outbox(world: &World, store: Arc<dyn OutboxStore>) -> Arc<Outbox> {
    Arc::new(Outbox::new(store, world.secret.clone(), world.ports.rng.clone()))
}

fn worker(world: &World, store: Arc<dyn OutboxStore>) -> Arc<OutboxWorker> {
    let Ports { events, clock, rng, .. } = world.ports.clone();
    let (transport, clients, secret) = (world.post.clone(), Arc::new(NoClients), world.secret.clone());
    Arc::new(OutboxWorker { store, transport, clients, secret, lease: LEASE, events, clock, rng })
}

#[tokio::test(start_paused = true)] // R5, S-18, R4, K-31
async fn what_was_promised_is_in_the_outbox() {
    at_every_call(
        MAILED,
        async |world| {
            ann(world, &world.accounts()).await;
            world.clock.advance(Duration::from_hours(24));
            Cell::new(None)
        },
        async |scene, issued| {
            let mailer = outbox(&scene.world, Around::new(scene.world.memory.clone(), &scene.faulty));
            let accounts = scene.accounts_over(Ports { mailer, ..scene.world.ports.clone() });
            let email = "ann@example.org".parse().unwrap();
            issued.set(Some(accounts.forgot(&World::caller(), email).await?));
            Ok::<_, ForgotError>(())
        },
        async |world, issued, done| {
            if done {
                while worker(world, world.memory.clone()).run_once().await.unwrap() > 0 {}
                let asked = issued.get().unwrap().id;
                // Workers deliver in any order, and what was tried before may have been promised too.
                let code = world.post.take().into_iter().find_map(|letter| match letter.mail {
                    Mail::ResetPassword { id, code, .. } if id == asked => Some(code),
                    _ => None,
                });
                let (accounts, code) = (world.accounts(), code.expect("the mail that was promised"));
                accounts.reset(&World::caller(), asked, code, password(OTHER)).await.unwrap();
            }
        },
    )
    .await;
}

#[tokio::test(start_paused = true)] // R5, S-18, R4
async fn a_worker_loses_no_letter() {
    at_every_call(
        SHOWN,
        async |world| {
            let ports = Ports { mailer: outbox(world, world.memory.clone()), ..world.ports.clone() };
            let accounts = Accounts::new(ports, world.secret.clone(), World::policy());
            accounts.register(&World::caller(), ask("ann", "ann@example.org")).await.unwrap();
            Cell::new(0)
        },
        async |scene, _| {
            scene.world.clock.advance(LEASE); // what another has left is there to be taken
            let store = Around::new(scene.world.memory.clone(), &scene.faulty);
            // The process may be stopped at any time.
            let worked = timeout(PATIENCE, worker(&scene.world, store).run_once()).await;
            worked.unwrap_or_else(|_| Err(Unavailable::failed("test", "stopped"))).map(drop)
        },
        async |world, delivered, done| {
            delivered.set(delivered.get() + world.post.take().len());
            let waiting = world.memory.waiting().await.unwrap();
            assert!(delivered.get() > 0 || waiting == 1);
            assert!(!done || delivered.get() > 0 && waiting == 0);
        },
    )
    .await;
}
