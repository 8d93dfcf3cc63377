//! Confirm: the mailed code for an account, and a session of this browser; or another code.
use super::{Step, browser_name, sign_in, sign_up, told::WRONG_CODE, visit::Visit};
use crate::pages::{Page, Told};
use auth_core::{accounts::ConfirmError, ports::Outside, value::CodeId};
use auth_oidc::authorize::Request;
use poem::Response;

/// The code was typed.
pub struct Confirm;

impl Step for Confirm {
    async fn answer(&self, visit: &Visit) -> Outside<Response> {
        if !visit.is_ours() {
            return visit.ask(page, Some(Told::Stale)).await;
        }
        let Some(code) = visit.code() else { return visit.ask(page, Some(WRONG_CODE)).await };
        let (before, device) = (visit.who().await?, browser_name::of(&visit.user_agent));
        let accounts = visit.provider.accounts();
        match accounts.confirm_and_sign_in(&visit.caller, code, device, before.as_ref()).await {
            Ok(Some(signed_in)) => Ok(sign_in::welcome(visit, signed_in).await),
            Ok(None) => visit.ask(sign_in::page, Some(Told::Registered)).await,
            // Register again, with another.
            Err(end @ ConfirmError::LoginTaken) => visit.ask(sign_up::page, Some(end.into())).await,
            Err(end) => visit.ask(page, Some(end.into())).await,
        }
    }
}

/// The code has not come.
pub struct Resend;

impl Step for Resend {
    async fn answer(&self, visit: &Visit) -> Outside<Response> {
        if !visit.is_ours() {
            return visit.ask(page, Some(Told::Stale)).await;
        }
        // The answer does not tell whether anything waits for a code, and so not what is no name of one.
        let told = match CodeId::parse(visit.typed("id")) {
            Ok(id) => {
                visit.provider.accounts().resend(&visit.caller, id).await.map_or_else(Told::from, |()| Told::SentAgain)
            }
            Err(_) => Told::SentAgain,
        };
        visit.ask(page, Some(told)).await
    }
}

/// The page again, for the registration that the form names.
fn page(visit: &Visit, request: Option<&Request>) -> Page {
    page_of(visit, request, visit.typed("id").to_owned())
}

/// The page, for this registration.
pub fn page_for(visit: &Visit, request: Option<&Request>, id: CodeId) -> Page {
    page_of(visit, request, id.to_string())
}

fn page_of(visit: &Visit, request: Option<&Request>, id: String) -> Page {
    Page::Confirm {
        client: request.map(|request| request.client.name().to_owned()),
        username: visit.typed("username").to_owned(),
        email: visit.typed("email").to_owned(),
        id,
        request: visit.params.to_string(),
        csrf: visit.csrf(),
    }
}
