//! Invitations: the initial access tokens that an operator gives out (RFC 7591, section 1.2).
use crate::{
    Provider,
    provider::sha256,
    records::{self, read, written},
};
use auth_core::{document::*, ports::*, value::*};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use serde::{Deserialize, Serialize};
use std::time::Duration;

const KIND: &str = "invitation";

/// How many clients may still be registered with a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    /// So many.
    pub left: u32,
}

impl Invitation {
    /// Uses it once, if it is not used up.
    fn accept(&mut self) -> bool {
        match self.left.checked_sub(1) {
            Some(left) => {
                self.left = left;
                true
            }
            None => false,
        }
    }
}

/// So often somebody else may write in between.
const ATTEMPTS: usize = 32;

impl Provider {
    /// A token for so many clients that register themselves within this time. The store keeps its SHA-256.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn invite(&self, clients: u32, within: Duration) -> Outside<Secret> {
        let Ports { documents, clock, rng, .. } = self.ports();
        let mut bytes = [0; 32];
        rng.fill(&mut bytes);
        let token = Secret::new(format!("it_{}", BASE64_URL_SAFE_NO_PAD.encode(bytes)));
        let body = written(&Invitation { left: clients })?;
        let document = Document { key: key(&token)?, expires_at: Some(clock.now() + within), body };
        match documents.insert(&document).await? {
            Inserted::Done | Inserted::Exists => Ok(token), // no other has this token
        }
    }

    /// Whether this token would let one more client in.
    pub(super) async fn is_invited(&self, token: Option<&Secret>) -> Outside<bool> {
        let Ports { documents, clock, .. } = self.ports();
        let Some(token) = token else { return Ok(self.policy.open_registration) };
        let Some(stored) = documents.find(&key(token)?).await? else { return Ok(false) };
        Ok(read::<Invitation>(&stored.value)?.accept() && !stored.value.is_over(clock.now()))
    }

    /// Whether this token lets one more client in; then it has. Of many at once no more are let in than it was for.
    pub(super) async fn accept_invitation(&self, token: Option<&Secret>) -> Outside<bool> {
        let Ports { documents, clock, .. } = self.ports();
        let Some(token) = token else { return Ok(self.policy.open_registration) };
        let key = key(token)?;
        for _ in 0..ATTEMPTS {
            let Some(mut stored) = documents.find(&key).await? else { return Ok(false) };
            let mut invitation: Invitation = read(&stored.value)?;
            if stored.value.is_over(clock.now()) || !invitation.accept() {
                return Ok(false);
            }
            stored.value.body = written(&invitation)?;
            match documents.replace(&stored).await? {
                Replace::Done => return Ok(true),
                Replace::Stale => {}
            }
        }
        Err(Unavailable::failed("documents", "others kept registering with this token"))
    }
}

fn key(token: &Secret) -> Outside<DocumentKey> {
    let name = sha256(token.expose());
    records::key(KIND, &name, &name)
}
