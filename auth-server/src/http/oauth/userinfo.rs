//! Who the person is (OpenID Connect Core, section 5.3).
use super::{
    Members, Tag,
    form::{proofs, read},
    refusal::OAuthRefusal,
};
use crate::http::{
    answer::Answer,
    bearer::{Bearer, security_scheme},
    body::is_form,
};
use auth_core::value::Secret;
use auth_oidc::{Provider, error::ErrorCode, error::Refusal};
use poem::{Request, RequestBody, http::header, web::Data};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions, OpenApi, registry::Registry};
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
    Shown { token, by }: Shown,
) -> Result<Answer<200, Members<Map<String, Value>>>, OAuthRefusal> {
    let told = match by {
        None => provider.userinfo(&token).await?,
        Some((method, proofs)) => {
            let told = provider.userinfo_by_proof(&token, &method, &proofs).await;
            told.map_err(|error| OAuthRefusal::from(error).by_proof())?
        }
    };
    Ok(Answer(Members(told)))
}
