//! The account API, one capability a file: each parses, calls one method of the core, and answers.

mod change;
mod confirm;
mod consents;
mod forgot;
mod login;
mod logout;
mod me;
mod refresh;
mod register;
mod resend;
mod reset;
mod sessions;

use super::{
    answer::{Refuse, SIGNED_IN, WRITES},
    bearer,
    problem::{Code, Problem},
};
use auth_core::{accounts::AuthenticateError, ports::Unavailable, user::User, value::Timestamp};
use poem_openapi::{Object, OpenApi, Tags};
use time::OffsetDateTime;

/// All routes under `/api/v1/auth`. The [`Accounts`](auth_core::accounts::Accounts) that they work on come with each
/// request, since its patience with the stores is its own.
pub fn routes() -> impl OpenApi {
    (
        register::Register,
        confirm::Confirm,
        resend::Resend,
        login::Login,
        refresh::Refresh,
        logout::Logout,
        me::Me,
        sessions::Sessions,
        consents::Consents,
        forgot::Forgot,
        reset::Reset,
        change::Change,
    )
}

/// How the document groups its routes.
#[derive(Tags)]
enum Tag {
    /// From a stranger to a user.
    Registration,
    /// Signed-in devices and their tokens.
    Sessions,
    /// Forgotten, reset, changed.
    Passwords,
}

/// A confirmation, for a person to read.
#[derive(Object)]
struct Confirmation {
    /// What was done.
    message: String,
}

impl Confirmation {
    fn new(message: &str) -> Self {
        Self { message: message.to_owned() }
    }
}

/// An account, as its owner sees it.
#[derive(Object)]
#[oai(rename = "User")]
struct UserView {
    /// Names the account for ever.
    id: String,
    /// The login.
    login: String,
    /// The e-mail address.
    email: String,
    /// When the account came to be.
    created_at: OffsetDateTime,
    /// What an operator trusts it with.
    roles: Vec<String>,
}

impl From<User> for UserView {
    fn from(user: User) -> Self {
        Self {
            id: user.id.to_string(),
            login: user.login.to_string(),
            email: user.email.to_string(),
            created_at: date(user.created_at),
            roles: user.roles.into_iter().map(Into::into).collect(),
        }
    }
}

/// As a date, within the years that RFC 3339 can write.
pub fn date(at: Timestamp) -> OffsetDateTime {
    const END_OF_9999: i64 = 253_402_300_799;
    OffsetDateTime::from_unix_timestamp(at.0.clamp(0, END_OF_9999)).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

impl From<AuthenticateError> for Problem {
    fn from(end: AuthenticateError) -> Self {
        match end {
            AuthenticateError::Refused => bearer::refused(),
            AuthenticateError::Unavailable(unavailable) => unavailable.into(),
        }
    }
}

/// The ends of what a signed-in person reads.
impl Refuse for AuthenticateError {
    const CODES: &'static [&'static [Code]] = &[SIGNED_IN, WRITES];

    fn problem(self) -> Problem {
        self.into()
    }
}

/// The ends of what a signed-in person may always do, as long as the outside stands.
impl Refuse for Unavailable {
    const CODES: &'static [&'static [Code]] = &[SIGNED_IN, WRITES];

    fn problem(self) -> Problem {
        self.into()
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        http::{Context, endpoint},
        testing::context,
    };
    use auth_core::{accounts::*, ports::*, testing::*, value::*};
    use poem::{
        Endpoint, Request, Response,
        http::{Method, StatusCode},
    };
    use std::time::Duration;
    use tokio::time::Instant;

    const PASSWORD: &str = "a quiet green harbour";

    /// Somebody who has an account and is signed in.
    async fn ann(world: &World) -> Tokens {
        let (accounts, caller) = (world.accounts(), World::caller());
        let password = || Password::parse(Secret::new(PASSWORD.to_owned())).unwrap();
        let (login, email) = ("ann".parse().unwrap(), "ann@example.org".parse().unwrap());
        let issued = accounts.register(&caller, Registration { login, email, password: password() }).await.unwrap();
        accounts.confirm(&caller, issued.id, world.mailed_code()).await.unwrap();
        let attempt = LoginAttempt { identifier: Identifier::parse("ann"), password: password(), device: None };
        accounts.login(&caller, attempt).await.unwrap()
    }

    async fn ask(
        api: &impl Endpoint<Output = Response>,
        method: &Method,
        path: &str,
        token: &str,
        body: &str,
    ) -> Response {
        let request = Request::builder().method(method.clone()).uri(format!("/api/v1/auth{path}").parse().unwrap());
        let request =
            request.header("content-type", "application/json").header("authorization", format!("Bearer {token}"));
        api.get_response(request.body(body.to_owned())).await
    }

    #[tokio::test(start_paused = true)] // R5, P-26
    #[expect(clippy::disallowed_methods, reason = "the runtime's clock, which stands still but for timers")]
    async fn no_route_waits_longer_for_a_store_that_is_stuck() {
        let (world, faulty) = (World::default(), Faulty::default());
        let tokens = ann(&world).await;
        let ports = Ports { hasher: world.ports.hasher.clone(), ..world.ports.around(&faulty) };
        let accounts = Accounts::new(ports, world.secret.clone(), World::policy());
        let provider = auth_oidc::Provider::new(accounts, auth_oidc::Policy::default());
        let api = endpoint(Context { provider, ..context(&world) });
        let id = CodeId::from_bytes([1; 32]);
        let refresh = tokens.refresh_token.expose();
        for (method, path, body) in [
            (
                Method::POST,
                "/register",
                format!(r#"{{"login":"bob","email":"bob@example.org","password":"{PASSWORD}"}}"#),
            ),
            (Method::POST, "/register/confirm", format!(r#"{{"registration_id":"{id}","code":"123456"}}"#)),
            (Method::POST, "/register/resend", format!(r#"{{"registration_id":"{id}"}}"#)),
            (Method::POST, "/login", format!(r#"{{"login":"ann","password":"{PASSWORD}"}}"#)),
            (Method::POST, "/refresh", format!(r#"{{"refresh_token":"{refresh}"}}"#)),
            (Method::GET, "/me", String::new()),
            (Method::GET, "/sessions", String::new()),
            (Method::DELETE, &format!("/sessions/{}", SessionId::from_bytes([1; 32])), String::new()),
            (Method::GET, "/consents", String::new()),
            (Method::DELETE, "/consents/app", String::new()),
            (Method::POST, "/password/forgot", r#"{"email":"ann@example.org"}"#.to_owned()),
            (
                Method::POST,
                "/password/reset",
                format!(r#"{{"reset_id":"{id}","code":"123456","new_password":"{PASSWORD}"}}"#),
            ),
            (
                Method::POST,
                "/password/change",
                format!(r#"{{"current_password":"{PASSWORD}","new_password":"seven slow river barges"}}"#),
            ),
            (Method::POST, "/logout", String::new()),
            (Method::POST, "/logout/all", String::new()),
        ] {
            for at in 1.. {
                faulty.arm(Plan { at, mishap: Mishap::Stalls, lasting: false });
                let began = Instant::now();
                let response = ask(&api, &method, path, tokens.access_token.expose(), &body).await;
                let waited = began.elapsed();
                let calls = faulty.disarm();
                assert!(waited <= Duration::from_millis(2_001), "{path}: {waited:?}");
                if calls.len() < at {
                    assert!(at > 1, "{path} asks nothing of the stores");
                    break;
                }
                let status = response.status();
                assert!(status == StatusCode::SERVICE_UNAVAILABLE || status.is_success(), "{path}: {status} {calls:?}");
                let retry_after = (!status.is_success()).then_some("1");
                assert_eq!(response.header("retry-after"), retry_after, "{path}");
            }
        }
    }

    #[tokio::test] // S-04
    async fn a_token_that_has_expired_logs_out_and_opens_nothing_else() {
        let world = World::default();
        let tokens = ann(&world).await;
        let api = endpoint(context(&world));
        world.clock.advance(Duration::from_secs(700));
        for (path, status) in [("/logout/all", 401), ("/logout", 200), ("/logout", 200)] {
            let response = ask(&api, &Method::POST, path, tokens.access_token.expose(), "").await;
            assert_eq!(response.status(), status, "{path}");
        }
        let refreshed = world.accounts().refresh(&tokens.refresh_token).await;
        assert!(matches!(refreshed, Err(RefreshError::Ended)));
    }
}
