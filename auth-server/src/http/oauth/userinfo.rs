//! Who the person is (OpenID Connect Core, section 5.3).
use super::{
    Members, Tag,
    form::{is_form, read},
    refusal::OAuthRefusal,
};
use crate::http::{answer::Answer, bearer::Bearer};
use auth_core::value::Secret;
use auth_oidc::{Provider, error::ErrorCode, error::Refusal};
use poem::{Request, RequestBody, http::header, web::Data};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions, OpenApi, registry::Registry};
use serde_json::{Map, Value};

pub struct Userinfo;

/// An access token: in the header, or in the body of a form (RFC 6750, sections 2.1 and 2.2); not in both.
struct Shown(Secret);

impl<'a> ApiExtractor<'a> for Shown {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        Bearer::register(registry);
    }
    fn security_schemes() -> Vec<&'static str> {
        Bearer::security_schemes()
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        let in_body = if is_form(request) { read(body).await?.get("access_token").map(str::to_owned) } else { None };
        let in_header = request.headers().contains_key(header::AUTHORIZATION);
        match (in_body, in_header) {
            (None, false) => Err(OAuthRefusal::NoToken.into()),
            (None, true) => match Bearer::of(request.headers()) {
                Ok(Bearer(token)) => Ok(Self(token)),
                Err(_) => {
                    Err(OAuthRefusal::from(Refusal::new(ErrorCode::InvalidToken, "that is no bearer token")).into())
                }
            },
            (Some(token), false) => Ok(Self(Secret::new(token))),
            (Some(_), true) => {
                let twice = Refusal::new(ErrorCode::InvalidRequest, "the token is there twice (RFC 6750, section 2)");
                Err(OAuthRefusal::from(twice).into())
            }
        }
    }
}

#[OpenApi(tag = "Tag::OAuth")]
impl Userinfo {
    /// Who the person is
    ///
    /// For a client with an access token whose scope has `openid`: `sub`, and what else the scope reaches to.
    #[oai(path = "/oauth2/userinfo", method = "get", operation_id = "oauth2_userinfo")]
    async fn get(
        &self,
        Data(provider): Data<&Provider>,
        token: Shown,
    ) -> Result<Answer<200, Members<Map<String, Value>>>, OAuthRefusal> {
        told(provider, token).await
    }

    /// The same, by POST
    #[oai(path = "/oauth2/userinfo", method = "post", operation_id = "oauth2_userinfo_by_post")]
    async fn post(
        &self,
        Data(provider): Data<&Provider>,
        token: Shown,
    ) -> Result<Answer<200, Members<Map<String, Value>>>, OAuthRefusal> {
        told(provider, token).await
    }
}

async fn told(
    provider: &Provider,
    Shown(token): Shown,
) -> Result<Answer<200, Members<Map<String, Value>>>, OAuthRefusal> {
    Ok(Answer(Members(provider.userinfo(&token).await?)))
}
