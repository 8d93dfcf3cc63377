//! A client for itself (RFC 6749, section 4.4).
use super::Tokens;
use crate::{
    Params, Provider,
    client::Client,
    dpop::Thumbprint,
    error::{
        Error,
        ErrorCode::{InvalidScope, InvalidTarget},
        Refusal, refused,
    },
    resource,
};
use auth_core::value::Scope;

impl Provider {
    /// An access token, and no refresh token: the client can ask again at any time. Nobody's account is meant by it, so it
    /// reaches only as far as the resources go.
    pub(super) async fn client_credentials(
        &self,
        client: &Client,
        params: &Params,
        key: Option<Thumbprint>,
    ) -> Result<Tokens, Error> {
        let resources = resource::asked(&self.policy, params, &client.resources)?;
        let resources = if resources.is_empty() { client.resources.clone() } else { resources };
        if resources.is_empty() {
            return refused(
                InvalidTarget,
                "this client is registered for no resource, and a token for none opens nothing",
            );
        }
        let may = resource::scope(&self.policy, &resources).common(&client.scope);
        let scope = match params.get("scope").map(Scope::parse).transpose() {
            Ok(Some(asked)) if asked.is_within(&may) => asked,
            Ok(None) => may,
            Ok(Some(_)) => return refused(InvalidScope, "scope is more than this client may ask for at that resource"),
            Err(invalid) => return Err(Refusal::new(InvalidScope, invalid.0).into()),
        };
        self.issue_to_itself(client, resources, scope, key).await
    }
}
