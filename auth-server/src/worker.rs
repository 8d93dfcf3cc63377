//! What goes on behind the requests: mails go out, what has expired is forgotten, new signing keys and certificates are taken
//! up.
mod mail;

use crate::{compose::House, http::reasons, keys::Keys, tls::Tls};
use auth_core::{
    accounts::Accounts,
    keys::{KeyRing, SealedKeys},
    outbox::OutboxWorker,
    ports::{Clock, OutboxStore, Outside},
    value::Timestamp,
};
use futures_util::FutureExt;
use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};
use tokio::{sync::watch, task::JoinSet, time::sleep};

/// Nothing depends on a sweep but the size of the store.
const SWEEP_PAUSE: Duration = Duration::from_mins(5);
/// For how many seconds an operator can see that a mail was given up: 30 days.
const DEAD_MAILS_KEPT: i64 = 30 * 86_400;
/// A rotated key waits far longer than this before it signs.
const KEY_PAUSE: Duration = Duration::from_secs(10);
/// A certificate is renewed weeks before it ends.
const CERTIFICATE_PAUSE: Duration = Duration::from_mins(1);

/// Long enough for a defect that comes back at once not to fill the log.
const DEFECT_PAUSE: Duration = Duration::from_secs(5);

/// Whether it is time to stop.
pub type Stop = watch::Receiver<bool>;

/// Starts all of it.
pub fn start(house: &House, mails: OutboxWorker, tls: Option<Tls>, stop: &Stop) -> JoinSet<()> {
    let mut workers = JoinSet::new();
    let post = Arc::new(mail::Post::new(mails, house.mail_put.clone()));
    for _ in 0..mail::WORKERS {
        let (post, stop) = (post.clone(), stop.clone());
        workers.spawn(always("mail", move || mail::deliver(post.clone(), stop.clone())));
    }
    let (accounts, outbox, clock) = (house.accounts.clone(), house.outbox.clone(), house.ports.clock.clone());
    let told = stop.clone();
    workers.spawn(always("sweep", move || sweep(accounts.clone(), outbox.clone(), clock.clone(), told.clone())));
    if let Some(tls) = tls {
        let told = stop.clone();
        workers.spawn(always("certificate", move || reload_certificate(tls.clone(), told.clone())));
    }
    let ((ring, sealed), keys, stop) = (house.ring.clone(), house.keys.clone(), stop.clone());
    workers.spawn(always("keys", move || reload_keys(ring.clone(), sealed.clone(), keys.clone(), stop.clone())));
    workers
}

/// Runs a part until it ends by itself. After a defect it begins again: a server that answers, and whose mails do not go
/// out, would be worse than none.
async fn always<F: Future<Output = ()>>(what: &'static str, part: impl Fn() -> F) {
    while AssertUnwindSafe(part()).catch_unwind().await.is_err() {
        tracing::error!(what, "this part panicked: it begins again");
        sleep(DEFECT_PAUSE).await;
    }
}

async fn sweep(accounts: Accounts, outbox: Arc<dyn OutboxStore>, clock: Arc<dyn Clock>, mut stop: Stop) {
    while !pause(SWEEP_PAUSE, &mut stop).await {
        complain("sweep", accounts.sweep().await);
        complain("sweep", outbox.sweep(Timestamp(clock.now().0 - DEAD_MAILS_KEPT)).await);
    }
}

async fn reload_keys(ring: Arc<KeyRing>, mut last: SealedKeys, keys: Keys, mut stop: Stop) {
    while !pause(KEY_PAUSE, &mut stop).await {
        match keys.changed(&last).await {
            Ok(None) => {}
            Ok(Some((sealed, set))) => {
                ring.replace(set);
                last = sealed;
                tracing::info!("the signing keys have changed"); // whoever reads this finds the new ones
            }
            Err(error) => {
                tracing::error!(reason = %reasons(&error), "the signing keys cannot be read: going on with the old");
            }
        }
    }
}

async fn reload_certificate(tls: Tls, mut stop: Stop) {
    while !pause(CERTIFICATE_PAUSE, &mut stop).await {
        match tls.reload() {
            Ok(false) => {}
            Ok(true) => tracing::info!("the certificate has changed"),
            Err(error) => {
                tracing::error!(reason = %reasons(&error), "the certificate cannot be read: going on with the old");
            }
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
