//! Something around every call of a port: a deadline, a count, a fault. Written once here, so that neither a flow nor a
//! store knows of it.
use super::*;
use crate::{code::*, counter::*, document::*, keys::*, session::*, user::*, value::*};
use std::fmt::{self, Debug};

/// What happens around each call.
///
/// ```
/// use auth_core::{ports::*, testing::World};
/// use std::sync::{Arc, atomic::{AtomicUsize, Ordering::Relaxed}};
///
/// #[derive(Clone, Default)]
/// struct Counted(Arc<AtomicUsize>);
///
/// impl Layer for Counted {
///     async fn around<T: Send>(&self, _: Call, work: impl Future<Output = Outside<T>> + Send) -> Outside<T> {
///         self.0.fetch_add(1, Relaxed);
///         work.await
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let (world, calls) = (World::default(), Counted::default());
/// let ports = world.ports.around(&calls);
/// ports.users.by_email(&"ann@example.org".parse()?).await?;
/// assert_eq!(calls.0.load(Relaxed), 1);
/// # Ok(())
/// # }
/// ```
pub trait Layer: Clone + Send + Sync + 'static {
    /// Runs `work`, which is the call; or does not. What it answers can be looked at by its `Debug`, which shows no secret
    /// but what [`Keyring::sign`] gives.
    fn around<T: Send + Debug>(
        &self,
        call: Call,
        work: impl Future<Output = Outside<T>> + Send,
    ) -> impl Future<Output = Outside<T>> + Send;
}

/// Which call it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Call {
    /// The field of [`Ports`] that it is made on; `outbox` for an [`OutboxStore`].
    pub port: &'static str,
    /// The port's method.
    pub method: &'static str,
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.port, self.method)
    }
}

/// A port with a [`Layer`] around each of its calls.
pub struct Around<P: ?Sized, L> {
    port: Arc<P>,
    layer: L,
}

impl<P: ?Sized, L: Layer> Around<P, L> {
    /// Wraps a port.
    pub fn new(port: Arc<P>, layer: &L) -> Arc<Self> {
        Arc::new(Self { port, layer: layer.clone() })
    }
}

impl Ports {
    /// These ports, with a layer around every call that can fail.
    #[must_use]
    pub fn around(&self, layer: &impl Layer) -> Self {
        Self {
            users: Around::new(self.users.clone(), layer),
            codes: Around::new(self.codes.clone(), layer),
            sessions: Around::new(self.sessions.clone(), layer),
            counters: Around::new(self.counters.clone(), layer),
            documents: Around::new(self.documents.clone(), layer),
            mailer: Around::new(self.mailer.clone(), layer),
            logouts: Around::new(self.logouts.clone(), layer),
            hasher: Around::new(self.hasher.clone(), layer),
            keyring: Around::new(self.keyring.clone(), layer),
            ..self.clone()
        }
    }
}

/// Passes each method on, within the layer. The list is the trait's: a method that is missing here does not compile.
macro_rules! around {
    ($port:ident: $trait:ident { $($name:ident($($arg:ident: $type:ty),*) -> $answer:ty;)* }) => {
        #[async_trait]
        impl<P: $trait + ?Sized, L: Layer> $trait for Around<P, L> {
            $(async fn $name(&self, $($arg: $type),*) -> Outside<$answer> {
                let call = Call { port: stringify!($port), method: stringify!($name) };
                self.layer.around(call, self.port.$name($($arg),*)).await
            })*
        }
    };
}

around!(users: UserStore {
    insert(user: &User) -> Insert;
    by_id(id: UserId) -> Option<Stored<User>>;
    by_login(login: &Login) -> Option<Stored<User>>;
    by_email(email: &Email) -> Option<Stored<User>>;
    replace(user: &Stored<User>) -> Replace;
    rename(user: &Stored<User>) -> Rename;
    delete(user: &Stored<User>) -> Replace;
});
around!(codes: CodeStore {
    create(code: &Code) -> ();
    redeem(attempt: &Attempt) -> Redeem;
    renew(renewal: &Renewal) -> Renewed;
    sweep(now: Timestamp) -> ();
});
around!(sessions: SessionStore {
    create(session: &Session) -> ();
    by_id(id: SessionId) -> Option<Session>;
    turn(id: SessionId, turn: &Turn) -> Turned;
    revoke(id: SessionId) -> ();
    revoke_all(user: UserId, but: Option<SessionId>) -> ();
    of_user(user: UserId) -> Vec<Session>;
    sweep(now: Timestamp) -> ();
});
around!(counters: CounterStore {
    hit(standing: Standing, counts: &[Count], now: Timestamp) -> Counted;
    peek(counts: &[Count], now: Timestamp) -> Vec<Hit>;
    confirm(attempt: AttemptId, counts: &[Count], now: Timestamp) -> ();
    forgive(attempt: AttemptId, forget: &[CounterKey], undo: &[CounterKey]) -> ();
    sweep(now: Timestamp) -> ();
});
around!(documents: DocumentStore {
    insert(document: &Document) -> Inserted;
    find(key: &DocumentKey) -> Option<Stored<Document>>;
    replace(document: &Stored<Document>) -> Replace;
    delete(document: &Stored<Document>) -> Replace;
    list(kind: &str, owner: Option<&str>, after: Option<Cursor>, limit: usize) -> DocumentPage;
    forget(owner: &str) -> ();
    sweep(now: Timestamp) -> ();
});
around!(outbox: OutboxStore {
    put(entry: &Entry) -> ();
    lease(lease: Lease, now: Timestamp, limit: usize) -> Vec<Entry>;
    settle(id: MailId, lease: Lease, verdict: &MailVerdict) -> Settled;
    dead(limit: usize) -> Vec<Entry>;
    waiting() -> u64;
    sweep(before: Timestamp) -> ();
});
around!(keys: KeyStore {
    load() -> Option<Stored<SealedKeys>>;
    save(keys: &SealedKeys, over: Option<Revision>) -> Replace;
});
around!(mailer: Mailer { send(letter: &Letter) -> (); });
around!(logouts: LogoutNotifier { announce(notice: &LogoutNotice) -> (); });
around!(hasher: PasswordHasher {
    hash(password: &Password) -> PasswordHash;
    verify(password: &Password, hash: Option<&PasswordHash>) -> Verdict;
});

#[async_trait]
impl<P: Keyring + ?Sized, L: Layer> Keyring for Around<P, L> {
    async fn sign(&self, by: Option<Algorithm>, typ: &str, payload: &[u8]) -> Outside<String> {
        let call = Call { port: "keyring", method: "sign" };
        self.layer.around(call, self.port.sign(by, typ, payload)).await
    }

    fn public_keys(&self) -> Vec<Jwk> {
        self.port.public_keys()
    }
}
