//! How often a password may be tried.
use super::{Attempted, Group};
use crate::{
    accounts::{Accounts, Caller},
    counter::*,
    device_token::AccountName,
    ports::*,
    session::Session,
    user::User,
    value::Identifier,
};

impl Accounts {
    /// The counters of one password, tried for what was typed as the account's name, and for this user if that is one. A
    /// device is known until the password that was shown on it is no longer the user's.
    pub(crate) async fn login_attempted(
        &self,
        caller: &Caller,
        typed: &Identifier,
        user: Option<&User>,
    ) -> Outside<Attempted> {
        let (limits, now) = (&self.policy.limits, self.ports.clock.now());
        let whose = AccountName::typed(typed, &self.secret);
        if let Some(whose) = &whose
            && let Some(device) = self.known_device(caller, whose)
            && user.is_some_and(|user| user.epoch == device.epoch())
        {
            return Ok(self.of_the_owner(whose, &format!("device {:032x}", u128::from_be_bytes(device.name()))));
        }
        let watched = self.ports.counters.peek(&[self.all_logins()], now).await? != [Hit::Allowed];
        let counts = self.source_counts(caller, watched, &[("login", limits.login_per_source)]);
        let Some(whose) = whose else { return Ok(self.attempted(counts, Vec::new())) };
        let (source, _) = super::source(caller);
        let own = limits.login_per_account_and_source;
        let own = self.paused(self.count_source(&self.tried(&whose), "login/account/source", &source, own));
        let counts = [own].into_iter().chain(self.everywhere(&whose)).chain(counts).collect();
        Ok(self.attempted(counts, vec![own.key]))
    }

    /// The counters of the current password, tried by somebody who holds a session.
    pub(crate) fn current_password_attempted(&self, user: &User, session: &Session) -> Attempted {
        let whose = AccountName(format!("user {}", user.id));
        self.of_the_owner(&whose, &format!("session {}", session.id))
    }

    /// A wrong password, known to be one, counts for all accounts together.
    pub(crate) async fn password_was_wrong(&self) -> Outside<()> {
        let (wrong, now) = (Standing::ForGood(self.draw_attempt()), self.ports.clock.now());
        let Counted { .. } = self.ports.counters.hit(wrong, &[self.all_logins()], now).await?;
        Ok(())
    }

    /// The owner has shown a code that was mailed: what others tried from everywhere is forgotten, and what was mailed so
    /// far was wanted.
    pub(crate) async fn owner_was_proved(&self, user: &User) {
        let address = self.secret.subject(&user.email);
        let names = [AccountName::login(&user.login), AccountName::address(address)];
        let tried = names.iter().flat_map(|whose| self.everywhere(whose)).map(|count| count.key);
        let keys: Vec<CounterKey> = tried.chain(self.mails_to(address)).collect();
        self.forget(&keys).await;
    }

    /// Of somebody who is known: nobody else counts here, and nobody else is counted.
    fn of_the_owner(&self, whose: &AccountName, known_by: &str) -> Attempted {
        let limits = &self.policy.limits;
        let group = self.group("login/account/device", &[&whose.0, known_by], Crowd::One);
        let counts = vec![
            self.paused(self.count(&group, &["login/account/device"], limits.login_per_account_and_source)),
            self.count(&group, &["login/account/device/in a row"], limits.login_in_a_row),
        ];
        let cleared = counts.iter().map(|count| count.key).collect();
        self.attempted(counts, cleared)
    }

    /// Of all who are not known, wherever they are.
    fn everywhere(&self, whose: &AccountName) -> [Count; 2] {
        let (limits, group) = (&self.policy.limits, self.tried(whose));
        [
            self.paused(self.count(&group, &["login/account"], limits.login_per_account)),
            self.count(&group, &["login/account/in a row"], limits.login_in_a_row),
        ]
    }

    /// The counters of what is typed as an account's name.
    fn tried(&self, whose: &AccountName) -> Group {
        self.group("login/account", &[&whose.0], Crowd::One)
    }

    fn all_logins(&self) -> Count {
        self.count_all("login/all", self.policy.limits.login_watch)
    }

    fn paused(&self, count: Count) -> Count {
        Count { pause: Some(self.policy.limits.login_pause), ..count }
    }
}
