//! How much a source may have kept for it without a proof of who asks.
use super::Slow;
use crate::{
    accounts::{Accounts, Caller},
    counter::Rule,
    ports::*,
};

impl Accounts {
    /// Whether this source may bring one more request that is kept for a while, such as a device's.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn limit_requests(&self, caller: &Caller) -> Outside<Result<(), Slow>> {
        self.limit_source("request", caller, self.policy.limits.request_per_source).await
    }

    /// Whether one more client may register itself from this source.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn limit_registrations(&self, caller: &Caller) -> Outside<Result<(), Slow>> {
        self.limit_source("registration", caller, self.policy.limits.registration_per_source).await
    }

    async fn limit_source(&self, action: &'static str, caller: &Caller, rule: Rule) -> Outside<Result<(), Slow>> {
        let asked = self.asked(self.source_counts(caller, false, &[(action, rule)]));
        Ok(self.limit(action, asked).await?.map(drop))
    }
}
