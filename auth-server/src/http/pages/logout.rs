//! Sign out: the end of the session of this browser.
use super::{Step, cookies::Cookie, visit::Visit};
use crate::pages::{Page, Told};
use auth_core::{
    accounts::{EndSessionError, Identity},
    ports::Outside,
};
use poem::{
    Response,
    http::{StatusCode, header},
};

/// Whether the person wants to (O-20).
pub struct Ask;

impl Step for Ask {
    async fn answer(&self, visit: &Visit) -> Outside<Response> {
        Ok(ask(visit, visit.who().await?.as_ref(), None))
    }
}

/// They do.
pub struct Logout;

impl Step for Logout {
    async fn answer(&self, visit: &Visit) -> Outside<Response> {
        let who = visit.who().await?;
        if !visit.is_ours() {
            return Ok(ask(visit, who.as_ref(), Some(Told::Stale)));
        }
        if let Some(who) = who {
            match visit.provider.accounts().end_session(&who, who.session.id).await {
                Ok(()) | Err(EndSessionError::NotFound) => {}
                Err(EndSessionError::Unavailable(unavailable)) => return Err(unavailable),
            }
        }
        let mut response = visit.show(StatusCode::OK, &page(visit, None, true), None);
        response.headers_mut().append(header::SET_COOKIE, visit.cookies.clear(Cookie::Session));
        Ok(response)
    }
}

fn ask(visit: &Visit, who: Option<&Identity>, told: Option<Told>) -> Response {
    visit.show(told.map_or(StatusCode::OK, Told::status), &page(visit, who, false), told)
}

fn page(visit: &Visit, who: Option<&Identity>, done: bool) -> Page {
    Page::Logout {
        login: who.map(|who| who.user.login.to_string()),
        done,
        request: visit.params.to_string(),
        csrf: visit.csrf(),
    }
}
