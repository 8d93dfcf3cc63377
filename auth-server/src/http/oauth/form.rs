//! Bodies of programs that ask: a form, of which each parameter is there once; what is not known is passed over.
use super::refusal::OAuthRefusal;
use crate::http::{
    body::{FORM, form, is_form},
    caller::Asks,
};
use auth_core::value::Secret;
use auth_oidc::{
    Params,
    error::{ErrorCode, Refusal},
    token::ClientRequest,
};
use poem::{
    FromRequest, Request, RequestBody,
    http::{HeaderMap, header},
};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaMediaType, MetaRequest, Registry},
    types::Type,
};
use std::marker::PhantomData;

/// A form, whose parameters `T` tells of in the `OpenAPI` document.
pub struct Form<T> {
    /// The parameters, and what else says who asks.
    pub request: ClientRequest,
    of: PhantomData<fn() -> T>,
}

impl<'a, T: Type> ApiExtractor<'a> for Form<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        let content = vec![MetaMediaType { content_type: FORM, schema: T::schema_ref() }];
        Some(MetaRequest { description: None, content, required: true })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        if !is_form(request) {
            return Err(malformed("the body is application/x-www-form-urlencoded, and not compressed").into());
        }
        let (params, authorization) = (read(body).await?, authorization(request.headers())?);
        let (dpop, Asks(caller)) = (proofs(request.headers()), Asks::from_request_without_body(request).await?);
        Ok(Self { request: ClientRequest { params, authorization, dpop, caller }, of: PhantomData })
    }
}

/// The parameters of a body that is a form.
pub async fn read(body: &mut RequestBody) -> poem::Result<Params> {
    // All of it is here already: the edge reads bodies, and bounds them.
    Ok(form(body.take()?).await.map_err(malformed)?)
}

fn authorization(headers: &HeaderMap) -> Result<Option<Secret>, OAuthRefusal> {
    let mut headers = headers.get_all(header::AUTHORIZATION).iter();
    match (headers.next(), headers.next()) {
        (None, _) => Ok(None),
        // What is no text proves nobody.
        (Some(one), None) => Ok(Some(Secret::new(one.to_str().unwrap_or_default().to_owned()))),
        (Some(_), Some(_)) => Err(malformed("there is more than one Authorization header")),
    }
}

/// The `DPoP` headers (RFC 9449). How many there may be is for the provider to say; what is no text proves nothing.
pub fn proofs(headers: &HeaderMap) -> Vec<Secret> {
    let headers = headers.get_all("dpop").iter();
    headers.map(|header| Secret::new(header.to_str().unwrap_or_default().to_owned())).collect()
}

fn malformed(why: &'static str) -> OAuthRefusal {
    Refusal::new(ErrorCode::InvalidRequest, why).into()
}
