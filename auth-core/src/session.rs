//! A signed-in device: a chain of refresh tokens, one of them good at a time.
use crate::{
    grant::Grant,
    secrets::{KeyId, Mac, Proof, Seed},
    value::*,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A signed-in device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Its public name, `sid`; it says whose it is.
    pub id: SessionId,
    /// The user's epoch when it began.
    pub epoch: u32,
    /// The secret that its tokens are made under.
    pub key: KeyId,
    /// What only this record holds; every token of the chain is made with it.
    pub seed: Seed,
    /// The number of the refresh token that is good now.
    pub generation: u32,
    /// When that one took over.
    pub turned_at: Timestamp,
    /// When the password was shown: `auth_time`.
    pub started_at: Timestamp,
    /// When it ends unless it turns first.
    pub expires_at: Timestamp,
    /// When it ends whatever happens.
    pub ends_at: Timestamp,
    /// Whether a replay has ended it.
    pub ended: bool,
    /// What the person calls the device.
    pub device: Option<DeviceName>,
    /// What a client may do with it; none, if it is the person's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant: Option<Box<Grant>>,
}

/// One turn of the chain, with the token of one generation presented.
#[derive(Clone, Debug)]
pub struct Turn {
    /// The token's number.
    pub generation: u32,
    /// The token's own part.
    pub mac: Mac,
    /// From [`ServerSecret::refresh_proof`](crate::secrets::ServerSecret::refresh_proof) for that number.
    pub proof: Proof,
    /// When.
    pub now: Timestamp,
    /// How long the session lives on unless it turns again.
    pub idle: Duration,
    /// How long the token before the good one still gets the same successor.
    pub grace: Duration,
}

/// The end of one turn.
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turned {
    /// The good token was presented; its successor is good from now on.
    Done(Session),
    /// The one before was presented, a moment after its successor took over: two tabs, or an answer that was lost. The
    /// answer is the same successor.
    Raced(Session),
    /// An old token was presented: somebody holds a copy. The session has ended, by the same write.
    Replayed(Session),
    /// No such session, or it is over, or no token of its chain.
    Refused,
}

impl Session {
    /// Decides a turn and moves the chain on. A store runs this atomically.
    pub fn turn(&mut self, turn: &Turn) -> Turned {
        // Whoever knows the session's name alone has no token of its chain, and can neither turn it nor end it.
        let genuine = self.key == turn.proof.key && turn.proof.mac(&self.seed.0) == turn.mac;
        if !genuine || !self.is_live(turn.now) || turn.generation > self.generation {
            return Turned::Refused;
        }
        if turn.generation == self.generation {
            let Some(next) = self.generation.checked_add(1) else { return Turned::Refused };
            self.generation = next;
            self.turned_at = turn.now;
            self.expires_at = (turn.now + turn.idle).min(self.ends_at);
            return Turned::Done(self.clone());
        }
        // Not for as long as a clock that was wrong was ahead, either.
        let lately = turn.now.since(self.turned_at) < turn.grace && self.turned_at <= turn.now + turn.grace;
        if turn.generation + 1 == self.generation && lately {
            return Turned::Raced(self.clone());
        }
        self.ended = true;
        Turned::Replayed(self.clone())
    }

    /// Whether it still stands, as far as the session itself knows; its user must admit it too.
    pub fn is_live(&self, now: Timestamp) -> bool {
        !self.ended && now < self.expires_at && now < self.ends_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{refresh_token::RefreshToken, secrets::ServerSecret};
    use proptest::prelude::*;

    const NOW: Timestamp = Timestamp(1_000);
    const IDLE: Duration = Duration::from_mins(1);
    const LONGEST: Duration = Duration::from_secs(200);
    const GRACE: Duration = Duration::from_secs(10);

    fn secret() -> ServerSecret {
        ServerSecret::new(&[7; 32]).unwrap()
    }

    fn session() -> Session {
        Session {
            id: SessionId::from_bytes([1; 32]),
            epoch: 0,
            key: secret().id(),
            seed: Seed([2; 32]),
            generation: 0,
            turned_at: NOW,
            started_at: NOW,
            expires_at: NOW + IDLE,
            ends_at: NOW + LONGEST,
            ended: false,
            device: None,
            grant: None,
        }
    }

    fn present(token: &RefreshToken, now: Timestamp) -> Turn {
        let proof = secret().refresh_proof(token.session, token.generation);
        Turn { generation: token.generation, mac: token.mac, proof, now, idle: IDLE, grace: GRACE }
    }

    #[derive(Clone, Debug)]
    enum Step {
        /// A token that was handed out: the good one, or one that is so many generations older.
        Present {
            age: usize,
        },
        /// One that was not: the MAC of one generation under the number of a later one.
        Forge {
            age: usize,
            ahead: u32,
        },
        Wait {
            seconds: u64,
        },
    }

    fn step() -> impl Strategy<Value = Step> {
        let age = || prop_oneof![12 => Just(0), 4 => Just(1), 1 => 2..9_usize];
        let seconds = prop_oneof![2 => 0..25_u64, 1 => Just(GRACE.as_secs())];
        prop_oneof![
            6 => age().prop_map(|age| Step::Present { age }),
            1 => (age(), 1..3_u32).prop_map(|(age, ahead)| Step::Forge { age, ahead }),
            4 => seconds.prop_map(|seconds| Step::Wait { seconds }),
        ]
    }

    proptest! {
        #[test] // S-03, S-16, S-17, S-20
        fn one_token_is_good_at_a_time_and_an_old_one_ends_the_chain(steps in prop::collection::vec(step(), 0..60)) {
            let mut session = session();
            let mut handed_out = vec![(RefreshToken::current(&session, &secret()), NOW)];
            let (mut now, mut replayed) = (NOW, false);
            for step in steps {
                let before = session.clone();
                let (good, since) = handed_out.last().cloned().unwrap();
                let over = replayed || now >= since + IDLE || now >= NOW + LONGEST;
                let oldest = handed_out.len() - 1;
                match step {
                    Step::Wait { seconds } => now = now + Duration::from_secs(seconds),
                    Step::Forge { age, ahead } => {
                        let (token, _) = handed_out[oldest - age.min(oldest)].clone();
                        let forged = RefreshToken { generation: token.generation + ahead, ..token };
                        prop_assert_eq!(session.turn(&present(&forged, now)), Turned::Refused);
                        prop_assert_eq!(&session, &before);
                    }
                    Step::Present { age } => {
                        let age = age.min(oldest);
                        let (token, _) = &handed_out[oldest - age];
                        match (session.turn(&present(token, now)), age) {
                            (Turned::Refused, _) => prop_assert!(over),
                            (Turned::Done(turned), 0) => {
                                prop_assert!(!over);
                                prop_assert_eq!(turned.expires_at, (now + IDLE).min(NOW + LONGEST));
                                handed_out.push((RefreshToken::current(&turned, &secret()), now));
                            }
                            (Turned::Raced(raced), 1) => {
                                prop_assert!(!over && now < since + GRACE);
                                prop_assert_eq!(RefreshToken::current(&raced, &secret()), good);
                                prop_assert_eq!(&session, &before);
                            }
                            (Turned::Replayed(_), 1..) => {
                                prop_assert!(!over && (age > 1 || now >= since + GRACE));
                                replayed = true;
                            }
                            (other, age) => prop_assert!(false, "a token of age {age} gave {other:?}"),
                        }
                    }
                }
                prop_assert_eq!(session.is_live(now), !(replayed || now >= session.expires_at));
            }
        }
    }

    #[test]
    fn a_clock_that_was_ahead_leaves_no_long_grace() {
        let mut session = session();
        let first = RefreshToken::current(&session, &secret());
        let day = Duration::from_hours(24);
        session.ends_at = NOW + day * 2;
        session.expires_at = session.ends_at;
        assert!(matches!(session.turn(&present(&first, NOW + day)), Turned::Done(_)));
        assert!(matches!(session.turn(&present(&first, NOW)), Turned::Replayed(_)));
    }

    #[test]
    fn the_last_generation_is_refused_and_not_passed() {
        let mut session = Session { generation: u32::MAX, ..session() };
        let last = RefreshToken::current(&session, &secret());
        assert_eq!(session.turn(&present(&last, NOW)), Turned::Refused);
    }

    #[test] // S-01
    fn neither_the_records_seed_nor_the_servers_secret_alone_makes_a_token() {
        let session = session();
        let other = ServerSecret::new(&[8; 32]).unwrap();
        let of_the_seed = Turn { mac: RefreshToken::current(&session, &other).mac, ..good(&session) };
        assert_eq!(session.clone().turn(&of_the_seed), Turned::Refused);
        let unseeded = Session { seed: Seed([0; 32]), ..session.clone() };
        let of_the_secret = Turn { mac: RefreshToken::current(&unseeded, &secret()).mac, ..good(&session) };
        assert_eq!(session.clone().turn(&of_the_secret), Turned::Refused);
        assert!(matches!(session.clone().turn(&good(&session)), Turned::Done(_)));
    }

    fn good(session: &Session) -> Turn {
        present(&RefreshToken::current(session, &secret()), NOW)
    }
}
