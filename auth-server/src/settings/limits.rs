//! How often what may be tried.
use super::value::{Pace, Span, whole};
use auth_core::{counter::Pause, policy::Limits};
use conf::Conf;
use serde::Serialize;
use std::num::NonZero;

/// How often what may be tried. A source is an IPv4 address, or the /64 of an IPv6 address; a network its /24, or /48.
#[derive(Clone, Debug, Conf, Serialize)]
#[conf(serde)]
pub struct LimitSettings {
    /// Wrong passwords for one account from one source, or from one device that its owner has logged in on. Above it each
    /// next one waits.
    #[conf(long, env, default_value = "10/15m", serde(use_value_parser))]
    pub limit_login_per_account_and_source: Pace,
    /// Wrong passwords for one account, from all sources and devices that its owner has not logged in on. Above it each next
    /// one waits.
    #[conf(long, env, default_value = "20/1h", serde(use_value_parser))]
    pub limit_login_per_account: Pace,
    /// How long the first one above these two waits; each next one twice as long.
    #[conf(long, env, default_value = "1s", serde(use_value_parser))]
    pub limit_login_pause: Span,
    /// And none longer than this.
    #[conf(long, env, default_value = "15m", serde(use_value_parser))]
    pub limit_login_longest_pause: Span,
    /// Wrong passwords for one account that no reset by mail came between. Above it a password is not looked at: the owner
    /// resets it by mail, or logs in on a device that is known.
    #[conf(long, env, default_value = "100/30d", serde(use_value_parser))]
    pub limit_login_in_a_row: Pace,
    /// Wrong passwords from one source, whatever the account.
    #[conf(long, env, default_value = "40/15m", serde(use_value_parser))]
    pub limit_login_per_source: Pace,
    /// Wrong passwords over all accounts. Above it every source has a part of its limits.
    #[conf(long, env, default_value = "1000/1h", serde(use_value_parser))]
    pub limit_login_watch: Pace,
    /// Wrong codes from one source.
    #[conf(long, env, default_value = "20/1h", serde(use_value_parser))]
    pub limit_code_per_source: Pace,
    /// Wrong codes from one source, over a longer time.
    #[conf(long, env, default_value = "60/1d", serde(use_value_parser))]
    pub limit_code_per_source_daily: Pace,
    /// Wrong codes of six digits for one address, over all its codes. Above it they are not looked at, and new ones are long.
    #[conf(long, env, default_value = "10/1d", serde(use_value_parser))]
    pub limit_code_per_address: Pace,
    /// Wrong codes of six digits for one address, over a longer time.
    #[conf(long, env, default_value = "30/30d", serde(use_value_parser))]
    pub limit_code_per_address_monthly: Pace,
    /// Wrong codes over all addresses. Above it every source has a part of its limits.
    #[conf(long, env, default_value = "200/1h", serde(use_value_parser))]
    pub limit_code_watch: Pace,
    /// Wrong codes over all addresses. Above it new codes are long, and those of six digits have one try.
    #[conf(long, env, default_value = "500/1h", serde(use_value_parser))]
    pub limit_code_attack: Pace,
    /// Wrong codes over all addresses, over a longer time. Above it six digits are not looked at.
    #[conf(long, env, default_value = "2000/1d", serde(use_value_parser))]
    pub limit_code_daily: Pace,
    /// Mails asked for from one source.
    #[conf(long, env, default_value = "10/1h", serde(use_value_parser))]
    pub limit_mail_per_source: Pace,
    /// Mails to one address. Above it the answer is the same, and no mail goes.
    #[conf(long, env, default_value = "1/1m", serde(use_value_parser))]
    pub limit_mail_per_address: Pace,
    /// Mails to one address, over a longer time.
    #[conf(long, env, default_value = "3/1h", serde(use_value_parser))]
    pub limit_mail_per_address_hourly: Pace,
    /// Mails to one address, over the longest time.
    #[conf(long, env, default_value = "5/1d", serde(use_value_parser))]
    pub limit_mail_per_address_daily: Pace,
    /// Wrong user codes (RFC 8628) that one person types.
    #[conf(long, env, default_value = "10/1h", serde(use_value_parser))]
    pub limit_user_code_per_account: Pace,
    /// Wrong user codes from one source.
    #[conf(long, env, default_value = "20/1h", serde(use_value_parser))]
    pub limit_user_code_per_source: Pace,
    /// Requests from one source that are kept though nobody proves who asks: of devices, and those that public clients push.
    #[conf(long, env, default_value = "200/15m", serde(use_value_parser))]
    pub limit_request_per_source: Pace,
    /// Clients that register themselves from one source, without a token that an operator has given out.
    #[conf(long, env, default_value = "20/1h", serde(use_value_parser))]
    pub limit_registration_per_source: Pace,
    /// So many times what a source may is what its whole network may.
    #[conf(long, env, default_value = "4", value_parser = |text: &str| whole(text, 1_u32, 1_000), serde(use_value_parser))]
    pub limit_network_factor: u32,
    /// While many are guessing, a source may what it may otherwise, divided by this.
    #[conf(long, env, default_value = "4", value_parser = |text: &str| whole(text, 1_u32, 1_000), serde(use_value_parser))]
    pub limit_watch_divisor: u32,
    /// How many accounts, devices, addresses and networks have counters of their own, and no more; two that fall on the same
    /// ones share their limits. At least ten times as many as there are accounts with a wrong try on one day.
    #[conf(long, env, default_value = "4194304", value_parser = |text: &str| whole(text, 1_000_u32, u32::MAX), serde(use_value_parser))]
    pub limit_counters: u32,
}

impl LimitSettings {
    /// In the words of the core.
    pub fn limits(&self) -> Limits {
        let number = |number| NonZero::new(number).expect("none of them can be zero");
        Limits {
            login_per_account_and_source: self.limit_login_per_account_and_source.0,
            login_per_account: self.limit_login_per_account.0,
            login_pause: Pause { first: self.limit_login_pause.0, longest: self.limit_login_longest_pause.0 },
            login_in_a_row: self.limit_login_in_a_row.0,
            login_per_source: self.limit_login_per_source.0,
            login_watch: self.limit_login_watch.0,
            code_per_source: self.limit_code_per_source.0,
            code_per_source_daily: self.limit_code_per_source_daily.0,
            code_per_address: self.limit_code_per_address.0,
            code_per_address_monthly: self.limit_code_per_address_monthly.0,
            code_watch: self.limit_code_watch.0,
            code_attack: self.limit_code_attack.0,
            code_daily: self.limit_code_daily.0,
            mail_per_source: self.limit_mail_per_source.0,
            mail_per_address: self.limit_mail_per_address.0,
            mail_per_address_hourly: self.limit_mail_per_address_hourly.0,
            mail_per_address_daily: self.limit_mail_per_address_daily.0,
            user_code_per_account: self.limit_user_code_per_account.0,
            user_code_per_source: self.limit_user_code_per_source.0,
            request_per_source: self.limit_request_per_source.0,
            registration_per_source: self.limit_registration_per_source.0,
            network_factor: number(self.limit_network_factor),
            watch_divisor: number(self.limit_watch_divisor),
            counters: number(self.limit_counters),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_those_of_the_core() {
        let nothing = Vec::<(String, String)>::new();
        let settings = LimitSettings::try_parse_from(["auth-server"], nothing).unwrap();
        assert_eq!(format!("{:?}", settings.limits()), format!("{:?}", Limits::default()));
    }
}
