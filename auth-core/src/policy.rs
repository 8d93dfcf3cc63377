//! Every number and name that a deployment may choose.
use crate::{counter::Rule, password::PasswordRules};
use std::time::Duration;

/// What a deployment decides.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Who issues access tokens: their `iss`. The public URL, as a rule.
    pub issuer: String,
    /// Whom they are for: their `aud`.
    pub audience: String,
    /// Which client they are issued to: their `client_id`. The account API's own logins are one first-party client.
    pub client_id: String,
    /// What a new password must be.
    pub password: PasswordRules,
    /// How long an access token lives. At most an hour; 10 minutes.
    pub access_ttl: Duration,
    /// A session that is not refreshed ends after this; 14 days.
    pub session_idle: Duration,
    /// And every session after this; 30 days.
    pub session_ttl: Duration,
    /// How long the refresh token before the good one still gets the same successor; 30 seconds.
    pub refresh_grace: Duration,
    /// How long a code is good; 10 minutes.
    pub code_ttl: Duration,
    /// How many wrong guesses one code answers; 5.
    pub code_tries: u8,
    /// How long an unconfirmed registration is kept, so that a new code can be sent for it; a day.
    pub registration_ttl: Duration,
    /// How long a notice is worth sending; 2 days.
    pub notice_ttl: Duration,
    /// How often what may be tried.
    pub limits: Limits,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            issuer: "http://127.0.0.1:8000".to_owned(),
            audience: "http://127.0.0.1:8000".to_owned(),
            client_id: "account".to_owned(),
            password: PasswordRules::default(),
            access_ttl: Duration::from_mins(10),
            session_idle: days(14),
            session_ttl: days(30),
            refresh_grace: Duration::from_secs(30),
            code_ttl: Duration::from_mins(10),
            code_tries: 5,
            registration_ttl: days(1),
            notice_ttl: days(2),
            limits: Limits::default(),
        }
    }
}

/// How often what may be tried. A source is an IPv4 address, or the /64 of an IPv6 address. Attempts that are under way
/// count as wrong until they are known to be right, so no more than this many can be under way at once.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Wrong passwords for one login, or one e-mail, from one source; 10 in 15 minutes.
    pub login_per_account_and_source: Rule,
    /// Wrong passwords from one source, whatever the account; 40 in 15 minutes.
    pub login_per_source: Rule,
    /// Wrong codes from one source; 20 an hour.
    pub code_per_source: Rule,
    /// Wrong codes from one source over a day; 60.
    pub code_per_source_daily: Rule,
    /// Wrong codes of one kind for one address, over all its codes; 10 a day.
    pub code_per_address: Rule,
    /// Mails asked for from one source (register, forgot, resend); 10 an hour.
    pub mail_per_source: Rule,
    /// Mails of one kind to one address; 1 a minute. Above this and the next two the answer is the same, and no mail goes.
    pub mail_per_address: Rule,
    /// Mails of one kind to one address; 3 an hour.
    pub mail_per_address_hourly: Rule,
    /// Mails of one kind to one address; 5 a day.
    pub mail_per_address_daily: Rule,
}

impl Default for Limits {
    fn default() -> Self {
        let rule = |limit, window| Rule { limit, window };
        Self {
            login_per_account_and_source: rule(10, Duration::from_mins(15)),
            login_per_source: rule(40, Duration::from_mins(15)),
            code_per_source: rule(20, Duration::from_hours(1)),
            code_per_source_daily: rule(60, days(1)),
            code_per_address: rule(10, days(1)),
            mail_per_source: rule(10, Duration::from_hours(1)),
            mail_per_address: rule(1, Duration::from_mins(1)),
            mail_per_address_hourly: rule(3, Duration::from_hours(1)),
            mail_per_address_daily: rule(5, days(1)),
        }
    }
}

const fn days(n: u64) -> Duration {
    Duration::from_hours(24 * n)
}
