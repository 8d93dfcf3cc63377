//! Codes that were mailed: what every [`CodeStore`] promises.
use super::{NOW, RACERS, SECOND, before, count, race, secret, whole};
use crate::{code::*, ports::*, secrets::*, testing::SeededRng, user::*, value::*};
use std::{sync::Arc, time::Duration};

/// The names of the clauses.
pub const CLAUSES: &[&str] = crate::contract!(@clauses codes names);

pub(super) const RIGHT: &str = "000042";
pub(super) const WRONG: &str = "123456";
const NEWER: &str = "777777";
const TRIES: u8 = 5;
const GOOD_FOR: Duration = Duration::from_mins(10);
const KEPT_FOR: Duration = Duration::from_hours(24);

/// The right digits are accepted once, and known again ever after.
pub async fn a_code_is_accepted_once(store: Arc<dyn CodeStore>) {
    let code = create(&store, reset(subject(1))).await;
    assert_eq!(redeem(&store, &code, RIGHT).await, Redeem::Accepted(code.purpose.clone()));
    assert_eq!(redeem(&store, &code, RIGHT).await, Redeem::Replayed(code.purpose.clone()));
    assert_eq!(redeem(&store, &code, RIGHT).await, Redeem::Replayed(code.purpose));
}

/// What a code is good for comes back as it was written, of every kind.
pub async fn a_code_is_kept_whole(store: Arc<dyn CodeStore>) {
    for code in [reset(subject(1)), register(subject(1))] {
        let code = create(&store, code).await;
        let Redeem::Accepted(purpose) = redeem(&store, &code, RIGHT).await else { panic!("not accepted: {code:?}") };
        assert_eq!(whole(&purpose), whole(&code.purpose));
    }
}

/// The digits are good for the whole second before they expire, and not when they do.
pub async fn a_code_expires_at_the_very_second(store: Arc<dyn CodeStore>) {
    let code = create(&store, reset(subject(1))).await;
    let at_the_end = Attempt { now: code.expires_at, ..attempt(&code, RIGHT) };
    assert_eq!(store.redeem(&at_the_end).await.unwrap(), Redeem::Refused);
    let in_time = Attempt { now: before(code.expires_at), ..attempt(&code, RIGHT) };
    assert_eq!(store.redeem(&in_time).await.unwrap(), Redeem::Accepted(code.purpose.clone()));
    assert_eq!(store.redeem(&at_the_end).await.unwrap(), Redeem::Refused);
}

/// A code answers as many wrong guesses as the attempt may come after, and then no more, not even the right one.
pub async fn wrong_guesses_use_up_the_tries_and_no_more(store: Arc<dyn CodeStore>) {
    let dead = create(&store, reset(subject(1))).await;
    for _ in 0..TRIES {
        assert_eq!(redeem(&store, &dead, WRONG).await, Redeem::Refused);
    }
    assert_eq!(redeem(&store, &dead, RIGHT).await, Redeem::Refused);
    let alive = create(&store, reset(subject(2))).await;
    for _ in 0..TRIES - 1 {
        assert_eq!(redeem(&store, &alive, WRONG).await, Redeem::Refused);
    }
    let late = Attempt { tries: Some(TRIES - 1), ..attempt(&alive, RIGHT) };
    assert_eq!(store.redeem(&late).await.unwrap(), Redeem::Refused);
    assert_eq!(redeem(&store, &alive, RIGHT).await, Redeem::Accepted(alive.purpose));
}

/// A code that is too long to be guessed is looked at however many wrong guesses there were, and a wrong one costs no try.
pub async fn what_is_no_guess_costs_no_try_and_wants_none(store: Arc<dyn CodeStore>) {
    let code = create(&store, reset(subject(1))).await;
    let long = |digits| Attempt { tries: None, ..attempt(&code, digits) };
    for _ in 0..TRIES {
        assert_eq!(store.redeem(&long(WRONG)).await.unwrap(), Redeem::Refused);
        assert_eq!(redeem(&store, &code, WRONG).await, Redeem::Refused);
    }
    assert_eq!(redeem(&store, &code, RIGHT).await, Redeem::Refused);
    assert_eq!(store.redeem(&long(RIGHT)).await.unwrap(), Redeem::Accepted(code.purpose.clone()));
    let alive = create(&store, reset(subject(2))).await;
    let wrong = Attempt { tries: None, ..attempt(&alive, WRONG) };
    for _ in 0..=TRIES {
        assert_eq!(store.redeem(&wrong).await.unwrap(), Redeem::Refused);
    }
    assert_eq!(redeem(&store, &alive, RIGHT).await, Redeem::Accepted(alive.purpose));
}

/// Of sixteen who show the right digits at once, one is accepted.
pub async fn one_of_many_racers_is_accepted(store: Arc<dyn CodeStore>) {
    let code = create(&store, register(subject(1))).await;
    let answers = race_digits(&store, &code, RIGHT).await;
    assert_eq!(count(&answers, &Redeem::Accepted(code.purpose.clone())), 1, "{answers:?}");
    assert_eq!(count(&answers, &Redeem::Replayed(code.purpose)), RACERS - 1, "{answers:?}");
}

/// Sixteen wrong guesses at once cost sixteen tries: none is left of sixteen, and one of seventeen.
pub async fn racing_guesses_are_each_counted_once(store: Arc<dyn CodeStore>) {
    let tries = u8::try_from(RACERS).unwrap();
    let code = create(&store, reset(subject(1))).await;
    let answers = race_digits(&store, &code, WRONG).await;
    assert_eq!(count(&answers, &Redeem::Refused), RACERS, "{answers:?}");
    let after = |tries| Attempt { tries: Some(tries), ..attempt(&code, RIGHT) };
    assert_eq!(store.redeem(&after(tries)).await.unwrap(), Redeem::Refused, "a guess was not counted");
    let right = store.redeem(&after(tries + 1)).await.unwrap();
    assert_eq!(right, Redeem::Accepted(code.purpose), "a guess was counted twice");
}

/// A newer code of one subject and kind kills the older.
pub async fn a_newer_code_takes_the_slot_of_the_older(store: Arc<dyn CodeStore>) {
    let older = create(&store, reset(subject(1))).await;
    let newer = create(&store, another(&older)).await;
    assert_eq!(redeem(&store, &older, RIGHT).await, Redeem::Refused);
    assert_eq!(redeem(&store, &newer, RIGHT).await, Redeem::Accepted(newer.purpose));
}

/// Codes of other subjects and of other kinds live beside each other.
pub async fn each_subject_and_kind_has_a_slot_of_its_own(store: Arc<dyn CodeStore>) {
    let codes = [reset(subject(1)), register(subject(1)), reset(subject(2)), register(subject(2))];
    for code in &codes {
        store.create(code).await.unwrap();
    }
    for code in &codes {
        assert_eq!(redeem(&store, code, RIGHT).await, Redeem::Accepted(code.purpose.clone()));
    }
}

/// Guesses without the code's own half of the id reach no code: whoever knows the address alone cannot kill one.
pub async fn another_id_of_the_subject_is_refused_and_costs_no_try(store: Arc<dyn CodeStore>) {
    let code = create(&store, reset(subject(1))).await;
    let stranger = another(&code);
    for digits in [WRONG, RIGHT] {
        assert_eq!(redeem(&store, &stranger, digits).await, Redeem::Refused);
    }
    let first = Attempt { tries: Some(1), ..attempt(&code, RIGHT) };
    assert_eq!(store.redeem(&first).await.unwrap(), Redeem::Accepted(code.purpose));
}

/// A code of one kind is never taken for another, whether or not there is one of the other kind.
pub async fn a_code_of_another_kind_is_refused(store: Arc<dyn CodeStore>) {
    let code = create(&store, register(subject(1))).await;
    let as_reset = Attempt { kind: Kind::ResetPassword, ..attempt(&code, RIGHT) };
    assert_eq!(store.redeem(&as_reset).await.unwrap(), Redeem::Refused);
    create(&store, reset(subject(1))).await;
    assert_eq!(store.redeem(&as_reset).await.unwrap(), Redeem::Refused);
    assert_eq!(redeem(&store, &code, RIGHT).await, Redeem::Accepted(code.purpose));
}

/// A code that was made under another secret is not compared at all.
pub async fn a_code_under_another_secret_is_refused_and_costs_no_try(store: Arc<dyn CodeStore>) {
    let code = create(&store, reset(subject(1))).await;
    let other = ServerSecret::new(&[8; 32]).unwrap();
    let attempt = Attempt { proof: proof(&other, code.id, Kind::ResetPassword, RIGHT), ..attempt(&code, RIGHT) };
    assert_eq!(store.redeem(&attempt).await.unwrap(), Redeem::Refused);
    let first = Attempt { tries: Some(1), ..self::attempt(&code, RIGHT) };
    assert_eq!(store.redeem(&first).await.unwrap(), Redeem::Accepted(code.purpose));
}

/// New digits are good from then on, with tries of their own, also for a code that was expired or dead; the old digits are
/// wrong ones. Once they have been shown, there are no newer ones.
pub async fn a_renewed_code_has_new_digits_and_new_tries(store: Arc<dyn CodeStore>) {
    let code = create(&store, register(subject(1))).await;
    for _ in 0..TRIES {
        assert_eq!(redeem(&store, &code, WRONG).await, Redeem::Refused);
    }
    let later = code.expires_at + SECOND;
    let renewal = Renewal { expires_at: later + GOOD_FOR, now: later, ..renewal(&code) };
    for _ in 0..2 {
        assert_eq!(store.renew(&renewal).await.unwrap(), Renewed::Done(code.purpose.clone()));
    }
    for (digits, answer) in [
        (RIGHT, Redeem::Refused),
        (NEWER, Redeem::Accepted(code.purpose.clone())),
        (NEWER, Redeem::Replayed(code.purpose.clone())),
        (RIGHT, Redeem::Refused),
        (NEWER, Redeem::Refused),
    ] {
        let attempt = Attempt { now: later, tries: Some(2), ..attempt(&code, digits) };
        assert_eq!(store.redeem(&attempt).await.unwrap(), answer, "{digits}");
    }
    assert_eq!(store.renew(&renewal).await.unwrap(), Renewed::Refused, "what is used never goes back");
}

/// New digits expire when the code is kept no longer, whatever is asked for.
pub async fn a_renewed_code_does_not_outlive_what_it_is_kept_for(store: Arc<dyn CodeStore>) {
    let code = create(&store, register(subject(1))).await;
    let last = before(code.kept_until);
    let renewal = Renewal { expires_at: last + GOOD_FOR, now: last, ..renewal(&code) };
    assert_eq!(store.renew(&renewal).await.unwrap(), Renewed::Done(code.purpose.clone()));
    let too_late = Attempt { now: code.kept_until, ..attempt(&code, NEWER) };
    assert_eq!(store.redeem(&too_late).await.unwrap(), Redeem::Refused);
    let in_time = Attempt { now: last, ..attempt(&code, NEWER) };
    assert_eq!(store.redeem(&in_time).await.unwrap(), Redeem::Accepted(code.purpose));
}

/// There are new digits only for the code of that very id and kind, and only while it is kept. The code that is there
/// stays as it is.
pub async fn a_renewal_of_what_is_not_there_is_refused(store: Arc<dyn CodeStore>) {
    let code = create(&store, register(subject(1))).await;
    let refused = [
        renewal(&register(subject(2))),
        renewal(&another(&code)),
        Renewal { kind: Kind::ResetPassword, ..renewal(&code) },
        Renewal { now: code.kept_until, ..renewal(&code) },
    ];
    for renewal in refused {
        assert_eq!(store.renew(&renewal).await.unwrap(), Renewed::Refused, "{renewal:?}");
    }
    assert_eq!(redeem(&store, &code, RIGHT).await, Redeem::Accepted(code.purpose));
}

/// A sweep leaves what is kept: a code whose digits have expired can still be renewed.
pub async fn a_code_that_is_still_kept_is_not_swept(store: Arc<dyn CodeStore>) {
    let expired = create(&store, register(subject(1))).await;
    let last = before(expired.kept_until);
    let good = create(&store, Code { expires_at: expired.kept_until, ..reset(subject(1)) }).await;
    store.sweep(last).await.unwrap();
    let renewal = Renewal { now: last, ..renewal(&expired) };
    assert_eq!(store.renew(&renewal).await.unwrap(), Renewed::Done(expired.purpose));
    let attempt = Attempt { now: last, ..attempt(&good, RIGHT) };
    assert_eq!(store.redeem(&attempt).await.unwrap(), Redeem::Accepted(good.purpose));
}

pub(super) fn subject(n: u8) -> Subject {
    Subject::from_bytes([n; 16])
}

pub(super) fn reset(subject: Subject) -> Code {
    let (user, email) = (UserId::from_bytes([9; 16]), "Ann+a@bücher.example".parse().unwrap());
    issue(subject, Purpose::ResetPassword { user, epoch: u32::MAX, email })
}

pub(super) fn register(subject: Subject) -> Code {
    let purpose = Purpose::Register {
        user: UserId::from_bytes([9; 16]),
        login: "Анна-2".parse().unwrap(),
        email: "Ann+a@bücher.example".parse().unwrap(),
        password: PasswordHash("$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA".to_owned()),
        locale: "ru-RU".parse().unwrap(),
    };
    issue(subject, purpose)
}

/// All first codes of a subject have one id, whatever their kind: nothing but the kind tells them apart.
fn issue(subject: Subject, purpose: Purpose) -> Code {
    issue_as(CodeId::generate(subject, &SeededRng::default()), purpose)
}

/// The same, issued again: it has an id of its own.
fn another(code: &Code) -> Code {
    issue_as(CodeId::generate(code.id.subject(), &SeededRng::new(43)), code.purpose.clone())
}

fn issue_as(id: CodeId, purpose: Purpose) -> Code {
    let proof = proof(&secret(), id, purpose.kind(), RIGHT);
    Code::new(id, purpose, &proof, NOW + GOOD_FOR, NOW + KEPT_FOR)
}

fn proof(secret: &ServerSecret, id: CodeId, kind: Kind, digits: &str) -> Proof {
    secret.code_proof(id, kind.as_str(), &OneTimeCode::parse(&Secret::new(digits.to_owned())).unwrap())
}

async fn create(store: &Arc<dyn CodeStore>, code: Code) -> Code {
    store.create(&code).await.unwrap();
    code
}

pub(super) fn attempt(code: &Code, digits: &str) -> Attempt {
    Attempt {
        id: code.id,
        kind: code.purpose.kind(),
        proof: proof(&secret(), code.id, code.purpose.kind(), digits),
        tries: Some(TRIES),
        now: NOW,
    }
}

fn renewal(code: &Code) -> Renewal {
    let proof = proof(&secret(), code.id, code.purpose.kind(), NEWER);
    Renewal { id: code.id, kind: code.purpose.kind(), proof, expires_at: NOW + GOOD_FOR, now: NOW }
}

async fn redeem(store: &Arc<dyn CodeStore>, code: &Code, digits: &str) -> Redeem {
    store.redeem(&attempt(code, digits)).await.unwrap()
}

async fn race_digits(store: &Arc<dyn CodeStore>, code: &Code, digits: &str) -> Vec<Redeem> {
    race(|_| {
        let (store, attempt) = (store.clone(), Attempt { tries: Some(u8::MAX), ..attempt(code, digits) });
        async move { store.redeem(&attempt).await.unwrap() }
    })
    .await
}
