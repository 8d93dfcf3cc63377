//! Passwords, sessions, tokens and codes: every number that the core leaves to a deployment.
use super::value::{Span, line, whole};
use auth_core::{
    keys::Algorithm,
    password::{Argon2Params, BadParams, HasherSettings},
};
use conf::Conf;
use serde::Serialize;
use std::num::NonZero;

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
    /// What new signing keys are for: ES256, `EdDSA` or RS256.
    #[conf(long, env, default_value = "ES256", serde(use_value_parser))]
    pub token_algorithm: Algorithm,
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
