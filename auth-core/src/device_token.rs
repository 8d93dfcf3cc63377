//! The device token: what tells a device that somebody has logged in on from all others.
use crate::{
    secrets::ServerSecret,
    user::User,
    value::{Identifier, Invalid, Login, Secret, Subject, Timestamp},
};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use std::{fmt, time::Duration};
use subtle::{Choice, ConstantTimeEq};

/// `dt_` and 60 bytes in base64url: a random name, when it was given and in which epoch of the account, and two MACs that
/// say for which login and for which address it is.
///
/// It opens nothing. Whoever shows it is counted by himself, so that nobody who guesses from elsewhere, or from the same
/// network, can slow the owner down (P-25). It is checked without a look into a store, tells its reader nothing of the
/// account but its epoch, and is renewed at each login. Once that epoch has moved on, with a new password or the end of
/// all sessions, it helps at no login any more: whoever had the old password has no limits of his own.
#[derive(Clone)]
pub struct DeviceToken {
    name: [u8; 16],
    given_at: Timestamp,
    epoch: u32,
    for_login: [u8; 16],
    for_address: [u8; 16],
}

const PREFIX: &str = "dt_";

impl DeviceToken {
    /// A token for a device on which this user was let in.
    pub fn new(name: [u8; 16], given_at: Timestamp, user: &User, secret: &ServerSecret) -> Self {
        let token = Self { name, given_at, epoch: user.epoch, for_login: [0; 16], for_address: [0; 16] };
        let for_login = token.mac(&AccountName::login(&user.login), secret);
        let for_address = token.mac(&AccountName::address(secret.subject(&user.email)), secret);
        Self { for_login, for_address, ..token }
    }

    /// Its random name, which it keeps when it is renewed.
    pub const fn name(&self) -> [u8; 16] {
        self.name
    }

    /// The epoch of the account when it was given.
    pub(crate) const fn epoch(&self) -> u32 {
        self.epoch
    }

    /// Whether it was given for this account, by this server, and not too long ago.
    pub(crate) fn is_for(&self, whose: &AccountName, now: Timestamp, ttl: Duration, secret: &ServerSecret) -> bool {
        let mac = self.mac(whose, secret);
        let genuine: Choice = mac.ct_eq(&self.for_login) | mac.ct_eq(&self.for_address);
        bool::from(genuine) && now < self.given_at + ttl
    }

    /// Reads a token. It proves nothing yet.
    ///
    /// # Errors
    /// [`Invalid`] for any text that [`reveal`](Self::reveal) does not give.
    pub fn parse(text: &Secret) -> Result<Self, Invalid> {
        let rule = Invalid("a device token begins with dt_");
        let text = text.expose().strip_prefix(PREFIX).filter(|text| text.len() == 80).ok_or(rule)?;
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| rule)?;
        let (name, rest) = bytes.split_first_chunk().ok_or(rule)?;
        let (given_at, rest) = rest.split_first_chunk().ok_or(rule)?;
        let (epoch, rest) = rest.split_first_chunk().ok_or(rule)?;
        let (for_login, rest) = rest.split_first_chunk().ok_or(rule)?;
        let for_address = rest.try_into().map_err(|_| rule)?;
        let (given_at, epoch) = (Timestamp(i64::from_be_bytes(*given_at)), u32::from_be_bytes(*epoch));
        Ok(Self { name: *name, given_at, epoch, for_login: *for_login, for_address })
    }

    /// The text that the client keeps.
    pub fn reveal(&self) -> Secret {
        let (given_at, epoch) = (self.given_at.0.to_be_bytes(), self.epoch.to_be_bytes());
        let bytes = [&self.name[..], &given_at, &epoch, &self.for_login, &self.for_address].concat();
        Secret::new(format!("{PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(bytes)))
    }

    fn mac(&self, whose: &AccountName, secret: &ServerSecret) -> [u8; 16] {
        let (name, given_at, epoch) = (u128::from_be_bytes(self.name), self.given_at.0, self.epoch);
        secret.index(&["device", &format!("{name:032x}"), &given_at.to_string(), &epoch.to_string(), &whose.0])
    }
}

impl fmt::Debug for DeviceToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[device token]")
    }
}

/// What an account is called by: what is counted is counted on this, and never on the account itself, since one count for
/// a login and its address would tell that they belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AccountName(pub(crate) String);

impl AccountName {
    pub(crate) fn login(login: &Login) -> Self {
        Self(format!("login {}", login.key()))
    }

    pub(crate) fn address(address: Subject) -> Self {
        Self(format!("address {address}"))
    }

    /// As it was typed; nothing, if nobody can be called that.
    pub(crate) fn typed(identifier: &Identifier, secret: &ServerSecret) -> Option<Self> {
        match identifier {
            Identifier::Login(login) => Some(Self::login(login)),
            Identifier::Email(email) => Some(Self::address(secret.subject(email))),
            Identifier::Nobody => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        user::PasswordHash,
        value::{Locale, UserId},
    };
    use proptest::prelude::*;

    const NOW: Timestamp = Timestamp(1_000);
    const TTL: Duration = Duration::from_mins(1);

    fn secret(byte: u8) -> ServerSecret {
        ServerSecret::new(&[byte; 32]).unwrap()
    }

    fn token(name: [u8; 16]) -> DeviceToken {
        let user = User {
            id: UserId::from_bytes([1; 16]),
            login: "ann".parse().unwrap(),
            email: "ann@example.org".parse().unwrap(),
            password: PasswordHash(String::new()),
            created_at: NOW,
            epoch: 0x0102_0304,
            spared: None,
            disabled: false,
            locale: Locale::default(),
            roles: Vec::new(),
        };
        DeviceToken::new(name, NOW, &user, &secret(7))
    }

    fn name(typed: &str) -> AccountName {
        AccountName::typed(&Identifier::parse(typed), &secret(7)).unwrap()
    }

    #[test] // P-22, P-25
    fn it_is_for_the_login_and_the_address_however_they_are_written_and_for_nobody_else() {
        for typed in ["ann", "ANN", "ann@example.org", "ann@EXAMPLE.org"] {
            assert!(token([1; 16]).is_for(&name(typed), NOW, TTL, &secret(7)), "{typed}");
        }
        for typed in ["bob", "bob@example.org", "ann@example.com"] {
            assert!(!token([1; 16]).is_for(&name(typed), NOW, TTL, &secret(7)), "{typed}");
        }
        assert!(!token([1; 16]).is_for(&name("ann"), NOW, TTL, &secret(8)));
    }

    #[test]
    fn it_lapses() {
        assert!(token([1; 16]).is_for(&name("ann"), Timestamp(1_059), TTL, &secret(7)));
        assert!(!token([1; 16]).is_for(&name("ann"), Timestamp(1_060), TTL, &secret(7)));
    }

    proptest! {
        #[test] // S-14
        fn parse_undoes_reveal_and_one_changed_character_makes_it_nobodys(name: [u8; 16], at in 0..80_usize, other: char) {
            let revealed = token(name).reveal();
            let read = DeviceToken::parse(&revealed).unwrap();
            prop_assert!(read.is_for(&self::name("ann"), NOW, TTL, &secret(7)));
            prop_assert_eq!(read.epoch(), 0x0102_0304);
            let again = read.reveal();
            prop_assert_eq!(again.expose(), revealed.expose());
            let mut changed: Vec<char> = revealed.expose().chars().collect();
            changed[3 + at] = other;
            let changed = Secret::new(changed.into_iter().collect());
            if changed.expose() != revealed.expose() && let Ok(forged) = DeviceToken::parse(&changed) {
                let names = ["ann", "ann@example.org"].map(self::name);
                prop_assert!(!names.iter().all(|name| forged.is_for(name, NOW, TTL, &secret(7))));
            }
        }
    }
}
