//! The mail as it was received: a mail server on loopback, which can be told to misbehave.
use crate::patience;
use auth_mail::testing::{ReadMail, Reply, SmtpSink};
use std::{
    collections::BTreeSet,
    io::ErrorKind,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::Notify;

/// A mail server on loopback. Clones are the same one.
#[derive(Clone)]
pub struct Postbox {
    sink: Arc<SmtpSink>,
    taken: Arc<Mutex<Vec<ReadMail>>>,
    manners: Arc<Manners>,
}

/// How it behaves just now.
#[derive(Default)]
struct Manners {
    /// What everybody is told, whatever they say.
    away: Mutex<Option<Reply>>,
    refused: Mutex<BTreeSet<String>>,
    turned_away: Notify,
}

impl Manners {
    fn reply(&self, step: &str) -> Reply {
        if let Some(reply) = &*lock(&self.away) {
            self.turned_away.notify_one();
            return reply.clone();
        }
        let refused = lock(&self.refused);
        let to_refused = step.starts_with("RCPT") && refused.iter().any(|address| step.contains(address));
        if to_refused { Reply::Say("550 5.1.1 User unknown".to_owned()) } else { Reply::Usual }
    }
}

impl Postbox {
    /// Opens one, at a port of its own.
    pub async fn open() -> Self {
        let manners = Arc::<Manners>::default();
        let script = manners.clone();
        let sink = SmtpSink::plain().script(move |step| script.reply(step)).start().await.expect("a free port");
        Self { sink: Arc::new(sink), taken: Arc::default(), manners }
    }

    /// What a server is told to send its mail to.
    pub fn url(&self) -> String {
        self.sink.url().to_owned()
    }

    /// Hangs up on everybody from now on.
    pub fn close(&self) {
        *lock(&self.manners.away) = Some(Reply::HangUp);
    }

    /// Lets everybody connect from now on, and never says a word.
    pub fn fall_silent(&self) {
        *lock(&self.manners.away) = Some(Reply::Silence);
    }

    /// Takes mail again, from whoever connects.
    pub fn open_again(&self) {
        *lock(&self.manners.away) = None;
    }

    /// Waits until somebody has come while it was away.
    pub async fn turned_somebody_away(&self) {
        patience("somebody to be turned away", self.manners.turned_away.notified()).await;
    }

    /// Refuses mail to this address for ever, as to somebody unknown.
    pub fn refuse(&self, address: &str) {
        lock(&self.manners.refused).insert(address.to_owned());
    }

    /// How often somebody tried to send to this address.
    pub fn attempts_for(&self, address: &str) -> usize {
        let rcpt = format!("<{address}>");
        self.sink.commands().iter().filter(|(_, line)| line.starts_with("RCPT") && line.contains(&rcpt)).count()
    }

    /// The oldest mail to this address that was not looked at yet; waits for it.
    pub async fn next_for(&self, address: &str) -> ReadMail {
        let wait = async {
            loop {
                match self.sink.take(address).await {
                    Ok(mail) => return mail,
                    Err(late) if late.kind() == ErrorKind::TimedOut => {}
                    Err(error) => panic!("what came for {address} is no mail: {error}"),
                }
            }
        };
        let mail = patience(&format!("a mail to {address}"), wait).await;
        lock(&self.taken).push(mail.clone());
        mail
    }

    /// The digits in the next mail to this address that has any.
    pub async fn code_for(&self, address: &str) -> String {
        loop {
            if let Some(code) = self.next_for(address).await.code() {
                return code.to_owned();
            }
        }
    }

    /// Waits until so many mails, each with a `Message-ID` of its own, have come to this address.
    pub async fn holds(&self, count: usize, address: &str) {
        let to_it = |mail: &&ReadMail| mail.to.iter().any(|to| to == address);
        let distinct = || lock(&self.taken).iter().filter(to_it).map(message_id).collect::<BTreeSet<_>>().len();
        while distinct() < count {
            self.next_for(address).await;
        }
    }

    /// The `Message-ID`s of all mails so far, looked at or not, in the order of their spelling.
    pub fn message_ids(&self) -> Vec<String> {
        let waiting = self.sink.received();
        let waiting = waiting.iter().filter_map(|mail| ReadMail::parse(&mail.data));
        let taken = lock(&self.taken).clone();
        let mut ids: Vec<String> = waiting.chain(taken).map(|mail| message_id(&mail)).collect();
        ids.sort_unstable();
        ids
    }

    /// Whether a mail to this address has come that was not looked at.
    pub fn waits_for(&self, address: &str) -> bool {
        self.sink.received().iter().any(|mail| mail.to.iter().any(|to| to == address))
    }
}

/// Six digits that are not these.
pub fn other_than(code: &str) -> String {
    let number: u32 = code.parse().expect("six digits");
    format!("{:06}", (number + 1) % 1_000_000)
}

fn message_id(mail: &ReadMail) -> String {
    mail.header("Message-ID").expect("every mail has one").to_owned()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
