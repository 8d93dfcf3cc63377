//! Renames: names that go from one account to another, or away and back.
use super::*;

/// All that was written comes back by the new names, and nothing by the old ones.
pub async fn a_renamed_account_is_found_by_its_new_names_alone(store: Arc<dyn UserStore>) {
    let rng = SeededRng::default();
    let ann = user(&rng, "ann");
    insert(&store, &ann).await;
    let mut renamed = named(read(&store, ann.id).await, "Анна-2", "Eve@example.org");
    renamed.value.set_password(PasswordHash("new".to_owned()), Some(SessionId::generate(ann.id, &rng)));
    renamed.value.roles = vec!["admin".parse().unwrap()];
    assert_eq!(store.rename(&renamed).await.unwrap(), Rename::Done);
    let found = [
        store.by_id(ann.id).await.unwrap().unwrap(),
        store.by_login(&renamed.value.login).await.unwrap().unwrap(),
        store.by_email(&renamed.value.email).await.unwrap().unwrap(),
    ];
    for found in found {
        assert_eq!(whole(&found.value), whole(&renamed.value));
        assert_ne!(found.revision, renamed.revision);
    }
    assert_eq!(store.by_login(&ann.login).await.unwrap(), None);
    assert_eq!(store.by_email(&ann.email).await.unwrap(), None);
}

/// The names from before are free at once: for another account's rename, for a new account, and for the way back.
pub async fn names_that_were_given_up_are_free(store: Arc<dyn UserStore>) {
    let rng = SeededRng::default();
    let (ann, bob) = (user(&rng, "ann"), user(&rng, "bob"));
    insert(&store, &ann).await;
    insert(&store, &bob).await;
    assert_eq!(rename(&store, ann.id, "eve", "eve@example.org").await, Rename::Done);
    assert_eq!(rename(&store, bob.id, "ann", "ann@example.org").await, Rename::Done);
    assert_eq!(rename(&store, ann.id, "ann", "eve@example.org").await, Rename::LoginTaken);
    assert_eq!(rename(&store, ann.id, "eve", "ann@example.org").await, Rename::EmailTaken);
    insert(&store, &user(&rng, "bob")).await;
    assert_eq!(rename(&store, bob.id, "zoe", "zoe@example.org").await, Rename::Done);
    assert_eq!(rename(&store, ann.id, "ann", "ann@example.org").await, Rename::Done);
    assert_eq!(whole(&store.by_login(&ann.login).await.unwrap().unwrap().value), whole(&ann));
    insert(&store, &user(&rng, "eve")).await;
}

/// A name that another account has, by its key, is refused. Then all is as it was: the account, its revision, and the
/// other name, which is free.
pub async fn a_taken_name_is_refused_and_changes_nothing(store: Arc<dyn UserStore>) {
    let rng = SeededRng::default();
    let (ann, cop) = (user(&rng, "ann"), user(&rng, "cop"));
    insert(&store, &ann).await;
    insert(&store, &cop).await;
    let seen = read(&store, ann.id).await;
    for (login, email, refusal) in [
        ("cop", "eve@example.org", Rename::LoginTaken),
        ("сор", "eve@example.org", Rename::LoginTaken),
        ("eve", "cop@example.org", Rename::EmailTaken),
        ("eve", "COP@example.org", Rename::EmailTaken),
    ] {
        let mut write = named(seen.clone(), login, email);
        write.value.disable();
        assert_eq!(store.rename(&write).await.unwrap(), refusal, "{login} {email}");
        assert_eq!(store.by_login(&"eve".parse().unwrap()).await.unwrap(), None, "{login} {email}");
        assert_eq!(store.by_email(&"eve@example.org".parse().unwrap()).await.unwrap(), None, "{login} {email}");
        for user in [&ann, &cop] {
            assert_eq!(whole(&read(&store, user.id).await.value), whole(user));
            assert_eq!(store.by_login(&user.login).await.unwrap().unwrap().value.id, user.id);
            assert_eq!(store.by_email(&user.email).await.unwrap().unwrap().value.id, user.id);
        }
    }
    insert(&store, &user(&rng, "eve")).await;
    assert_eq!(store.rename(&named(seen, "zoe", "zoe@example.org")).await.unwrap(), Rename::Done);
}

/// The revision is looked at before the login, and the login before the e-mail.
pub async fn of_several_reasons_a_rename_gives_the_first(store: Arc<dyn UserStore>) {
    let rng = SeededRng::default();
    let (ann, bob, eve) = (user(&rng, "ann"), user(&rng, "bob"), user(&rng, "eve"));
    for user in [&ann, &bob, &eve] {
        insert(&store, user).await;
    }
    let seen = read(&store, ann.id).await;
    let to_bob = named(seen.clone(), "bob", "bob@example.org");
    assert_eq!(store.rename(&to_bob).await.unwrap(), Rename::LoginTaken);
    assert_eq!(store.rename(&named(seen.clone(), "bob", "eve@example.org")).await.unwrap(), Rename::LoginTaken);
    assert_eq!(store.replace(&seen).await.unwrap(), Replace::Done);
    assert_eq!(store.rename(&to_bob).await.unwrap(), Rename::Stale);
}

/// An account's own names are not taken from it: it may write them in another way, or change one of the two alone.
pub async fn an_account_may_write_its_own_names_in_another_way(store: Arc<dyn UserStore>) {
    let cop = user(&SeededRng::default(), "cop");
    insert(&store, &cop).await;
    for (login, email) in [
        ("сор", "cop@example.org"),
        ("сор", "Cop@example.org"),
        ("cop", "COP@example.org"),
        ("cop", "eve@example.org"),
        ("eve", "eve@example.org"),
    ] {
        assert_eq!(rename(&store, cop.id, login, email).await, Rename::Done, "{login} {email}");
        let expected = User { login: login.parse().unwrap(), email: email.parse().unwrap(), ..cop.clone() };
        let found = [
            read(&store, cop.id).await,
            store.by_login(&expected.login).await.unwrap().unwrap(),
            store.by_email(&expected.email).await.unwrap().unwrap(),
        ];
        for found in found {
            assert_eq!(whole(&found.value), whole(&expected));
        }
    }
}

/// A rename over a revision that is no longer is refused; what stands, stands, and the names are free. A rename is a write
/// like others: what was read before it is stale.
pub async fn a_stale_rename_is_refused_and_changes_nothing(store: Arc<dyn UserStore>) {
    let rng = SeededRng::default();
    let ann = user(&rng, "ann");
    insert(&store, &ann).await;
    let seen = read(&store, ann.id).await;
    assert_eq!(store.replace(&seen).await.unwrap(), Replace::Done);
    assert_eq!(store.rename(&named(seen, "bob", "bob@example.org")).await.unwrap(), Rename::Stale);
    assert_eq!(whole(&read(&store, ann.id).await.value), whole(&ann));
    assert_eq!(store.by_login(&ann.login).await.unwrap().unwrap().value, ann);
    insert(&store, &user(&rng, "bob")).await;
    let seen = read(&store, ann.id).await;
    assert_eq!(rename(&store, ann.id, "eve", "ann@example.org").await, Rename::Done);
    assert_eq!(store.replace(&seen).await.unwrap(), Replace::Stale);
    assert_eq!(store.rename(&named(seen, "zoe", "zoe@example.org")).await.unwrap(), Rename::Stale);
    assert_eq!(store.by_login(&"eve".parse().unwrap()).await.unwrap().unwrap().value.id, ann.id);
}

/// A rename never makes an account.
pub async fn an_unknown_account_is_not_renamed(store: Arc<dyn UserStore>) {
    let rng = SeededRng::default();
    let (ann, bob) = (user(&rng, "ann"), user(&rng, "bob"));
    insert(&store, &ann).await;
    let unknown = Stored { value: bob.clone(), revision: read(&store, ann.id).await.revision };
    assert_eq!(store.rename(&unknown).await.unwrap(), Rename::Stale);
    assert_eq!(store.by_id(bob.id).await.unwrap(), None);
    insert(&store, &bob).await;
}

/// Of sixteen accounts that want one login at once, one gets it, and the others are as they were.
pub async fn one_of_many_renames_gets_the_login(store: Arc<dyn UserStore>) {
    let rng = SeededRng::default();
    let racers = racers(&rng, |user| user.login = "ann".parse().unwrap());
    one_gets_the_name(&store, &racers, Rename::LoginTaken, |_| true).await;
}

/// Of sixteen accounts that want one e-mail at once, one gets it, and the others are as they were.
pub async fn one_of_many_renames_gets_the_email(store: Arc<dyn UserStore>) {
    let rng = SeededRng::default();
    let racers = racers(&rng, |user| user.email = "ann@example.org".parse().unwrap());
    one_gets_the_name(&store, &racers, Rename::EmailTaken, |_| true).await;
}

/// Of eight accounts and eight that are to be, one gets the login that all of them want at once.
pub async fn one_of_many_renames_and_inserts_gets_the_login(store: Arc<dyn UserStore>) {
    let rng = SeededRng::default();
    let racers = racers(&rng, |user| user.login = "ann".parse().unwrap());
    one_gets_the_name(&store, &racers, Rename::LoginTaken, |n| n % 2 == 0).await;
}

/// Of eight accounts and eight that are to be, one gets the e-mail that all of them want at once.
pub async fn one_of_many_renames_and_inserts_gets_the_email(store: Arc<dyn UserStore>) {
    let rng = SeededRng::default();
    let racers = racers(&rng, |user| user.email = "ann@example.org".parse().unwrap());
    one_gets_the_name(&store, &racers, Rename::EmailTaken, |n| n % 2 == 0).await;
}

/// Of sixteen who rename one account over one revision at once, one wins, and the names that the others wanted are free.
pub async fn one_of_many_racing_renames_of_an_account_wins(store: Arc<dyn UserStore>) {
    let rng = SeededRng::default();
    let ann = user(&rng, "ann");
    insert(&store, &ann).await;
    let seen = read(&store, ann.id).await;
    let answers = race(|n| {
        let (store, write) =
            (store.clone(), named(seen.clone(), &format!("racer{n}"), &format!("racer{n}@example.org")));
        async move { (store.rename(&write).await.unwrap(), write.value) }
    })
    .await;
    let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(|(end, _)| *end == Rename::Done);
    let [(_, won)] = &won[..] else { panic!("{won:?} won") };
    assert_eq!(store.by_login(&won.login).await.unwrap().unwrap().value, *won);
    assert_eq!(store.by_email(&won.email).await.unwrap().unwrap().value, *won);
    assert_eq!(store.by_login(&ann.login).await.unwrap(), None);
    for (end, wanted) in lost {
        assert_eq!(end, Rename::Stale);
        insert(&store, &User { id: UserId::generate(&rng), ..wanted }).await;
    }
}

/// Sixteen rename one account to and fro, each on top of the one before. Whatever is left to do behind a rename does not
/// take away what a later one has taken back: the names that it has in the end are its own, and the others are free.
pub async fn names_that_are_given_up_and_taken_back_are_kept(store: Arc<dyn UserStore>) {
    let rng = SeededRng::default();
    let (ann, eve) = (user(&rng, "ann"), user(&rng, "eve"));
    insert(&store, &ann).await;
    let epochs = race(|_| {
        let (store, ann, eve) = (store.clone(), ann.clone(), eve.clone());
        async move {
            let to_and_fro = |user: &mut User| {
                let next = if user.login == ann.login { &eve } else { &ann };
                (user.login, user.email) = (next.login.clone(), next.email.clone());
                user.end_sessions();
            };
            match store.change_names(ann.id, to_and_fro).await.unwrap() {
                Renamed::Done { user, .. } => user.epoch,
                other => panic!("not renamed: {other:?}"),
            }
        }
    })
    .await;
    for epoch in 1..=RACERS {
        assert_eq!(count(&epochs, &u32::try_from(epoch).unwrap()), 1, "epoch {epoch}: {epochs:?}");
    }
    assert_eq!(store.by_login(&ann.login).await.unwrap().unwrap().value.id, ann.id);
    assert_eq!(store.by_email(&ann.email).await.unwrap().unwrap().value.id, ann.id);
    let other = User { id: UserId::generate(&rng), ..ann.clone() };
    assert_eq!(store.insert(&other).await.unwrap(), Insert::LoginTaken);
    assert_eq!(store.insert(&User { login: "bob".parse().unwrap(), ..other }).await.unwrap(), Insert::EmailTaken);
    insert(&store, &eve).await;
}

fn named(user: Stored<User>, login: &str, email: &str) -> Stored<User> {
    let Stored { value, revision } = user;
    Stored { value: User { login: login.parse().unwrap(), email: email.parse().unwrap(), ..value }, revision }
}

async fn rename(store: &Arc<dyn UserStore>, id: UserId, login: &str, email: &str) -> Rename {
    store.rename(&named(read(store, id).await, login, email)).await.unwrap()
}

/// Sixteen accounts, each as it is and as it wants to be.
fn racers(rng: &SeededRng, want: impl Fn(&mut User)) -> Vec<(User, User)> {
    let racers = (0..RACERS).map(|n| {
        let is = user(rng, &format!("racer{n}"));
        let mut wanted = is.clone();
        want(&mut wanted);
        (is, wanted)
    });
    racers.collect()
}

/// Each becomes what it wants to be, all at once: one is done, the rest are refused for this reason. An account that was
/// there becomes it by a rename, another by an insert.
async fn one_gets_the_name(
    store: &Arc<dyn UserStore>,
    racers: &[(User, User)],
    refusal: Rename,
    is_there: impl Fn(usize) -> bool,
) {
    let mut seen = Vec::new();
    for (n, (is, wanted)) in racers.iter().enumerate() {
        let there = is_there(n);
        if there {
            insert(store, is).await;
        }
        let revision = if there { Some(read(store, is.id).await.revision) } else { None };
        seen.push((wanted.clone(), revision));
    }
    let answers = race(|n| {
        let (store, (value, revision)) = (store.clone(), seen[n].clone());
        async move {
            match revision {
                Some(revision) => store.rename(&Stored { value, revision }).await.unwrap(),
                None => match store.insert(&value).await.unwrap() {
                    Insert::Done => Rename::Done,
                    Insert::LoginTaken => Rename::LoginTaken,
                    Insert::EmailTaken => Rename::EmailTaken,
                    Insert::Exists => Rename::Stale,
                },
            }
        }
    })
    .await;
    assert_eq!((count(&answers, &Rename::Done), count(&answers, &refusal)), (1, RACERS - 1), "{answers:?}");
    let mut winners = 0;
    for (n, (is, wanted)) in racers.iter().enumerate() {
        let found = store.by_id(is.id).await.unwrap().map(|stored| whole(&stored.value));
        let by = async |user: &User| {
            let by_login = store.by_login(&user.login).await.unwrap().is_some_and(|found| found.value.id == is.id);
            let by_email = store.by_email(&user.email).await.unwrap().is_some_and(|found| found.value.id == is.id);
            (by_login, by_email)
        };
        if found == Some(whole(wanted)) {
            winners += 1;
            assert_eq!(by(wanted).await, (true, true));
        } else {
            assert_eq!(found, is_there(n).then(|| whole(is)), "half a rename");
            assert_eq!(by(is).await, (is_there(n), is_there(n)));
        }
    }
    assert_eq!(winners, 1);
}
