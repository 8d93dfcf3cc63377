//! The library inside an existing Poem server: a route that logs people in, and a guard for its own routes.
//!
//! `cargo run -p examples --bin poem_app`, then
//! `curl -d '{"login":"ann","password":"a quiet green harbour"}' -H 'content-type: application/json' $URL/login`
#![expect(clippy::print_stdout, reason = "it tells its reader what happens")]

use auth_core::{accounts::*, keys::*, outbox::Outbox, password::*, policy::Policy, ports::*, secrets::ServerSecret};
use auth_core::{system::*, testing::Ledger, testing::Memory, value::*};
use poem::http::{StatusCode, header::AUTHORIZATION};
use poem::listener::{Acceptor, Listener, TcpListener};
use poem::web::{Data, Json, RemoteAddr};
use poem::{EndpointExt, FromRequest, Request, RequestBody, Route, Server, get, handler, post};
use serde_json::{Value, json};
use std::{error::Error, sync::Arc, time::Duration};

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

impl<'a> FromRequest<'a> for Person {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        let accounts = request.data::<Accounts>().ok_or(StatusCode::INTERNAL_SERVER_ERROR)?;
        let header = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = header.and_then(|value| value.strip_prefix("Bearer ")).ok_or(StatusCode::UNAUTHORIZED)?;
        match accounts.authenticate(token).await {
            Ok(identity) => Ok(Self(identity)),
            Err(AuthenticateError::Refused) => Err(StatusCode::UNAUTHORIZED.into()),
            Err(AuthenticateError::Unavailable(_)) => Err(StatusCode::SERVICE_UNAVAILABLE.into()),
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
#[handler]
async fn log_in(
    Data(accounts): Data<&Accounts>,
    peer: &RemoteAddr,
    Json(ask): Json<Credentials>,
) -> poem::Result<Json<Value>> {
    let caller = Caller { source: peer.as_socket_addr().map(std::net::SocketAddr::ip), ..Caller::default() };
    let password = Password::parse(Secret::new(ask.password)).map_err(|_| StatusCode::UNPROCESSABLE_ENTITY)?;
    let attempt = LoginAttempt { identifier: Identifier::parse(&ask.login), password, device: None };
    match accounts.login(&caller, attempt).await {
        Ok(tokens) => Ok(Json(json!({ "access_token": tokens.access_token.expose() }))),
        Err(LoginError::Refused) => Err(StatusCode::UNAUTHORIZED.into()),
        Err(LoginError::Slow(_)) => Err(StatusCode::TOO_MANY_REQUESTS.into()),
        Err(LoginError::Unavailable(_)) => Err(StatusCode::SERVICE_UNAVAILABLE.into()),
    }
}

#[handler]
fn hello(Person(who): Person) -> String {
    format!("Hello, {}!", who.user.login)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let accounts = accounts()?;
    let (login, email) = ("ann".parse()?, "ann@example.org".parse()?);
    let password = Password::parse(Secret::new("a quiet green harbour".to_owned()))?;
    let new = NewUser { login, email, password, locale: Locale::default(), roles: Vec::new() };
    accounts.create_user(new).await?;

    let app = Route::new().at("/login", post(log_in)).at("/hello", get(hello)).data(accounts);
    let acceptor = TcpListener::bind("127.0.0.1:0").into_acceptor().await?;
    for address in acceptor.local_addr() {
        if let Some(address) = address.as_socket_addr() {
            println!("Listening on http://{address}");
        }
    }
    Server::new_with_acceptor(acceptor).run(app).await?;
    Ok(())
}
