//! The words of the domain: whatever is taken is in one form, stands when it is read again, and holds nothing odd.
use crate::text;
use auth_core::value::*;

#[test] // K-16, K-17, K-18, P-22
fn email() {
    bolero::check!().for_each(|bytes: &[u8]| {
        let typed = text(bytes);
        let Ok(email) = Email::parse(&typed) else { return };
        let address = email.as_str();
        assert!(address.len() <= 254 && address.matches('@').count() == 1, "{address:?}");
        assert!(
            address.bytes().all(|byte| byte.is_ascii_graphic() && !b",;:<>()[]\"\\".contains(&byte)),
            "{address:?}"
        );
        assert_eq!(email.key(), address.to_ascii_lowercase());
        assert_eq!(Email::parse(address).expect("its own form").as_str(), address);
        for other in [typed.to_ascii_uppercase(), typed.to_ascii_lowercase(), format!("\t {typed} ")] {
            assert_eq!(Email::parse(&other).as_ref(), Ok(&email), "{other:?}");
        }
        assert_eq!(Identifier::parse(&typed), Identifier::Email(email));
    });
}

#[test] // K-16, P-22
fn login() {
    bolero::check!().for_each(|bytes: &[u8]| {
        let typed = text(bytes);
        let Ok(login) = Login::parse(&typed) else { return };
        let name = login.as_str();
        assert!((3..=32).contains(&name.chars().count()), "{name:?}");
        assert!(!name.chars().any(|c| c.is_control() || c.is_whitespace() || "@\"'<>&,;:/\\%".contains(c)), "{name:?}");
        let again = Login::parse(name).expect("its own form");
        assert_eq!((again.as_str(), again.key()), (name, login.key()));
        for other in [typed.to_ascii_uppercase(), format!("\t {typed} ")] {
            assert_eq!(Login::parse(&other).as_ref(), Ok(&login), "{other:?}");
        }
        assert_eq!(Identifier::parse(&typed), Identifier::Login(login));
    });
}

#[test] // P-02, P-03, P-05
fn password() {
    bolero::check!().for_each(|bytes: &[u8]| {
        let typed = text(bytes);
        let parse = |text: &str| Password::parse(Secret::new(text.to_owned()));
        let Ok(password) = parse(&typed) else {
            assert!(typed.is_empty() || typed.len() > 14, "no short text is too long: {typed:?}");
            return;
        };
        assert!((1..=Password::MAX_CHARS).contains(&password.expose().chars().count()));
        assert_eq!(parse(password.expose()).expect("its own form").expose(), password.expose());
        assert!(!typed.is_ascii() || password.expose() == typed, "what needs no other form keeps its own");
        assert_eq!(format!("{password:?}"), "[secret]");
    });
}

#[test] // H-12
fn device() {
    bolero::check!().for_each(|bytes: &[u8]| {
        let Ok(device) = DeviceName::parse(&text(bytes)) else { return };
        assert!((1..=64).contains(&device.as_str().chars().count()));
        assert!(!device.as_str().chars().any(char::is_control), "{device:?}");
        assert_eq!(DeviceName::parse(device.as_str()), Ok(device));
    });
}

#[test]
fn language() {
    bolero::check!().for_each(|bytes: &[u8]| {
        let header = text(bytes);
        for locale in [Locale::parse(&header).ok(), Locale::from_accept_language(&header)].into_iter().flatten() {
            let tag = locale.as_str();
            assert!(
                (1..=35).contains(&tag.len()) && header.to_ascii_lowercase().contains(tag),
                "{tag:?} in {header:?}"
            );
            assert!(
                tag.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'),
                "{tag:?}"
            );
            assert_eq!(Locale::from_accept_language(tag).as_ref(), Some(&locale));
            assert_eq!(Locale::parse(tag), Ok(locale));
        }
    });
}

#[test] // K-09, S-14
fn ids() {
    bolero::check!().for_each(|bytes: &[u8]| {
        let text = text(bytes);
        let read = [
            UserId::parse(&text).map(|id| id.to_string()),
            Subject::parse(&text).map(|id| id.to_string()),
            MailId::parse(&text).map(|id| id.to_string()),
            CodeId::parse(&text).map(|id| CodeId::from_bytes(id.to_bytes()).to_string()),
            SessionId::parse(&text).map(|id| SessionId::from_bytes(id.to_bytes()).to_string()),
            Role::parse(&text).map(|role| role.to_string()),
        ];
        for id in read.into_iter().flatten() {
            assert_eq!(id, text, "one spelling each");
        }
    });
}

#[test] // K-01, K-09
fn code() {
    bolero::check!().for_each(|bytes: &[u8]| {
        let typed = text(bytes);
        let Ok(code) = OneTimeCode::parse(&Secret::new(typed.to_string())) else { return };
        let own = code.expose().to_owned();
        let again = OneTimeCode::parse(&Secret::new(own.clone())).expect("its own form");
        assert_eq!(again.expose(), own);
        match code.length() {
            CodeLength::Digits => assert_eq!(own, typed, "digits are taken as they are"),
            CodeLength::Long => assert!(own.len() == 11 && !own.contains(['I', 'L', 'O', 'U']), "{own}"),
        }
        assert!(!format!("{code:?}").contains(&own));
    });
}
