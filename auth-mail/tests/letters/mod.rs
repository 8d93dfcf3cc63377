//! Letters to render and to send.
#![expect(dead_code, reason = "each test binary uses its own part of them")]
use auth_core::{
    ports::{Letter, Mail, PasswordChange},
    value::{CodeId, Locale, Login, MailId, OneTimeCode, Secret, Timestamp},
};
use auth_mail::{Composer, Link, Mailbox, Product, Templates, Wording};
use std::time::Duration;

/// 2026-01-02 03:04:05 UTC.
pub const NOW: Timestamp = Timestamp(1_767_323_045);
pub const ID: MailId = MailId::from_bytes([0xab; 16]);
pub const CODE: &str = "012345";

pub fn letter(locale: &str, mail: Mail) -> Letter {
    Letter {
        to: "Ann@example.org".parse().unwrap(),
        locale: Locale::parse(locale).unwrap(),
        written_at: NOW,
        expires_at: NOW + Duration::from_hours(24),
        mail,
    }
}

pub fn login() -> Login {
    Login::parse("ann").unwrap()
}

pub fn confirm(minutes: u64) -> Mail {
    let expires_at = NOW + Duration::from_secs(minutes * 60);
    Mail::ConfirmRegistration { login: login(), code: code(CODE), expires_at }
}

pub fn reset(minutes: u64) -> Mail {
    let expires_at = NOW + Duration::from_secs(minutes * 60);
    Mail::ResetPassword { login: login(), id: code_id(), code: code(CODE), expires_at }
}

pub fn each_mail() -> Vec<(&'static str, Mail)> {
    vec![
        ("confirm_registration", confirm(10)),
        ("already_registered", Mail::AlreadyRegistered { login: login() }),
        ("welcome", Mail::Welcome { login: login() }),
        ("reset_password", reset(10)),
        ("password_changed", Mail::PasswordChanged { login: login(), how: PasswordChange::Changed }),
        ("password_reset", Mail::PasswordChanged { login: login(), how: PasswordChange::Reset }),
    ]
}

pub fn code_id() -> CodeId {
    let mut bytes = [0; 32];
    for (index, byte) in (0..).zip(&mut bytes) {
        *byte = index;
    }
    CodeId::from_bytes(bytes)
}

/// A product whose name HTML must escape, and a link to its form.
pub fn wording() -> Wording {
    Wording {
        product: Product::parse("Søren & Co").unwrap(),
        reset_link: Some(Link::parse("https://app.example/reset/{id}?from=a&to=b").unwrap()),
        ..Wording::default()
    }
}

pub fn composer(wording: Wording) -> Composer {
    let from = Mailbox::parse("Søren & Co <no-reply@mail.example>").unwrap();
    let reply_to = Mailbox::parse("help@mail.example").unwrap();
    Composer::new(Templates::load(wording).unwrap(), from, Some(reply_to))
}

fn code(text: &str) -> OneTimeCode {
    OneTimeCode::parse(&Secret::new(text.to_owned())).unwrap()
}
