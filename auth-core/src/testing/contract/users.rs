//! Accounts: what every [`UserStore`] promises.
mod deletions;
mod renames;

pub use self::{deletions::*, renames::*};

use super::{NOW, RACERS, count, race, whole};
use crate::{
    ports::*,
    testing::{self, SeededRng},
    user::*,
    value::*,
};
use std::sync::Arc;

/// The names of the clauses.
pub const CLAUSES: &[&str] = crate::contract!(@clauses users names);

/// Each account is found by its own id, login and e-mail; by any other, nobody is.
pub async fn an_account_is_found_by_its_own_names(store: Arc<dyn UserStore>) {
    let rng = SeededRng::default();
    let (ann, bob, eve) = (user(&rng, "ann"), user(&rng, "bob"), user(&rng, "eve"));
    insert(&store, &ann).await;
    insert(&store, &bob).await;
    for user in [&ann, &bob] {
        assert_eq!(store.by_id(user.id).await.unwrap().unwrap().value, *user);
        assert_eq!(store.by_login(&user.login).await.unwrap().unwrap().value, *user);
        assert_eq!(store.by_email(&user.email).await.unwrap().unwrap().value, *user);
    }
    assert_eq!(store.by_id(eve.id).await.unwrap(), None);
    assert_eq!(store.by_login(&eve.login).await.unwrap(), None);
    assert_eq!(store.by_email(&eve.email).await.unwrap(), None);
}

/// A login is looked for by its key: Cyrillic letters find the Latin login that they look like, as it was written.
pub async fn an_account_is_found_by_a_login_that_looks_alike(store: Arc<dyn UserStore>) {
    let cop = user(&SeededRng::default(), "cop");
    insert(&store, &cop).await;
    let found = store.by_login(&"сор".parse().unwrap()).await.unwrap().expect("found by what looks alike");
    assert_eq!(whole(&found.value), whole(&cop));
}

/// An e-mail is looked for by its key, and kept as it was written.
pub async fn an_account_is_found_by_its_email_in_another_case(store: Arc<dyn UserStore>) {
    let ann = User { email: "Ann@Example.org".parse().unwrap(), ..user(&SeededRng::default(), "ann") };
    insert(&store, &ann).await;
    let found = store.by_email(&"aNN@example.ORG".parse().unwrap()).await.unwrap().expect("found in another case");
    assert_eq!(whole(&found.value), whole(&ann));
}

/// Every field comes back as it was written.
pub async fn an_account_is_kept_whole(store: Arc<dyn UserStore>) {
    let rng = SeededRng::default();
    let plain = user(&rng, "ann");
    let id = UserId::generate(&rng);
    let rich = User {
        id,
        login: "Анна-2".parse().unwrap(),
        email: "Anna+news@bücher.example".parse().unwrap(),
        password: PasswordHash("$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA".to_owned()),
        created_at: Timestamp(-1),
        epoch: u32::MAX,
        spared: Some(SessionId::generate(id, &rng)),
        disabled: true,
        locale: "ru-RU".parse().unwrap(),
        roles: vec!["operator".parse().unwrap(), "admin".parse().unwrap()],
    };
    for user in [&plain, &rich] {
        insert(&store, user).await;
        assert_eq!(whole(&read(&store, user.id).await.value), whole(user));
    }
}

/// Every field that a replace may change comes back as it was changed, whichever way the account is found.
pub async fn a_changed_account_is_kept_whole(store: Arc<dyn UserStore>) {
    let rng = SeededRng::default();
    let ann = user(&rng, "ann");
    insert(&store, &ann).await;
    let mut stored = read(&store, ann.id).await;
    stored.value.set_password(PasswordHash("new".to_owned()), Some(SessionId::generate(ann.id, &rng)));
    stored.value.disabled = true;
    stored.value.locale = "ru".parse().unwrap();
    stored.value.roles = vec!["admin".parse().unwrap()];
    assert_eq!(store.replace(&stored).await.unwrap(), Replace::Done);
    let found = [
        store.by_id(ann.id).await.unwrap().unwrap(),
        store.by_login(&ann.login).await.unwrap().unwrap(),
        store.by_email(&ann.email).await.unwrap().unwrap(),
    ];
    for found in found {
        assert_eq!(whole(&found.value), whole(&stored.value));
        assert_ne!(found.revision, stored.revision);
    }
}

/// A login and an e-mail have one owner each, by their keys.
pub async fn a_login_and_an_email_have_one_owner(store: Arc<dyn UserStore>) {
    let rng = SeededRng::default();
    let cop = user(&rng, "cop");
    insert(&store, &cop).await;
    for login in ["cop", "сор"] {
        let other = User { login: login.parse().unwrap(), ..user(&rng, "bob") };
        assert_eq!(store.insert(&other).await.unwrap(), Insert::LoginTaken, "{login}");
    }
    for email in ["cop@example.org", "COP@example.org"] {
        let other = User { email: email.parse().unwrap(), ..user(&rng, "bob") };
        assert_eq!(store.insert(&other).await.unwrap(), Insert::EmailTaken, "{email}");
    }
}

/// The id is looked at before the login, and the login before the e-mail.
pub async fn of_several_reasons_the_first_counts(store: Arc<dyn UserStore>) {
    let rng = SeededRng::default();
    let (ann, bob) = (user(&rng, "ann"), user(&rng, "bob"));
    insert(&store, &ann).await;
    insert(&store, &bob).await;
    assert_eq!(store.insert(&ann).await.unwrap(), Insert::Exists);
    assert_eq!(store.insert(&User { login: bob.login.clone(), ..ann.clone() }).await.unwrap(), Insert::Exists);
    assert_eq!(store.insert(&User { id: UserId::generate(&rng), ..ann.clone() }).await.unwrap(), Insert::LoginTaken);
    let between = User { id: UserId::generate(&rng), email: bob.email, ..ann };
    assert_eq!(store.insert(&between).await.unwrap(), Insert::LoginTaken);
}

/// An insert that is refused leaves neither an account nor a claim to a name.
pub async fn a_refused_account_leaves_nothing(store: Arc<dyn UserStore>) {
    let rng = SeededRng::default();
    let (ann, bob) = (user(&rng, "ann"), user(&rng, "bob"));
    insert(&store, &ann).await;
    assert_eq!(store.insert(&User { login: ann.login, ..bob.clone() }).await.unwrap(), Insert::LoginTaken);
    assert_eq!(store.insert(&User { email: ann.email, ..bob.clone() }).await.unwrap(), Insert::EmailTaken);
    assert_eq!(store.by_id(bob.id).await.unwrap(), None);
    assert_eq!(store.by_login(&bob.login).await.unwrap(), None);
    assert_eq!(store.by_email(&bob.email).await.unwrap(), None);
    insert(&store, &bob).await;
}

/// A second account of an id is refused, and the first stays as it is.
pub async fn an_id_is_inserted_once(store: Arc<dyn UserStore>) {
    let rng = SeededRng::default();
    let ann = user(&rng, "ann");
    insert(&store, &ann).await;
    let second = User { id: ann.id, ..user(&rng, "bob") };
    assert_eq!(store.insert(&second).await.unwrap(), Insert::Exists);
    assert_eq!(whole(&read(&store, ann.id).await.value), whole(&ann));
    assert_eq!(store.by_login(&second.login).await.unwrap(), None);
}

/// Of sixteen who want one login at once, one gets it, and the others keep no claim to their e-mails.
pub async fn one_of_many_racers_gets_the_login(store: Arc<dyn UserStore>) {
    let rng = SeededRng::default();
    let users =
        (0..RACERS).map(|n| User { login: "ann".parse().unwrap(), ..user(&rng, &format!("racer{n}")) }).collect();
    let found = one_is_inserted(&store, users, Insert::LoginTaken).await;
    let ann = store.by_login(&"ann".parse().unwrap()).await.unwrap().unwrap();
    assert_eq!(found, [ann.value]);
}

/// Of sixteen who want one e-mail at once, one gets it, and the others keep no claim to their logins.
pub async fn one_of_many_racers_gets_the_email(store: Arc<dyn UserStore>) {
    let rng = SeededRng::default();
    let email: Email = "ann@example.org".parse().unwrap();
    let users = (0..RACERS).map(|n| User { email: email.clone(), ..user(&rng, &format!("racer{n}")) }).collect();
    let found = one_is_inserted(&store, users, Insert::EmailTaken).await;
    let ann = store.by_email(&email).await.unwrap().unwrap();
    assert_eq!(found, [ann.value]);
}

/// Of sixteen who insert one account at once, one has made it, and the others know that it is there.
pub async fn one_of_many_racers_gets_the_id(store: Arc<dyn UserStore>) {
    let users = vec![user(&SeededRng::default(), "ann"); RACERS];
    let found = one_is_inserted(&store, users.clone(), Insert::Exists).await;
    assert_eq!(found, users);
}

/// A write over a revision that is no longer is refused, also when all is as it was; what stands, stands.
pub async fn a_stale_write_is_refused_and_changes_nothing(store: Arc<dyn UserStore>) {
    let ann = user(&SeededRng::default(), "ann");
    insert(&store, &ann).await;
    let (mut first, mut stale) = (read(&store, ann.id).await, read(&store, ann.id).await);
    first.value.disable();
    assert_eq!(store.replace(&first).await.unwrap(), Replace::Done);
    stale.value.set_password(PasswordHash("new".to_owned()), None);
    assert_eq!(store.replace(&stale).await.unwrap(), Replace::Stale);
    assert_eq!(whole(&read(&store, ann.id).await.value), whole(&first.value));
    let back = Stored { value: ann.clone(), ..read(&store, ann.id).await };
    assert_eq!(store.replace(&back).await.unwrap(), Replace::Done);
    assert_eq!(store.replace(&stale).await.unwrap(), Replace::Stale);
    assert_eq!(whole(&read(&store, ann.id).await.value), whole(&ann));
}

/// Of sixteen who write over one revision at once, one wins, and what that one wrote is there.
pub async fn one_of_many_racing_writes_wins(store: Arc<dyn UserStore>) {
    let ann = user(&SeededRng::default(), "ann");
    insert(&store, &ann).await;
    let seen = read(&store, ann.id).await;
    let answers = race(|n| {
        let (store, mut write) = (store.clone(), seen.clone());
        write.value.password = PasswordHash(n.to_string());
        async move { (store.replace(&write).await.unwrap(), write.value) }
    })
    .await;
    let won: Vec<_> = answers.into_iter().filter(|(end, _)| *end == Replace::Done).map(|(_, value)| value).collect();
    assert_eq!(won, [read(&store, ann.id).await.value]);
}

/// A write never makes an account.
pub async fn an_unknown_account_is_not_replaced(store: Arc<dyn UserStore>) {
    let rng = SeededRng::default();
    let (ann, bob) = (user(&rng, "ann"), user(&rng, "bob"));
    insert(&store, &ann).await;
    let unknown = Stored { value: bob.clone(), revision: read(&store, ann.id).await.revision };
    assert_eq!(store.replace(&unknown).await.unwrap(), Replace::Stale);
    assert_eq!(store.by_id(bob.id).await.unwrap(), None);
    assert_eq!(store.by_login(&bob.login).await.unwrap(), None);
}

/// Sixteen changes of one account at once are all made, each on top of the one before.
pub async fn no_change_among_racers_is_lost(store: Arc<dyn UserStore>) {
    let ann = user(&SeededRng::default(), "ann");
    insert(&store, &ann).await;
    let epochs = race(|_| {
        let store = store.clone();
        async move {
            let change = |user: &mut User| {
                user.end_sessions();
                Change::Write
            };
            match store.change(ann.id, change).await.unwrap() {
                Changed::Done(user) => user.epoch,
                other => panic!("not changed: {other:?}"),
            }
        }
    })
    .await;
    for epoch in 1..=RACERS {
        assert_eq!(count(&epochs, &u32::try_from(epoch).unwrap()), 1, "epoch {epoch}: {epochs:?}");
    }
}

pub(super) fn user(rng: &SeededRng, login: &str) -> User {
    User { created_at: NOW, ..testing::user(UserId::generate(rng), login) }
}

async fn insert(store: &Arc<dyn UserStore>, user: &User) {
    assert_eq!(store.insert(user).await.unwrap(), Insert::Done, "{user:?}");
}

async fn read(store: &Arc<dyn UserStore>, id: UserId) -> Stored<User> {
    store.by_id(id).await.unwrap().expect("the account is there")
}

/// Inserts all at once: one is done, the rest are refused for this reason. Answers those that are found by id, by login
/// and by e-mail afterwards.
async fn one_is_inserted(store: &Arc<dyn UserStore>, users: Vec<User>, reason: Insert) -> Vec<User> {
    let answers = race(|n| {
        let (store, user) = (store.clone(), users[n].clone());
        async move { store.insert(&user).await.unwrap() }
    })
    .await;
    assert_eq!((count(&answers, &Insert::Done), count(&answers, &reason)), (1, RACERS - 1), "{answers:?}");
    let mut found = Vec::new();
    for user in users {
        let is_it = |stored: Option<Stored<User>>| stored.is_some_and(|stored| stored.value == user);
        let ways = [
            is_it(store.by_id(user.id).await.unwrap()),
            is_it(store.by_login(&user.login).await.unwrap()),
            is_it(store.by_email(&user.email).await.unwrap()),
        ];
        if ways == [true; 3] {
            found.push(user);
        } else {
            assert_eq!(ways, [false; 3], "half an account: {user:?}");
        }
    }
    found
}
