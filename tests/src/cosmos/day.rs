//! A bad day of the database: one request in ten fails, in each of the ways in turn that the SDK can play. Half of them were
//! not done; the other half were, and the answer is lost.
use axum::{
    body::{Body, Bytes},
    http::Response,
};
use futures_util::stream;
use std::{
    fmt,
    hash::{DefaultHasher, Hash, Hasher},
    io,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
    thread,
};

/// How a request fails.
#[derive(Clone, Copy, Debug)]
enum Way {
    /// With this status and sub-status.
    Says(u16, u16),
    /// The connection breaks, and nothing was said on it.
    Breaks,
    /// The answer comes when whoever asked has given up.
    TooLate,
}

const WAYS: [Way; 11] = [
    Way::Says(429, 3200), // too many requests
    Way::Says(449, 0),    // ask again
    Way::Says(410, 1002), // the partition has moved
    Way::Says(503, 0),
    Way::Says(408, 0),
    Way::Says(500, 0),
    Way::Says(404, 1002), // this replica has not heard of it yet
    Way::Says(403, 3),    // writes go elsewhere
    Way::Says(403, 1008), // the account is elsewhere
    Way::Breaks,
    Way::TooLate,
];
/// Each way, before and after the request was done.
const FAULTS: usize = 2 * WAYS.len();
/// Of so many requests one fails.
const OF: usize = 10;
/// Among so many requests each fault came up four times: one of them at least was not met by a caller who was gone.
const ENOUGH: usize = 4 * FAULTS * OF;

/// Counts what was asked, and what has failed how often.
pub struct BadDay {
    /// Which fault is first: another one in each test, and the same each time.
    first: usize,
    asked: AtomicUsize,
    met: [AtomicUsize; FAULTS],
}

/// What goes wrong with one request.
#[derive(Clone, Copy)]
pub struct Fault(usize);

impl Default for BadDay {
    fn default() -> Self {
        let mut hash = DefaultHasher::new();
        thread::current().name().hash(&mut hash);
        Self {
            first: usize::try_from(hash.finish() % FAULTS as u64).expect("a small number"),
            asked: AtomicUsize::new(0),
            met: Default::default(),
        }
    }
}

impl BadDay {
    /// What goes wrong with the next request, if anything does.
    pub fn next(&self) -> Option<Fault> {
        let number = self.asked.fetch_add(1, Relaxed);
        (number % OF == OF - 1).then_some(Fault((self.first + number / OF) % FAULTS))
    }

    /// What the caller sees of it.
    pub async fn play(&self, fault: Fault) -> Response<Body> {
        self.met[fault.0].fetch_add(1, Relaxed);
        match fault.way() {
            Way::Says(status, sub) => {
                let answer = Response::builder().status(status).header("x-ms-substatus", sub);
                answer.body(Body::empty()).expect("an answer")
            }
            Way::Breaks => {
                let broken = stream::iter([Err::<Bytes, _>(io::Error::other("a bad day"))]);
                Response::new(Body::from_stream(broken))
            }
            Way::TooLate => std::future::pending().await,
        }
    }

    /// Whether it went on for long enough to have been as bad as it can be.
    pub fn was_long(&self) -> bool {
        self.asked.load(Relaxed) >= ENOUGH
    }

    /// What has not gone wrong so far.
    pub fn missed(&self) -> Vec<Fault> {
        (0..FAULTS).map(Fault).filter(|fault| self.met[fault.0].load(Relaxed) == 0).collect()
    }
}

impl Fault {
    /// Whether the request is done, and only the answer is lost.
    pub const fn is_done(self) -> bool {
        self.0 % 2 == 1
    }

    const fn way(self) -> Way {
        WAYS[self.0 / 2]
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {} it was done", self.way(), if self.is_done() { "after" } else { "before" })
    }
}
