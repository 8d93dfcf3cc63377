//! Deletions: what is left of an account that is gone.
use super::*;

/// Neither its id nor a name finds it, and its names are free at once.
pub async fn a_deleted_account_is_found_by_nothing_and_its_names_are_free(store: Arc<dyn UserStore>) {
    let rng = SeededRng::default();
    let (ann, bob) = (user(&rng, "ann"), user(&rng, "bob"));
    insert(&store, &ann).await;
    insert(&store, &bob).await;
    assert_eq!(store.delete(&read(&store, ann.id).await).await.unwrap(), Replace::Done);
    assert_eq!(store.by_id(ann.id).await.unwrap(), None);
    assert_eq!(store.by_login(&ann.login).await.unwrap(), None);
    assert_eq!(store.by_email(&ann.email).await.unwrap(), None);
    assert_eq!(whole(&read(&store, bob.id).await.value), whole(&bob));
    let next = user(&rng, "ann");
    insert(&store, &next).await;
    assert_eq!(store.by_login(&ann.login).await.unwrap().unwrap().value.id, next.id);
}

/// An insert with the id of an account that was deleted is refused, before any name is looked at.
pub async fn a_deleted_id_is_never_used_again(store: Arc<dyn UserStore>) {
    let rng = SeededRng::default();
    let (ann, bob) = (user(&rng, "ann"), user(&rng, "bob"));
    insert(&store, &ann).await;
    insert(&store, &bob).await;
    assert_eq!(store.delete(&read(&store, ann.id).await).await.unwrap(), Replace::Done);
    for again in [&ann, &User { id: ann.id, ..user(&rng, "eve") }, &User { id: ann.id, ..bob.clone() }] {
        assert_eq!(store.insert(again).await.unwrap(), Insert::Exists);
    }
    assert_eq!(store.by_id(ann.id).await.unwrap(), None);
    for name in ["ann", "eve"] {
        insert(&store, &user(&rng, name)).await;
    }
}

/// What was written since it was read is not deleted unseen, be it a rename.
pub async fn a_stale_delete_is_refused_and_changes_nothing(store: Arc<dyn UserStore>) {
    let ann = user(&SeededRng::default(), "ann");
    insert(&store, &ann).await;
    let first = read(&store, ann.id).await;
    assert_eq!(store.replace(&first).await.unwrap(), Replace::Done);
    assert_eq!(store.delete(&first).await.unwrap(), Replace::Stale);
    let mut second = read(&store, ann.id).await;
    second.value.login = "eve".parse().unwrap();
    assert_eq!(store.rename(&second).await.unwrap(), Rename::Done);
    assert_eq!(store.delete(&second).await.unwrap(), Replace::Stale);
    assert_eq!(whole(&read(&store, ann.id).await.value), whole(&second.value));
    assert_eq!(store.by_login(&second.value.login).await.unwrap().unwrap().value.id, ann.id);
    assert_eq!(store.by_email(&ann.email).await.unwrap().unwrap().value.id, ann.id);
}

/// Nothing is written over an account that is gone, nor does it end twice.
pub async fn what_is_written_after_the_end_is_stale(store: Arc<dyn UserStore>) {
    let ann = user(&SeededRng::default(), "ann");
    insert(&store, &ann).await;
    let seen = read(&store, ann.id).await;
    assert_eq!(store.delete(&seen).await.unwrap(), Replace::Done);
    let renamed = Stored { value: User { login: "eve".parse().unwrap(), ..ann.clone() }, ..seen.clone() };
    assert_eq!(store.replace(&seen).await.unwrap(), Replace::Stale);
    assert_eq!(store.rename(&renamed).await.unwrap(), Rename::Stale);
    assert_eq!(store.delete(&seen).await.unwrap(), Replace::Stale);
    assert_eq!(store.by_id(ann.id).await.unwrap(), None);
    assert_eq!(store.by_login(&ann.login).await.unwrap(), None);
    assert_eq!(store.by_login(&renamed.value.login).await.unwrap(), None);
}

/// Of sixteen who delete, replace and rename one account over one revision at once, one wins, and all is as that one left
/// it.
pub async fn one_of_many_racing_deletes_and_writes_wins(store: Arc<dyn UserStore>) {
    let ann = user(&SeededRng::default(), "ann");
    insert(&store, &ann).await;
    let seen = read(&store, ann.id).await;
    let answers = race(|n| {
        let (store, mut write) = (store.clone(), seen.clone());
        write.value.password = PasswordHash(n.to_string());
        async move {
            let (won, left) = match n % 3 {
                0 => (store.replace(&write).await.unwrap() == Replace::Done, Some(write.value)),
                1 => (store.delete(&write).await.unwrap() == Replace::Done, None),
                _ => {
                    write.value.login = "eve".parse().unwrap();
                    (store.rename(&write).await.unwrap() == Rename::Done, Some(write.value))
                }
            };
            won.then_some(left)
        }
    })
    .await;
    let won: Vec<_> = answers.into_iter().flatten().collect();
    let [left] = &won[..] else { panic!("{won:?} won") };
    let found = |stored: Option<Stored<User>>| stored.map(|stored| whole(&stored.value));
    assert_eq!(found(store.by_id(ann.id).await.unwrap()), left.as_ref().map(whole));
    for login in ["ann", "eve"] {
        let login: Login = login.parse().unwrap();
        let expected = left.as_ref().filter(|user| user.login == login).map(whole);
        assert_eq!(found(store.by_login(&login).await.unwrap()), expected);
    }
}
