//! The refresh token: what a client holds of a session.
use crate::{
    secrets::{Mac, ServerSecret},
    session::Session,
    value::*,
};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use zeroize::Zeroizing;

/// `rt_` and 84 bytes in base64url: the session, which only this server can read there, the token's number in its chain, and a
/// MAC over both.
///
/// The MAC takes the server's secret and the seed that only the session's record holds, so neither the one nor the other
/// alone makes a token; and it can be computed again, so an answer that was lost can be given again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefreshToken {
    /// Of which session.
    pub session: SessionId,
    /// Which one in its chain.
    pub generation: u32,
    /// The proof.
    pub mac: Mac,
}

const PREFIX: &str = "rt_";

impl RefreshToken {
    /// The token that is good for this session now.
    pub fn current(session: &Session, secret: &ServerSecret) -> Self {
        let proof = match session.grant {
            None => secret.refresh_proof(session.id, session.generation),
            Some(_) => secret.grant_proof(session.id, session.generation),
        };
        Self { session: session.id, generation: session.generation, mac: proof.mac(&session.seed.0) }
    }

    /// Reads a token. It proves nothing yet: [`Session::turn`] does.
    ///
    /// # Errors
    /// [`Invalid`] for any text that [`reveal`](Self::reveal) does not give.
    pub fn parse(text: &Secret, secret: &ServerSecret) -> Result<Self, Invalid> {
        let rule = Invalid("a refresh token begins with rt_");
        let text = text.expose().strip_prefix(PREFIX).filter(|text| text.len() == 112).ok_or(rule)?;
        let bytes = Zeroizing::new(BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| rule)?);
        let (session, rest) = bytes.split_first_chunk().ok_or(rule)?;
        let (generation, rest) = rest.split_first_chunk::<4>().ok_or(rule)?;
        let mac = rest.try_into().map_err(|_| rule)?;
        let generation = u32::from_be_bytes(*generation);
        Ok(Self { session: secret.open_session(session).ok_or(rule)?, generation, mac: Mac(mac) })
    }

    /// The text that the client gets.
    pub fn reveal(&self, secret: &ServerSecret) -> Secret {
        let mut bytes = Zeroizing::new(Vec::with_capacity(84));
        bytes.extend_from_slice(&secret.seal_session(self.session));
        bytes.extend_from_slice(&self.generation.to_be_bytes());
        bytes.extend_from_slice(&self.mac.0);
        let mut text = String::with_capacity(PREFIX.len() + 112);
        text.push_str(PREFIX);
        BASE64_URL_SAFE_NO_PAD.encode_string(bytes.as_slice(), &mut text);
        Secret::new(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn secret(byte: u8) -> ServerSecret {
        ServerSecret::new(&[byte; 32]).unwrap()
    }

    proptest! {
        #[test]
        fn parse_undoes_reveal_for_whoever_has_the_secret(session: [u8; 32], generation: u32, mac: [u8; 32]) {
            let token = RefreshToken { session: SessionId::from_bytes(session), generation, mac: Mac(mac) };
            let revealed = token.reveal(&secret(7));
            prop_assert!(RefreshToken::parse(&revealed, &secret(8)).is_err());
            let bytes = BASE64_URL_SAFE_NO_PAD.decode(&revealed.expose()[3..]).unwrap();
            prop_assert!(!bytes.windows(16).any(|window| session.windows(16).any(|own| own == window)));
            prop_assert_eq!(RefreshToken::parse(&revealed, &secret(7)), Ok(token));
        }

        #[test] // S-14
        fn one_spelling_each(session: [u8; 32], mac: [u8; 32], at in 0..115_usize, other: char, text in "\\PC{0,120}") {
            let token = RefreshToken { session: SessionId::from_bytes(session), generation: 1, mac: Mac(mac) };
            let mut changed: Vec<char> = token.reveal(&secret(7)).expose().chars().collect();
            changed[at] = other;
            for text in [changed.into_iter().collect(), text] {
                if let Ok(token) = RefreshToken::parse(&Secret::new(text.clone()), &secret(7)) {
                    let revealed = token.reveal(&secret(7));
                    prop_assert_eq!(revealed.expose(), text);
                }
            }
        }
    }
}
