//! What is ours, and still read with care: what a store holds, what an operator sets.
use crate::text;
use auth_core::{testing::stored_hash, value::Locale};
use auth_mail::{Link, Mailbox, Product, SmtpUrl};
use auth_server::settings::{Networks, secret::RootSecret, value::*};
use std::{fmt::Display, str::FromStr};

#[test] // P-14
fn stored_password() {
    bolero::check!().for_each(|bytes: &[u8]| {
        let Some(understood) = stored_hash(&text(bytes)) else { return };
        assert_eq!(stored_hash(&understood).as_ref(), Some(&understood));
        let [_, "argon2id", "v=19", cost, salt, output] = understood.split('$').collect::<Vec<_>>()[..] else {
            panic!("another form: {understood}")
        };
        assert!((11..=64).contains(&salt.len()) && (22..=86).contains(&output.len()), "{understood}");
        for (cost, most) in cost.split(',').zip([("m=", 262_144), ("t=", 10), ("p=", 4)]) {
            let number: u32 = cost.strip_prefix(most.0).and_then(|number| number.parse().ok()).expect("a number");
            assert!((1..=most.1).contains(&number), "{understood}");
        }
    });
}

/// What is read prints itself, and is read again as the same.
fn prints_itself<V: FromStr<Err: Display> + Display>(typed: &str) {
    let Ok(value) = typed.parse::<V>() else { return };
    let printed = value.to_string();
    assert!(!printed.chars().any(char::is_control), "{printed:?}");
    let again = printed.parse::<V>().map_err(|rule| rule.to_string()).expect("its own form");
    assert_eq!(again.to_string(), printed);
}

#[test] // H-15
fn settings() {
    bolero::check!().for_each(|bytes: &[u8]| {
        let typed = &*text(bytes);
        prints_itself::<Span>(typed);
        prints_itself::<Pace>(typed);
        prints_itself::<PublicUrl>(typed);
        prints_itself::<Origins>(typed);
        prints_itself::<Networks>(typed);
        prints_itself::<Locale>(typed);
        prints_itself::<Product>(typed);
        prints_itself::<Link>(typed);
        prints_itself::<SmtpUrl>(typed);
        if let Ok(origin) = typed.parse::<PublicUrl>().map(|url| url.origin().to_owned()) {
            assert_eq!(typed.parse::<PublicUrl>().expect("the same").is_https(), origin.starts_with("https://"));
            assert_eq!(origin.parse::<PublicUrl>().expect("an origin").origin(), origin);
        }
        if let Ok(line) = line(typed) {
            assert_eq!(auth_server::settings::value::line(&line), Ok(line.clone()));
        }
        if let Ok(count) = whole(typed, 1_u16, 500) {
            assert!((1..=500).contains(&count));
        }
        let _ = typed.parse::<Mailbox>();
    });
}

#[test] // H-11, H-15
fn secret_settings() {
    bolero::check!().for_each(|bytes: &[u8]| {
        let typed = &*text(bytes);
        match typed.parse::<RootSecret>() {
            Ok(secret) => {
                assert_eq!(format!("{secret:?}"), "[secret]");
                assert!(secret.expose().len() >= RootSecret::MIN_BYTES);
                assert_eq!(secret.to_text().parse::<RootSecret>().expect("its own form").expose(), secret.expose());
            }
            Err(rule) => {
                assert_eq!(rule, "".parse::<RootSecret>().expect_err("no secret"), "one rule, whatever was typed");
            }
        }
        let password = "hunter2-hunter2";
        if typed.contains(password) {
            return;
        }
        let given = [
            typed.to_owned(),
            format!("smtps://ann:{password}{typed}"),
            format!("smtp://{typed}:{password}@x.example"),
        ];
        for given in given {
            let shown = match SmtpUrl::parse(&given) {
                Ok(url) => format!("{url} {url:?}"),
                Err(rule) => format!("{rule} {rule:?}"),
            };
            assert!(!given.contains(&format!(":{password}")) || !shown.contains(password), "{given}: {shown}");
        }
    });
}
