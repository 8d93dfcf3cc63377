//! The standard claims that no account has by itself (OpenID Connect Core, sections 5.1 and 5.1.1).
use serde::{Deserialize, Serialize};
use url::Url;

/// What is known of a person, beside login, address and language, which are the account's own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StandardClaims {
    /// The whole name, as it is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The given names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given_name: Option<String>,
    /// The surnames.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family_name: Option<String>,
    /// The middle names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub middle_name: Option<String>,
    /// What friends say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nickname: Option<String>,
    /// A page about the person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<Url>,
    /// An image of the person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture: Option<Url>,
    /// The person's own page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub website: Option<Url>,
    /// `female`, `male`, or another word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gender: Option<String>,
    /// `YYYY-MM-DD`, with the year 0000 if it is not told; or `YYYY` alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birthdate: Option<String>,
    /// A time zone, by its name such as `Europe/Paris`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zoneinfo: Option<String>,
    /// As E.164 has it: `+15551234567`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<String>,
    /// Whether it is proved to be the person's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone_number_verified: Option<bool>,
    /// Where mail reaches the person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Address>,
}

/// A postal address (OpenID Connect Core, section 5.1.1): whole, in parts, or both.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Address {
    /// All of it, in lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub formatted: Option<String>,
    /// Street and house, in lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub street_address: Option<String>,
    /// The town.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locality: Option<String>,
    /// The state or province.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// The postal code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<String>,
    /// The country.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
}

/// Why claims cannot be kept: the member, and the rule that it breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{member}: {rule}")]
pub struct BadClaims {
    /// Which member.
    pub member: &'static str,
    /// The rule.
    pub rule: &'static str,
}

type Rule = (fn(&str) -> bool, &'static str);

const LINE: Rule = (is_line, "it is a line of 1 to 200 characters");
const LINES: Rule = (is_lines, "it is lines of 1 to 200 characters in all");
const BIRTHDATE: Rule = (is_birthdate, "it is YYYY-MM-DD, with the year 0000 if it is not told, or YYYY");
const ZONE: Rule = (is_zone, "it is the name of a time zone such as Europe/Paris");
const PHONE: Rule = (is_phone, "it is E.164: + and 7 to 15 digits");
const WEB: &str = "it is https, of at most 2048 characters";

impl StandardClaims {
    /// Whether each is what its name says.
    ///
    /// # Errors
    /// [`BadClaims`].
    pub fn check(&self) -> Result<(), BadClaims> {
        let address = self.address.clone().unwrap_or_default();
        for (member, value, (holds, rule)) in [
            ("name", &self.name, LINE),
            ("given_name", &self.given_name, LINE),
            ("family_name", &self.family_name, LINE),
            ("middle_name", &self.middle_name, LINE),
            ("nickname", &self.nickname, LINE),
            ("gender", &self.gender, LINE),
            ("birthdate", &self.birthdate, BIRTHDATE),
            ("zoneinfo", &self.zoneinfo, ZONE),
            ("phone_number", &self.phone_number, PHONE),
            ("address.formatted", &address.formatted, LINES),
            ("address.street_address", &address.street_address, LINES),
            ("address.locality", &address.locality, LINE),
            ("address.region", &address.region, LINE),
            ("address.postal_code", &address.postal_code, LINE),
            ("address.country", &address.country, LINE),
        ] {
            if value.as_deref().is_some_and(|value| !holds(value)) {
                return Err(BadClaims { member, rule });
            }
        }
        for (member, page) in [("profile", &self.profile), ("picture", &self.picture), ("website", &self.website)] {
            if page.as_ref().is_some_and(|page| page.scheme() != "https" || page.as_str().len() > 2048) {
                return Err(BadClaims { member, rule: WEB });
            }
        }
        if self.address.as_ref().is_some_and(|address| *address == Address::default()) {
            return Err(BadClaims { member: "address", rule: "it has at least one member" });
        }
        if self.phone_number.is_none() && self.phone_number_verified.is_some() {
            return Err(BadClaims { member: "phone_number_verified", rule: "it comes with a phone_number" });
        }
        Ok(())
    }
}

fn is_line(text: &str) -> bool {
    is_lines(text) && !text.contains(['\r', '\n'])
}

fn is_lines(text: &str) -> bool {
    let shown = |c: char| !c.is_control() || matches!(c, '\r' | '\n');
    !text.trim().is_empty() && text.chars().count() <= 200 && text.chars().all(shown)
}

fn is_birthdate(text: &str) -> bool {
    let number = |text: &str, digits: usize| {
        let right = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<u16>().ok().filter(|_| right)
    };
    let mut parts = text.splitn(3, '-');
    let year = parts.next().and_then(|year| number(year, 4));
    let (month, day) = (parts.next(), parts.next());
    let (Some(year), Some(month)) = (year, month) else { return year.is_some() };
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let longest = match number(month, 2) {
        Some(2) if leap => 29,
        Some(2) => 28,
        Some(4 | 6 | 9 | 11) => 30,
        Some(1..=12) => 31,
        _ => return false,
    };
    day.and_then(|day| number(day, 2)).is_some_and(|day| (1..=longest).contains(&day))
}

fn is_zone(text: &str) -> bool {
    let of_names = |byte: u8| byte.is_ascii_alphanumeric() || b"_+-".contains(&byte);
    let part = |part: &str| !part.is_empty() && part.bytes().all(of_names);
    text.len() <= 64 && text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.split('/').all(part)
}

fn is_phone(text: &str) -> bool {
    let Some(digits) = text.strip_prefix('+') else { return false };
    (7..=15).contains(&digits.len()) && !digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(name: &str, value: &serde_json::Value) -> Result<(), String> {
        let claims = serde_json::from_value::<StandardClaims>(json!({ name: value }));
        claims.map_err(|error| error.to_string())?.check().map_err(|bad| bad.to_string())
    }

    #[test]
    fn what_is_not_what_its_name_says_is_refused_by_name() {
        for (name, good) in [
            ("name", json!("Анна-Мария O’Neill")),
            ("birthdate", json!("1987-10-16")),
            ("birthdate", json!("0000-02-29")),
            ("birthdate", json!("2000-02-29")),
            ("birthdate", json!("1987")),
            ("zoneinfo", json!("America/Argentina/Buenos_Aires")),
            ("zoneinfo", json!("Etc/GMT+7")),
            ("phone_number", json!("+15551234567")),
            ("picture", json!("https://a.example/ann.png")),
            ("address", json!({ "formatted": "1 High Street\nLittle Town" })),
        ] {
            assert_eq!(check(name, &good), Ok(()), "{name} {good}");
        }
        for (name, bad) in [
            ("name", json!("")),
            ("name", json!(" ")),
            ("name", json!("a\nb")),
            ("name", json!("a\u{0}")),
            ("name", json!("x".repeat(201))),
            ("nickname", json!("\u{1b}[2J")),
            ("birthdate", json!("1987-13-01")),
            ("birthdate", json!("1987-00-01")),
            ("birthdate", json!("1900-02-29")),
            ("birthdate", json!("1987-04-31")),
            ("birthdate", json!("1987-04-00")),
            ("birthdate", json!("1987-4-1")),
            ("birthdate", json!("1987-04")),
            ("birthdate", json!("1987-04-01-01")),
            ("birthdate", json!("+987-04-01")),
            ("birthdate", json!("16.10.1987")),
            ("zoneinfo", json!("Europe/")),
            ("zoneinfo", json!("../etc/passwd")),
            ("zoneinfo", json!("+01:00")),
            ("phone_number", json!("15551234567")),
            ("phone_number", json!("+1 555 1234567")),
            ("phone_number", json!("+0555123456")),
            ("phone_number", json!("+1555123456789012")),
            ("picture", json!("http://a.example/ann.png")),
            ("website", json!("javascript:alert(1)")),
            ("profile", json!(format!("https://a.example/{}", "x".repeat(2048)))),
            ("address", json!({})),
            ("address", json!({ "locality": "a\nb" })),
            ("phone_number_verified", json!(true)),
        ] {
            let refused = check(name, &bad).unwrap_err();
            assert!(refused.starts_with(name), "{name} {bad}: {refused}");
        }
    }

    #[test]
    fn what_is_the_accounts_own_or_unknown_is_refused_by_name() {
        for name in ["preferred_username", "email", "email_verified", "locale", "updated_at", "sub", "shoe_size"] {
            assert!(check(name, &json!("x")).unwrap_err().contains(&format!("`{name}`")));
        }
        let refused = check("address", &json!({ "planet": "Mars" })).unwrap_err();
        assert!(refused.contains("`planet`"), "{refused}");
    }
}
