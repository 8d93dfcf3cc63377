use super::*;
use std::fs;

fn shipped() -> Pages {
    Pages::load(None, "Accounts").unwrap()
}

/// The pages with these files of a deployment.
fn with(files: &[(&str, &str)]) -> Result<Pages, PageError> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let loaded = Pages::load(Some(folder.path()), "Accounts");
    loaded
        .map_err(|error| PageError { file: error.file.replace(&format!("{}/", folder.path().display()), ""), ..error })
}

#[test]
fn each_language_has_the_words_that_the_others_have() {
    let pages = shipped();
    let names = |language: &str| -> BTreeMap<_, Vec<_>> {
        pages.words[language].iter().map(|(section, words)| (section, words.keys().collect())).collect()
    };
    assert_eq!(pages.words.keys().collect::<Vec<_>>(), ["en", "ru"]);
    assert_eq!(names("en"), names("ru"));
}

#[test]
fn every_word_that_people_read_is_among_the_words_and_each_is_used() {
    let pages = shipped();
    let all: String = pages.environment.templates().map(|(_, template)| template.source().to_owned()).collect();
    let (mut text, mut depth) = (String::new(), 0_i32);
    for letter in all.chars() {
        depth += i32::from("<{".contains(letter)) - i32::from(">}".contains(letter));
        if depth == 0 && letter.is_alphabetic() {
            text.push(letter);
        }
    }
    assert_eq!(text, "", "letters of a template that are no word of a language");
    for (section, words) in &pages.words["en"] {
        let chosen = ["scope", "told", "wrong", "error"].contains(&section.as_str());
        let unused = words.keys().find(|name| !chosen && !all.contains(&format!("words.{section}.{name}")));
        assert_eq!(unused, None, "no page says it: {section}");
    }
}

#[test]
fn pages_in_words() {
    let pages = shipped();
    for language in ["en", "ru"] {
        for (at, page) in Page::samples().into_iter().enumerate() {
            let told = match page {
                Page::SignIn { .. } => Some(Told::Wrong),
                Page::SignUp { client: Some(_), .. } | Page::Confirm { client: Some(_), .. } | Page::Reset { .. } => {
                    Told::samples().nth(1)
                }
                _ => None,
            };
            let html = pages.render(language, &page, told).unwrap();
            let html = html.replace(&pages.style_version(), "VERSION");
            let name = format!("{language}-{at:02}-{}", page.template().trim_end_matches(".html"));
            insta::with_settings!({ snapshot_path => "snapshots", prepend_module_to_snapshot => false }, {
                insta::assert_snapshot!(name, html);
            });
        }
    }
}

#[test] // O-16
fn nothing_that_a_page_is_given_is_more_than_text() {
    let pages = shipped();
    let hostile = r#""'><script>alert(1)</script><img src=x onerror=alert(1)>>{{ 7*7 }}{client}"#;
    for page in Page::samples() {
        let mut values = serde_json::to_value(&page).unwrap();
        let depth = replace(&mut values, hostile);
        let reason = values.get("reason").is_some();
        let values = Value::from(Serde(&values));
        let (words, product, style) = (&pages.words["en"], hostile, hostile);
        let told = Told::Slow(std::time::Duration::from_secs(7));
        let (told, wrong) = (Serde(told.word()), Serde(told.words()));
        let values = context! { words, language => hostile, product, style, told, wrong, ..values };
        if reason {
            continue; // a word, and never a text from outside
        }
        let html = pages.environment.get_template(page.template()).unwrap().render(values).unwrap();
        assert!(depth == 0 || html.contains("&lt;script&gt;"), "{html}");
        for text in ["<script", "<img src=x", "'>", ">49"] {
            assert!(!html.contains(text), "{text} in {html}");
        }
    }
}

/// Puts this in place of every text, and counts them.
fn replace(value: &mut serde_json::Value, text: &str) -> usize {
    match value {
        serde_json::Value::String(own) => {
            text.clone_into(own);
            1
        }
        serde_json::Value::Array(items) => items.iter_mut().map(|item| replace(item, text)).sum(),
        serde_json::Value::Object(members) => members.values_mut().map(|member| replace(member, text)).sum(),
        _ => 0,
    }
}

#[test]
fn what_a_deployment_brings_takes_the_place_of_what_is_shipped() {
    let pages = with(&[
        ("style.css", "h1 { color: red }"),
        ("error.html", "{{ product }}: {{ words.error[reason] }}"),
        ("en.toml", "[error]\nunknown_client = \"Who?\"\n[scope]\n\"notes:read\" = \"read your notes\"\n"),
        (".hidden", "what a volume keeps here"),
    ])
    .unwrap();
    let page = Page::Error { reason: Reason::UnknownClient };
    assert_eq!(pages.render("en", &page, None).unwrap(), "Accounts: Who?");
    assert_eq!(pages.style(), "h1 { color: red }");
    assert_ne!(pages.style_version(), shipped().style_version());
    assert_eq!(pages.words["en"]["scope"]["notes:read"], "read your notes");
}

#[test]
fn a_deployment_adds_a_whole_language() {
    let german = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/templates/en.toml")).unwrap();
    let pages = with(&[("de.toml", &german.replace("\"Sign in\"", "\"Anmelden\""))]).unwrap();
    let locale = |tag: &str| Locale::parse(tag).unwrap();
    assert_eq!(pages.language(&[locale("fr"), locale("de-AT"), locale("ru")]), "de");
    assert_eq!(pages.language(&[locale("fr")]), "en");
    assert_eq!(pages.words["de"]["sign_in"]["title"], "Anmelden");
}

#[test]
fn what_does_not_do_is_named() {
    let unknown = "{% extends \"layout.html\" %}\n{% block content %}{{ password }}{% endblock %}";
    for (file, text, line, reason) in [
        ("sing_in.html", "", None, "no page is made of a file of this name"),
        ("logo.png", "", None, "no page is made of a file of this name"),
        ("sign_in.html", "{% if %}", Some(1), "syntax error"),
        ("sign_in.html", unknown, Some(2), "there is no password here"),
        ("sign_in.html", "\n{{ words.sign_in.titel }}", Some(2), "there is no words.sign_in.titel here"),
        ("sign_in.html", "{{ words.account.lead | fill(login=username) }}", Some(1), "client"),
        ("sign_in.html", "{{ username | nothing }}", Some(1), "unknown filter"),
        ("en.toml", "[sign_in]\ntitle = 1", Some(2), "expected a string"),
        ("en.toml", "[sign_in]\ntitel = \"Sign in\"", None, "no page has a place for sign_in.titel"),
        ("en.toml", "[sign_in]\nlead = \"to {who}\"", None, "who"),
        ("de.toml", "[sign_in]\ntitle = \"Anmelden\"", None, "missing: account.continue"),
    ] {
        let error = with(&[(file, text)]).err().unwrap_or_else(|| panic!("{file} is taken: {text}"));
        assert!(error.reason.contains(reason), "{reason} in {error}");
        if reason != "who" {
            assert_eq!((error.file.as_str(), error.line), (file, line), "{error}");
        }
    }
    assert!(Pages::load(Some(Path::new("/nowhere/at/all")), "Accounts").is_err());
}
