//! kill -9 in the middle of writes: nothing that was acknowledged is lost, nothing is done twice.
use crate::records::*;
use auth_core::{code::*, counter::*, ports::*, session::*, testing::SeededRng};
use auth_sqlite::SqliteStore;
use std::{
    collections::HashMap,
    fmt::Display,
    io::{BufRead, BufReader, Write},
    process::{Command, Stdio},
    sync::Arc,
    time::Duration,
};

const ROUNDS: u64 = 50;
/// How many tasks do the same kind of thing side by side.
const LANES: u64 = 2;
const FREE: Rule = Rule { limit: u32::MAX, window: Duration::from_hours(24 * 365 * 100) };

#[tokio::test]
async fn kill_9_loses_nothing_that_was_acknowledged_and_does_nothing_twice() {
    let (place, rng) = (Place::new(), SeededRng::default());
    for round in 0..ROUNDS {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "crash::child", "--ignored", "--nocapture"])
            .env("CRASH_PATH", &place.path)
            .env("CRASH_ROUND", round.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut dice = [0];
        rng.fill(&mut dice);
        let enough = 1 + usize::from(dice[0]);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut told: Vec<_> = lines.by_ref().map(Result::unwrap).filter(|line| is_told(line)).take(enough).collect();
        assert_eq!(told.len(), enough, "the process ended by itself");
        child.kill().unwrap();
        // What it told before it died counts, though nobody had read it yet. The last line may be cut off.
        let mut rest: Vec<_> =
            lines.map_while(Result::ok).filter(|line| is_told(line)).filter(|line| line.ends_with('.')).collect();
        told.append(&mut rest);
        child.wait().unwrap();
        check(&place.open(), &Told::read(&told), round).await;
    }
    let health: String = place.outsider().query_one("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(health, "ok");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "writes until it is killed: the test above runs it"]
async fn child() {
    let path = std::env::var_os("CRASH_PATH").expect("a path");
    let store = Arc::new(open(path));
    let round: u64 = std::env::var("CRASH_ROUND").expect("a round").parse().unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for lane in 0..LANES {
        let first = (round * LANES + lane) * 100_000;
        tasks.spawn(users(store.clone(), first));
        tasks.spawn(sessions(store.clone(), first));
        tasks.spawn(codes(store.clone(), first));
        tasks.spawn(counters(store.clone(), first));
        tasks.spawn(outbox(store.clone(), first));
    }
    tasks.join_next().await.unwrap().unwrap();
}

async fn users(store: Arc<SqliteStore>, first: u64) {
    for number in first.. {
        assert_eq!(UserStore::insert(&*store, &user(number)).await.unwrap(), Insert::Done);
        tell("user", number, 0);
    }
}

async fn sessions(store: Arc<SqliteStore>, first: u64) {
    for number in first.. {
        let session = session(number);
        SessionStore::create(store.as_ref(), &session).await.unwrap();
        tell("session", number, 0);
        for generation in 0..3 {
            assert!(matches!(store.turn(session.id, &turn(&session, generation)).await.unwrap(), Turned::Done(_)));
            tell("session", number, generation + 1);
        }
    }
}

async fn codes(store: Arc<SqliteStore>, first: u64) {
    for number in first.. {
        let code = code(number);
        CodeStore::create(store.as_ref(), &code).await.unwrap();
        tell("code", number, 0);
        assert!(matches!(store.redeem(&attempt(&code, "123456")).await.unwrap(), Redeem::Accepted(_)));
        tell("code", number, 1);
    }
}

async fn counters(store: Arc<SqliteStore>, first: u64) {
    for hits in 1_u32.. {
        // A minute after the one before: that one is settled, and the record stays small.
        let now = NOW + Duration::from_mins(hits.into());
        assert_eq!(hit(&store, hits.into(), count(first, FREE), now).await, Hit::Allowed);
        tell("counter", first, hits);
    }
}

async fn outbox(store: Arc<SqliteStore>, first: u64) {
    for number in first.. {
        store.put(&entry(number)).await.unwrap();
        tell("mail", number, 0);
    }
}

/// One line for one acknowledged write: what, which, how far.
fn tell(what: &str, number: u64, stage: impl Display) {
    let mut out = std::io::stdout().lock();
    out.write_all(format!("told {what} {number} {stage} .\n").as_bytes()).unwrap();
    out.flush().unwrap();
}

fn is_told(line: &str) -> bool {
    line.starts_with("told ")
}

/// How far each record had come by what was told.
#[derive(Default)]
struct Told(HashMap<String, HashMap<u64, u32>>);

impl Told {
    fn read(lines: &[String]) -> Self {
        let mut told = Self::default();
        for line in lines {
            let words: Vec<_> = line.split(' ').collect();
            let [_, what, number, stage, _] = words[..] else { panic!("{line}") };
            let furthest = told.0.entry(what.to_owned()).or_default().entry(number.parse().unwrap()).or_default();
            *furthest = (*furthest).max(stage.parse().unwrap());
        }
        told
    }

    fn all(&self, what: &str) -> impl Iterator<Item = (u64, u32)> {
        self.0.get(what).into_iter().flatten().map(|(number, stage)| (*number, *stage))
    }
}

/// A write that was under way may be there or not: one in each lane at most.
async fn check(store: &SqliteStore, told: &Told, round: u64) {
    for (number, _) in told.all("user") {
        assert_eq!(UserStore::by_id(store, user(number).id).await.unwrap().unwrap().value, user(number));
    }
    for (number, generation) in told.all("session") {
        let found = SessionStore::by_id(store, session(number).id).await.unwrap().expect("an acknowledged session");
        assert!([generation, generation + 1].contains(&found.generation), "{} of {generation}", found.generation);
    }
    for (number, redeemed) in told.all("code") {
        match store.redeem(&attempt(&code(number), "123456")).await.unwrap() {
            Redeem::Replayed(_) => {}
            Redeem::Accepted(_) => assert_eq!(redeemed, 0, "a code was accepted twice"),
            Redeem::Refused => panic!("an acknowledged code is lost"),
        }
    }
    for (number, hits) in told.all("counter") {
        let limited = |limit| count(number, Rule { limit, ..FREE });
        assert_ne!(hit(store, 0, limited(hits), NOW).await, Hit::Allowed, "a hit was lost");
        assert_eq!(hit(store, 0, limited(hits + 2), NOW).await, Hit::Allowed, "a hit was counted twice");
    }
    let lease = Lease { holder: round, until: NOW + Entry::LONGEST_LEASE };
    let left: Vec<_> = store.lease(lease, NOW, usize::MAX).await.unwrap().into_iter().map(|entry| entry.id).collect();
    let mails: Vec<_> = told.all("mail").map(|(number, _)| entry(number).id).collect();
    assert!(mails.iter().all(|id| left.contains(id)), "an acknowledged mail is lost");
    assert!(left.len() as u64 <= mails.len() as u64 + LANES, "more mails than were put");
}
