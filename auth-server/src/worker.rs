//! What goes on behind the requests: mails go out, what has expired is forgotten, new signing keys are taken up.
use crate::{compose::House, http::reasons, keys::Keys};
use auth_core::{
    accounts::Accounts,
    keys::{KeyRing, SealedKeys},
    outbox::OutboxWorker,
    ports::{Clock, OutboxStore, Outside},
    value::Timestamp,
};
use futures_util::FutureExt;
use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};
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

/// Long enough for a defect that comes back at once not to fill the log.
const DEFECT_PAUSE: Duration = Duration::from_secs(5);

/// Whether it is time to stop.
pub type Stop = watch::Receiver<bool>;

/// Starts all of it.
pub fn start(house: &House, mails: OutboxWorker, stop: &Stop) -> JoinSet<()> {
    let mut workers = JoinSet::new();
    let mails = Arc::new(mails);
    for _ in 0..MAIL_WORKERS {
        let (mails, put, stop) = (mails.clone(), house.mail_put.clone(), stop.clone());
        workers.spawn(always("mail", move || deliver(mails.clone(), put.clone(), stop.clone())));
    }
    let (accounts, outbox, clock) = (house.accounts.clone(), house.outbox.clone(), house.ports.clock.clone());
    let told = stop.clone();
    workers.spawn(always("sweep", move || sweep(accounts.clone(), outbox.clone(), clock.clone(), told.clone())));
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

async fn reload_keys(ring: Arc<KeyRing>, mut last: SealedKeys, keys: Keys, mut stop: Stop) {
    while !pause(KEY_PAUSE, &mut stop).await {
        match keys.changed(&last).await {
            Ok(None) => {}
            Ok(Some((sealed, set))) => {
                ring.replace(set);
                tracing::info!("the signing keys have changed"); // whoever reads this finds the new ones
                last = sealed;
            }
            Err(error) => {
                tracing::error!(reason = %reasons(&error), "the signing keys cannot be read: going on with the old");
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

#[cfg(test)]
mod tests {
    use super::*;
    use auth_core::{
        outbox::Outbox,
        ports::{Around, Call, Delivery, Layer, Letter, Mail, Mailer, Transport, async_trait},
        testing::World,
        value::{Locale, MailId},
    };
    use std::sync::atomic::{AtomicBool, Ordering};

    /// Panics at the first call.
    #[derive(Clone, Default)]
    struct Defect(Arc<AtomicBool>);

    impl Layer for Defect {
        async fn around<T: Send>(&self, _: Call, work: impl Future<Output = Outside<T>> + Send) -> Outside<T> {
            assert!(self.0.swap(true, Ordering::Relaxed), "a defect");
            work.await
        }
    }

    struct Delivered(watch::Sender<bool>);

    #[async_trait]
    impl Transport for Delivered {
        async fn deliver(&self, _: MailId, _: &Letter) -> Outside<Delivery> {
            self.0.send_replace(true);
            Ok(Delivery::Accepted)
        }
    }

    #[tokio::test(start_paused = true)] // R4
    async fn after_a_panic_the_mail_goes_out_all_the_same() {
        let (world, delivered) = (World::default(), watch::Sender::new(false));
        let outbox = Outbox::new(world.memory.clone(), world.secret.clone(), world.ports.rng.clone());
        let now = world.ports.clock.now();
        let letter = Letter {
            to: "ann@example.org".parse().unwrap(),
            locale: Locale::default(),
            written_at: now,
            expires_at: now + Duration::from_hours(1),
            mail: Mail::Welcome { login: "ann".parse().unwrap() },
        };
        outbox.send(&letter).await.unwrap();
        let worker = Arc::new(OutboxWorker {
            store: Around::new(world.memory.clone(), &Defect::default()),
            transport: Arc::new(Delivered(delivered.clone())),
            secret: world.secret.clone(),
            lease: Duration::from_secs(20),
            events: world.ledger.clone(),
            clock: world.clock.clone(),
            rng: world.ports.rng.clone(),
        });
        // The first delivery, for which the part has begun again, is also its last.
        let stop = delivered.subscribe();
        always("mail", || deliver(worker.clone(), outbox.notify(), stop.clone())).await;
        assert!(*delivered.borrow());
    }
}
