//! How an endpoint says no: in the words of its specification, or as a problem where that has none.
use crate::http::{
    answer::{ALWAYS, refused},
    problem::{Code, Problem},
};
use auth_oidc::error::{Error, ErrorCode, Refusal};
use poem::{
    IntoResponse, Response,
    http::{HeaderName, HeaderValue, StatusCode, header},
};
use poem_openapi::{
    ApiResponse, Object,
    registry::{MetaHeader, MetaMediaType, MetaResponse, MetaResponses, Registry},
    types::Type,
};
use serde::Serialize;
use std::collections::BTreeMap;

/// No.
#[derive(Debug)]
pub enum OAuthRefusal {
    /// In the words of RFC 6749, section 5.2.
    Refused(Refusal),
    /// There is no token, so the challenge names no error (RFC 6750, section 3.1).
    NoToken,
    /// The same, to whoever has shown a token with a proof (RFC 9449, section 7.1).
    ByProof(Refusal),
    /// To whoever must show a proof with this nonce (RFC 9449, section 8), at an endpoint for clients or with a token.
    NonceNeeded {
        /// The nonce.
        nonce: String,
        /// Whether it was with a token.
        by_proof: bool,
    },
    /// Not now, or not in this way.
    Problem(Problem),
}

/// An error (RFC 6749, section 5.2).
#[derive(Object, Serialize)]
#[oai(rename = "OAuthError")]
struct OAuthError {
    /// The code, for programs.
    error: String,
    /// What is wrong, for the client's author.
    error_description: String,
}

impl From<Refusal> for OAuthRefusal {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Error> for OAuthRefusal {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(refusal) => Self::Refused(refusal),
            Error::NonceNeeded(nonce) => Self::NonceNeeded { nonce, by_proof: false },
            Error::Slow(slow) => Self::Problem(slow.into()),
            Error::Unavailable(unavailable) => Self::Problem(unavailable.into()),
        }
    }
}

impl OAuthRefusal {
    /// To whoever has shown a token with a proof.
    pub fn by_proof(self) -> Self {
        match self {
            Self::Refused(refusal) => Self::ByProof(refusal),
            Self::NonceNeeded { nonce, .. } => Self::NonceNeeded { nonce, by_proof: true },
            other => other,
        }
    }
}

impl From<OAuthRefusal> for poem::Error {
    fn from(refusal: OAuthRefusal) -> Self {
        Self::from_response(refusal.into_response())
    }
}

impl IntoResponse for OAuthRefusal {
    fn into_response(self) -> Response {
        let is_missing = matches!(self, Self::NoToken);
        let (Refusal { code, description }, by_proof, nonce) = match self {
            Self::Refused(refusal) => (refusal, false, None),
            Self::NoToken => (Refusal::new(ErrorCode::InvalidToken, "there is no access token"), false, None),
            Self::ByProof(refusal) => (refusal, true, None),
            Self::NonceNeeded { nonce, by_proof } => {
                let why = "the proof must hold the nonce of the DPoP-Nonce header";
                (Refusal::new(ErrorCode::UseDpopNonce, why), by_proof, Some(nonce))
            }
            Self::Problem(problem) => return problem.into_response(),
        };
        let scheme = if by_proof { "DPoP" } else { "Bearer" };
        let (status, challenge) = match code {
            ErrorCode::InvalidToken if is_missing => (StatusCode::UNAUTHORIZED, Some("Bearer".to_owned())),
            // RFC 6749, section 5.2.
            ErrorCode::InvalidClient => (StatusCode::UNAUTHORIZED, Some("Basic realm=\"clients\"".to_owned())),
            // RFC 6750, section 3.
            ErrorCode::InsufficientScope => {
                (StatusCode::FORBIDDEN, Some(format!("{scheme} error=\"{}\", scope=\"openid\"", code.as_str())))
            }
            // The same, and RFC 9449, sections 7.1 and 9.
            _ if code == ErrorCode::InvalidToken || by_proof => {
                (StatusCode::UNAUTHORIZED, Some(format!("{scheme} error=\"{}\"", code.as_str())))
            }
            _ => (StatusCode::BAD_REQUEST, None),
        };
        let error = OAuthError { error: code.as_str().to_owned(), error_description: description.into_owned() };
        let body = serde_json::to_vec(&error).expect("an error is plain data");
        let mut response = Response::builder().status(status).content_type("application/json").body(body);
        let own = [(header::WWW_AUTHENTICATE, challenge), (HeaderName::from_static("dpop-nonce"), nonce)];
        for (name, value) in own.into_iter().filter_map(|(name, value)| Some((name, value?))) {
            let value = HeaderValue::from_str(&value).expect("words and hex digits make a header");
            response.headers_mut().insert(name, value);
        }
        response
    }
}

impl ApiResponse for OAuthRefusal {
    fn meta() -> MetaResponses {
        let own = [
            (400, "The request is wrong: `error` says how."),
            (401, "The client, or the token, is not good: `error` says which."),
        ];
        let own = own.map(|(status, about)| MetaResponse {
            description: about,
            status: Some(status),
            status_range: None,
            content: vec![MetaMediaType { content_type: "application/json", schema: OAuthError::schema_ref() }],
            headers: if status == 401 { vec![challenge()] } else { Vec::new() },
        });
        let mut problems: BTreeMap<u16, Vec<_>> = BTreeMap::new();
        for code in ALWAYS.iter().chain(&[Code::TooManyRequests]) {
            problems.entry(code.status()).or_default().push(*code);
        }
        let problems = problems.into_iter().map(|(status, codes)| refused(status, &codes));
        MetaResponses { responses: own.into_iter().chain(problems).collect() }
    }

    fn register(registry: &mut Registry) {
        OAuthError::register(registry);
        crate::http::problem::ProblemDocument::register(registry);
    }
}

fn challenge() -> MetaHeader {
    MetaHeader {
        name: "WWW-Authenticate".to_owned(),
        description: Some("How to prove oneself (RFC 7617, RFC 6750).".to_owned()),
        required: true,
        deprecated: false,
        schema: String::schema_ref(),
    }
}
