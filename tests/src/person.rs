//! Somebody who uses the service, and the ways that all tests take to get somewhere.
use crate::{Answer, Server};

/// Somebody with a login, an e-mail and a password.
#[derive(Clone, Debug)]
pub struct Person {
    /// The login they choose.
    pub login: String,
    /// Where they get mail.
    pub email: String,
    /// The password they choose.
    pub password: String,
}

/// What a login or a refresh gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tokens {
    /// Opens the routes that want a bearer.
    pub access: String,
    /// Is turned for the next pair.
    pub refresh: String,
}

impl Person {
    /// Somebody of this name, with an address and a good password to match.
    pub fn new(name: &str) -> Self {
        Self {
            login: name.to_owned(),
            email: format!("{name}@example.org"),
            password: "seven wet otters on a raft".to_owned(),
        }
    }

    /// Asks to register, and gives the registration's id and the digits that were mailed.
    pub async fn ask_to_register(&self, server: &Server) -> (String, String) {
        let id = server.api().register(self).await.expect(202).word("registration_id");
        let code = server.postbox().code_for(&self.email).await;
        (id, code)
    }

    /// Registers and confirms: the account is there, and its welcome has arrived. Gives what confirming answered.
    pub async fn join(&self, server: &Server) -> Answer {
        let (id, code) = self.ask_to_register(server).await;
        let joined = server.api().confirm(&id, &code).await.expect(201);
        let welcome = server.postbox().next_for(&self.email).await;
        assert!(welcome.code().is_none(), "the welcome has no digits: {}", welcome.text);
        joined
    }

    /// Is made an account by the operator's word: no mail goes, and nothing is counted as tried.
    pub async fn is_taken_in(&self, server: &Server) {
        let made = server.create_user(self, &[]).await;
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    }

    /// Logs in on one more device.
    pub async fn sign_in(&self, server: &Server) -> Tokens {
        Tokens::from(&server.api().login(&self.login, &self.password).await.expect(200))
    }

    /// Joins and logs in.
    pub async fn arrive(&self, server: &Server) -> Tokens {
        let _ = self.join(server).await;
        self.sign_in(server).await
    }

    /// Says that the password is forgotten, and gives the reset's id and the digits that were mailed.
    pub async fn forget_password(&self, server: &Server) -> (String, String) {
        let id = server.api().forgot(&self.email).await.expect(202).word("reset_id");
        let code = server.postbox().code_for(&self.email).await;
        (id, code)
    }
}

impl From<&Answer> for Tokens {
    #[track_caller]
    fn from(answer: &Answer) -> Self {
        Self { access: answer.word("access_token"), refresh: answer.word("refresh_token") }
    }
}
