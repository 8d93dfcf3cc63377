//! What goes on behind the requests: mails go out, what has expired is forgotten, new signing keys are taken up.
use crate::{compose::House, http::reasons, keys::KeyFolder};
use auth_core::{
    accounts::Accounts,
    keys::KeyRing,
    outbox::OutboxWorker,
    ports::{Clock, OutboxStore, Outside},
    value::{Secret, Timestamp},
};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{Notify, watch},
    task::JoinSet,
    time::sleep,
};

/// Mails that wait to be tried again, and those of other processes, are looked for at least this often.
const MAIL_PAUSE: Duration = Duration::from_secs(5);
/// How many batches are under way at once: a mail server that is slow at one letter holds up few others.
const MAIL_WORKERS: usize = 4;
/// Nothing depends on a sweep but the size of the store.
const SWEEP_PAUSE: Duration = Duration::from_mins(5);
/// For how many seconds an operator can see that a mail was given up: 30 days.
const DEAD_MAILS_KEPT: i64 = 30 * 86_400;
/// A rotated key waits far longer than this before it signs.
const KEY_PAUSE: Duration = Duration::from_secs(10);

/// Whether it is time to stop.
pub type Stop = watch::Receiver<bool>;

/// Starts all of it.
pub fn start(house: &House, mails: OutboxWorker, stop: &Stop) -> JoinSet<()> {
    let mut workers = JoinSet::new();
    let mails = Arc::new(mails);
    for _ in 0..MAIL_WORKERS {
        workers.spawn(deliver(mails.clone(), house.mail_put.clone(), stop.clone()));
    }
    workers.spawn(sweep(house.accounts.clone(), house.outbox.clone(), house.ports.clock.clone(), stop.clone()));
    let (ring, text) = house.ring.clone();
    workers.spawn(reload_keys(ring, text, house.keys.clone(), stop.clone()));
    workers
}

/// Finishes the batch that it is at before it stops.
async fn deliver(worker: Arc<OutboxWorker>, put: Arc<Notify>, mut stop: Stop) {
    while !*stop.borrow() {
        match worker.run_once().await {
            Ok(0) => {}
            Ok(_) => continue,
            Err(failure) => complain("mail", Err(failure)),
        }
        tokio::select! {
            () = put.notified() => {}
            () = sleep(MAIL_PAUSE.min(worker.lease)) => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
    }
}

async fn sweep(accounts: Accounts, outbox: Arc<dyn OutboxStore>, clock: Arc<dyn Clock>, mut stop: Stop) {
    while !pause(SWEEP_PAUSE, &mut stop).await {
        complain("sweep", accounts.sweep().await);
        complain("sweep", outbox.sweep(Timestamp(clock.now().0 - DEAD_MAILS_KEPT)).await);
    }
}

async fn reload_keys(ring: Arc<KeyRing>, mut last: Secret, folder: KeyFolder, mut stop: Stop) {
    while !pause(KEY_PAUSE, &mut stop).await {
        let folder = folder.clone();
        match tokio::task::spawn_blocking(move || folder.signing()).await {
            Ok(Ok((text, _))) if text.expose() == last.expose() => {}
            Ok(Ok((text, keys))) => {
                tracing::info!("the signing keys have changed");
                ring.replace(keys);
                last = text;
            }
            Ok(Err(error)) => {
                tracing::error!(reason = %error, "the signing keys cannot be read: going on with the old");
            }
            Err(_panic) => {}
        }
    }
}

/// Whether it is time to stop.
async fn pause(time: Duration, stop: &mut Stop) -> bool {
    tokio::select! {
        () = sleep(time) => false,
        _ = stop.wait_for(|stop| *stop) => true,
    }
}

fn complain(what: &str, done: Outside<()>) {
    if let Err(failure) = done {
        tracing::error!(what, reason = %reasons(&failure), "this will be tried again");
    }
}
