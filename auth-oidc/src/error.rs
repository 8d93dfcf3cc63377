//! What a client is told when the answer is no.
use auth_core::{accounts::Slow, ports::Unavailable};
use std::borrow::Cow;

/// The codes of RFC 6749, sections 4.1.2.1 and 5.2, and of those that add to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorCode {
    /// RFC 6749: a parameter is missing, repeated, or malformed.
    InvalidRequest,
    /// RFC 6749: the client is unknown, or did not prove who it is.
    InvalidClient,
    /// RFC 6749: the code or refresh token is good for nothing, or for another client.
    InvalidGrant,
    /// RFC 6749: this client may not ask in this way.
    UnauthorizedClient,
    /// RFC 6749: the person, or this server, says no.
    AccessDenied,
    /// RFC 6749: there is no such response type here.
    UnsupportedResponseType,
    /// RFC 6749: there is no such grant type here.
    UnsupportedGrantType,
    /// RFC 6749: nothing of what was asked for can be given.
    InvalidScope,
    /// RFC 8707: no such resource, or not for this client.
    InvalidTarget,
    /// OpenID Connect Core, section 3.1.2.6: the person must sign in, and may not be asked to.
    LoginRequired,
    /// OpenID Connect Core, section 3.1.2.6: the person must choose an account, and may not be asked to.
    AccountSelectionRequired,
    /// OpenID Connect Core, section 3.1.2.6: the person must agree, and may not be asked to.
    ConsentRequired,
    /// RFC 9101: `request` is no request object, or one that may not be taken.
    InvalidRequestObject,
    /// RFC 9101: `request_uri` is not registered, or leads to nothing.
    InvalidRequestUri,
    /// OpenID Connect Core Error Code `unmet_authentication_requirements`: nobody can sign in as the client demands.
    UnmetAuthenticationRequirements,
    /// OpenID Connect Core, section 3.1.2.6: `request_uri` is not supported.
    RequestUriNotSupported,
    /// OpenID Connect Core, section 3.1.2.6: `registration` is not supported.
    RegistrationNotSupported,
    /// RFC 7591: a redirect URI that can be none.
    InvalidRedirectUri,
    /// RFC 7591: something else that cannot be registered.
    InvalidClientMetadata,
    /// RFC 8628: the person has not answered yet.
    AuthorizationPending,
    /// RFC 8628: the same, and the device asks too often.
    SlowDown,
    /// RFC 8628: the person has not answered in time.
    ExpiredToken,
    /// RFC 9449: the proof of a key is missing, or not good.
    InvalidDpopProof,
    /// RFC 9449: the proof must hold the nonce that comes with this.
    UseDpopNonce,
    /// RFC 6750: the access token is not, or no longer, valid.
    InvalidToken,
    /// RFC 6750: the access token does not reach so far.
    InsufficientScope,
}

impl ErrorCode {
    /// As it is written in `error`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::AccessDenied => "access_denied",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::InvalidScope => "invalid_scope",
            Self::InvalidTarget => "invalid_target",
            Self::LoginRequired => "login_required",
            Self::AccountSelectionRequired => "account_selection_required",
            Self::ConsentRequired => "consent_required",
            Self::InvalidRequestObject => "invalid_request_object",
            Self::InvalidRequestUri => "invalid_request_uri",
            Self::UnmetAuthenticationRequirements => "unmet_authentication_requirements",
            Self::RequestUriNotSupported => "request_uri_not_supported",
            Self::RegistrationNotSupported => "registration_not_supported",
            Self::InvalidRedirectUri => "invalid_redirect_uri",
            Self::InvalidClientMetadata => "invalid_client_metadata",
            Self::AuthorizationPending => "authorization_pending",
            Self::SlowDown => "slow_down",
            Self::ExpiredToken => "expired_token",
            Self::InvalidDpopProof => "invalid_dpop_proof",
            Self::UseDpopNonce => "use_dpop_nonce",
            Self::InvalidToken => "invalid_token",
            Self::InsufficientScope => "insufficient_scope",
        }
    }
}

/// No, and why: `error` and `error_description`. The description is for the client's author, and holds nothing of the
/// request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {description}", code.as_str())]
pub struct Refusal {
    /// The code.
    pub code: ErrorCode,
    /// What is wrong, and the rule.
    pub description: Cow<'static, str>,
}

impl Refusal {
    /// A refusal in these words.
    pub fn new(code: ErrorCode, description: impl Into<Cow<'static, str>>) -> Self {
        Self { code, description: description.into() }
    }
}

/// The other ends of what a client asks for.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Not without this nonce in the proof: [`ErrorCode::UseDpopNonce`] (RFC 9449, section 8).
    #[error("a proof with a nonce is needed")]
    NonceNeeded(String),
    /// Not now: too many come from there.
    #[error(transparent)]
    Slow(#[from] Slow),
    /// The outside failed.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// No, with a code and a reason.
pub(crate) fn refused<T, E: From<Refusal>>(code: ErrorCode, why: impl Into<Cow<'static, str>>) -> Result<T, E> {
    Err(Refusal::new(code, why).into())
}
