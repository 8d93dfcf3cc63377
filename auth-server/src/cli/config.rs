//! `config`: the settings in effect, in a form that can be given back as a file.
use crate::settings::{Settings, describe};

/// Every setting with what it is for; a secret is told of, and not shown (H-15).
pub fn effective(settings: &Settings) -> String {
    let values = toml::Table::try_from(settings).expect("settings are texts, numbers and truths");
    let given = |key: &str| match key {
        "secret" => settings.secret.is_some(),
        "smtp_url" => settings.mail.smtp_url.is_some(),
        "cosmos_key" => settings.cosmos.cosmos_key.is_some(),
        _ => false,
    };
    let mut text = String::new();
    for option in describe() {
        let value = values.get(&option.key).map(ToString::to_string);
        let line = match value {
            Some(value) => format!("{} = {value}", option.key),
            None if given(&option.key) => format!("# {} is set, and not shown here", option.key),
            None => format!("# {} is not set", option.key),
        };
        text = format!("{text}# {}\n{line}\n\n", option.about);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Sources;

    fn load(args: &[&str], env: &[(&str, &str)]) -> Settings {
        let env = env.iter().map(|(name, value)| (format!("AUTH_SERVICE_{name}"), (*value).to_owned())).collect();
        let args = ["auth-server"].iter().chain(args).map(|arg| (*arg).to_owned()).collect();
        Sources { args, env }.load::<crate::cli::Cli>().unwrap().settings
    }

    #[test]
    fn what_is_printed_can_be_read_again_and_says_the_same() {
        let settings =
            load(&["--port", "9000"], &[("LIMIT_LOGIN_PER_SOURCE", "7/1h"), ("RESET_LINK", "https://a.example/{id}")]);
        let printed = effective(&settings);
        assert!(printed.contains("limit_login_per_source = \"7/1h\"") && printed.contains("port = 9000"), "{printed}");
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), &printed).unwrap();
        let again = load(&["--config", file.path().to_str().unwrap()], &[]);
        assert_eq!(effective(&again), printed);
    }

    #[test] // H-15
    fn secrets_are_told_of_and_not_shown() {
        let printed = effective(&load(&[], &[("SMTP_URL", "smtps://ann:hunter2@smtp.example.org")]));
        assert!(printed.contains("smtp_url is set") && !printed.contains("hunter2"), "{printed}");
    }

    #[test]
    fn every_setting_is_printed() {
        let printed = effective(&load(&[], &[]));
        for option in describe() {
            assert!(printed.contains(&option.key), "{}", option.key);
        }
    }
}
