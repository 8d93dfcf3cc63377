//! A disk that takes no more: the system refuses real writes, in a process of its own.
use crate::records::*;
use auth_core::ports::*;
use futures_util::future::join_all;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::process::Command;

#[test] // H-17
fn a_full_disk_refuses_writes_and_all_works_again_when_there_is_space() {
    // A write past the limit raises SIGXFSZ, which ends a process that does not ignore it.
    let child = Command::new("sh")
        .args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "disk::child", "--ignored", "--nocapture"])
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success() && told.contains("1 passed"), "{told}{}", String::from_utf8_lossy(&child.stderr));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "limits the size of this process's files: the test above runs it in a process that ignores SIGXFSZ"]
async fn child() {
    let place = Place::new();
    let store = place.open();
    let log = place.path.with_extension("db-wal");
    let free = getrlimit(Resource::Fsize);
    let mut done = Vec::new();
    let mut refused = 0;
    for round in 0..20 {
        // The limit falls at the end of the log, within a frame, between frames, within a group.
        let end = log.metadata().unwrap().len();
        setrlimit(Resource::Fsize, Rlimit { current: Some(end + round * 1500), maximum: free.maximum }).unwrap();
        let sessions: Vec<_> = (round * 16..(round + 1) * 16).map(session).collect();
        let created = join_all(sessions.iter().map(|session| SessionStore::create(&store, session))).await;
        for (session, created) in sessions.into_iter().zip(created) {
            match created {
                Ok(()) => done.push(session),
                Err(_) => refused += 1,
            }
        }
        store.ping().await.expect("reads go on");
        setrlimit(Resource::Fsize, free).unwrap();
        let session = session(1_000_000 + round);
        SessionStore::create(&store, &session).await.expect("there is space again");
        done.push(session);
    }
    assert!(refused >= 20, "the limit was not felt");
    store.close().await;
    let store = place.open();
    for session in done {
        assert_eq!(SessionStore::by_id(&store, session.id).await.unwrap(), Some(session));
    }
    let health: String = place.outsider().query_one("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(health, "ok");
}
