//! A client registers itself (RFC 7591), and looks after its registration (RFC 7592).
use super::{Members, Tag, refusal::OAuthRefusal};
use crate::http::{
    answer::{Answer, Done},
    bearer::{Bearer, security_scheme},
    caller::Asks,
};
use auth_core::value::Secret;
use auth_oidc::{
    Provider,
    error::{Error, ErrorCode, Refusal},
    register::{Metadata, Registered},
};
use poem::{
    Request, RequestBody,
    http::{HeaderMap, header},
    web::Data,
};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions, OpenApi,
    param::Path,
    registry::{MetaMediaType, MetaRequest, Registry},
    types::Type,
};
use serde_json::{Map, Value};

pub struct Register;

/// What a client says of itself: a JSON object, of which what is not understood is passed over.
struct Said(Metadata);

impl<'a> ApiExtractor<'a> for Said {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        Members::<Metadata>::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        let content =
            vec![MetaMediaType { content_type: "application/json", schema: Members::<Metadata>::schema_ref() }];
        Some(MetaRequest { description: Some("Client metadata (RFC 7591, section 2)."), content, required: true })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        let bad = |why: String| OAuthRefusal::from(Refusal::new(ErrorCode::InvalidClientMetadata, why));
        let essence = request.content_type().unwrap_or_default().split(';').next().unwrap_or_default().trim();
        if !essence.eq_ignore_ascii_case("application/json") || request.headers().contains_key(header::CONTENT_ENCODING)
        {
            return Err(bad("the body is application/json, and not compressed".to_owned()).into());
        }
        let bytes = body.take()?.into_bytes().await.map_err(|_| bad("the body breaks off".to_owned()))?;
        let object: Map<String, Value> = serde_json::from_slice(&bytes).map_err(|error| bad(where_of(&error)))?;
        Ok(Self(serde_json::from_value(object.into()).map_err(|error| bad(where_of(&error)))?))
    }
}

/// Where the body is wrong; not in serde's words, which repeat what was sent.
fn where_of(error: &serde_json::Error) -> String {
    match error.line() {
        0 => "the body is a JSON object whose members have the types of RFC 7591, section 2".to_owned(),
        line => format!("the body is a JSON object: line {line}, column {} is wrong", error.column()),
    }
}

/// A bearer token, if there is one: what it is good for, the provider knows.
struct Shown(Option<Secret>);

impl<'a> ApiExtractor<'a> for Shown {
    security_scheme!();

    async fn from_request(request: &'a Request, _: &mut RequestBody, _: ExtractParamOptions<()>) -> poem::Result<Self> {
        Ok(Self(token(request.headers())))
    }
}

fn token(headers: &HeaderMap) -> Option<Secret> {
    Bearer::of(headers).ok().map(|Bearer(token)| token)
}

#[OpenApi(tag = "Tag::OAuth")]
impl Register {
    /// Register a client
    ///
    /// With a token that an operator has given out (`auth-server client invite`). What is not understood is passed over. The
    /// `client_secret` and the `registration_access_token` are shown this once.
    #[oai(path = "/oauth2/register", method = "post", operation_id = "oauth2_register")]
    async fn register(
        &self,
        Data(provider): Data<&Provider>,
        Asks(caller): Asks,
        Shown(token): Shown,
        Said(metadata): Said,
    ) -> Result<Answer<201, Members<Map<String, Value>>>, OAuthRefusal> {
        if token.is_none() {
            let limited = provider.accounts().limit_registrations(&caller).await;
            limited.map_err(Error::from)?.map_err(Error::from)?;
        }
        Ok(Answer(view(provider.register(token.as_ref(), &metadata).await?)))
    }

    /// What a client is registered with
    #[oai(path = "/oauth2/register/:client_id", method = "get", operation_id = "oauth2_registration")]
    async fn read(
        &self,
        Data(provider): Data<&Provider>,
        Shown(token): Shown,
        /// The client.
        client_id: Path<String>,
    ) -> Result<Answer<200, Members<Map<String, Value>>>, OAuthRefusal> {
        Ok(Answer(view(provider.registration(&needed(token)?, &client_id).await?)))
    }

    /// Register a client anew
    ///
    /// In the place of all that it was registered with: what is left out is as if it had never been said.
    #[oai(path = "/oauth2/register/:client_id", method = "put", operation_id = "oauth2_update_registration")]
    async fn update(
        &self,
        Data(provider): Data<&Provider>,
        Shown(token): Shown,
        /// The client.
        client_id: Path<String>,
        Said(metadata): Said,
    ) -> Result<Answer<200, Members<Map<String, Value>>>, OAuthRefusal> {
        Ok(Answer(view(provider.update_registration(&needed(token)?, &client_id, &metadata).await?)))
    }

    /// End a client's registration
    #[oai(path = "/oauth2/register/:client_id", method = "delete", operation_id = "oauth2_end_registration")]
    async fn end(
        &self,
        Data(provider): Data<&Provider>,
        Shown(token): Shown,
        /// The client.
        client_id: Path<String>,
    ) -> Result<Done, OAuthRefusal> {
        provider.end_registration(&needed(token)?, &client_id).await?;
        Ok(Done)
    }
}

fn needed(token: Option<Secret>) -> Result<Secret, OAuthRefusal> {
    token.ok_or(OAuthRefusal::NoToken)
}

fn view(registered: Registered) -> Members<Map<String, Value>> {
    let Registered { metadata, client_secret, registration_access_token } = registered;
    let Ok(Value::Object(mut members)) = serde_json::to_value(metadata) else { unreachable!("it is an object") };
    for (name, secret) in [("client_secret", client_secret), ("registration_access_token", registration_access_token)] {
        if let Some(secret) = secret {
            members.insert(name.to_owned(), secret.expose().into());
        }
    }
    Members(members)
}
