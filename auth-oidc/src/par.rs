//! Pushed authorization requests: a client brings its request itself, before the person comes with it (RFC 9126).
use crate::{
    Params, Provider,
    authorize::{Objection, Request},
    dpop::Use,
    error::{
        Error,
        ErrorCode::{InvalidDpopProof, InvalidRequest},
        Refusal, refused,
    },
    path,
    provider::sha256,
    records::{self, read, written},
    token::ClientRequest,
};
use auth_core::{document::*, ports::*, value::*};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use serde::{Deserialize, Serialize};
use std::time::Duration;

const KIND: &str = "pushed";

/// What every reference begins with (RFC 9126, section 2.2).
const PREFIX: &str = "urn:ietf:params:oauth:request_uri:";

/// What is longer is no honest request; it is kept for a while.
const LONGEST: usize = 8192;

/// What proves the client, and is no part of its request.
const PROOFS: [&str; 4] = ["client_id", "client_secret", "client_assertion", "client_assertion_type"];

/// A request that waits for its person (RFC 9126, section 2.2).
#[derive(Clone, Debug)]
pub struct Pushed {
    /// What the person comes with, in place of the request.
    pub request_uri: Secret,
    /// How long it waits.
    pub expires_in: Duration,
}

/// What is kept of it.
#[derive(Serialize, Deserialize)]
struct Kept {
    params: String,
    /// Whether the person has come with it.
    #[serde(default)]
    arrived: bool,
}

impl Provider {
    /// Takes a request, if it passes what it would have to pass at the authorization endpoint.
    ///
    /// # Errors
    /// [`Error`], with the codes of RFC 6749, sections 4.1.2.1 and 5.2.
    pub async fn push(&self, request: &ClientRequest) -> Result<Pushed, Error> {
        let Ports { documents, clock, rng, .. } = self.ports();
        let client = self.authenticated(request, path::PAR).await?;
        if client.is_public() {
            self.accounts.limit_requests(&request.caller).await??;
        }
        // RFC 9126, section 2.1: a reference to a request is no request.
        if request.params.get("request_uri").is_some() {
            return refused(InvalidRequest, "a request that is pushed has no request_uri");
        }
        let id = client.client_id.clone();
        let params = request.params.clone().without(&PROOFS).with("client_id", id.as_str());
        let mut params = self.resolved(&client, &params, Duration::ZERO).await?;
        // RFC 9449, section 10.1: the key that is proved here is the one that the code is bound to.
        if let Some(key) = self.proved(&request.dpop, &Use::posted(path::PAR), client.profile).await? {
            if params.get("dpop_jkt").is_some_and(|named| named != key.as_str()) {
                return refused(InvalidDpopProof, "dpop_jkt is not the key of the DPoP header");
            }
            params = params.without(&["dpop_jkt"]).with("dpop_jkt", key.as_str());
        }
        self.checked(client, &params).map_err(|objection| match objection {
            Objection::NotSent(not_sent) => Refusal::new(InvalidRequest, not_sent.to_string()),
            Objection::Refused(_, refusal) => refusal,
        })?;
        let mut random = [0; 32];
        rng.fill(&mut random);
        let request_uri = format!("{PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(random));
        let expires_in = self.policy.pushed_ttl;
        let kept = Kept { params: params.to_string(), arrived: false };
        if kept.params.len() > LONGEST {
            return refused(InvalidRequest, "a request that is pushed has at most 8192 bytes");
        }
        let document = Document {
            key: key(&id, &request_uri)?,
            expires_at: Some(clock.now() + expires_in),
            body: written(&kept)?,
        };
        match documents.insert(&document).await? {
            Inserted::Done => Ok(Pushed { request_uri: Secret::new(request_uri), expires_in }),
            Inserted::Exists => Err(Unavailable::failed("documents", "a pushed request is there already").into()),
        }
    }

    /// The parameters that were pushed under this key, unless they are over. They wait for the person for a short while;
    /// once they are here, for as long as a page of ours does.
    pub(crate) async fn pushed(&self, key: &DocumentKey) -> Outside<Option<Params>> {
        let Ports { documents, clock, .. } = self.ports();
        let now = clock.now();
        let held = documents.change_document(key, |document| match read::<Kept>(document) {
            Ok(kept) if !kept.arrived && !document.is_over(now) => {
                let Ok(body) = written(&Kept { arrived: true, ..kept }) else { return Change::Leave };
                (document.body, document.expires_at) = (body, Some(now + self.policy.page_ttl));
                Change::Write
            }
            _ => Change::Leave,
        });
        let held = held.await?.filter(|document| !document.is_over(now));
        held.map(|document| Ok(Params::parse(&read::<Kept>(&document)?.params))).transpose()
    }

    /// Spends what was pushed: of any number who would answer it, one does (RFC 9126, section 7.3). It is not spent before,
    /// so that a page may be loaded again. Answers whether this is the one; whoever has pushed nothing always is.
    pub(crate) async fn spend(&self, request: &Request) -> Outside<bool> {
        let Some(key) = &request.pushed else { return Ok(true) };
        let Ports { documents, clock, .. } = self.ports();
        match documents.find(key).await? {
            Some(stored) if !stored.value.is_over(clock.now()) => Ok(documents.delete(&stored).await? == Replace::Done),
            _ => Ok(false),
        }
    }
}

/// Under which key the request is that these parameters refer to, if they do. Of what another client has pushed it is none.
pub(crate) fn key_of(client: &ClientId, params: &Params) -> Outside<Option<DocumentKey>> {
    let referred = params.once("request_uri").filter(|uri| uri.starts_with(PREFIX));
    referred.map(|request_uri| key(client, request_uri)).transpose()
}

/// By digests: whoever reads the store cannot refer to what is in it, and a client may be called by what no key can hold.
fn key(client: &ClientId, request_uri: &str) -> Outside<DocumentKey> {
    records::key(KIND, &sha256(client.as_str()), &sha256(request_uri))
}
