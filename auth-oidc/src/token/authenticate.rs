//! Which client it is, proved in the way that it was registered for (RFC 6749, section 2.3; O-11).
use super::{ClientRequest, assertion};
use crate::{
    Params, Provider,
    client::{AuthMethod, Client, SecretDigest},
    error::{
        Error,
        ErrorCode::{InvalidClient, InvalidRequest},
        Refusal, refused,
    },
};
use auth_core::value::{ClientId, Secret};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use url::form_urlencoded;
use zeroize::Zeroizing;

/// What a request shows of its client.
struct Shown<'a> {
    id: String,
    by: AuthMethod,
    proof: Proof<'a>,
}

/// What proves it.
enum Proof<'a> {
    Nothing,
    Secret(Secret),
    Assertion(&'a str),
}

impl Provider {
    /// The client of a request, if it is proved. Whether there is no such client, or its secret is wrong, is not told.
    pub(crate) async fn authenticated(&self, request: &ClientRequest, endpoint: &str) -> Result<Client, Error> {
        if request.params.repeats_any() {
            return refused(InvalidRequest, "a parameter is there more than once");
        }
        let shown = shown(request)?;
        let unknown = || Refusal::new(InvalidClient, "there is no such client, or that does not prove it");
        let id = ClientId::parse(&shown.id).map_err(|_| unknown())?;
        let client = self.client(&id).await?.ok_or_else(unknown)?;
        let proved = match &shown.proof {
            Proof::Nothing => client.is_public(),
            Proof::Assertion(assertion) => self.is_asserted(&client, assertion, endpoint).await?,
            Proof::Secret(secret) => client.client_secrets.contains(&SecretDigest::of(secret)),
        };
        if !proved {
            return Err(unknown().into());
        }
        // Told only to the client itself.
        if shown.by != client.token_endpoint_auth_method {
            return refused(
                InvalidClient,
                format!("this client is registered to prove itself by {}", client.token_endpoint_auth_method.as_str()),
            );
        }
        Ok(client)
    }
}

fn shown(request: &ClientRequest) -> Result<Shown<'_>, Refusal> {
    let params = &request.params;
    let (secret, assertion) = (params.get("client_secret"), assertion(params)?);
    let named = || match params.get("client_id") {
        Some(id) => Ok(id.to_owned()),
        None => refused(InvalidClient, "the request names no client"),
    };
    match (&request.authorization, secret, assertion) {
        (Some(header), None, None) => basic(header, params),
        (None, None, Some(assertion)) => {
            let id = named().or_else(|unnamed| assertion::subject(assertion).ok_or(unnamed))?;
            Ok(Shown { id, by: AuthMethod::PrivateKeyJwt, proof: Proof::Assertion(assertion) })
        }
        (None, Some(secret), None) => {
            let proof = Proof::Secret(Secret::new(secret.to_owned()));
            Ok(Shown { id: named()?, by: AuthMethod::ClientSecretPost, proof })
        }
        (None, None, None) => Ok(Shown { id: named()?, by: AuthMethod::None, proof: Proof::Nothing }),
        _ => refused(InvalidRequest, "a client proves who it is in one way (RFC 6749, section 2.3)"),
    }
}

/// RFC 7521, section 4.2.
fn assertion(params: &Params) -> Result<Option<&str>, Refusal> {
    match (params.get("client_assertion"), params.get("client_assertion_type")) {
        (Some(assertion), Some(assertion::TYPE)) => Ok(Some(assertion)),
        (None, None) => Ok(None),
        _ => refused(
            InvalidClient,
            format!("a client_assertion comes with the client_assertion_type {}", assertion::TYPE),
        ),
    }
}

/// RFC 6749, section 2.3.1: both parts are encoded as in a form, before they are put together as RFC 7617 says.
fn basic(header: &Secret, params: &Params) -> Result<Shown<'static>, Refusal> {
    let rule = || Refusal::new(InvalidClient, "the Authorization header is Basic, and both its parts form-urlencoded");
    let (scheme, encoded) = header.expose().split_once(' ').ok_or_else(rule)?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(rule());
    }
    let text = Zeroizing::new(BASE64_STANDARD.decode(encoded.trim_start_matches(' ')).map_err(|_| rule())?);
    let text = std::str::from_utf8(&text).map_err(|_| rule())?;
    let (id, secret) = text.split_once(':').ok_or_else(rule)?;
    let (id, secret) = (decoded(id).ok_or_else(rule)?, decoded(secret).ok_or_else(rule)?);
    if params.get("client_id").is_some_and(|named| named != id) {
        return refused(InvalidRequest, "client_id is not the client of the Authorization header");
    }
    Ok(Shown { id, by: AuthMethod::ClientSecretBasic, proof: Proof::Secret(Secret::new(secret)) })
}

/// One part of a form.
fn decoded(part: &str) -> Option<String> {
    if part.contains(['&', '=']) {
        return None;
    }
    let mut pairs = form_urlencoded::parse(part.as_bytes());
    Some(pairs.next().map_or_else(String::new, |(text, _)| text.into_owned()))
}
