//! Access tokens (RFC 9068): claims in, a compact JWS out; and back, if it is one of ours.
use crate::{
    keys::Algorithm,
    ports::{Jwk, Keyring, Outside, Unavailable},
    value::{Role, Secret, SessionId, Timestamp, UserId},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{DecodingKey, Validation};
use serde::{Deserialize, Deserializer, Serialize, de::DeserializeOwned};
use std::{collections::HashSet, time::Duration};

/// How far two clocks may be apart: a token is taken so long after its end and before its beginning.
pub const LEEWAY: Duration = Duration::from_secs(30);

/// A token of ours is a tenth of this.
const MAX_BYTES: usize = 8 * 1024;

/// What an access token says (RFC 9068, section 2.2). All of it is required.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessClaims {
    /// Who signed it.
    pub iss: String,
    /// The one service that it is for.
    pub aud: String,
    /// Whose it is.
    pub sub: UserId,
    /// The client that it was given to.
    pub client_id: String,
    /// The session that it lives with.
    pub sid: SessionId,
    /// Its own name, never given twice.
    pub jti: String,
    /// When it was signed.
    pub iat: Timestamp,
    /// When it ends.
    pub exp: Timestamp,
    /// When the password was shown.
    pub auth_time: Timestamp,
    /// What the account is trusted with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<Role>,
}

/// What a token must say to be for us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// The `iss`, letter for letter.
    pub issuer: String,
    /// The `aud`, letter for letter.
    pub audience: String,
}

/// Why a token was refused: for the log. Whoever presented it is told that it was, and no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenRefused {
    /// Longer than any of ours.
    #[error("too long")]
    TooLong,
    /// Not three parts of base64url, or its header is not exactly `alg`, `kid` and `typ`.
    #[error("malformed")]
    Malformed,
    /// A token of another kind.
    #[error("not an access token")]
    WrongType,
    /// None of our keys has that name.
    #[error("unknown key")]
    UnknownKey,
    /// Not the algorithm of the key that it names.
    #[error("wrong algorithm")]
    WrongAlgorithm,
    /// The signature is not that key's over this text.
    #[error("wrong signature")]
    WrongSignature,
    /// A claim is missing, there twice, or of another type.
    #[error("malformed claims")]
    MalformedClaims,
    /// Signed for another issuer.
    #[error("wrong issuer")]
    WrongIssuer,
    /// For another service.
    #[error("wrong audience")]
    WrongAudience,
    /// Its time has not come.
    #[error("not valid yet")]
    NotYet,
    /// Its time is over.
    #[error("expired")]
    Expired,
}

/// Signs claims by the deployment's own algorithm.
///
/// # Errors
/// [`Unavailable`] if the key ring is.
pub async fn sign(keyring: &dyn Keyring, claims: &AccessClaims) -> Outside<Secret> {
    let payload = serde_json::to_vec(claims).map_err(|error| Unavailable::failed("keyring", error))?;
    keyring.sign(None, "at+jwt", &payload).await.map(Secret::new)
}

/// Reads a token, if one of `keys` signed it, it is for us, and this is its time. The key is chosen by its name among
/// `keys` alone and decides the algorithm; nothing that the token says of itself is fetched or followed.
///
/// # Errors
/// [`TokenRefused`]; whatever fails means that.
pub fn verify(token: &str, keys: &[Jwk], expected: &Expected, now: Timestamp) -> Result<AccessClaims, TokenRefused> {
    let claims = read(token, keys, expected, now)?;
    if now >= claims.exp + LEEWAY {
        return Err(TokenRefused::Expired);
    }
    Ok(claims)
}

/// As [`verify`], but a token is read whose time is over, too. It may end its own session, and nothing else.
///
/// # Errors
/// [`TokenRefused`], but never for its end.
pub fn read(token: &str, keys: &[Jwk], expected: &Expected, now: Timestamp) -> Result<AccessClaims, TokenRefused> {
    judge(open(token, keys, "at+jwt")?, expected, now)
}

/// The claims of any token of this type that one of `keys` signed, whoever it is from, whomever it is for, and whatever
/// its time: the caller judges those.
///
/// # Errors
/// [`TokenRefused`], for its form, type, key or signature, or for claims of another shape.
pub fn open<T: DeserializeOwned>(token: &str, keys: &[Jwk], typ: &str) -> Result<T, TokenRefused> {
    let header: Header = header(token)?;
    let named = header.typ.to_ascii_lowercase();
    if named.strip_prefix("application/").unwrap_or(&named) != typ.to_ascii_lowercase() {
        return Err(TokenRefused::WrongType);
    }
    let key = keys.iter().find(|key| key.kid == header.kid).ok_or(TokenRefused::UnknownKey)?;
    if header.alg != key.alg {
        return Err(TokenRefused::WrongAlgorithm);
    }
    signed(token, key)
}

/// All that a header of ours holds. Another member, `jwk`, `jku`, `x5u`, `x5c` or `crit` for instance, is refused by
/// being there at all.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    kid: String,
    typ: String,
}

/// The header of any token, whoever made it. Nothing of it is proved.
///
/// # Errors
/// [`TokenRefused`], for its form.
pub fn header<T: DeserializeOwned>(token: &str) -> Result<T, TokenRefused> {
    if token.len() > MAX_BYTES {
        return Err(TokenRefused::TooLong);
    }
    let mut parts = token.split('.');
    let (Some(header), Some(_), Some(_), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return Err(TokenRefused::Malformed);
    };
    let header = URL_SAFE_NO_PAD.decode(header).map_err(|_| TokenRefused::Malformed)?;
    serde_json::from_slice(&header).map_err(|_| TokenRefused::Malformed)
}

#[derive(Deserialize)]
struct SignedClaims {
    #[serde(default, deserialize_with = "present")]
    nbf: Option<Timestamp>,
    #[serde(flatten)]
    access: AccessClaims,
}

/// A claim that may be missing, but is not `null` when it is there.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    Timestamp::deserialize(deserializer).map(Some)
}

/// The claims of a token that this key signed by its own algorithm, whatever else its header says.
///
/// # Errors
/// [`TokenRefused`], for its form or signature, or for claims of another shape.
pub fn signed<T: DeserializeOwned>(token: &str, key: &Jwk) -> Result<T, TokenRefused> {
    // jsonwebtoken panics if an application turns on two of its back ends and none was chosen. The first choice holds.
    let _ = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
    let (algorithm, decoding) = decoding_key(key).ok_or(TokenRefused::UnknownKey)?;
    // It checks algorithm and signature. Claims and times are for `judge`, whose clock is ours.
    let mut validation = Validation::new(algorithm);
    validation.required_spec_claims = HashSet::new();
    (validation.validate_exp, validation.validate_nbf, validation.validate_aud) = (false, false, false);
    let decoded = jsonwebtoken::decode(token, &decoding, &validation);
    decoded.map(|data| data.claims).map_err(|error| match error.kind() {
        jsonwebtoken::errors::ErrorKind::InvalidSignature => TokenRefused::WrongSignature,
        jsonwebtoken::errors::ErrorKind::InvalidAlgorithm => TokenRefused::WrongAlgorithm,
        jsonwebtoken::errors::ErrorKind::Json(_) => TokenRefused::MalformedClaims,
        _ => TokenRefused::Malformed,
    })
}

fn decoding_key(key: &Jwk) -> Option<(jsonwebtoken::Algorithm, DecodingKey)> {
    let (algorithm, decoding) = match Algorithm::parse(&key.alg).ok()? {
        Algorithm::Es256 => {
            (jsonwebtoken::Algorithm::ES256, DecodingKey::from_ec_components(key.x.as_deref()?, key.y.as_deref()?))
        }
        Algorithm::EdDsa => (jsonwebtoken::Algorithm::EdDSA, DecodingKey::from_ed_components(key.x.as_deref()?)),
        Algorithm::Rs256 => (jsonwebtoken::Algorithm::RS256, rsa_key(key)?),
        Algorithm::Ps256 => (jsonwebtoken::Algorithm::PS256, rsa_key(key)?),
    };
    Some((algorithm, decoding.ok()?))
}

fn rsa_key(key: &Jwk) -> Option<jsonwebtoken::errors::Result<DecodingKey>> {
    Some(DecodingKey::from_rsa_components(key.n.as_deref()?, key.e.as_deref()?))
}

fn judge(claims: SignedClaims, expected: &Expected, now: Timestamp) -> Result<AccessClaims, TokenRefused> {
    let SignedClaims { nbf, access } = claims;
    if access.iss != expected.issuer {
        return Err(TokenRefused::WrongIssuer);
    }
    if access.aud != expected.audience {
        return Err(TokenRefused::WrongAudience);
    }
    if access.iat.max(nbf.unwrap_or(access.iat)) > now + LEEWAY {
        return Err(TokenRefused::NotYet);
    }
    Ok(access)
}

#[cfg(test)]
mod tests;
