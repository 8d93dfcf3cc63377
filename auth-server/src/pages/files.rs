//! Where the files of the pages come from: those that are shipped, and over them the folder of the deployment.
use super::PageError;
use auth_core::value::Locale;
use std::{collections::BTreeMap, fs, path::Path};

/// The text of a file, and where it came from.
pub(super) struct File {
    pub origin: String,
    pub text: String,
}

/// All that pages are made of.
pub(super) struct Files {
    /// By name, such as `sign_in.html`.
    pub templates: BTreeMap<String, File>,
    /// By language; of one language, those that are shipped first.
    pub words: Vec<(String, File)>,
    pub style: String,
}

macro_rules! shipped {
    ($($file:literal)*) => { &[$(($file, include_str!(concat!("../../templates/", $file)))),*] };
}

const TEMPLATES: &[(&str, &str)] = shipped! {
    "account.html" "applications.html" "asked.html" "confirm.html" "consent.html" "decide.html" "device.html" "device_consent.html" "device_done.html" "error.html"
    "field.html" "forgot.html" "form_post.html" "layout.html" "logout.html" "reset.html" "sign_in.html" "sign_up.html"
};
const WORDS: &[(&str, &str)] = shipped! { "en.toml" "ru.toml" };
const STYLE: &str = include_str!("../../templates/style.css");

pub(super) fn gather(folder: Option<&Path>) -> Result<Files, PageError> {
    let shipped = |(name, text): &(&str, &str)| File { origin: (*name).to_owned(), text: (*text).to_owned() };
    let mut files = Files {
        templates: TEMPLATES.iter().map(|file| (file.0.to_owned(), shipped(file))).collect(),
        words: WORDS.iter().map(|file| (file.0.trim_end_matches(".toml").to_owned(), shipped(file))).collect(),
        style: STYLE.to_owned(),
    };
    let Some(folder) = folder else { return Ok(files) };
    let entries = fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let mut paths: Vec<_> =
        entries.map_err(|error| wrong(folder, &error))?.into_iter().map(|entry| entry.path()).collect();
    paths.sort_unstable();
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        // Mounted volumes keep their own in what is hidden.
        if !name.starts_with('.') {
            files.add(name, &path)?;
        }
    }
    Ok(files)
}

impl Files {
    fn add(&mut self, name: String, path: &Path) -> Result<(), PageError> {
        let language = name.strip_suffix(".toml").and_then(|tag| Locale::parse(tag).ok());
        if language.is_none() && name != "style.css" && !self.templates.contains_key(&name) {
            return Err(wrong(path, &"no page is made of a file of this name"));
        }
        let text = fs::read_to_string(path).map_err(|error| wrong(path, &error))?;
        let file = File { origin: path.display().to_string(), text };
        match language {
            Some(language) => self.words.push((language.to_string(), file)),
            None if name == "style.css" => self.style = file.text,
            None => drop(self.templates.insert(name, file)),
        }
        Ok(())
    }
}

fn wrong(path: &Path, reason: &impl ToString) -> PageError {
    PageError { file: path.display().to_string(), line: None, reason: reason.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_file_in_the_source_is_shipped() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
        let on_disk = fs::read_dir(root).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let shipped = TEMPLATES.iter().chain(WORDS).map(|(name, _)| *name).chain(["style.css"]);
        assert_eq!(on_disk.collect::<BTreeSet<_>>(), shipped.map(str::to_owned).collect());
    }
}
