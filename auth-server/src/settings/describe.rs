//! The settings described: for `auth-server config`, for `.env.example` and for `docs/configuration.md`.
use super::{PREFIX, Settings};
use conf::{Conf, introspection::ProgramOptionMeta};

/// One setting.
pub struct Description {
    /// Its name in a file.
    pub key: String,
    /// Its name in the environment.
    pub variable: String,
    /// What it is for.
    pub about: String,
    /// What it is unless it is set.
    pub default: Option<String>,
}

/// Every setting, in the order of the code.
pub fn describe() -> impl Iterator<Item = Description> {
    Settings::program_options().filter_map(|option| {
        let variable = option.env_form()?.to_string();
        Some(Description {
            key: variable.strip_prefix(PREFIX)?.to_lowercase(),
            about: option.description().map(ToString::to_string).unwrap_or_default().replace('\n', " "),
            default: option.default_help_str().map(ToString::to_string),
            variable,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::assert_page;

    #[test]
    fn the_page_of_settings_says_what_the_code_says() {
        let mut page = String::from(
            "# Configuration\n\nWith nothing set at all the server listens on http://127.0.0.1:8000 and keeps its data in \
             `./data`.\n\nA setting has one name: `smtp_url` in a TOML file (`--config FILE`, or `AUTH_SERVICE_CONFIG`) is\n\
             `AUTH_SERVICE_SMTP_URL` in the environment and `--smtp-url` among the flags. A flag goes before a variable, a\n\
             variable before the file `.env` of the working folder, that before the TOML file. What is unknown or\n\
             malformed stops the start, all of it reported at once. `auth-server config` prints what is in effect.\n\
             Made from `auth-server/src/settings.rs`.\n\n| variable | default | what it is |\n| --- | --- | --- |\n",
        );
        for Description { variable, about, default, .. } in describe() {
            let default =
                default.filter(|text| !text.is_empty()).map_or_else(|| "-".to_owned(), |text| format!("`{text}`"));
            let about = about.replace('<', "&lt;").replace('|', "\\|");
            page = format!("{page}| `{variable}` | {default} | {about} |\n");
        }
        assert_page("docs/configuration.md", &page);
    }

    #[test]
    fn the_example_of_an_environment_says_what_the_code_says() {
        let mut page =
            String::from("# Copy this to .env and take away the # of what you want to set. Made from the code.\n");
        for Description { variable, about, default, .. } in describe() {
            let default = default.unwrap_or_default();
            let quoted = if default.contains(' ') { format!("\"{default}\"") } else { default };
            page = format!("{page}\n# {about}\n#{variable}={quoted}\n");
        }
        assert_page(".env.example", &page);
    }
}
