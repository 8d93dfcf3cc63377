//! The person's part: what a device asks, and yes or no to it (RFC 8628, section 3.3).
use super::{
    Kept, UserCode,
    kept::Decided::{self, Allowed, Denied},
    key,
};
use crate::{
    Params, Provider,
    authorize::{Decision, Done, Page, Ticket},
    client::{Client, GrantType},
    consent::Asked,
    provider::sha256,
    records::{self, read},
    resource,
};
use auth_core::{
    accounts::{Caller, Identity, Slow},
    grant::Grant,
    ports::*,
};

/// What a device asks of a person.
#[derive(Clone, Debug)]
pub struct DeviceRequest {
    /// The client that is on the device, or says so.
    pub client: Client,
    /// What it asks for at which service.
    pub asked: Asked,
    /// What the device shows.
    pub user_code: UserCode,
    kept: Kept,
}

/// What came of an answer.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceAnswer {
    /// The device is told it when it asks next.
    Taken,
    /// Nothing proves that the person has seen what they answer: they are to be shown it again.
    Unseen,
    /// The request is over, or was answered before.
    Gone,
}

impl Provider {
    /// What waits under a user code that a person has typed. Wrong ones are counted, by person and by source.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn device_request(
        &self,
        caller: &Caller,
        who: &Identity,
        user_code: &UserCode,
    ) -> Outside<Result<Option<DeviceRequest>, Slow>> {
        self.accounts.try_user_code(caller, who.user.id, self.waiting(user_code)).await
    }

    /// A ticket for the page that shows this person what the device asks.
    pub fn device_ticket(&self, request: &DeviceRequest, who: &Identity) -> Ticket {
        let (params, now) = (params(&request.user_code), self.ports().clock.now());
        self.ticket_of(Page::Device, &params, who, (Done::default(), request.said()), now)
    }

    /// Takes a person's answer. Without the ticket of the page that has shown them the request it is none, and no user code
    /// can be guessed at here.
    ///
    /// A yes makes the grant, which outlives the person's session in this browser: the device is another place, and a person
    /// who signs out on a borrowed telephone is not signed out at home. The device never sees the first credential of the
    /// grant's chain: it is made here when the device asks, so that it is spent as an authorization code is.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn answer_device(
        &self,
        who: &Identity,
        user_code: &UserCode,
        ticket: Option<&Ticket>,
        decision: Decision,
    ) -> Outside<DeviceAnswer> {
        let Ports { documents, sessions, events, clock, .. } = self.ports();
        let Some(said) = self.shown(Page::Device, &params(user_code), Some(who), ticket).map(Ticket::said) else {
            return Ok(DeviceAnswer::Unseen);
        };
        let Some(request) = self.waiting(user_code).await? else { return Ok(DeviceAnswer::Gone) };
        if request.said() != said {
            return Ok(DeviceAnswer::Unseen);
        }
        let decided = match decision {
            Decision::Deny => Denied,
            Decision::Allow => self.let_in(&request, who).await?,
        };
        let (key, now) = (key(self.name_of(user_code))?, clock.now());
        let kept = records::change(documents.as_ref(), &key, |kept: &mut Kept| {
            if kept.device_code == request.kept.device_code { kept.decide(decided, now) } else { Change::Leave }
        });
        if kept.await?.is_some_and(|kept| kept.decided == Some(decided)) {
            return Ok(DeviceAnswer::Taken);
        }
        // Somebody else was first, and the device asks for nothing that hangs on this one.
        if let Allowed(session) = decided {
            sessions.revoke(session).await?;
            events.record(&Event::SessionEnded(session));
        }
        Ok(DeviceAnswer::Gone)
    }

    /// The request that waits for its person under this code.
    async fn waiting(&self, user_code: &UserCode) -> Outside<Option<DeviceRequest>> {
        let Ports { documents, clock, .. } = self.ports();
        let found = documents.find(&key(self.name_of(user_code))?).await?;
        let kept = found.map(|stored| read::<Kept>(&stored.value)).transpose()?;
        let Some(kept) = kept.filter(|kept| kept.is_open(clock.now())) else { return Ok(None) };
        let client = self.client(&kept.client).await?;
        Ok(client.filter(|client| kept.is_by(client) && client.may(GrantType::DeviceCode)).map(|client| {
            let asked = resource::spread(&self.policy, &kept.scope, &kept.resources);
            DeviceRequest { client, asked, user_code: user_code.clone(), kept }
        }))
    }

    /// Makes the grant, and remembers the consent that it stands by.
    async fn let_in(&self, request: &DeviceRequest, who: &Identity) -> Outside<Decided> {
        let DeviceRequest { client, asked, kept, .. } = request;
        self.remember_consent(client, asked, who).await?;
        let grant = Grant {
            client: client.client_id.clone(),
            scope: kept.scope.clone(),
            resources: kept.resources.clone(),
            given_in: who.session.id,
            offline: true,
            auth_time: who.session.started_at,
            code: None,
            nonce: None,
            id_token_claims: Vec::new(),
            userinfo_claims: Vec::new(),
        };
        Ok(Allowed(self.give(client, who, grant, kept.ends_at).await?.id))
    }
}

impl DeviceRequest {
    /// What a page says of it, in short.
    fn said(&self) -> String {
        let Client { client_name, policy_uri, tos_uri, .. } = &self.client;
        let said = (client_name, policy_uri, tos_uri, &self.asked, &self.kept.device_code);
        sha256(&serde_json::to_string(&said).unwrap_or_default())
    }
}

fn params(user_code: &UserCode) -> Params {
    Params::default().with("user_code", user_code.expose())
}
