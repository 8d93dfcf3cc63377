//! Accounts as a library: register, confirm, log in, refresh, log out, reset.
//!
//! Everything outside (stores, mail, keys, time, dice) comes through small traits, so the same logic runs over one file,
//! a distributed store or a test's memory, and inside whatever HTTP framework its host has.
//!
//! | what | where |
//! | --- | --- |
//! | what a person does, one capability a file | [`accounts`] |
//! | every number and name that a deployment may choose | [`policy`] |
//! | the words of the domain, parsed once and valid ever after | [`value`] |
//! | records with their pure transitions | [`user`], [`code`], [`session`] with its [`grant`], [`counter`] |
//! | small records of a protocol, whose decisions are made elsewhere | [`document`] |
//! | the outside, one small trait a file | [`ports`] |
//! | mail on its way out, and its worker | [`outbox`] |
//! | all that a store holds, carried into another | [`copy`] |
//! | passwords: Argon2id within a memory budget, and the rules for new ones | [`password`] |
//! | access tokens and the keys that sign them; refresh, session and device tokens | [`token`], [`keys`], [`refresh_token`], [`session_token`], [`device_token`] |
//! | the server's own secret and what is derived from it | [`secrets`] |
//! | the system's clock and dice | [`system`] |
//! | stores in memory, the contract for every store, a world for tests (feature `testing`) | `testing` |
//!
//! A whole life, over stores in memory:
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use auth_core::{accounts::*, testing::World, value::*};
//!
//! let world = World::default();
//! let accounts = world.accounts();
//! let caller = World::caller();
//! let password = |text: &str| Password::parse(Secret::new(text.to_owned()));
//!
//! let (login, email) = ("ann".parse()?, "ann@example.org".parse()?);
//! let ask = Registration { login, email, password: password("a quiet green harbour")? };
//! let issued = accounts.register(&caller, ask).await?;
//! let user = accounts.confirm(&caller, issued.id, world.mailed_code()).await?;
//!
//! let attempt = LoginAttempt {
//!     identifier: Identifier::parse("Ann"),
//!     password: password("a quiet green harbour")?,
//!     device: None,
//! };
//! let tokens = accounts.login(&caller, attempt).await?;
//! let who = accounts.authenticate(tokens.access_token.expose()).await?;
//! assert_eq!(who.user.id, user.id);
//!
//! let tokens = accounts.refresh(&tokens.refresh_token).await?;
//! accounts.logout(tokens.access_token.expose()).await?;
//! assert!(accounts.authenticate(tokens.access_token.expose()).await.is_err());
//! # Ok(())
//! # }
//! ```

pub mod accounts;
pub mod code;
pub mod copy;
pub mod counter;
pub mod device_token;
pub mod document;
pub mod grant;
pub mod keys;
mod limits;
pub mod outbox;
pub mod password;
pub mod policy;
pub mod ports;
pub mod refresh_token;
pub mod secrets;
pub mod session;
pub mod session_token;
pub mod system;
#[cfg(feature = "testing")]
pub mod testing;
pub mod token;
pub mod user;
pub mod value;
