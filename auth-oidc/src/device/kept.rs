//! What is kept of a device's request, and how each step decides on it.
use super::codes::DeviceCode;
use crate::{
    client::Client,
    error::ErrorCode::{self, AccessDenied, AuthorizationPending, ExpiredToken, SlowDown},
};
use auth_core::{ports::Change, value::*};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What is kept of a device's request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Kept {
    pub client: ClientId,
    /// The digest of the device code.
    pub device_code: String,
    pub scope: Scope,
    pub resources: Vec<String>,
    pub asked_at: Timestamp,
    pub ends_at: Timestamp,
    /// How many seconds the device is to wait between two questions.
    interval: u64,
    polled_at: Option<Timestamp>,
    /// Whether the last question came too soon.
    hurried: bool,
    pub decided: Option<Decided>,
}

/// What the person has said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Decided {
    /// No.
    Denied,
    /// Yes: the session that the grant hangs on. Its chain has not turned before the device has had its tokens.
    Allowed(SessionId),
}

/// Every question that comes too soon makes it so much slower (RFC 8628, section 3.5).
const SLOWER: u64 = 5;

impl Kept {
    pub(super) fn new(
        client: ClientId,
        device_code: &DeviceCode,
        (scope, resources): (Scope, Vec<String>),
        (asked_at, ends_at): (Timestamp, Timestamp),
        interval: Duration,
    ) -> Self {
        let (device_code, interval) = (device_code.digest(), interval.as_secs());
        Self {
            client,
            device_code,
            scope,
            resources,
            asked_at,
            ends_at,
            interval,
            polled_at: None,
            hurried: false,
            decided: None,
        }
    }

    /// Whether this client has asked so, and not another that had its name before.
    pub(super) fn is_of(&self, client: &Client, device_code: &DeviceCode) -> bool {
        self.is_by(client) && self.device_code == device_code.digest()
    }

    pub(super) fn is_by(&self, client: &Client) -> bool {
        self.client == client.client_id && self.asked_at >= client.client_id_issued_at
    }

    pub(crate) fn is_over(&self, now: Timestamp) -> bool {
        self.ends_at <= now
    }

    /// Whether it waits for the person.
    pub(super) fn is_open(&self, now: Timestamp) -> bool {
        self.decided.is_none() && !self.is_over(now)
    }

    /// The device asks. Once the person has answered, it may at any time.
    pub(super) fn poll(&mut self, now: Timestamp) -> Change {
        if !self.is_open(now) {
            return Change::Leave;
        }
        // Time is kept in whole seconds: two that are five seconds apart may be seen four apart.
        let soon = |last| now.since(last).as_secs() + 1 < self.interval;
        self.hurried = self.polled_at.is_some_and(soon);
        if self.hurried {
            self.interval = self.interval.saturating_add(SLOWER);
        }
        self.polled_at = Some(now);
        Change::Write
    }

    /// The person answers: once, and in time.
    pub(super) fn decide(&mut self, decided: Decided, now: Timestamp) -> Change {
        if !self.is_open(now) {
            return Change::Leave;
        }
        self.decided = Some(decided);
        Change::Write
    }

    /// What the device is told, or the session that it may have.
    pub(crate) fn told(&self, now: Timestamp) -> Result<SessionId, ErrorCode> {
        match self.decided {
            Some(Decided::Allowed(session)) => Ok(session),
            Some(Decided::Denied) => Err(AccessDenied),
            None if self.is_over(now) => Err(ExpiredToken),
            None if self.hurried => Err(SlowDown),
            None => Err(AuthorizationPending),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use auth_core::testing::SeededRng;
    use proptest::prelude::*;

    fn kept() -> Kept {
        let code = DeviceCode::draw([1; 16], &SeededRng::new(1));
        let times = (Timestamp(0), Timestamp(600));
        Kept::new("tv".parse().unwrap(), &code, Default::default(), times, Duration::from_secs(5))
    }

    /// What a device is told that asks at these times.
    fn asked_at(times: &[i64]) -> Vec<&'static str> {
        let mut kept = kept();
        let ask = |time: &i64| {
            let _ = kept.poll(Timestamp(*time));
            kept.told(Timestamp(*time)).map_or_else(ErrorCode::as_str, |_| "tokens")
        };
        times.iter().map(ask).collect()
    }

    #[test] // RFC 8628, section 3.5
    fn each_question_that_comes_too_soon_slows_the_device_down_by_five_seconds() {
        let (pending, slow) = ("authorization_pending", "slow_down");
        assert_eq!(asked_at(&[0, 5, 9]), [pending, pending, pending]);
        assert_eq!(asked_at(&[0, 3, 12, 21]), [pending, slow, pending, pending]);
        assert_eq!(asked_at(&[0, 3, 11, 25]), [pending, slow, slow, pending]);
        assert_eq!(asked_at(&[0, 599, 600]), [pending, pending, "expired_token"]);
    }

    proptest! {
        #[test]
        fn the_first_answer_stands_and_none_comes_late(
            steps in prop::collection::vec((0..3_u8, 0..120_i64, any::<[u8; 32]>()), 0..16),
        ) {
            let (mut kept, mut now, mut first) = (kept(), Timestamp(0), None);
            for (step, wait, session) in steps {
                now = Timestamp(now.0 + wait);
                let decided = if step == 1 { Decided::Denied } else { Decided::Allowed(SessionId::from_bytes(session)) };
                match step {
                    0 => drop(kept.poll(now)),
                    _ if kept.decide(decided, now) == Change::Write => {
                        prop_assert_eq!(first, None);
                        prop_assert!(now < kept.ends_at);
                        first = Some(decided);
                    }
                    _ => {}
                }
                prop_assert_eq!(kept.decided, first);
                prop_assert_eq!(kept.told(now).is_ok(), matches!(first, Some(Decided::Allowed(_))));
            }
        }
    }
}
