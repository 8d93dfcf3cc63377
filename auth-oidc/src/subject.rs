//! Subjects: who a person is to a client (OpenID Connect Core, section 8).
use crate::{
    Provider,
    client::{Client, SubjectType},
    error::{ErrorCode::InvalidClientMetadata, Refusal, refused},
    provider::hex,
};
use auth_core::value::UserId;

impl Provider {
    /// Who a person is to a client: `sub`. A pairwise one is made anew each time, under the server's secret (section 8.1).
    pub(crate) fn subject(&self, user: UserId, client: &Client) -> String {
        match client.subject_type {
            SubjectType::Public => user.to_string(),
            SubjectType::Pairwise => {
                // A client that was checked has a sector; and without one it would be one by itself.
                let sector = client.sector().unwrap_or_else(|| client.client_id.to_string());
                hex(self.accounts.secret().index(&["pairwise", &sector, &user.to_string()]))
            }
        }
    }

    /// Whether the sector that a client names has it (OpenID Connect Registration, section 5): or it would learn whom it
    /// has in common with the clients there.
    pub(crate) async fn check_sector(&self, client: &Client) -> Result<(), Refusal> {
        let Some(uri) = &client.sector_identifier_uri else { return Ok(()) };
        let listed = match self.fetcher.get(uri).await {
            Ok(fetched) => serde_json::from_slice::<Vec<String>>(&fetched.body).ok(),
            Err(_) => None,
        };
        let Some(listed) = listed else {
            return refused(InvalidClientMetadata, "sector_identifier_uri leads to no JSON array of redirect URIs");
        };
        if !client.redirect_uris.iter().all(|own| listed.iter().any(|listed| listed == own.as_str())) {
            return refused(
                InvalidClientMetadata,
                "sector_identifier_uri does not list every redirect URI of the client",
            );
        }
        Ok(())
    }
}
