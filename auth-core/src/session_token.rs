//! Session tokens: what proves a session without turning its chain.
use crate::{
    secrets::{Mac, ServerSecret},
    session::Session,
    value::*,
};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};

/// A prefix and 80 bytes in base64url: the session, which only this server can read there, and a MAC over it, by the server's
/// secret and the seed that only the session's record holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionToken {
    /// Of which session.
    pub session: SessionId,
    /// The proof.
    pub mac: Mac,
}

/// What a session token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A person's browser holds it in a cookie, for as long as the session lasts. It opens the pages of this server.
    Browser,
    /// The authorization code of a grant (RFC 6749, section 1.3.1): the first credential of its chain, good for one turn.
    Code,
}

impl Purpose {
    const fn prefix(self) -> &'static str {
        match self {
            Self::Browser => "bs_",
            Self::Code => "ac_",
        }
    }
}

impl SessionToken {
    /// The token of this session.
    pub fn of(session: &Session, purpose: Purpose, secret: &ServerSecret) -> Self {
        let proof = match purpose {
            Purpose::Browser => secret.browser_proof(session.id),
            Purpose::Code => secret.grant_proof(session.id, 0),
        };
        Self { session: session.id, mac: proof.mac(&session.seed.0) }
    }

    /// Reads a token. It proves nothing yet: the session must have the same.
    ///
    /// # Errors
    /// [`Invalid`] for any text that [`reveal`](Self::reveal) does not give for this purpose.
    pub fn parse(text: &Secret, purpose: Purpose, secret: &ServerSecret) -> Result<Self, Invalid> {
        let rule = Invalid("that is no such token");
        let text = text.expose().strip_prefix(purpose.prefix()).filter(|text| text.len() == 107).ok_or(rule)?;
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| rule)?;
        let (session, mac) = bytes.split_first_chunk().ok_or(rule)?;
        let session = secret.open_session(session).ok_or(rule)?;
        Ok(Self { session, mac: Mac(mac.try_into().map_err(|_| rule)?) })
    }

    /// The text.
    pub fn reveal(&self, purpose: Purpose, secret: &ServerSecret) -> Secret {
        let bytes = [&secret.seal_session(self.session)[..], &self.mac.0].concat();
        Secret::new(format!("{}{}", purpose.prefix(), BASE64_URL_SAFE_NO_PAD.encode(bytes)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test] // S-14, S-15
        fn parse_undoes_reveal_and_each_has_one_spelling(
            session: [u8; 32],
            mac: [u8; 32],
            at in 0..110_usize,
            other: char,
        ) {
            let [secret, others] = [7, 8].map(|byte| ServerSecret::new(&[byte; 32]).unwrap());
            let token = SessionToken { session: SessionId::from_bytes(session), mac: Mac(mac) };
            for (purpose, other_purpose) in [(Purpose::Browser, Purpose::Code), (Purpose::Code, Purpose::Browser)] {
                let revealed = token.reveal(purpose, &secret);
                prop_assert!(SessionToken::parse(&revealed, other_purpose, &secret).is_err());
                prop_assert!(SessionToken::parse(&revealed, purpose, &others).is_err());
                let bytes = BASE64_URL_SAFE_NO_PAD.decode(&revealed.expose()[3..]).unwrap();
                prop_assert!(!bytes.windows(16).any(|window| session.windows(16).any(|own| own == window)));
                prop_assert_eq!(SessionToken::parse(&revealed, purpose, &secret), Ok(token.clone()));
                let mut changed: Vec<char> = revealed.expose().chars().collect();
                changed[at] = other;
                let changed = Secret::new(changed.into_iter().collect());
                if let Ok(token) = SessionToken::parse(&changed, purpose, &secret) {
                    let revealed = token.reveal(purpose, &secret);
                    prop_assert_eq!(revealed.expose(), changed.expose());
                }
            }
        }
    }
}
