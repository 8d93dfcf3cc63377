//! Reset: the mailed code for a new password, with which the person signs in then.
use super::{Step, sign_in, told::WRONG_CODE, visit::Visit};
use crate::pages::{Page, Told, Wrong};
use auth_core::{ports::Outside, value::CodeId};
use auth_oidc::authorize::Request;
use poem::Response;

/// What was filled in.
pub struct Reset;

impl Step for Reset {
    async fn answer(&self, visit: &Visit) -> Outside<Response> {
        if !visit.is_ours() {
            return visit.ask(page, Some(Told::Stale)).await;
        }
        match reset(visit).await {
            Ok(()) => visit.ask(sign_in::page, Some(Told::PasswordChanged)).await,
            Err(told) => visit.ask(page, Some(told)).await,
        }
    }
}

async fn reset(visit: &Visit) -> Result<(), Told> {
    (visit.context.room)()?;
    let wrong = |rule| Told::Fields(Wrong { password: Some(rule), ..Wrong::default() });
    let new = visit.new_password().map_err(wrong)?;
    let (id, code) = visit.code().ok_or(WRONG_CODE)?;
    Ok(visit.provider.accounts().reset(&visit.caller, id, code, new).await?)
}

/// The page, for the reset that the form names, or the link of the mail.
pub fn page(visit: &Visit, _: Option<&Request>) -> Page {
    let id = visit.form.get("id").or_else(|| visit.params.get("id"));
    page_of(visit, id.unwrap_or_default().to_owned())
}

/// The page, for this reset.
pub fn page_for(visit: &Visit, _: Option<&Request>, id: CodeId) -> Page {
    page_of(visit, id.to_string())
}

fn page_of(visit: &Visit, id: String) -> Page {
    Page::Reset {
        email: visit.typed("email").to_owned(),
        id,
        min_length: visit.provider.accounts().policy().password.min_chars(),
        request: visit.params.to_string(),
        csrf: visit.csrf(),
    }
}
