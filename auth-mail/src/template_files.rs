//! Where templates come from: those that are shipped, and over them the folder of the deployment.
use crate::TemplateError;
use auth_core::value::Locale;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::Path,
};

/// The text of a template, and the file that it came from.
pub(crate) struct File {
    pub(crate) origin: String,
    pub(crate) text: String,
}

macro_rules! shipped {
    ($($file:literal)*) => { &[$(($file, include_str!(concat!("../templates/", $file)))),*] };
}

/// A language has the files that English has.
const SHIPPED: &[(&str, &str)] = shipped! {
    "layout.html" "parts.html"
    "en/about_code.txt"
    "en/already_registered.html" "en/already_registered.txt"
    "en/confirm_registration.html" "en/confirm_registration.txt"
    "en/password_changed.html" "en/password_changed.txt"
    "en/reset_password.html" "en/reset_password.txt"
    "en/welcome.html" "en/welcome.txt"
    "ru/about_code.txt"
    "ru/already_registered.html" "ru/already_registered.txt"
    "ru/confirm_registration.html" "ru/confirm_registration.txt"
    "ru/password_changed.html" "ru/password_changed.txt"
    "ru/reset_password.html" "ru/reset_password.txt"
    "ru/welcome.html" "ru/welcome.txt"
};

/// All templates by name, such as `ru/welcome.txt`, and the languages that they are in.
pub(crate) fn gather(folder: Option<&Path>) -> Result<(BTreeMap<String, File>, BTreeSet<String>), TemplateError> {
    let shipped = |(name, text): &(&str, &str)| {
        ((*name).to_owned(), File { origin: (*name).to_owned(), text: (*text).to_owned() })
    };
    let mut files: BTreeMap<String, File> = SHIPPED.iter().map(shipped).collect();
    if let Some(folder) = folder {
        for (name, path) in entries(folder)? {
            if path.is_dir() {
                add_language(&name, &path, &mut files)?;
            } else {
                add_file(name, &path, &mut files)?;
            }
        }
    }
    let languages = complete_languages(&files, folder)?;
    Ok((files, languages))
}

fn add_language(name: &str, folder: &Path, files: &mut BTreeMap<String, File>) -> Result<(), TemplateError> {
    let language = Locale::parse(name).map_err(|rule| wrong(folder, &rule))?;
    for (name, path) in entries(folder)? {
        add_file(format!("{language}/{name}"), &path, files)?;
    }
    Ok(())
}

fn add_file(name: String, path: &Path, files: &mut BTreeMap<String, File>) -> Result<(), TemplateError> {
    let of_any_language = name.split_once('/').map(|(_, file)| format!("en/{file}"));
    if !files.contains_key(of_any_language.as_ref().unwrap_or(&name)) {
        return Err(wrong(path, &"no mail is made of a file of this name"));
    }
    let text = fs::read_to_string(path).map_err(|error| wrong(path, &error))?;
    files.insert(name, File { origin: path.display().to_string(), text });
    Ok(())
}

/// What is in a folder, in order of name, without what is hidden: mounted volumes keep their own there.
fn entries(folder: &Path) -> Result<BTreeMap<String, std::path::PathBuf>, TemplateError> {
    let read = || -> io::Result<BTreeMap<_, _>> {
        fs::read_dir(folder)?
            .map(|entry| entry.map(|entry| (entry.file_name().to_string_lossy().into_owned(), entry.path())))
            .filter(|entry| !entry.as_ref().is_ok_and(|(name, _)| name.starts_with('.')))
            .collect()
    };
    read().map_err(|error| wrong(folder, &error))
}

fn complete_languages(
    files: &BTreeMap<String, File>,
    folder: Option<&Path>,
) -> Result<BTreeSet<String>, TemplateError> {
    let languages: BTreeSet<String> =
        files.keys().filter_map(|name| name.split_once('/')).map(|(language, _)| language.to_owned()).collect();
    for language in &languages {
        for needed in files.keys().filter_map(|name| name.strip_prefix("en/")) {
            let name = format!("{language}/{needed}");
            if !files.contains_key(&name) {
                let path = folder.map_or_else(|| Path::new(&name).to_owned(), |folder| folder.join(&name));
                return Err(wrong(&path, &"missing: a language has each mail, as text and as HTML"));
            }
        }
    }
    Ok(languages)
}

fn wrong(path: &Path, reason: &impl ToString) -> TemplateError {
    TemplateError { file: path.display().to_string(), line: None, reason: reason.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_in_the_source_is_shipped() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
        let mut on_disk = BTreeSet::new();
        for (name, path) in entries(&root).unwrap() {
            if path.is_dir() {
                on_disk.extend(entries(&path).unwrap().into_keys().map(|file| format!("{name}/{file}")));
            } else {
                on_disk.insert(name);
            }
        }
        assert_eq!(on_disk, SHIPPED.iter().map(|(name, _)| (*name).to_owned()).collect());
    }

    #[test]
    fn the_shipped_languages_are_complete() {
        let (_, languages) = gather(None).unwrap();
        assert_eq!(languages.into_iter().collect::<Vec<_>>(), ["en", "ru"]);
    }
}
