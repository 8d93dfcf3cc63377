//! The mail: what takes a letter from a flow, what carries it to a mailbox, and what becomes of it on the way.
use super::hub::Hub;
use auth_core::{outbox::Outbox, ports::*, value::*};
use std::{sync::Arc, time::Duration};

/// The outbox of a node, and a note of what it promised.
pub struct Post {
    /// The world.
    pub hub: Arc<Hub>,
    /// The outbox.
    pub outbox: Outbox,
}

#[async_trait]
impl Mailer for Post {
    async fn send(&self, letter: &Letter) -> Outside<()> {
        self.hub.state().facts.letters.written(letter);
        self.outbox.send(letter).await?;
        let latest = self.hub.latest();
        self.hub.state().facts.letters.promised(letter, latest);
        Ok(())
    }
}

/// What carries a node's letters.
pub struct Van {
    /// The world.
    pub hub: Arc<Hub>,
    /// Whose it is.
    pub node: usize,
}

#[async_trait]
impl Transport for Van {
    async fn deliver(&self, id: MailId, letter: &Letter) -> Outside<Delivery> {
        let now = self.hub.clocks[self.node].now();
        let calm = self.hub.state().calm;
        let fate = if calm { usize::MAX } else { self.hub.below(24) };
        let word = ["fails", "loses its answer", "rejects", "is slow"].get(fate).unwrap_or(&"delivers");
        self.hub.count(format_args!("transport: {word}"));
        self.hub.note(format_args!("node {}: the transport {word}", self.node));
        match fate {
            0 => return Err(Unavailable::failed("mail", "it was decided by the seed")),
            2 => {
                let mut state = self.hub.state();
                let undisturbed = state.undisturbed();
                state.facts.letters.rejected(id, letter, undisturbed);
                return Ok(Delivery::Rejected("it was decided by the seed".to_owned()));
            }
            3 => tokio::time::sleep(Duration::from_secs(7)).await,
            _ => {}
        }
        let mut state = self.hub.state();
        let disturbances = (state.undisturbed(), state.disturbances);
        let found = state.facts.letters.delivered(id, letter, now, disturbances, fate == 1);
        state.check(found);
        drop(state);
        self.hub.broken_if(self.to_another_address(letter));
        match fate {
            1 => Err(Unavailable::failed("mail", "the answer was lost, as the seed decided")),
            _ => Ok(Delivery::Accepted),
        }
    }
}

impl Van {
    /// What is for an account goes to the address that the account has, letter for letter (K-15).
    fn to_another_address(&self, letter: &Letter) -> Option<&'static str> {
        let login = match &letter.mail {
            Mail::ConfirmRegistration { .. } | Mail::Nothing => return None,
            Mail::AlreadyRegistered { login }
            | Mail::Welcome { login }
            | Mail::ResetPassword { login, .. }
            | Mail::PasswordChanged { login, .. } => login,
        };
        let tables = self.hub.stores.users.memory().tables();
        let own = tables.users.values().find(|(user, _)| user.login == *login);
        let there = own.is_some_and(|(user, _)| user.email.as_str() == letter.to.as_str());
        (!there).then_some("I6: a letter goes to another address than the account's")
    }
}
