//! Forgot: an address, to which a code for a new password is mailed if it has an account.
use super::{Step, reset, visit::Visit};
use crate::pages::{Page, Rule, Told, Wrong};
use auth_core::{accounts::Issued, ports::Outside, value::Email};
use auth_oidc::authorize::Request;
use poem::Response;

/// What was filled in.
pub struct Forgot;

impl Step for Forgot {
    async fn answer(&self, visit: &Visit) -> Outside<Response> {
        if !visit.is_ours() {
            return visit.ask(page, Some(Told::Stale)).await;
        }
        match forgot(visit).await {
            Ok(issued) => visit.ask(|visit, request| reset::page_for(visit, request, issued.id), None).await,
            Err(told) => visit.ask(page, Some(told)).await,
        }
    }
}

async fn forgot(visit: &Visit) -> Result<Issued, Told> {
    let wrong = |_| Told::Fields(Wrong { email: Some(Rule::Email), ..Wrong::default() });
    let email = Email::parse(visit.typed("email")).map_err(wrong)?;
    Ok(visit.provider.accounts().forgot(&visit.caller, email).await?)
}

/// The page, for a request if it was looked at.
pub fn page(visit: &Visit, request: Option<&Request>) -> Page {
    let hint = request.and_then(|request| request.login_hint.as_deref()).filter(|hint| hint.contains('@'));
    Page::Forgot {
        email: visit.form.get("email").or(hint).unwrap_or_default().to_owned(),
        request: visit.params.to_string(),
        csrf: visit.csrf(),
    }
}
