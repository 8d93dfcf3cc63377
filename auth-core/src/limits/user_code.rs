//! How often a user code may be guessed: what a device shows, and its owner types (RFC 8628, section 5.1).
use super::Slow;
use crate::{
    accounts::{Accounts, Caller},
    counter::*,
    ports::*,
    value::UserId,
};

impl Accounts {
    /// Counts that a person has typed a user code, looks whether anything waits under it, and takes the count back if so.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn try_user_code<T>(
        &self,
        caller: &Caller,
        who: UserId,
        look: impl Future<Output = Outside<Option<T>>>,
    ) -> Outside<Result<Option<T>, Slow>> {
        let limits = &self.policy.limits;
        let group = self.group("user code/account", &[&who.to_string()], Crowd::One);
        let own = self.count(&group, &["user code/account"], limits.user_code_per_account);
        let sources = self.source_counts(caller, false, &[("user code", limits.user_code_per_source)]);
        let attempted = self.attempted([own].into_iter().chain(sources).collect(), Vec::new());
        let attempted = match self.limit("user_code", attempted).await? {
            Ok(attempted) => attempted,
            Err(slow) => return Ok(Err(slow)),
        };
        let found = self.counted_if_done(&attempted, look.await).await?;
        match found {
            Some(_) => self.was_right(&attempted).await,
            None => self.was_wrong(&attempted).await?,
        }
        Ok(Ok(found))
    }
}
