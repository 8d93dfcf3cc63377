//! The pages that people see: templates, filled with words of their language. What a page holds is a [`Page`].
mod files;
mod page;
mod told;
mod words;

pub use self::{
    page::{Application, Asked, Field, Page, Reason},
    told::{Rule, Told, Wrong},
    words::Words,
};

use self::files::{File, Files};
use auth_core::value::Locale;
use minijinja::{Environment, UndefinedBehavior, Value, context, syntax::SyntaxConfig, value::Serde};
use std::{
    collections::{BTreeMap, BTreeSet},
    error::Error,
    hash::{DefaultHasher, Hash, Hasher},
    path::Path,
};

/// Every page in each language, checked when they are loaded.
pub struct Pages {
    environment: Environment<'static>,
    /// Template names to the files they came from: for error messages.
    origins: BTreeMap<String, String>,
    words: BTreeMap<String, Words>,
    product: String,
    style: String,
}

/// A file that does not do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}{}: {reason}", line.map(|line| format!(":{line}")).unwrap_or_default())]
pub struct PageError {
    /// The file: a path in the deployment's folder, or the name of one that is shipped.
    pub file: String,
    /// The line, from 1, where it is one that is wrong and not the whole file.
    pub line: Option<usize>,
    /// What is wrong with it.
    pub reason: String,
}

/// What every template may speak of, besides what its page holds.
const COMMON: [&str; 6] = ["words", "language", "product", "style", "told", "wrong"];
/// What the templates are written in has these names of its own.
const BUILT_IN: [&str; 3] = ["self", "super", "loop"];

impl Pages {
    /// Takes the shipped files, puts those of the deployment's folder over them, and tries each page out.
    ///
    /// # Errors
    /// [`PageError`] at the first file that cannot be read, has no place among the pages, lacks words that another language
    /// has, has a syntax error, or speaks of something that there is not.
    pub fn load(folder: Option<&Path>, product: &str) -> Result<Self, PageError> {
        let Files { templates, words, style } = files::gather(folder)?;
        let words = words::read(words)?;
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build();
        environment.set_syntax(syntax.unwrap_or_default());
        environment.add_filter("fill", words::fill);
        let product = product.to_owned();
        let mut pages = Self { environment, origins: BTreeMap::new(), words, product, style };
        for (name, File { origin, text }) in templates {
            pages.origins.insert(name.clone(), origin);
            let added = pages.environment.add_template_owned(name.clone(), text);
            added.map_err(|error| pages.explain(&name, &error))?;
        }
        pages.check_names()?;
        pages.try_out()?;
        Ok(pages)
    }

    /// A page in words, with what there is to tell of what was just tried.
    ///
    /// # Errors
    /// [`PageError`] if a template of the deployment's fails on this very page.
    pub fn render(&self, language: &str, page: &Page, told: Option<Told>) -> Result<String, PageError> {
        let (words, product, style) = (self.words.get(language), &self.product, self.style_address());
        let (told, wrong) = (told.map(Told::word), told.map(Told::words).unwrap_or_default());
        let (told, wrong) = (Serde(told), Serde(wrong));
        let values = context! { words, language, product, style, told, wrong, ..Value::from(Serde(page)) };
        let filled = self.environment.get_template(page.template()).and_then(|template| template.render(values));
        filled.map_err(|error| self.explain(page.template(), &error))
    }

    /// The first of these languages that there are words for, each as an exact tag or by its language; English if none is.
    pub fn language<'a>(&self, wanted: impl IntoIterator<Item = &'a Locale>) -> &str {
        let tags = wanted.into_iter().flat_map(|locale| [locale.as_str(), locale.language()]);
        tags.filter_map(|tag| self.words.get_key_value(tag)).map(|(tag, _)| tag.as_str()).next().unwrap_or("en")
    }

    /// The languages that there are words for.
    pub fn languages(&self) -> Vec<&str> {
        self.words.keys().map(String::as_str).collect()
    }

    /// The style sheet.
    pub fn style(&self) -> &str {
        &self.style
    }

    /// Names this very style sheet, so that a browser may keep it for as long as it likes.
    pub fn style_version(&self) -> String {
        let mut hasher = DefaultHasher::new();
        self.style.hash(&mut hasher);
        format!("{:016x}", hasher.finish())
    }

    /// As a page names it: all of them are in one folder, wherever that is.
    fn style_address(&self) -> String {
        format!("style.css?v={}", self.style_version())
    }

    fn check_names(&self) -> Result<(), PageError> {
        for name in self.origins.keys() {
            let template = self.environment.get_template(name).map_err(|error| self.explain(name, &error))?;
            let own = Page::names(name);
            let known = |path: &String| {
                if let Some(path) = path.strip_prefix("words.") {
                    return words::has(&self.words["en"], path);
                }
                let name = path.split('.').next().unwrap_or_default();
                let global = || self.environment.globals().any(|(global, _)| global == name);
                COMMON.contains(&name) || BUILT_IN.contains(&name) || own.contains(name) || global()
            };
            let names: BTreeSet<String> = template.undeclared_variables(true).into_iter().collect();
            if let Some(unknown) = names.into_iter().find(|name| !known(name)) {
                let there: Vec<_> = COMMON.into_iter().chain(own.iter().map(String::as_str)).collect();
                let line = line_that_speaks_of(template.source(), &unknown);
                return Err(self.error(name, line, &format!("there is no {unknown} here, only: {}", there.join(", "))));
            }
        }
        Ok(())
    }

    /// Fills each template with each kind of thing that it will meet.
    fn try_out(&self) -> Result<(), PageError> {
        for language in self.words.keys() {
            for page in Page::samples() {
                for told in [None].into_iter().chain(Told::samples().map(Some)) {
                    self.render(language, &page, told)?;
                }
            }
        }
        Ok(())
    }

    /// Says where it went wrong: the innermost template that the error names.
    fn explain(&self, name: &str, error: &minijinja::Error) -> PageError {
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

    fn error(&self, name: &str, line: Option<usize>, reason: &str) -> PageError {
        let file = self.origins.get(name).map_or(name, String::as_str);
        PageError { file: file.to_owned(), line, reason: reason.to_owned() }
    }
}

/// The parser tells which names there are, not where: the first line of code that has the name in it.
fn line_that_speaks_of(text: &str, name: &str) -> Option<usize> {
    let is_code = |line: &str| line.contains("{{") || line.contains("{%");
    text.lines().position(|line| is_code(line) && line.contains(name)).map(|index| index + 1)
}

#[cfg(test)]
mod tests;
