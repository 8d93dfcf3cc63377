//! The library inside an existing axum server: a route that logs people in, and a guard for its own routes.
//!
//! `cargo run -p examples --bin axum_app`, then
//! `curl -d '{"login":"ann","password":"a quiet green harbour"}' -H 'content-type: application/json' $URL/login`
#![expect(clippy::print_stdout, reason = "it tells its reader what happens")]

use auth_core::{accounts::*, keys::*, outbox::Outbox, password::*, policy::Policy, ports::*, secrets::ServerSecret};
use auth_core::{system::*, testing::Ledger, testing::Memory, value::*};
use axum::extract::{ConnectInfo, FromRequestParts, State};
use axum::http::{StatusCode, header::AUTHORIZATION, request::Parts};
use axum::{Json, Router, routing::get, routing::post};
use serde_json::{Value, json};
use std::{error::Error, net::SocketAddr, sync::Arc, time::Duration};

/// The parts, chosen once. A real server takes its stores from `auth-sqlite`, its secret and its keys from files, writes
/// its events to a log, and runs an `OutboxWorker`.
fn accounts() -> Result<Accounts, Box<dyn Error>> {
    let (memory, clock, rng) = (Arc::new(Memory::default()), Arc::new(SystemClock), Arc::new(OsRng));
    let mut root = [0; 32];
    rng.fill(&mut root);
    let secret = Arc::new(ServerSecret::new(&root)?);
    let keys = KeySet::generate(Algorithm::default(), clock.now())?;
    let ports = Ports {
        users: memory.clone(),
        codes: memory.clone(),
        sessions: memory.clone(),
        counters: memory.clone(),
        documents: memory.clone(),
        mailer: Arc::new(Outbox::new(memory, secret.clone(), rng.clone())),
        logouts: Arc::new(NoClients),
        hasher: Arc::new(Argon2Hasher::new(HasherSettings::default(), rng.clone())?),
        keyring: Arc::new(KeyRing::new(keys, Algorithm::default(), clock.clone(), Duration::from_hours(1))),
        events: Arc::new(Ledger::default()),
        clock,
        rng,
    };
    Ok(Accounts::new(ports, secret, Policy::default()))
}

/// A route that takes a `Person` is open to people who are logged in.
struct Person(Identity);

impl FromRequestParts<Accounts> for Person {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, accounts: &Accounts) -> Result<Self, StatusCode> {
        let header = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = header.and_then(|value| value.strip_prefix("Bearer ")).ok_or(StatusCode::UNAUTHORIZED)?;
        match accounts.authenticate(token).await {
            Ok(identity) => Ok(Self(identity)),
            Err(AuthenticateError::Refused) => Err(StatusCode::UNAUTHORIZED),
            Err(AuthenticateError::Unavailable(_)) => Err(StatusCode::SERVICE_UNAVAILABLE),
        }
    }
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Credentials {
    login: String,
    password: String,
}

/// Limits are counted by source: say where a request comes from.
async fn log_in(
    State(accounts): State<Accounts>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Json(ask): Json<Credentials>,
) -> Result<Json<Value>, StatusCode> {
    let caller = Caller { source: Some(peer.ip()), ..Caller::default() };
    let password = Password::parse(Secret::new(ask.password)).map_err(|_| StatusCode::UNPROCESSABLE_ENTITY)?;
    let attempt = LoginAttempt { identifier: Identifier::parse(&ask.login), password, device: None };
    match accounts.login(&caller, attempt).await {
        Ok(tokens) => Ok(Json(json!({ "access_token": tokens.access_token.expose() }))),
        Err(LoginError::Refused) => Err(StatusCode::UNAUTHORIZED),
        Err(LoginError::Slow(_)) => Err(StatusCode::TOO_MANY_REQUESTS),
        Err(LoginError::Unavailable(_)) => Err(StatusCode::SERVICE_UNAVAILABLE),
    }
}

async fn hello(Person(who): Person) -> String {
    format!("Hello, {}!", who.user.login)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let accounts = accounts()?;
    let (login, email) = ("ann".parse()?, "ann@example.org".parse()?);
    let password = Password::parse(Secret::new("a quiet green harbour".to_owned()))?;
    let new = NewUser { login, email, password, locale: Locale::default(), roles: Vec::new() };
    accounts.create_user(new).await?;

    let app = Router::new().route("/login", post(log_in)).route("/hello", get(hello)).with_state(accounts);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("Listening on http://{}", listener.local_addr()?);
    axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>()).await?;
    Ok(())
}
