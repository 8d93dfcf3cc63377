//! Every number and name that a deployment may choose.
use crate::{
    counter::{Pause, Rule},
    password::PasswordRules,
};
use std::{num::NonZero, time::Duration};

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
    /// How long a code is good; 10 minutes. A long code that went out with the last mail of a day is good until so long after
    /// mails go again.
    pub code_ttl: Duration,
    /// How many wrong guesses one code of six digits answers; 5.
    pub code_tries: u8,
    /// How long an unconfirmed registration is kept, so that a new code can be sent for it; a day.
    pub registration_ttl: Duration,
    /// How long a notice is worth sending; 2 days.
    pub notice_ttl: Duration,
    /// How long a device is known after a login on it; 180 days.
    pub device_ttl: Duration,
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
            device_ttl: days(180),
            limits: Limits::default(),
        }
    }
}

/// How often what may be tried. A source is an IPv4 address, or the /64 of an IPv6 address; a network its /24, or /48.
/// Attempts that are under way count as wrong until they are known to be right, so no more than this many can be under way
/// at once, on all instances; only the alarms are counted once an attempt is known to be wrong. One that was never answered
/// counts for a minute. A rule holds for every span of its length, not only for those that begin at some hour.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Wrong passwords for one account from one source, or from one device that its owner has logged in on. Above it each
    /// next one waits: see [`login_pause`](Self::login_pause).
    pub login_per_account_and_source: Rule,
    /// Wrong passwords for one account, from all sources and devices that its owner has not logged in on. Above it each
    /// next one waits.
    pub login_per_account: Rule,
    /// How long it waits: 1 second, then twice as long each time, at most 15 minutes. After the rule's time and the longest
    /// pause without a try all is forgotten.
    pub login_pause: Pause,
    /// Wrong passwords for one account that no reset by mail came between (NIST SP 800-63B-4, 3.2.2), from all that are
    /// not known, or from one known device. Above it a password is not looked at; its owner resets it by mail, or logs in
    /// on a device that is known.
    pub login_in_a_row: Rule,
    /// Wrong passwords from one source, whatever the account.
    pub login_per_source: Rule,
    /// Wrong passwords over all accounts: an alarm. Above it every source has a part of its limits.
    pub login_watch: Rule,
    /// Wrong codes from one source.
    pub code_per_source: Rule,
    /// Wrong codes from one source, over a longer time.
    pub code_per_source_daily: Rule,
    /// Wrong codes of six digits for one address, over all its codes. Above it they are not looked at, and new ones are
    /// long.
    pub code_per_address: Rule,
    /// Wrong codes of six digits for one address, over a longer time.
    pub code_per_address_monthly: Rule,
    /// Wrong codes over all addresses, for ids that were issued: an alarm. Above it every source has a part of its limits.
    pub code_watch: Rule,
    /// Wrong codes over all addresses, for ids that were issued: an alarm. Above it new codes are long, and those of six
    /// digits have one try.
    pub code_attack: Rule,
    /// Wrong codes over all addresses, over a longer time, and no alarm but the end: above it six digits are not looked at,
    /// and new codes are long.
    pub code_daily: Rule,
    /// Mails asked for from one source: to register, to be sent again, to reset.
    pub mail_per_source: Rule,
    /// Mails to one address. Above this and the next two the answer is the same, and no mail goes. The devices that the
    /// owner has logged in on have as many again, together.
    pub mail_per_address: Rule,
    /// Mails to one address, over a longer time.
    pub mail_per_address_hourly: Rule,
    /// Mails to one address, over the longest time. The last one is kept for a reset, and its code is long and lasts until
    /// mails go again.
    pub mail_per_address_daily: Rule,
    /// Wrong user codes (RFC 8628) that one person types.
    pub user_code_per_account: Rule,
    /// Wrong user codes from one source.
    pub user_code_per_source: Rule,
    /// Requests from one source that are kept though nobody proves who asks: of devices, and those that public clients push.
    pub request_per_source: Rule,
    /// Clients that register themselves from one source, without a token that an operator has given out.
    pub registration_per_source: Rule,
    /// So many times what a source may is what its whole network may; 4.
    pub network_factor: NonZero<u32>,
    /// While many are guessing, a source may what it may otherwise, divided by this; 4.
    pub watch_divisor: NonZero<u32>,
    /// How many accounts, devices, addresses and networks have counters of their own, and no more; 4,194,304 of each. Two
    /// that fall on the same ones share their limits: give at least ten times as many as there are accounts with a wrong
    /// try on one day. Another number forgets what is counted so far.
    pub counters: NonZero<u32>,
}

impl Limits {
    /// The same rule for everything, and no pause to speak of: for tests of something else.
    #[cfg(feature = "testing")]
    pub fn all(rule: Rule) -> Self {
        Self {
            login_per_account_and_source: rule,
            login_per_account: rule,
            login_in_a_row: rule,
            login_per_source: rule,
            login_watch: rule,
            code_per_source: rule,
            code_per_source_daily: rule,
            code_per_address: rule,
            code_per_address_monthly: rule,
            code_watch: rule,
            code_attack: rule,
            code_daily: rule,
            mail_per_source: rule,
            mail_per_address: rule,
            mail_per_address_hourly: rule,
            mail_per_address_daily: rule,
            user_code_per_account: rule,
            user_code_per_source: rule,
            request_per_source: rule,
            registration_per_source: rule,
            ..Self::default()
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        let quarter_of_an_hour = Duration::from_mins(15);
        let hour = Duration::from_hours(1);
        let number = |n| NonZero::new(n).expect("not zero");
        Self {
            login_per_account_and_source: Rule::new(10, quarter_of_an_hour),
            login_per_account: Rule::new(20, hour),
            login_pause: Pause { first: Duration::from_secs(1), longest: quarter_of_an_hour },
            login_in_a_row: Rule::new(100, days(30)),
            login_per_source: Rule::new(40, quarter_of_an_hour),
            login_watch: Rule::new(1_000, hour),
            code_per_source: Rule::new(20, hour),
            code_per_source_daily: Rule::new(60, days(1)),
            code_per_address: Rule::new(10, days(1)),
            code_per_address_monthly: Rule::new(30, days(30)),
            code_watch: Rule::new(200, hour),
            code_attack: Rule::new(500, hour),
            code_daily: Rule::new(2_000, days(1)),
            mail_per_source: Rule::new(10, hour),
            mail_per_address: Rule::new(1, Duration::from_mins(1)),
            mail_per_address_hourly: Rule::new(3, hour),
            mail_per_address_daily: Rule::new(5, days(1)),
            user_code_per_account: Rule::new(10, hour),
            user_code_per_source: Rule::new(20, hour),
            request_per_source: Rule::new(200, quarter_of_an_hour),
            registration_per_source: Rule::new(20, hour),
            network_factor: number(4),
            watch_divisor: number(4),
            counters: number(1 << 22),
        }
    }
}

const fn days(n: u64) -> Duration {
    Duration::from_hours(24 * n)
}
