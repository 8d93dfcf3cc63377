//! Request objects: a request that the client has signed, brought as it is or by its address (RFC 9101; OpenID Connect Core,
//! section 6; O-29). What is in it is the whole request.
use crate::{
    Params, Provider,
    client::Client,
    client_keys::{Audience, NO_KEYS, Signed},
    error::{
        ErrorCode::{InvalidRequest, InvalidRequestObject, InvalidRequestUri, RequestUriNotSupported},
        Refusal, refused,
    },
};
use auth_core::{token::LEEWAY, value::Timestamp};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::time::Duration;
use url::Url;

/// RFC 9101, section 10.8: the type tells it from all else that a client signs.
pub(crate) const TYPE: &str = "oauth-authz-req+jwt";

/// For how long one by `fapi2` is good, and how old it may be (FAPI 2.0 Message Signing, section 5.3.1).
const LONGEST: Duration = Duration::from_hours(1);

/// What else of it is no parameter of the request: an object that is signed anew is the same request.
const OF_THE_TOKEN: [&str; 2] = ["iat", "jti"];

#[derive(Deserialize)]
struct Claims {
    iss: Option<String>,
    sub: Option<String>,
    aud: Audience,
    exp: Option<Timestamp>,
    nbf: Option<Timestamp>,
    client_id: Option<String>,
    #[serde(flatten)]
    parameters: Map<String, Value>,
}

impl Provider {
    /// The parameters of a request, wherever they are. Those beside an object count for nothing (RFC 9101, section 6.3), but
    /// for `client_id`, by which its keys are found. An object is good for so much longer than it says.
    pub(crate) async fn resolved(&self, client: &Client, params: &Params, grace: Duration) -> Result<Params, Refusal> {
        let (by_value, by_reference) = (params.get("request"), params.get("request_uri"));
        if by_value.or(by_reference).is_some() && params.repeats_any() {
            return refused(InvalidRequest, "a parameter is there more than once");
        }
        match (by_value, by_reference) {
            (Some(object), None) => self.opened(client, object, grace).await,
            (None, Some(uri)) => self.opened(client, &self.referred(client, uri).await?, grace).await,
            (Some(_), Some(_)) => refused(InvalidRequest, "a request has request, or request_uri"),
            (None, None) if client.require_signed_request_object => {
                refused(InvalidRequest, "this client signs its requests (RFC 9101)")
            }
            (None, None) => Ok(params.clone()),
        }
    }

    /// The object at an address that the client has registered. A fragment names no other document (OpenID Connect Core,
    /// section 6.2).
    async fn referred(&self, client: &Client, uri: &str) -> Result<String, Refusal> {
        if !self.fetcher.asks_anybody() {
            return refused(RequestUriNotSupported, "request_uri is of a pushed request alone");
        }
        let bare = |uri: &str| uri.split('#').next().unwrap_or_default().to_owned();
        let known = client.request_uris.iter().any(|own| bare(own.as_str()) == bare(uri));
        let Some(url) = Url::parse(&bare(uri)).ok().filter(|_| known) else {
            return refused(InvalidRequestUri, "request_uri is none that the client has registered");
        };
        let fetched = self.fetcher.get(&url).await;
        let fetched = fetched.map_err(|_| Refusal::new(InvalidRequestUri, "what is at request_uri cannot be had"))?;
        let object = String::from_utf8(fetched.body);
        object.map_err(|_| Refusal::new(InvalidRequestUri, "at request_uri there is no request object"))
    }

    /// The parameters in an object, if it is this client's, for this server, and of this time.
    async fn opened(&self, client: &Client, object: &str, grace: Duration) -> Result<Params, Refusal> {
        let signed = self.signed_by(client, object.trim_ascii()).await;
        let signed = signed.map_err(|_| Refusal::new(InvalidRequestObject, NO_KEYS))?;
        let Some(Signed::<Claims> { claims, typ, algorithm }) = signed else {
            return refused(InvalidRequestObject, "a request object is a JWT that a key of the client has signed");
        };
        if client.request_object_signing_alg.is_some_and(|own| own != algorithm) {
            return refused(
                InvalidRequestObject,
                "a request object is signed by the client's request_object_signing_alg",
            );
        }
        if !typ.is_none_or(|typ| is_request(&typ)) {
            return refused(InvalidRequestObject, "the typ of a request object is oauth-authz-req+jwt");
        }
        let id = client.client_id.as_str();
        if [&claims.iss, &claims.client_id].into_iter().flatten().any(|named| named != id) {
            return refused(
                InvalidRequestObject,
                "the iss and client_id of a request object are the client_id beside it",
            );
        }
        // What proves a client is no request of it (RFC 9101, section 10.8).
        if claims.sub.as_deref() == Some(id) {
            return refused(InvalidRequestObject, "the sub of a request object is not the client");
        }
        if !claims.aud.has(self.issuer()) {
            return refused(InvalidRequestObject, "the aud of a request object is the issuer of this server");
        }
        self.in_time(client, (claims.nbf, claims.exp), grace)?;
        parameters(id, claims.parameters)
    }

    fn in_time(
        &self,
        client: &Client,
        (nbf, exp): (Option<Timestamp>, Option<Timestamp>),
        grace: Duration,
    ) -> Result<(), Refusal> {
        let now = self.ports().clock.now();
        if nbf.is_some_and(|nbf| nbf > now + LEEWAY) || exp.is_some_and(|exp| now >= exp + LEEWAY + grace) {
            return refused(InvalidRequestObject, "the time of a request object has not come, or is over");
        }
        let short =
            nbf.zip(exp).is_some_and(|(nbf, exp)| exp.since(nbf) <= LONGEST && now.since(nbf) <= LONGEST + grace);
        if client.profile.bounds_request_objects() && !short {
            return refused(InvalidRequestObject, "by fapi2 a request object has nbf and exp, an hour apart at most");
        }
        Ok(())
    }
}

/// Whether a token is of the type of request objects, or of none in particular.
fn is_request(typ: &str) -> bool {
    let typ = typ.to_ascii_lowercase();
    ["jwt", TYPE].contains(&typ.strip_prefix("application/").unwrap_or(&typ))
}

/// As they would be in a query: a number or an object as its JSON, a list as a parameter that is there more than once.
fn parameters(client_id: &str, members: Map<String, Value>) -> Result<Params, Refusal> {
    if ["request", "request_uri"].into_iter().any(|name| members.contains_key(name)) {
        return refused(InvalidRequestObject, "a request object holds no other, and no request_uri");
    }
    let mut params = Params::default().with("client_id", client_id);
    for (name, value) in members.into_iter().filter(|(name, _)| !OF_THE_TOKEN.contains(&name.as_str())) {
        let values = if let Value::Array(values) = value { values } else { vec![value] };
        for value in values {
            let text = match value {
                Value::String(text) => text,
                Value::Null => String::new(),
                other => other.to_string(),
            };
            if !text.is_empty() {
                params = params.with(&name, &text);
            }
        }
    }
    Ok(params)
}
