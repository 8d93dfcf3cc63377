//! The pure transitions of a code.
use super::*;
use crate::secrets::ServerSecret;
use proptest::prelude::*;
use std::time::Duration;

const NOW: Timestamp = Timestamp(1_000);
const KEPT_UNTIL: Timestamp = Timestamp(1_060);

fn proof(digits: u8) -> Proof {
    let secret = ServerSecret::new(&[7; 32]).unwrap();
    secret.code_proof(id(), Kind::Register.as_str(), &Secret::new(format!("{digits:06}")))
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

fn code(digits: u8, tries: u8, expires_at: Timestamp) -> Code {
    let purpose = purpose("ann", "ann@example.org", "hash", "en");
    Code::new(id(), purpose, &proof(digits), tries, expires_at, KEPT_UNTIL)
}

fn attempt(digits: u8, now: Timestamp) -> Attempt {
    Attempt { id: id(), kind: Kind::Register, proof: proof(digits), now }
}

#[derive(Clone, Debug)]
enum Step {
    Guess { digits: u8 },
    Renew { digits: u8, tries: u8, good_for: u64 },
    Wait { seconds: u64 },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..4_u8).prop_map(|digits| Step::Guess { digits }),
        1 => (0..4_u8, 0..4_u8, 0..60_u64)
            .prop_map(|(digits, tries, good_for)| Step::Renew { digits, tries, good_for }),
        2 => (0..20_u64).prop_map(|seconds| Step::Wait { seconds }),
    ]
}

proptest! {
    #[test] // K-03, K-04
    fn no_more_wrong_guesses_are_answered_than_tries_and_one_right_one_is_accepted(
        tries in 0..6_u8,
        steps in prop::collection::vec(step(), 0..40),
    ) {
        let mut code = code(0, tries, NOW + Duration::from_secs(30));
        let (mut now, mut right, mut allowed) = (NOW, 0, tries);
        let (mut good_until, mut wrong, mut accepted) = (code.expires_at, 0, false);
        for step in steps {
            match step {
                Step::Wait { seconds } => now = now + Duration::from_secs(seconds),
                Step::Renew { digits, tries, good_for } => {
                    let expires_at = now + Duration::from_secs(good_for);
                    let (id, kind, proof) = (id(), Kind::Register, proof(digits));
                    let renewed = code.renew(&Renewal { id, kind, proof, tries, expires_at, now });
                    let renewable = now < KEPT_UNTIL && !accepted;
                    prop_assert_eq!(renewed != Renewed::Refused, renewable);
                    if renewable {
                        (right, allowed, wrong) = (digits, tries, 0);
                        good_until = expires_at.min(KEPT_UNTIL);
                    }
                }
                Step::Guess { digits } => {
                    let answer = code.redeem(&attempt(digits, now));
                    let answered = now < good_until && wrong < allowed;
                    if answered && digits == right {
                        let purpose = code.purpose.clone();
                        let expected = if accepted { Redeem::Replayed(purpose) } else { Redeem::Accepted(purpose) };
                        prop_assert_eq!(answer, expected);
                        accepted = true;
                    } else {
                        prop_assert_eq!(answer, Redeem::Refused);
                        wrong += u8::from(answered);
                    }
                    prop_assert_eq!(code.tries_left, allowed - wrong);
                }
            }
        }
    }
}

#[test] // K-07
fn the_digits_are_good_for_nothing_but_what_they_were_issued_for() {
    let issued = code(0, 1, KEPT_UNTIL);
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
    let issued = Code::new(id(), purpose(1), &attempt.proof, 1, KEPT_UNTIL, KEPT_UNTIL);
    assert_eq!(issued.clone().redeem(&attempt), Redeem::Accepted(purpose(1)));
    assert_eq!(Code { purpose: purpose(2), ..issued }.redeem(&attempt), Redeem::Refused);
}
