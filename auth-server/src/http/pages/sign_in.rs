//! Sign in: a login and a password, for a session of this browser.
use super::{Step, browser_name, cookies::Cookie, visit::Visit};
use crate::pages::{Page, Told};
use auth_core::{
    accounts::{Identity, LoginAttempt, LoginError, SignedIn},
    ports::Outside,
    value::{Identifier, Password, Secret},
};
use auth_oidc::authorize::Request;
use poem::{Response, http::header};

/// What was filled in.
pub struct SignIn;

impl Step for SignIn {
    async fn answer(&self, visit: &Visit) -> Outside<Response> {
        if !visit.is_ours() {
            return visit.ask(page, Some(Told::Stale)).await;
        }
        let before = visit.who().await?;
        match attempt(visit, before.as_ref()).await {
            Ok(signed_in) => Ok(welcome(visit, signed_in).await),
            Err(end) => visit.ask(page, Some(end.into())).await,
        }
    }
}

async fn attempt(visit: &Visit, before: Option<&Identity>) -> Result<SignedIn, LoginError> {
    (visit.context.room)()?;
    // What cannot be a password is a wrong one.
    let password = Secret::new(visit.typed("password").to_owned());
    let password = Password::parse(password).map_err(|_| LoginError::Refused)?;
    let (identifier, device) = (Identifier::parse(visit.typed("username")), browser_name::of(&visit.user_agent));
    let attempt = LoginAttempt { identifier, password, device };
    visit.provider.accounts().sign_in(&visit.caller, attempt, before).await
}

/// What comes next, and the cookies, whatever it is.
pub async fn welcome(visit: &Visit, signed_in: SignedIn) -> Response {
    let SignedIn { who, browser_token, expires_in, device_token } = signed_in;
    let mut response = visit.or_put_off(visit.go_on(who).await);
    let known_for = visit.provider.accounts().policy().device_ttl;
    let cookies = [(Cookie::Session, browser_token, expires_in), (Cookie::Device, device_token, known_for)];
    for (cookie, token, max_age) in cookies {
        let header = visit.cookies.set(cookie, token.expose(), Some(max_age));
        response.headers_mut().append(header::SET_COOKIE, header);
    }
    response
}

/// The page, for a request if it was looked at.
pub fn page(visit: &Visit, request: Option<&Request>) -> Page {
    // After a reset the address is known.
    let typed = visit.form.get("username").or_else(|| visit.form.get("email"));
    let hint = || request.and_then(|request| request.login_hint.as_deref());
    Page::SignIn {
        client: request.map(|request| request.client.name().to_owned()),
        username: typed.or_else(hint).unwrap_or_default().to_owned(),
        request: visit.params.to_string(),
        csrf: visit.csrf(),
    }
}
