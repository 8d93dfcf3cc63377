//! What people are called, and the passwords that they think of: made once, since a world takes less time.
use auth_core::{password::PasswordRules, ports::Rng, testing::SeededRng, value::*};
use std::{iter, sync::LazyLock};

/// The names that a person would have, and the spellings of their address.
pub fn of(person: usize) -> ([Login; 2], [Email; 2]) {
    NAMES[person].clone()
}

/// One of a person's passwords, by its number.
pub fn password(person: usize, number: usize) -> Password {
    POOL[person * PASSWORDS + number % PASSWORDS].clone()
}

/// As many passwords as one person can think of.
const PASSWORDS: usize = 24;
/// Of as many people as there can be.
const PEOPLE: usize = 3;

/// Good ones, and no two alike. Without digits, which take long to judge: each may stand for a letter.
static POOL: LazyLock<Vec<Password>> = LazyLock::new(|| {
    let rng = SeededRng::new(1);
    let word = || {
        let mut bytes = [0; 8];
        rng.fill(&mut bytes);
        let text = bytes.map(|byte| char::from(b"bcdfghjkmnpqrtvwxz"[usize::from(byte) % 18])).iter().collect();
        Password::parse(Secret::new(text)).expect("eight letters")
    };
    let rules = PasswordRules::new(8, Vec::new()).expect("8 is the least");
    iter::repeat_with(word).filter(|word| rules.check(word, &[]).is_ok()).take(PEOPLE * PASSWORDS).collect()
});

/// All want names that another wants too, or one that looks like it; and some write their address in capitals.
static NAMES: LazyLock<Vec<([Login; 2], [Email; 2])>> = LazyLock::new(|| {
    let parse = |logins: [&str; 2], emails: [&str; 2]| {
        (logins.map(|text| text.parse().expect("a login")), emails.map(|text| text.parse().expect("an address")))
    };
    vec![
        parse(["bill", "ann"], ["Ann@example.org", "ann@EXAMPLE.org"]),
        parse(["Ann", "bob"], ["bob@example.org", "Bob@example.org"]),
        parse(["bi11", "bob"], ["cat@example.net", "CAT@example.net"]),
    ]
});
