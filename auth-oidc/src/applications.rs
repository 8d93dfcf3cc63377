//! Applications: the clients that a person has let in, as the person is shown them, to look at and to take back (O-22).
use crate::{Provider, client::Client, clients, consent::Consent};
use auth_core::{ports::Outside, value::UserId};
use url::Url;

/// A client that a person has let in.
#[derive(Clone, Debug)]
pub struct Application {
    /// The client as it is now.
    pub client: Client,
    /// What the person has agreed to.
    pub consent: Consent,
}

impl Provider {
    /// The clients that a person has let in. One that is gone, or has its name since, holds nothing, and is none of them. One
    /// that nobody has registered has nothing but its name here: it could be away whenever the person looks.
    ///
    /// # Errors
    /// [`Unavailable`](auth_core::ports::Unavailable).
    pub async fn applications(&self, user: UserId) -> Outside<Vec<Application>> {
        let mut applications = Vec::new();
        for consent in self.consents(user).await? {
            let client = match &consent.client {
                id if clients::is_published(id) => Some(Client { client_id: id.clone(), ..Client::default() }),
                id => self.client(id).await?,
            };
            if let Some(client) = client.filter(|client| consent.is_of(client)) {
                applications.push(Application { client, consent });
            }
        }
        Ok(applications)
    }

    /// Where the browser goes for a client to begin a sign-in of its own accord, if the client can (OpenID Connect Core,
    /// section 4).
    pub fn initiate_login(&self, client: &Client) -> Option<Url> {
        let mut url = client.initiate_login_uri.clone()?;
        url.query_pairs_mut().append_pair("iss", self.issuer());
        Some(url)
    }
}
