//! What production demands, all of it reported at once.
use super::*;
use auth_core::password::Argon2Params;
use std::fmt::Write;

impl Settings {
    /// Whether a server may start with these.
    ///
    /// # Errors
    /// [`SettingsError`] with everything that production misses, and how to give it; elsewhere with what can never be.
    pub fn check(&self) -> Result<(), SettingsError> {
        let hasher = self.accounts.hasher().err().map(|rule| {
            format!("AUTH_SERVICE_ARGON2_MEMORY_KIB, AUTH_SERVICE_ARGON2_PASSES and AUTH_SERVICE_ARGON2_LANES: {rule}")
        });
        let cosmos = if self.store == Store::Cosmos { self.cosmos.incomplete() } else { Vec::new() };
        let never: Vec<String> =
            hasher.into_iter().chain(self.proxies.incomplete()).chain(self.tls.incomplete()).chain(cosmos).collect();
        if !never.is_empty() {
            return Err(SettingsError::Wrong(never.join("\n")));
        }
        if !self.is_production() {
            return Ok(());
        }
        let keys = self.key_dir();
        let missing = [
            (
                self.mail.smtp().is_none(),
                "AUTH_SERVICE_SMTP_URL (or AUTH_SERVICE_SMTP_URL_FILE) is missing: give the server that takes outgoing \
                 mail, for example smtps://user:password@smtp.example.org".to_owned(),
            ),
            (
                self.mail.mail_from.is_none(),
                "AUTH_SERVICE_MAIL_FROM is missing: give the address that mails are from, for example \
                 \"Example <no-reply@example.org>\"".to_owned(),
            ),
            (
                !self.public_url.as_ref().is_some_and(PublicUrl::is_https),
                "AUTH_SERVICE_PUBLIC_URL is missing, or not https: give the address that people reach the server at, \
                 for example https://auth.example.org".to_owned(),
            ),
            (
                self.given_secret().is_none() && !keys.join(crate::keys::SECRET).exists(),
                format!(
                    "AUTH_SERVICE_SECRET (or AUTH_SERVICE_SECRET_FILE) is missing, and so is {}: make one with \
                     `auth-server keys init`",
                    keys.join(crate::keys::SECRET).display()
                ),
            ),
            (
                self.accounts.hasher().is_ok_and(|hasher| hasher.params.memory_kib() < Argon2Params::default().memory_kib()),
                "AUTH_SERVICE_ARGON2_MEMORY_KIB is for tests only: leave it out".to_owned(),
            ),
        ];
        let mut report = String::new();
        for (_, line) in missing.iter().filter(|(missing, _)| *missing) {
            write!(report, "\n  {line}").expect("a text takes all that is written to it");
        }
        if report.is_empty() {
            return Ok(());
        }
        Err(SettingsError::Wrong(format!("AUTH_SERVICE_ENVIRONMENT is production, and this is in the way:{report}")))
    }
}
