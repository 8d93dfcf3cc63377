//! How often what may be tried.
use super::value::Pace;
use auth_core::policy::Limits;
use conf::Conf;
use serde::Serialize;

/// How often what may be tried. A source is an IPv4 address, or the /64 of an IPv6 address.
#[derive(Clone, Debug, Conf, Serialize)]
#[conf(serde)]
pub struct LimitSettings {
    /// Wrong passwords for one account from one source.
    #[conf(long, env, default_value = "10/15m", serde(use_value_parser))]
    pub limit_login_per_account_and_source: Pace,
    /// Wrong passwords from one source, whatever the account.
    #[conf(long, env, default_value = "40/15m", serde(use_value_parser))]
    pub limit_login_per_source: Pace,
    /// Wrong codes from one source.
    #[conf(long, env, default_value = "20/1h", serde(use_value_parser))]
    pub limit_code_per_source: Pace,
    /// Wrong codes from one source over a longer time.
    #[conf(long, env, default_value = "60/1d", serde(use_value_parser))]
    pub limit_code_per_source_daily: Pace,
    /// Wrong codes of one kind for one address, over all its codes.
    #[conf(long, env, default_value = "10/1d", serde(use_value_parser))]
    pub limit_code_per_address: Pace,
    /// Mails asked for from one source.
    #[conf(long, env, default_value = "10/1h", serde(use_value_parser))]
    pub limit_mail_per_source: Pace,
    /// Mails of one kind to one address. Above this the answer is the same, and no mail goes.
    #[conf(long, env, default_value = "1/1m", serde(use_value_parser))]
    pub limit_mail_per_address: Pace,
    /// Mails of one kind to one address over a longer time.
    #[conf(long, env, default_value = "3/1h", serde(use_value_parser))]
    pub limit_mail_per_address_hourly: Pace,
    /// Mails of one kind to one address over the longest time.
    #[conf(long, env, default_value = "5/1d", serde(use_value_parser))]
    pub limit_mail_per_address_daily: Pace,
}

impl LimitSettings {
    /// In the words of the core.
    pub fn limits(&self) -> Limits {
        Limits {
            login_per_account_and_source: self.limit_login_per_account_and_source.0,
            login_per_source: self.limit_login_per_source.0,
            code_per_source: self.limit_code_per_source.0,
            code_per_source_daily: self.limit_code_per_source_daily.0,
            code_per_address: self.limit_code_per_address.0,
            mail_per_source: self.limit_mail_per_source.0,
            mail_per_address: self.limit_mail_per_address.0,
            mail_per_address_hourly: self.limit_mail_per_address_hourly.0,
            mail_per_address_daily: self.limit_mail_per_address_daily.0,
        }
    }
}
