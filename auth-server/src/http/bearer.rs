//! Access tokens of requests: taken from the Authorization header, and from nowhere else (S-22).
use super::problem::{Code, Problem};
use auth_core::{
    accounts::{Accounts, Identity},
    value::Secret,
};
use poem::{
    FromRequest, Request, RequestBody,
    http::{HeaderMap, HeaderValue, header},
    web::Data,
};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaSecurityScheme, Registry},
};

/// An access token as it was presented; whether it opens anything is another question.
pub struct Bearer(pub Secret);

/// A person whose access token opens this.
pub struct SignedIn(pub Identity);

impl Bearer {
    /// The one token that the headers hold.
    pub fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        Self::by("bearer", headers)
    }

    /// The same, by another scheme.
    pub fn by(wanted: &str, headers: &HeaderMap) -> Result<Self, Problem> {
        let mut headers = headers.get_all(header::AUTHORIZATION).iter();
        let (Some(credentials), None) = (headers.next(), headers.next()) else {
            // Without credentials the challenge names no error (RFC 6750, section 3.1).
            return Err(Problem::new(Code::InvalidToken));
        };
        let text = credentials.to_str().unwrap_or_default();
        let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
        let token = token.trim_start_matches(' ');
        // RFC 9110, section 11.1: the scheme in any case; RFC 6750, section 2.1: the token in these characters.
        let token68 = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
        if !scheme.eq_ignore_ascii_case(wanted) || token.is_empty() || !token.bytes().all(token68) {
            return Err(refused());
        }
        Ok(Self(Secret::new(token.to_owned())))
    }
}

/// There was a token, and it opens nothing (RFC 6750, section 3.1).
pub fn refused() -> Problem {
    let challenge = HeaderValue::from_static(r#"Bearer error="invalid_token""#);
    Problem::new(Code::InvalidToken).header(header::WWW_AUTHENTICATE, challenge)
}

/// What an extractor of an access token tells the `OpenAPI` document.
macro_rules! security_scheme {
    () => {
        const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];
        type ParamType = ();
        type ParamRawType = ();

        fn register(registry: &mut Registry) {
            registry.create_security_scheme($crate::http::bearer::SCHEME, $crate::http::bearer::scheme());
        }
        fn security_schemes() -> Vec<&'static str> {
            vec![$crate::http::bearer::SCHEME]
        }
    };
}
pub(crate) use security_scheme;

impl<'a> ApiExtractor<'a> for Bearer {
    security_scheme!();

    async fn from_request(request: &'a Request, _: &mut RequestBody, _: ExtractParamOptions<()>) -> poem::Result<Self> {
        Ok(Self::of(request.headers())?)
    }
}

impl<'a> ApiExtractor<'a> for SignedIn {
    security_scheme!();

    async fn from_request(request: &'a Request, _: &mut RequestBody, _: ExtractParamOptions<()>) -> poem::Result<Self> {
        let Bearer(token) = Bearer::of(request.headers())?;
        let Data(accounts) = Data::<&Accounts>::from_request_without_body(request).await?;
        let who = accounts.authenticate(token.expose()).await;
        who.map(Self).map_err(|end| Problem::from(end).into())
    }
}

pub(crate) const SCHEME: &str = "bearer";

pub(crate) fn scheme() -> MetaSecurityScheme {
    MetaSecurityScheme {
        ty: "http",
        description: Some("The access_token of a login or a refresh."),
        name: None,
        key_in: None,
        scheme: Some("bearer"),
        bearer_format: Some("JWT"),
        flows: None,
        openid_connect_url: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(values: &[&[u8]]) -> Option<String> {
        let line = |value: &&[u8]| (header::AUTHORIZATION, HeaderValue::from_bytes(value).unwrap());
        Bearer::of(&values.iter().map(line).collect()).ok().map(|Bearer(token)| token.expose().to_owned())
    }

    #[test]
    fn the_scheme_is_read_in_any_case() {
        for text in [&b"Bearer a.b-c_d"[..], b"bearer a.b-c_d", b"BEARER   a.b-c_d"] {
            assert_eq!(token(&[text]).as_deref(), Some("a.b-c_d"));
        }
    }

    #[test] // S-24
    fn odd_values_are_no_token() {
        for text in [
            &b""[..],
            b"Bearer",
            b"Bearer ",
            b"Basic YTpi",
            b"Bearer a b",
            b"Bearer a,b",
            b"Bearer \xff\xfe",
            b"a.b.c",
            b"Bearer\ta",
            b"Bearer a\t",
        ] {
            assert_eq!(token(&[text]), None, "{text:?}");
        }
        assert_eq!(token(&[]), None);
        assert_eq!(token(&[b"Bearer a", b"Bearer b"]), None);
    }
}
