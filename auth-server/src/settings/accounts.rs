//! Passwords, sessions, tokens and codes: every number that the core leaves to a deployment.
use super::value::{Span, line, whole};
use auth_core::{
    keys::Algorithm,
    password::{Argon2Params, BadParams, HasherSettings},
};
use conf::Conf;
use serde::{Serialize, Serializer};
use std::{
    fmt::{self, Display},
    num::NonZero,
    str::FromStr,
};

/// Passwords, sessions, tokens and codes.
#[derive(Clone, Debug, Conf, Serialize)]
#[conf(serde)]
pub struct AccountSettings {
    /// The shortest password that is taken, in characters.
    #[conf(long, env, default_value = "15", value_parser = |text: &str| whole(text, 8_usize, 64), serde(use_value_parser))]
    pub password_min_length: usize,
    /// Argon2id: memory of one hash, in KiB; from 19456.
    #[conf(long, env, default_value = "19456", value_parser = |text: &str| whole(text, 64_u32, 262_144), serde(use_value_parser))]
    pub argon2_memory_kib: u32,
    /// Argon2id: how often it goes over its memory.
    #[conf(long, env, default_value = "2", value_parser = |text: &str| whole(text, 1_u32, 10), serde(use_value_parser))]
    pub argon2_passes: u32,
    /// Argon2id: how many parts the memory is cut into.
    #[conf(long, env, default_value = "1", value_parser = |text: &str| whole(text, 1_u32, 4), serde(use_value_parser))]
    pub argon2_lanes: u32,
    /// How many hashes are computed at once, each in memory of its own; one for each core unless set.
    #[conf(long, env, value_parser = |text: &str| whole(text, 1_usize, 1024), serde(use_value_parser))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub argon2_arenas: Option<usize>,
    /// How many requests may wait for a hash; more are answered 503 at once. 16 for each hash that is computed at once
    /// unless set: fewer if a hash takes more than an eighth of a second, since nobody waits longer than two.
    #[conf(long, env, value_parser = |text: &str| whole(text, 1_usize, 100_000), serde(use_value_parser))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub argon2_queue: Option<usize>,
    /// What access tokens of the account API are signed by: ES256, `EdDSA`, RS256 or PS256. Where there is no key of it yet, one
    /// is made at the start and takes over ten minutes later.
    #[conf(long, env, default_value = "ES256", serde(use_value_parser))]
    pub token_algorithm: Algorithm,
    /// What tokens for others can be signed by, besides: ES256, `EdDSA` and PS256, separated by commas. RS256 always, for
    /// those who know nothing newer.
    #[conf(long, env, default_value = "RS256", value_parser = signing, serde(use_value_parser))]
    pub signing_algorithms: Algorithms,
    /// How long an access token lives.
    #[conf(long, env, default_value = "10m", value_parser = access, serde(use_value_parser))]
    pub access_token_lifetime: Span,
    /// A session that is not refreshed ends after this.
    #[conf(long, env, default_value = "14d", serde(use_value_parser))]
    pub session_idle_lifetime: Span,
    /// Every session ends after this.
    #[conf(long, env, default_value = "30d", serde(use_value_parser))]
    pub session_lifetime: Span,
    /// How long the refresh token before the good one still gets the same answer.
    #[conf(long, env, default_value = "30s", serde(use_value_parser))]
    pub refresh_grace: Span,
    /// Whom access tokens are for: their `aud`. The public URL unless set.
    #[conf(long, env, value_parser = line, serde(use_value_parser))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_audience: Option<String>,
    /// Which client access tokens are issued to: their `client_id`.
    #[conf(long, env, default_value = "account", value_parser = line, serde(use_value_parser))]
    pub client_id: String,
    /// How long a mailed code is good.
    #[conf(long, env, default_value = "10m", value_parser = code, serde(use_value_parser))]
    pub code_lifetime: Span,
    /// How long a device is known after a login on it.
    #[conf(long, env, default_value = "180d", serde(use_value_parser))]
    pub device_token_lifetime: Span,
    /// How many wrong guesses one code of six digits answers.
    #[conf(long, env, default_value = "5", value_parser = |text: &str| whole(text, 1_u8, 10), serde(use_value_parser))]
    pub code_tries: u8,
    /// How long an unconfirmed registration is kept, so that a new code can be sent for it.
    #[conf(long, env, default_value = "1d", serde(use_value_parser))]
    pub registration_lifetime: Span,
}

impl AccountSettings {
    /// What a hash costs, and how many run and wait.
    ///
    /// # Errors
    /// [`BadParams`] if a stolen hash would be too cheap to guess at.
    pub fn hasher(&self) -> Result<HasherSettings, BadParams> {
        let defaults = HasherSettings::default();
        let params = match (self.argon2_memory_kib, self.argon2_passes, self.argon2_lanes) {
            #[cfg(any(test, feature = "testing"))]
            (64, 1, 1) => Argon2Params::TESTING,
            (memory, passes, lanes) => Argon2Params::new(memory, passes, lanes)?,
        };
        let arenas = self.argon2_arenas.and_then(NonZero::new).unwrap_or(defaults.arenas);
        let queue = self.argon2_queue.unwrap_or(HasherSettings::QUEUE_EACH.saturating_mul(arenas.get()));
        Ok(HasherSettings { params, arenas, queue, ..defaults })
    }

    /// What there are to be keys of.
    pub fn algorithms(&self) -> Vec<Algorithm> {
        let mut algorithms = Algorithm::ALL.to_vec();
        algorithms.retain(|one| *one == self.token_algorithm || self.signing_algorithms.0.contains(one));
        algorithms
    }
}

/// Signing algorithms, separated by commas: `EdDSA,PS256`. RS256 is one of them, named or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Algorithms(pub Vec<Algorithm>);

impl FromStr for Algorithms {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let rule = "expected signing algorithms separated by commas, for example EdDSA,PS256";
        let read = |item: &str| Algorithm::parse(item).map_err(|_| rule.to_owned());
        let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
        let named = items.map(read).collect::<Result<Vec<_>, _>>()?;
        let is_one = |algorithm: &Algorithm| *algorithm == Algorithm::Rs256 || named.contains(algorithm);
        Ok(Self(Algorithm::ALL.into_iter().filter(is_one).collect()))
    }
}

impl Display for Algorithms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.iter().map(|algorithm| algorithm.as_str()).collect::<Vec<_>>().join(","))
    }
}

impl Serialize for Algorithms {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

fn signing(text: &str) -> Result<Algorithms, String> {
    // An RSA key takes longer to make than most tests take.
    #[cfg(any(test, feature = "testing"))]
    if text == "none" {
        return Ok(Algorithms(Vec::new()));
    }
    text.parse()
}

/// S-08
fn access(text: &str) -> Result<Span, String> {
    at_most(text, "1h")
}

/// K-02
fn code(text: &str) -> Result<Span, String> {
    at_most(text, "10m")
}

/// A length of time that is no longer than another.
pub(super) fn at_most(text: &str, most: &str) -> Result<Span, String> {
    let (span, longest): (Span, Span) = (text.parse()?, most.parse()?);
    if span.0 <= longest.0 { Ok(span) } else { Err(format!("expected a length of time of at most {most}")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;

    #[test]
    fn there_are_always_keys_of_rs256_and_of_the_deployments_own() {
        use Algorithm::*;
        for (own, named, all, printed) in [
            (Es256, "", vec![Es256, Rs256], "RS256"),
            (Rs256, "", vec![Rs256], "RS256"),
            (EdDsa, "PS256, ES256", vec![Es256, EdDsa, Rs256, Ps256], "ES256,RS256,PS256"),
            (Es256, "RS256,ES256,ES256", vec![Es256, Rs256], "ES256,RS256"),
        ] {
            let mut accounts = Settings::for_data_dir("data").accounts;
            assert_eq!(accounts.algorithms(), [Es256, Rs256], "unless set");
            (accounts.token_algorithm, accounts.signing_algorithms) = (own, named.parse().unwrap());
            assert_eq!(accounts.algorithms(), all, "{named}");
            assert_eq!(accounts.signing_algorithms.to_string(), printed);
        }
        for other in ["none", "HS256", "EdDSA;PS256", "es256"] {
            assert!(other.parse::<Algorithms>().is_err(), "{other}");
        }
    }
}
