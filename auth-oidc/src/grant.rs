//! A grant is a session with the client's name on it: here one is made, before any token of it is.
use crate::{
    Provider,
    client::{Client, GrantType},
};
use auth_core::{accounts::Identity, grant::Grant, ports::*, secrets::Seed, session::Session, value::*};

impl Provider {
    /// Makes the session that a grant hangs on. Whatever the client is to show for its first tokens is good until then.
    pub(crate) async fn give(
        &self,
        client: &Client,
        who: &Identity,
        grant: Grant,
        good_until: Timestamp,
    ) -> Outside<Session> {
        let Ports { sessions, events, clock, rng, .. } = self.ports();
        let now = clock.now();
        let mut seed = [0; 32];
        rng.fill(&mut seed);
        // It is known by it who is to be told of a logout, too.
        let ends_at = if client.may(GrantType::RefreshToken) || client.backchannel_logout_uri.is_some() {
            now + self.accounts.policy().session_ttl
        } else {
            good_until + self.policy.token_ttl // nothing of it is good for longer
        };
        let session = Session {
            id: SessionId::generate(who.user.id, rng.as_ref()),
            epoch: who.user.epoch,
            key: self.accounts.secret().id(),
            seed: Seed(seed),
            generation: 0,
            turned_at: now,
            started_at: now,
            expires_at: good_until,
            ends_at: if grant.offline { ends_at } else { ends_at.min(who.session.ends_at) },
            ended: false,
            device: None,
            grant: Some(Box::new(grant)),
        };
        sessions.create(&session).await?;
        events.record(&Event::Granted(who.user.id, session.id, client.client_id.clone()));
        Ok(session)
    }
}
