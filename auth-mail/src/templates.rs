//! A letter in words: subject, plain text and HTML, in the reader's language.
use crate::{
    template_files::{self, File},
    utc,
    wording::Wording,
};
use auth_core::{
    ports::{Letter, Mail, PasswordChange},
    value::{Locale, Timestamp},
};
use minijinja::{Environment, UndefinedBehavior, Value, context, syntax::SyntaxConfig};
use std::{
    collections::{BTreeMap, BTreeSet},
    error::Error,
};
use time::macros::format_description;

/// The words of each mail in each language, checked when they are loaded.
pub struct Templates {
    environment: Environment<'static>,
    /// Template names to the files they came from: for error messages.
    origins: BTreeMap<String, String>,
    languages: BTreeSet<String>,
    wording: Wording,
}

/// One mail in words. It may hold a code: it has no `Debug`.
pub struct Words {
    /// The language that was found for the reader.
    pub language: String,
    /// One line, without anything that a user typed.
    pub subject: String,
    /// For mail programs that show plain text.
    pub text: String,
    /// For the others.
    pub html: String,
}

/// A template that does not do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}{}: {reason}", line.map(|line| format!(":{line}")).unwrap_or_default())]
pub struct TemplateError {
    /// The file: a path in the deployment's folder, or the name of one that is shipped.
    pub file: String,
    /// The line, from 1, where it is one that is wrong and not the whole file.
    pub line: Option<usize>,
    /// What is wrong with it.
    pub reason: String,
}

/// What each template may speak of. A subject holds nothing that a user typed. `about_code` is plain text within HTML.
const VARIABLES: &[(&str, &[&str])] = &[
    ("subject", &["product"]),
    ("layout", &["product", "language"]),
    ("parts", &[]),
    ("about_code", &["minutes"]),
    ("already_registered", &["product", "language", "login"]),
    ("confirm_registration", &["product", "language", "login", "code", "minutes"]),
    ("password_changed", &["product", "language", "login", "how", "when"]),
    ("reset_password", &["product", "language", "login", "code", "minutes", "link"]),
    ("welcome", &["product", "language", "login"]),
];

impl Templates {
    /// Takes the shipped templates, puts those of the deployment's folder over them, and tries each of them out.
    ///
    /// # Errors
    /// [`TemplateError`] at the first file that cannot be read, has no place among the templates, is missing in a
    /// language, has a syntax error, or speaks of something that there is not.
    pub fn load(wording: Wording) -> Result<Self, TemplateError> {
        let (files, languages) = template_files::gather(wording.folder.as_deref())?;
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_syntax(
            SyntaxConfig::builder()
                .trim_blocks(true)
                .lstrip_blocks(true)
                .keep_trailing_newline(true)
                .build()
                .unwrap_or_default(),
        );
        let mut templates = Self { environment, origins: BTreeMap::new(), languages, wording };
        for (name, file) in files {
            templates.add(&name, file)?;
        }
        templates.check_default_language()?;
        templates.try_out()?;
        Ok(templates)
    }

    /// A letter in words, in the nearest language there is: the exact tag, its language, the configured default,
    /// English. `None` for [`Mail::Nothing`].
    ///
    /// # Errors
    /// [`TemplateError`] if a template of the deployment's fails on this very letter.
    pub fn render(&self, letter: &Letter) -> Result<Option<Words>, TemplateError> {
        let minutes = |until: Timestamp| (until.since(letter.written_at).as_secs() / 60).max(1);
        let (kind, values) = match &letter.mail {
            Mail::Nothing => return Ok(None),
            Mail::ConfirmRegistration { login, code, expires_at } => {
                ("confirm_registration", code_values(login.as_str(), code.expose(), minutes(*expires_at)))
            }
            Mail::ResetPassword { login, id, code, expires_at } => {
                let link = self.wording.reset_link.as_ref().map(|link| link.to(*id));
                let values = code_values(login.as_str(), code.expose(), minutes(*expires_at));
                ("reset_password", context! { link, ..values })
            }
            Mail::AlreadyRegistered { login } => ("already_registered", login_values(login.as_str())),
            Mail::Welcome { login } => ("welcome", login_values(login.as_str())),
            Mail::PasswordChanged { login, how } => {
                ("password_changed", change_values(login.as_str(), *how, letter.written_at))
            }
        };
        self.words(self.language(&letter.locale), kind, values).map(Some)
    }

    /// The tags that there are templates for, in lower case.
    pub fn languages(&self) -> impl Iterator<Item = &str> {
        self.languages.iter().map(String::as_str)
    }

    fn language(&self, locale: &Locale) -> &str {
        let default = &self.wording.default_language;
        [locale.as_str(), locale.language(), default.as_str(), default.language()]
            .into_iter()
            .find_map(|tag| self.languages.get(tag))
            .map_or("en", String::as_str)
    }

    fn words(&self, language: &str, kind: &str, values: Value) -> Result<Words, TemplateError> {
        let product = self.wording.product.as_str();
        let values = context! { product, language, ..values };
        let fill = |extension: &str, values| self.fill(&format!("{language}/{kind}.{extension}"), values);
        let words = Words {
            language: language.to_owned(),
            // No include, no trick: there is nothing else for it to tell.
            subject: fill("subject", &context! { product })?.trim().to_owned(),
            text: format!("{}\n", fill("txt", &values)?.trim()),
            html: fill("html", &values)?,
        };
        if words.subject.is_empty() || words.subject.chars().any(char::is_control) {
            return Err(self.error(&format!("{language}/{kind}.subject"), Some(1), "the first line is not a subject"));
        }
        Ok(words)
    }

    fn fill(&self, name: &str, values: &Value) -> Result<String, TemplateError> {
        let filled = self.environment.get_template(name).and_then(|template| template.render(values));
        filled.map_err(|error| self.explain(name, &error))
    }

    /// A `.txt` of a mail is two templates: the first line is the subject, the rest keeps its line numbers.
    fn add(&mut self, name: &str, File { origin, text }: File) -> Result<(), TemplateError> {
        let (language_and_kind, extension) = name.rsplit_once('.').unwrap_or((name, ""));
        let kind = language_and_kind.rsplit('/').next().unwrap_or_default();
        let is_mail = extension == "txt" && kind != "about_code";
        if is_mail {
            let (subject, rest) = text.split_once('\n').unwrap_or((&text, ""));
            self.add_one(&format!("{language_and_kind}.subject"), "subject", &origin, subject)?;
            self.add_one(name, kind, &origin, &format!("\n{rest}"))
        } else {
            self.add_one(name, kind, &origin, &text)
        }
    }

    fn add_one(&mut self, name: &str, kind: &str, origin: &str, text: &str) -> Result<(), TemplateError> {
        self.origins.insert(name.to_owned(), origin.to_owned());
        let added = self.environment.add_template_owned(name.to_owned(), text.to_owned());
        added.map_err(|error| self.explain(name, &error))?;
        let names = self.environment.get_template(name).map_err(|error| self.explain(name, &error))?;
        let allowed = VARIABLES.iter().find(|(of, _)| *of == kind).map_or(&[][..], |(_, names)| names);
        let known =
            |name: &str| allowed.contains(&name) || self.environment.globals().any(|(global, _)| global == name);
        let unknown: BTreeSet<String> = names.undeclared_variables(false).into_iter().filter(|n| !known(n)).collect();
        match unknown.first() {
            None => Ok(()),
            Some(unknown) => {
                let line = line_that_speaks_of(text, unknown);
                Err(self.error(name, line, &format!("there is no {unknown} here, only: {}", allowed.join(", "))))
            }
        }
    }

    fn check_default_language(&self) -> Result<(), TemplateError> {
        let default = &self.wording.default_language;
        if self.languages.contains(default.as_str()) || self.languages.contains(default.language()) {
            return Ok(());
        }
        let languages: Vec<_> = self.languages().collect();
        let reason = format!("the default language has no templates; there are: {}", languages.join(", "));
        Err(TemplateError { file: default.to_string(), line: None, reason })
    }

    /// Fills each template with each kind of thing that it will meet.
    fn try_out(&self) -> Result<(), TemplateError> {
        for language in &self.languages {
            for kind in ["already_registered", "welcome"] {
                self.words(language, kind, login_values("login"))?;
            }
            for how in [PasswordChange::Changed, PasswordChange::Reset] {
                self.words(language, "password_changed", change_values("login", how, Timestamp::default()))?;
            }
            for minutes in [1, 2, 5, 10, 21, 1_450] {
                let values = code_values("login", "000000", minutes);
                self.words(language, "confirm_registration", values.clone())?;
                for link in [None, Some("https://example.org/".to_owned())] {
                    self.words(language, "reset_password", context! { link, ..values.clone() })?;
                }
            }
        }
        Ok(())
    }

    /// Says where it went wrong: the innermost template that the error names.
    fn explain(&self, name: &str, error: &minijinja::Error) -> TemplateError {
        let mut inner = error;
        while let Some(source) = inner.source().and_then(|source| source.downcast_ref::<minijinja::Error>()) {
            inner = source;
        }
        let reason = match inner.detail() {
            Some(detail) => format!("{}: {detail}", inner.kind()),
            None => inner.kind().to_string(),
        };
        self.error(inner.name().unwrap_or(name), inner.line(), &reason)
    }

    fn error(&self, name: &str, line: Option<usize>, reason: &str) -> TemplateError {
        let file = self.origins.get(name).map_or(name, String::as_str);
        TemplateError { file: file.to_owned(), line, reason: reason.to_owned() }
    }
}

fn login_values(login: &str) -> Value {
    context! { login }
}

fn code_values(login: &str, code: &str, minutes: u64) -> Value {
    context! { login, code, minutes }
}

fn change_values(login: &str, how: PasswordChange, at: Timestamp) -> Value {
    let how = match how {
        PasswordChange::Changed => "changed",
        PasswordChange::Reset => "reset",
    };
    let when = utc(at).format(format_description!("[year]-[month]-[day] [hour]:[minute] UTC")).unwrap_or_default();
    context! { login, how, when }
}

/// The parser tells which names there are, not where: the first line of code that has the name in it.
fn line_that_speaks_of(text: &str, name: &str) -> Option<usize> {
    let is_code = |line: &str| line.contains("{{") || line.contains("{%");
    text.lines().position(|line| is_code(line) && line.contains(name)).map(|index| index + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_language_says_what_the_others_say() {
        let templates = Templates::load(Wording::default()).unwrap();
        let speaks_of = |name: &str| templates.environment.get_template(name).unwrap().undeclared_variables(false);
        let english: Vec<_> = templates.origins.keys().filter_map(|name| name.strip_prefix("en/")).collect();
        assert_eq!(english.len(), 16, "five mails in three parts, and one part of two mails");
        for language in templates.languages() {
            for file in &english {
                let name = format!("{language}/{file}");
                assert_eq!(speaks_of(&name), speaks_of(&format!("en/{file}")), "{name}");
            }
        }
    }
}
