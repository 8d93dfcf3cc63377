//! The auth service as a server: Poem and `OpenAPI` over [`auth_core`], thin: parse, call, answer.
//!
//! | what | where |
//! | --- | --- |
//! | the program's commands, one a file | [`cli`], `cli/` |
//! | what can be set, and how it is read | [`settings`] |
//! | a server, to be started from a program or a test | [`Server`] in `server.rs` |
//! | the parts, put together | `compose.rs` |
//! | the stores to choose from | `store.rs` |
//! | every route, and what holds for all of them | `http.rs`, `http/` |
//! | the account API, one capability a file | `http/accounts/` |
//! | sign in, consent, sign out: the steps of a browser, one a file | `http/pages/` |
//! | what pages hold, and how they are put in words | `pages.rs`, `pages/`, `templates/` |
//! | the table of problems | `http/problem.rs` |
//! | bounds on connections | `connection.rs` |
//! | HTTP on them, and its end in good order | `serve.rs` |
//! | mails, sweeps, keys that changed | `worker.rs`, `worker/` |
//! | the server's secret, and the signing keys under it | `keys.rs` |
//! | files that are whole under their names | `file.rs` |
//! | logs and audit events | `log.rs` |
//! | figures for operators | `metrics.rs` |
//! | signals | `shutdown.rs` |
//!
//! One login, followed through the files: `http/edge.rs` gives it an id and a deadline, `http/paths.rs` finds its
//! operation, `http/json.rs` reads its body, `http/accounts/login.rs` calls [`auth_core`] and answers.

pub mod cli;
mod compose;
mod connection;
mod file;
mod http;
mod keys;
mod log;
mod metrics;
mod pages;
mod serve;
mod server;
pub mod settings;
mod shutdown;
mod store;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod tls;
mod worker;

pub use self::{
    compose::ComposeError,
    http::Probe,
    keys::KeyError,
    pages::PageError,
    server::{Running, Server, StartError},
    store::{Backing, Closing},
};
