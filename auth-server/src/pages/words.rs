//! Words: every text that a person reads, by section and name, in one file a language.
use super::{File, PageError};
use minijinja::value::{Kwargs, Value};
use std::collections::BTreeMap;

/// The words of one language.
pub type Words = BTreeMap<String, BTreeMap<String, String>>;

/// The section that a deployment may add to: what its own scopes mean.
const OPEN: &str = "scope";

/// Reads the files one after the other: a word of a later one takes the place of the same word before. Each language has
/// the words that the first file has.
pub(super) fn read(files: Vec<(String, File)>) -> Result<BTreeMap<String, Words>, PageError> {
    let mut languages: BTreeMap<String, (String, Words)> = BTreeMap::new();
    let mut first: Option<Words> = None;
    for (language, File { origin, text }) in files {
        let words: Words = toml::from_str(&text).map_err(|error| {
            let line = error.span().map(|span| text[..span.start].lines().count().max(1));
            PageError { file: origin.clone(), line, reason: error.message().to_owned() }
        })?;
        first.get_or_insert_with(|| words.clone());
        let (from, held) = languages.entry(language).or_default();
        *from = origin;
        for (section, words) in words {
            held.entry(section).or_default().extend(words);
        }
    }
    let first = first.unwrap_or_default();
    for (origin, words) in languages.values() {
        let error = |reason| Err(PageError { file: origin.clone(), line: None, reason });
        if let Some(missing) = names(&first).find(|(section, name)| word(words, section, name).is_none()) {
            return error(format!("missing: {}.{}", missing.0, missing.1));
        }
        let unknown = |(section, name): &(&str, &str)| *section != OPEN && word(&first, section, name).is_none();
        if let Some(unknown) = names(words).find(unknown) {
            return error(format!("no page has a place for {}.{}", unknown.0, unknown.1));
        }
    }
    Ok(languages.into_iter().map(|(language, (_, words))| (language, words)).collect())
}

/// Whether a template may speak of this path: a word, or a section in which it looks one up.
pub(super) fn has(words: &Words, path: &str) -> bool {
    match path.split_once('.') {
        Some((section, name)) => word(words, section, name).is_some(),
        None => words.contains_key(path),
    }
}

fn word<'a>(words: &'a Words, section: &str, name: &str) -> Option<&'a String> {
    words.get(section)?.get(name)
}

fn names(words: &Words) -> impl Iterator<Item = (&str, &str)> {
    words.iter().flat_map(|(section, words)| words.keys().map(move |name| (section.as_str(), name.as_str())))
}

/// The filter `fill`: puts values in the places that words have for them, such as `{client}`. What a value says is not
/// looked at again.
#[expect(clippy::needless_pass_by_value, reason = "the engine calls every filter so")]
pub(super) fn fill(text: &str, values: Kwargs) -> Result<String, minijinja::Error> {
    let (mut filled, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((before, (name, after))) =
        rest.split_once('{').and_then(|(before, after)| Some((before, after.split_once('}')?)))
    {
        let value: Value = values.get(name)?;
        filled.push_str(before);
        filled.push_str(&value.to_string());
        rest = after;
    }
    filled.push_str(rest);
    Ok(filled)
}
