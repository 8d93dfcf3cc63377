//! The pure transitions of a code.
use super::*;
use crate::secrets::ServerSecret;
use proptest::prelude::*;
use std::time::Duration;

const NOW: Timestamp = Timestamp(1_000);
const KEPT_UNTIL: Timestamp = Timestamp(1_060);

fn proof(digits: u8) -> Proof {
    let secret = ServerSecret::new(&[7; 32]).unwrap();
    secret.code_proof(id(), Kind::Register.as_str(), &OneTimeCode::parse(&Secret::new(format!("{digits:06}"))).unwrap())
}

fn id() -> CodeId {
    CodeId::from_bytes([1; 32])
}

fn purpose(login: &str, email: &str, password: &str, locale: &str) -> Purpose {
    Purpose::Register {
        user: UserId::from_bytes([2; 16]),
        login: login.parse().unwrap(),
        email: email.parse().unwrap(),
        password: PasswordHash(password.to_owned()),
        locale: locale.parse().unwrap(),
    }
}

fn code(digits: u8, expires_at: Timestamp) -> Code {
    let purpose = purpose("ann", "ann@example.org", "hash", "en");
    Code::new(id(), purpose, &proof(digits), expires_at, KEPT_UNTIL)
}

fn attempt(digits: u8, now: Timestamp) -> Attempt {
    Attempt { id: id(), kind: Kind::Register, proof: proof(digits), tries: Some(1), now }
}

#[derive(Clone, Debug)]
enum Step {
    /// A guess that is answered if no more wrong ones came before it; or one that is not counted.
    Guess {
        digits: u8,
        tries: Option<u8>,
    },
    Renew {
        digits: u8,
        good_for: u64,
    },
    Wait {
        seconds: u64,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let tries = prop_oneof![3 => Just(Some(4)), 1 => (0..6_u8).prop_map(Some), 1 => Just(None)];
    prop_oneof![
        6 => (0..4_u8, tries).prop_map(|(digits, tries)| Step::Guess { digits, tries }),
        1 => (0..4_u8, 0..60_u64).prop_map(|(digits, good_for)| Step::Renew { digits, good_for }),
        2 => (0..20_u64).prop_map(|seconds| Step::Wait { seconds }),
    ]
}

proptest! {
    #[test] // K-03, K-04, K-33
    fn no_more_wrong_guesses_are_answered_than_tries_and_one_right_one_is_accepted(
        steps in prop::collection::vec(step(), 0..40),
    ) {
        let mut code = code(0, NOW + Duration::from_secs(30));
        let (mut now, mut right) = (NOW, 0);
        let (mut good_until, mut wrong, mut accepted) = (code.expires_at, 0, false);
        for step in steps {
            match step {
                Step::Wait { seconds } => now = now + Duration::from_secs(seconds),
                Step::Renew { digits, good_for } => {
                    let expires_at = now + Duration::from_secs(good_for);
                    let (id, kind, proof) = (id(), Kind::Register, proof(digits));
                    let renewed = code.renew(&Renewal { id, kind, proof, expires_at, now });
                    let renewable = now < KEPT_UNTIL && !accepted;
                    prop_assert_eq!(renewed != Renewed::Refused, renewable);
                    if renewable {
                        (right, wrong) = (digits, 0);
                        good_until = expires_at.min(KEPT_UNTIL);
                    }
                }
                Step::Guess { digits, tries } => {
                    let answer = code.redeem(&Attempt { tries, ..attempt(digits, now) });
                    let answered = now < good_until && tries.is_none_or(|tries| wrong < tries);
                    if answered && digits == right {
                        let purpose = code.purpose.clone();
                        let expected = if accepted { Redeem::Replayed(purpose) } else { Redeem::Accepted(purpose) };
                        prop_assert_eq!(answer, expected);
                        accepted = true;
                    } else {
                        prop_assert_eq!(answer, Redeem::Refused);
                        wrong += u8::from(answered && tries.is_some());
                    }
                    prop_assert_eq!(code.wrong, wrong);
                }
            }
        }
    }
}

#[test] // K-07
fn the_digits_are_good_for_nothing_but_what_they_were_issued_for() {
    let issued = code(0, KEPT_UNTIL);
    assert!(matches!(issued.clone().redeem(&attempt(0, NOW)), Redeem::Accepted(_)));
    let Purpose::Register { login, email, password, locale, .. } = issued.purpose.clone() else { unreachable!() };
    let others = [
        Purpose::Register { user: UserId::from_bytes([3; 16]), login, email, password, locale },
        purpose("bob", "ann@example.org", "hash", "en"),
        purpose("ann", "Ann@example.org", "hash", "en"),
        purpose("ann", "ann@example.org", "hash2", "en"),
        purpose("ann", "ann@example.org", "hash", "ru"),
        // A part cannot give a letter to the next.
        purpose("ann", "ann@example.org", "has", "hen"),
    ];
    for purpose in others {
        let mut moved = Code { purpose, ..issued.clone() };
        assert_eq!(moved.redeem(&attempt(0, NOW)), Redeem::Refused, "{:?}", moved.purpose);
    }
}

#[test] // K-07
fn the_digits_of_a_reset_are_good_in_its_epoch_alone() {
    let purpose = |epoch| {
        let (user, email) = (UserId::from_bytes([2; 16]), "ann@example.org".parse().unwrap());
        Purpose::ResetPassword { user, epoch, email }
    };
    let attempt = Attempt { kind: Kind::ResetPassword, ..attempt(0, NOW) };
    let issued = Code::new(id(), purpose(1), &attempt.proof, KEPT_UNTIL, KEPT_UNTIL);
    assert_eq!(issued.clone().redeem(&attempt), Redeem::Accepted(purpose(1)));
    assert_eq!(Code { purpose: purpose(2), ..issued }.redeem(&attempt), Redeem::Refused);
}
