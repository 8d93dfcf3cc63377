//! An authorization request that has passed the checks.
use super::{Addressee, Mode};
use crate::{Params, client::Client};
use auth_core::{document::DocumentKey, value::Scope};

/// What a client asks of a person, in the words of the domain.
#[derive(Clone, Debug)]
pub struct Request {
    /// Who asks.
    pub client: Client,
    /// Where the answer goes.
    pub redirect_uri: String,
    /// Given back as it came.
    pub state: Option<String>,
    /// How the answer goes.
    pub mode: Mode,
    /// What it may do then: as much of what was asked for as this client may ask for.
    pub scope: Scope,
    /// At which services.
    pub resources: Vec<String>,
    /// For the ID token.
    pub nonce: Option<String>,
    /// S256.
    pub challenge: Option<String>,
    /// The thumbprint of the key that the code is bound to.
    pub dpop_jkt: Option<String>,
    /// Which pages are wanted, or none.
    pub prompt: Prompt,
    /// For how many seconds a sign-in is good enough.
    pub max_age: Option<u64>,
    /// Whom the client takes the person for: a login or an address to begin with.
    pub login_hint: Option<String>,
    /// Whom the person must be: the `sub` of an ID token that the client has shown.
    pub subject_hint: Option<String>,
    /// The languages that the person reads, the best first (BCP 47).
    pub ui_locales: Vec<String>,
    /// Claims that were asked for one by one, for the ID token.
    pub id_token_claims: Vec<String>,
    /// Claims that were asked for one by one, at the userinfo endpoint.
    pub userinfo_claims: Vec<String>,
    /// Under which key it was pushed; none, if the browser has brought all of it.
    pub(crate) pushed: Option<DocumentKey>,
    /// All that was asked, in short: what is at an address may be another the next time.
    pub(super) asked: String,
}

/// Which pages the person is to see (OpenID Connect Core, section 3.1.2.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a word of the parameter")]
pub struct Prompt {
    /// None.
    pub none: bool,
    /// Sign in, though they may be signed in.
    pub login: bool,
    /// Agree, though they may have agreed before.
    pub consent: bool,
    /// Choose an account.
    pub select_account: bool,
    /// Open an account, where they would sign in (Initiating User Registration via OpenID Connect, section 4.1).
    pub create: bool,
}

impl Request {
    /// What a page says of it, in short: what a person has seen is what they have agreed to, though the client may have
    /// been registered anew, or its request be another, meanwhile.
    pub(crate) fn said(&self) -> String {
        let Client { client_name, policy_uri, tos_uri, .. } = &self.client;
        let said =
            (client_name, policy_uri, tos_uri, &self.redirect_uri, self.asks_for(), &self.resources, &self.asked);
        crate::provider::sha256(&serde_json::to_string(&said).unwrap_or_default())
    }

    /// All that the person is asked to agree to: a claim that is asked for by itself is part of what its scope would tell.
    pub fn asks_for(&self) -> Scope {
        let claims = self.id_token_claims.iter().chain(&self.userinfo_claims);
        claims.fold(self.scope.clone(), |scope, claim| scope.and(&crate::claims::scope_of(claim)))
    }

    pub(super) fn new(addressee: Addressee, params: &Params) -> Self {
        let Addressee { client, redirect_uri, state, mode } = addressee;
        Self {
            max_age: client.default_max_age,
            client,
            redirect_uri,
            state,
            mode,
            scope: Scope::default(),
            resources: Vec::new(),
            nonce: None,
            challenge: None,
            dpop_jkt: None,
            prompt: Prompt::default(),
            login_hint: None,
            subject_hint: None,
            ui_locales: Vec::new(),
            id_token_claims: Vec::new(),
            userinfo_claims: Vec::new(),
            pushed: None,
            asked: crate::provider::sha256(&params.to_string()),
        }
    }
}
