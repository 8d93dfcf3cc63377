//! Logout: a client sends a person to sign out (OpenID Connect RP-Initiated Logout 1.0).
use crate::{
    Params, Provider,
    authorize::{Mode, Response},
    client::Client,
    hint::{Hint, NoHint},
};
use auth_core::{
    accounts::Identity,
    ports::*,
    value::{ClientId, Secret},
};

/// What a client asks for, once it is clear that it may.
#[derive(Clone, Debug, Default)]
pub struct LogoutRequest {
    /// Whether the client has shown that this very session is the one that it means: then the person is not asked.
    pub is_proven: bool,
    /// Where the person goes afterwards, if the client has registered it.
    pub then: Option<Response>,
}

/// Why nothing is done for a client, and nobody is sent anywhere (O-19). A page says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadLogout {
    /// Not an ID token of this server, or of another client than the one that is named.
    #[error("id_token_hint is no ID token of this server for that client")]
    BadHint,
    /// Not one that the client has registered, or nobody says which client it is.
    #[error("post_logout_redirect_uri is not one that the client has registered, letter for letter")]
    BadRedirectUri,
}

impl Provider {
    /// Looks at a request to sign out (RP-Initiated Logout, section 2) of whoever is in front of the browser. To end the
    /// session, once the person has agreed or need not, is for
    /// [`Accounts::end_session`](auth_core::accounts::Accounts::end_session).
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn logout_request(
        &self,
        params: &Params,
        who: Option<&Identity>,
    ) -> Outside<Result<LogoutRequest, BadLogout>> {
        let hint = match params.get("id_token_hint") {
            Some(text) => match self.hint(text) {
                Ok(hint) => hint,
                Err(NoHint) => return Ok(Err(BadLogout::BadHint)),
            },
            None => None,
        };
        let named = params.get("client_id").map(ClientId::parse).transpose().ok().flatten();
        if params.repeats_any() || hint.as_ref().zip(named.as_ref()).is_some_and(|(hint, named)| hint.aud != *named) {
            return Ok(Err(BadLogout::BadHint));
        }
        let client = match hint.as_ref().map(|hint| &hint.aud).or(named.as_ref()) {
            Some(id) => self.client(id).await?,
            None => None,
        };
        let then = match params.get("post_logout_redirect_uri") {
            Some(uri) => match client.as_ref().filter(|client| client.may_send_to_after_logout(uri)) {
                Some(_) => Some(after(uri, params.get("state"))),
                None => return Ok(Err(BadLogout::BadRedirectUri)),
            },
            None => None,
        };
        // Whoever names the session names the person.
        let proves = |hint: &Hint, who: &Identity| hint.sid == self.sid(who.session.id, hint.aud.as_str());
        // Who is signed out already has nothing to lose.
        let is_proven = hint.is_some_and(|hint| who.is_none_or(|who| proves(&hint, who)));
        Ok(Ok(LogoutRequest { is_proven, then }))
    }
}

impl Client {
    /// Section 3.1.
    fn may_send_to_after_logout(&self, uri: &str) -> bool {
        self.post_logout_redirect_uris.iter().any(|own| own.admits(uri))
    }
}

/// Section 3: with the state that came, and no other parameter.
fn after(uri: &str, state: Option<&str>) -> Response {
    let state = state.map(|state| ("state", Secret::new(state.to_owned())));
    Response { mode: Mode::Query, redirect_uri: uri.to_owned(), parameters: state.into_iter().collect() }
}
