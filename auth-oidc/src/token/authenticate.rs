//! Which client it is, proved in the way that it was registered for (RFC 6749, section 2.3; O-11).
use super::ClientRequest;
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
struct Shown {
    id: String,
    by: AuthMethod,
    secret: Option<Secret>,
}

impl Provider {
    /// The client of a request, if it is proved. Whether there is no such client, or its secret is wrong, is not told.
    pub(crate) async fn authenticated(&self, request: &ClientRequest) -> Result<Client, Error> {
        if request.params.repeats_any() {
            return refused(InvalidRequest, "a parameter is there more than once");
        }
        let shown = shown(request)?;
        let unknown = || Refusal::new(InvalidClient, "there is no such client, or that is not its secret");
        let id = ClientId::parse(&shown.id).map_err(|_| unknown())?;
        let client = self.client(&id).await?.ok_or_else(unknown)?;
        let proved = match (&shown.secret, client.is_public()) {
            (None, true) => return Ok(client),
            (None, false) | (Some(_), true) => false,
            (Some(secret), false) => client.client_secrets.contains(&SecretDigest::of(secret)),
        };
        if !proved {
            return Err(unknown().into());
        }
        // Told only to whoever knows the secret.
        if shown.by != client.token_endpoint_auth_method {
            return refused(
                InvalidClient,
                format!("this client is registered to prove itself by {}", client.proves_by()),
            );
        }
        Ok(client)
    }
}

fn shown(request: &ClientRequest) -> Result<Shown, Refusal> {
    let (params, in_body) = (&request.params, request.params.get("client_secret"));
    if params.get("client_assertion").is_some() || params.get("client_assertion_type").is_some() {
        return refused(InvalidClient, "client assertions are not supported");
    }
    match (&request.authorization, in_body) {
        (Some(_), Some(_)) => refused(InvalidRequest, "a client proves who it is in one way (RFC 6749, section 2.3)"),
        (Some(header), None) => basic(header, params),
        (None, in_body) => {
            let Some(id) = params.get("client_id") else {
                return refused(InvalidClient, "the request names no client");
            };
            let secret = in_body.map(|secret| Secret::new(secret.to_owned()));
            let by = if secret.is_some() { AuthMethod::ClientSecretPost } else { AuthMethod::None };
            Ok(Shown { id: id.to_owned(), by, secret })
        }
    }
}

/// RFC 6749, section 2.3.1: both parts are encoded as in a form, before they are put together as RFC 7617 says.
fn basic(header: &Secret, params: &Params) -> Result<Shown, Refusal> {
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
    Ok(Shown { id, by: AuthMethod::ClientSecretBasic, secret: Some(Secret::new(secret)) })
}

/// One part of a form.
fn decoded(part: &str) -> Option<String> {
    if part.contains(['&', '=']) {
        return None;
    }
    let mut pairs = form_urlencoded::parse(part.as_bytes());
    Some(pairs.next().map_or_else(String::new, |(text, _)| text.into_owned()))
}
