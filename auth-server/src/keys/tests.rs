//! Keys are made once, kept under one secret, and rotated line by line.
use super::*;
use crate::settings::Algorithms;
use auth_core::{
    keys::Algorithm::*,
    system::{OsRng, SystemClock},
    testing::FixedClock,
};
use auth_sqlite::SqliteStore;
use std::collections::BTreeSet;
use tokio::task::JoinSet;

fn folder() -> (tempfile::TempDir, Settings, RootFile) {
    let data = tempfile::tempdir().unwrap();
    let settings = of(&[Es256], &Settings::for_data_dir(data.path()));
    let root = RootFile::of(&settings);
    (data, settings, root)
}

fn keys(settings: &Settings, secret: ServerSecret) -> Keys {
    let store = SqliteStore::open(settings.data_dir.join("auth.db"), <_>::default()).unwrap();
    Keys { store: Arc::new(store), secret: Arc::new(secret) }
}

fn secret(byte: u8) -> ServerSecret {
    ServerSecret::new(&[byte; 32]).unwrap()
}

#[test] // P-27
fn a_secret_is_made_once_and_read_again() {
    let (_data, settings, root) = folder();
    assert!(matches!(root.server_secret(&settings), Err(KeyError::Missing(_))));
    assert!(root.init(&settings, &OsRng).unwrap().is_some());
    let id = root.server_secret(&settings).unwrap().id();
    assert!(root.init(&settings, &OsRng).unwrap().is_none());
    assert_eq!(root.server_secret(&settings).unwrap().id(), id);
}

#[test]
fn a_given_secret_is_taken_and_none_is_made() {
    let (data, mut settings, root) = folder();
    settings.secret = Some(RootSecret::new(Zeroizing::new(vec![7; 32])));
    assert!(root.init(&settings, &OsRng).unwrap().is_none());
    assert!(!data.path().join("keys").join(SECRET).exists());
    assert_eq!(root.server_secret(&settings).unwrap().id(), secret(7).id());
}

#[cfg(unix)]
#[test]
fn only_the_owner_can_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let (data, settings, root) = folder();
    root.init(&settings, &OsRng).unwrap();
    let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(data.path().join("keys")), 0o700);
    assert_eq!(mode(data.path().join("keys").join(SECRET)), 0o600);
}

#[tokio::test] // P-27
async fn signing_keys_are_made_once_and_under_another_secret_they_are_not_read() {
    let (_data, settings, _) = folder();
    let ours = keys(&settings, secret(7));
    assert!(matches!(ours.current().await, Err(KeyError::NoSigningKeys)));
    assert!(ours.init(&settings, &SystemClock, &OsRng).await.unwrap());
    assert!(!ours.init(&settings, &SystemClock, &OsRng).await.unwrap());
    let (sealed, set) = ours.current().await.unwrap();
    assert!(ours.changed(&sealed).await.unwrap().is_none());
    let theirs = Keys { secret: Arc::new(secret(8)), ..ours.clone() };
    assert!(matches!(theirs.current().await, Err(KeyError::OtherSecret)));
    let now = SystemClock.now();
    assert!(matches!(theirs.init(&settings, &SystemClock, &OsRng).await, Err(KeyError::OtherSecret)));
    assert!(matches!(theirs.rotate(&settings, None, now, &OsRng).await, Err(KeyError::OtherSecret)));
    let shared = Settings { store: Store::Cosmos, ..settings.clone() };
    for (settings, one) in [(&shared, None), (&shared, Some(Es256)), (&settings, Some(Es256))] {
        let replaced = theirs.replace(settings, one, now, &OsRng).await;
        assert!(matches!(replaced, Err(KeyError::OtherSecret)), "{one:?}");
    }
    assert_eq!(ours.current().await.unwrap().0, sealed, "nothing is lost by it");

    let new = theirs.replace(&settings, None, now, &OsRng).await.unwrap();
    assert_eq!(kids(&theirs.current().await.unwrap().1), kids(&new));
    assert!(kids(&new).is_disjoint(&kids(&set)));
    assert!(theirs.changed(&sealed).await.unwrap().is_some());
}

fn kids(set: &KeySet) -> BTreeSet<String> {
    set.keys().iter().map(|key| key.kid().to_owned()).collect()
}

/// How many keys there are of each algorithm, in the order of [`Algorithm::ALL`].
fn lines(set: &KeySet) -> [usize; 4] {
    Algorithm::ALL.map(|algorithm| set.keys().iter().filter(|key| key.algorithm() == algorithm).count())
}

/// Settings under which there are keys of these, and the deployment's own are of the first.
fn of(algorithms: &[Algorithm], settings: &Settings) -> Settings {
    let mut settings = settings.clone();
    settings.accounts.token_algorithm = algorithms[0];
    settings.accounts.signing_algorithms = Algorithms(algorithms.to_vec());
    settings
}

#[tokio::test] // S-21
async fn the_first_keys_sign_at_once_and_what_is_added_later_is_published_ahead() {
    let (data, settings, _) = folder();
    let (keys, clock) = (keys(&settings, secret(7)), FixedClock::default());
    let now = clock.now();
    assert!(keys.init(&of(&[EdDsa], &settings), &clock, &OsRng).await.unwrap());
    let first = keys.current().await.unwrap().1;
    assert_eq!((lines(&first), first.keys()[0].signs_from()), ([0, 1, 0, 0], now));

    let settings = Settings::for_data_dir(data.path());
    assert!(keys.init(&settings, &clock, &OsRng).await.unwrap());
    assert!(!keys.init(&settings, &clock, &OsRng).await.unwrap());
    let set = keys.current().await.unwrap().1;
    assert_eq!(lines(&set), [1, 1, 1, 0]);
    assert!(kids(&set).is_superset(&kids(&first)), "what was there stays");
    for algorithm in [Es256, Rs256] {
        let added = set.current(algorithm, now).unwrap();
        assert_eq!((added.published_at(), added.signs_from()), (now, now + LEAD));
    }
    let signer = |now| set.preferred(Es256, now).unwrap().algorithm();
    assert_eq!([now, now + LEAD].map(signer), [EdDsa, Es256]);
}

#[tokio::test] // S-21
async fn each_line_is_rotated_and_one_whose_algorithm_is_left_out_gets_no_new_key() {
    let (_data, settings, _) = folder();
    let (keys, clock) = (keys(&settings, secret(7)), FixedClock::default());
    let both = of(&[Es256, EdDsa], &settings);
    keys.init(&both, &clock, &OsRng).await.unwrap();
    let rotated = keys.rotate(&both, None, clock.now(), &OsRng).await.unwrap();
    assert_eq!(lines(&rotated), [2, 2, 0, 0]);
    let one = keys.rotate(&both, Some(EdDsa), clock.now(), &OsRng).await.unwrap();
    assert_eq!(lines(&one), [2, 3, 0, 0]);
    let at_once = keys.replace(&both, Some(Es256), clock.now(), &OsRng).await.unwrap();
    assert_eq!(lines(&at_once), [1, 3, 0, 0]);
    assert_eq!(kids(&at_once).difference(&kids(&one)).count(), 1, "the other line is as it was");

    let fewer = of(&[Es256], &settings);
    let refused = keys.rotate(&fewer, Some(EdDsa), clock.now(), &OsRng).await;
    assert!(matches!(refused, Err(KeyError::NotConfigured(EdDsa))));
    clock.advance(LEAD + keep(&fewer) + Duration::from_secs(1));
    let later = keys.rotate(&fewer, None, clock.now(), &OsRng).await.unwrap();
    assert_eq!(lines(&later), [2, 1, 0, 0], "what has retired is dropped of all");
    let ended = keys.replace(&fewer, Some(EdDsa), clock.now(), &OsRng).await.unwrap();
    assert_eq!(lines(&ended), [2, 0, 0, 0]);
}

#[tokio::test] // S-21
async fn new_keys_in_the_place_of_all_are_of_what_is_configured() {
    let (_data, settings, _) = folder();
    let (keys, now) = (keys(&settings, secret(7)), SystemClock.now());
    let both = keys.replace(&of(&[Es256, EdDsa], &settings), None, now, &OsRng).await.unwrap();
    assert_eq!(lines(&both), [1, 1, 0, 0]);
    let new = keys.replace(&settings, None, now, &OsRng).await.unwrap();
    assert_eq!(lines(&new), [1, 0, 0, 0]);
    assert!(kids(&new).is_disjoint(&kids(&both)));
}

#[tokio::test(flavor = "multi_thread")] // S-21
async fn of_servers_that_start_at_once_one_makes_the_keys() {
    let (_data, settings, _) = folder();
    let servers = [(); 3].map(|()| keys(&settings, secret(7)));
    // On nothing, and then on a set from before.
    for (algorithms, made) in [(&[Es256][..], [1, 0, 0, 0]), (&[Es256, EdDsa], [1, 1, 0, 0])] {
        let mut starting = JoinSet::new();
        for keys in servers.clone() {
            let settings = of(algorithms, &settings);
            starting.spawn(async move {
                let made = keys.init(&settings, &SystemClock, &OsRng).await.unwrap();
                (made, keys.current().await.unwrap().1)
            });
        }
        let (made_by, sets): (Vec<_>, Vec<_>) = starting.join_all().await.into_iter().unzip();
        assert_eq!(made_by.iter().filter(|made| **made).count(), 1);
        for set in &sets {
            assert_eq!((lines(set), kids(set)), (made, kids(&sets[0])));
        }
    }
}
