//! How often a mailed code may be guessed, and how long the codes are that go out.
use super::{Attempted, Slow};
use crate::{
    accounts::{Accounts, Caller},
    code::*,
    counter::*,
    device_token::AccountName,
    ports::*,
    value::*,
};

/// How many are guessing at codes, over all accounts. One wrong guess at six digits is worth one in a million wherever it
/// lands, so only a count over all bounds whoever spends one guess on each of a million accounts. That bound is
/// [`code_daily`](crate::policy::Limits::code_daily), counted before a code is looked at; an alarm is raised by guesses that
/// are known to be wrong, and so a little later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Alarm {
    /// Few.
    Calm,
    /// More than people mistype: every source has a part of what it has otherwise.
    Watch,
    /// An attack: codes that go out from now on are long, and six digits that are out have one try.
    Attack,
}

impl Accounts {
    /// Counts a guess at a code, lets it be looked at, and takes the count back if it was right. `None`: it was not, or
    /// there is no such code.
    pub(crate) async fn redeem(
        &self,
        action: &'static str,
        caller: &Caller,
        (kind, id): (Kind, CodeId),
        code: &OneTimeCode,
    ) -> Outside<Result<Option<Purpose>, Slow>> {
        let Ports { codes, counters, events, clock, .. } = &self.ports;
        let alarm = self.alarm().await?;
        // An id that we never issued reaches no code, and is no guess at one: its inventor uses up no budget but his own.
        // Nor is a long code guessed: it counts on its source alone.
        let is_guess = code.length() == CodeLength::Digits && self.secret.issued(kind.as_str(), id);
        let mut tries = (code.length() == CodeLength::Digits).then(|| self.tries(alarm));
        let mut attempted = match self.limit(action, self.shown(caller, alarm, id.subject(), is_guess)).await? {
            Ok(attempted) => attempted,
            Err(slow) => return Ok(Err(slow)),
        };
        // Before the code is looked at: whoever guesses at all accounts at once is counted too. Once the guesses of a day are
        // used up, six digits are looked at no more, and the next code is long.
        if is_guess {
            let day = self.guesses_of_a_day();
            attempted.counts.push(day);
            let counted = counters.hit(attempted.standing, &[day], clock.now()).await;
            match self.counted_if_done(&attempted, counted).await? {
                Counted { hit: Hit::Allowed, alone: true } => {}
                Counted { hit: Hit::Allowed, alone: false } => attempted.shared.push(day.key),
                Counted { hit: Hit::Limited { .. }, .. } => {
                    attempted.counts.pop(); // nor does it count there
                    tries = Some(0);
                }
            }
        }
        let (proof, now) = (self.secret.code_proof(id, kind.as_str(), code), clock.now());
        let redeemed = codes.redeem(&Attempt { id, kind, proof, tries, now }).await;
        match self.counted_if_done(&attempted, redeemed).await? {
            Redeem::Accepted(purpose) | Redeem::Replayed(purpose) => {
                self.was_right(&attempted).await;
                Ok(Ok(Some(purpose)))
            }
            Redeem::Refused => {
                events.record(&Event::CodeRefused(id.subject()));
                self.was_wrong(&attempted).await?;
                if is_guess && tries != Some(0) {
                    self.guessed_wrong(alarm).await?;
                }
                Ok(Ok(None))
            }
        }
    }

    /// How long the next code for this address is. Where six digits would be guessed at no more, or by too many, it is
    /// long: so nobody shuts its owner out.
    pub(crate) async fn code_length(&self, address: Subject) -> Outside<CodeLength> {
        let ([_, attack], day) = (self.alarms(), self.guesses_of_a_day());
        let [daily, monthly] = self.address_counts(address);
        let room = self.ports.counters.peek(&[attack, day, daily, monthly], self.ports.clock.now()).await?;
        Ok(if room.iter().all(|hit| *hit == Hit::Allowed) { CodeLength::Digits } else { CodeLength::Long })
    }

    /// How many are guessing just now.
    pub(super) async fn alarm(&self) -> Outside<Alarm> {
        let seen = self.ports.counters.peek(&self.alarms(), self.ports.clock.now()).await?;
        Ok(match seen[..] {
            [Hit::Allowed, Hit::Allowed] => Alarm::Calm,
            [_, Hit::Allowed] => Alarm::Watch,
            _ => Alarm::Attack,
        })
    }

    /// What it counts on that somebody shows a code; and that it is a guess, if it is one.
    fn shown(&self, caller: &Caller, alarm: Alarm, address: Subject, is_guess: bool) -> Attempted {
        let limits = &self.policy.limits;
        let mut counts = Vec::new();
        if self.known_device(caller, &AccountName::address(address)).is_none() {
            let rules = [("code", limits.code_per_source), ("code/day", limits.code_per_source_daily)];
            counts = self.source_counts(caller, alarm >= Alarm::Watch, &rules);
        }
        if is_guess {
            counts.extend(self.address_counts(address));
        }
        self.attempted(counts, Vec::new())
    }

    /// How many wrong guesses a code of six digits may have had before one more is looked at.
    fn tries(&self, alarm: Alarm) -> u8 {
        match alarm {
            Alarm::Calm | Alarm::Watch => self.policy.code_tries,
            Alarm::Attack => self.policy.code_tries.min(1),
        }
    }

    /// Raises the alarms, once the guess is known to be wrong: right ones do not add up to an attack.
    async fn guessed_wrong(&self, before: Alarm) -> Outside<()> {
        let (wrong, now) = (Standing::ForGood(self.draw_attempt()), self.ports.clock.now());
        for count in self.alarms() {
            let Counted { .. } = self.ports.counters.hit(wrong, &[count], now).await?;
        }
        let after = self.alarm().await?;
        if after != before {
            self.ports.events.record(&Event::Alarm(after));
        }
        Ok(())
    }

    /// Over all codes of an address, whatever they are good for.
    fn address_counts(&self, address: Subject) -> [Count; 2] {
        let (limits, group) = (&self.policy.limits, self.of_address(address));
        [
            self.count(&group, &["code/address/day"], limits.code_per_address),
            self.count(&group, &["code/address/month"], limits.code_per_address_monthly),
        ]
    }

    /// Over all accounts: wrong guesses that are watched, and that are an attack.
    fn alarms(&self) -> [Count; 2] {
        let limits = &self.policy.limits;
        [self.count_all("code/all/watch", limits.code_watch), self.count_all("code/all/attack", limits.code_attack)]
    }

    /// Over all accounts: no more are looked at, on all instances.
    fn guesses_of_a_day(&self) -> Count {
        self.count_all("code/all/day", self.policy.limits.code_daily)
    }
}
