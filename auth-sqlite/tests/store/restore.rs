//! A backup in the place of the database: what comes back, what does not, and all or nothing.
use crate::records::*;
use auth_core::{code::*, counter::*, document::*, keys::SealedKeys, ports::*, testing::SeededRng};
use auth_sqlite::{Error, Restored, SqliteStore, backup, migrate};
use rusqlite::Connection;
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// By somebody who can open the keys of the database.
fn restore(from: &Path, path: &Path) -> Result<Restored, Error> {
    auth_sqlite::restore(from, path, &|_| true)
}

impl Place {
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(self.folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// A database with these users, and a backup of it under this name.
    async fn backed_up(&self, users: std::ops::Range<u64>, name: &str) -> PathBuf {
        let other = Place::new();
        let store = other.open();
        for number in users {
            assert_eq!(UserStore::insert(&store, &user(number)).await.unwrap(), Insert::Done);
        }
        store.close().await;
        backup(&other.path, &self.file(name)).unwrap();
        self.file(name)
    }
}

async fn users_in(path: &Path) -> u64 {
    let store = open(path);
    let mut count = 0;
    while UserStore::by_id(&store, user(count).id).await.unwrap().is_some() {
        count += 1;
    }
    store.close().await;
    count
}

#[tokio::test] // R3, I8
async fn accounts_and_counts_come_back_and_sessions_codes_and_mails_do_not() {
    let place = Place::new();
    let store = place.open();
    let count = count(1, Rule::new(1, HOUR));
    assert_eq!(UserStore::insert(&store, &user(0)).await.unwrap(), Insert::Done);
    assert_eq!(hit(&store, 1, count, NOW).await, Hit::Allowed);
    SessionStore::create(&store, &session(1)).await.unwrap();
    CodeStore::create(&store, &code(1)).await.unwrap();
    store.put(&entry(1)).await.unwrap();
    let endless = Document { expires_at: None, ..document(2) };
    for document in [&document(1), &endless] {
        assert_eq!(DocumentStore::insert(&store, document).await.unwrap(), Inserted::Done);
    }
    store.backup(&place.file("copy.db")).await.unwrap();

    // Since then one account more, the session has ended, the code was used, the mail is out, and there are others of each.
    let used = store.find(&document(1).key).await.unwrap().unwrap();
    assert_eq!(DocumentStore::delete(&store, &used).await.unwrap(), Replace::Done);
    assert_eq!(UserStore::insert(&store, &user(1)).await.unwrap(), Insert::Done);
    SessionStore::revoke(&store, session(1).id).await.unwrap();
    assert!(matches!(store.redeem(&attempt(&code(1), "123456")).await.unwrap(), Redeem::Accepted(_)));
    let lease = Lease { holder: 1, until: NOW + HOUR };
    assert_eq!(store.lease(lease, NOW, 9).await.unwrap().len(), 1);
    assert_eq!(store.settle(entry(1).id, lease, &MailVerdict::Done).await.unwrap(), Settled::Done);
    SessionStore::create(&store, &session(2)).await.unwrap();
    CodeStore::create(&store, &code(2)).await.unwrap();
    store.put(&entry(2)).await.unwrap();
    store.close().await;

    let kept = place.file("auth.db.replaced-1");
    let restored = restore(&place.file("copy.db"), &place.path).unwrap();
    assert_eq!(restored, Restored { accounts: 1, replaced: Some(kept.clone()) });
    assert_eq!(place.names(), ["auth.db", "auth.db.replaced-1", "copy.db"], "and nothing is left lying about");
    let store = place.open();
    assert!(UserStore::by_id(&store, user(0).id).await.unwrap().is_some());
    assert!(UserStore::by_id(&store, user(1).id).await.unwrap().is_none());
    assert_ne!(hit(&store, 2, count, NOW).await, Hit::Allowed);
    for number in [1, 2] {
        assert_eq!(SessionStore::by_id(&store, session(number).id).await.unwrap(), None);
        assert_eq!(store.redeem(&attempt(&code(number), "123456")).await.unwrap(), Redeem::Refused);
    }
    assert_eq!(store.waiting().await.unwrap(), 0);
    assert_eq!(store.find(&document(1).key).await.unwrap(), None, "it was used since");
    assert_eq!(store.find(&endless.key).await.unwrap().unwrap().value, endless);
    store.close().await;

    // The way back is open, and keeps what it replaces as well.
    assert_eq!(restore(&kept, &place.path).unwrap().replaced, Some(place.file("auth.db.replaced-2")));
    assert_eq!(users_in(&place.path).await, 2);
    #[cfg(unix)]
    for name in ["auth.db", "auth.db.replaced-1", "auth.db.replaced-2"] {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(place.file(name)).unwrap().permissions().mode() & 0o777, 0o600, "{name}");
    }
}

/// One that was rotated away, since others may know it, does not come back.
#[tokio::test] // S-21
async fn the_signing_keys_are_those_of_the_database_and_where_it_has_none_those_of_the_backup() {
    let keys = |store: SqliteStore| async move {
        let keys = store.load().await.unwrap().map(|keys| keys.value.0);
        store.close().await;
        keys
    };
    let place = Place::new();
    let store = place.open();
    assert_eq!(store.save(&SealedKeys("of the backup".to_owned()), None).await.unwrap(), Replace::Done);
    backup(&place.path, &place.file("copy.db")).unwrap();
    let read = store.load().await.unwrap().unwrap();
    assert_eq!(store.save(&SealedKeys("of today".to_owned()), Some(read.revision)).await.unwrap(), Replace::Done);
    store.close().await;
    restore(&place.file("copy.db"), &place.path).unwrap();
    assert_eq!(keys(place.open()).await.as_deref(), Some("of today"));

    let elsewhere = place.file("another/folder/auth.db");
    restore(&place.file("copy.db"), &elsewhere).unwrap();
    assert_eq!(keys(SqliteStore::open(elsewhere, <_>::default()).unwrap()).await.as_deref(), Some("of the backup"));
    // Keys that nobody can open, such as those of a first start on a new machine, are worth nothing.
    auth_sqlite::restore(&place.file("copy.db"), &place.path, &|_| false).unwrap();
    assert_eq!(keys(place.open()).await.as_deref(), Some("of the backup"));
    // A version that has no keys has none to lose.
    migrate::down(&place.path, Some(7)).unwrap();
    restore(&place.file("copy.db"), &place.path).unwrap();
    assert_eq!(keys(place.open()).await.as_deref(), Some("of the backup"));
}

#[tokio::test]
async fn it_makes_a_database_where_there_is_none() {
    let place = Place::new();
    let copy = place.backed_up(0..3, "copy.db").await;
    let path = place.file("another/folder/auth.db");
    assert_eq!(restore(&copy, &path).unwrap(), Restored { accounts: 3, replaced: None });
    assert_eq!(users_in(&path).await, 3);
}

#[tokio::test]
async fn nothing_is_restored_under_a_running_server() {
    let place = Place::new();
    let copy = place.backed_up(0..3, "copy.db").await;
    let store = place.open();
    assert!(matches!(restore(&copy, &place.path), Err(Error::InUse)));
    assert_eq!(UserStore::insert(&store, &user(0)).await.unwrap(), Insert::Done);
    store.close().await;
    assert_eq!(users_in(&place.path).await, 1);
}

#[tokio::test]
async fn what_is_no_whole_backup_of_ours_is_refused_and_changes_nothing() {
    let place = Place::new();
    let copy = place.backed_up(0..500, "copy.db").await;
    let whole = fs::read(&copy).unwrap();
    let store = place.open();
    assert_eq!(UserStore::insert(&store, &user(0)).await.unwrap(), Insert::Done);
    store.close().await;

    let mut damaged = whole.clone();
    damaged[whole.len() / 2..][..5000].fill(0x5A);
    let page = u32::from_be_bytes([0, 0, whole[16], whole[17]]) as usize;
    let contents: [(&[u8], &str); 6] = [
        (b"", "no database of this service"),
        (b"-- a dump\n", "not a database"),
        (&whole[..whole.len() - page], "malformed"),
        (&whole[..100], "malformed"),
        (&damaged, "damaged"),
        (&whole[page..], "not a database"),
    ];
    for (content, reason) in contents {
        fs::write(&copy, content).unwrap();
        refused(&place, &copy, reason);
    }
    // Each of these is a whole database.
    for (change, reason) in [
        ("PRAGMA user_version = 10", "version 10, and this program knows versions up to"),
        ("PRAGMA user_version = 0", "no database of this service"),
        ("PRAGMA user_version = 2", "table sessions already exists"),
        ("DROP TABLE outbox", "no database of this service"),
        ("ALTER TABLE users ADD COLUMN admin TEXT", "no database of this service"),
        ("CREATE TRIGGER t AFTER INSERT ON users BEGIN DELETE FROM users; END", "no database of this service"),
    ] {
        fs::write(&copy, &whole).unwrap();
        let connection = Connection::open(&copy).unwrap();
        connection.execute_batch(change).unwrap();
        connection.close().unwrap();
        refused(&place, &copy, reason);
    }
    // As a copy of the files of a running server would be.
    fs::write(&copy, &whole).unwrap();
    fs::write(place.file("copy.db-wal"), "a log").unwrap();
    refused(&place, &copy, "the log beside it");
    refused(&place, &place.path, "the database itself");
    assert!(matches!(restore(&place.file("no.db"), &place.path), Err(Error::File { .. })));
    assert_eq!(place.names(), ["auth.db", "copy.db", "copy.db-wal"]);
    assert_eq!(users_in(&place.path).await, 1);
}

fn refused(place: &Place, copy: &Path, reason: &str) {
    let error = restore(copy, &place.path).expect_err(reason);
    let told = error.to_string();
    assert!(matches!(error, Error::NoBackup { .. }) && told.contains(reason), "{reason}: {told}");
    assert!(told.starts_with(&format!("{} cannot be restored: ", copy.display())), "{told}");
}

#[tokio::test]
async fn a_backup_of_an_older_version_is_brought_forward() {
    let place = Place::new();
    let copy = place.backed_up(0..3, "copy.db").await;
    migrate::down(&copy, Some(1)).unwrap();
    assert_eq!(restore(&copy, &place.path).unwrap().accounts, 3);
    assert!(migrate::status(&place.path).unwrap().iter().all(|step| step.applied));
    assert!(!migrate::status(&copy).unwrap()[1].applied, "the backup itself is not touched");
}

#[tokio::test]
async fn a_newer_or_a_damaged_database_gives_way() {
    let place = Place::new();
    let copy = place.backed_up(0..500, "copy.db").await;
    fs::copy(&copy, &place.path).unwrap();
    place.outsider().pragma_update(None, "user_version", 10).unwrap();
    assert_eq!(restore(&copy, &place.path).unwrap().accounts, 500);

    let mut damaged = fs::read(&copy).unwrap();
    let middle = damaged.len() / 2;
    damaged[middle..].fill(0x5A);
    fs::write(&place.path, &damaged).unwrap();
    let restored = restore(&copy, &place.path).unwrap();
    assert_eq!(users_in(&place.path).await, 500);
    assert_eq!(fs::read(restored.replaced.unwrap()).unwrap()[middle..], damaged[middle..], "kept as it was");

    fs::write(&place.path, "no database, but long enough to be looked at: ".repeat(100)).unwrap();
    let told = restore(&copy, &place.path).unwrap_err();
    assert!(matches!(&told, Error::BeyondRepair(path, _) if *path == place.path), "{told:?}");
    assert!(told.to_string().contains("move it away"), "{told}");
    fs::remove_file(&place.path).unwrap();
    assert_eq!(restore(&copy, &place.path).unwrap().accounts, 500);
}

#[tokio::test] // R1
async fn killed_in_the_middle_it_leaves_the_one_or_the_other_whole() {
    const FEW: u64 = 700;
    const MANY: u64 = 1500;
    let (place, dice) = (Place::new(), SeededRng::default());
    let few = place.backed_up(0..FEW, "few.db").await;
    let many = place.backed_up(0..MANY, "many.db").await;
    restore(&few, &place.path).unwrap();
    let (mut users, mut interrupted, mut replaced) = (FEW, 0, 0);
    while interrupted < 12 {
        let (from, next) = if users == FEW { (&many, MANY) } else { (&few, FEW) };
        let mut byte = [0];
        dice.fill(&mut byte);
        let kept = format!("auth.db.replaced-{}.partial", replaced + 1);
        let length = |name: &str| fs::metadata(place.file(name)).map_or(0, |file| file.len());
        let (before, all) = (length("auth.db"), fs::metadata(from).unwrap().len());
        let part = u64::from(byte[0] % 6);
        // In the copy that is made ready, in the one that is kept, somewhere in the log of the database, and while the
        // database itself is written to.
        interrupted += u64::from(kill_when(&place, from, || match part {
            0 => length("auth.db.restoring") > 0,
            1 => length(&kept) > 0,
            2..5 => length("auth.db-wal") > all * (part - 2) / 3,
            _ => length("auth.db") != before,
        }));
        let now = users_in(&place.path).await;
        assert!([users, next].contains(&now), "{now} of {users} or {next}, killed in part {part}");
        let health: String = place.outsider().query_one("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(health, "ok");
        users = now;
        let _ = fs::remove_file(place.file(&kept));
        replaced = (1..1000).find(|number| !place.file(&format!("auth.db.replaced-{number}")).exists()).unwrap() - 1;
    }
    restore(&few, &place.path).unwrap();
    assert!(!place.names().iter().any(|name| name.contains("restoring")), "the next one clears up");
}

/// Restores in another process, and kills it at this moment. Whether that was in the middle.
fn kill_when(place: &Place, from: &Path, is_the_moment: impl Fn() -> bool) -> bool {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "restore::child", "--ignored"])
        .env("RESTORE_FROM", from)
        .env("RESTORE_PATH", &place.path)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    while !is_the_moment() {
        if let Some(ended) = child.try_wait().unwrap() {
            assert!(ended.success());
            return false;
        }
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    place.file("auth.db.restoring").exists()
}

#[test]
#[ignore = "restores until it is killed: the test above runs it"]
fn child() {
    let path = |name| PathBuf::from(std::env::var_os(name).expect("a path"));
    restore(&path("RESTORE_FROM"), &path("RESTORE_PATH")).unwrap();
}
