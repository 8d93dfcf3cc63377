//! What people read, in each language; and what happens to a deployment's own templates.
mod letters;

use auth_core::{ports::Mail, value::Locale};
use auth_mail::{TemplateError, Templates, Wording, Words};
use letters::*;
use std::{fs, path::Path};

fn words(templates: &Templates, locale: &str, mail: Mail) -> Words {
    templates.render(&letter(locale, mail)).unwrap().unwrap()
}

#[test]
fn each_mail_in_each_language() {
    let templates = Templates::load(wording()).unwrap();
    for language in ["en", "ru"] {
        for (name, mail) in each_mail() {
            let Words { subject, text, html, .. } = words(&templates, language, mail);
            insta::assert_snapshot!(format!("{language}_{name}"), format!("{subject}\n\n{text}\n{html}"));
        }
    }
}

#[test]
fn without_a_link_a_mail_speaks_of_none() {
    let templates = Templates::load(Wording::default()).unwrap();
    for language in ["en", "ru"] {
        for (name, mail) in each_mail() {
            let Words { text, html, .. } = words(&templates, language, mail);
            assert!(!text.contains("://") && !html.contains("href"), "{language} {name}");
        }
    }
}

#[test] // K-19
fn a_link_carries_the_id_and_never_the_code() {
    let templates = Templates::load(wording()).unwrap();
    let Words { text, html, .. } = words(&templates, "en", reset(10));
    for part in [text, html] {
        let link: Vec<_> = part.split(['"', '\n', ' ']).filter(|word| word.starts_with("https://")).collect();
        assert_eq!(link.len(), 1);
        assert!(link[0].contains(&code_id().to_string()) && !link[0].contains(CODE), "{link:?}");
    }
    // Whoever asked to register has the id; whoever only gets the mail must not complete what a stranger began.
    let Words { text, html, .. } = words(&templates, "en", confirm(10));
    assert!(!text.contains("://") && !html.contains("href"));
}

#[test]
fn minutes_are_counted_as_each_language_counts() {
    let templates = Templates::load(Wording::default()).unwrap();
    let says = |language, minutes, phrase: &str| {
        let Words { text, html, .. } = words(&templates, language, confirm(minutes));
        assert!(text.contains(phrase) && html.contains(phrase), "{language} {minutes}: {text}");
    };
    says("en", 1, "for 1 minute from");
    says("en", 2, "for 2 minutes from");
    for minutes in [1, 21, 101] {
        says("ru", minutes, &format!("{minutes} минуту с"));
    }
    for minutes in [2, 3, 4, 22, 104] {
        says("ru", minutes, &format!("{minutes} минуты с"));
    }
    for minutes in [5, 10, 11, 12, 14, 15, 20, 111, 112] {
        says("ru", minutes, &format!("{minutes} минут с"));
    }
    says("en", 0, "for 1 minute from");
    // A code that lasts for a day is not told in minutes.
    says("en", 1_450, "for 24 hours from");
    for (minutes, hours) in [(1_450, "24 часа"), (1_270, "21 час"), (130, "2 часа"), (660, "11 часов")]
    {
        says("ru", minutes, &format!("{hours} с"));
    }
}

#[test]
fn the_nearest_language_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    add_language(folder.path(), "de-AT");
    let russian = Wording { default_language: Locale::parse("ru-RU").unwrap(), ..in_folder(folder.path()) };
    let templates = Templates::load(russian).unwrap();
    assert_eq!(templates.languages().collect::<Vec<_>>(), ["de-at", "en", "ru"]);
    for (asked, found) in
        [("ru", "ru"), ("RU-ru", "ru"), ("en-GB", "en"), ("de-at", "de-at"), ("de", "ru"), ("fr", "ru")]
    {
        assert_eq!(words(&templates, asked, confirm(10)).language, found, "{asked}");
    }
    let templates = Templates::load(Wording::default()).unwrap();
    assert_eq!(words(&templates, "fr", confirm(10)).language, "en");
}

#[test]
fn nothing_is_no_mail() {
    assert!(Templates::load(Wording::default()).unwrap().render(&letter("en", Mail::Nothing)).unwrap().is_none());
}

#[test]
fn html_is_escaped_and_text_is_not() {
    let templates = Templates::load(wording()).unwrap();
    let Words { subject, text, html, .. } = words(&templates, "en", confirm(10));
    assert!(subject.contains("Søren & Co") && text.contains("Søren & Co"));
    assert!(html.contains("Søren &amp; Co") && !html.contains("Søren & Co"));
}

#[test]
fn a_deployment_replaces_single_files() {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), "en/welcome.txt", "Hi from {{ product }}\nYou are {{ login }}.\n");
    put(folder.path(), ".hidden", "{{ not read");
    let templates = Templates::load(in_folder(folder.path())).unwrap();
    let Words { subject, text, html, .. } = words(&templates, "en", Mail::Welcome { login: login() });
    assert_eq!((subject.as_str(), text.as_str()), ("Hi from Accounts", "You are ann.\n"));
    assert!(html.contains("Your address is confirmed"));
    assert!(words(&templates, "ru", Mail::Welcome { login: login() }).text.contains("Здравствуйте"));
}

#[test]
fn a_deployments_mistakes_are_found_at_start_up_with_file_and_line() {
    for (file, text, line, reason) in [
        ("en/welcome.txt", "Hello\n\n{{ lgoin }}\n", 3, "there is no lgoin here, only: product, language, login"),
        ("en/welcome.txt", "Hello\n{% if code %}x{% endif %}\n", 2, "there is no code here"),
        ("en/welcome.txt", "Hello\n\n{% if login %}\n", 3, "syntax error"),
        ("en/welcome.html", "\n{{ login | shout }}\n", 2, "unknown filter"),
        ("ru/welcome.html", "\n\n{{ login.name }}\n", 3, "undefined value"),
        ("ru/welcome.html", "{% include \"ru/greeting.txt\" %}", 1, "template not found"),
        ("ru/about_code.txt", "\n{{ minutes + [] }}", 2, "invalid operation"),
        ("en/about_code.txt", "{{ product }}", 1, "there is no product here"),
        ("layout.html", "<title>\n{{ title }}", 2, "there is no title here"),
        // K-18: a subject holds nothing that a user typed, and stays on its line.
        ("en/welcome.txt", "Welcome, {{ login }}\n\nHello\n", 1, "there is no login here, only: product"),
        ("en/welcome.txt", "Hi{{ \"\\r\\nBcc: eve@example.org\" }}\n\nHello\n", 1, "the first line is not a subject"),
        ("en/welcome.txt", "\n\nHello\n", 1, "the first line is not a subject"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        put(folder.path(), file, text);
        let error = refused(in_folder(folder.path()));
        let path = folder.path().join(file).display().to_string();
        assert_eq!((error.file.as_str(), error.line), (path.as_str(), Some(line)), "{error}");
        assert!(error.reason.contains(reason), "{error}");
        assert!(error.to_string().starts_with(&format!("{path}:{line}: ")), "{error}");
    }
}

#[test] // K-18
fn no_detour_brings_into_a_subject_what_a_user_typed() {
    for subject in ["Hi {% include \"en/already_registered.txt\" %}", "{% from \"parts.html\" import x %}{{ x }}"] {
        let folder = tempfile::tempdir().unwrap();
        put(folder.path(), "en/welcome.txt", &format!("{subject}\n\nHello\n"));
        put(
            folder.path(),
            "parts.html",
            "{% macro code_box(code) %}{% endmacro %}{% macro button(link, label) %}{% endmacro %}",
        );
        assert!(refused(in_folder(folder.path())).reason.contains("undefined value"));
    }
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), "en/welcome.txt", "Hi {{ debug() }}\n\nHello\n");
    assert!(!refused(in_folder(folder.path())).reason.is_empty());
}

#[test]
fn a_file_that_no_mail_is_made_of_is_refused() {
    for file in ["greeting.txt", "en/greeting.txt", "en/welcome.txt~"] {
        let folder = tempfile::tempdir().unwrap();
        put(folder.path(), file, "Hello");
        let path = folder.path().join(file).display().to_string();
        let error = refused(in_folder(folder.path()));
        assert_eq!(error.to_string(), format!("{path}: no mail is made of a file of this name"));
    }
}

#[test]
fn a_language_is_complete_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    add_language(folder.path(), "de");
    fs::remove_file(folder.path().join("de/reset_password.html")).unwrap();
    let error = refused(in_folder(folder.path()));
    assert_eq!(error.file, folder.path().join("de/reset_password.html").display().to_string());
    assert!(error.reason.contains("missing"), "{error}");

    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), "my templates/welcome.txt", "x");
    assert!(refused(in_folder(folder.path())).reason.contains("language tag"));
    assert!(refused(in_folder(&folder.path().join("none"))).file.ends_with("none"));
    let german = Wording { default_language: Locale::parse("de").unwrap(), ..Wording::default() };
    assert_eq!(refused(german).reason, "the default language has no templates; there are: en, ru");
}

fn in_folder(folder: &Path) -> Wording {
    Wording { folder: Some(folder.to_owned()), ..Wording::default() }
}

fn refused(wording: Wording) -> TemplateError {
    Templates::load(wording).err().expect("these templates are not refused")
}

fn put(folder: &Path, file: &str, text: &str) {
    let path = folder.join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// English under another name.
fn add_language(folder: &Path, tag: &str) {
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("templates/en")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        put(folder, &format!("{tag}/{name}"), &fs::read_to_string(&path).unwrap());
    }
}
