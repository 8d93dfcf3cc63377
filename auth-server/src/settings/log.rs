//! What is logged, and how it looks.
use super::value::LogFormat;
use conf::Conf;
use serde::Serialize;

/// What is logged, and how it looks.
#[derive(Clone, Debug, Conf, Serialize)]
#[conf(serde)]
pub struct LogSettings {
    /// What is logged: off, error, warn, info, debug or trace, or a list for each part like `info,auth_sqlite=debug`.
    #[conf(long, env, default_value = "info", value_parser = filter, serde(use_value_parser))]
    pub log_level: String,
    /// How log lines look: text, json, or auto (text on a terminal, JSON otherwise).
    #[conf(long, env, default_value = "auto", serde(use_value_parser))]
    pub log_format: LogFormat,
}

fn filter(text: &str) -> Result<String, String> {
    tracing_subscriber::EnvFilter::try_new(text)
        .map(|_| text.to_owned())
        .map_err(|_| "expected a level such as info, or a list for each part such as info,auth_sqlite=debug".to_owned())
}
