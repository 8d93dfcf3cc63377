//! Announce: clients learn that a person's session has ended (OpenID Connect Back-Channel Logout 1.0).
use super::Accounts;
use crate::{ports::*, session::Session, value::*};
use std::collections::BTreeSet;

impl Accounts {
    /// Leaves word for each client that was given something in one of a person's sessions that end. To be called while the
    /// stores still have them. The end does not depend on it.
    pub(super) async fn announce(&self, user: UserId, ends: impl Fn(&Session) -> bool + Send) {
        self.afterwards("telling clients", self.leave_word(user, ends).await);
    }

    async fn leave_word(&self, user: UserId, ends: impl Fn(&Session) -> bool + Send) -> Outside<()> {
        let Ports { sessions, logouts, clock, .. } = &self.ports;
        let ended_at = clock.now();
        let of_user = sessions.of_user(user).await?;
        // One that is over already was announced at its end.
        let ending: BTreeSet<_> = of_user.iter().filter(|own| !own.ended && ends(own)).map(|own| own.id).collect();
        let given = of_user.iter().filter_map(|session| session.grant.as_ref());
        let given = given.filter(|grant| ending.contains(&grant.given_in));
        let told: BTreeSet<_> = given.map(|grant| (&grant.client, grant.given_in)).collect();
        let mut outcome = Ok(());
        for (client, session) in told {
            let left = logouts.announce(&LogoutNotice { client: client.clone(), session, ended_at }).await;
            outcome = left.and(outcome);
        }
        outcome
    }
}
