//! Who the person is (OpenID Connect Core, section 5.3).
use super::{
    Members, Tag,
    form::{proofs, read},
    refusal::OAuthRefusal,
};
use crate::http::{
    answer::{Answer, granted},
    bearer::{Bearer, security_scheme},
    body::is_form,
};
use auth_core::value::Secret;
use auth_oidc::{Provider, Userinfo as Answered, error::ErrorCode, error::Refusal};
use poem::{IntoResponse, Request, RequestBody, Response, http::header, web::Data};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ApiResponse, ExtractParamOptions, OpenApi,
    registry::{MetaMediaType, MetaResponses, Registry},
    types::Type,
};
use serde_json::{Map, Value};

pub struct Userinfo;

/// An access token, and with which proofs.
struct Shown {
    token: Secret,
    /// By the scheme `DPoP` (RFC 9449, section 7.1): the method of the request, and what its headers prove.
    by: Option<(String, Vec<Secret>)>,
}

/// In the header, or in the body of a form (RFC 6750, sections 2.1 and 2.2); not in both.
impl<'a> ApiExtractor<'a> for Shown {
    security_scheme!();

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        let in_body = if is_form(request) { read(body).await?.get("access_token").map(str::to_owned) } else { None };
        let in_header = request.headers().contains_key(header::AUTHORIZATION);
        match (in_body, in_header) {
            (None, false) => Err(OAuthRefusal::NoToken.into()),
            (None, true) => match (Bearer::by("dpop", request.headers()), Bearer::of(request.headers())) {
                (Ok(Bearer(token)), _) => {
                    let by = Some((request.method().to_string(), proofs(request.headers())));
                    Ok(Self { token, by })
                }
                (_, Ok(Bearer(token))) => Ok(Self { token, by: None }),
                _ => Err(OAuthRefusal::from(Refusal::new(ErrorCode::InvalidToken, "that is no token")).into()),
            },
            (Some(token), false) => Ok(Self { token: Secret::new(token), by: None }),
            (Some(_), true) => {
                let twice = Refusal::new(ErrorCode::InvalidRequest, "the token is there twice (RFC 6750, section 2)");
                Err(OAuthRefusal::from(twice).into())
            }
        }
    }
}

/// An object, or a JWT that holds it (OpenID Connect Core, section 5.3.2).
struct Told(Answered);

impl IntoResponse for Told {
    fn into_response(self) -> Response {
        match self.0 {
            Answered::Claims(claims) => Answer::<200, _>(Members(claims)).into_response(),
            Answered::Signed(jwt) => Response::builder().content_type("application/jwt").body(jwt.expose().to_owned()),
        }
    }
}

impl ApiResponse for Told {
    fn meta() -> MetaResponses {
        let content = [
            ("application/json", Members::<Map<String, Value>>::schema_ref()),
            ("application/jwt", String::schema_ref()),
        ];
        let content = content.map(|(content_type, schema)| MetaMediaType { content_type, schema });
        MetaResponses { responses: vec![granted(200, content.into())] }
    }

    fn register(_: &mut Registry) {}
}

#[OpenApi(tag = "Tag::OAuth")]
impl Userinfo {
    /// Who the person is
    ///
    /// For a client with an access token whose scope has `openid`: `sub`, and what else the scope reaches to. As a JWT, if
    /// the client is registered so (`userinfo_signed_response_alg`).
    #[oai(path = "/oauth2/userinfo", method = "get", operation_id = "oauth2_userinfo")]
    async fn get(&self, Data(provider): Data<&Provider>, token: Shown) -> Result<Told, OAuthRefusal> {
        told(provider, token).await
    }

    /// The same, by POST
    #[oai(path = "/oauth2/userinfo", method = "post", operation_id = "oauth2_userinfo_by_post")]
    async fn post(&self, Data(provider): Data<&Provider>, token: Shown) -> Result<Told, OAuthRefusal> {
        told(provider, token).await
    }
}

async fn told(provider: &Provider, Shown { token, by }: Shown) -> Result<Told, OAuthRefusal> {
    let told = match by {
        None => provider.userinfo(&token).await?,
        Some((method, proofs)) => {
            let told = provider.userinfo_by_proof(&token, &method, &proofs).await;
            told.map_err(|error| OAuthRefusal::from(error).by_proof())?
        }
    };
    Ok(Told(told))
}
