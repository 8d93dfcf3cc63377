//! Whether a client goes together: what it is called, what people are shown, what it asks for, and how it proves who it is.
use super::{AuthMethod, Client, GrantType};
use url::Url;

/// Why a client cannot be registered so: the member, and the rule that it breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{member}: {rule}")]
pub struct BadClient {
    /// Which member.
    pub member: &'static str,
    /// The rule.
    pub rule: &'static str,
}

/// Ten years: not every store keeps each number that 64 bits can hold.
const LONGEST_AGE: u64 = 315_360_000;

/// What is not seen, or turns round what is: a name is shown where people decide (UAX #9).
fn is_hidden(c: char) -> bool {
    let format = ['\u{ad}', '\u{61c}', '\u{180e}', '\u{feff}'];
    c.is_control()
        || format.contains(&c)
        || ('\u{200b}'..='\u{200f}').contains(&c)
        || ('\u{2028}'..='\u{202e}').contains(&c)
        || ('\u{2060}'..='\u{206f}').contains(&c)
}

/// Whether a document may be at this URL (O-23). Whether its host is one that is asked, is seen when it is.
fn is_fetchable(url: &Url) -> bool {
    let plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    url.scheme() == "https" && plain && url.as_str().len() <= 2048
}

/// Where a document is whose digest may be the fragment (OpenID Connect Core, section 6.2).
fn without_fragment(url: &Url) -> Url {
    let mut bare = url.clone();
    bare.set_fragment(None);
    bare
}

impl Client {
    /// Whether all of it goes together.
    ///
    /// # Errors
    /// [`BadClient`].
    pub fn check(&self) -> Result<(), BadClient> {
        let bad = |member, rule| Err(BadClient { member, rule });
        let of_names = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        let id = self.client_id.as_str();
        if id.len() > 128 || matches!(id, "." | "..") || !id.bytes().all(of_names) {
            return bad("client_id", "a client is called by at most 128 of A-Z a-z 0-9 - . _ ~, and not . or ..");
        }
        self.check_all_but_name()
    }

    /// The same, of one whose name is another's to judge.
    pub(crate) fn check_all_but_name(&self) -> Result<(), BadClient> {
        self.check_what_is_shown()?;
        self.check_what_it_asks_for()?;
        self.check_how_it_proves_who_it_is()?;
        self.check_subject_type()?;
        self.profile.check(self)
    }

    fn check_what_is_shown(&self) -> Result<(), BadClient> {
        let bad = |member, rule| Err(BadClient { member, rule });
        let name = self.name();
        let seen = name.chars().any(char::is_alphanumeric);
        if name.chars().count() > 100 || name.chars().any(is_hidden) || !seen {
            return bad("client_name", "a name has 1 to 100 characters, none of them hidden, and a letter or digit");
        }
        if self.default_max_age.is_some_and(|age| age > LONGEST_AGE) {
            return bad("default_max_age", "it is at most ten years, in seconds");
        }
        for page in [&self.client_uri, &self.logo_uri, &self.policy_uri, &self.tos_uri].into_iter().flatten() {
            if page.scheme() != "https" {
                return bad("client_uri, logo_uri, policy_uri, tos_uri", "what people are shown is https");
            }
        }
        if self.backchannel_logout_uri.as_ref().is_some_and(|uri| uri.scheme() != "https" || uri.fragment().is_some()) {
            return bad("backchannel_logout_uri", "it is https, and has no fragment");
        }
        if self.initiate_login_uri.as_ref().is_some_and(|uri| uri.scheme() != "https") {
            return bad("initiate_login_uri", "a sign-in begins at an address that is https");
        }
        Ok(())
    }

    fn check_what_it_asks_for(&self) -> Result<(), BadClient> {
        let bad = |member, rule| Err(BadClient { member, rule });
        if self.may(GrantType::AuthorizationCode) == self.redirect_uris.is_empty() {
            return bad("redirect_uris", "a client has them if, and only if, it may ask for authorization codes");
        }
        let asks_people = self.may(GrantType::AuthorizationCode) || self.may(GrantType::DeviceCode);
        if self.may(GrantType::RefreshToken) && !asks_people {
            return bad("grant_types", "refresh tokens are given beside what an authorization or device code buys");
        }
        if self.grant_types.is_empty() && self.serves.is_empty() {
            return bad("grant_types", "a client gets tokens, or serves a resource");
        }
        if self.redirect_uris.len() > 32
            || self.post_logout_redirect_uris.len() > 32
            || self.resources.len() > 32
            || self.serves.len() > 32
            || self.request_uris.len() > 32
        {
            return bad("redirect_uris, resources, serves, request_uris", "each has at most 32 entries");
        }
        if self.is_public() && self.may(GrantType::ClientCredentials) {
            return bad("grant_types", "client_credentials are for clients that prove who they are");
        }
        if self.is_public() && !self.serves.is_empty() {
            return bad("serves", "a resource asks about tokens only if it proves who it is");
        }
        Ok(())
    }

    fn check_how_it_proves_who_it_is(&self) -> Result<(), BadClient> {
        let bad = |member, rule| Err(BadClient { member, rule });
        match (self.keeps_secret(), self.client_secrets.is_empty()) {
            (false, false) => return bad("client_secrets", "a client that keeps no secret has none"),
            (true, true) => return bad("client_secrets", "a client that proves who it is by a secret has one"),
            _ => {}
        }
        if self.jwks.is_some() && self.jwks_uri.is_some() {
            return bad("jwks", "a client has jwks or jwks_uri, not both");
        }
        let signs = self.jwks.is_some() || self.jwks_uri.is_some();
        if self.token_endpoint_auth_method == AuthMethod::PrivateKeyJwt && !signs {
            return bad("jwks", "a client that proves who it is by private_key_jwt has jwks or jwks_uri");
        }
        if self.jwks_uri.as_ref().is_some_and(|uri| !is_fetchable(uri)) {
            return bad("jwks_uri", "it is https, without a user or a fragment, of at most 2048 characters");
        }
        if (self.require_signed_request_object || !self.request_uris.is_empty()) && !signs {
            return bad("require_signed_request_object, request_uris", "a client that signs has jwks or jwks_uri");
        }
        if !self.request_uris.iter().map(without_fragment).all(|uri| is_fetchable(&uri)) {
            return bad("request_uris", "each is https, without a user, of at most 2048 characters");
        }
        if self.request_object_signing_alg.is_some_and(|own| !self.profile.algorithms().contains(&own)) {
            return bad("request_object_signing_alg", "it is none that this profile signs by");
        }
        Ok(())
    }
}
