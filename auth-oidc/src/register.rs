//! Register: a client that registers itself (RFC 7591), and looks after its registration (RFC 7592).
mod invitation;
mod metadata;

pub use self::{
    invitation::Invitation,
    metadata::{Metadata, Registered},
};

use crate::{
    Provider,
    client::{Client, ClientSecret, Profile, SecretDigest},
    clients::{AddClientError, RegisteredClient},
    error::{
        Error,
        ErrorCode::{InvalidClientMetadata, InvalidToken},
        Refusal, refused,
    },
};
use auth_core::{
    keys::Algorithm,
    ports::*,
    value::{ClientId, Secret},
};

/// One answer for every token that lets nobody register, and for every client that is not its own.
const BAD_TOKEN: &str = "the token is not, or no longer, good for this";

impl Provider {
    /// Registers a client (RFC 7591, section 3). The token is one that an operator has [given out](Self::invite); each is
    /// good for so many clients. A client that proves who it is by a secret gets one, which is shown this once.
    ///
    /// # Errors
    /// [`Error`], with the codes of RFC 7591, section 3.2.2.
    pub async fn register(&self, token: Option<&Secret>, metadata: &Metadata) -> Result<Registered, Error> {
        let Ports { rng, .. } = self.ports();
        let mut name = [0; 16];
        rng.fill(&mut name);
        let id =
            ClientId::parse(&crate::provider::hex(name)).map_err(|rule| Refusal::new(InvalidClientMetadata, rule.0))?;
        let manager = ClientSecret::generate(rng.as_ref()).reveal();
        let mut client =
            Client { registration_token: Some(SecretDigest::of(&manager)), ..self.registering(metadata, id)? };
        let secret = self.give_secret(&mut client);
        // What cannot be registered uses up no invitation.
        self.check(&client).map_err(|bad| Refusal::new(InvalidClientMetadata, bad.to_string()))?;
        // And whoever has none has no other server asked.
        if !self.is_invited(token).await? {
            return refused(InvalidToken, BAD_TOKEN);
        }
        self.check_sector(&client).await?;
        if !self.accept_invitation(token).await? {
            return refused(InvalidToken, BAD_TOKEN);
        }
        let (client, _) = self.add_client(client).await.map_err(refusal)?;
        Ok(self.registered(&client, secret, Some(manager)))
    }

    /// What a client is registered with (RFC 7592, section 2.1).
    ///
    /// # Errors
    /// [`Error`].
    pub async fn registration(&self, token: &Secret, id: &str) -> Result<Registered, Error> {
        let own = self.own_registration(token, id).await?;
        Ok(self.registered(&own.client, None, None))
    }

    /// Registers a client anew, in the place of what it was registered with (RFC 7592, section 2.2).
    ///
    /// # Errors
    /// [`Error`].
    pub async fn update_registration(
        &self,
        token: &Secret,
        id: &str,
        metadata: &Metadata,
    ) -> Result<Registered, Error> {
        let own = self.own_registration(token, id).await?;
        let before = &own.client;
        let client = Client {
            client_secrets: before.client_secrets.clone(),
            registration_token: before.registration_token.clone(),
            client_id_issued_at: before.client_id_issued_at,
            ..self.registering(metadata, before.client_id.clone())?
        };
        // RFC 7592, section 2.2: a client must not change its name or secret; O-12: nor begin or cease to have one.
        let kind = |client: &Client| (client.is_public(), client.keeps_secret());
        if metadata.client_id.as_deref() != Some(id) || kind(&client) != kind(before) {
            return refused(
                InvalidClientMetadata,
                "client_id, and whether there is a secret or a key, stay as they are",
            );
        }
        self.check(&client).map_err(|bad| Refusal::new(InvalidClientMetadata, bad.to_string()))?;
        self.check_sector(&client).await?;
        if !self.replace_client(&own, &client).await? {
            return refused(InvalidClientMetadata, "the registration was changed at the same time: read it again");
        }
        Ok(self.registered(&client, None, None))
    }

    /// Ends a client's registration (RFC 7592, section 2.3).
    ///
    /// # Errors
    /// [`Error`].
    pub async fn end_registration(&self, token: &Secret, id: &str) -> Result<(), Error> {
        let own = self.own_registration(token, id).await?;
        self.remove_client(&own.client.client_id).await?;
        Ok(())
    }

    /// The client that these metadata make, by the rules for those that register themselves.
    fn registering(&self, metadata: &Metadata, id: ClientId) -> Result<Client, Refusal> {
        let client = self.said_by(metadata, id)?;
        let profile = if client.is_public() { Profile::Oauth21 } else { self.policy.registration_profile };
        Ok(Client { profile, ..client })
    }

    /// The client that these metadata make. RS256 is what they mean who say nothing (OpenID Connect Registration, section 2).
    pub(crate) fn said_by(&self, metadata: &Metadata, id: ClientId) -> Result<Client, Refusal> {
        let mut client = metadata.client(id, self.policy.as_ref())?;
        let usual = self.signs_by(Algorithm::Rs256).then_some(Algorithm::Rs256);
        client.id_token_signed_response_alg = client.id_token_signed_response_alg.or(usual);
        Ok(client)
    }

    /// A client's registration, if this is the token that came with it. Whether there is no such client is not told.
    async fn own_registration(&self, token: &Secret, id: &str) -> Result<RegisteredClient, Error> {
        let found = match ClientId::parse(id) {
            Ok(id) => self.registered_client(&id).await?,
            Err(_) => None,
        };
        let digest = SecretDigest::of(token);
        let own = found.filter(|found| found.client.registration_token.as_ref() == Some(&digest));
        own.ok_or_else(|| Refusal::new(InvalidToken, BAD_TOKEN).into())
    }

    fn registered(&self, client: &Client, secret: Option<Secret>, manager: Option<Secret>) -> Registered {
        let uri = self.endpoint(&format!("{}/{}", crate::path::REGISTER, client.client_id));
        Registered::new(client, secret, manager, uri)
    }
}

fn refusal(error: AddClientError) -> Error {
    match error {
        AddClientError::Bad(bad) => Refusal::new(InvalidClientMetadata, bad.to_string()).into(),
        AddClientError::Taken => Refusal::new(InvalidClientMetadata, "that client_id is taken").into(),
        AddClientError::Unavailable(unavailable) => unavailable.into(),
    }
}
