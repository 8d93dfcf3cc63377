//! Sign up: who somebody wants to be, for a code that is mailed.
use super::{Step, confirm, visit::Visit};
use crate::pages::{Page, Rule, Told, Wrong};
use auth_core::{
    accounts::{Issued, Registration},
    ports::Outside,
    value::{Email, Login},
};
use auth_oidc::authorize::Request;
use poem::Response;

/// What was filled in.
pub struct SignUp;

impl Step for SignUp {
    async fn answer(&self, visit: &Visit) -> Outside<Response> {
        if !visit.is_ours() {
            return visit.ask(page, Some(Told::Stale)).await;
        }
        match register(visit).await {
            Ok(issued) => visit.ask(|visit, request| confirm::page_for(visit, request, issued.id), None).await,
            Err(told) => visit.ask(page, Some(told)).await,
        }
    }
}

async fn register(visit: &Visit) -> Result<Issued, Told> {
    (visit.context.room)()?;
    let (login, email) = (Login::parse(visit.typed("username")), Email::parse(visit.typed("email")));
    let (login, email, password) = match (login, email, visit.new_password()) {
        (Ok(login), Ok(email), Ok(password)) => (login, email, password),
        (login, email, password) => {
            return Err(Told::Fields(Wrong {
                username: login.err().map(|_| Rule::Login),
                email: email.err().map(|_| Rule::Email),
                password: password.err(),
                code: None,
            }));
        }
    };
    Ok(visit.provider.accounts().register(&visit.caller, Registration { login, email, password }).await?)
}

/// The page, for a request if it was looked at.
pub fn page(visit: &Visit, request: Option<&Request>) -> Page {
    let hint = request.and_then(|request| request.login_hint.as_deref()).unwrap_or_default();
    let (username, email) = if hint.contains('@') { ("", hint) } else { (hint, "") };
    let or = |name, hint| visit.form.get(name).unwrap_or(hint).to_owned();
    Page::SignUp {
        client: request.map(|request| request.client.name().to_owned()),
        username: or("username", username),
        email: or("email", email),
        min_length: visit.provider.accounts().policy().password.min_chars(),
        request: visit.params.to_string(),
        csrf: visit.csrf(),
    }
}
