//! The harness of the end-to-end tests: each test starts a server of its own and drives it from outside, over HTTP, SMTP
//! and the file system, as people, operators and mail servers do.
//!
//! - [`Settings`], [`Server`]: the real program as a child process, with a data folder, a mail server and a log of its own
//! - [`Api`], [`Answer`]: one method a route, and what came back
//! - [`Person`], [`Tokens`]: somebody with a login, an e-mail and a password, and what a login gave them
//! - [`Postbox`]: the mail as it was received
//! - [`Cosmos`]: the vendor's emulator, on which every server of a run is with `TEST_STORE=cosmos`, or `cosmos-on-a-bad-day`;
//!   with `memory` each keeps all that it has in its process
//! - [`together`]: callers that are let go at the same moment
//! - [`Disk`]: a disk of a server's own, that gets full or goes bad
//! - [`Dice`]: chance that falls the same way in each run
//! - [`Certificate`]: what a server that speaks TLS is known by
//! - [`relying`], [`Apache`]: relying parties that others wrote
//! - [`mod@browser`]: Chromium, as a person has it
//! - [`simulation`]: the accounts' logic without a server, in whole worlds out of one seed each
//!
//! The tests are in `tests/tests/`, one file a capability.

mod apache;
mod api;
pub mod browser;
mod certificate;
mod cosmos;
mod dice;
mod disk;
mod log;
mod person;
mod postbox;
mod race;
pub mod relying;
mod server;
mod settings;
pub mod simulation;

pub use self::{
    apache::Apache,
    api::{Answer, Api},
    certificate::Certificate,
    cosmos::Cosmos,
    dice::Dice,
    disk::{Disk, without_privileges},
    person::{Person, Tokens},
    postbox::{Postbox, other_than},
    race::together,
    server::{Server, patience},
    settings::Settings,
};
pub use auth_mail::testing::ReadMail;
pub use reqwest::{Method, header};
pub use serde_json::{Value, json};
