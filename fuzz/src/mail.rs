//! Mails: whatever anybody has typed, a mail has the headers that it should have, and goes to the one address.
use crate::{lines, text};
use auth_core::{
    ports::{Letter, Mail},
    value::*,
};
use auth_mail::{
    Composer, Mailbox, Product, Templates, Wording,
    testing::{ReadMail, formatted},
};
use std::{sync::LazyLock, time::Duration};

/// The headers of every mail of ours, answers to elsewhere among them.
const HEADERS: [&str; 9] = [
    "Message-ID",
    "Date",
    "From",
    "To",
    "Subject",
    "Auto-Submitted",
    "Content-Language",
    "MIME-Version",
    "Content-Type",
];

fn composer(product: Product, from: Mailbox) -> Composer {
    let templates = Templates::load(Wording { product, ..Wording::default() }).expect("the templates that are shipped");
    Composer::new(templates, from, None)
}

fn check(composer: &Composer, to: &Email, login: &Login, locale: &Locale) {
    let now = Timestamp(1_767_323_045);
    let mail = Mail::Welcome { login: login.clone() };
    let letter = Letter {
        to: to.clone(),
        locale: locale.clone(),
        written_at: now,
        expires_at: now + Duration::from_hours(1),
        mail,
    };
    let id = MailId::from_bytes([7; 16]);
    let Some(raw) = formatted(composer, id, &letter).expect("words are put together") else { return };
    let raw = text(&raw).into_owned();
    assert!(raw.is_ascii(), "every relay takes it: {raw}");
    assert!(!raw.replace("\r\n", "").contains(['\r', '\n', '\0']), "lines end in one way: {raw:?}");
    assert!(raw.split("\r\n").all(|line| line.len() <= 998), "RFC 5322, section 2.1.1: {raw}");
    let mail = ReadMail::parse(raw.as_bytes()).expect("a mail that can be read");
    let mut names = mail.header_names();
    names.sort_unstable();
    let mut expected = HEADERS;
    expected.sort_unstable();
    assert_eq!(names, expected, "{raw}");
    assert_eq!(mail.to, [to.as_str()], "{raw}");
    assert!(mail.text.contains(login.as_str()), "{login} in {raw}");
}

static COMPOSER: LazyLock<Composer> =
    LazyLock::new(|| composer(Product::default(), "Example <no-reply@example.org>".parse().expect("a mailbox")));

#[test] // K-15, K-18
fn what_a_person_typed() {
    bolero::check!().for_each(|bytes: &[u8]| {
        let [email, login, locale] = lines::<3>(bytes).map(text);
        let to = Email::parse(&email).unwrap_or_else(|_| "ann@example.org".parse().expect("an address"));
        let login = Login::parse(&login).unwrap_or_else(|_| "ann".parse().expect("a login"));
        check(&COMPOSER, &to, &login, &Locale::parse(&locale).unwrap_or_default());
    });
}

#[test] // K-18
fn what_an_operator_set() {
    bolero::check!().for_each(|bytes: &[u8]| {
        let [product, from] = lines::<2>(bytes).map(text);
        let (product, from) = (Product::parse(&product), Mailbox::parse(&from));
        if product.is_err() && from.is_err() {
            return;
        }
        let from = from.unwrap_or_else(|_| "no-reply@example.org".parse().expect("a mailbox"));
        let composer = composer(product.unwrap_or_default(), from);
        let (to, login) = ("ann@example.org".parse().expect("an address"), "ann".parse().expect("a login"));
        check(&composer, &to, &login, &Locale::default());
    });
}
