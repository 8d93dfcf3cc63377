//! Mails go out.
use super::{Stop, complain};
use auth_core::outbox::OutboxWorker;
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{Mutex, Notify},
    time::sleep,
};

/// Mails that wait to be tried again, and those of other processes, are looked for at least this often.
const PAUSE: Duration = Duration::from_secs(5);
/// How many batches are under way at once: a mail server that is slow at one letter holds up few others.
pub const WORKERS: usize = 4;

/// What those who take mails out share.
pub struct Post {
    worker: Arc<OutboxWorker>,
    /// Told of each new mail.
    put: Arc<Notify>,
    /// Of those who have nothing to do one looks from time to time, and the others wait until he has found something: a look
    /// costs the store several queries.
    turn: Mutex<()>,
}

impl Post {
    pub fn new(worker: OutboxWorker, put: Arc<Notify>) -> Self {
        Self { worker: Arc::new(worker), put, turn: Mutex::default() }
    }
}

/// Finishes the batch that it is at before it stops.
pub async fn deliver(post: Arc<Post>, mut stop: Stop) {
    while !*stop.borrow() {
        match post.worker.take().await {
            Ok(batch) => {
                let there_may_be_more = batch.is_whole();
                if there_may_be_more {
                    post.put.notify_one();
                }
                complain("mail", post.worker.see_to_all(batch).await);
                if there_may_be_more {
                    continue;
                }
            }
            Err(failure) => complain("mail", Err(failure)),
        }
        let something = async {
            let _turn = post.turn.lock().await;
            tokio::select! {
                () = post.put.notified() => {}
                () = sleep(PAUSE.min(post.worker.lease)) => {}
            }
        };
        tokio::select! {
            () = something => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::always, *};
    use auth_core::{
        outbox::Outbox,
        ports::{Around, Call, Delivery, Layer, Letter, Mail, Mailer, NoClients, Outside, Transport, async_trait},
        testing::World,
        value::{Locale, MailId},
    };
    use futures_util::future::join_all;
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
    use tokio::{
        sync::{Barrier, watch},
        time::timeout,
    };

    const BEFORE_THE_NEXT_LOOK: Duration = Duration::from_secs(4);
    const MINUTE: Duration = Duration::from_mins(1);

    /// Panics at the first call.
    #[derive(Clone, Default)]
    struct Defect(Arc<AtomicBool>);

    impl Layer for Defect {
        async fn around<T: Send>(&self, _: Call, work: impl Future<Output = Outside<T>> + Send) -> Outside<T> {
            assert!(self.0.swap(true, Relaxed), "a defect");
            work.await
        }
    }

    /// Counts how often somebody looks for mail.
    #[derive(Clone, Default)]
    struct Looks(Arc<AtomicUsize>);

    impl Layer for Looks {
        async fn around<T: Send>(&self, call: Call, work: impl Future<Output = Outside<T>> + Send) -> Outside<T> {
            self.0.fetch_add(usize::from(call.method == "lease"), Relaxed);
            work.await
        }
    }

    /// A mail server that answers when so many letters have come.
    struct Relay {
        all: Barrier,
        delivered: watch::Sender<bool>,
    }

    impl Relay {
        fn for_letters(number: usize) -> Arc<Self> {
            Arc::new(Self { all: Barrier::new(number), delivered: watch::Sender::new(false) })
        }
    }

    #[async_trait]
    impl Transport for Relay {
        async fn deliver(&self, _: MailId, _: &Letter) -> Outside<Delivery> {
            self.all.wait().await;
            self.delivered.send_replace(true);
            Ok(Delivery::Accepted)
        }
    }

    fn outbox(world: &World) -> Outbox {
        Outbox::new(world.memory.clone(), world.secret.clone(), world.ports.rng.clone())
    }

    fn post(world: &World, layer: &impl Layer, relay: &Arc<Relay>, put: Arc<Notify>) -> Arc<Post> {
        let worker = OutboxWorker {
            store: Around::new(world.memory.clone(), layer),
            transport: relay.clone(),
            clients: Arc::new(NoClients),
            secret: world.secret.clone(),
            lease: Duration::from_secs(20),
            events: world.ledger.clone(),
            clock: world.clock.clone(),
            rng: world.ports.rng.clone(),
        };
        Arc::new(Post::new(worker, put))
    }

    async fn write(world: &World, outbox: &Outbox) {
        let now = world.ports.clock.now();
        let letter = Letter {
            to: "ann@example.org".parse().unwrap(),
            locale: Locale::default(),
            written_at: now,
            expires_at: now + Duration::from_hours(1),
            mail: Mail::Welcome { login: "ann".parse().unwrap() },
        };
        outbox.send(&letter).await.unwrap();
    }

    async fn all_of_them(post: &Arc<Post>, stop: &Stop) {
        join_all((0..WORKERS).map(|_| deliver(post.clone(), stop.clone()))).await;
    }

    #[tokio::test(start_paused = true)] // R4
    async fn after_a_panic_the_mail_goes_out_all_the_same() {
        let (world, relay) = (World::default(), Relay::for_letters(1));
        let outbox = outbox(&world);
        write(&world, &outbox).await;
        let post = post(&world, &Defect::default(), &relay, outbox.notify());
        // The first delivery, for which the part has begun again, is also its last.
        let stop = relay.delivered.subscribe();
        always("mail", || deliver(post.clone(), stop.clone())).await;
        assert!(*relay.delivered.borrow());
    }

    #[tokio::test(start_paused = true)]
    async fn of_those_who_have_nothing_to_do_one_looks() {
        let (world, looks) = (World::default(), Looks::default());
        let (_go_on, stop) = watch::channel(false);
        let post = post(&world, &looks, &Relay::for_letters(1), outbox(&world).notify());
        assert!(timeout(MINUTE, all_of_them(&post, &stop)).await.is_err());
        let looks = looks.0.load(Relaxed);
        assert!((12..=WORKERS + 12).contains(&looks), "{looks} looks in a minute");
    }

    /// The relay answers nobody before all of them have come: each worker must have taken a batch, and not after a pause.
    #[tokio::test(start_paused = true)]
    async fn if_there_is_enough_all_of_them_are_at_work_at_once() {
        const LETTERS: usize = WORKERS * 8;
        let (world, relay) = (World::default(), Relay::for_letters(LETTERS));
        let (outbox, stop) = (outbox(&world), relay.delivered.subscribe());
        let post = post(&world, &Looks::default(), &relay, outbox.notify());
        let letters = async {
            // They have looked by then, and found nothing.
            sleep(Duration::from_secs(1)).await;
            for _ in 0..LETTERS {
                write(&world, &outbox).await;
            }
        };
        let all = async { tokio::join!(all_of_them(&post, &stop), letters) };
        assert!(timeout(BEFORE_THE_NEXT_LOOK, all).await.is_ok(), "some wait for the next look");
        assert_eq!(world.memory.tables().outbox.len(), 0);
    }
}
