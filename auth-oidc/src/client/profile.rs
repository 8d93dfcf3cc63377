//! Profiles: by which rules a client is served. One decision, that all others ask.
use super::{AuthMethod, BadClient, Client};
use auth_core::keys::Algorithm;
use serde::{Deserialize, Serialize};

/// By which rules a client is served: one decision, from which all others follow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// OAuth 2.1: PKCE, always.
    #[default]
    Oauth21,
    /// For OpenID clients that know no PKCE: a client that proves who it is may come without.
    OidcCompat,
    /// The FAPI 2.0 Security Profile, for what is worth much.
    Fapi2,
}

impl Profile {
    /// Whether a request may come without PKCE.
    pub fn spares_pkce(self) -> bool {
        self == Self::OidcCompat
    }

    /// Whether every request is pushed.
    pub fn pushes(self) -> bool {
        self == Self::Fapi2
    }

    /// Whether every token is bound to a key, that is proved by a nonce of ours (FAPI 2.0, section 5.3.2.1; RFC 9449,
    /// section 8).
    pub fn binds_tokens(self) -> bool {
        self == Self::Fapi2
    }

    /// Whether the issuer's name is the one audience of an assertion (FAPI 2.0, section 5.3.2.1; O-28).
    pub fn asserts_to_issuer_alone(self) -> bool {
        self == Self::Fapi2
    }

    /// Whether a request object is good for a short time alone (FAPI 2.0 Message Signing, section 5.3.1).
    pub fn bounds_request_objects(self) -> bool {
        self == Self::Fapi2
    }

    /// By what a client signs (FAPI 2.0, section 5.4.1).
    pub const fn algorithms(self) -> &'static [Algorithm] {
        match self {
            Self::Fapi2 => &[Algorithm::Es256, Algorithm::EdDsa, Algorithm::Ps256],
            Self::Oauth21 | Self::OidcCompat => &Algorithm::ALL,
        }
    }

    /// Whether a client goes with it.
    pub(super) fn check(self, client: &Client) -> Result<(), BadClient> {
        let bad = |member, rule| Err(BadClient { member, rule });
        match self {
            Self::OidcCompat if client.is_public() => {
                bad("profile", "a client that keeps no secret comes with PKCE, and so by oauth21")
            }
            Self::Fapi2 if client.token_endpoint_auth_method != AuthMethod::PrivateKeyJwt => {
                bad("token_endpoint_auth_method", "by fapi2 a client proves who it is by private_key_jwt")
            }
            Self::Fapi2 if client.redirect_uris.iter().any(|uri| !uri.is_web()) => {
                bad("redirect_uris", "by fapi2 a redirect URI is https, or http on the same machine")
            }
            Self::Fapi2 if client.id_token_signed_response_alg == Some(Algorithm::Rs256) => {
                bad("id_token_signed_response_alg", "by fapi2 it is ES256, EdDSA or PS256")
            }
            Self::Fapi2 if client.userinfo_signed_response_alg == Some(Algorithm::Rs256) => {
                bad("userinfo_signed_response_alg", "by fapi2 it is ES256, EdDSA or PS256")
            }
            _ => Ok(()),
        }
    }
}
