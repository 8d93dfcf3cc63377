//! What is on its way out, mail and word for clients: sealed into the store with the state change that it tells of, delivered
//! by a worker.
use crate::{ports::*, secrets::ServerSecret, value::*};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::{pin::pin, sync::Arc, time::Duration};
use tokio::{sync::Notify, task::JoinSet, time::timeout};
use zeroize::Zeroizing;

/// The [`Mailer`] and the [`LogoutNotifier`] that flows see: what they send is encrypted, since a letter may hold a code, and
/// kept until it is delivered.
pub struct Outbox {
    store: Arc<dyn OutboxStore>,
    secret: Arc<ServerSecret>,
    rng: Arc<dyn Rng>,
    put: Arc<Notify>,
}

impl Outbox {
    /// An outbox over a store.
    pub fn new(store: Arc<dyn OutboxStore>, secret: Arc<ServerSecret>, rng: Arc<dyn Rng>) -> Self {
        Self { store, secret, rng, put: Arc::default() }
    }

    /// Told of each new letter, so that a worker in the same process need not wait for its next look.
    pub fn notify(&self) -> Arc<Notify> {
        self.put.clone()
    }

    async fn keep(&self, text: Zeroizing<Vec<u8>>, due_at: Timestamp, expires_at: Timestamp) -> Outside<()> {
        let id = MailId::generate(self.rng.as_ref());
        let mut nonce = [0; 12];
        self.rng.fill(&mut nonce);
        let entry = Entry {
            id,
            sealed: self.secret.seal_mail(nonce, id.as_bytes(), text),
            due_at,
            expires_at,
            attempts: 0,
            lease: None,
            dead: None,
        };
        self.store.put(&entry).await?;
        self.put.notify_one();
        Ok(())
    }
}

#[async_trait]
impl Mailer for Outbox {
    async fn send(&self, letter: &Letter) -> Outside<()> {
        self.keep(padded(|text| LetterText::serialize(letter, text)), letter.written_at, letter.expires_at).await
    }
}

#[async_trait]
impl LogoutNotifier for Outbox {
    async fn announce(&self, notice: &LogoutNotice) -> Outside<()> {
        let text = padded(|text| NoticeText { logout: notice.clone() }.serialize(text));
        self.keep(text, notice.ended_at, notice.ended_at + NOTICE_TTL).await
    }
}

/// A client that has not been there for an hour finds out by its tokens.
const NOTICE_TTL: Duration = Duration::from_hours(1);

/// Delivers what the outbox holds. Any number of workers may run over one store, in any number of processes.
pub struct OutboxWorker {
    /// Where they are.
    pub store: Arc<dyn OutboxStore>,
    /// What takes letters out.
    pub transport: Arc<dyn Transport>,
    /// What tells clients of a logout; [`NoClients`], if there are none.
    pub clients: Arc<dyn LogoutTransport>,
    /// What they were sealed with.
    pub secret: Arc<ServerSecret>,
    /// What a worker leaves behind when it dies goes out after this; one that lives says so four times as often. In whole
    /// seconds, at most [`Entry::LONGEST_LEASE`]; 20 seconds is a good choice.
    pub lease: Duration,
    /// Told of each end.
    pub events: Arc<dyn EventSink>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Dice.
    pub rng: Arc<dyn Rng>,
}

/// How many letters a worker has under way at once. The next batch waits for the slowest of them: run several workers.
const BATCH: usize = 8;
/// A delivery that takes longer is tried again later.
const PATIENCE: Duration = Duration::from_mins(4);
/// A client has less time: whoever registers one should not be able to hold up the mail.
const PATIENCE_WITH_CLIENTS: Duration = Duration::from_secs(5);

/// Mails that a worker has taken, and nobody else has while their lease lasts.
#[must_use]
pub struct Batch {
    entries: Vec<Entry>,
    lease: Lease,
}

impl Batch {
    /// Whether it is as large as a batch can be: then there may be more mails, for another worker too.
    pub const fn is_whole(&self) -> bool {
        self.entries.len() >= BATCH
    }
}

impl OutboxWorker {
    /// Takes what is due, up to a batch, and sees each to an end. Answers how many it took: call again at once while it
    /// is not nothing.
    ///
    /// # Errors
    /// As [`take`](Self::take) and [`see_to_all`](Self::see_to_all).
    pub async fn run_once(self: &Arc<Self>) -> Outside<usize> {
        let batch = self.take().await?;
        let taken = batch.entries.len();
        self.see_to_all(batch).await.map(|()| taken)
    }

    /// Takes what is due, up to a batch.
    ///
    /// # Errors
    /// [`Unavailable`] if the store cannot be asked.
    pub async fn take(&self) -> Outside<Batch> {
        let mut holder = [0; 8];
        self.rng.fill(&mut holder);
        let now = self.clock.now();
        let lease = Lease { holder: u64::from_be_bytes(holder), until: now + self.lease };
        Ok(Batch { entries: self.store.lease(lease, now, BATCH).await?, lease })
    }

    /// Sees each of a batch to an end.
    ///
    /// # Errors
    /// [`Unavailable`] if the store cannot be told. A failed delivery is no error here: the letter is tried again after a
    /// pause that grows (5 s, 15 s, 45 s, ... 10 min), and never once it has expired.
    pub async fn see_to_all(self: &Arc<Self>, Batch { entries, lease }: Batch) -> Outside<()> {
        let mut deliveries = JoinSet::new();
        for entry in entries {
            let worker = self.clone();
            deliveries.spawn(async move { worker.see_to(&entry, lease).await });
        }
        // Each is seen to its end, whatever becomes of the others. One that panicked leaves its lease to run out.
        let mut outcome = Ok(());
        while let Some(ended) = deliveries.join_next().await {
            if let Ok(Err(failure)) = ended {
                outcome = Err(failure);
            }
        }
        outcome
    }

    async fn see_to(&self, entry: &Entry, lease: Lease) -> Outside<()> {
        let mut delivery = pin!(self.deliver(entry));
        let (verdict, event) = loop {
            if let Ok(ended) = timeout(self.lease / 4, &mut delivery).await {
                break ended;
            }
            let held = MailVerdict::Held(self.clock.now() + self.lease);
            if let Ok(Settled::Lost) = self.store.settle(entry.id, lease, &held).await {
                return Ok(());
            }
        };
        let mut settled = self.store.settle(entry.id, lease, &verdict).await;
        for _ in 0..2 {
            // A letter that is out and not settled would go out again.
            if settled.is_err() {
                settled = self.store.settle(entry.id, lease, &verdict).await;
            }
        }
        if settled? == Settled::Done
            && let Some(event) = event
        {
            self.events.record(&event);
        }
        Ok(())
    }

    async fn deliver(&self, entry: &Entry) -> (MailVerdict, Option<Event>) {
        let now = self.clock.now();
        let Some(parcel) = self.secret.open_mail(entry.id.as_bytes(), &entry.sealed).and_then(|text| unwrap(&text))
        else {
            let why = "it was sealed under another secret, or by another version".to_owned();
            return (MailVerdict::Dead(why.clone()), Some(Event::MailDead(entry.id, why)));
        };
        let is_nothing = matches!(&parcel, Parcel::Letter(Letter { mail: Mail::Nothing, .. }));
        let delivered = if is_nothing {
            Ok(None)
        } else if now < entry.expires_at {
            self.hand_over(entry.id, &parcel).await
        } else {
            Ok(Some(Delivery::Rejected("it expired before it could be delivered".to_owned())))
        };
        let (verdict, why) = match delivered {
            Ok(None) => return (MailVerdict::Done, None),
            Ok(Some(Delivery::Accepted)) => (MailVerdict::Done, None),
            Ok(Some(Delivery::Rejected(why))) => (MailVerdict::Dead(why.clone()), Some(why)),
            Err(Unavailable::Failed { source, .. }) => {
                (MailVerdict::Later(now + pause(entry.attempts)), Some(source.to_string()))
            }
            Err(busy) => (MailVerdict::Later(now + pause(entry.attempts)), Some(busy.to_string())),
        };
        let event = match (parcel, why, &verdict) {
            (Parcel::Letter(_), None, _) => Event::MailDelivered(entry.id),
            (Parcel::Letter(_), Some(why), MailVerdict::Dead(_)) => Event::MailDead(entry.id, why),
            (Parcel::Letter(_), Some(why), _) => Event::MailDelayed(entry.id, why),
            (Parcel::Logout(notice), None, _) => Event::ClientTold(notice.client, notice.session),
            (Parcel::Logout(notice), Some(why), _) => Event::ClientNotTold(notice.client, notice.session, why),
        };
        (verdict, Some(event))
    }

    async fn hand_over(&self, id: MailId, parcel: &Parcel) -> Outside<Option<Delivery>> {
        let delivered = match parcel {
            Parcel::Letter(letter) => {
                timeout(PATIENCE, self.transport.deliver(id, letter)).await.map(|end| end.map(Some))
            }
            Parcel::Logout(notice) => timeout(PATIENCE_WITH_CLIENTS, self.clients.tell(notice)).await,
        };
        delivered.unwrap_or_else(|_| Err(Unavailable::failed("outbox", "it took too long")))
    }
}

/// How long to wait after so many attempts.
fn pause(attempts: u32) -> Duration {
    let grown = 3_u32.saturating_pow(attempts.saturating_sub(1));
    Duration::from_secs(5).saturating_mul(grown).min(Entry::LONGEST_PAUSE)
}

/// What an entry holds.
enum Parcel {
    Letter(Letter),
    Logout(LogoutNotice),
}

/// All entries are of a few lengths when sealed: JSON, filled up with blanks, which it ignores.
const PADDED_TO: usize = 1024;

type Writer<'a> = serde_json::Serializer<&'a mut Vec<u8>>;

fn padded(write: impl FnOnce(&mut Writer<'_>) -> serde_json::Result<()>) -> Zeroizing<Vec<u8>> {
    let mut text = Zeroizing::new(Vec::with_capacity(2 * PADDED_TO));
    write(&mut serde_json::Serializer::new(&mut *text)).expect("it is plain data");
    let padded = text.len().next_multiple_of(PADDED_TO);
    text.resize(padded, b' ');
    text
}

fn unwrap(text: &[u8]) -> Option<Parcel> {
    if let Ok(NoticeText { logout }) = serde_json::from_slice(text) {
        return Some(Parcel::Logout(logout));
    }
    LetterText::deserialize(&mut serde_json::Deserializer::from_slice(text)).ok().map(Parcel::Letter)
}

/// How word for a client is written down before it is sealed.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct NoticeText {
    logout: LogoutNotice,
}

/// How a letter is written down before it is sealed. Only here is a secret turned into text.
#[derive(Serialize, Deserialize)]
#[serde(remote = "Letter")]
struct LetterText {
    to: Email,
    locale: Locale,
    written_at: Timestamp,
    expires_at: Timestamp,
    #[serde(with = "MailText")]
    mail: Mail,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Mail", rename_all = "snake_case")]
enum MailText {
    ConfirmRegistration {
        login: Login,
        #[serde(with = "mailed")]
        code: OneTimeCode,
        expires_at: Timestamp,
    },
    AlreadyRegistered {
        login: Login,
    },
    Welcome {
        login: Login,
    },
    ResetPassword {
        login: Login,
        id: CodeId,
        #[serde(with = "mailed")]
        code: OneTimeCode,
        expires_at: Timestamp,
    },
    PasswordChanged {
        login: Login,
        #[serde(with = "PasswordChangeText")]
        how: PasswordChange,
    },
    Nothing,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "PasswordChange", rename_all = "snake_case")]
enum PasswordChangeText {
    Changed,
    Reset,
}

mod mailed {
    use crate::value::{OneTimeCode, Secret};
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(code: &OneTimeCode, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(code.expose())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<OneTimeCode, D::Error> {
        let text = String::deserialize(from).map(Secret::new)?;
        OneTimeCode::parse(&text).map_err(D::Error::custom)
    }
}
