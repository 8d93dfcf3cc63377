//! Reads settings from their sources, and reports all that is wrong at once.
use super::PREFIX;
use conf::{Conf, ConfSerde, introspection::ProgramOptionMeta};
use std::{collections::BTreeMap, env, fs, path::PathBuf};

/// Where settings come from. Tests fill it by hand; a program takes [`Sources::of_process`].
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// The command line, the program's name first.
    pub args: Vec<String>,
    /// The environment; what `.env` says is in it already, unless the environment says otherwise.
    pub env: BTreeMap<String, String>,
}

/// All that is wrong with the settings: one line each, with the variable and what is expected of it.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// Not wrong at all: the help, or the version, was asked for, and this is it.
    #[error("{0}")]
    Asked(String),
    /// The settings cannot be used.
    #[error("{0}")]
    Wrong(String),
}

impl Sources {
    /// The process' own command line and environment, with the file `.env` of the working folder beneath it.
    ///
    /// # Errors
    /// [`SettingsError`] if `.env` is malformed, or an argument is not UTF-8.
    pub fn of_process() -> Result<Self, SettingsError> {
        let mut variables = BTreeMap::new();
        match dotenvy::from_path_iter(".env") {
            Ok(file) => {
                for variable in file {
                    // The reason quotes the line, which may hold a secret.
                    let (name, value) = variable.map_err(|_| {
                        SettingsError::Wrong(
                            ".env: a line is not NAME=value (quote values that hold blanks)".to_owned(),
                        )
                    })?;
                    variables.insert(name, value);
                }
            }
            Err(dotenvy::Error::Io(missing)) if missing.kind() == std::io::ErrorKind::NotFound => {}
            Err(_) => return Err(SettingsError::Wrong(".env: it cannot be read".to_owned())),
        }
        let text = |value: std::ffi::OsString| value.into_string().ok();
        for (name, value) in env::vars_os() {
            match (text(name), text(value)) {
                (Some(name), Some(value)) => drop(variables.insert(name, value)),
                (Some(name), None) if name.starts_with(super::PREFIX) => {
                    return Err(SettingsError::Wrong(format!("{name}: expected UTF-8")));
                }
                _ => {}
            }
        }
        let args = env::args_os().map(text).collect::<Option<_>>();
        let args = args.ok_or_else(|| SettingsError::Wrong("an argument is not UTF-8".to_owned()))?;
        Ok(Self { args, env: variables })
    }

    /// Reads `C` from all sources.
    ///
    /// # Errors
    /// [`SettingsError`] with everything that is wrong, or with the help if that was asked for.
    pub fn load<C: Conf + ConfSerde>(&self) -> Result<C, SettingsError> {
        let mut wrong = self.unknown_variables::<C>();
        let file = self.file().unwrap_or_else(|error| {
            wrong.push(error);
            File::default()
        });
        let read = C::conf_builder().args(&self.args).env(&self.env).doc(file.name, file.content).try_parse();
        match read {
            Ok(read) if wrong.is_empty() => return Ok(read),
            Ok(_) => {}
            Err(asked) if asked.exit_code() == 0 => return Err(SettingsError::Asked(plain(&asked.to_string()))),
            Err(error) => wrong.insert(0, plain(&error.to_string())),
        }
        Err(SettingsError::Wrong(wrong.join("\n")))
    }

    /// A misspelt variable is a setting that silently is not made.
    fn unknown_variables<C: Conf>(&self) -> Vec<String> {
        let known: Vec<String> =
            C::program_options().filter_map(|option| option.env_form().map(ToString::to_string)).collect();
        let unknown = self.env.keys().filter(|name| name.starts_with(PREFIX) && !known.contains(name));
        let nearest = |name: &str| known.iter().min_by_key(|known| strsim::levenshtein(known, name));
        let report = |name: &String| match nearest(name) {
            Some(nearest) => format!("{name}: no such setting. Is {nearest} meant? Otherwise remove it."),
            None => format!("{name}: no such setting. Remove it."),
        };
        unknown.map(report).collect()
    }

    fn file(&self) -> Result<File, String> {
        let flag = conf::find_parameter("config", &self.args).map(PathBuf::from);
        let Some(path) = flag.or_else(|| self.env.get(&format!("{PREFIX}CONFIG")).map(PathBuf::from)) else {
            return Ok(File::default());
        };
        let name = path.display().to_string();
        let text = fs::read_to_string(&path).map_err(|error| format!("{name}: the file cannot be read: {error}"))?;
        let table: toml::Table =
            text.parse().map_err(|error: toml::de::Error| format!("{name}: this is not TOML: {}", error.message()))?;
        let content =
            table.into_iter().map(|(key, value)| text_of(value).map(|value| (key, value))).collect::<Option<_>>();
        let content = content.ok_or_else(|| format!("{name}: a setting is a text, a number, or true or false"))?;
        Ok(File { name, content })
    }
}

#[derive(Default)]
struct File {
    name: String,
    content: toml::Table,
}

/// The groups that the code keeps settings in; the one without a name last.
const GROUPS: [&str; 9] = ["accounts.", "cosmos.", "limits.", "mail.", "log.", "oauth.", "proxies.", "tls.", ""];

/// A setting is read from one text by one parser, wherever the text comes from.
fn text_of(value: toml::Value) -> Option<toml::Value> {
    match value {
        toml::Value::String(_) => Some(value),
        toml::Value::Integer(number) => Some(number.to_string().into()),
        toml::Value::Boolean(truth) => Some(truth.to_string().into()),
        _ => None,
    }
}

/// Without the colours of a terminal, since the text goes into logs as well; and a setting by its name alone, wherever the
/// code keeps it.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.split('\u{1b}');
    plain.push_str(rest.next().unwrap_or_default());
    for part in rest {
        plain.push_str(part.split_once('m').map_or("", |(_, text)| text));
    }
    let plain = GROUPS.iter().fold(plain, |text, group| text.replace(&format!("<settings.{group}"), "<"));
    plain.trim_end().to_owned()
}
