//! Consent: what a person has agreed to, so that they need not be asked again (O-22).
use crate::{
    Provider,
    authorize::Request,
    client::Client,
    provider::sha256,
    records::{self, read, written},
    resource,
};
use auth_core::{accounts::Identity, document::*, grant::Grant, ports::*, value::*};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const KIND: &str = "consent";

/// What a person lets a client do, until they say otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// The client.
    pub client: ClientId,
    /// What it may do at which service; at this one, under the empty name.
    pub granted: Asked,
    /// When they agreed last.
    pub given_at: Timestamp,
}

/// What is asked for at which service; at this one, under the empty name. To do something at one is not to do it at another.
pub type Asked = BTreeMap<String, Scope>;

impl Consent {
    /// Whether it was given to this client, and not to another that had its name before.
    pub fn is_of(&self, client: &Client) -> bool {
        self.client == client.client_id && self.given_at >= client.client_id_issued_at
    }

    /// Whether it reaches so far.
    pub fn covers(&self, asked: &Asked) -> bool {
        asked.iter().all(|(at, scope)| self.granted.get(at).is_some_and(|granted| scope.is_within(granted)))
    }

    /// All that it lets the client do, wherever.
    pub fn scope(&self) -> Scope {
        self.granted.values().fold(Scope::default(), |all, scope| all.and(scope))
    }

    /// Goes as far as it went, and so far.
    fn extend(&mut self, asked: &Asked, now: Timestamp) {
        for (at, scope) in asked {
            let granted = self.granted.entry(at.clone()).or_default();
            *granted = granted.and(scope);
        }
        self.given_at = now;
    }
}

impl Provider {
    /// Whether the person must be asked.
    pub(crate) async fn needs_consent(&self, request: &Request, who: &Identity) -> Outside<bool> {
        // Who publishes a client's document may be another than last time.
        if request.client.document().is_some() {
            return Ok(true);
        }
        if request.prompt.consent || !request.client.is_recognised_at(&request.redirect_uri) {
            return Ok(true);
        }
        let asked = self.asked_by(request);
        Ok(!self.has_agreed(who.user.id, &request.client, &asked).await?)
    }

    /// Whether a grant still has the consent that it was given by (O-09).
    pub(crate) async fn still_agreed(&self, user: UserId, client: &Client, grant: &Grant) -> Outside<bool> {
        let asked = resource::spread(&self.policy, &grant.scope, &grant.resources);
        self.has_agreed(user, client, &asked).await
    }

    async fn has_agreed(&self, user: UserId, client: &Client, asked: &Asked) -> Outside<bool> {
        if client.first_party {
            return Ok(true);
        }
        let given = self.consent(user, &client.client_id).await?;
        Ok(given.is_some_and(|consent| consent.is_of(client) && consent.covers(asked)))
    }

    /// What a request asks a person to agree to, service by service.
    pub fn asked_by(&self, request: &Request) -> Asked {
        resource::spread(&self.policy, &request.asks_for(), &request.resources)
    }

    /// Keeps what the person has agreed to, beside what they had agreed to before.
    pub(crate) async fn remember_consent(&self, client: &Client, asked: &Asked, who: &Identity) -> Outside<()> {
        let Ports { documents, events, clock, .. } = self.ports();
        let now = clock.now();
        let (key, fresh) = (
            key(who.user.id, &client.client_id)?,
            Consent { client: client.client_id.clone(), granted: asked.clone(), given_at: now },
        );
        let first = Document { key: key.clone(), expires_at: None, body: written(&fresh)? };
        if documents.insert(&first).await? == Inserted::Exists {
            let extended = documents.change_document(&key, |document| {
                let Ok(mut held) = read::<Consent>(document) else { return Change::Leave };
                if !held.is_of(client) {
                    held.granted.clear();
                }
                held.extend(asked, now);
                let Ok(body) = written(&held) else { return Change::Leave };
                document.body = body;
                Change::Write
            });
            let held = extended.await?.map(|document| read::<Consent>(&document)).transpose()?;
            if !held.is_some_and(|held| held.covers(asked)) {
                return Err(Unavailable::failed("documents", "a consent was withdrawn while it was given"));
            }
        }
        events.record(&Event::ConsentGiven(who.user.id, client.client_id.clone()));
        Ok(())
    }

    /// What a person has agreed to, for one client.
    async fn consent(&self, user: UserId, client: &ClientId) -> Outside<Option<Consent>> {
        let found = self.ports().documents.find(&key(user, client)?).await?;
        found.map(|stored| read(&stored.value)).transpose()
    }

    /// All that a person has agreed to.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn consents(&self, user: UserId) -> Outside<Vec<Consent>> {
        let (mut consents, mut after) = (Vec::new(), None);
        loop {
            let page = self.ports().documents.list(KIND, Some(&user.to_string()), after, 100).await?;
            for document in &page.documents {
                consents.push(read(document)?);
            }
            let Some(next) = page.next else { return Ok(consents) };
            after = Some(next);
        }
    }

    /// Takes back what a person has agreed to: the client's grants end with it, and what it holds opens nothing here.
    /// Answers whether there was anything to take back.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn withdraw_consent(&self, user: UserId, client: &ClientId) -> Outside<bool> {
        let Ports { documents, sessions, events, .. } = self.ports();
        let withdrawn = records::remove(documents.as_ref(), &key(user, client)?).await?;
        for session in sessions.of_user(user).await? {
            if session.grant.as_ref().is_some_and(|grant| grant.client == *client) {
                sessions.revoke(session.id).await?;
                events.record(&Event::SessionEnded(session.id));
            }
        }
        Ok(withdrawn)
    }
}

/// A client may be called by what no key can hold: by its digest it is told from all others.
fn key(user: UserId, client: &ClientId) -> Outside<DocumentKey> {
    records::key(KIND, &user.to_string(), &sha256(client.as_str()))
}
