//! Signed-in devices: what every [`SessionStore`] promises.
use super::{NOW, RACERS, SECOND, before, count, race, secret};
use crate::{grant::*, ports::*, secrets::*, session::*, testing::SeededRng, value::*};
use std::{sync::Arc, time::Duration};

/// The names of the clauses.
pub const CLAUSES: &[&str] = crate::contract!(@clauses sessions names);

const IDLE: Duration = Duration::from_hours(1);
const LONGEST: Duration = Duration::from_mins(90);
const GRACE: Duration = Duration::from_secs(30);
const ANN: UserId = UserId::from_bytes([1; 16]);
const BOB: UserId = UserId::from_bytes([2; 16]);

/// Every field comes back as it was written, by id and in the list.
pub async fn a_session_is_kept_whole(store: Arc<dyn SessionStore>) {
    let rng = SeededRng::default();
    let plain = create(&store, Session { device: None, ..session(ANN, &rng) }).await;
    let rich = Session {
        epoch: u32::MAX,
        key: KeyId(u32::MAX),
        generation: u32::MAX,
        turned_at: NOW + SECOND,
        started_at: Timestamp(-1),
        device: Some("Ánn's 📱".parse().unwrap()),
        grant: Some(Box::new(grant())),
        ..session(BOB, &rng)
    };
    create(&store, rich.clone()).await;
    for session in [plain, rich] {
        assert_eq!(store.by_id(session.id).await.unwrap(), Some(session.clone()));
        assert_eq!(store.of_user(session.id.user()).await.unwrap(), [session]);
    }
}

/// The good token makes its successor the good one, and the session live on; the answer is what is kept.
pub async fn a_turn_moves_on_and_answers_the_session_as_it_is_now(store: Arc<dyn SessionStore>) {
    let began = create(&store, session(ANN, &SeededRng::default())).await;
    for generation in 0..3 {
        let now = NOW + SECOND * (generation + 1);
        let moved = Session { generation: generation + 1, turned_at: now, expires_at: now + IDLE, ..began.clone() };
        assert_eq!(turn(&store, &began, generation, now).await, Turned::Done(moved.clone()));
        assert_eq!(store.by_id(began.id).await.unwrap(), Some(moved));
    }
}

/// It turns for the whole second before it expires, and not when it does; and however often it turns, not for longer than
/// it was given.
pub async fn a_session_ends_on_time(store: Arc<dyn SessionStore>) {
    let began = create(&store, session(ANN, &SeededRng::default())).await;
    assert_eq!(turn(&store, &began, 0, began.expires_at).await, Turned::Refused);
    let late = before(began.expires_at);
    let last = Session { generation: 1, turned_at: late, expires_at: began.ends_at, ..began.clone() };
    assert_eq!(turn(&store, &began, 0, late).await, Turned::Done(last));
    assert_eq!(turn(&store, &began, 1, began.ends_at).await, Turned::Refused);
}

/// Two tabs, or an answer that was lost: the token before the good one changes nothing, and gets the same successor.
pub async fn the_token_before_gets_the_same_successor_within_the_grace(store: Arc<dyn SessionStore>) {
    let began = create(&store, session(ANN, &SeededRng::default())).await;
    let Turned::Done(moved) = turn(&store, &began, 0, NOW).await else { panic!("not turned") };
    let within = before(NOW + GRACE);
    for now in [NOW, within] {
        assert_eq!(turn(&store, &began, 0, now).await, Turned::Raced(moved.clone()));
    }
    assert_eq!(store.by_id(began.id).await.unwrap(), Some(moved));
    assert!(matches!(turn(&store, &began, 1, within).await, Turned::Done(_)));
}

/// After the grace the token before the good one is a copy in somebody's hands, and ends the session for good.
pub async fn the_token_before_ends_the_session_after_the_grace(store: Arc<dyn SessionStore>) {
    let began = create(&store, session(ANN, &SeededRng::default())).await;
    let Turned::Done(moved) = turn(&store, &began, 0, NOW).await else { panic!("not turned") };
    let ended = Session { ended: true, ..moved };
    assert_eq!(turn(&store, &began, 0, NOW + GRACE).await, Turned::Replayed(ended));
    is_over(&store, &began, 1).await;
}

/// An older token ends the session for good, within the grace too.
pub async fn an_older_token_ends_the_session(store: Arc<dyn SessionStore>) {
    let began = create(&store, session(ANN, &SeededRng::default())).await;
    assert!(matches!(turn(&store, &began, 0, NOW).await, Turned::Done(_)));
    let Turned::Done(moved) = turn(&store, &began, 1, NOW).await else { panic!("not turned") };
    let ended = Session { ended: true, ..moved };
    assert_eq!(turn(&store, &began, 0, NOW).await, Turned::Replayed(ended));
    is_over(&store, &began, 2).await;
}

/// Whoever knows a session's name, but holds no token of its chain, can neither turn it nor end it.
pub async fn a_wrong_mac_neither_turns_nor_ends_a_session(store: Arc<dyn SessionStore>) {
    let began = create(&store, session(ANN, &SeededRng::default())).await;
    for generation in [0, 1] {
        assert!(matches!(turn(&store, &began, generation, NOW).await, Turned::Done(_)));
    }
    for generation in 0..4 {
        let guessed = Turn { mac: Mac([0; 32]), ..present(&began, generation, NOW) };
        assert_eq!(store.turn(began.id, &guessed).await.unwrap(), Turned::Refused);
    }
    let other = ServerSecret::new(&[8; 32]).unwrap().refresh_proof(began.id, 2);
    let foreign = Turn { mac: other.mac(&began.seed.0), proof: other, ..present(&began, 2, NOW) };
    assert_eq!(store.turn(began.id, &foreign).await.unwrap(), Turned::Refused);
    assert!(matches!(turn(&store, &began, 2, NOW).await, Turned::Done(Session { generation: 3, .. })));
}

/// Of sixteen who present the good token at once, one turns; the others get the same successor.
pub async fn one_of_many_racers_turns(store: Arc<dyn SessionStore>) {
    let began = create(&store, session(ANN, &SeededRng::default())).await;
    let moved = Session { generation: 1, ..began.clone() };
    let answers = race(|_| {
        let (store, began) = (store.clone(), began.clone());
        async move { turn(&store, &began, 0, NOW).await }
    })
    .await;
    assert_eq!(count(&answers, &Turned::Done(moved.clone())), 1, "{answers:?}");
    assert_eq!(count(&answers, &Turned::Raced(moved.clone())), RACERS - 1, "{answers:?}");
    assert_eq!(store.by_id(began.id).await.unwrap(), Some(moved));
}

/// A session that was revoked is over, and can be revoked again.
pub async fn a_revoked_session_stays_gone(store: Arc<dyn SessionStore>) {
    let began = create(&store, session(ANN, &SeededRng::default())).await;
    for _ in 0..2 {
        store.revoke(began.id).await.unwrap();
        is_over(&store, &began, 0).await;
    }
}

/// Turns that run while a session is revoked do not bring it back.
pub async fn no_racing_turn_revives_a_revoked_session(store: Arc<dyn SessionStore>) {
    let rng = SeededRng::default();
    let (one, all) = (create(&store, session(ANN, &rng)).await, create(&store, session(BOB, &rng)).await);
    race(|n| {
        let (store, one, all) = (store.clone(), one.clone(), all.clone());
        async move {
            match n {
                7 => store.revoke(one.id).await.unwrap(),
                8 => store.revoke_all(BOB, None).await.unwrap(),
                _ => {
                    let _ = turn(&store, &one, 0, NOW).await;
                    let _ = turn(&store, &all, 0, NOW).await;
                }
            }
        }
    })
    .await;
    for generation in [0, 1] {
        is_over(&store, &one, generation).await;
        is_over(&store, &all, generation).await;
    }
}

/// All sessions of a user end, but for one if that is asked.
pub async fn all_sessions_of_a_user_but_one_are_revoked(store: Arc<dyn SessionStore>) {
    let rng = SeededRng::default();
    let mut sessions = Vec::new();
    for _ in 0..3 {
        sessions.push(create(&store, session(ANN, &rng)).await);
    }
    let [first, spared, third] = &sessions[..] else { unreachable!("three were made") };
    store.revoke_all(ANN, Some(spared.id)).await.unwrap();
    is_over(&store, first, 0).await;
    is_over(&store, third, 0).await;
    assert!(matches!(turn(&store, spared, 0, NOW).await, Turned::Done(_)));
    for _ in 0..2 {
        store.revoke_all(ANN, None).await.unwrap();
        is_over(&store, spared, 1).await;
    }
}

/// Other sessions and other users' are left alone.
pub async fn only_sessions_of_that_user_are_revoked(store: Arc<dyn SessionStore>) {
    let rng = SeededRng::default();
    let mut sessions = Vec::new();
    for user in [ANN, ANN, ANN, BOB, BOB] {
        sessions.push(create(&store, session(user, &rng)).await);
    }
    let (anns, bobs) = sessions.split_at(3);
    store.revoke(anns[0].id).await.unwrap();
    for session in [&anns[1], &bobs[0]] {
        assert!(matches!(turn(&store, session, 0, NOW).await, Turned::Done(_)));
    }
    // Somebody else's session spares none.
    store.revoke_all(ANN, Some(bobs[0].id)).await.unwrap();
    is_over(&store, &anns[1], 1).await;
    is_over(&store, &anns[2], 0).await;
    for (session, good) in [(&bobs[0], 1), (&bobs[1], 0)] {
        assert!(matches!(turn(&store, session, good, NOW).await, Turned::Done(_)));
    }
}

/// A session that is not there is not found, not even if its user has another.
pub async fn an_unknown_session_is_refused(store: Arc<dyn SessionStore>) {
    let rng = SeededRng::default();
    let known = create(&store, session(ANN, &rng)).await;
    for unknown in [session(ANN, &rng), session(BOB, &rng)] {
        assert_eq!(store.by_id(unknown.id).await.unwrap(), None);
        assert_eq!(turn(&store, &unknown, 0, NOW).await, Turned::Refused);
        store.revoke(unknown.id).await.unwrap();
    }
    assert!(matches!(turn(&store, &known, 0, NOW).await, Turned::Done(_)));
}

/// A person sees all of the own sessions, the oldest first, and nobody else's.
pub async fn own_sessions_are_listed_oldest_first(store: Arc<dyn SessionStore>) {
    let rng = SeededRng::default();
    let mut sessions = Vec::new();
    for age in [2, 5, 0, 4, 1, 3] {
        let started_at = Timestamp(NOW.0 - age);
        create(&store, Session { started_at, ..session(BOB, &rng) }).await;
        sessions.push(create(&store, Session { started_at, ..session(ANN, &rng) }).await);
    }
    sessions.sort_by_key(|session| session.started_at);
    assert_eq!(store.of_user(ANN).await.unwrap(), sessions);
    assert_eq!(store.of_user(UserId::from_bytes([3; 16])).await.unwrap(), []);
}

/// A sweep leaves what is live, to the last second.
pub async fn a_live_session_is_not_swept(store: Arc<dyn SessionStore>) {
    let began = create(&store, session(ANN, &SeededRng::default())).await;
    let last = before(began.expires_at);
    store.sweep(last).await.unwrap();
    assert_eq!(store.by_id(began.id).await.unwrap(), Some(began.clone()));
    assert!(matches!(turn(&store, &began, 0, last).await, Turned::Done(_)));
}

pub(super) fn session(user: UserId, rng: &SeededRng) -> Session {
    let mut seed = Seed([0; 32]);
    rng.fill(&mut seed.0);
    Session {
        id: SessionId::generate(user, rng),
        epoch: 0,
        key: secret().id(),
        seed,
        generation: 0,
        turned_at: NOW,
        started_at: NOW,
        expires_at: NOW + IDLE,
        ends_at: NOW + LONGEST,
        ended: false,
        device: Some("Ann's telephone".parse().unwrap()),
        grant: None,
    }
}

async fn create(store: &Arc<dyn SessionStore>, session: Session) -> Session {
    store.create(&session).await.unwrap();
    session
}

/// What the holder of the session's token of that generation presents.
pub(super) fn present(session: &Session, generation: u32, now: Timestamp) -> Turn {
    let proof = secret().refresh_proof(session.id, generation);
    Turn { generation, mac: proof.mac(&session.seed.0), proof, now, idle: IDLE, grace: GRACE }
}

async fn turn(store: &Arc<dyn SessionStore>, session: &Session, generation: u32, now: Timestamp) -> Turned {
    store.turn(session.id, &present(session, generation, now)).await.unwrap()
}

/// Not even the token that was the good one does anything any more.
async fn is_over(store: &Arc<dyn SessionStore>, session: &Session, good: u32) {
    assert_eq!(turn(store, session, good, NOW).await, Turned::Refused);
    assert!(store.by_id(session.id).await.unwrap().is_none_or(|found| found.ended));
}

/// With something in every field.
fn grant() -> Grant {
    Grant {
        client: "https://client.example/id".parse().unwrap(),
        scope: "openid email".parse().unwrap(),
        resources: vec!["https://api.example".to_owned()],
        given_in: SessionId::from_bytes([9; 32]),
        offline: true,
        auth_time: NOW,
        code: Some(CodeBinding {
            redirect_uri: "https://client.example/".to_owned(),
            challenge: Some("E9".to_owned()),
            dpop_jkt: Some("0Z".to_owned()),
        }),
        nonce: Some("n".to_owned()),
        id_token_claims: vec!["email".to_owned()],
        userinfo_claims: vec!["locale".to_owned()],
    }
}
