//! How many mails may be asked for.
use super::{Attempted, Group, Slow};
use crate::{
    accounts::{Accounts, Caller},
    code::Kind,
    counter::*,
    device_token::AccountName,
    limits::code::Alarm,
    ports::*,
    value::Subject,
};
use std::time::Duration;

impl Accounts {
    /// Whether this source may ask for one more mail; the answer is what to take back if none comes about. A device that is
    /// known for the address has the address's own limits and no others.
    pub(crate) async fn limit_mails_asked(
        &self,
        action: &'static str,
        caller: &Caller,
        to: Subject,
    ) -> Outside<Result<Attempted, Slow>> {
        if self.known_device(caller, &AccountName::address(to)).is_some() {
            return Ok(Ok(self.asked(Vec::new())));
        }
        let (rule, alarm) = (self.policy.limits.mail_per_source, self.alarm().await?);
        let asked = self.asked(self.source_counts(caller, alarm >= Alarm::Watch, &[("mail", rule)]));
        self.limit(action, asked).await
    }

    /// Issues a code of this kind, if one more mail may go to this address. Whoever asked is not told: the answer is the
    /// same. If issuing fails, nothing was counted, so that the same request again gets the mail.
    pub(crate) async fn mail_within_limits<T>(
        &self,
        caller: &Caller,
        (kind, to): (Kind, Subject),
        issue: impl Future<Output = Outside<T>>,
    ) -> Outside<Option<T>> {
        // All known devices together: whoever once had the password could have made any number of them.
        let asked_by = if self.known_device(caller, &AccountName::address(to)).is_some() { "known" } else { "" };
        let mut counts = self.address_mails(to, asked_by);
        if kind == Kind::Register {
            // The last of a day, if there are several, is a reset's: it alone leaves the owner a code that lasts.
            let [_, _, day] = &mut counts;
            day.rule.limit = day.rule.limit.saturating_sub(1).max(day.rule.limit.min(1));
        }
        let asked = self.asked(counts.to_vec());
        let counted = self.ports.counters.hit(asked.standing, &asked.counts, self.ports.clock.now()).await;
        match self.counted_if_done(&asked, counted).await?.hit {
            Hit::Allowed => self.counted_if_done(&asked, issue.await).await.map(Some),
            Hit::Limited { .. } => Ok(None),
        }
    }

    /// How long it is until strangers get a mail to this address again, if those of a day are used up.
    pub(crate) async fn no_mail_for(&self, to: Subject) -> Outside<Option<Duration>> {
        let [_, _, day] = self.address_mails(to, "");
        let seen = self.ports.counters.peek(&[day], self.ports.clock.now()).await?;
        Ok(seen.into_iter().find_map(|hit| match hit {
            Hit::Allowed => None,
            Hit::Limited { retry_after } => Some(retry_after),
        }))
    }

    /// Whoever has the address has shown a code that was mailed there: what was mailed so far was asked for.
    pub(crate) async fn mails_were_wanted(&self, to: Subject) {
        self.forget(&self.mails_to(to)).await;
    }

    /// On what the mails are counted that anybody may ask for.
    pub(super) fn mails_to(&self, address: Subject) -> [CounterKey; 3] {
        self.address_mails(address, "").map(|count| count.key)
    }

    /// Mails to one address, whatever they say: those that were asked for on known devices, or those of all others.
    fn address_mails(&self, to: Subject, asked_by: &str) -> [Count; 3] {
        let (limits, group) = (&self.policy.limits, self.of_address(to));
        [
            self.count(&group, &["mail/address/minute", asked_by], limits.mail_per_address),
            self.count(&group, &["mail/address/hour", asked_by], limits.mail_per_address_hourly),
            self.count(&group, &["mail/address/day", asked_by], limits.mail_per_address_daily),
        ]
    }

    /// All counters of an address: of mails to it, and of guesses at its codes.
    pub(super) fn of_address(&self, address: Subject) -> Group {
        self.group("address", &[&address.to_string()], Crowd::One)
    }
}
