//! A change of the signing keys, on a store that fails or loses its answers.
use auth_core::{keys::SealedKeys, ports::*, testing::*};
use std::sync::Arc;

#[tokio::test]
async fn whoever_has_lost_the_answer_knows_his_own_change_again() {
    for (mishap, at) in [(Mishap::LosesAnswer, 2), (Mishap::Fails, 2), (Mishap::Fails, 1), (Mishap::LosesAnswer, 1)] {
        let (memory, faulty) = (Arc::new(Memory::default()), Faulty::default());
        let store = Around::new(memory.clone(), &faulty);
        assert_eq!(memory.save(&SealedKeys("1".to_owned()), None).await.unwrap(), Replace::Done);
        faulty.arm(Plan { at, mishap, lasting: false });
        let add = |held: Option<&SealedKeys>| {
            let held = held.map_or("", |held| &held.0);
            Ok::<_, Unavailable>(Some(SealedKeys(format!("{held}+"))))
        };
        let changed = store.change_keys(add).await;
        let written = memory.load().await.unwrap().unwrap().value.0;
        match (mishap, at) {
            (Mishap::LosesAnswer, 2) => assert_eq!((changed.unwrap().unwrap().0, &*written), ("1+".to_owned(), "1+")),
            _ => assert_eq!((changed.is_err(), &*written), (true, "1"), "{mishap:?} at {at}"),
        }
    }
}

#[tokio::test]
async fn a_change_that_gives_nothing_or_fails_leaves_all_as_it_is() {
    let store = Memory::default();
    assert_eq!(store.change_keys(|_| Ok::<_, Unavailable>(None)).await.unwrap(), None);
    let refused = store.change_keys(|_| Err(Unavailable::failed("keys", "no"))).await;
    assert!(refused.is_err() && store.load().await.unwrap().is_none());
}
