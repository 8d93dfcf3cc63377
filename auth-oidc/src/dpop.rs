//! `DPoP`: a client proves with each request that a key is its own, and its tokens are good with that key alone (RFC 9449;
//! O-33).
use crate::{
    Provider,
    client::{Client, GrantType, Profile, PublicKey},
    error::{Error, ErrorCode::InvalidDpopProof, Refusal, refused},
    provider::{hex, sha256},
    records,
};
use auth_core::{
    document::*,
    keys::Algorithm,
    ports::*,
    session::Session,
    token,
    value::{Secret, SessionId, Timestamp},
};
use serde::{Deserialize, Serialize, de::IgnoredAny};
use std::time::Duration;
use url::Url;

/// How far its time may be from ours, before and after.
const WINDOW: Duration = Duration::from_mins(1);

/// How long a nonce is handed out. It is good for as long again.
const NONCE_PERIOD: Duration = Duration::from_mins(5);

const PROOF: &str = "proof";
const BOUND: &str = "bound";

/// The name of a key (RFC 7638).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Thumbprint(String);

/// The key that a token is bound to (RFC 9449, section 6).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmation {
    /// Its thumbprint.
    pub jkt: Thumbprint,
}

impl Thumbprint {
    /// The text, in base64url.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a proof is shown for: it is good for nothing else.
pub(crate) struct Use<'a> {
    pub method: &'a str,
    pub path: &'a str,
    /// The access token that is shown with it.
    pub token: Option<&'a Secret>,
}

impl<'a> Use<'a> {
    pub const fn posted(path: &'a str) -> Self {
        Self { method: "POST", path, token: None }
    }
}

#[derive(Deserialize)]
struct Header {
    typ: String,
    alg: String,
    jwk: PublicKey,
    crit: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Claims {
    jti: String,
    htm: String,
    htu: Url,
    iat: Timestamp,
    ath: Option<String>,
    nonce: Option<String>,
}

impl Provider {
    /// The key that a request proves to be its sender's; none, if it does not try (RFC 9449, section 4.3).
    pub(crate) async fn proved(
        &self,
        proofs: &[Secret],
        of: &Use<'_>,
        profile: Profile,
    ) -> Result<Option<Thumbprint>, Error> {
        let proof = match proofs {
            [] => return Ok(None),
            [proof] => proof.expose(),
            _ => return refused(InvalidDpopProof, "there is more than one DPoP header"),
        };
        let (key, claims) = signed(proof, profile)?;
        if claims.htm != of.method || !self.is_for(claims.htu, of.path) {
            return refused(InvalidDpopProof, "htm and htu are the method and the address of the request");
        }
        let now = self.ports().clock.now();
        if now.since(claims.iat) > WINDOW || claims.iat.since(now) > WINDOW {
            return refused(InvalidDpopProof, "iat is within a minute of the time here");
        }
        if claims.ath != of.token.map(|token| sha256(token.expose())) {
            return refused(InvalidDpopProof, "ath is there with an access token, and its SHA-256");
        }
        if profile.binds_tokens() && !claims.nonce.is_some_and(|nonce| self.is_nonce(&nonce)) {
            return Err(Error::NonceNeeded(self.nonce(now)));
        }
        if claims.jti.is_empty() || !self.is_new(PROOF, key.as_str(), &claims.jti, claims.iat + WINDOW).await? {
            return refused(InvalidDpopProof, "each proof has a jti of its own");
        }
        Ok(Some(key))
    }

    /// Query and fragment do not count, and of several spellings each is the same (RFC 9449, section 4.3; RFC 3986,
    /// section 6.2).
    fn is_for(&self, mut address: Url, path: &str) -> bool {
        address.set_query(None);
        address.set_fragment(None);
        Url::parse(&self.endpoint(path)).is_ok_and(|own| own == address)
    }

    /// Nothing is kept of a nonce: it is made again of the time.
    fn nonce(&self, at: Timestamp) -> String {
        let period = at.since(Timestamp(0)).as_secs() / NONCE_PERIOD.as_secs();
        hex(self.accounts.secret().index(&["dpop nonce", &period.to_string()]))
    }

    fn is_nonce(&self, nonce: &str) -> bool {
        let now = self.ports().clock.now();
        let before = Timestamp(now.0.saturating_sub(NONCE_PERIOD.as_secs().cast_signed()));
        nonce == self.nonce(now) || nonce == self.nonce(before)
    }

    /// Binds the refresh tokens of a client that cannot prove who it is to the key that it has proved (RFC 9449,
    /// section 5). Those of others are bound to the client.
    pub(crate) async fn bind(&self, client: &Client, session: &Session, key: Option<&Thumbprint>) -> Outside<()> {
        let Some(key) = key.filter(|_| client.is_public() && client.may(GrantType::RefreshToken)) else {
            return Ok(());
        };
        let body = records::written(key)?;
        let document = Document { key: bound(session.id)?, expires_at: Some(session.ends_at), body };
        match self.ports().documents.insert(&document).await? {
            Inserted::Done => Ok(()),
            Inserted::Exists => Err(Unavailable::failed("documents", "a session is bound already")),
        }
    }

    /// Whether the refresh tokens of this session are not bound to another key.
    pub(crate) async fn is_bound_to(&self, client: &Client, id: SessionId, key: Option<&Thumbprint>) -> Outside<bool> {
        if !client.is_public() {
            return Ok(true);
        }
        let bound = self.ports().documents.find(&bound(id)?).await?;
        let own = bound.map(|stored| stored.value.body);
        Ok(own.is_none_or(|own| own.as_str().is_some_and(|own| key.is_some_and(|key| key.as_str() == own))))
    }
}

/// The key that has signed a proof, and what it says.
fn signed(proof: &str, profile: Profile) -> Result<(Thumbprint, Claims), Refusal> {
    let rule = || Refusal::new(InvalidDpopProof, "a proof is a dpop+jwt with its public jwk, signed by that key");
    let Header { typ, alg, jwk, crit } = token::header(proof).map_err(|_| rule())?;
    let algorithm = Algorithm::parse(&alg).ok().filter(|own| profile.algorithms().contains(own)).ok_or_else(rule)?;
    if typ != "dpop+jwt" || crit.is_some() {
        return Err(rule());
    }
    let claims = jwk.signed(proof, algorithm).map_err(|_| rule())?;
    Ok((Thumbprint(jwk.thumbprint()), claims))
}

fn bound(id: SessionId) -> Outside<DocumentKey> {
    records::key(BOUND, &id.user().to_string(), &sha256(&id.to_string()))
}
