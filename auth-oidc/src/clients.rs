//! Clients: those of the configuration, and those that are registered.
use crate::{
    Provider,
    client::*,
    records::{self, read, written},
};
use auth_core::{document::*, keys::Algorithm, ports::*, value::*};

const KIND: &str = "client";

/// The other ends of [`Provider::add_client`].
#[derive(Debug, thiserror::Error)]
pub enum AddClientError {
    /// It does not go together.
    #[error(transparent)]
    Bad(#[from] BadClient),
    /// Another has that name, or it is the one of the account API itself.
    #[error("that client_id is taken")]
    Taken,
    /// The outside failed.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// The other ends of what is done to a registered client.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// There is no such client among those that are registered.
    #[error("no client with that client_id is registered")]
    NotFound,
    /// It keeps no secret.
    #[error("that client keeps no secret")]
    Public,
    /// The outside failed.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// A registered client, as it was read.
pub(crate) struct RegisteredClient {
    pub client: Client,
    stored: Stored<Document>,
}

/// How many secrets of a client are good at once: the new one, and the one that it takes the place of.
const SECRETS: usize = 2;

impl Provider {
    /// Finds a client.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn client(&self, id: &ClientId) -> Outside<Option<Client>> {
        if let Some(configured) = self.policy.clients.iter().find(|client| client.client_id == *id) {
            return Ok(Some(configured.clone()));
        }
        if is_published(id) {
            // Whoever cannot be asked is nobody for now.
            return Ok(self.published_client(id).await.ok().flatten());
        }
        Ok(self.registered_client(id).await?.map(|found| found.client))
    }

    /// Finds a client among those that are registered, to be written over.
    pub(crate) async fn registered_client(&self, id: &ClientId) -> Outside<Option<RegisteredClient>> {
        let Some(key) = key(id) else { return Ok(None) };
        let Some(stored) = self.ports().documents.find(&key).await? else { return Ok(None) };
        Ok(Some(RegisteredClient { client: read(&stored.value)?, stored }))
    }

    /// Writes over what was read, unless somebody else has.
    pub(crate) async fn replace_client(&self, over: &RegisteredClient, client: &Client) -> Outside<bool> {
        let Stored { mut value, revision } = over.stored.clone();
        value.body = written(client)?;
        Ok(self.ports().documents.replace(&Stored { value, revision }).await? == Replace::Done)
    }

    /// The registered clients, some at a time, in an order of the store's own.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn clients(&self, after: Option<Cursor>, limit: usize) -> Outside<(Vec<Client>, Option<Cursor>)> {
        let page = self.ports().documents.list(KIND, None, after, limit).await?;
        Ok((page.documents.iter().map(read).collect::<Outside<_>>()?, page.next))
    }

    /// Registers a client. If it proves who it is by a secret and has none yet, it gets one, which is shown this once.
    ///
    /// # Errors
    /// [`AddClientError`].
    pub async fn add_client(&self, mut client: Client) -> Result<(Client, Option<Secret>), AddClientError> {
        let Ports { documents, events, clock, .. } = self.ports();
        let secret = self.give_secret(&mut client);
        client.client_id_issued_at = clock.now();
        self.check(&client)?;
        let (Some(key), false) = (key(&client.client_id), self.is_reserved(&client.client_id)) else {
            return Err(AddClientError::Taken);
        };
        match documents.insert(&Document { key, expires_at: None, body: written(&client)? }).await? {
            Inserted::Done => {}
            Inserted::Exists => return Err(AddClientError::Taken),
        }
        events.record(&Event::ClientAdded(client.client_id.clone()));
        Ok((client, secret))
    }

    /// Gives a client its first secret, if it proves who it is by one and has none.
    pub(crate) fn give_secret(&self, client: &mut Client) -> Option<Secret> {
        (client.keeps_secret() && client.client_secrets.is_empty()).then(|| {
            let secret = ClientSecret::generate(self.ports().rng.as_ref()).reveal();
            client.client_secrets.push(SecretDigest::of(&secret));
            secret
        })
    }

    /// Gives a registered client a new secret. The one that was new before goes on to be good, until the next time or until
    /// it is dropped by `alone`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn rotate_client_secret(&self, id: &ClientId, alone: bool) -> Result<Secret, ClientError> {
        let Ports { documents, events, rng, .. } = self.ports();
        let key = key(id).ok_or(ClientError::NotFound)?;
        let stored = documents.find(&key).await?.ok_or(ClientError::NotFound)?;
        if !read::<Client>(&stored.value)?.keeps_secret() {
            return Err(ClientError::Public);
        }
        let secret = ClientSecret::generate(rng.as_ref()).reveal();
        let digest = SecretDigest::of(&secret);
        let changed = documents.change_document(&key, |document| {
            let Ok(mut client) = read::<Client>(document) else { return Change::Leave };
            client.client_secrets.insert(0, digest.clone());
            client.client_secrets.dedup();
            client.client_secrets.truncate(if alone { 1 } else { SECRETS });
            let Ok(body) = written(&client) else { return Change::Leave };
            document.body = body;
            Change::Write
        });
        changed.await?.ok_or(ClientError::NotFound)?;
        events.record(&Event::ClientSecretChanged(id.clone()));
        Ok(secret)
    }

    /// Removes a registered client: it gets no more tokens, and what it has opens nothing here. Answers whether it was there.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn remove_client(&self, id: &ClientId) -> Outside<bool> {
        let Ports { documents, events, .. } = self.ports();
        let Some(key) = key(id) else { return Ok(false) };
        let removed = records::remove(documents.as_ref(), &key).await?;
        if removed {
            events.record(&Event::ClientRemoved(id.clone()));
        }
        Ok(removed)
    }

    /// Whether the clients of the configuration go with this server.
    ///
    /// # Errors
    /// The first that does not, and why.
    pub fn check_clients(&self) -> Result<(), (ClientId, BadClient)> {
        let own = &self.accounts.policy().client_id;
        self.policy.clients.iter().try_for_each(|client| {
            let named = |bad| (client.client_id.clone(), bad);
            if client.client_id.as_str() == own {
                return Err(named(BadClient { member: "client_id", rule: "it is that of the account API itself" }));
            }
            self.check(client).map_err(named)
        })
    }

    /// Whether a client goes together, and with this server.
    pub(crate) fn check(&self, client: &Client) -> Result<(), BadClient> {
        client.check()?;
        self.can_sign_for(client)
    }

    /// The same, of one whose name is the address of its document.
    pub(crate) fn check_published(&self, client: &Client) -> Result<(), BadClient> {
        client.check_all_but_name()?;
        self.can_sign_for(client)
    }

    fn can_sign_for(&self, client: &Client) -> Result<(), BadClient> {
        for (member, wanted) in [
            ("id_token_signed_response_alg", client.id_token_signed_response_alg),
            ("userinfo_signed_response_alg", client.userinfo_signed_response_alg),
        ] {
            if wanted.is_some_and(|wanted| !self.signs_by(wanted)) {
                return Err(BadClient { member, rule: "it is none that this server signs by" });
            }
        }
        Ok(())
    }

    pub(crate) fn signs_by(&self, algorithm: Algorithm) -> bool {
        self.ports().keyring.public_keys().iter().any(|key| key.alg == algorithm.as_str())
    }

    /// Whether no client may be registered under this name.
    fn is_reserved(&self, id: &ClientId) -> bool {
        let configured = self.policy.clients.iter().any(|client| client.client_id == *id);
        configured || id.as_str() == self.accounts.policy().client_id
    }
}

/// Whether a client of this name says who it is by a document of its own.
pub(crate) fn is_published(id: &ClientId) -> bool {
    id.as_str().starts_with(PUBLISHED)
}

/// A name that no registered client can have has no key.
fn key(id: &ClientId) -> Option<DocumentKey> {
    DocumentKey::new(KIND, id.as_str(), id.as_str()).ok()
}
