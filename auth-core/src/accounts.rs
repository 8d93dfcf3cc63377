//! What a person does with an account. One capability a file; each reads from top to bottom, and its first line names the
//! ports that it uses.
mod admin;
mod announce;
mod authenticate;
mod browser;
mod change;
mod confirm;
mod forgot;
mod login;
mod logout;
mod refresh;
mod register;
mod resend;
mod reset;
mod sessions;
mod sweep;

pub use self::{
    admin::{CreateUserError, NewUser, RenameUserError},
    authenticate::{AuthenticateError, Identity},
    browser::SignedIn,
    change::ChangePasswordError,
    confirm::ConfirmError,
    forgot::ForgotError,
    login::{LoginAttempt, LoginError},
    refresh::RefreshError,
    register::{RegisterError, Registration},
    resend::ResendError,
    reset::ResetError,
    sessions::EndSessionError,
};
pub use crate::limits::{Alarm, Slow};

use crate::{
    device_token::DeviceToken,
    policy::Policy,
    ports::*,
    refresh_token::RefreshToken,
    secrets::ServerSecret,
    session::Session,
    token::{self, AccessClaims},
    user::User,
    value::*,
};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use std::{net::IpAddr, sync::Arc, time::Duration};

/// The whole logic of accounts, over whatever outside it is given.
#[derive(Clone)]
pub struct Accounts {
    pub(crate) ports: Ports,
    pub(crate) secret: Arc<ServerSecret>,
    pub(crate) policy: Arc<Policy>,
}

impl Accounts {
    /// Puts the parts together. Cloning is cheap.
    pub fn new(ports: Ports, secret: Arc<ServerSecret>, policy: Policy) -> Self {
        Self { ports, secret, policy: Arc::new(policy) }
    }

    /// These accounts for one request: all its calls to the stores, the mailer and the key ring may take so long together,
    /// those of its tidying too, and from then on are [`Unavailable`]. What a store has begun, it may still do. The time
    /// of password hashes does not count: those have a queue of their own.
    ///
    /// Needs a Tokio runtime with its clock. To be called for each request: what is left belongs to the answer and its
    /// clones.
    #[must_use]
    pub fn within(&self, in_all: Duration) -> Self {
        Self { ports: self.ports.around(&Patience::new(in_all)), ..self.clone() }
    }

    /// What the deployment decided.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The outside that they stand on.
    pub const fn ports(&self) -> &Ports {
        &self.ports
    }

    /// The server's secret.
    pub fn secret(&self) -> &ServerSecret {
        &self.secret
    }

    /// The tokens of a session as it is now.
    async fn tokens(&self, user: &User, session: &Session) -> Outside<Tokens> {
        let Ports { keyring, clock, rng, .. } = &self.ports;
        let now = clock.now();
        let expires_in = self.policy.access_ttl.min(session.ends_at.since(now));
        let mut jti = [0; 16];
        rng.fill(&mut jti);
        let claims = AccessClaims {
            iss: self.policy.issuer.clone(),
            aud: self.policy.audience.clone(),
            sub: user.id,
            client_id: self.policy.client_id.clone(),
            sid: session.id,
            jti: BASE64_URL_SAFE_NO_PAD.encode(jti),
            iat: now,
            exp: now + expires_in,
            auth_time: session.started_at,
            roles: user.roles.clone(),
        };
        Ok(Tokens {
            access_token: token::sign(keyring.as_ref(), &claims).await?,
            expires_in,
            refresh_token: RefreshToken::current(session, &self.secret).reveal(&self.secret),
            refresh_expires_in: session.expires_at.since(now),
            device_token: None,
        })
    }

    /// A code for this address: six digits, unless too many guess at them.
    async fn draw_code(&self, to: Subject) -> Outside<OneTimeCode> {
        Ok(OneTimeCode::draw(self.code_length(to).await?, self.ports.rng.as_ref()))
    }

    /// A letter to somebody who has an account, that needs no answer.
    fn notice(&self, user: &User, mail: Mail) -> Letter {
        let now = self.ports.clock.now();
        Letter {
            to: user.email.clone(),
            locale: user.locale.clone(),
            written_at: now,
            expires_at: now + self.policy.notice_ttl,
            mail,
        }
    }

    /// For what follows a write that cannot be taken back: the answer is yes whatever becomes of it.
    pub(crate) fn afterwards(&self, what: &'static str, done: Outside<()>) {
        done.unwrap_or_else(|_| self.ports.events.record(&Event::LeftUndone(what)));
    }
}

/// What a new password of an account may not be built on (P-08): all of the address too, since many would type that.
fn own_words<'a>(login: &'a Login, email: &'a Email) -> [&'a str; 3] {
    [login.as_str(), email.as_str(), email.local_part()]
}

/// Who asks, as far as the transport can tell.
#[derive(Clone, Debug, Default)]
pub struct Caller {
    /// Where the request came from. All requests without it count as one source: on a Unix socket, say who is behind it.
    pub source: Option<IpAddr>,
    /// The language that the person reads.
    pub locale: Locale,
    /// What the device was given at its last login: with it, its owner is not slowed down by what others try. Good until
    /// the password changes, or all sessions are ended.
    pub device: Option<DeviceToken>,
}

/// A code is on its way, or is not; the answer does not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Issued {
    /// Addresses the code.
    pub id: CodeId,
    /// How long the code is good.
    pub expires_in: Duration,
}

/// What a signed-in device holds.
#[derive(Clone, Debug)]
pub struct Tokens {
    /// Opens this service and others: a JWT (RFC 9068).
    pub access_token: Secret,
    /// How long it does.
    pub expires_in: Duration,
    /// Gets the next tokens, once.
    pub refresh_token: Secret,
    /// How long it does.
    pub refresh_expires_in: Duration,
    /// After a login: to be kept on the device, beyond a logout, and shown at the next login as
    /// [`Caller::device`].
    pub device_token: Option<Secret>,
}
